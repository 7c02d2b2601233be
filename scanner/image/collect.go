package image

import (
	"cmp"
	"strings"

	packageurl "github.com/package-url/packageurl-go"

	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/image/osrelease"
	"github.com/stella-ops/stella/scanner/purl"
)

// A collector makes an inventory of an image's files.
type collector struct {
	inv       scanner.Inventory
	store     *store
	layers    []scanner.Layer
	tree      *tree
	histories []*history
	distro    purl.Distro
}

func (c *collector) unreadable(what, reason string) {
	c.inv.Unreadable = append(c.inv.Unreadable, scanner.NotEvaluated{Package: what, Reason: reason})
}

// collect reads the files as they are after the last layer.
func (c *collector) collect() error {
	if err := c.readRelease(); err != nil {
		return err
	}
	for _, h := range c.histories {
		c.inv.Unreadable = append(c.inv.Unreadable, h.now.unreadable...)
		for _, p := range h.now.packages {
			c.addOS(p, h.since[p.key()])
		}
	}
	if err := c.unread(); err != nil {
		return err
	}
	owners, err := c.owners()
	if err != nil {
		return err
	}
	return c.languages(owners)
}

// readRelease finds out which distribution the image has. One that does not say has
// packages of no known release.
func (c *collector) readRelease() error {
	for _, name := range osrelease.Paths {
		n, at, err := c.tree.file(name)
		if err != nil {
			return err
		}
		if n == nil {
			continue
		}
		r, err := osrelease.Parse(n.open())
		if err != nil {
			c.unreadable(at, "it cannot be read, so that the release is not known: "+err.Error())
			return nil
		}
		c.distro = purl.Distro{ID: r.ID, Version: cmp.Or(r.Version, r.Codename)}
		if strings.EqualFold(r.ID, "openEuler") { // names its service pack in VERSION alone
			c.distro.Version = cmp.Or(r.Name, r.Version)
		}
		return nil
	}
	return nil
}

func (c *collector) addOS(p osPackage, since int) {
	qualifiers := map[string]string{"arch": p.arch, "upstream": p.upstream, "epoch": p.epoch, "rpmmod": p.module}
	if c.distro.ID != "" {
		qualifiers["distro"] = c.distro.ID
		if c.distro.Version != "" {
			qualifiers["distro"] += "-" + c.distro.Version
		}
	}
	for key, value := range qualifiers {
		if value == "" {
			delete(qualifiers, key)
		}
	}
	c.add(purl.Component{
		PURL:   purlOf(p.kind, c.distro.ID, p.name, p.version, qualifiers),
		Distro: c.distro,
	}, p.location, since)
}

func purlOf(kind, namespace, name, version string, qualifiers map[string]string) string {
	return packageurl.NewPackageURL(kind, namespace, name, version, packageurl.QualifiersFromMap(qualifiers), "").ToString()
}

// add lists a package, as one that can be judged or with the reason why not.
func (c *collector) add(as purl.Component, location string, layer int) {
	id, err := purl.Identify(as)
	if err != nil {
		c.unreadable(as.PURL, err.Error())
		return
	}
	c.inv.Packages = append(c.inv.Packages, scanner.Package{
		PURL: as.PURL, Ecosystem: id.Ecosystem, Name: id.Name, Version: id.Version,
		Locations: []string{location}, Layer: &c.layers[layer],
	})
}
