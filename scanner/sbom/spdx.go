package sbom

import "strings"

// An spdxPackage is the part of an SPDX 2.x package that an inventory is made of.
type spdxPackage struct {
	component
	sourceInfo, fileName string
}

// spdxValue is s, or "" where SPDX says that it asserts nothing (SPDX 2.3, clause
// 7.3 and others).
func spdxValue(s string) string {
	if s == "NOASSERTION" || s == "NONE" {
		return ""
	}
	return s
}

// addReference takes an external reference (clause 7.21). The type of a purl may be
// written as its URI, and the category with '-' or '_'; only the type is looked at.
func (p *spdxPackage) addReference(kind, locator string) {
	kind = kind[strings.LastIndexByte(kind, '/')+1:]
	switch {
	case locator == "":
	case strings.EqualFold(kind, "purl"):
		p.purls = append(p.purls, locator)
	case p.cpe == "" && (kind == "cpe23Type" || kind == "cpe22Type"):
		p.cpe = locator
	}
}

// asComponent is what p has in common with the other formats.
func (p *spdxPackage) asComponent() *component {
	m := &p.component
	// SPDX 2.3, clause 7.24, spells purposes in capitals: LIBRARY, OPERATING-SYSTEM.
	m.kind = strings.ReplaceAll(strings.ToLower(spdxValue(m.kind)), "_", "-")
	if m.kind == "" && strings.HasPrefix(m.ref, "SPDXRef-OperatingSystem-") {
		m.kind = "operating-system" // so trivy has it where SPDX 2.2 knows no purposes
	}
	m.name, m.version = spdxValue(m.name), spdxValue(m.version)
	if name := spdxValue(p.fileName); name != "" {
		m.locations = append(m.locations, name)
	}
	// trivy puts the source package here, where syft's purls have it as upstream.
	if built, ok := strings.CutPrefix(p.sourceInfo, "built package from: "); ok {
		m.props.source, m.props.sourceVersion, _ = strings.Cut(strings.TrimSpace(built), " ")
	}
	return m
}

// spdxPackageJSON reads one element of packages (SPDX 2.3 JSON schema).
func spdxPackageJSON(j *jsonReader, c *collector) error {
	var p spdxPackage
	err := j.object(func(key []byte) error {
		switch string(key) {
		case "SPDXID":
			return j.string(&p.ref)
		case "name":
			return j.string(&p.name)
		case "versionInfo":
			return j.string(&p.version)
		case "primaryPackagePurpose":
			return j.word(&p.kind)
		case "packageFileName":
			return j.string(&p.fileName)
		case "sourceInfo":
			return j.word(&p.sourceInfo)
		case "externalRefs":
			return j.array(func() error {
				var kind, locator string
				err := j.object(func(key []byte) error {
					switch string(key) {
					case "referenceType":
						return j.word(&kind)
					case "referenceLocator":
						return j.string(&locator)
					}
					return j.skip()
				})
				p.addReference(kind, locator)
				return err
			})
		}
		return j.skip()
	})
	if err != nil {
		return err
	}
	if err := c.add(p.asComponent()); err != nil {
		return j.errorf("%w", err)
	}
	return nil
}

// spdxRelationshipJSON looks for what the document describes.
func spdxRelationshipJSON(j *jsonReader, c *collector) error {
	var from, kind, to string
	err := j.object(func(key []byte) error {
		switch string(key) {
		case "spdxElementId":
			return j.word(&from)
		case "relationshipType":
			return j.word(&kind)
		case "relatedSpdxElement":
			return j.string(&to)
		}
		return j.skip()
	})
	c.relate(from, kind, to)
	return err
}

// relate takes a relationship (clause 11). Of all, only those matter that say which
// package the document is about.
func (c *collector) relate(from, kind, to string) {
	switch {
	case kind == "DESCRIBES" && from == "SPDXRef-DOCUMENT":
		c.described[to] = struct{}{}
	case kind == "DESCRIBED_BY" && to == "SPDXRef-DOCUMENT":
		c.described[from] = struct{}{}
	}
}
