package attest_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/attest"
)

func TestNewStatement(t *testing.T) {
	digest := strings.Repeat("ab", 32)
	for _, test := range []struct{ name, report, subject, want string }{
		{"a target with a digest", `{"target":{"name":"img","sha256":"` + digest + `"}, "n": 1}`, "img", digest},
		{"no target", `{"n":1}`, "r.json", "2bfd14f43d17fc7cea24e0917a8879b4b2f880b8baeec1b9d90fbaad655e71bd"},
		{"a report as its file has it", " {\"n\":1}\n", "r.json", "d5bbfc3f3b59c9f17a16eafb1c888800eabbb9526fb7db3f9a533b9b1a65dce3"},
		{"a target without a digest", `{"target":{"name":"img"}}`, "r.json", "a081e2bb062abe562c2d390a8dfedceb883a5eb52496779b3e555bfd4ce8c131"},
		{"a digest in upper case", `{"target":{"name":"img","sha256":"` + strings.ToUpper(digest) + `"}}`, "img", digest},
	} {
		t.Run(test.name, func(t *testing.T) {
			text, err := attest.NewStatement("r.json", []byte(test.report))
			require.NoError(t, err)
			s, err := attest.ParseStatement(text)
			require.NoError(t, err)
			require.Equal(t, attest.PredicateTypeReport, s.PredicateType)
			require.Equal(t, []attest.Subject{{Name: test.subject, Digest: map[string]string{"sha256": test.want}}}, s.Subject)
			require.JSONEq(t, test.report, string(s.Predicate))
		})
	}
	for _, bad := range []string{
		"", "[]", "{", "null", `{"target":1}`, "{}{}", "{\"a\":\"\xff\"}",
		`{"target":{"name":"img","sha256":"` + digest[2:] + `"}}`, `{"target":{"name":"img","sha256":"x"}}`,
		`{"target":{"name":"a"},"target":{"name":"b"}}`, // two readers could see two targets
	} {
		_, err := attest.NewStatement("bad.json", []byte(bad))
		require.ErrorContains(t, err, "bad.json", "%q", bad)
	}
}

func TestParseStatementRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`{`:  "parsing an in-toto Statement",
		`{}`: "_type",
		`{"_type":"https://in-toto.io/Statement/v0.1"}`:                                                                                                 "_type",
		`{"_type":"https://in-toto.io/Statement/v1"}`:                                                                                                   "no subject",
		`{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"a","digest":{"sha256":"00"}}]}`:                                                 "no predicateType",
		`{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"a"}],"predicateType":"p"}`:                                                      "subject 0 has no digest",
		`{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"00"}}],"subject":[{"digest":{"sha256":"11"}}],"predicateType":"p"}`: "duplicate",
		`{"_type":"https://in-toto.io/Statement/v1","Subject":[{"digest":{"sha256":"00"}}],"predicateType":"p"}`:                                        "no subject",
		"{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{\"name\":\"\xff\",\"digest\":{\"sha256\":\"00\"}}],\"predicateType\":\"p\"}":      "UTF-8",
	} {
		_, err := attest.ParseStatement([]byte(text))
		require.ErrorContains(t, err, want, text)
	}
}

func FuzzStatement(f *testing.F) {
	f.Add([]byte(`{"target":{"name":"img","sha256":"00"},"n":1e2}`))
	f.Add([]byte(`{"target":null}`))
	f.Fuzz(func(t *testing.T, report []byte) {
		text, err := attest.NewStatement("r", report)
		if err != nil {
			return
		}
		s, err := attest.ParseStatement(text)
		require.NoError(t, err)
		again, err := json.Marshal(s)
		require.NoError(t, err)
		require.JSONEq(t, string(text), string(again))
	})
}
