package lockfile

import "testing"

var gemRows = []row{
	{
		name: "sections", file: "Gemfile.lock",
		text: `GIT
  remote: https://git.example/rails/rails.git
  revision: 0123
  branch: main
  specs:
    rails (7.1.0)
      rack (>= 2.2)

PATH
  remote: engines/own
  specs:
    own (0.1.0)

PLUGIN SOURCE
  remote: https://registry.example/
  type: odd
  specs:
    plugged (1.0.0)

GEM
  remote: https://registry.example/
  specs:
    nokogiri (1.13.0)
      racc (~> 1.4)
    nokogiri (1.13.0-x86_64-linux)
    rack (2.2.3)
    beta (1.0.0.pre.1)
    bare
    odd gem (1)

PLATFORMS
  ruby
  x86_64-linux

DEPENDENCIES
    rack
  own!

BUNDLED WITH
   2.4.0
`,
		want: []string{
			"RubyGems bare  Gemfile.lock",
			"RubyGems beta 1.0.0.pre.1 Gemfile.lock",
			"RubyGems nokogiri 1.13.0 Gemfile.lock",
			"RubyGems nokogiri 1.13.0 Gemfile.lock#(platform x86_64-linux)",
			"RubyGems rack 2.2.3 Gemfile.lock",
			"- odd gem (1): it is no gem with a version, as the section GEM lists them",
			"- own@0.1.0: it is the project's directory engines/own, not a registry's package",
			"- plugged@1.0.0: it comes from a plugin of Bundler's, not from a registry",
			"- rails@7.1.0: it comes from git, https://git.example/rails/rails.git, not from a registry",
		},
	},
	{name: "CRLF", file: "gems.locked", text: "GEM\r\n  specs:\r\n    rack (2.2.3)\r\n", want: []string{"RubyGems rack 2.2.3 gems.locked"}},
	{name: "merge conflict", file: "Gemfile.lock", text: "GEM\n<<<<<<< HEAD\n", err: "merge conflict"},
	{name: "lines of one character", file: "Gemfile.lock", text: "x\n y\nGEM\n  specs:\n    rack (2.2.3)\n", want: []string{"RubyGems rack 2.2.3 Gemfile.lock"}},
	{name: "something else", file: "Gemfile.lock", text: "  x\n", err: "is it Bundler's lockfile?"},
}

func TestGem(t *testing.T) { run(t, gemRows) }

func FuzzGem(f *testing.F) { fuzz(f, gemRows) }
