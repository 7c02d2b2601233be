// Package sbom reads a software bill of materials into a scan's inventory.
//
// # Formats
//
// CycloneDX 1.2 to 1.7 as JSON and as XML, SPDX 2.2 and 2.3 as JSON and as
// tag-value. [Read] tells them apart by content, never by the file's name. UTF-8
// with or without a byte order mark is read, and UTF-16 with one. Older XML of CycloneDX
// 1.0 and 1.1, and older SPDX 2, differ in nothing that is read here.
//
// # What counts as a package
//
// Everything that an SBOM lists is walked: components within components to any depth
// up to [MaxDepth], and those of the subject (CycloneDX metadata.component). Of
// what is met,
//
//   - whatever carries a purl is a package, of any type;
//   - a library, a framework, and what has no type is a package without one too;
//   - anything else (an application, a container, a file, a device, data, …) is a
//     package where it has a version, and else a grouping of others;
//   - an operating system without a purl is no package: it says which distribution
//     the packages belong to whose purl does not say it;
//   - the subject of the SBOM (metadata.component, the one package that an SPDX document
//     DESCRIBES) is a package where it can be judged, or has a purl that is no image's,
//     and else the target itself.
//
// Every package ends in Inventory.Packages, or in Inventory.Unreadable with the
// reason: none is dropped. One SPDX package with several purls is as many packages.
// A component's scope ("excluded" too) does not matter. Not part of the inventory are
// the tools that made the SBOM, pedigree, services, formulation, SPDX files and
// snippets. The dependency graph adds and removes nothing, so that a cycle in it is no
// matter.
//
// # What is read beside the purl
//
// bom-ref or SPDXID, evidence.occurrences[].location and packageFileName are
// Locations. Of generators' properties: the package type, source package and path
// that syft ("syft:…") and trivy ("aquasecurity:trivy:…") write, the distribution on
// syft's operating system, and trivy's "built package from: NAME VERSION" in an SPDX
// sourceInfo.
//
// Of CycloneDX also serialNumber and version, for BOM-Links; nesting and dependencies, for
// what contains a package ([scanner.Package], Place); evidence.callstack and occurrences[].symbol,
// for reachability. SPDX relationships say no more than what the document is about.
//
// # Limits
//
// Input is streamed: memory grows with the packages and not with the input. See the
// constants; over any of them is an error. A newer minor version of CycloneDX is
// read, since those only add, and listed in Inventory.Unreadable.
//
// Sources: CycloneDX schemas (https://cyclonedx.org/specification/overview/), SPDX
// 2.3 (https://spdx.github.io/spdx-spec/v2.3/), RFC 8259.
package sbom

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/stella-ops/stella/scanner"
)

// Limits of an input.
const (
	MaxSize       = 512 << 20 // bytes of input
	MaxDepth      = 1000      // JSON values or XML elements within one another
	MaxComponents = 1_000_000
	MaxText       = 64 << 10 // bytes of one string that is kept
)

// ErrNotSBOM is wrapped by the error of an input that is none of the formats.
var ErrNotSBOM = errors.New("not an SBOM: CycloneDX (JSON, XML) and SPDX 2.x (JSON, tag-value) are read")

// A SyntaxError is an input that breaks its format at a place. Line and Offset are
// of the input as UTF-8, Line from 1, Offset in bytes from 0.
type SyntaxError struct {
	Line   int
	Offset int64
	Err    error
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, byte %d: %v", e.Line, e.Offset, e.Err)
}

func (e *SyntaxError) Unwrap() error { return e.Err }

// Read reads the SBOM r to its end. name is its file name: it names the input in
// errors, and the target where the SBOM names none. There is no partial inventory:
// with an error, the inventory is empty.
func Read(r io.Reader, name string) (scanner.Inventory, error) {
	inv, err := read(r, name)
	if err != nil {
		return scanner.Inventory{}, fmt.Errorf("reading SBOM %s: %w", name, err)
	}
	return inv, nil
}

func read(r io.Reader, name string) (scanner.Inventory, error) {
	hash := sha256.New()
	limited := &sizeLimit{r: r, left: MaxSize}
	text, err := decodeText(io.TeeReader(limited, hash))
	if err != nil {
		return scanner.Inventory{}, err
	}
	in := bufio.NewReaderSize(text, 64<<10)
	first, err := firstByte(in)
	if err != nil {
		return scanner.Inventory{}, err
	}
	c := newCollector()
	switch first {
	case '{', '[':
		err = readJSON(in, c)
	case '<':
		err = readXML(in, c)
	default:
		err = readTagValue(in, c)
	}
	if err != nil {
		return scanner.Inventory{}, err
	}
	inv := c.inventory()
	if inv.Target.Name == "" {
		inv.Target.Name = filepath.Base(name)
	}
	inv.Target.SHA256 = hex.EncodeToString(hash.Sum(nil))
	return inv, nil
}

// firstByte peeks at the first byte that is no white space.
func firstByte(in *bufio.Reader) (byte, error) {
	for n := 1; n <= in.Size(); n++ {
		b, err := in.Peek(n)
		if err == io.EOF {
			return 0, errors.New("it is empty; was it written to the end?")
		}
		if err != nil {
			return 0, err
		}
		switch b[n-1] {
		case ' ', '\t', '\r', '\n':
		default:
			return b[n-1], nil
		}
	}
	return 0, fmt.Errorf("%w; it begins with %d bytes of white space", ErrNotSBOM, in.Size())
}
