package osrelease

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

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
		{"  ID=a  \n\t# x\n#ID=b\nID_LIKE=c\nXID=d\n", Release{ID: "a"}},
		{"\ufeffID=a\n", Release{ID: "a"}},
		{"ID=\nVERSION_ID=\"\"\n", Release{}},
		{"ID='a\\'\n", Release{ID: "a\\"}},
		{"ID=\"a'b\"\nVERSION='c\"d'\n", Release{ID: "a'b", Name: "c\"d"}},
		{"ID=a=b\n", Release{ID: "a=b"}},
		{"ID=\"\\\"\"\n", Release{ID: "\""}},
		{"ID=\"\\\\\"\n", Release{ID: "\\"}},
		{"ID=" + strings.Repeat("x", maxLine-5) + "\n", Release{ID: strings.Repeat("x", maxLine-5)}},
		{strings.Repeat("#"+strings.Repeat("x", 1022)+"\n", MaxSize>>10), Release{ID: "linux"}},
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
		{"ID='a'b\n", "line 1: \"'a'b\" goes on after its quotes"},
		{"ID=\"\n", "line 1: a quote is not closed"},
		{"ID='\n", "line 1: a quote is not closed"},
		{"ID=\"a'\n", "not closed"},
		{"ID=\"a\\\"\n", "line 1: a quote is not closed"},
		{"ID=\"\\\n", "not closed"},
		{"ID=''a'\n", "after its quotes"},
		{strings.Repeat("#"+strings.Repeat("x", 1022)+"\n", MaxSize>>10) + "\n", "it is longer than 1048576 bytes"},
		{"A=" + strings.Repeat("x", maxLine), "too long"},
		{strings.Repeat("#"+strings.Repeat("x", 1000)+"\n", 2000), "longer than"},
	} {
		got, err := Parse(strings.NewReader(row.text))
		require.ErrorContains(t, err, row.want)
		require.Zero(t, got)
	}
	_, err := Parse(io.MultiReader(strings.NewReader("ID=a\n"), iotest.ErrReader(errors.New("no more"))))
	require.EqualError(t, err, "no more")
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
