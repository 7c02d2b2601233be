// Package purl says which name and version an advisory would use for a package.
//
// # Identity
//
// A package URL names a package as its repository does. OSV names it as the
// ecosystem's advisories do, which is often something else: the source package of a
// Debian binary, the origin of an Alpine subpackage, the normalised name of a PyPI
// project. [Identify] goes from the one to the other by each ecosystem's own rule:
//
//	pkg:deb/debian/libssl3@3.0.9-1?upstream=openssl&distro=debian-12
//	→ Debian:12, openssl, 3.0.9-1
//
// Where two spellings mean one package ("Newtonsoft.Json", "newtonsoft.json") both
// are folded to one, and advisories are to be folded by the same function,
// [CanonicalName].
//
// # Guarantee
//
// Nothing is guessed. What names no ecosystem that OSV has, or leaves open which
// release of a distribution it belongs to, is an error that says so; the caller
// lists the package as not evaluated with that reason. A CPE is never turned into a
// package: its product is a name without an ecosystem, and the same word names
// unrelated packages in several.
//
// # Known holes
//
// A binary package of Debian's that names no source is taken for its own; generators
// leave the qualifier out where the two are called alike. Packages of kernel headers are
// refused: their source's advisories concern the kernel image.
//
// CentOS, Fedora, Amazon Linux, Oracle Linux and Arch have no OSV ecosystem; CentOS
// is not judged by Red Hat's advisories, since a rebuild's release ("1.el7.centos")
// sorts below the erratum's ("1.el7_9"). SUSE Linux Enterprise is not judged: its
// advisories name modules, and neither purl nor os-release says which are enabled.
// A Red Hat package gets "Red Hat:enterprise_linux:MAJOR"; an advisory's stream
// ("enterprise_linux:9::baseos") lies below that prefix.
//
// Sources: purl-spec (https://github.com/package-url/purl-spec) for the syntax and
// the types, OSV schema 1.7 "Defined ecosystems" for names and suffixes.
package purl

import (
	"errors"
	"fmt"
	"strings"
)

// MaxLength is the most bytes of a package URL that is read.
const MaxLength = 4096

// ErrNoEcosystem is the reason of a package that belongs to no ecosystem of OSV's:
// an image, a file, a type that is not known here. Test with [errors.Is].
var ErrNoEcosystem = errors.New("no OSV ecosystem")

// A Component is what an inventory says of one package. PURL is believed first; the
// other fields fill what it leaves out.
type Component struct {
	PURL string
	// Type is the purl type ("deb", "npm") of a component that has no PURL.
	Type string
	// Group, Name and Version are the component's own: CycloneDX group, name and
	// version.
	Group, Name, Version string
	// CPE is only mentioned in the reason why a package is not judged.
	CPE string
	// Source is the source package that a distribution built it from, where the
	// PURL has no upstream qualifier.
	Source Source
	// Distro is the distribution that the target runs, where the PURL names none.
	Distro Distro
}

// Source is a source package. An empty Version is the binary package's.
type Source struct{ Name, Version string }

// Identity is how OSV records name a package.
type Identity struct {
	Ecosystem string // with its suffix: "Debian:12"
	Name      string // as [CanonicalName] gives it
	Version   string // "" where the component has none
}

// Identify says how OSV records name c. The error is the reason why c cannot be
// judged, in words that stand beside the package's name; it wraps [ErrNoEcosystem]
// where the kind of package, and not its spelling, is the reason.
func Identify(c Component) (Identity, error) {
	var u locator
	switch {
	case c.PURL != "":
		var err error
		if u, err = parse(c.PURL); err != nil {
			return Identity{}, err
		}
		if u.version == "" {
			// The version is optional in a purl, and CycloneDX has a field for it.
			u.version = c.Version
		}
	case c.Type != "":
		u = locator{typ: strings.ToLower(c.Type), namespace: c.Group, name: c.Name, version: c.Version}
	case c.CPE != "":
		return Identity{}, fmt.Errorf("%w: it has no purl, and its CPE %q does not say which ecosystem it belongs to", ErrNoEcosystem, c.CPE)
	default:
		return Identity{}, fmt.Errorf("%w: it has no purl that would say which ecosystem it belongs to", ErrNoEcosystem)
	}
	if u.name == "" {
		return Identity{}, errors.New("it has no name")
	}
	rule, ok := rules[u.typ]
	if !ok {
		return Identity{}, fmt.Errorf("%w for purl type %q", ErrNoEcosystem, u.typ)
	}
	id, err := rule(u, c)
	if err != nil {
		return Identity{}, err
	}
	id.Name = CanonicalName(id.Ecosystem, id.Name)
	return id, nil
}

// CanonicalName folds name, as a package or an advisory of ecosystem spells it, to
// the one spelling that both are compared in. It is idempotent, and changes nothing
// in ecosystems whose names are compared byte for byte (Go and npm keep their case).
func CanonicalName(ecosystem, name string) string {
	base, _, _ := strings.Cut(ecosystem, ":")
	switch base {
	case "PyPI":
		return pep503(name)
	case "NuGet", "Packagist", "GitHub Actions", "Hex", "Bitnami", "VSCode":
		// Each registry compares names without regard to case.
		return strings.ToLower(name)
	case "SwiftURL":
		// "The name is a Git URL", which records write with and without its scheme.
		name = strings.ToLower(name)
		for strings.HasPrefix(name, "https://") {
			name = name[len("https://"):]
		}
		for strings.HasSuffix(name, ".git") {
			name = name[:len(name)-len(".git")]
		}
	}
	return name
}

// pep503 lowers name and makes each run of '-', '_' and '.' one '-'. PEP 503,
// "Normalized Names": nothing else changes, no word is removed.
func pep503(name string) string {
	b := make([]byte, 0, len(name))
	run := false
	for i := range len(name) {
		c := name[i]
		if c == '-' || c == '_' || c == '.' {
			run = true
			continue
		}
		if run {
			b = append(b, '-')
			run = false
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		b = append(b, c)
	}
	if run {
		b = append(b, '-')
	}
	if string(b) == name { // no allocation where it is normal already
		return name
	}
	return string(b)
}
