package jar

import (
	"archive/zip"
	"bytes"
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/stella-ops/stella/scanner/image/python"
)

// An archive is what one zip says of itself.
type archive struct {
	at, name string
	found    []Artifact
	java     bool // it has a manifest
	manifest map[string]string
	problem  error // of the manifest
}

var pomProperties = regexp.MustCompile(`^META-INF/maven/([^/]+)/([^/]+)/pom\.properties$`)

// file looks at one of its files.
func (a *archive) file(f *zip.File) {
	switch place := pomProperties.FindStringSubmatch(f.Name); {
	case place != nil:
		a.found = append(a.found, a.pom(f, place[1], place[2]))
	case strings.EqualFold(f.Name, "META-INF/MANIFEST.MF"):
		a.java = true
		var b []byte
		if b, a.problem = text(f); a.problem == nil {
			a.manifest = parseManifest(b)
		}
	case python.IsMetadata(f.Name) && strings.Count(f.Name, "/") == 1:
		d, err := pythonOf(f)
		p := Artifact{Path: a.at, Artifact: d.Name, Version: d.Version, Python: true}
		if err != nil {
			p.Reason = err.Error()
		}
		a.found = append(a.found, p)
	}
}

func (a *archive) pom(f *zip.File, group, artifact string) Artifact {
	p := Artifact{Path: a.at, Group: group, Artifact: artifact}
	b, err := text(f)
	if err != nil {
		p.Reason = err.Error()
		return p
	}
	properties := parseProperties(b)
	p.Version = properties["version"]
	switch {
	case properties["groupId"] != group || properties["artifactId"] != artifact:
		p.Reason = fmt.Sprintf("%s names %s:%s, which is not its place", f.Name, properties["groupId"], properties["artifactId"])
	case strings.Contains(p.Version, "${"):
		p.Reason = fmt.Sprintf("%s has the version %q, which was not filled in", f.Name, p.Version)
	}
	return p
}

// artifacts are what was found, or else what manifest and name say, or else why not.
func (a *archive) artifacts() []Artifact {
	if a.found != nil || !a.java && !extensions[strings.ToLower(path.Ext(a.name))] {
		return a.found
	}
	p := Artifact{Path: a.at, Group: a.manifest["implementation-vendor-id"], Version: a.manifest["implementation-version"]}
	base := strings.TrimSuffix(a.name, path.Ext(a.name))
	artifact, named := strings.CutSuffix(base, "-"+p.Version)
	p.Artifact = artifact
	switch {
	case a.problem != nil:
		p.Reason = a.problem.Error()
	case p.Group == "" || p.Version == "":
		p.Reason = "it has no META-INF/maven/*/*/pom.properties, and its manifest does not say Implementation-Vendor-Id and Implementation-Version: its Maven coordinates are not known"
	case !named || artifact == "":
		p.Reason = fmt.Sprintf("it has no META-INF/maven/*/*/pom.properties, and its file is not named ARTIFACT-%s: its Maven coordinates are not known", p.Version)
	}
	return []Artifact{p}
}

// parseManifest reads the main section: NAME: VALUE, a line that begins with a space goes
// on with the last one. Names have no case, and are given in lower case.
func parseManifest(b []byte) map[string]string {
	fields := map[string]string{}
	last := ""
	for line := range bytes.Lines(b) {
		s := strings.TrimRight(string(line), "\r\n")
		if s == "" {
			break
		}
		if rest, ok := strings.CutPrefix(s, " "); ok {
			fields[last] += rest
			continue
		}
		name, value, _ := strings.Cut(s, ":")
		last = strings.ToLower(name)
		fields[last] = strings.TrimPrefix(value, " ")
	}
	for name, value := range fields {
		fields[name] = strings.TrimSpace(value)
	}
	return fields
}

// parseProperties reads the form that Maven writes: a line a property, a comment after
// '#' or '!', '=' or ':' between name and value. A backslash is before what it escapes.
func parseProperties(b []byte) map[string]string {
	properties := map[string]string{}
	for line := range bytes.Lines(b) {
		s := strings.TrimSpace(string(line))
		if s == "" || s[0] == '#' || s[0] == '!' {
			continue
		}
		if i := strings.IndexAny(s, "=:"); i >= 0 {
			properties[strings.TrimSpace(s[:i])] = strings.ReplaceAll(strings.TrimSpace(s[i+1:]), `\`, "")
		}
	}
	return properties
}
