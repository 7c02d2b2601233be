package lockfile

import (
	"cmp"
	"errors"
	"strings"
)

// A pythonPackage is a package of poetry.lock, pdm.lock, uv.lock or pylock.toml. Each
// tool writes some of the fields.
type pythonPackage struct {
	Name, Version string
	Optional      bool     // poetry: whether only an extra needs it
	Category      string   // poetry until 1.4
	Groups        []string // poetry since 2.0, pdm
	Marker        string   // pylock.toml
	// Source of poetry has a type and a url; of uv one key, which is the type.
	Source map[string]any
	// Where it comes from, of pdm (strings) and pylock.toml (tables).
	Git, URL, Path, VCS, Directory, Archive any
}

type pythonLock struct {
	Version, Metadata any // uv; poetry, pdm
	LockVersion       any `toml:"lock-version"` // pylock.toml
	Package           []pythonPackage
	Packages          []pythonPackage // pylock.toml
}

// readPython reads the TOML lockfiles of Python's tools. poetry.lock of Poetry 1.5 to
// 1.8 says nothing of groups (F-258): such a package is not said to be of any.
//
// Sources: python-poetry's src/poetry/packages/locker.py,
// docs.astral.sh/uv/concepts/projects/layout, pdm-project.org/en/latest/usage/lockfile,
// PEP 751.
func readPython(c *collector, data []byte) error {
	var lock pythonLock
	if err := decodeTOML(data, &lock); err != nil {
		return err
	}
	if lock.Version == nil && lock.LockVersion == nil && lock.Metadata == nil && lock.Package == nil {
		return errors.New("it has neither packages nor a version; is it a lockfile of this name?")
	}
	for _, p := range append(lock.Package, lock.Packages...) {
		if why := p.foreign(); why != "" {
			c.skip(label(p.Name, p.Version), why)
			continue
		}
		c.add(dependency{typ: "pypi", name: p.Name, version: p.Version, scope: p.scope()})
	}
	return nil
}

// foreign says why a package is not the registry's of its name.
func (p pythonPackage) foreign() string {
	source := p.Source
	if t, ok := source["type"].(string); ok {
		source = map[string]any{t: source["url"]}
	}
	for _, place := range []struct {
		kind  string
		value any
	}{
		{"git", cmp.Or(source["git"], p.Git, p.VCS)},
		{"url", cmp.Or(source["url"], p.URL, p.Archive)},
		{"directory", cmp.Or(source["directory"], source["editable"], source["virtual"], p.Directory)},
		{"file", cmp.Or(source["file"], source["path"], p.Path)},
	} {
		if place.value == nil {
			continue
		}
		at := clip(withoutUser(placeOf(place.value)))
		switch place.kind {
		case "git":
			return "it comes from git, " + at + ", not from a registry"
		case "url":
			return "it comes from " + at + ", not from a registry"
		}
		return "it is the project's " + place.kind + " " + at + ", not a registry's package"
	}
	return ""
}

// placeOf is the URL or path of a string, or of a table that has one.
func placeOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case map[string]any:
		url, _ := v["url"].(string)
		path, _ := v["path"].(string)
		return cmp.Or(url, path, "an unnamed place")
	}
	return "an unnamed place"
}

// scope is "dev" for a package of other groups than the default one ("main" of poetry,
// "default" of pdm), whatever the others are called.
func (p pythonPackage) scope() string {
	dev := p.Category == "dev" || len(p.Groups) > 0
	for _, g := range p.Groups {
		if g == "main" || g == "default" {
			dev = false
		}
	}
	named := ""
	if dev {
		named = strings.Join(p.Groups, ", ")
	}
	return scopes(cmp.Or(named, when(dev, "dev")), when(p.Optional, "optional"), when(p.Marker != "", "if "+clip(p.Marker)))
}
