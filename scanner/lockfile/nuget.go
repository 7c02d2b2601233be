package lockfile

import (
	"errors"
	"strings"
)

// nugetPackage is a package of nuget.org or of a feed like it.
func nugetPackage(name, version, scope string) dependency {
	return dependency{typ: "nuget", name: name, version: version, scope: scope}
}

// readNuGetLock reads packages.lock.json, which lists the packages for each framework.
//
// Source: learn.microsoft.com/nuget, "Locking dependencies".
func readNuGetLock(c *collector, data []byte) error {
	type entry struct{ Type, Resolved text }
	var lock struct {
		Dependencies map[string]map[string]entry
	}
	if err := decodeJSON(data, &lock); err != nil {
		return err
	}
	if lock.Dependencies == nil {
		return errors.New("it has no dependencies; is it NuGet's lockfile?")
	}
	for _, packages := range lock.Dependencies { // by framework
		for name, e := range packages {
			if strings.EqualFold(string(e.Type), "Project") {
				c.skip(name, "it is a project of the solution, not a registry's package")
				continue
			}
			c.add(nugetPackage(name, string(e.Resolved), ""))
		}
	}
	return nil
}

// readDotnetLibraries reads project.assets.json, which a restore writes, and
// *.deps.json, which stands beside a built program: their libraries are
// "name/version" with a type.
//
// Source: github.com/dotnet/sdk, documentation/specs/runtime-configuration-file.md.
func readDotnetLibraries(c *collector, data []byte) error {
	var lock struct {
		Libraries map[string]struct{ Type text }
	}
	if err := decodeJSON(data, &lock); err != nil {
		return err
	}
	if lock.Libraries == nil {
		return errors.New("it has no libraries; is it written by .NET?")
	}
	for key, library := range lock.Libraries {
		name, version, _ := strings.Cut(key, "/")
		switch kind := strings.ToLower(string(library.Type)); kind {
		case "package":
			c.add(nugetPackage(name, version, ""))
		case "runtimepack":
			// "runtimepack.Microsoft.NETCore.App.Runtime.linux-x64": the package after the
			// first dot is what a self-contained program has of the runtime.
			c.add(nugetPackage(strings.TrimPrefix(name, "runtimepack."), version, ""))
		case "project", "msbuildproject":
			c.skip(label(name, version), "it is a project of the solution, not a registry's package")
		case "reference", "referenceassembly":
			c.skip(label(name, version), "it is an assembly, not a package: which package it is of is not said")
		default:
			c.skip(label(name, version), "its type %q is none that is known", clip(kind))
		}
	}
	return nil
}

// readPackagesConfig reads packages.config.
//
// Source: learn.microsoft.com/nuget/reference/packages-config.
func readPackagesConfig(c *collector, data []byte) error {
	var config struct {
		Packages []struct {
			ID      string `xml:"id,attr"`
			Version string `xml:"version,attr"`
			Dev     string `xml:"developmentDependency,attr"`
		} `xml:"package"`
	}
	if err := decodeXML(data, "packages", &config); err != nil {
		return err
	}
	for _, p := range config.Packages {
		c.add(nugetPackage(p.ID, p.Version, when(strings.EqualFold(p.Dev, "true"), "dev")))
	}
	return nil
}
