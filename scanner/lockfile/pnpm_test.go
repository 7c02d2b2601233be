package lockfile

import (
	"strings"
	"testing"
)

var pnpmRows = []row{
	{
		name: "version 9", file: "pnpm-lock.yaml",
		text: `lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      own: {specifier: 'workspace:*', version: 'link:packages/own'}
packages:
  handlebars@4.7.6:
    resolution: {integrity: sha512-x}
  '@babel/traverse@7.22.0(supports-color@8.1.1)':
    resolution: {integrity: sha512-y}
  forge@https://codeload.github.com/a/forge/tar.gz/0123:
    resolution: {tarball: https://codeload.github.com/a/forge/tar.gz/0123}
    version: 1.0.0
  git@git+https://git.example/a/b.git#0123:
    resolution: {type: git, repo: https://git.example/a/b.git, commit: '0123'}
    version: 1.0.0
  dir@file:dir:
    resolution: {type: directory, directory: dir}
  elsewhere@https://files.example/x.tgz:
    resolution: {tarball: https://files.example/x.tgz}
snapshots:
  handlebars@4.7.6: {}
  '@babel/traverse@7.22.0(supports-color@8.1.1)': {}
  only-here@1.0.0(react@18.0.0): {}
`,
		want: []string{
			"npm @babel/traverse 7.22.0 pnpm-lock.yaml",
			"npm handlebars 4.7.6 pnpm-lock.yaml",
			"npm only-here 1.0.0 pnpm-lock.yaml",
			"- dir: it is the project's directory dir, not a registry's package",
			"- elsewhere: it comes from https://files.example/x.tgz, not from a registry",
			"- forge: it comes from a repository, https://codeload.github.com/a/forge/tar.gz/0123, not from a registry",
			"- git: it comes from git, https://git.example/a/b.git, not from a registry",
			"- own: it is link:packages/own of the project's own files, not a registry's package",
		},
	},
	{
		name: "version 6", file: "pnpm-lock.yaml",
		text: `lockfileVersion: '6.0'
dependencies:
  own: {specifier: 'link:own', version: 'link:own'}
packages:
  /@a/b@1.0.0(c@2.0.0)(d@3.0.0): {resolution: {integrity: x}, dev: true}
  /e@1.0.0-rc.1: {resolution: {integrity: x}, optional: true, dev: false}
  registry.example/f@2.0.0: {resolution: {integrity: x}}
  github.com/a/b/0123: {resolution: {tarball: 'https://codeload.github.com/a/b/tar.gz/0123'}, name: b, version: 1.0.0}
  'file:g.tgz': {resolution: {tarball: 'file:g.tgz'}, name: g, version: 1.0.0}
`,
		want: []string{
			"npm @a/b 1.0.0 pnpm-lock.yaml#(dev)",
			"npm e 1.0.0-rc.1 pnpm-lock.yaml#(optional)",
			"npm f 2.0.0 pnpm-lock.yaml",
			"- b@1.0.0: it comes from a repository, https://codeload.github.com/a/b/tar.gz/0123, not from a registry",
			"- g@1.0.0: it is file:g.tgz of the project's own files, not a registry's package",
			"- own: it is link:own of the project's own files, not a registry's package",
		},
	},
	{
		name: "version 5, with keys that are none", file: "pnpm-lock.yaml",
		text: `lockfileVersion: 5.4
dependencies:
  own: link:own
packages:
  1.1: {resolution: {integrity: x}}
  /: {}
  /x/y/1.0.0: {}
  //1.0.0: {}
  /a/: {}
  /@babel/core/7.0.0_@types+node@1.0.0: {resolution: {integrity: x}}
  /a/1.10: {resolution: {integrity: x}}
  registry.example/c/1.0.0: {resolution: {integrity: x}}
`,
		want: []string{
			"npm @babel/core 7.0.0 pnpm-lock.yaml",
			"npm a 1.10 pnpm-lock.yaml",
			"npm c 1.0.0 pnpm-lock.yaml",
			"- /: it is no key of a pnpm lockfile's packages: that is a name and a version",
			"- //1.0.0: it is no key of a pnpm lockfile's packages: that is a name and a version",
			"- /a/: it is no key of a pnpm lockfile's packages: that is a name and a version",
			"- /x/y/1.0.0: it is no key of a pnpm lockfile's packages: that is a name and a version",
			"- 1.1: it is no key of a pnpm lockfile's packages: that is a name and a version",
			"- own: it is link:own of the project's own files, not a registry's package",
		},
	},
	{
		name: "two documents", file: "pnpm-lock.yaml",
		text: "---\nlockfileVersion: '9.0'\nimporters: {}\npackages:\n  '@pnpm/exe@11.0.0': {}\n---\nlockfileVersion: '9.0'\npackages:\n  minimist@1.2.0:\n    resolution: {integrity: x}\n",
		want: []string{"npm @pnpm/exe 11.0.0 pnpm-lock.yaml", "npm minimist 1.2.0 pnpm-lock.yaml"},
	},
	{name: "empty document", file: "pnpm-lock.yaml", text: "---\n", err: "no document of it has a lockfileVersion"},
	{name: "odd version", file: "pnpm-lock.yaml", text: "lockfileVersion: new\n", err: "is no version"},
	{name: "bad YAML", file: "pnpm-lock.yaml", text: "a: [\n", err: "yaml: line"},
	{name: "alias", file: "pnpm-lock.yaml", text: "a: &a [x]\nb: [*a, *a]\n", err: "line 2: it has a YAML alias"},
	{name: "deep", file: "pnpm-lock.yaml", text: "a: " + strings.Repeat("[", 200) + strings.Repeat("]", 200), err: "nested more than 100 deep"},
	{name: "large", file: "pnpm-lock.yaml", text: strings.Repeat("#", MaxTree+1), err: "YAML larger than 8 MiB"},
}

func TestPNPM(t *testing.T) { run(t, pnpmRows) }

func FuzzPNPM(f *testing.F) { fuzz(f, pnpmRows[:len(pnpmRows)-1]) }
