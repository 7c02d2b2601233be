package lockfile

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var goRows = []row{
	{
		name: "requirements, replacements, exclusions", file: "go.mod",
		text: `module example.com/app

go 1.22.1

toolchain go1.22.3

require (
	github.com/0xJacky/Nginx-UI v1.9.9
	example.com/dep v1.0.0
	example.com/old v1.0.0
	example.com/any v1.0.0
	example.com/out v1.0.0
	golang.org/x/text v0.3.7 // indirect
	example.com/big/v2 v2.0.0+incompatible
)

replace example.com/dep => ./dep
replace example.com/old v1.0.0 => example.com/fork v1.2.0
replace example.com/old => ./never
replace example.com/any => example.com/fork v1.3.0
replace example.com/unused => ./unused
exclude example.com/out v1.0.0
retract v1.0.0
tool example.com/dep/cmd
`,
		want: []string{
			"Go example.com/big/v2 2.0.0+incompatible go.mod",
			"Go example.com/fork 1.2.0 go.mod#(replaces example.com/old@v1.0.0)",
			"Go example.com/fork 1.3.0 go.mod#(replaces example.com/any@v1.0.0)",
			"Go github.com/0xJacky/Nginx-UI 1.9.9 go.mod",
			"Go golang.org/x/text 0.3.7 go.mod#(indirect)",
			"Go stdlib 1.22.3 go.mod#(at least)",
			"- example.com/dep@v1.0.0: it is replaced by the directory ./dep, whose version is not known",
			"- example.com/out@v1.0.0: it is required and excluded: which version go takes instead is not in this file; run go mod tidy",
		},
	},
	{
		name: "before 1.17", file: "go.mod", text: "module m\ngo 1.16\nrequire example.com/a v1.0.0\n",
		want: []string{
			"Go example.com/a 1.0.0 go.mod",
			"- go.mod: before go 1.17 it does not list what its modules require; run go mod tidy -go=1.17, or scan the binary",
			"- stdlib: no go line of 1.21 or later and no toolchain line says which toolchain builds it",
		},
	},
	{
		name: "a toolchain for an old go line", file: "go.mod", text: "module m\ngo 1.18\ntoolchain go1.21.5-bigcorp\n",
		want: []string{"Go stdlib 1.21.5 go.mod#(at least)"},
	},
	{
		name: "a language version (F-036)", file: "go.mod", text: "module m\ngo 1.22\n",
		want: []string{"- stdlib: go1.22 is a version of the language and not a release: which toolchain builds it is not known"},
	},
	{
		name: "a release candidate", file: "go.mod", text: "module m\ngo 1.22rc1\n",
		want: []string{"Go stdlib 1.22.0-rc.1 go.mod#(at least)"},
	},
	{
		name: "the default toolchain", file: "go.mod", text: "module m\ngo 1.23.0\ntoolchain default\n",
		want: []string{"Go stdlib 1.23.0 go.mod#(at least)"},
	},
	{
		name: "workspace", file: "go.work", text: "go 1.22.0\nuse (\n ./a\n ./b\n)\nreplace example.com/x v1.0.0 => ../x\n",
		want: []string{
			"Go stdlib 1.22.0 go.work#(at least)",
			"- ./a: the workspace uses its go.mod, which is read where it is a target or a lockfile of its own",
			"- ./b: the workspace uses its go.mod, which is read where it is a target or a lockfile of its own",
			"- example.com/x@v1.0.0: the workspace replaces it by ../x; its members' go.mod are read without that",
		},
	},
	{name: "an unknown directive", file: "go.mod", text: "module m\nfrobnicate x\n", err: "go.mod:2: unknown directive: frobnicate"},
	{name: "a broken workspace", file: "go.work", text: "use (\n", err: "go.work:"},
}

func TestGo(t *testing.T) { run(t, goRows) }

func FuzzGo(f *testing.F) { fuzz(f, goRows) }

func TestGoTarget(t *testing.T) {
	inv, err := Read(strings.NewReader(goRows[0].text), "go.mod")
	require.NoError(t, err)
	require.Equal(t, "example.com/app", inv.Target.Name)
}
