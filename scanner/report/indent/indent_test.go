package indent_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/scanner/report/indent"
)

// What is written as it goes is what encoding/json writes of the whole.
func TestWriter(t *testing.T) {
	type inner struct {
		A string         `json:"a"`
		B []int          `json:"b"`
		C map[string]any `json:"c,omitempty"`
	}
	type list struct {
		Objects []inner  `json:"objects"`
		Empty   []string `json:"empty"`
		Nested  []struct {
			Texts []string `json:"texts"`
		} `json:"nested"`
	}
	type document struct {
		Schema string   `json:"$schema"`
		Null   *int     `json:"null"`
		List   list     `json:"list"`
		None   struct{} `json:"none"`
	}
	values := []inner{{A: "<a & b>"}, {A: "ü\n", B: []int{1, 2}, C: map[string]any{"x": []any{}, "y": map[string]any{"z": 1}}}}
	whole := document{Schema: "s", List: list{Objects: values, Empty: []string{}, Nested: []struct {
		Texts []string `json:"texts"`
	}{{Texts: []string{"a", "b"}}, {Texts: []string{}}}}}
	var want bytes.Buffer
	enc := json.NewEncoder(&want)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	require.NoError(t, enc.Encode(whole))

	var got bytes.Buffer
	w := indent.NewWriter(&got)
	w.Value("$schema", "s")
	w.Value("null", nil)
	w.Object("list")
	w.List("objects")
	for _, v := range values {
		w.Value("", v)
	}
	w.End()
	w.List("empty")
	w.End()
	w.List("nested")
	for _, texts := range [][]string{{"a", "b"}, nil} {
		w.Object("")
		w.List("texts")
		for _, text := range texts {
			w.Value("", text)
		}
		w.End()
		w.End()
	}
	w.End()
	w.End()
	w.Object("none")
	w.End()
	n, err := w.Flush()
	require.NoError(t, err)
	require.Equal(t, want.String(), got.String())
	require.EqualValues(t, got.Len(), n)
}

var errFull = errors.New("full")

// full is a disk with room for some bytes.
type full struct{ room int }

func (f *full) Write(p []byte) (int, error) {
	if len(p) > f.room {
		return f.room, errFull
	}
	f.room -= len(p)
	return len(p), nil
}

func TestWriterKeepsItsFirstError(t *testing.T) {
	for _, room := range []int{0, 10, 100_000} {
		w := indent.NewWriter(&full{room})
		w.List("list")
		for range 200_000 {
			w.Value("", 1)
		}
		w.End()
		_, err := w.Flush()
		require.ErrorIs(t, err, errFull)
	}
	w := indent.NewWriter(&full{1 << 20})
	w.Value("bad", func() {})
	w.Value("good", 1)
	_, err := w.Flush()
	require.ErrorContains(t, err, "encoding func()")
}
