package lockfile

import "testing"

var requirementsRows = []row{
	{
		name: "what pins and what does not", file: "requirements-dev.txt",
		text: `# -*- coding: utf-8 -*-
urllib3==1.26.4 \
    --hash=sha256:aaaa \
    --hash=sha256:bbbb  # a comment
celery[redis, auth] == 5.2.1
requests>=2.0,<3
Flask
six == 1.*
both==1.2,>=1
arbitrary===1.0-weird
parenthesised (==2.0)
typing_extensions==4.0.0 ; python_version < "3.8" --hash=sha256:cc
pkg @ https://user:secret@files.example/pkg-1.0.whl
hash#in-name==1
git+https://git.example/a/b.git@v1#egg=b
./local
odd==
~=1.0
trailing==1.0,
-r base.txt
--requirement=more.txt
-rtight.txt
-c constraints.txt
--constraint more-constraints.txt
-e .
--editable git+https://git.example/a/b.git
-i https://registry.example/simple
--no-binary :all:
continued==1.0.\
1
cut==1.0 \
# a comment ends it
after==1.0
\`,
		want: []string{
			"PyPI after 1.0 requirements-dev.txt",
			"PyPI arbitrary 1.0-weird requirements-dev.txt",
			"PyPI both 1.2 requirements-dev.txt",
			"PyPI celery 5.2.1 requirements-dev.txt",
			"PyPI continued 1.0.1 requirements-dev.txt",
			"PyPI cut 1.0 requirements-dev.txt",
			"PyPI parenthesised 2.0 requirements-dev.txt",
			"PyPI trailing 1.0 requirements-dev.txt",
			`PyPI typing-extensions 4.0.0 requirements-dev.txt#(if python_version < "3.8")`,
			"PyPI urllib3 1.26.4 requirements-dev.txt",
			"- .: it is installed from a directory or a repository (-e), not from a registry",
			"- ./local: it is a path or a URL, or nothing that pip knows; it is not a registry's package with a version",
			"- Flask: no version is given; pin one with ==",
			"- base.txt: its requirements belong to this file's (-r); it is read where it is a target or a lockfile of its own",
			"- constraints.txt: its constraints (-c) decide versions; those that this file does not pin are not known",
			"- git+https://git.example/a/b.git: it is installed from a directory or a repository (-e), not from a registry",
			"- git+https://git.example/a/b.git@v1#egg=b: it is a path or a URL, or nothing that pip knows; it is not a registry's package with a version",
			"- hash: its version specifier cannot be read: #in-name==1",
			"- more-constraints.txt: its constraints (-c) decide versions; those that this file does not pin are not known",
			"- more.txt: its requirements belong to this file's (-r); it is read where it is a target or a lockfile of its own",
			"- odd: its version specifier cannot be read: ==",
			"- pkg: it comes from https://files.example/pkg-1.0.whl, not from a registry",
			"- requests: its version is not pinned: >=2.0,<3; pin it with ==",
			"- six: its version is not pinned: == 1.*; pin it with ==",
			"- tight.txt: its requirements belong to this file's (-r); it is read where it is a target or a lockfile of its own",
			"- ~=1.0: it is a path or a URL, or nothing that pip knows; it is not a registry's package with a version",
		},
	},
	{name: "UTF-16 (F-282)", file: "requirements.txt", text: utf16le("setuptools==65.5.0\r\n"), want: []string{"PyPI setuptools 65.5.0 requirements.txt"}},
	{name: "comments only", file: "requirements.txt", text: "# none\n"},
}

func TestRequirements(t *testing.T) { run(t, requirementsRows) }

func FuzzRequirements(f *testing.F) { fuzz(f, requirementsRows) }
