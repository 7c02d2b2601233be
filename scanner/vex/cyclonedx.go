package vex

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	jsonv2 "github.com/go-json-experiment/json"

	"github.com/stella-ops/stella/scanner/purl"
)

// bomLink begins a reference into another document (CycloneDX, "BOM-Link").
const bomLink = "urn:cdx:"

// maxDepth bounds components within components.
const maxDepth = 64

type cycloneDX struct {
	BOMFormat string `json:"bomFormat"`
	Serial    string `json:"serialNumber"`
	Metadata  struct {
		Timestamp string        `json:"timestamp"`
		Component *cdxComponent `json:"component"`
		Authors   []cdxParty    `json:"authors"`
		Supplier  cdxParty      `json:"supplier"`
	} `json:"metadata"`
	Components      []cdxComponent     `json:"components"`
	Vulnerabilities []cdxVulnerability `json:"vulnerabilities"`
}

type cdxParty struct {
	Name string `json:"name"`
}

type cdxComponent struct {
	Ref        string         `json:"bom-ref"`
	PURL       string         `json:"purl"`
	Name       string         `json:"name"`
	Version    string         `json:"version"`
	Components []cdxComponent `json:"components"`
}

type cdxVulnerability struct {
	ID         string `json:"id"`
	References []struct {
		ID string `json:"id"`
	} `json:"references"`
	Analysis *struct {
		State         string `json:"state"`
		Justification string `json:"justification"`
		Detail        string `json:"detail"`
		FirstIssued   string `json:"firstIssued"`
		LastUpdated   string `json:"lastUpdated"`
	} `json:"analysis"`
	Affects []cdxAffects `json:"affects"`
}

type cdxAffects struct {
	Ref      string `json:"ref"`
	Versions []struct {
		Version string `json:"version"`
		Range   string `json:"range"`
		Status  string `json:"status"`
	} `json:"versions"`
}

// cdxStates maps vulnerabilities[].analysis.state to a status.
var cdxStates = map[string]Status{
	"resolved":               Fixed,
	"resolved_with_pedigree": Fixed,
	"exploitable":            Affected,
	"in_triage":              UnderInvestigation,
	"false_positive":         NotAffected,
	"not_affected":           NotAffected,
}

// cdxJustifications are the values of vulnerabilities[].analysis.justification.
var cdxJustifications = []string{
	"code_not_present", "code_not_reachable", "requires_configuration", "requires_dependency",
	"requires_environment", "protected_by_compiler", "protected_at_runtime", "protected_at_perimeter",
	"protected_by_mitigating_control",
}

func parseCycloneDX(data []byte, name string) (*Document, error) {
	var in cycloneDX
	if err := jsonv2.Unmarshal(data, &in); err != nil {
		return nil, fmt.Errorf("not CycloneDX: %w", err)
	}
	switch {
	case in.BOMFormat != "CycloneDX":
		return nil, fmt.Errorf("bomFormat is %q, not CycloneDX", in.BOMFormat)
	case len(in.Vulnerabilities) > MaxStatements:
		return nil, fmt.Errorf("%d vulnerabilities: %w of %d", len(in.Vulnerabilities), ErrTooLarge, MaxStatements)
	}
	refs := cdxRefs{byRef: map[string]*cdxComponent{}, root: in.Metadata.Component}
	if refs.root != nil {
		if err := refs.collect([]cdxComponent{*refs.root}, 0); err != nil {
			return nil, err
		}
	}
	if err := refs.collect(in.Components, 0); err != nil {
		return nil, err
	}
	doc := &Document{Source: cmp.Or(in.Serial, name), Author: in.author(name)}
	for i, v := range in.Vulnerabilities {
		if v.Analysis == nil || v.Analysis.State == "" {
			continue // a vulnerability that is listed, not a statement
		}
		in.statements(doc, i, v, refs)
	}
	return doc, nil
}

// author tells makers of statements apart. A document that names none is its own.
func (in *cycloneDX) author(name string) string {
	if len(in.Metadata.Authors) > 0 && in.Metadata.Authors[0].Name != "" {
		return in.Metadata.Authors[0].Name
	}
	return cmp.Or(in.Metadata.Supplier.Name, in.Serial, name)
}

// statements adds one statement for each reference, so that one that cannot be
// resolved does not take the others with it.
func (in *cycloneDX) statements(doc *Document, index int, v cdxVulnerability, refs cdxRefs) {
	base, err := v.statement(in.Metadata.Timestamp)
	if err == nil && len(v.Affects) == 0 {
		err = errors.New("affects is empty: it names no product")
	}
	if err != nil {
		doc.reject(index, base.IDs, err)
		return
	}
	for _, a := range v.Affects {
		s := base
		if s.Products, err = refs.products(a, s.Status); err != nil {
			doc.reject(index, s.IDs, err)
			continue
		}
		doc.add(index, s)
	}
}

func (v cdxVulnerability) statement(issued string) (Statement, error) {
	s := Statement{IDs: []string{v.ID}, Justification: v.Analysis.Justification}
	for _, r := range v.References {
		if r.ID != "" {
			s.IDs = append(s.IDs, r.ID)
		}
	}
	var ok bool
	if s.Status, ok = cdxStates[v.Analysis.State]; !ok {
		return s, fmt.Errorf("analysis state %q is none of CycloneDX", v.Analysis.State)
	}
	if s.Status == NotAffected && s.Justification != "" && !slices.Contains(cdxJustifications, s.Justification) {
		return s, fmt.Errorf("justification %q is none of CycloneDX", s.Justification)
	}
	s.Justification = cmp.Or(s.Justification, v.Analysis.Detail)
	if v.Analysis.State == "false_positive" {
		// The state is the reason: the vulnerability was ascribed to it wrongly.
		s.Justification = cmp.Or(s.Justification, v.Analysis.State)
	}
	at := cmp.Or(v.Analysis.LastUpdated, v.Analysis.FirstIssued, issued)
	if at == "" {
		return s, nil
	}
	var err error
	s.Time, err = parseTime(at)
	return s, err
}

// cdxRefs resolves bom-refs. A ref that two components have resolves to none.
type cdxRefs struct {
	root  *cdxComponent
	byRef map[string]*cdxComponent
}

func (r cdxRefs) collect(components []cdxComponent, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("components nested deeper than %d: %w", maxDepth, ErrTooLarge)
	}
	for i := range components {
		c := &components[i]
		if c.Ref != "" {
			if _, double := r.byRef[c.Ref]; double {
				c = nil
			}
			r.byRef[components[i].Ref] = c
		}
		if err := r.collect(components[i].Components, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// products says what a reference means. A component of the document is meant within
// the document's own product, where that can be told.
func (r cdxRefs) products(a cdxAffects, status Status) ([]Product, error) {
	ids, err := r.resolve(a, status)
	if err != nil {
		return nil, err
	}
	root := ""
	if r.root != nil && a.Ref != r.root.Ref {
		root = r.root.identifier()
	}
	if root == "" || isBOMLink(ids[0]) { // a BOM-Link names its document itself
		return []Product{{Identifiers: ids}}, nil
	}
	return []Product{{Identifiers: []string{root}, Subcomponents: ids}}, nil
}

// identifier is a component's purl, or "name@version" as Query.Products has it.
func (c *cdxComponent) identifier() string {
	if c.PURL != "" || c.Name == "" || c.Version == "" {
		return c.PURL
	}
	return c.Name + "@" + c.Version
}

func (r cdxRefs) resolve(a cdxAffects, status Status) ([]string, error) {
	id := a.Ref
	c, defined := r.byRef[a.Ref]
	switch {
	case a.Ref == "":
		return nil, errors.New("affects has no ref")
	case defined && c == nil:
		return nil, fmt.Errorf("ref %q is the bom-ref of several components", a.Ref)
	case defined:
		if id = c.identifier(); id == "" {
			return nil, fmt.Errorf("ref %q is a component without a purl, and without name and version", a.Ref)
		}
	case !purl.IsPURL(a.Ref) && !isBOMLink(a.Ref):
		return nil, fmt.Errorf("ref %q is no component of the document", a.Ref)
	}
	if len(a.Versions) == 0 || !status.suppresses() {
		return []string{id}, nil // a warning counts for every version
	}
	return unaffected(a, id)
}

// unaffected gives id at each version and range that is listed as unaffected. The
// default of versions[].status is "affected", which contradicts a state that suppresses.
func unaffected(a cdxAffects, id string) ([]string, error) {
	p, err := purl.ParsePattern(id)
	if err != nil {
		return nil, fmt.Errorf("ref %q has versions, and no purl to set them in", a.Ref)
	}
	var ids []string
	for _, v := range a.Versions {
		at := p.At(v.Version)
		switch {
		case v.Status != "unaffected":
			return nil, fmt.Errorf("ref %q lists a version as %q, against the analysis", a.Ref, cmp.Or(v.Status, "affected"))
		case v.Version != "" && p.Version() != "" && !p.SameVersion(v.Version):
			return nil, fmt.Errorf("ref %q is version %q and lists version %q", a.Ref, p.Version(), v.Version)
		case v.Version != "":
		case p.Version() != "":
			return nil, fmt.Errorf("ref %q is version %q and lists the range %q", a.Ref, p.Version(), v.Range)
		default:
			if at, err = p.In(v.Range); err != nil {
				return nil, fmt.Errorf("ref %q: %w", a.Ref, err)
			}
		}
		ids = append(ids, at.String())
	}
	return ids, nil
}
