package samples

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// encoders write an SBOM, by the extension of its file.
var encoders = map[string]func(Image, []Component) ([]byte, error){
	"cdx.json": func(img Image, list []Component) ([]byte, error) {
		return cycloneDX(img, list, cdx.BOMFileFormatJSON, cdx.SpecVersion1_6)
	},
	"cdx.xml": func(img Image, list []Component) ([]byte, error) {
		return cycloneDX(img, list, cdx.BOMFileFormatXML, cdx.SpecVersion1_5)
	},
	"spdx.json": spdxJSON,
	"spdx":      spdxTagValue,
}

// ref is the bom-ref of a component. One purl is there once.
func (c Component) ref() string {
	if c.PURL == "" {
		return "file:" + c.Name
	}
	return c.PURL
}

// title is what a component without a name of its own is called.
func (c Component) title() string {
	if c.Name != "" {
		return c.Name
	}
	name, _, _ := strings.Cut(c.PURL[strings.LastIndexByte(c.PURL, '/')+1:], "@")
	return name
}

func cycloneDX(img Image, list []Component, format cdx.BOMFileFormat, spec cdx.SpecVersion) ([]byte, error) {
	bom := cdx.NewBOM()
	bom.Metadata = &cdx.Metadata{Component: &cdx.Component{BOMRef: "image", Type: cdx.ComponentTypeContainer, Name: img.Target}}
	var components []cdx.Component
	depends := []string{}
	for _, c := range list {
		component := cdx.Component{BOMRef: c.ref(), Type: cdx.ComponentTypeLibrary, Name: c.title(), Version: c.Version, PackageURL: c.PURL}
		if c.Locations != nil {
			var at []cdx.EvidenceOccurrence
			for _, l := range c.Locations {
				at = append(at, cdx.EvidenceOccurrence{Location: l})
			}
			component.Evidence = &cdx.Evidence{Occurrences: &at}
		}
		depends = append(depends, component.BOMRef)
		if c.Within == "" {
			components = append(components, component)
			continue
		}
		archive := slices.IndexFunc(components, func(o cdx.Component) bool { return o.Name == c.Within })
		if archive < 0 {
			archive = len(components)
			components = append(components, cdx.Component{
				BOMRef: "file:" + c.Within, Type: cdx.ComponentTypeApplication, Name: c.Within, Components: &[]cdx.Component{},
			})
		}
		*components[archive].Components = append(*components[archive].Components, component)
	}
	bom.Components = &components
	bom.Dependencies = &[]cdx.Dependency{{Ref: "image", Dependencies: &depends}}
	var b bytes.Buffer
	err := cdx.NewBOMEncoder(&b, format).SetPretty(true).SetEscapeHTML(false).EncodeVersion(bom, spec)
	return b.Bytes(), err
}

// created is when the samples were made of their tables.
const created = "2026-11-23T00:00:00Z"

type spdxDocument struct {
	Version       string             `json:"spdxVersion"`
	License       string             `json:"dataLicense"`
	ID            string             `json:"SPDXID"`
	Name          string             `json:"name"`
	Namespace     string             `json:"documentNamespace"`
	Creation      spdxCreation       `json:"creationInfo"`
	Packages      []spdxPackage      `json:"packages"`
	Relationships []spdxRelationship `json:"relationships"`
}

type spdxCreation struct {
	Created  string   `json:"created"`
	Creators []string `json:"creators"`
}

type spdxPackage struct {
	ID       string    `json:"SPDXID"`
	Name     string    `json:"name"`
	Version  string    `json:"versionInfo,omitempty"`
	Download string    `json:"downloadLocation"`
	Analyzed bool      `json:"filesAnalyzed"`
	Purpose  string    `json:"primaryPackagePurpose,omitempty"`
	Refs     []spdxRef `json:"externalRefs,omitempty"`
}

type spdxRef struct {
	Category string `json:"referenceCategory"`
	Type     string `json:"referenceType"`
	Locator  string `json:"referenceLocator"`
}

type spdxRelationship struct {
	From string `json:"spdxElementId"`
	Type string `json:"relationshipType"`
	To   string `json:"relatedSpdxElement"`
}

func spdx(img Image, list []Component) spdxDocument {
	doc := spdxDocument{
		Version: "SPDX-2.3", License: "CC0-1.0", ID: "SPDXRef-DOCUMENT", Name: img.Target,
		Namespace:     "https://stella.example/sboms/" + img.File,
		Creation:      spdxCreation{created, []string{"Tool: stella-samples"}},
		Packages:      []spdxPackage{{ID: "SPDXRef-Image", Name: img.Target, Download: "NOASSERTION", Purpose: "CONTAINER"}},
		Relationships: []spdxRelationship{{"SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-Image"}},
	}
	for i, c := range list {
		p := spdxPackage{ID: fmt.Sprintf("SPDXRef-Package-%d", i+1), Name: c.title(), Version: c.Version, Download: "NOASSERTION"}
		if c.PURL != "" {
			p.Refs = []spdxRef{{"PACKAGE-MANAGER", "purl", c.PURL}}
		}
		doc.Packages = append(doc.Packages, p)
		doc.Relationships = append(doc.Relationships, spdxRelationship{"SPDXRef-Image", "CONTAINS", p.ID})
	}
	return doc
}

func spdxJSON(img Image, list []Component) ([]byte, error) { return encode(spdx(img, list)) }

func spdxTagValue(img Image, list []Component) ([]byte, error) {
	doc := spdx(img, list)
	var b bytes.Buffer
	tag := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, value)
		}
	}
	tag("SPDXVersion", doc.Version)
	tag("DataLicense", doc.License)
	tag("SPDXID", doc.ID)
	tag("DocumentName", doc.Name)
	tag("DocumentNamespace", doc.Namespace)
	tag("Creator", doc.Creation.Creators[0])
	tag("Created", doc.Creation.Created)
	for _, p := range doc.Packages {
		fmt.Fprintln(&b)
		tag("PackageName", p.Name)
		tag("SPDXID", p.ID)
		tag("PackageVersion", p.Version)
		tag("PackageDownloadLocation", p.Download)
		tag("FilesAnalyzed", "false")
		tag("PrimaryPackagePurpose", p.Purpose)
		for _, r := range p.Refs {
			tag("ExternalRef", r.Category+" "+r.Type+" "+r.Locator)
		}
	}
	fmt.Fprintln(&b)
	for _, r := range doc.Relationships {
		tag("Relationship", r.From+" "+r.Type+" "+r.To)
	}
	return b.Bytes(), nil
}
