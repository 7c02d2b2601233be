package gem

import (
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

const spec = `# -*- encoding: utf-8 -*-
# stub: rack 2.2.3 ruby lib

Gem::Specification.new do |s|
  s.name = "rack".freeze
  s.version = "2.2.3"

  s.required_rubygems_version = Gem::Requirement.new(">= 0".freeze)
  s.summary = "s.name = \"other\"".freeze
end
`

func TestParse(t *testing.T) {
	got, err := Parse(strings.NewReader(spec))
	require.NoError(t, err)
	require.Equal(t, Spec{"rack", "2.2.3"}, got)
	got, err = Parse(strings.NewReader("s.name = 'a'\ns.version = Gem::Version.new(\"1\")\n"))
	require.NoError(t, err)
	require.Equal(t, Spec{"a", "1"}, got)
	for _, row := range []struct{ text, want string }{
		{"", "no name"},
		{"s.name = \"a\"\n", "no version"},
		{"s.name = \"a\"\ns.version = A::VERSION\n", `its version is "A::VERSION"`},
		{"s.name = \"a#{b}\"\n", "no string"},
		{strings.Repeat("#", maxSize+1), "larger"},
	} {
		_, err := Parse(strings.NewReader(row.text))
		require.ErrorContains(t, err, row.want)
	}
}

// The forms of a value that are strings, and those that are not.
func TestLiterals(t *testing.T) {
	for text, want := range map[string]string{
		`"1"`: "1", `'1'`: "1", `"1".freeze`: "1", `'1'.freeze`: "1", `  "1"  `: "1", "\"1\"\r": "1",
		`Gem::Version.new("1")`: "1", `Gem::Version.new "1"`: "1", `Gem::Version.new('1'.freeze)`: "1",
		`A`: "", `"a" + "b"`: "", `"a\"b"`: "", `'a\'b'`: "", `"#{a}"`: "", `"1".to_s`: "", ``: "",
	} {
		got, err := Parse(strings.NewReader("spec.name = 'a'\n  s.version=" + text + "\n"))
		if want == "" {
			require.ErrorContains(t, err, "its version is", text)
			continue
		}
		require.NoError(t, err, text)
		require.Equal(t, Spec{"a", want}, got, text)
	}
	got, err := Parse(strings.NewReader("s.name = 'a'\ns.version = '1'\ns.name = 'b'\ns.version = '2'\n"))
	require.NoError(t, err)
	require.Equal(t, Spec{"a", "1"}, got, "the first counts")
	_, err = Parse(strings.NewReader("s.version = '1'\n"))
	require.EqualError(t, err, "it has no name or no version")
	_, err = Parse(iotest.ErrReader(errors.New("no more")))
	require.EqualError(t, err, "no more")
	_, err = Parse(strings.NewReader("s.name = 'a'\ns.version = '1'\n" + strings.Repeat("#", maxSize-29)))
	require.NoError(t, err, "as large as it may be")
}

func TestIsSpecification(t *testing.T) {
	for name, want := range map[string]bool{
		"specifications/a.gemspec":           true,
		"x/specifications/default/a.gemspec": true,
		"x/specifications/other/a.gemspec":   false,
		"x/specifications/a.rb":              false,
		"x/default/a.gemspec":                false,
		"a.gemspec":                          false,
	} {
		require.Equal(t, want, IsSpecification(name), name)
	}
	require.True(t, IsSpecification("usr/lib/ruby/gems/3.1.0/specifications/rack-2.2.3.gemspec"))
	require.True(t, IsSpecification("usr/lib/ruby/gems/3.1.0/specifications/default/json-2.6.1.gemspec"))
	require.False(t, IsSpecification("usr/lib/ruby/gems/3.1.0/gems/rack-2.2.3/rack.gemspec"))
}

func FuzzParse(f *testing.F) {
	f.Add(spec)
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(strings.NewReader(text))
		require.Equal(t, err == nil, s.Name != "" && s.Version != "")
	})
}
