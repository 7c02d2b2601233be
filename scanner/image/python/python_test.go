package python

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestIsMetadata(t *testing.T) {
	for name, want := range map[string]bool{
		"usr/lib/python3/site-packages/setuptools-65.5.0.dist-info/METADATA": true,
		"a/rpm-4.14.3-py3.6.egg-info/PKG-INFO":                               true,
		"a/six-1.16.0.egg/EGG-INFO/PKG-INFO":                                 true,
		"a/urllib3-1.25.10-py3.9.egg-info":                                   true,
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
		_, err := Parse(strings.NewReader(row.text))
		require.ErrorContains(t, err, row.want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("Name: a\nVersion: 1\n\n")
	f.Add(" \n:\n")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := Parse(strings.NewReader(text))
		require.Equal(t, err == nil, d.Name != "")
	})
}
