package python

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

func TestIsMetadata(t *testing.T) {
	for name, want := range map[string]bool{
		"usr/lib/python3/site-packages/setuptools-65.5.0.dist-info/METADATA": true,
		"a/rpm-4.14.3-py3.6.egg-info/PKG-INFO":                               true,
		"a/six-1.16.0.egg/EGG-INFO/PKG-INFO":                                 true,
		"a/urllib3-1.25.10-py3.9.egg-info":                                   true,
		"a.dist-info/METADATA":                                               true,
		"EGG-INFO/PKG-INFO":                                                  true,
		"a.egg-info":                                                         true,
		"a.dist-info/PKG-INFO":                                               false,
		"a.egg-info/METADATA":                                                false,
		"a.egg-info/SOURCES.txt":                                             false,
		"x/a.dist-info/sub/METADATA":                                         false,
		"a/METADATA":                                                         false,
		"a/PKG-INFO":                                                         false,
		"a/b.dist-info/RECORD":                                               false,
	} {
		require.Equal(t, want, IsMetadata(name), name)
	}
}

func TestParse(t *testing.T) {
	for _, row := range []struct {
		text string
		want Distribution
	}{
		{"Metadata-Version: 2.1\nName: setuptools\nVersion: 65.5.0\n\nName: not this\n", Distribution{"setuptools", "65.5.0"}},
		{"name: a\r\nLicense: x\r\n  Name: not this\r\nVERSION: 1\r\n", Distribution{"a", "1"}},
		{"Name: a", Distribution{"a", ""}},
		{"\ufeffName: a\nVersion: 1\n", Distribution{"a", "1"}},
		{"Name:a\nX: y\n\tVersion: 2\n Version: 3\n no field\nVersion:\t1 \n", Distribution{"a", "1"}},
		{"Name: a\n \t\nVersion: 1\n", Distribution{"a", ""}},
		{"Name: b\nName: a\nName-of: c\n", Distribution{"a", ""}},
		{"Name: " + strings.Repeat("a", maxLine-8), Distribution{strings.Repeat("a", maxLine-8), ""}},
	} {
		got, err := Parse(strings.NewReader(row.text))
		require.NoError(t, err)
		require.Equal(t, row.want, got)
	}
	for _, row := range []struct{ text, want string }{
		{"", "no field Name"},
		{"Version: 1\n", "no field Name"},
		{"Name: a\nhello\n", "line 2"},
		{"Name: " + strings.Repeat("a", maxLine), "too long"},
		{strings.Repeat("A: "+strings.Repeat("a", 1<<19)+"\n", 33), "more than"},
	} {
		got, err := Parse(strings.NewReader(row.text))
		require.ErrorContains(t, err, row.want)
		require.Zero(t, got)
	}
	_, err := Parse(io.MultiReader(strings.NewReader("Name: a\n"), iotest.ErrReader(errors.New("no more"))))
	require.EqualError(t, err, "no more")
}

func FuzzParse(f *testing.F) {
	f.Add("Name: a\nVersion: 1\n\n")
	f.Add(" \n:\n")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := Parse(strings.NewReader(text))
		require.Equal(t, err == nil, d.Name != "")
	})
}
