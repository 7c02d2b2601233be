package purl

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Each pattern beside what it must mean and what it must not.
func TestPatternCovers(t *testing.T) {
	for _, row := range []struct {
		pattern, found string
		want           bool
	}{
		{"pkg:npm/lodash", "pkg:npm/lodash@4.17.20", true},
		{"pkg:npm/lodash@4.17.20", "pkg:npm/lodash@4.17.20?vcs_url=x#a", true},
		{"pkg:npm/lodash@4.17.20", "pkg:npm/lodash@4.17.21", false},
		{"pkg:npm/lodash@4.17.20", "pkg:npm/lodash", false},
		{"pkg:npm/lodash", "pkg:npm/%40x/lodash", false},
		{"pkg:npm/%40X/lodash", "pkg:npm/@x/lodash@1", true},
		{"pkg:npm/lodash#a", "pkg:npm/lodash", false},
		{"pkg:gem/lodash", "pkg:npm/lodash", false},
		{"pkg:deb/debian/libssl3?distro=debian-12", "pkg:deb/debian/libssl3@3?distro=debian-12.13&arch=amd64", false},
		{"pkg:deb/debian/libssl3?arch=amd64", "pkg:deb/debian/libssl3@3?distro=debian-12.13&arch=amd64", true},
		{"pkg:golang/x.org/opa@v0.44.0", "pkg:golang/x.org/opa@0.44.0", true},
		{"pkg:golang/x.org/Opa", "pkg:golang/x.org/opa@v0.44.0", false},
		{"pkg:pypi/My_Pkg", "pkg:pypi/my-pkg@1", true},
		{"pkg:maven/A/b", "pkg:maven/a/b@1", false},
		{"pkg:rpm/RedHat/bash", "pkg:rpm/redhat/bash@1", true},
		{"pkg:bitnami/Apache", "pkg:bitnami/apache@2.4.58-3", true},
		{"pkg:vscode-extension/Golang/Go", "pkg:vscode-extension/golang/go@0.44.0", true},
		{"pkg:swift/github.com/Apple/Swift-NIO", "pkg:swift/github.com/apple/swift-nio@2.0.0", true},
		{"pkg:githubactions/TJ-Actions/changed-files", "pkg:githubactions/tj-actions/changed-files@v45.0.7", true},
		{"pkg:cargo/A", "pkg:cargo/a@1.0.0", false},
		{"pkg:oci/app@sha256:ab", "pkg:oci/app@sha256%3Aab", true},
		{"pkg:npm/a?vers=vers:npm/<2.0.0", "pkg:npm/a@1.10.0", true},
		{"pkg:npm/a?vers=vers:npm/<2.0.0", "pkg:npm/a@2.0.0", false},
		{"pkg:npm/a?vers=vers%3Anpm%2F%3C2.0.0&arch=x", "pkg:npm/a@1.10.0", false},
		{"pkg:npm/a?vers=vers:npm/<2.0.0", "pkg:npm/a", false},
		{"pkg:npm/a?vers=vers:npm/<2.0.0", "pkg:npm/b@1.0.0", false},
		{"pkg:npm/a?vers=vers:npm/<2.0.0", "pkg:npm/a@latest", false},
		{"pkg:generic/a?vers=vers:generic/<2", "pkg:generic/a@1", false},
		{"pkg:deb/debian/a?vers=vers:deb/>=1~rc1|<1:0", "pkg:deb/debian/a@1.0-1?distro=debian-12", true},
		{"pkg:golang/x.org/a?vers=vers:golang/>=v1.2.0", "pkg:golang/x.org/a@v1.10.0", true},
	} {
		p, err := ParsePattern(row.pattern)
		require.NoError(t, err)
		found, err := ParsePattern(row.found)
		require.NoError(t, err)
		require.Equal(t, row.want, p.Covers(found), "%s covers %s", row.pattern, row.found)
		require.True(t, p.Covers(p))
	}
}

func TestIsPURL(t *testing.T) {
	for s, want := range map[string]bool{"pkg:npm/a": true, "PKG:npm/a": true, "pkg:": true, "pkg": false, "": false, "lodash": false, "urn:cdx:u/1": false} {
		require.Equal(t, want, IsPURL(s), s)
	}
}

func TestPatternErrors(t *testing.T) {
	for in, want := range map[string]string{
		"lodash":                          `does not begin with "pkg:"`,
		"pkg:npm":                         "no type or no name",
		"pkg:npm/a%zz":                    "hexadecimal digits",
		"pkg:npm/a?b=1&b=2":               "there twice",
		"pkg:npm/a?b=%":                   "percent-encoded byte",
		"pkg:oci/app@sha256:sha256:ab":    "two algorithms",
		"pkg:npm/a@1?vers=vers:npm/<2":    "a version and a range",
		"pkg:npm/a?vers=<2":               "does not begin with vers:",
		"pkg:npm/a?vers=npm/<2":           "does not begin with vers:",
		"pkg:npm/a?vers=vers:npm":         "does not begin with vers:",
		"pkg:npm/a?vers=vers:pypi/<2":     "of another type than npm",
		"pkg:npm/a?vers=vers:npm/<":       "without a version",
		"pkg:npm/a?vers=vers:npm/":        "without a version",
		"pkg:npm/a?vers=vers:npm/*|<2":    `beside "*"`,
		"pkg:oci/app@sha256%3Asha256%3Aa": "two algorithms",
		"pkg:npm/a?\xba=0":                "a qualifier that is broken",
	} {
		_, err := ParsePattern(in)
		require.ErrorContains(t, err, want)
	}
}

// Of each range the versions 0.1.0 to 5.0.0 that are in it, by their first digit.
func TestVersionRange(t *testing.T) {
	for _, row := range []struct{ text, in string }{
		{"*", "012345"},
		{"2.0.0", "2"},
		{"=2.0.0|4.0.0", "24"},
		{"!=2.0.0", "01345"},
		{"<2.0.0", "01"},
		{"<=2.0.0", "012"},
		{">2.0.0", "345"},
		{">=2.0.0", "2345"},
		{">=1.0.0|<3.0.0", "12"},
		{">1.0.0|<=3.0.0", "23"},
		{">=1.0.0|!=2.0.0|<4.0.0", "13"},
		{"<1.0.0|>=3.0.0", "0345"},
		{"<1.0.0|>=2.0.0|<3.0.0|>=5.0.0", "025"},
		{"<4.0.0|>=1.0.0", "123"},
		{">=1.0.0|<2.0.0|4.0.0", "14"},
	} {
		r, err := parseRange("vers:npm/"+row.text, "npm")
		require.NoError(t, err)
		in := ""
		for _, v := range []string{"0.1.0", "1.0.0", "2.0.0", "3.0.0", "4.0.0", "5.0.0"} {
			if r.contains("npm", v) {
				in += v[:1]
			}
		}
		require.Equal(t, row.in, in, row.text)
	}
	r, err := parseRange("vers:npm/<latest", "npm")
	require.NoError(t, err)
	require.False(t, r.contains("npm", "1.0.0"), "a bound that is no version")
}

// What is read is spelled so that it is read again.
func FuzzPattern(f *testing.F) {
	for _, s := range []string{"pkg:npm/%40a/b@1?x=y%26z&arch=a#s/t", "pkg:oci/a@sha256%3Aab", "PKG://golang/x.org/Opa@v1", "pkg:deb/debian/a@1:2+b1", "pkg:npm/a?vers=vers:npm/>=1.0.0|<2.0.0|!=1.5.0", "pkg:npm/a?vers=vers:npm/*"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePattern(s)
		if err != nil {
			return
		}
		if len(p.String()) > MaxLength { // what was written plainly is percent-encoded
			return
		}
		again, err := ParsePattern(p.String())
		if err != nil {
			t.Fatalf("%q spelled as %q: %v", s, p.String(), err)
		}
		if !p.Covers(again) || !again.Covers(p) || again.String() != p.String() {
			t.Errorf("%q spelled as %q is %q", s, p.String(), again.String())
		}
	})
}
