package samples

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stella-ops/stella/scanner/version"
)

// A Component is one line of an SBOM.
type Component struct {
	Name, Version, PURL string
	Locations           []string
	// Within is the archive that holds it, "" for one that lies in the image itself.
	Within string
	// Package is what the tables say of it, nil for one that cannot be judged.
	Package *Package
	// Affected is false for a package that has every fix.
	Affected bool
}

// Components lists what an image holds: the packages of its distribution, those of its
// applications, and those that cannot be judged.
func (t Tables) Components(img Image) ([]Component, error) {
	var list []Component
	packages, err := t.pick(img.OS, img.Packages)
	if err != nil {
		return nil, err
	}
	for _, p := range packages {
		if list, err = img.system(list, p); err != nil {
			return nil, err
		}
	}
	for _, app := range img.Apps {
		packages, err := t.pick(app.Ecosystem, app.Packages)
		if err != nil {
			return nil, err
		}
		for _, p := range packages {
			if list, err = img.language(list, app, p); err != nil {
				return nil, err
			}
		}
	}
	for _, u := range img.Unjudged {
		list = append(list, Component{Name: u.Name, Version: u.Version, PURL: u.PURL})
	}
	return list, nil
}

func (img Image) system(to []Component, p *Package) ([]Component, error) {
	family, ok := osFamilies[p.Ecosystem]
	if !ok {
		return nil, fmt.Errorf("no distribution %q", p.Ecosystem)
	}
	binaries, err := img.installed(p)
	if err != nil {
		return nil, err
	}
	v, affected, err := img.version(p)
	for _, binary := range binaries {
		to = append(to, Component{
			Name: binary, Version: v, PURL: family.binaryPURL(binary, p, v),
			Locations: []string{family.database}, Package: p, Affected: affected,
		})
	}
	return to, err
}

func (img Image) language(to []Component, app App, p *Package) ([]Component, error) {
	v, affected, err := img.version(p)
	c := Component{Name: p.Name, Version: v, PURL: languagePURL(p, v), Package: p, Affected: affected}
	for _, root := range app.Roots {
		if archive, _, within := strings.Cut(root, "!/"); within {
			c.Within = archive
		}
		c.Locations = append(c.Locations, location(root, p, v))
	}
	slices.Sort(c.Locations)
	c.Locations = slices.Compact(c.Locations)
	return append(to, c), err
}

// version is the one that the image has of a package, and whether it lacks fixes.
func (img Image) version(p *Package) (string, bool, error) {
	if !slices.Contains(img.Patched, p.Name) {
		return p.Version, true, nil
	}
	newest, err := version.Parse(p.Ecosystem, p.Version)
	if err != nil {
		return "", false, err
	}
	v := p.Version
	for _, a := range p.Advisories {
		fixed, err := a.fixedAfter(p)
		if err != nil {
			return "", false, err
		}
		if fixed == "" {
			return "", false, fmt.Errorf("%s is to be patched, but nothing fixes %s", p.Name, a.ID)
		}
		parsed, err := version.Parse(p.Ecosystem, fixed)
		if err != nil {
			return "", false, err
		}
		if parsed.Compare(newest) > 0 {
			newest, v = parsed, fixed
		}
	}
	return v, false, nil
}

// fixedAfter is the first fixed version after the one of the tables, "" where there is
// none.
func (a Advisory) fixedAfter(p *Package) (string, error) {
	installed, err := version.Parse(p.Ecosystem, p.Version)
	if err != nil {
		return "", err
	}
	var first version.Version
	found := ""
	for _, text := range a.Fixed {
		fixed, err := version.Parse(p.Ecosystem, text)
		if err != nil {
			return "", err
		}
		if fixed.Compare(installed) > 0 && (found == "" || fixed.Compare(first) < 0) {
			first, found = fixed, text
		}
	}
	if found == "" && len(a.Fixed) > 0 {
		return "", fmt.Errorf("%s: %s %s has the fix of %s", p.Ecosystem, p.Name, p.Version, a.ID)
	}
	return found, nil
}
