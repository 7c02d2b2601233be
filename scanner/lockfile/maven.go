package lockfile

import (
	"cmp"
	"fmt"
	"strings"
)

type mavenDependency struct {
	Group      string `xml:"groupId"`
	Artifact   string `xml:"artifactId"`
	Version    string `xml:"version"`
	Type       string `xml:"type"`
	Classifier string `xml:"classifier"`
	Scope      string `xml:"scope"`
	Optional   string `xml:"optional"`
}

type mavenModel struct {
	ID           string            `xml:"id"` // of a profile
	Properties   xmlProperties     `xml:"properties"`
	Managed      []mavenDependency `xml:"dependencyManagement>dependencies>dependency"`
	Dependencies []mavenDependency `xml:"dependencies>dependency"`
}

type mavenProject struct {
	Group    string          `xml:"groupId"`
	Artifact string          `xml:"artifactId"`
	Version  string          `xml:"version"`
	Parent   mavenDependency `xml:"parent"`
	Modules  []string        `xml:"modules>module"`
	Profiles []mavenModel    `xml:"profiles>profile"`
	mavenModel
}

// A pom is one pom.xml at work.
type pom struct {
	c          *collector
	properties map[string]string
	managed    map[string]mavenDependency // by mavenDependency.key
	imports    []string                   // BOMs, in order
	parent     string                     // "" where there is none
}

// readMaven reads pom.xml by itself: its parent, its BOMs and its modules are other
// files, which would have to be fetched. What they decide is listed, and not guessed.
// Plugins are not part of what is built, and are not read.
//
// Source: maven.apache.org/pom.html; "Introduction to the Dependency Mechanism".
func readMaven(c *collector, data []byte) error {
	var project mavenProject
	if err := decodeXML(data, "project", &project); err != nil {
		return err
	}
	p := &pom{c: c, properties: map[string]string{}, managed: map[string]mavenDependency{}}
	p.init(&project)
	for _, d := range project.Dependencies {
		p.dependency(d, "")
	}
	for _, profile := range project.Profiles {
		for _, d := range profile.Dependencies {
			p.dependency(d, "profile "+clip(profile.ID))
		}
	}
	for _, m := range project.Modules {
		c.skip(m, "the module's pom.xml is read where it is a target or a lockfile of its own")
	}
	c.skip(c.name, "it lists the project's own dependencies; what those bring in is not in it: scan the SBOM that the build writes")
	return nil
}

// init fills in what dependencies are resolved by.
func (p *pom) init(project *mavenProject) {
	project.Properties.add(p.properties)
	parent := project.Parent
	for name, value := range map[string]string{
		"groupId": cmp.Or(project.Group, parent.Group), "artifactId": project.Artifact, "version": cmp.Or(project.Version, parent.Version),
		"parent.groupId": parent.Group, "parent.artifactId": parent.Artifact, "parent.version": parent.Version,
	} {
		if value != "" {
			p.properties["project."+name] = value
			p.properties["pom."+name] = value // Maven 2
		}
	}
	if parent.Artifact != "" {
		p.parent = parent.Group + ":" + parent.Artifact + ":" + parent.Version
		p.c.skip(p.parent, "it is the parent, which is not read: the dependencies and versions that it gives are not known")
	}
	if name, unknown := p.text(project.Artifact); unknown == "" {
		p.c.inv.Target.Name = name
	}
	for _, d := range project.Managed {
		if p.resolve(&d) != "" {
			continue // what needs it says so
		}
		if d.Type == "pom" && d.Scope == "import" {
			p.imports = append(p.imports, d.Group+":"+d.Artifact+":"+d.Version)
		} else if _, known := p.managed[d.key()]; !known {
			p.managed[d.key()] = d
		}
	}
}

// key is what dependency management goes by.
func (d mavenDependency) key() string {
	return strings.Join([]string{d.Group, d.Artifact, cmp.Or(d.Type, "jar"), d.Classifier}, ":")
}

// text interpolates a value. unknown is the reference that this file does not resolve.
func (p *pom) text(s string) (value, unknown string) {
	return interpolate(strings.TrimSpace(s), "${", "}", func(key string) (string, bool) {
		v, ok := p.properties[key]
		return v, ok
	})
}

// resolve interpolates the fields of d, and gives the first reference that is unknown.
func (p *pom) resolve(d *mavenDependency) (unknown string) {
	for _, field := range []*string{&d.Group, &d.Artifact, &d.Version, &d.Type, &d.Classifier, &d.Scope, &d.Optional} {
		value, missing := p.text(*field)
		unknown = cmp.Or(unknown, missing)
		if missing == "" {
			*field = value
		}
	}
	return unknown
}

func (p *pom) dependency(d mavenDependency, profile string) {
	unknown := p.resolve(&d)
	if m, ok := p.managed[d.key()]; ok && unknown == "" {
		d.Version, d.Scope = cmp.Or(d.Version, m.Version), cmp.Or(d.Scope, m.Scope)
	}
	what := d.Group + ":" + d.Artifact
	version, pinned := d.Version, !strings.ContainsAny(d.Version, "[](),")
	if exact, ok := strings.CutPrefix(version, "["); ok && !strings.Contains(exact, ",") && strings.HasSuffix(exact, "]") {
		version, pinned = strings.TrimSuffix(exact, "]"), true
	}
	switch {
	case unknown != "":
		p.c.skip(what, "it needs the property %s, which this file does not set", clip(unknown))
	case d.Group == "" || d.Artifact == "":
		p.c.skip(what, "it lacks groupId or artifactId")
	case version == "":
		p.c.skip(what, p.unmanaged())
	case !pinned || version == "LATEST" || version == "RELEASE":
		p.c.skip(what, "its version is not pinned: %s", clip(version))
	default:
		scope := scopes(when(d.Scope != "compile", d.Scope), when(d.Optional == "true", "optional"), profile)
		p.c.add(dependency{typ: "maven", namespace: d.Group, name: d.Artifact, version: version, scope: scope})
	}
}

// unmanaged says who may give a version that this file does not. Of several BOMs the
// first that manages the dependency counts, and the parent comes after them (F-155).
func (p *pom) unmanaged() string {
	var sources []string
	for _, bom := range p.imports {
		sources = append(sources, "the BOM "+clip(bom))
	}
	if p.parent != "" {
		sources = append(sources, "the parent "+clip(p.parent))
	}
	if sources == nil {
		return "no version is given, and no BOM or parent that could give one"
	}
	return fmt.Sprintf("no version is given here; %s may give one, and is not read", strings.Join(sources, ", or "))
}
