package lockfile

import "testing"

var pythonRows = []row{
	{
		name: "poetry", file: "poetry.lock",
		text: `[[package]]
name = "Django"
version = "4.2.5"
optional = false

[[package]]
name = "pytest"
version = "8.3.4"
optional = false
groups = ["dev", "test"]

[[package]]
name = "both"
version = "1.0"
optional = true
groups = ["main", "dev"]

[[package]]
name = "old"
version = "1.0"
category = "dev"
optional = true

[[package]]
name = "mirrored"
version = "1.0"
[package.source]
type = "legacy"
url = "https://registry.example/simple"
reference = "private"

[[package]]
name = "forked"
version = "1.0"
[package.source]
type = "git"
url = "https://user:secret@git.example/a/forked.git"
reference = "main"

[[package]]
name = "own"
version = "0.1"
[package.source]
type = "directory"
url = "../own"

[metadata]
lock-version = "2.1"
`,
		want: []string{
			"PyPI both 1.0 poetry.lock#(optional)",
			"PyPI django 4.2.5 poetry.lock",
			"PyPI mirrored 1.0 poetry.lock",
			"PyPI old 1.0 poetry.lock#(dev optional)",
			"PyPI pytest 8.3.4 poetry.lock#(dev, test)",
			"- forked@1.0: it comes from git, https://git.example/a/forked.git, not from a registry",
			"- own@0.1: it is the project's directory ../own, not a registry's package",
		},
	},
	{
		name: "uv", file: "uv.lock",
		text: `version = 1
[[package]]
name = "django"
version = "4.2.5"
source = { registry = "https://registry.example/simple" }

[[package]]
name = "app"
version = "0.1.0"
source = { virtual = "." }

[[package]]
name = "member"
version = "0.1.0"
source = { editable = "packages/member" }

[[package]]
name = "forked"
version = "1.0"
source = { git = "https://git.example/a/forked?rev=main#0123" }

[[package]]
name = "wheel-of-ours"
version = "1.0"
source = { url = "https://files.example/x.whl" }
`,
		want: []string{
			"PyPI django 4.2.5 uv.lock",
			"- app@0.1.0: it is the project's directory ., not a registry's package",
			"- forked@1.0: it comes from git, https://git.example/a/forked?rev=main#0123, not from a registry",
			"- member@0.1.0: it is the project's directory packages/member, not a registry's package",
			"- wheel-of-ours@1.0: it comes from https://files.example/x.whl, not from a registry",
		},
	},
	{
		name: "pdm", file: "pdm.lock",
		text: `[metadata]
groups = ["default", "lint"]
[[package]]
name = "a"
version = "1.0"
groups = ["default"]
[[package]]
name = "b"
version = "2.0"
groups = ["lint"]
[[package]]
name = "c"
version = "3.0"
git = "https://git.example/c.git"
[[package]]
name = "d"
version = "3.0"
path = "./d"
`,
		want: []string{
			"PyPI a 1.0 pdm.lock", "PyPI b 2.0 pdm.lock#(lint)",
			"- c@3.0: it comes from git, https://git.example/c.git, not from a registry",
			"- d@3.0: it is the project's file ./d, not a registry's package",
		},
	},
	{
		name: "pylock", file: "pylock.dev.toml",
		text: `lock-version = "1.0"
[[packages]]
name = "a"
version = "1.0"
marker = "os_name == 'nt'"
index = "https://registry.example/simple"
[[packages]]
name = "b"
[packages.vcs]
type = "git"
url = "https://git.example/b.git"
[[packages]]
name = "c"
directory = {path = "c"}
`,
		want: []string{
			"PyPI a 1.0 pylock.dev.toml#(if os_name == 'nt')",
			"- b: it comes from git, https://git.example/b.git, not from a registry",
			"- c: it is the project's directory c, not a registry's package",
		},
	},
	{name: "something else", file: "poetry.lock", text: "[tool]\n", err: "is it a lockfile of this name?"},
	{name: "packages of another kind", file: "uv.lock", text: "version = 1\npackage = 3\n", err: "line 2: "},
}

func TestPython(t *testing.T) { run(t, pythonRows) }

func FuzzPython(f *testing.F) { fuzz(f, pythonRows) }

var pipfileRows = []row{
	{
		name: "categories", file: "Pipfile.lock",
		text: `{"_meta":{"pipfile-spec":6},"default":{"Django":{"version":"==4.2.5","markers":"python_version >= '3.8'"},
			"loose":{"version":"*"},"own":{"path":".","editable":true},"forked":{"git":"https://git.example/a.git","ref":"0123"}},
			"develop":{"pytest":{"version":"==8.3.4"}},"odd":3}`,
		want: []string{
			"PyPI django 4.2.5 Pipfile.lock#(if python_version >= '3.8')",
			"PyPI pytest 8.3.4 Pipfile.lock#(develop)",
			"- forked: it comes from git, https://git.example/a.git, not from a registry",
			"- loose: its version specifier cannot be read: *",
			"- odd: it is to be a category of packages, and is no object of such",
			"- own: it comes from ., not from a registry",
		},
	},
	{name: "something else", file: "Pipfile.lock", text: `{"name":"x"}`, err: "is it Pipenv's lockfile?"},
}

func TestPipfile(t *testing.T) { run(t, pipfileRows) }

func FuzzPipfile(f *testing.F) { fuzz(f, pipfileRows) }
