package lockfile

import "testing"

var yarnRows = []row{
	{
		name: "version 1", file: "yarn.lock",
		text: `# yarn lockfile v1


"word-wrap@^1.2.3":
  "version" "1.2.3"
  "resolved" "https://registry.example/word-wrap/-/word-wrap-1.2.3.tgz"

"mapbox@git+https://user:secret@git.example/jrd/mapbox.git#v1.1.0":
  version "1.1.0"

"@babel/core@^7.0.0", "@babel/core@^7.1.0":
  version "7.1.2"
  resolved "https://registry.example/@babel/core/-/core-7.1.2.tgz#abcd"
  dependencies:
    version "9.9.9"
    lodash "^4.17.20"

a@1, a@>=1 <2:
  version "1.0.0"

my-lodash@npm:lodash@4.17.20:
  version "4.17.20"

"b@npm:^2.0.0":
  version "2.0.0"

latest-d@npm:d:
  version "3.0.0"

"zip@npm:7zip-bin":
  version "5.0.0"

"scoped@npm:@e/f":
  version "4.0.0"

"g@npm:1.x":
  version "1.2.0"

"h@npm:*":
  version "1.3.0"

forge@a/forge:
  version "1.0.0"
  resolved "https://codeload.github.com/a/forge/tar.gz/0123"

local@file:../local:
  version "1.0.0"

"tarball@https://files.example/x.tgz":
  version "1.0.0"
  resolved "https://files.example/x.tgz#abcd"

noversion@^1.0.0:
  resolved "https://registry.example/x.tgz"
`,
		want: []string{
			"npm @babel/core 7.1.2 yarn.lock",
			"npm @e/f 4.0.0 yarn.lock",
			"npm 7zip-bin 5.0.0 yarn.lock",
			"npm a 1.0.0 yarn.lock",
			"npm b 2.0.0 yarn.lock",
			"npm d 3.0.0 yarn.lock",
			"npm g 1.2.0 yarn.lock",
			"npm h 1.3.0 yarn.lock",
			"npm lodash 4.17.20 yarn.lock",
			"npm noversion  yarn.lock",
			"npm word-wrap 1.2.3 yarn.lock",
			"- forge@1.0.0: it comes from a repository, https://codeload.github.com/a/forge/tar.gz/0123, not from a registry",
			"- local@1.0.0: it is file:../local of the project's own files, not a registry's package",
			"- mapbox@1.1.0: it comes from git, git+https://git.example/jrd/mapbox.git#v1.1.0, not from a registry",
			"- tarball@1.0.0: it comes from https://files.example/x.tgz, not from a registry",
		},
	},
	{
		name: "Berry", file: "yarn.lock",
		text: `# made by yarn
__metadata:
  version: 8

"lodash@npm:4.17.20, my-lodash@npm:lodash@4.17.20":
  version: 4.17.20
  resolution: "lodash@npm:4.17.20"
  languageName: node
  linkType: hard

"@types/a@npm:^1.0.0":
  version: 1.10
  resolution: "@types/a@npm:1.10"

"c@npm:^1.0.0":
  version: 1.0.0
  resolution: "c@npm:1.0.0::__archiveUrl=https%3A%2F%2Fregistry.example%2Fc.tgz"

"app@workspace:.":
  version: 0.0.0-use.local
  resolution: "app@workspace:."

"fsevents@patch:fsevents@^2.3.2#~builtin<compat/fsevents>":
  version: 2.3.3
  resolution: "fsevents@patch:fsevents@npm%3A2.3.3#~builtin<compat/fsevents>::version=2.3.3&hash=df0bf1"

"git@git@git.example:a/b.git":
  version: 1.0.0
  resolution: "git@git@git.example:a/b.git#commit=0123"

"tarball@https://files.example/x.tgz":
  version: 1.0.0
  resolution: "tarball@https://files.example/x.tgz"

"odd@npm:1.0.0":
  version: 1.0.0
`,
		want: []string{
			"npm @types/a 1.10 yarn.lock",
			"npm c 1.0.0 yarn.lock",
			"npm fsevents 2.3.3 yarn.lock#(patched)",
			"npm lodash 4.17.20 yarn.lock",
			"- app@0.0.0-use.local: it is workspace:. of the project's own files, not a registry's package",
			"- git@1.0.0: it comes from git, git@git.example:a/b.git#commit=0123, not from a registry",
			"- odd@npm:1.0.0: the entry has no resolution",
			"- tarball@1.0.0: it comes from https://files.example/x.tgz, not from a registry",
		},
	},
	{name: "no entry", file: "yarn.lock", text: "# yarn lockfile v1\n"},
	{name: "something else", file: "yarn.lock", text: "# x\n", err: "is it Yarn's?"},
	{name: "merge conflict", file: "yarn.lock", text: "a@1:\n  version \"1\"\n<<<<<<< HEAD\n", err: "line 3: it has a merge conflict"},
	{name: "no colon", file: "yarn.lock", text: "a@1\n", err: `line 1: "a@1" is no entry`},
	{name: "a field without entry", file: "yarn.lock", text: "  version \"1\"\n", err: "line 1: an entry's field"},
	{name: "Berry, broken", file: "yarn.lock", text: "__metadata:\n  version: [\n", err: "yaml:"},
}

func TestYarn(t *testing.T) { run(t, yarnRows) }

func FuzzYarn(f *testing.F) { fuzz(f, yarnRows) }
