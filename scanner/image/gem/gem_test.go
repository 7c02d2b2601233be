package gem

import (
	"strings"
	"testing"

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

func TestIsSpecification(t *testing.T) {
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
