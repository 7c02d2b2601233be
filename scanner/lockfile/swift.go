package lockfile

import (
	"cmp"
	"errors"
	"strings"
)

// readSwift reads Package.resolved of versions 1 to 3. A package's name is the URL of
// its repository.
//
// Source: github.com/swiftlang/swift-package-manager, ResolvedPackagesStore.swift; OSV
// schema, "SwiftURL".
func readSwift(c *collector, data []byte) error {
	type pin struct {
		Package, Identity, Kind, Location text
		RepositoryURL                     text `json:"repositoryURL"` // version 1
		State                             struct{ Version, Revision, Branch text }
	}
	var lock struct {
		Version text
		Pins    []pin
		Object  struct{ Pins []pin } // version 1
	}
	if err := decodeJSON(data, &lock); err != nil {
		return err
	}
	if lock.Version == "" {
		return errors.New("it has no version; is it the lockfile of Swift's package manager?")
	}
	for _, p := range append(lock.Pins, lock.Object.Pins...) {
		place := string(cmp.Or(p.Location, p.RepositoryURL))
		name := cmp.Or(string(p.Identity), string(p.Package), place)
		rest, isURL := strings.CutPrefix(place, "https://")
		slash := strings.LastIndexByte(strings.Trim(rest, "/"), '/')
		switch {
		case !isURL || slash < 0 || strings.Contains(rest, "@"):
			c.skip(name, "it comes from %s: packages are known by their https URL", clip(cmp.Or(withoutUser(place), "a registry")))
		case p.State.Version == "":
			c.skip(name, "it is pinned to a branch or a revision, %s, and has no version", clip(string(cmp.Or(p.State.Branch, p.State.Revision))))
		default:
			rest = strings.TrimSuffix(strings.Trim(rest, "/"), ".git")
			c.add(dependency{typ: "swift", namespace: rest[:slash], name: rest[slash+1:], version: string(p.State.Version)})
		}
	}
	return nil
}
