package lockfile

import (
	"cmp"
	"encoding/xml"
	"strings"
)

// An msbuildItem is a reference in a project file. Version is an attribute or an
// element.
type msbuildItem struct {
	Include       string `xml:"Include,attr"`
	Update        string `xml:"Update,attr"`
	Version       string `xml:"Version,attr"`
	Override      string `xml:"VersionOverride,attr"`
	VersionBelow  string `xml:"Version"`
	OverrideBelow string `xml:"VersionOverride"`
}

type msbuildProject struct {
	Properties []xmlProperties `xml:"PropertyGroup"`
	Items      []struct {
		Packages   []msbuildItem `xml:"PackageReference"`
		Central    []msbuildItem `xml:"PackageVersion"`
		Global     []msbuildItem `xml:"GlobalPackageReference"`
		Assemblies []msbuildItem `xml:"Reference"`
	} `xml:"ItemGroup"`
}

// xmlProperties are elements whose names are the properties' and whose texts the
// values.
type xmlProperties struct {
	Elements []struct {
		XMLName xml.Name
		Value   string `xml:",chardata"`
	} `xml:",any"`
}

// add puts the properties into m: of several of one name, the last counts, as in Maven
// and MSBuild.
func (p xmlProperties) add(m map[string]string) {
	for _, e := range p.Elements {
		m[e.XMLName.Local] = strings.TrimSpace(e.Value)
	}
}

// readMSBuild reads a project file or a file of properties. A version there is the
// least that is allowed, and the least is what NuGet installs of a direct dependency.
// Conditions are not judged: every reference counts.
//
// Sources: learn.microsoft.com/nuget, "PackageReference in project files", "Package
// versioning", "Central Package Management".
func readMSBuild(c *collector, data []byte) error {
	var project msbuildProject
	if err := decodeXML(data, "Project", &project); err != nil {
		return err
	}
	properties := map[string]string{}
	for _, g := range project.Properties {
		g.add(properties)
	}
	packages := false
	for _, g := range project.Items {
		for _, item := range append(append(g.Packages, g.Global...), g.Central...) {
			packages = true
			c.msbuildPackage(item, properties)
		}
		for _, item := range g.Assemblies {
			// F-085: an assembly of the framework or of a path, with a package's name.
			c.skip(item.Include, "it is an assembly (Reference), not a package: which package and version it is of is not said")
		}
	}
	if packages {
		c.skip(c.name, "it lists the project's own references; what those bring in is not in it: scan packages.lock.json, project.assets.json or the SBOM of the build")
	}
	return nil
}

func (c *collector) msbuildPackage(item msbuildItem, properties map[string]string) {
	name := strings.TrimSpace(item.Include + item.Update)
	written := cmp.Or(item.Override, item.OverrideBelow, item.Version, item.VersionBelow)
	version, unknown := interpolate(strings.TrimSpace(written), "$(", ")", func(key string) (string, bool) {
		v, ok := properties[key]
		return v, ok
	})
	exact := strings.TrimSuffix(strings.TrimPrefix(version, "["), "]")
	switch {
	case unknown != "":
		c.skip(name, "its version needs the property %s, which this file does not set", clip(unknown))
	case version == "":
		c.skip(name, "no version is given here; central package management or an import may give one")
	case strings.HasPrefix(version, "[") && strings.HasSuffix(version, "]") && !strings.Contains(exact, ","):
		c.add(nugetPackage(name, exact, ""))
	case strings.ContainsAny(version, "[](),*"):
		c.skip(name, "its version is not pinned: %s", clip(version))
	default:
		c.add(nugetPackage(name, version, ""))
	}
}
