package lockfile

import (
	"errors"
	"strings"
)

type composerPackage struct {
	Name, Version text
	Dist, Source  struct{ Type, URL text }
}

// readComposer reads composer.lock.
//
// Source: Composer's src/Composer/Package/Locker.php.
func readComposer(c *collector, data []byte) error {
	var lock struct {
		Packages    []composerPackage
		PackagesDev []composerPackage `json:"packages-dev"`
	}
	if err := decodeJSON(data, &lock); err != nil {
		return err
	}
	if lock.Packages == nil && lock.PackagesDev == nil {
		return errors.New("it has neither packages nor packages-dev; is it Composer's lockfile?")
	}
	for _, p := range lock.Packages {
		c.composerPackage(p, "")
	}
	for _, p := range lock.PackagesDev {
		c.composerPackage(p, "dev")
	}
	return nil
}

// composerPackage adds a package. Its source is git for nearly every package of
// Packagist, which hosts none itself; a path is the project's own.
func (c *collector) composerPackage(p composerPackage, scope string) {
	if p.Dist.Type == "path" {
		c.skip(label(string(p.Name), string(p.Version)), "it is the project's directory %s, not a registry's package", clip(string(p.Dist.URL)))
		return
	}
	namespace, name, ok := strings.Cut(string(p.Name), "/")
	if !ok {
		c.skip(string(p.Name), "it is no name of Packagist's, which has a vendor and a slash")
		return
	}
	c.add(dependency{typ: "composer", namespace: namespace, name: name, version: string(p.Version), scope: scope})
}
