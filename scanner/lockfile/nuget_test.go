package lockfile

import (
	"strings"
	"testing"
)

var nugetRows = []row{
	{
		name: "packages.lock.json", file: "packages.lock.json",
		text: `{"version":2,"dependencies":{"net6.0":{"Newtonsoft.Json":{"type":"Direct","requested":"[12.0.1, )","resolved":"12.0.1"},"own":{"type":"Project"}},
			"net8.0":{"Newtonsoft.Json":{"type":"Transitive","resolved":"13.0.1"},"No.Version":{"type":"Direct"}}}}`,
		want: []string{
			"NuGet newtonsoft.json 12.0.1 packages.lock.json",
			"NuGet newtonsoft.json 13.0.1 packages.lock.json",
			"NuGet no.version  packages.lock.json",
			"- own: it is a project of the solution, not a registry's package",
		},
	},
	{
		name: "deps.json", file: "App.deps.json",
		text: `{"runtimeTarget":{"name":"x"},"libraries":{"App/1.0.0":{"type":"project"},"System.Text.Json/8.0.0":{"type":"package"},
			"runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.1":{"type":"runtimepack"},"Our.Lib/1.0.0":{"type":"reference"},"Our.Other/1.0.0":{"type":"referenceassembly"},"Web/1.0.0":{"type":"msbuildProject"},"Odd/1":{"type":"new"},"Bare":{"type":"package"}}}`,
		want: []string{
			"NuGet bare  App.deps.json",
			"NuGet microsoft.netcore.app.runtime.linux-x64 8.0.1 App.deps.json",
			"NuGet system.text.json 8.0.0 App.deps.json",
			"- App@1.0.0: it is a project of the solution, not a registry's package",
			`- Odd@1: its type "new" is none that is known`,
			"- Our.Lib@1.0.0: it is an assembly, not a package: which package it is of is not said",
			"- Our.Other@1.0.0: it is an assembly, not a package: which package it is of is not said",
			"- Web@1.0.0: it is a project of the solution, not a registry's package",
		},
	},
	{
		name: "project.assets.json", file: "obj/project.assets.json", text: `{"version":3,"libraries":{"A/1.0.0":{"type":"package","sha512":"x"}}}`,
		want: []string{"NuGet a 1.0.0 obj/project.assets.json"},
	},
	{
		name: "packages.config", file: "packages.config",
		text: `<?xml version="1.0" encoding="utf-8"?><packages><package id="jQuery" version="3.3.1" targetFramework="net48"/><package id="Tool" version="1.0.0" developmentDependency="true"/></packages>`,
		want: []string{"NuGet tool 1.0.0 packages.config#(dev)", "NuGet jquery 3.3.1 packages.config"},
	},
	{name: "no lockfile", file: "packages.lock.json", text: `{"version":1}`, err: "is it NuGet's lockfile?"},
	{name: "UTF-16", file: "packages.config", text: utf16le(`<?xml version="1.0" encoding="utf-16"?><packages><package id="A" version="1.0"/></packages>`), want: []string{"NuGet a 1.0 packages.config"}},
	{name: "truncated JSON", file: "x.deps.json", text: `{"libraries":{`, err: "unexpected end"},
	{name: "truncated lockfile", file: "packages.lock.json", text: `{"dependencies":{`, err: "unexpected end"},
	{name: "no libraries", file: "x.deps.json", text: `{"version":1}`, err: "is it written by .NET?"},
	{name: "another root", file: "packages.config", text: `<configuration/>`, err: `its root element is "configuration", not "packages"`},
	{name: "no element", file: "packages.config", text: `<!-- -->`, err: "is it XML?"},
	{name: "truncated", file: "packages.config", text: "<packages>\n<package", err: "line 2: unexpected EOF"},
	{name: "an entity", file: "packages.config", text: `<!DOCTYPE x [<!ENTITY a "b">]><packages><package id="&a;"/></packages>`, err: "invalid character entity"},
	{name: "another encoding", file: "packages.config", text: `<?xml version="1.0" encoding="koi8-r"?><packages/>`, err: `its encoding is "koi8-r"`},
	{name: "deep", file: "packages.config", text: "<packages>" + strings.Repeat("<a>", 1_000_000), err: "unexpected EOF"},
}

func TestNuGet(t *testing.T) { run(t, nugetRows) }

func FuzzNuGet(f *testing.F) { fuzz(f, nugetRows[:len(nugetRows)-1]) }

var msbuildRows = []row{
	{
		name: "a project", file: "src/App.csproj",
		text: `<Project Sdk="Microsoft.NET.Sdk" xmlns="http://schemas.microsoft.com/developer/msbuild/2003">
  <PropertyGroup><Json>12.0.1</Json><Both>$(Json)</Both><Loop>$(Loop)</Loop></PropertyGroup>
  <ItemGroup>
    <PackageReference Include="Newtonsoft.Json" Version="$(Both)" />
    <PackageReference Include="Below"><Version>1.0.0</Version></PackageReference>
    <PackageReference Include="Exact" Version="[2.0.0]" />
    <PackageReference Include="Range" Version="[2.0.0,3.0.0)" />
    <PackageReference Include="Float" Version="1.*" />
    <PackageReference Include="Unset" Version="$(Unset)" />
    <PackageReference Include="Loop" Version="$(Loop)" />
    <PackageReference Include="Central" />
    <PackageReference Include="Over" Version="1.0.0" VersionOverride="1.1.0" />
    <Reference Include="System.Net.Http" />
  </ItemGroup>
</Project>`,
		want: []string{
			"NuGet below 1.0.0 src/App.csproj",
			"NuGet exact 2.0.0 src/App.csproj",
			"NuGet newtonsoft.json 12.0.1 src/App.csproj",
			"NuGet over 1.1.0 src/App.csproj",
			"- Central: no version is given here; central package management or an import may give one",
			"- Float: its version is not pinned: 1.*",
			"- Loop: its version needs the property $(Loop), which this file does not set",
			"- Range: its version is not pinned: [2.0.0,3.0.0)",
			"- System.Net.Http: it is an assembly (Reference), not a package: which package and version it is of is not said",
			"- Unset: its version needs the property $(Unset), which this file does not set",
			"- src/App.csproj: it lists the project's own references; what those bring in is not in it: scan packages.lock.json, project.assets.json or the SBOM of the build",
		},
	},
	{
		name: "central versions", file: "Directory.Packages.props", text: `<Project><ItemGroup><PackageVersion Include="A" Version="1.0.0"/><GlobalPackageReference Include="B" Version="2.0.0"/></ItemGroup></Project>`,
		want: []string{
			"NuGet a 1.0.0 Directory.Packages.props", "NuGet b 2.0.0 Directory.Packages.props",
			"- Directory.Packages.props: it lists the project's own references; what those bring in is not in it: scan packages.lock.json, project.assets.json or the SBOM of the build",
		},
	},
	{name: "no references", file: "Directory.Build.props", text: `<Project><PropertyGroup><A>1</A></PropertyGroup></Project>`},
}

func TestMSBuild(t *testing.T) { run(t, msbuildRows) }

func FuzzMSBuild(f *testing.F) { fuzz(f, msbuildRows) }
