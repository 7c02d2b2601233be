package sbom

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"

	"github.com/stella-ops/stella/scanner"
)

// readJSON reads CycloneDX or SPDX as JSON. Which it is may be said after the
// components (keys have no order), so that both are read as they come.
func readJSON(in *bufio.Reader, c *collector) error {
	j := newJSONReader(in)
	var (
		format, spec, spdx, context, documentName string
		serial, bomVersion                        string
		cdxMisfit, spdxMisfit                     error // a key of theirs with another's value
		packages                                  bool
		wrapped                                   string // the key under which another document may be
	)
	if b, err := j.peek(); err != nil {
		return err
	} else if b != '{' {
		return fmt.Errorf("%w; its JSON is an array at the top", ErrNotSBOM)
	}
	cdx := &cyclonedxJSON{j: j, c: c}
	err := j.object(func(key []byte) error {
		switch string(key) {
		case "bomFormat":
			return j.string(&format)
		case "specVersion":
			return j.word(&spec)
		case "spdxVersion":
			return j.word(&spdx)
		case "@context":
			return j.word(&context)
		case "name":
			return j.word(&documentName)
		case "serialNumber":
			return j.word(&serial)
		case "version":
			return j.integer(&bomVersion)
		case "dependencies":
			return j.ifKind('[', &cdxMisfit, "dependencies", func() error { return j.array(cdx.dependency) })
		case "metadata":
			return j.ifKind('{', &cdxMisfit, "metadata", func() error { return cdx.metadata() })
		case "components":
			return j.ifKind('[', &cdxMisfit, "components", func() error { return j.array(cdx.component) })
		case "packages":
			return j.ifKind('[', &spdxMisfit, "packages", func() error {
				packages = true
				return j.array(func() error { return spdxPackageJSON(j, c) })
			})
		case "documentDescribes":
			return j.ifKind('[', &spdxMisfit, "documentDescribes", func() error {
				return j.array(func() error {
					var id string
					err := j.string(&id)
					c.described[id] = struct{}{}
					return err
				})
			})
		case "sbom", "predicate": // as GitHub's API answers; as in-toto attests
			wrapped = string(key)
		case "relationships":
			return j.ifKind('[', &spdxMisfit, "relationships", func() error {
				return j.array(func() error { return spdxRelationshipJSON(j, c) })
			})
		}
		return j.skip()
	})
	if err != nil {
		return err
	}
	if err := j.end(); err != nil {
		return err
	}
	switch {
	case format == "CycloneDX" && spdx != "":
		return fmt.Errorf("%w; it says that it is CycloneDX and SPDX too", ErrNotSBOM)
	case format == "CycloneDX":
		if cdxMisfit != nil {
			return cdxMisfit
		}
		c.inv.Target.Kind, c.inv.Target.Name = "cyclonedx", cdx.target
		c.graph.Link = bomLink(serial, bomVersion)
		return checkCycloneDX(spec, c)
	case spdx != "":
		if spdxMisfit != nil {
			return spdxMisfit
		}
		c.inv.Target.Kind, c.inv.Target.Name = "spdx", documentName
		return checkSPDX(spdx)
	case strings.HasPrefix(context, "https://spdx.org/rdf/3"):
		return fmt.Errorf("it is SPDX 3, which is not read; export it as SPDX 2.3 or CycloneDX")
	case wrapped != "":
		return fmt.Errorf("%w; its JSON wraps something in %q: take that out and scan it, as jq .%s does", ErrNotSBOM, wrapped, wrapped)
	case packages:
		return fmt.Errorf("%w; its JSON has packages, but no spdxVersion", ErrNotSBOM)
	}
	return fmt.Errorf("%w; its JSON has neither bomFormat \"CycloneDX\" nor spdxVersion", ErrNotSBOM)
}

// ifKind calls read where the value begins with open. A null is nothing, and another
// value is a misfit: an error once the format turns out to be the one that key is of.
func (j *jsonReader) ifKind(open byte, misfit *error, key string, read func() error) error {
	b, err := j.peek()
	if err != nil {
		return err
	}
	if b == open {
		return read()
	}
	if b != 'n' {
		kind := map[byte]string{'{': "an object", '[': "an array"}[open]
		*misfit = j.errorf("%s is to be %s, not what begins with %q", key, kind, b)
	}
	return j.skip()
}

// integer reads a number's literal, or skips what is none.
func (j *jsonReader) integer(to *string) error {
	b, err := j.peek()
	if err != nil {
		return err
	}
	if b < '0' || b > '9' {
		return j.skip()
	}
	*to, err = j.scalar()
	return err
}

// checkCycloneDX judges a specVersion. Minor versions only add to the format, so
// that a newer one is read and the doubt listed; a new major one may mean anything.
func checkCycloneDX(version string, c *collector) error {
	major, minor, ok := strings.Cut(version, ".")
	n, err := strconv.Atoi(minor)
	if !ok || err != nil || n < 0 || major != "1" {
		return fmt.Errorf("its CycloneDX specVersion is %q; 1.2 to 1.7 are read: export it as one of these", version)
	}
	if n > 7 {
		c.inv.Unreadable = append(c.inv.Unreadable, scanner.NotEvaluated{
			Package: "CycloneDX " + version,
			Reason:  "the SBOM's version is newer than 1.7, the newest known here: what that added is not read",
		})
	}
	return nil
}

// checkSPDX judges a spdxVersion.
func checkSPDX(version string) error {
	if !strings.HasPrefix(version, "SPDX-2.") {
		return fmt.Errorf("its SPDX version is %q; SPDX-2.2 and SPDX-2.3 are read: export it as one of these", version)
	}
	return nil
}
