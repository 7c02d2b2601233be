package regression_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// Conversion of SBOMs between the formats that the scanner reads, by means of their
// own: CycloneDX through its library, SPDX through the few fields that say what a
// package is. What a format has no field for cannot be converted, and is refused:
//
//   - to SPDX: a group that the purl lacks, properties of generators, call stacks, and
//     bom-refs that VEX statements name;
//   - to CycloneDX: several purls of one package, a sourceInfo that is read, several
//     subjects.
//
// Nesting says nothing of the inventory, so that SPDX gets the components in a row.
// Occurrences are locations alone, which are not compared.

// A document is an SBOM as every format can tell it.
type document struct {
	name     string
	packages []spdxPackage
	subjects []string // SPDXIDs
	bom      *cdx.BOM // where it was CycloneDX, else nil
	tagValue bool
	xml      bool
}

// A spdxPackage is what the reader of SPDX looks at.
type spdxPackage struct {
	ID         string         `json:"SPDXID"`
	Name       string         `json:"name"`
	Version    string         `json:"versionInfo,omitempty"`
	Purpose    string         `json:"primaryPackagePurpose,omitempty"`
	FileName   string         `json:"packageFileName,omitempty"`
	SourceInfo string         `json:"sourceInfo,omitempty"`
	Location   string         `json:"downloadLocation"`
	References []spdxExternal `json:"externalRefs,omitempty"`
}

type spdxExternal struct {
	Category string `json:"referenceCategory"`
	Type     string `json:"referenceType"`
	Locator  string `json:"referenceLocator"`
}

type spdxRelationship struct {
	From string `json:"spdxElementId"`
	Type string `json:"relationshipType"`
	To   string `json:"relatedSpdxElement"`
}

type spdxDocument struct {
	Version       string             `json:"spdxVersion"`
	DataLicense   string             `json:"dataLicense"`
	ID            string             `json:"SPDXID"`
	Name          string             `json:"name"`
	Namespace     string             `json:"documentNamespace"`
	Describes     []string           `json:"documentDescribes,omitempty"`
	Packages      []spdxPackage      `json:"packages"`
	Relationships []spdxRelationship `json:"relationships,omitempty"`
}

// convert makes a relation of a way to write a document.
func convert(write func(document) ([]byte, error)) func(*variant) error {
	return func(v *variant) error {
		if !v.isSBOM() {
			return cannot("the target is no SBOM")
		}
		return v.rewrite(v.in.Target, func(data []byte) ([]byte, error) {
			d, err := readDocument(data)
			if err != nil {
				return nil, err
			}
			out, err := write(d)
			if err == nil && d.bom != nil && !bytes.Contains(out[:min(len(out), 500)], []byte("yclone")) {
				err = v.refusesRefs()
			}
			return out, err
		})
	}
}

// refusesRefs is an error where a statement names components by bom-ref.
func (v *variant) refusesRefs() error {
	for _, file := range v.in.VEX {
		if strings.Contains(v.files[file], `"bomFormat"`) {
			return cannot("its VEX names bom-refs")
		}
	}
	return nil
}

func readDocument(data []byte) (document, error) {
	text := bytes.TrimSpace(data)
	switch {
	case bytes.HasPrefix(text, []byte("<")):
		return readCycloneDX(text, cdx.BOMFileFormatXML)
	case bytes.HasPrefix(text, []byte("SPDXVersion:")):
		return readTagValue(text)
	case !json.Valid(text):
		return document{}, cannot("it is in none of the formats, or broken")
	case bytes.Contains(text, []byte(`"bomFormat"`)):
		return readCycloneDX(text, cdx.BOMFileFormatJSON)
	}
	return readSPDX(text)
}

func readCycloneDX(text []byte, format cdx.BOMFileFormat) (document, error) {
	bom := new(cdx.BOM)
	if err := cdx.NewBOMDecoder(bytes.NewReader(text), format).Decode(bom); err != nil {
		return document{}, cannot("the library of CycloneDX does not read it: %v", err)
	}
	bom.BOMFormat, bom.JSONSchema = cdx.BOMFormat, "" // which XML has not
	return document{bom: bom, xml: format == cdx.BOMFileFormatXML}, nil
}

func readSPDX(text []byte) (document, error) {
	var in spdxDocument
	if err := json.Unmarshal(text, &in); err != nil {
		return document{}, cannot("it is no plain SPDX: %v", err)
	}
	d := document{name: in.Name, packages: in.Packages, subjects: in.Describes}
	for _, r := range in.Relationships {
		d.relate(r)
	}
	return d, nil
}

func (d *document) relate(r spdxRelationship) {
	if r.Type == "DESCRIBES" {
		d.subjects = append(d.subjects, r.To)
	}
}

// readTagValue reads tag-value text without values of several lines.
func readTagValue(text []byte) (document, error) {
	if bytes.Contains(text, []byte("<text>")) {
		return document{}, cannot("it has values of several lines")
	}
	var d document
	var p *spdxPackage
	for line := range strings.Lines(string(text)) {
		tag, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		value = strings.TrimSpace(value)
		fields := strings.Fields(value)
		switch tag {
		case "DocumentName":
			d.name = value
		case "PackageName":
			d.packages = append(d.packages, spdxPackage{Name: value})
			p = &d.packages[len(d.packages)-1]
		case "FileName", "SnippetSPDXID", "LicenseID":
			return d, cannot("it has parts that are no packages")
		case "Relationship":
			if len(fields) == 3 {
				d.relate(spdxRelationship{fields[0], fields[1], fields[2]})
			}
		}
		if p == nil {
			continue
		}
		switch tag {
		case "SPDXID":
			p.ID = value
		case "PackageVersion":
			p.Version = value
		case "PrimaryPackagePurpose":
			p.Purpose = value
		case "PackageFileName":
			p.FileName = value
		case "PackageSourceInfo":
			p.SourceInfo = value
		case "ExternalRef":
			if len(fields) != 3 {
				return d, cannot("an ExternalRef is not of three words")
			}
			p.References = append(p.References, spdxExternal{fields[0], fields[1], fields[2]})
		}
	}
	d.tagValue = true
	return d, nil
}

func toCycloneDXJSON(d document) ([]byte, error) {
	if d.bom != nil && !d.xml {
		return nil, cannot("it is that already")
	}
	return d.cycloneDX(cdx.BOMFileFormatJSON)
}

func toCycloneDXXML(d document) ([]byte, error) {
	if d.xml {
		return nil, cannot("it is that already")
	}
	return d.cycloneDX(cdx.BOMFileFormatXML)
}

func (d document) cycloneDX(format cdx.BOMFileFormat) ([]byte, error) {
	bom := d.bom
	if bom == nil {
		bom = cdx.NewBOM()
		bom.SpecVersion = cdx.SpecVersion1_5
		if len(d.subjects) > 1 {
			return nil, cannot("it has several subjects")
		}
		var components []cdx.Component
		for _, p := range d.packages {
			c, err := p.component()
			if err != nil {
				return nil, err
			}
			if len(d.subjects) == 1 && d.subjects[0] == p.ID {
				bom.Metadata = &cdx.Metadata{Component: &c}
			} else {
				components = append(components, c)
			}
		}
		bom.Components = &components
	}
	var out bytes.Buffer
	// EncodeVersion also writes the namespace of the version.
	if err := cdx.NewBOMEncoder(&out, format).EncodeVersion(bom, bom.SpecVersion); err != nil {
		return nil, cannot("the library of CycloneDX does not write it: %v", err)
	}
	return out.Bytes(), nil
}

func (p spdxPackage) component() (cdx.Component, error) {
	c := cdx.Component{BOMRef: p.ID, Type: cdx.ComponentTypeLibrary, Name: known(p.Name), Version: known(p.Version)}
	if purpose := known(p.Purpose); purpose != "" {
		c.Type = cdx.ComponentType(strings.ReplaceAll(strings.ToLower(purpose), "_", "-"))
	}
	if strings.HasPrefix(p.SourceInfo, "built package from: ") {
		return c, cannot("a package has a sourceInfo that is read")
	}
	for _, r := range p.References {
		kind := r.Type[strings.LastIndexByte(r.Type, '/')+1:]
		switch {
		case strings.EqualFold(kind, "purl") && c.PackageURL != "":
			return c, cannot("a package has several purls")
		case strings.EqualFold(kind, "purl"):
			c.PackageURL = r.Locator
		case strings.HasPrefix(kind, "cpe2") && c.CPE == "":
			c.CPE = r.Locator
		}
	}
	return c, nil
}

// known is s where SPDX asserts something.
func known(s string) string {
	if s == "NOASSERTION" || s == "NONE" {
		return ""
	}
	return s
}

func toSPDXJSON(d document) ([]byte, error) {
	if d.bom == nil && !d.tagValue {
		return nil, cannot("it is that already")
	}
	out, err := d.spdx()
	if err != nil {
		return nil, err
	}
	return json.Marshal(out)
}

// spdx is the document as SPDX.
func (d document) spdx() (spdxDocument, error) {
	out := spdxDocument{
		Version: "SPDX-2.3", DataLicense: "CC0-1.0", ID: "SPDXRef-DOCUMENT", Name: d.name,
		Namespace: "https://example.com/spdx/case", Packages: d.packages, Describes: d.subjects,
	}
	if d.bom == nil {
		return out, nil
	}
	add := func(c cdx.Component, subject bool) error {
		p, err := fromComponent(c, len(out.Packages))
		out.Packages = append(out.Packages, p)
		if subject {
			out.Describes = append(out.Describes, p.ID)
		}
		return err
	}
	if m := d.bom.Metadata; m != nil && m.Component != nil {
		if out.Name = m.Component.Name; out.Name != "" && m.Component.Version != "" {
			out.Name += ":" + m.Component.Version // as the reader calls the target
		}
		if err := add(*m.Component, true); err != nil {
			return out, err
		}
		if err := flatten(m.Component.Components, add); err != nil {
			return out, err
		}
	}
	return out, flatten(d.bom.Components, add)
}

func flatten(list *[]cdx.Component, add func(cdx.Component, bool) error) error {
	if list == nil {
		return nil
	}
	for _, c := range *list {
		if err := add(c, false); err != nil {
			return err
		}
		if err := flatten(c.Components, add); err != nil {
			return err
		}
	}
	return nil
}

// names reports whether the group stands in the purl, encoded or not.
func names(purl, group string) bool {
	decoded, err := url.PathUnescape(purl)
	return err == nil && strings.Contains(decoded, group)
}

// purposes are the kinds of component that SPDX knows (clause 7.24); LIBRARY is one.
var purposes = []cdx.ComponentType{
	cdx.ComponentTypeApplication, cdx.ComponentTypeFramework, cdx.ComponentTypeLibrary, cdx.ComponentTypeContainer,
	cdx.ComponentTypeOS, cdx.ComponentTypeDevice, cdx.ComponentTypeFirmware, cdx.ComponentTypeFile,
}

func fromComponent(c cdx.Component, n int) (spdxPackage, error) {
	p := spdxPackage{ID: fmt.Sprintf("SPDXRef-Package-%d", n), Name: c.Name, Version: c.Version, Location: "NOASSERTION"}
	switch {
	case c.Group != "" && !names(c.PackageURL, c.Group):
		return p, cannot("a component has a group that no purl has")
	case c.Evidence != nil && c.Evidence.Callstack != nil:
		return p, cannot("a component has a call stack")
	}
	if c.Properties != nil {
		for _, property := range *c.Properties {
			if strings.HasPrefix(property.Name, "syft:") || strings.HasPrefix(property.Name, "aquasecurity:trivy:") {
				return p, cannot("a component has properties of a generator")
			}
		}
	}
	for _, known := range purposes {
		if c.Type == known {
			p.Purpose = strings.ToUpper(string(known))
		}
	}
	if p.Purpose == "" && c.Type != "" {
		p.Purpose = "OTHER"
	}
	if c.PackageURL != "" {
		p.References = append(p.References, spdxExternal{"PACKAGE-MANAGER", "purl", c.PackageURL})
	}
	if c.CPE != "" {
		p.References = append(p.References, spdxExternal{"SECURITY", "cpe23Type", c.CPE})
	}
	return p, nil
}

func toTagValue(d document) ([]byte, error) {
	if d.tagValue {
		return nil, cannot("it is that already")
	}
	s, err := d.spdx()
	if err != nil {
		return nil, err
	}
	var out tagWriter
	out.tag("SPDXVersion", s.Version)
	out.tag("DataLicense", s.DataLicense)
	out.tag("SPDXID", s.ID)
	out.tag("DocumentName", s.Name)
	out.tag("DocumentNamespace", s.Namespace)
	for _, p := range s.Packages {
		out.WriteByte('\n')
		out.tag("PackageName", p.Name)
		out.tag("SPDXID", p.ID)
		out.tag("PackageVersion", p.Version)
		out.tag("PackageFileName", p.FileName)
		out.tag("PackageDownloadLocation", "NOASSERTION")
		out.tag("PrimaryPackagePurpose", p.Purpose)
		out.tag("PackageSourceInfo", p.SourceInfo)
		for _, r := range p.References {
			if len(strings.Fields(r.Locator)) != 1 {
				return nil, cannot("%q is no word, as an ExternalRef wants it", r.Locator)
			}
			out.tag("ExternalRef", r.Category+" "+r.Type+" "+r.Locator)
		}
	}
	for _, id := range s.Describes {
		out.tag("Relationship", s.ID+" DESCRIBES "+id)
	}
	return out.Bytes(), out.err
}

// A tagWriter writes tags, and keeps the error of a value that is no line.
type tagWriter struct {
	bytes.Buffer
	err error
}

func (w *tagWriter) tag(name, value string) {
	if strings.TrimSpace(value) != value || strings.ContainsAny(value, "\r\n") || strings.Contains(value, "<text>") {
		w.err = cannot("%q is no line of tag-value", value)
	}
	if value != "" {
		fmt.Fprintf(w, "%s: %s\n", name, value)
	}
}
