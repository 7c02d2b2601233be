package lockfile

import "testing"

var mixRows = []row{
	{
		name: "packages", file: "mix.lock",
		text: `%{
  nonsense
  "plug": {:hex, :plug, "1.10.3", "c9ce", [:mix], [{:mime, "~> 1.0", [hex: :mime, repo: "hexpm", optional: false]}], "hexpm", "0123"},
  "renamed": {:hex, :real_name, "1.0.0", "c9ce", [:mix], [], "hexpm", "0123"},
  "old": {:hex, :old, "0.1.0"},
  "private": {:hex, :private, "1.0.0", "c9ce", [:mix], [], "hexpm:acme", "0123"},
  "forked": {:git, "https://user:secret@git.example/a/forked.git", "0123", [branch: "main"]},
  "odd": {:path, "x"},
}
`,
		want: []string{
			"Hex old 0.1.0 mix.lock",
			"Hex plug 1.10.3 mix.lock",
			"Hex real_name 1.0.0 mix.lock",
			"- forked: it comes from git, https://git.example/a/forked.git, not from a registry",
			"- nonsense: the line is no entry of a lockfile of Mix's",
			`- odd: its entry is not of Hex or git, or is not read: :path, "x"`,
			"- private@1.0.0: it comes from another repository than hexpm, hexpm:acme",
		},
	},
	{name: "none", file: "mix.lock", text: "%{}\n"},
	{name: "something else", file: "mix.lock", text: "[]\n", err: "is it Mix's lockfile?"},
}

func TestMix(t *testing.T) { run(t, mixRows) }

func FuzzMix(f *testing.F) { fuzz(f, mixRows) }
