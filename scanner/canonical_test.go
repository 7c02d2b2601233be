package scanner

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"testing"

	"github.com/cyberphone/json-canonicalization/go/src/webpki.org/jsoncanonicalizer"
	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/scanner/severity"
)

// reference is the report as two libraries encode it.
func reference(t *testing.T, r Report) string {
	t.Helper()
	text, err := json.Marshal(r)
	require.NoError(t, err)
	canonical, err := jsoncanonicalizer.Transform(text)
	require.NoError(t, err)
	return string(canonical) + "\n"
}

// fill sets every field below v to something, so that one which is not encoded shows.
func fill(v reflect.Value, n *int, text string) {
	*n++
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n, text)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i), n, text)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n, text)
	case reflect.String:
		v.SetString(fmt.Sprintf("%d%s", *n, text))
	case reflect.Int:
		v.SetInt(int64(*n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat(float64(*n) / 10)
	default:
		panic("a kind of field that no report had before: " + v.Kind().String())
	}
}

// Every field is encoded, as the libraries do it, with texts of all sorts.
func TestEncodeIsCanonical(t *testing.T) {
	for _, text := range []string{"", "a\"b\\c", "\x00\x1f\b\t\n\f\r\x7f", "<&>'", "ü☃\u2028\u2029\U0001f600", "\xff\xc3(\xed\xa0\x80\ufffd", "/\ufeff"} {
		var r Report
		n := 0
		fill(reflect.ValueOf(&r).Elem(), &n, text)
		got, err := r.Encode()
		require.NoError(t, err)
		require.Equal(t, reference(t, r), string(got), "text %q", text)
	}
	got, err := Report{}.Encode()
	require.NoError(t, err)
	require.Equal(t, reference(t, Report{}), string(got), "lists that are nil, and everything empty")
}

func TestEncodeNumbers(t *testing.T) {
	for _, score := range []float64{0, math.Copysign(0, -1), 7, 9.8, 10, 0.1, 0.30000000000000004, 1e20, 1e-6, -3.25} {
		r := Report{Findings: make([]Finding, 1)}
		r.Findings[0].Severity = severity.Severity{Score: score, Vector: "CVSS:3.1/x"}
		got, err := r.Encode()
		require.NoError(t, err)
		require.Equal(t, reference(t, r), string(got))
	}
	for _, score := range []float64{math.NaN(), math.Inf(1), 1e21, 1e-7} {
		r := Report{Findings: make([]Finding, 1)}
		r.Findings[0].Severity = severity.Severity{Score: score, Vector: "CVSS:3.1/x"}
		_, err := r.Encode()
		require.Error(t, err, "%v", score)
	}
}

func FuzzEncode(f *testing.F) {
	f.Add("plain", "q\"\\\n", 7.5, 3)
	f.Add("\u2028<&>", "\xed\xa0\x80", math.Copysign(0, -1), -1)
	f.Fuzz(func(t *testing.T, a, b string, score float64, n int) {
		r := Report{Findings: make([]Finding, 1)}
		r.Findings[0].ID, r.Findings[0].Aliases = a, []string{b, a}
		r.Findings[0].Severity = severity.Severity{Score: score, Vector: b}
		r.Advisories.Records = n % (1 << 50) // more is no integer of JSON
		got, err := r.Encode()
		if err == nil {
			require.Equal(t, reference(t, r), string(got))
		}
	})
}
