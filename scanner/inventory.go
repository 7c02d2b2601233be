package scanner

import (
	"github.com/stella-ops/stella/scanner/composition"
	"github.com/stella-ops/stella/scanner/reach"
)

// Inventory is what a target holds, as a reader of some format found it. Packages
// come in the format's order; a scan does not depend on it.
type Inventory struct {
	Target   Target
	Packages []Package
	// Unreadable lists what the reader met and could not make a package of.
	Unreadable []NotEvaluated
}

// KindDirectory is the kind of a target that is a directory of others. The locations of
// its packages begin with a file's path, up to a '#'.
const KindDirectory = "directory"

// Target says what was scanned.
type Target struct {
	Name   string `json:"name"`   // an image or application name, or the file's base name
	Kind   string `json:"kind"`   // "cyclonedx", "spdx", "docker-archive", "oci-layout", …
	SHA256 string `json:"sha256"` // lower-case hex: of the input's bytes, or what its reader says
}

// Package is one package of an inventory.
type Package struct {
	// PURL is the package URL as the input spells it, "" where it has none.
	PURL string
	// Ecosystem is OSV's, with its suffix ("Debian:12", "Alpine:v3.19", "PyPI"), ""
	// where it is not known.
	Ecosystem string
	// Name is the name that the ecosystem's advisories use: a source package, an
	// Alpine origin, "group:artifact", a normalised PyPI name.
	Name string
	// Version is the version that is compared: of the source package where Name is
	// one. "" where it is not known.
	Version string
	// Locations are where in the target the package was found: bom-refs, paths.
	Locations []string
	// Layer is the image layer that brought the package, nil outside images.
	Layer *Layer
	// Place is where an SBOM has the package among its components, for statements about
	// "X in product B".
	Place composition.Place
	// Evidence is what an SBOM says of calls into the package, nil where it says nothing.
	Evidence *reach.ComponentEvidence
}

// Layer is one layer of an image.
type Layer struct {
	Index  int    `json:"index"` // from 0, the lowest
	DiffID string `json:"diff_id"`
}

// NotEvaluated is a package that was not judged, and why.
type NotEvaluated struct {
	Package string `json:"package"` // its purl, or its name where it has none
	Reason  string `json:"reason"`
}
