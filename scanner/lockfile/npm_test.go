package lockfile

import (
	"strings"
	"testing"
)

var npmRows = []row{
	{
		name: "version 3: aliases, links, bundles, scopes", file: "web/package-lock.json",
		text: `{"name":"shop","lockfileVersion":3,"packages":{
			"":{"name":"shop","version":"1.0.0"},
			"node_modules/my-lodash":{"name":"lodash","version":"4.17.20","resolved":"https://registry.example/lodash/-/lodash-4.17.20.tgz"},
			"node_modules/regl":{"name":"@plotly/regl","version":"2.1.2"},
			"node_modules/@chat-template/auth":{"resolved":"packages/auth","link":true},
			"packages/auth":{"name":"@chat-template/auth","version":"0.0.1"},
			"packages/nameless":{},
			"packages/auth/node_modules/qs":{"version":"6.5.2"},
			"node_modules/npm/node_modules/ini":{"version":"4.1.1","inBundle":true},
			"node_modules/@bare":{"version":"1.0.0"},
			"node_modules/jest":{"version":"27.0.0","dev":true},
			"node_modules/fsevents":{"version":"2.3.3","optional":true,"peer":true},
			"node_modules/both":{"version":"1.0.0","devOptional":true},
			"node_modules/placeholder":{"optional":true},
			"node_modules/forked":{"version":"1.0.0","resolved":"git+ssh://user:secret@git.example/a/forked.git#0123"},
			"node_modules/packed":{"version":"1.0.0","resolved":"file:packed-1.0.0.tgz"},
			"node_modules/forge":{"version":"1.0.0","resolved":"https://codeload.github.com/a/forge/tar.gz/0123"}}}`,
		want: []string{
			"npm @bare 1.0.0 web/package-lock.json#node_modules/@bare",
			"npm @plotly/regl 2.1.2 web/package-lock.json#node_modules/regl",
			"npm both 1.0.0 web/package-lock.json#node_modules/both (dev optional)",
			"npm fsevents 2.3.3 web/package-lock.json#node_modules/fsevents (optional peer)",
			"npm ini 4.1.1 web/package-lock.json#node_modules/npm/node_modules/ini",
			"npm jest 27.0.0 web/package-lock.json#node_modules/jest (dev)",
			"npm lodash 4.17.20 web/package-lock.json#node_modules/my-lodash",
			"npm placeholder  web/package-lock.json#node_modules/placeholder (optional)",
			"npm qs 6.5.2 web/package-lock.json#packages/auth/node_modules/qs",
			"- @chat-template/auth: it is a link to the project's directory packages/auth, not a registry's package",
			"- @chat-template/auth@0.0.1: it is the project's directory packages/auth, not a registry's package",
			"- forge@1.0.0: it comes from a repository, https://codeload.github.com/a/forge/tar.gz/0123, not from a registry",
			"- forked@1.0.0: it comes from git, git+ssh://git.example/a/forked.git#0123, not from a registry",
			"- packages/nameless: it is the project's directory packages/nameless, not a registry's package",
			"- packed@1.0.0: it is file:packed-1.0.0.tgz of the project's own files, not a registry's package",
		},
	},
	{
		name: "version 1: nested, aliases, foreign", file: "npm-shrinkwrap.json",
		text: `{"name":"app","lockfileVersion":1,"dependencies":{
			"minimist":{"version":"1.2.8"},
			"optimist":{"version":"0.6.1","dev":true,"dependencies":{"minimist":{"version":"0.0.10"}}},
			"string-width-cjs":{"version":"npm:string-width@4.2.3"},
			"scoped":{"version":"npm:@a/b@1.0.0","optional":true},
			"git":{"version":"git+https://git.example/a/b.git#0123"},
			"short":{"version":"github:a/b#0123"},
			"local":{"version":"file:../local"},
			"moved":{"version":"1.0.0","resolved":"git+https://git.example/a/moved.git#0123"},
			"tarball":{"version":"https://files.example/x.tgz"},
			"bundled":{"version":"1.0.0","resolved":false,"bundled":true}}}`,
		want: []string{
			"npm @a/b 1.0.0 npm-shrinkwrap.json#node_modules/scoped (optional)",
			"npm bundled 1.0.0 npm-shrinkwrap.json#node_modules/bundled",
			"npm minimist 0.0.10 npm-shrinkwrap.json#node_modules/optimist/node_modules/minimist",
			"npm minimist 1.2.8 npm-shrinkwrap.json#node_modules/minimist",
			"npm optimist 0.6.1 npm-shrinkwrap.json#node_modules/optimist (dev)",
			"npm string-width 4.2.3 npm-shrinkwrap.json#node_modules/string-width-cjs",
			"- git: it comes from git, git+https://git.example/a/b.git#0123, not from a registry",
			"- local: it is file:../local of the project's own files, not a registry's package",
			"- moved: it comes from git, git+https://git.example/a/moved.git#0123, not from a registry",
			"- short: it comes from git, github:a/b#0123, not from a registry",
			"- tarball: it comes from https://files.example/x.tgz, not from a registry: its version is not known",
		},
	},
	{
		name: "version 2 is read once", file: "package-lock.json",
		text: `{"lockfileVersion":2,"packages":{"node_modules/a":{"version":"1.0.0"}},"dependencies":{"a":{"version":"1.0.0"}}}`,
		want: []string{"npm a 1.0.0 package-lock.json#node_modules/a"},
	},
	{
		name: "null and numbers", file: "package-lock.json",
		text: `{"lockfileVersion":3,"packages":{"node_modules/a":{"version":1.10,"dev":null,"resolved":null},"node_modules/":{"version":"1.0.0"}}}`,
		want: []string{"npm a 1.10 package-lock.json#node_modules/a", "- node_modules/: an entry has no name"},
	},
	{name: "no lockfile", file: "package-lock.json", text: `{"name":"x"}`, err: "it has neither lockfileVersion"},
	{name: "truncated", file: "package-lock.json", text: "{\n\"packages\":{", err: "line 2: unexpected end"},
	{name: "an array", file: "package-lock.json", text: `[]`, err: "no object"},
	{name: "packages of another kind", file: "package-lock.json", text: `{"packages":[]}`, err: `line 1: array is not what belongs at "packages"`},
	{name: "deep", file: "package-lock.json", text: `{"x":` + strings.Repeat("[", 1<<20), err: "max depth"},
}

func TestNPM(t *testing.T) { run(t, npmRows) }

func FuzzNPM(f *testing.F) { fuzz(f, npmRows[:len(npmRows)-1]) }
