package lockfile

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The small parts of formats that have no library: what each takes, and what is beside it.

func TestPin(t *testing.T) {
	for specifier, want := range map[string]string{
		"==1": "1", " == 1 ": "1", "===1": "1", "==1,>=0": "1", ">=0,==1": "1", "==1,": "1", ",==1": "1", "(==1)": "1", "( == 1.0rc1+x )": "1.0rc1+x", "==1,!=2": "1",
		"": "", "()": "", ">=1": "", "~=1": "", "!=1": "", "<1": "", "<=1": "", ">1": "", "==1.*": "", "===1.*": "", "==": "", "=1": "", "1": "", "==1 2": "", "(==1": "", "==1)": "1)",
		"==1,x": "", "x,==1": "",
	} {
		version, why := pin(specifier)
		require.Equal(t, want, version, "%q", specifier)
		require.Equal(t, want == "", why != "", "%q: %s", specifier, why)
	}
}

func TestLogicalLines(t *testing.T) {
	for text, want := range map[string][]string{
		"": {""}, "a": {"a", ""}, "a\r\nb\n": {"a", "b", ""}, "a\\\nb\\\r\nc\nd": {"abc", "d", ""}, "a\\": {"a"}, "a \\\n # c\nb": {"a   # c", "b", ""},
		"# a\\\nb": {" # a\\", "b", ""}, "\t# a\\\nb": {" \t# a\\", "b", ""}, "a # b\\\nc": {"a # bc", ""},
	} {
		var got []string
		for line := range logicalLines(text) {
			got = append(got, line)
		}
		require.Equal(t, want, got, "%q", text)
	}
	for range logicalLines("a\nb\n") {
		break
	}
}

func TestPNPMKey(t *testing.T) {
	for _, row := range []struct {
		key           string
		major         int
		name, version string
	}{
		{"a@1.0.0", 9, "a", "1.0.0"},
		{"@a/b@1.0.0", 9, "@a/b", "1.0.0"},
		{"a@1.0.0(b@2.0.0)", 9, "a", "1.0.0"},
		{"/a@1.0.0", 9, "", ""},
		{"a/b@1.0.0", 9, "", ""},
		{"a", 9, "", ""},
		{"a@", 9, "", ""},
		{"@a@1", 9, "", ""},
		{"", 9, "", ""},
		{"/a@1.0.0", 6, "a", "1.0.0"},
		{"/@a/b@1.0.0", 6, "@a/b", "1.0.0"},
		{"h.example/a@1.0.0", 6, "a", "1.0.0"},
		{"localhost:4873/@a/b@1.0.0", 6, "@a/b", "1.0.0"},
		{"@a.b/c@1.0.0", 6, "@a.b/c", "1.0.0"},
		{"@a/b@1.0.0", 6, "@a/b", "1.0.0"},
		{"host/a@1.0.0", 6, "", ""},
		{"/a@1_b", 6, "a", "1_b"},
		{"/a/1.0.0", 5, "a", "1.0.0"},
		{"/a/1.0.0_b@2.0.0", 5, "a", "1.0.0"},
		{"/@a/b/1.0.0", 5, "@a/b", "1.0.0"},
		{"h.example/@a/b/1.0.0", 5, "@a/b", "1.0.0"},
		{"/a/b/1.0.0", 5, "", ""},
		{"/@a/1.0.0", 5, "", ""},
		{"/a/", 5, "", ""},
		{"//1", 5, "", ""},
		{"/a", 5, "", ""},
	} {
		name, version, ok := pnpmKey(row.key, row.major)
		require.Equal(t, row.name != "", ok, "%s of %d", row.key, row.major)
		if ok {
			require.Equal(t, [2]string{row.name, row.version}, [2]string{name, version}, row.key)
		}
	}
}

func TestYarnWords(t *testing.T) {
	for line, want := range map[string][]string{
		"": nil, " , ": nil, "a": {"a"}, "a b": {"a", "b"}, "a,b,": {"a", "b"}, ` "a b" , c`: {"a b", "c"}, `"a\"b"c`: {`a"b`, "c"}, `"a`: {`"a`}, "'a b'": {"'a", "b'"}, "`a b`": {"`a", "b`"}, `""`: {""},
	} {
		require.Equal(t, want, yarnWords(line), "%q", line)
	}
	for line, want := range map[string]string{
		"a@1:": "", `"a@1", b@2:`: "", ":": `"" is no entry: one is specifiers and a colon`, "a@1": `"a@1" is no entry: one is specifiers and a colon`,
		"<<<<<<< x": "merge conflict", "=======": "merge conflict", ">>>>>>> x:": "merge conflict", "<<<<<<": "is no entry", "======": "is no entry",
	} {
		_, err := yarnSpecs(line)
		if want == "" {
			require.NoError(t, err, line)
		} else {
			require.ErrorContains(t, err, want, line)
		}
	}
}

func TestTrailingCommas(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "[1,]": "[1 ]", "{\"a\":1, \r\n\t}": "{\"a\":1  \r\n\t}", "[[1,],]": "[[1 ] ]", "[1,2]": "[1,2]", `[",]"]`: `[",]"]`, `["a\",]",]`: `["a\",]" ]`, "[1,,]": "[1, ]",
		`[",", ]`: `["," ]`[:4] + `  ]`, `["\\",]`: `["\\" ]`, "[1,x]": "[1,x]", `[1,"a"]`: `[1,"a"]`, "[1]]": "[1]]",
	} {
		require.Equal(t, want, string(withoutTrailingCommas([]byte(text))), "%q", text)
	}
}

func TestGradleScope(t *testing.T) {
	for configurations, want := range map[string]string{
		"testRuntimeClasspath": "test", "testA,testB": "test", "runtimeClasspath": "", "testA,runtime": "", "runtime,testA": "", "": "", "latest": "",
	} {
		require.Equal(t, want, gradleScope(configurations), configurations)
	}
}

func TestLastCut(t *testing.T) {
	for s, want := range map[string][2]string{"a/b/c": {"a/b", "c"}, "a": {"a", ""}, "/a": {"", "a"}, "a/": {"a", ""}, "": {"", ""}} {
		before, after, found := lastCut(s, "/")
		require.Equal(t, want, [2]string{before, after}, s)
		require.Equal(t, strings.Contains(s, "/"), found, s)
	}
}

var partRows = []row{
	{
		name: "actions", file: ".github/workflows/a.yml",
		text: "jobs:\n  a:\n    steps:\n      - {uses: a/b}\n      - {uses: a/b/c/d@v1}\n      - {uses: ./}\n      - {uses: a@v1}\n      - {uses: '/b@v1'}\n      - {run: x}\n      - x\n  b: {steps: {uses: x/y@v1}}\n",
		want: []string{
			"GitHub Actions a/b  .github/workflows/a.yml#a", "GitHub Actions a/b v1 .github/workflows/a.yml#a",
			"- ./: it is the project's directory, not an action of another repository",
			"- a@v1: it is no action, owner/repository@ref",
			"- pkg:githubactions/b@v1: its purl has no namespace, which a name of GitHub Actions needs",
		},
	},
	{
		name: "gradle", file: "gradle.lockfile",
		text: "# c\n\na:b:1=testA\n a:c:1=x \na:b\na::1=x\na:b:1:jar=x\n:b:1=x\na:d:1\nempty=x,y\n",
		want: []string{
			"Maven a:b 1 gradle.lockfile#(test)", "Maven a:c 1 gradle.lockfile", "Maven a:d 1 gradle.lockfile",
			"- :b:1=x: line 8 is no group:artifact:version", "- a::1=x: line 6 is no group:artifact:version",
			"- a:b: line 5 is no group:artifact:version", "- a:b:1:jar=x: line 7 is no group:artifact:version",
		},
	},
	{
		name: "requirements", file: "requirements.txt",
		text: "-rx.txt\n-r x y\n--requirement x2\n-cc.txt\n-e.\n--editable=e2\n-i x\n--index-url=x\n-\n--\n-r\na==1 --hash=x\nb==1;m\nc @ ./d\n",
		want: []string{
			"PyPI a 1 requirements.txt", "PyPI b 1 requirements.txt#(if m)",
			"- .: it is installed from a directory or a repository (-e), not from a registry",
			"- c: it comes from ./d, not from a registry",
			"- c.txt: its constraints (-c) decide versions; those that this file does not pin are not known",
			"- e2: it is installed from a directory or a repository (-e), not from a registry",
			"- requirements.txt: its requirements belong to this file's (-r); it is read where it is a target or a lockfile of its own",
			"- x y: its requirements belong to this file's (-r); it is read where it is a target or a lockfile of its own",
			"- x.txt: its requirements belong to this file's (-r); it is read where it is a target or a lockfile of its own",
			"- x2: its requirements belong to this file's (-r); it is read where it is a target or a lockfile of its own",
		},
	},
	{
		name: "npm 1", file: "package-lock.json",
		text: `{"lockfileVersion":1,"dependencies":{"a":{"version":"1","dev":true,"optional":true,"dependencies":{"b":{"version":"2"}}},
			"c":{"version":"npm:@d/e@3"},"f":{"version":"file:f"},"g":{"version":"https://u:p@x.example/g.tgz"},"h":{"version":"a/h"},"i":{"version":"1","resolved":"git+ssh://u@h/i"},"j":{"version":"https://github.com/a/j"}}}`,
		want: []string{
			"npm @d/e 3 package-lock.json#node_modules/c", "npm a 1 package-lock.json#node_modules/a (dev optional)", "npm b 2 package-lock.json#node_modules/a/node_modules/b",
			"- f: it is file:f of the project's own files, not a registry's package",
			"- g: it comes from https://x.example/g.tgz, not from a registry: its version is not known",
			"- h: it comes from a/h, not from a registry: its version is not known",
			"- i: it comes from git, git+ssh://h/i, not from a registry",
			"- j: it comes from a repository, https://github.com/a/j, not from a registry",
		},
	},
	{
		name: "npm 3", file: "package-lock.json",
		text: `{"lockfileVersion":3,"packages":{"":{"name":"x","version":"1"},"node_modules/a":{"version":"1","peer":true,"devOptional":true},"node_modules/a/node_modules/@b/c":{"version":"2","optional":true,"dev":true},
			"packages/own":{"version":"3"},"packages/named":{"name":"named","version":"3"},"node_modules/own":{"link":true,"resolved":"packages/own"},"packages/own/node_modules/d":{"version":"4"},"node_modules/e":{"name":"f","version":"5","resolved":"https://registry.example/f.tgz"},"node_modules/g":{"version":"1","resolved":"git+https://h/g"},"node_modules/":{"version":"1"}},
			"dependencies":{"z":{"version":"9"}}}`,
		want: []string{
			"npm @b/c 2 package-lock.json#node_modules/a/node_modules/@b/c (dev optional)", "npm a 1 package-lock.json#node_modules/a (dev optional peer)",
			"npm d 4 package-lock.json#packages/own/node_modules/d", "npm f 5 package-lock.json#node_modules/e",
			"- g@1: it comes from git, git+https://h/g, not from a registry",
			"- named@3: it is the project's directory packages/named, not a registry's package",
			"- node_modules/: an entry has no name",
			"- own: it is a link to the project's directory packages/own, not a registry's package",
			"- packages/own@3: it is the project's directory packages/own, not a registry's package",
		},
	},
	{name: "npm with packages alone", file: "package-lock.json", text: `{"packages":{}}`},
	{name: "npm with dependencies alone", file: "package-lock.json", text: `{"dependencies":{}}`},
	{name: "npm with nothing", file: "package-lock.json", text: `{"name":"a"}`, err: "it has neither lockfileVersion nor packages nor dependencies; is it npm's lockfile?"},
	{name: "composer without packages", file: "composer.lock", text: `{"packages-dev":[{"name":"a/b","version":"1"}]}`, want: []string{"Packagist a/b 1 composer.lock#(dev)"}},
	{name: "composer with nothing", file: "composer.lock", text: `{}`, err: "it has neither packages nor packages-dev; is it Composer's lockfile?"},
	{
		name: "composer", file: "composer.lock",
		text: `{"packages":[{"name":"a/b","version":"1"},{"name":"c","version":"1"},{"name":"d/e","version":"1","dist":{"type":"path","url":"../e"}},{"name":"f/g","version":"1","dist":{"type":"zip"}}]}`,
		want: []string{"Packagist a/b 1 composer.lock", "Packagist f/g 1 composer.lock", "- c: it is no name of Packagist's, which has a vendor and a slash", "- d/e@1: it is the project's directory ../e, not a registry's package"},
	},
	{
		name: "pipenv", file: "Pipfile.lock",
		text: `{"default":{"a":{"version":"==1","markers":"m"},"b":{"git":"https://u:p@h/b"},"c":{"path":"./c"},"d":{"file":"https://h/d.whl"},"e":{"version":"*"},"f":{}},"develop":{"g":{"version":"==2"}},"docs":[]}`,
		want: []string{
			"PyPI a 1 Pipfile.lock#(if m)", "PyPI g 2 Pipfile.lock#(develop)",
			"- b: it comes from git, https://h/b, not from a registry", "- c: it comes from ./c, not from a registry", "- d: it comes from https://h/d.whl, not from a registry",
			"- docs: it is to be a category of packages, and is no object of such",
			"- e: its version specifier cannot be read: *", "- f: no version is given; pin one with ==",
		},
	},
	{name: "pipenv with _meta alone", file: "Pipfile.lock", text: `{"_meta":{}}`},
	{name: "pipenv with nothing", file: "Pipfile.lock", text: `{"develop":{}}`, err: "it has neither _meta nor default; is it Pipenv's lockfile?"},
	{
		name: "conan", file: "conan.lock", text: `{"version":"0.5","requires":["a/1@","b/1@_/_","/1","c/"],"graph_lock":{"nodes":{"1":{"ref":"d/1","context":"host"},"2":{"ref":"e/1@u/c#r"}}}}`,
		want: []string{
			"ConanCenter a 1 conan.lock", "ConanCenter b 1 conan.lock", "ConanCenter c  conan.lock", "ConanCenter d 1 conan.lock",
			"- /1: it is no reference of Conan's, name/version", "- e@1: it is u/c's package, not the one of Conan Center",
		},
	},
	{
		name: "swift", file: "Package.resolved",
		text: `{"version":3,"pins":[{"location":"https://h.example/a/b/","state":{"version":"1"}},{"location":"https://h.example/c.git","state":{"version":"2"}},{"location":"http://h/d/e","state":{"version":"1"}},{"package":"P","location":"https://h/f/g","state":{"revision":"0123"}},{"location":"https:///","state":{"version":"1"}}]}`,
		want: []string{
			"SwiftURL h.example/a/b 1 Package.resolved", "SwiftURL h.example/c 2 Package.resolved",
			"- P: it is pinned to a branch or a revision, 0123, and has no version",
			"- http://h/d/e: it comes from http://h/d/e: packages are known by their https URL",
			"- https:///: it comes from https://: packages are known by their https URL",
		},
	},
	{name: "workflow of another kind", file: ".github/workflows/a.yml", text: "[a]", err: "its YAML is no mapping; is it a lockfile of this name?"},
	{name: "yarn's field of no entry", file: "yarn.lock", text: "  version \"1\"\n", err: "line 1: an entry's field belongs below the entry"},
	{name: "yarn's line that is no entry", file: "yarn.lock", text: "# c\n\na\n", err: `line 3: "a" is no entry`},
	{name: "something else than Yarn's", file: "yarn.lock", text: "# x\n", err: "it has no entry and not the first line of a lockfile; is it Yarn's?"},
	{name: "nuget with nothing", file: "packages.lock.json", text: `{}`, err: "it has no dependencies; is it NuGet's lockfile?"},
	{name: "dotnet with nothing", file: "project.assets.json", text: `{}`, err: "it has no libraries; is it written by .NET?"},
	{name: "pods with nothing", file: "Podfile.lock", text: "a: 1\n", err: "it has no PODS; is it CocoaPods' lockfile?"},
	{name: "cargo with nothing", file: "Cargo.lock", text: "a = 1\n", err: "it has neither packages nor a version; is it Cargo's lockfile?"},
	{name: "mix with nothing", file: "mix.lock", text: "{}\n", err: "it is no map of Elixir's"},
	{name: "bundler with nothing", file: "Gemfile.lock", text: "  a\n", err: "it has no section; is it Bundler's lockfile?"},
	{name: "python with nothing", file: "uv.lock", text: "a = 1\n", err: "it has neither packages nor a version; is it a lockfile of this name?"},
}

func TestParts(t *testing.T) { run(t, partRows) }
