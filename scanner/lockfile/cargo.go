package lockfile

import (
	"errors"
	"strings"
)

// cratesIO are the sources under which Cargo.lock knows crates.io, by its git index
// and by its sparse one. A mirror ("source replacement") is written as what it mirrors.
var cratesIO = []string{"registry+https://github.com/rust-lang/crates.io-index", "sparse+https://index.crates.io/"}

// readCargo reads Cargo.lock of versions 1 to 4. What is not of crates.io is another
// artefact than the crate of that name there (F-266).
//
// Source: doc.rust-lang.org/cargo, "Cargo.toml vs Cargo.lock" and package ID
// specifications; cargo's src/cargo/core/resolver/encode.rs for the versions.
func readCargo(c *collector, data []byte) error {
	type entry struct{ Name, Version, Source string }
	var lock struct {
		Version any
		Root    *entry // version 1, before Cargo knew workspaces
		Package []entry
	}
	if err := decodeTOML(data, &lock); err != nil {
		return err
	}
	if lock.Root == nil && lock.Package == nil && lock.Version == nil {
		return errors.New("it has neither packages nor a version; is it Cargo's lockfile?")
	}
	if lock.Root != nil {
		lock.Package = append(lock.Package, *lock.Root)
	}
	for _, e := range lock.Package {
		source, _, _ := strings.Cut(e.Source, "#")
		switch what := label(e.Name, e.Version); {
		case source == "":
			c.skip(what, "it has no source: it is a crate of the workspace or of a path, not of crates.io")
		case strings.HasPrefix(source, "git+"):
			c.skip(what, "it comes from git, %s, not from crates.io", clip(withoutUser(e.Source)))
		case source != cratesIO[0] && source != cratesIO[1]:
			c.skip(what, "it comes from another registry than crates.io, %s", clip(withoutUser(e.Source)))
		default:
			c.add(dependency{typ: "cargo", name: e.Name, version: e.Version})
		}
	}
	return nil
}
