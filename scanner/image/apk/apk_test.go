package apk

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const installed = `C:Q1abc=
P:libcrypto3
V:3.1.4-r5
A:x86_64
o:openssl
F:lib
R:libcrypto.so.3
a:0:0:755
F:
R:root

P:musl
V:1.2.4-r2

P:none

V:1
o:x

P:last
V:2`

func TestParse(t *testing.T) {
	packages, problems, err := Parse(strings.NewReader(installed))
	require.NoError(t, err)
	require.Equal(t, []Package{
		{Name: "libcrypto3", Version: "3.1.4-r5", Arch: "x86_64", Origin: "openssl", Files: []string{"lib/libcrypto.so.3", "root"}},
		{Name: "musl", Version: "1.2.4-r2", Origin: "musl"},
		{Name: "last", Version: "2", Origin: "last"},
	}, packages)
	require.Equal(t, []Problem{{"none", "its block has no V, the version"}, {"line 17", "its block has no P, the name"}}, problems)
}

func TestParseRefuses(t *testing.T) {
	for _, row := range []struct{ text, want string }{
		{"P:a\nhello\n", "line 2: \"hello\" is no letter"},
		{"P", "line 1"},
		{"P:" + strings.Repeat("x", maxLine), "line 1: bufio.Scanner: token too long"},
	} {
		_, _, err := Parse(strings.NewReader(row.text))
		require.ErrorContains(t, err, row.want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(installed)
	f.Add("P:\nV:\n\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		packages, _, err := Parse(strings.NewReader(text))
		require.True(t, err == nil || packages == nil)
		for _, p := range packages {
			require.NotEmpty(t, p.Name)
			require.NotEmpty(t, p.Version)
			require.NotEmpty(t, p.Origin)
		}
	})
}
