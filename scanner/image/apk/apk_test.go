package apk

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

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

// A block ends at a blank line or at the end, and begins anew with nothing of the last one.
func TestBlocks(t *testing.T) {
	for _, row := range []struct {
		text     string
		packages []Package
		problems []Problem
	}{
		{"", nil, nil},
		{"\n\n", nil, nil},
		{"P:a\nV:1\nA:x\no:b\nF:d\n\nP:c\nV:2\nR:f\n", []Package{
			{Name: "a", Version: "1", Arch: "x", Origin: "b"}, {Name: "c", Version: "2", Origin: "c", Files: []string{"f"}},
		}, nil},
		{"\n\nV:1\nP:\n\n", nil, []Problem{{"line 3", "its block has no P, the name"}}},
		{"V:\nP:a\n", nil, []Problem{{"a", "its block has no V, the version"}}},
		{"P:a\nV:1\nR:x\nF:d/e\nR:y\nR:z\nF:\nR:w\n", []Package{{Name: "a", Version: "1", Origin: "a", Files: []string{"x", "d/e/y", "d/e/z", "w"}}}, nil},
		{"P:a\nV:1\nT:P:b\np:V:2\nZ:\n", []Package{{Name: "a", Version: "1", Origin: "a"}}, nil},
		{"P:" + strings.Repeat("x", maxLine-4) + "\nV:1\n", []Package{{Name: strings.Repeat("x", maxLine-4), Version: "1", Origin: strings.Repeat("x", maxLine-4)}}, nil},
	} {
		packages, problems, err := Parse(strings.NewReader(row.text))
		require.NoError(t, err)
		require.Equal(t, row.packages, packages)
		require.Equal(t, row.problems, problems)
	}
}

// A reader that fails is no end of the database.
func TestParseOfReader(t *testing.T) {
	packages, problems, err := Parse(io.MultiReader(strings.NewReader("P:a\nV:1\n\n"), iotest.ErrReader(errors.New("no more"))))
	require.EqualError(t, err, "line 4: no more")
	require.Nil(t, packages)
	require.Nil(t, problems)
	packages, _, err = Parse(&lines{left: MaxSize + 1, line: "C:" + strings.Repeat("x", 1<<18) + "\n"})
	require.EqualError(t, err, "it is larger than 536870912 bytes")
	require.Nil(t, packages)
}

// lines gives one line again and again.
type lines struct {
	left int64
	line string
	rest string
}

func (l *lines) Read(p []byte) (int, error) {
	if l.rest == "" {
		l.rest = l.line
	}
	n := copy(p[:min(int64(len(p)), l.left)], l.rest)
	l.rest, l.left = l.rest[n:], l.left-int64(n)
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
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
