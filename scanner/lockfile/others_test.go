package lockfile

import "testing"

var bunRows = []row{
	{
		name: "packages", file: "bun.lock",
		text: `{
  "lockfileVersion": 1,
  "workspaces": {"": {"name": "app, }",},},
  "packages": {
    "lodash": ["lodash@4.17.20", "", {}, "sha512-x"],
    "my-lodash": ["lodash@4.17.21", "", {}, "sha512-\",]"],
    "a/@b/c": ["@b/c@1.0.0", "", {}, "sha512-x"],
    "own": ["own@workspace:packages/own"],
    "forked": ["forked@github:a/forked#0123", {}, "x"],
    "tarball": ["tarball@https://files.example/x.tgz", {}],
    "odd": [{}],
    "none": [],
  },
}`,
		want: []string{
			"npm @b/c 1.0.0 bun.lock#a/@b/c",
			"npm lodash 4.17.20 bun.lock#lodash",
			"npm lodash 4.17.21 bun.lock#my-lodash",
			"- forked: it comes from git, github:a/forked#0123, not from a registry",
			"- none: the entry does not begin with a name and a version",
			"- odd: the entry does not begin with a name and a version",
			"- own: it is workspace:packages/own of the project's own files, not a registry's package",
			"- tarball: it comes from https://files.example/x.tgz, not from a registry",
		},
	},
	{name: "something else", file: "bun.lock", text: `{}`, err: "is it Bun's lockfile?"},
	{name: "two commas", file: "bun.lock", text: `{"lockfileVersion":1,,}`, err: "invalid character '}'"},
}

func TestBun(t *testing.T) { run(t, bunRows) }

func FuzzBun(f *testing.F) { fuzz(f, bunRows) }

var pubRows = []row{
	{
		name: "sources", file: "pubspec.lock",
		text: `packages:
  http:
    dependency: "direct main"
    description: {name: http, sha256: x, url: "https://registry.example"}
    source: hosted
    version: "0.13.2"
  test:
    dependency: "direct dev"
    description: {name: test}
    source: hosted
    version: "1.10"
  forked:
    description: {url: "https://git.example/a.git", ref: main}
    source: git
    version: "1.0.0"
  own:
    description: {path: "../own", relative: true}
    source: path
    version: "0.0.1"
  flutter:
    description: flutter
    source: sdk
    version: "0.0.0"
  odd:
    source: new
sdks: {dart: ">=2.12.0"}
`,
		want: []string{
			"Pub http 0.13.2 pubspec.lock",
			"Pub test 1.10 pubspec.lock#(dev)",
			"- flutter@0.0.0: it is part of an SDK, flutter, and has no version of its own",
			"- forked@1.0.0: it comes from git, https://git.example/a.git, not from a registry",
			`- odd: its source "new" is none that is known`,
			"- own@0.0.1: it is the project's directory ../own, not a registry's package",
		},
	},
	{name: "something else", file: "pubspec.lock", text: "a: 1\n", err: "is it pub's lockfile?"},
	{name: "two documents", file: "pubspec.lock", text: "packages: {}\n---\npackages: {}\n", err: "2 YAML documents, not one"},
	{name: "no mapping", file: "pubspec.lock", text: "- a\n", err: "no mapping"},
}

func TestPub(t *testing.T) { run(t, pubRows) }

func FuzzPub(f *testing.F) { fuzz(f, pubRows) }

var conanRows = []row{
	{
		name: "Conan 2", file: "conan.lock",
		text: `{"version":"0.5","requires":["zlib/1.2.11#abc%16","own/1.0@acme/stable#x"],"build_requires":["cmake/3.20.0"],"python_requires":["nonsense"]}`,
		want: []string{
			"ConanCenter cmake 3.20.0 conan.lock#(build)",
			"ConanCenter zlib 1.2.11 conan.lock",
			"- nonsense: it is no reference of Conan's, name/version",
			"- own@1.0: it is acme/stable's package, not the one of Conan Center",
		},
	},
	{
		name: "Conan 1", file: "conan.lock",
		text: `{"version":"0.4","graph_lock":{"nodes":{"0":{"path":"../conanfile.txt"},"1":{"ref":"openssl/1.1.1k@_/_#x"},"2":{"ref":"b2/4.0.0","context":"build"}}}}`,
		want: []string{"ConanCenter b2 4.0.0 conan.lock#(build)", "ConanCenter openssl 1.1.1k conan.lock"},
	},
	{name: "something else", file: "conan.lock", text: `{}`, err: "is it Conan's lockfile?"},
}

func TestConan(t *testing.T) { run(t, conanRows) }

func FuzzConan(f *testing.F) { fuzz(f, conanRows) }

var swiftRows = []row{
	{
		name: "version 2", file: "Package.resolved",
		text: `{"version":2,"pins":[{"identity":"swift-nio","kind":"remoteSourceControl","location":"https://github.com/apple/swift-nio.git","state":{"revision":"0123","version":"2.39.0"}},
			{"identity":"branch","location":"https://github.com/a/branch","state":{"branch":"main","revision":"0123","version":null}},
			{"identity":"local","location":"../local","state":{"version":"1.0.0"}},
			{"identity":"bare","location":"https://bare.git","state":{"version":"1.0.0"}},
			{"identity":"user","location":"https://user:secret@git.example/a/b","state":{"version":"1.0.0"}},
			{"identity":"acme.registry","kind":"registry","location":"","state":{"version":"1.0.0"}}]}`,
		want: []string{
			"SwiftURL github.com/apple/swift-nio 2.39.0 Package.resolved",
			"- acme.registry: it comes from a registry: packages are known by their https URL",
			"- bare: it comes from https://bare.git: packages are known by their https URL",
			"- branch: it is pinned to a branch or a revision, main, and has no version",
			"- local: it comes from ../local: packages are known by their https URL",
			"- user: it comes from https://git.example/a/b: packages are known by their https URL",
		},
	},
	{
		name: "version 1", file: "Package.resolved",
		text: `{"version":1,"object":{"pins":[{"package":"Alamofire","repositoryURL":"https://github.com/Alamofire/Alamofire.git","state":{"version":"5.4.0"}}]}}`,
		want: []string{"SwiftURL github.com/alamofire/alamofire 5.4.0 Package.resolved"},
	},
	{name: "something else", file: "Package.resolved", text: `{}`, err: "is it the lockfile of Swift's"},
}

func TestSwift(t *testing.T) { run(t, swiftRows) }

func FuzzSwift(f *testing.F) { fuzz(f, swiftRows) }
