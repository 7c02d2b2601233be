package dpkg

import (
	"strings"
	"testing"

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
