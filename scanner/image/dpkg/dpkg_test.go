package dpkg

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

const status = `Package: libuuid1
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Source: util-linux
Version: 2.38.1-5+b1
Description: a library
 that goes on
 .
 Package: not a field

Package: libgcc-s1
Status: hold ok installed
Version: 12.2.0-14
Source: gcc-12 (12.2.0-14)

package: bsdutils
status: install ok half-configured
version: 1:2.38.1-5
source: util-linux (2.38.1-5)

Package: git
Status: deinstall ok config-files
Version: 1:2.20.1-2+deb10u3

Package: gone
Status: purge ok not-installed

Package: odd
Status: install ok broken
Version: 1

Package: none
Status: install ok installed

Version: 1

Package: paren
Version: 1
Source: a (1

Package: last
Version: 3`

func TestParse(t *testing.T) {
	packages, problems, err := Parse(strings.NewReader(status))
	require.NoError(t, err)
	require.Equal(t, []Package{
		{"libuuid1", "2.38.1-5+b1", "amd64", "util-linux", "2.38.1-5+b1"},
		{"libgcc-s1", "12.2.0-14", "", "gcc-12", "12.2.0-14"},
		{"bsdutils", "1:2.38.1-5", "", "util-linux", "2.38.1-5"},
		{"last", "3", "", "last", "3"},
	}, packages)
	require.Equal(t, []Problem{
		{"odd", `its Status is "install ok broken", which is none of dpkg's`},
		{"none", "its stanza has no Version"},
		{"line 36", "its stanza has no Package"},
		{"paren", `its Source is "a (1"; want NAME (VERSION)`},
	}, problems)
}

// The states of dpkg(1), and whether a package in one has its files.
func TestStatus(t *testing.T) {
	for state, want := range map[string]bool{
		"installed": true, "triggers-pending": true, "triggers-awaited": true, "unpacked": true,
		"half-configured": true, "half-installed": true, "not-installed": false, "config-files": false,
	} {
		packages, problems, err := Parse(strings.NewReader("Package: a\nVersion: 1\nStatus: install  ok\t" + state + "\n"))
		require.NoError(t, err)
		require.Empty(t, problems, state)
		require.Equal(t, want, len(packages) == 1, state)
	}
	for _, status := range []string{"", "installed", "ok installed", "install ok installed now", "install ok Installed", "install ok"} {
		packages, problems, err := Parse(strings.NewReader("Package: a\nVersion: 1\nStatus: " + status + "\n"))
		require.NoError(t, err)
		require.Empty(t, packages, status)
		require.Equal(t, []Problem{{"a", fmt.Sprintf("its Status is %q, which is none of dpkg's", status)}}, problems)
	}
}

// deb-control(5), "Source".
func TestSource(t *testing.T) {
	for source, want := range map[string][2]string{
		"":             {"a", "1"},
		"b":            {"b", "1"},
		"b (2)":        {"b", "2"},
		"b(2)":         {"b", "2"},
		"b  ( 1:2-3 )": {"b", "1:2-3"},
	} {
		packages, problems, err := Parse(strings.NewReader("Package: a\nVersion: 1\nSource: " + source + "\n"))
		require.NoError(t, err)
		require.Empty(t, problems, source)
		require.Equal(t, []Package{{Name: "a", Version: "1", Source: want[0], SourceVersion: want[1]}}, packages, source)
	}
	for _, source := range []string{"b (2", "b (2) c", "b ()", "b ( )", "(2)", "("} {
		packages, problems, err := Parse(strings.NewReader("Package: a\nVersion: 1\nSource: " + source + "\n"))
		require.NoError(t, err)
		require.Empty(t, packages, source)
		require.Equal(t, []Problem{{"a", fmt.Sprintf("its Source is %q; want NAME (VERSION)", source)}}, problems)
	}
}

// Where a stanza ends, and what goes on with a field.
func TestStanzas(t *testing.T) {
	for _, row := range []struct {
		text     string
		packages int
		problems []Problem
	}{
		{"", 0, nil},
		{"\n \n\t\n", 0, nil},
		{"Package: a\nVersion: 1\n \t\nPackage: b\nVersion: 2", 2, nil},
		{"Package: a\nVersion: 1\nDescription: x\n Version:\n\tPackage:\n", 1, nil},
		{"\n\nVersion: 1\n", 0, []Problem{{"line 3", "its stanza has no Package"}}},
		{"X: y\nVersion: 1\n\n\nY: 1\n", 0, []Problem{{"line 1", "its stanza has no Package"}, {"line 5", "its stanza has no Package"}}},
		{"Package: a\nVersion: 1\n\nPackage: b\n", 1, []Problem{{"b", "its stanza has no Version"}}},
	} {
		packages, problems, err := Parse(strings.NewReader(row.text))
		require.NoError(t, err)
		require.Len(t, packages, row.packages, "%q", row.text)
		require.Equal(t, row.problems, problems, "%q", row.text)
	}
}

// A reader that fails is no end of a file.
func TestParseOfReader(t *testing.T) {
	failing := func(text string) io.Reader {
		return io.MultiReader(strings.NewReader(text), iotest.ErrReader(errors.New("no more")))
	}
	packages, problems, err := Parse(failing("Package: a\nVersion: 1\n\n"))
	require.EqualError(t, err, "line 4: no more")
	require.Nil(t, packages)
	require.Nil(t, problems)
	_, err = ParseList(failing("/usr\n"))
	require.EqualError(t, err, "no more")
	_, err = ParseSums(failing(""))
	require.EqualError(t, err, "no more")
}

func TestPathsRefused(t *testing.T) {
	const digest = "5461b4c9623a1657baf85fbc0c8576b6"
	for text, want := range map[string]string{
		digest + "\n":               "line 1: \"" + digest + "\" is no digest with a path",
		digest + " \n":              "line 1: \"" + digest + " \" is no digest with a path",
		"\n" + digest[1:] + "  a\n": "line 2: \"" + digest[1:] + "  a\" is no digest with a path",
		digest + "0  a\n":           "line 1: \"" + digest + "0  a\" is no digest with a path",
		digest + "  b\n\nusr/a b\n": "line 3: \"usr/a b\" is no digest with a path",
	} {
		_, err := ParseSums(strings.NewReader(text))
		require.EqualError(t, err, want)
	}
	for text, want := range map[string][]string{
		digest + " *a\n":     {"a"},
		digest + "  /a\n":    {"a"},
		digest + "  ./a b\n": {"a b"},
		digest + "  .\n":     nil,
		"\n":                 nil,
	} {
		got, err := ParseSums(strings.NewReader(text))
		require.NoError(t, err)
		require.Equal(t, want, got, "%q", text)
	}
	got, err := ParseList(strings.NewReader("/\n/.\n\n/a\n"))
	require.NoError(t, err)
	require.Equal(t, []string{"a"}, got)
}

func TestParseRefuses(t *testing.T) {
	for _, row := range []struct{ text, want string }{
		{"Package: a\nhello\n", "line 2 is no field"},
		{"\x00\x01", "line 1 is no field"},
		{"A: " + strings.Repeat("x", maxLine), "line 1: bufio.Scanner: token too long"},
	} {
		_, _, err := Parse(strings.NewReader(row.text))
		require.ErrorContains(t, err, row.want)
	}
}

func TestFiles(t *testing.T) {
	list, err := ParseList(strings.NewReader("/.\n/usr\n/usr/share/doc/a b\n"))
	require.NoError(t, err)
	require.Equal(t, []string{"usr", "usr/share/doc/a b"}, list)
	_, err = ParseList(strings.NewReader("/usr\nusr\n"))
	require.ErrorContains(t, err, "line 2")

	const digest = "5461b4c9623a1657baf85fbc0c8576b6"
	sums, err := ParseSums(strings.NewReader(digest + "  usr/share/doc/tzdata/README.Debian\n" + digest + "  ./usr/a\n"))
	require.NoError(t, err)
	require.Equal(t, []string{"usr/share/doc/tzdata/README.Debian", "usr/a"}, sums)
	_, err = ParseSums(strings.NewReader("usr/a\n"))
	require.ErrorContains(t, err, "line 1")

	require.Equal(t, "libc6", PackageOf("libc6:amd64.list"))
	require.Equal(t, "base", PackageOf("base.md5sums"))
	require.Empty(t, PackageOf("libc6:amd64.postinst"))
}

func FuzzParse(f *testing.F) {
	f.Add(status)
	f.Add("Package: a\nVersion: 1\nSource: ()\n")
	f.Add("Status:\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		packages, problems, err := Parse(strings.NewReader(text))
		if err != nil {
			require.Nil(t, packages)
			return
		}
		for _, p := range packages {
			require.NotEmpty(t, p.Name)
			require.NotEmpty(t, p.Version)
			require.NotEmpty(t, p.Source)
			require.NotEmpty(t, p.SourceVersion)
		}
		for _, p := range problems {
			require.NotEmpty(t, p.Package)
			require.NotEmpty(t, p.Reason)
		}
	})
}

func FuzzFiles(f *testing.F) {
	f.Add("/usr\n/usr/a b\n")
	f.Add("5461b4c9623a1657baf85fbc0c8576b6  usr/a\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, parse := range []func(s string) ([]string, error){
			func(s string) ([]string, error) { return ParseList(strings.NewReader(s)) },
			func(s string) ([]string, error) { return ParseSums(strings.NewReader(s)) },
		} {
			names, err := parse(text)
			require.True(t, err == nil || names == nil)
			require.NotContains(t, names, "")
		}
	})
}
