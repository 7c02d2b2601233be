package osrelease

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	for _, row := range []struct {
		text string
		want Release
	}{
		{"", Release{ID: "linux"}},
		{"ID=alpine\nVERSION_ID=3.19.0\n", Release{ID: "alpine", Version: "3.19.0"}},
		{"# a comment\n\nPRETTY_NAME=\"Debian \\\"12\\\"\"\nID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME='bookworm'\n", Release{"debian", "12", "bookworm", ""}},
		{"ID=\"rhel\"\r\nVERSION_ID=\"9.4\"\r\n", Release{ID: "rhel", Version: "9.4"}},
		{"ID=a\nID=b", Release{ID: "b"}},
		{"ID=\"openEuler\"\nVERSION=\"22.03 (LTS-SP3)\"\nVERSION_ID=\"22.03\"\n", Release{ID: "openEuler", Version: "22.03", Name: "22.03 (LTS-SP3)"}},
		{"VERSION_ID=\"a\\$b\"\n", Release{ID: "linux", Version: "a$b"}},
	} {
		got, err := Parse(strings.NewReader(row.text))
		require.NoError(t, err, row.text)
		require.Equal(t, row.want, got, row.text)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, row := range []struct{ text, want string }{
		{"ID=debian\nhello\n", "line 2 is no assignment"},
		{"ID=\"debian\n", "not closed"},
		{"ID='a'b\n", "after its quotes"},
		{"A=" + strings.Repeat("x", maxLine), "too long"},
		{strings.Repeat("#"+strings.Repeat("x", 1000)+"\n", 2000), "longer than"},
	} {
		_, err := Parse(strings.NewReader(row.text))
		require.ErrorContains(t, err, row.want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("ID=debian\nVERSION_ID=\"12\"\n")
	f.Add("A='\\")
	f.Fuzz(func(t *testing.T, text string) {
		if r, err := Parse(strings.NewReader(text)); err != nil {
			require.Zero(t, r)
		}
	})
}
