// Package cyclonedx writes a report as CycloneDX 1.6: the packages that have findings
// as components, and the findings as vulnerabilities with their ratings and analysis
// (a VDR, and a VEX by its analysis).
//
// # What is written
//
// The document is no SBOM of the target: components are those with findings. Its
// subject is the target, without a version, with the digest of what was scanned.
//
// The analysis of a finding is
//
//   - what a VEX statement says, where one suppresses it: not_affected or resolved;
//   - not_affected, code_not_reachable, where no vulnerable code is reached;
//   - exploitable, where some is;
//   - in_triage, where that is not known.
//
// Justifications of OpenVEX become the nearest of CycloneDX; what is none of either is
// in the detail, with the source of the statement.
//
// A rating has a score only where a vector gives one. "negligible", which CycloneDX
// lacks, is "info". Packages that were not evaluated and advisories that were rejected
// are properties of the metadata: "stella:not_evaluated", "stella:advisory_rejected".
//
// # Guarantees
//
// The same report and time give the same bytes; the serial number is made of the
// report (a UUID of version 8, RFC 9562). Without a time there is no timestamp.
//
// Source: https://cyclonedx.org/docs/1.6/json/.
package cyclonedx

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/reach"
	"github.com/stella-ops/stella/scanner/severity"
	"github.com/stella-ops/stella/scanner/vex"
)

// Encode gives the bytes of a report: indented JSON and a line feed. now is the
// document's timestamp; the zero time is none.
func Encode(r scanner.Report, now time.Time) ([]byte, error) {
	serial, err := serialNumber(r, now)
	if err != nil {
		return nil, err
	}
	bom := cdx.NewBOM()
	// EncodeVersion would say so too, but copies by gob, which loses a score of 0.
	bom.SpecVersion, bom.JSONSchema = cdx.SpecVersion1_6, "http://cyclonedx.org/schema/bom-1.6.schema.json"
	bom.SerialNumber = serial
	bom.Metadata = metadata(r, now)
	refs := map[string]bool{subjectRef: true}
	components, vulnerabilities := []cdx.Component{}, []cdx.Vulnerability{}
	for i, f := range r.Findings {
		// A report is sorted by package, so that the findings of one follow each other.
		if i == 0 || !samePackage(r.Findings[i-1].Package, f.Package) {
			components = append(components, component(f.Package, refs))
		}
		vulnerabilities = append(vulnerabilities, vulnerability(f, components[len(components)-1].BOMRef))
	}
	bom.Components, bom.Vulnerabilities = &components, &vulnerabilities
	var b bytes.Buffer
	if err := cdx.NewBOMEncoder(&b, cdx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false).Encode(bom); err != nil {
		return nil, fmt.Errorf("encoding CycloneDX: %w", err)
	}
	return b.Bytes(), nil
}

// subjectRef is the bom-ref of the target.
const subjectRef = "target"

func serialNumber(r scanner.Report, now time.Time) (string, error) {
	text, err := r.Encode()
	if err != nil {
		return "", err
	}
	b := sha256.Sum256(fmt.Append(text, now.UTC().Format(time.RFC3339Nano)))
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80 // version 8, variant
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16]), nil
}

func metadata(r scanner.Report, now time.Time) *cdx.Metadata {
	kind := cdx.ComponentTypeApplication
	if r.Target.Kind == "docker-archive" || r.Target.Kind == "oci-layout" {
		kind = cdx.ComponentTypeContainer
	}
	m := &cdx.Metadata{
		Tools: &cdx.ToolsChoice{Components: &[]cdx.Component{{Type: cdx.ComponentTypeApplication, Name: "stella-scan"}}},
		Component: &cdx.Component{
			BOMRef: subjectRef, Type: kind, Name: r.Target.Name,
			Hashes: &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: r.Target.SHA256}},
		},
	}
	if !now.IsZero() {
		m.Timestamp = now.UTC().Format(time.RFC3339Nano)
	}
	properties := []cdx.Property{
		{Name: "stella:advisories:sha256", Value: r.Advisories.SHA256},
		{Name: "stella:advisories:records", Value: fmt.Sprint(r.Advisories.Records)},
	}
	for _, n := range r.NotEvaluated {
		properties = append(properties, cdx.Property{Name: "stella:not_evaluated", Value: n.Package + ": " + n.Reason})
	}
	for _, a := range r.Advisories.Rejected {
		properties = append(properties, cdx.Property{Name: "stella:advisory_rejected", Value: cmp.Or(a.ID, a.Entry) + ": " + a.Reason})
	}
	m.Properties = &properties
	return m
}

func samePackage(a, b scanner.FoundPackage) bool {
	layer := func(l *scanner.Layer) scanner.Layer { return *cmp.Or(l, &scanner.Layer{Index: -1}) }
	return a.PURL == b.PURL && a.Ecosystem == b.Ecosystem && a.Name == b.Name && a.Version == b.Version && layer(a.Layer) == layer(b.Layer)
}

// component gives a package a ref of its own: one purl may lie in several layers.
func component(p scanner.FoundPackage, refs map[string]bool) cdx.Component {
	name := cmp.Or(p.PURL, p.Ecosystem+"/"+p.Name+"@"+p.Version)
	ref := name
	for n := 2; refs[ref]; n++ {
		ref = fmt.Sprintf("%s#%d", name, n)
	}
	refs[ref] = true
	c := cdx.Component{BOMRef: ref, Type: cdx.ComponentTypeLibrary, Name: p.Name, Version: p.Version, PackageURL: p.PURL}
	if len(p.Locations) > 0 {
		var at []cdx.EvidenceOccurrence
		for _, l := range p.Locations {
			at = append(at, cdx.EvidenceOccurrence{Location: l})
		}
		c.Evidence = &cdx.Evidence{Occurrences: &at}
	}
	properties := []cdx.Property{{Name: "stella:ecosystem", Value: p.Ecosystem}}
	if p.Layer != nil {
		properties = append(properties,
			cdx.Property{Name: "stella:layer:index", Value: fmt.Sprint(p.Layer.Index)},
			cdx.Property{Name: "stella:layer:diff_id", Value: p.Layer.DiffID})
	}
	c.Properties = &properties
	return c
}

func vulnerability(f scanner.Finding, ref string) cdx.Vulnerability {
	v := cdx.Vulnerability{
		BOMRef:         f.ID + " in " + ref,
		ID:             f.ID,
		Source:         source(f.ID),
		Ratings:        &[]cdx.VulnerabilityRating{rating(f.Severity)},
		Recommendation: recommendation(f),
		Affects:        &[]cdx.Affects{{Ref: ref}},
		Analysis:       analysis(f),
	}
	var references []cdx.VulnerabilityReference
	for _, alias := range f.Aliases {
		if alias != f.ID {
			references = append(references, cdx.VulnerabilityReference{ID: alias, Source: source(alias)})
		}
	}
	if references != nil {
		v.References = &references
	}
	return v
}

func source(id string) *cdx.Source {
	return &cdx.Source{Name: "OSV", URL: "https://osv.dev/vulnerability/" + url.PathEscape(id)}
}

// methods are the scoring methods by the beginning of a vector. One of CVSS 2.0 has no
// such beginning.
var methods = []struct {
	prefix string
	method cdx.ScoringMethod
}{
	{"CVSS:4", cdx.ScoringMethodCVSSv4},
	{"CVSS:3.1", cdx.ScoringMethodCVSSv31},
	{"CVSS:3", cdx.ScoringMethodCVSSv3},
	{"", cdx.ScoringMethodCVSSv2},
}

func rating(s severity.Severity) cdx.VulnerabilityRating {
	r := cdx.VulnerabilityRating{Severity: cdx.Severity(s.Level), Vector: s.Vector}
	if s.Level == severity.Negligible {
		r.Severity = cdx.SeverityInfo
	}
	if s.Source != "" {
		r.Source = &cdx.Source{Name: s.Source}
	}
	if s.Vector == "" {
		r.Method = cdx.ScoringMethodOther
		return r
	}
	r.Score = &s.Score
	for _, m := range methods {
		if strings.HasPrefix(s.Vector, m.prefix) {
			r.Method = m.method
			break
		}
	}
	return r
}

func recommendation(f scanner.Finding) string {
	if len(f.FixedVersions) == 0 {
		return ""
	}
	return "Upgrade " + f.Package.Name + " to " + strings.Join(f.FixedVersions, " or ") + "."
}

// nearest are the justifications of OpenVEX as CycloneDX has them.
var nearest = map[string]cdx.ImpactAnalysisJustification{
	"component_not_present":               cdx.IAJCodeNotPresent,
	"vulnerable_code_not_present":         cdx.IAJCodeNotPresent,
	"vulnerable_code_not_in_execute_path": cdx.IAJCodeNotReachable,
	"inline_mitigations_already_exist":    cdx.IAJProtectedByMitigatingControl,
}

var justifications = []cdx.ImpactAnalysisJustification{
	cdx.IAJCodeNotPresent, cdx.IAJCodeNotReachable, cdx.IAJRequiresConfiguration, cdx.IAJRequiresDependency, cdx.IAJRequiresEnvironment,
	cdx.IAJProtectedByCompiler, cdx.IAJProtectedAtRuntime, cdx.IAJProtectedAtPerimeter, cdx.IAJProtectedByMitigatingControl,
}

func analysis(f scanner.Finding) *cdx.VulnerabilityAnalysis {
	a := &cdx.VulnerabilityAnalysis{Detail: "reachability " + string(f.Reachability.Verdict) + ": " + f.Reachability.Why}
	switch f.Reachability.Verdict {
	case reach.Reachable:
		a.State = cdx.IASExploitable
		a.Detail += " (" + strings.Join(f.Reachability.Path, " → ") + ")"
	case reach.Unreachable:
		a.State, a.Justification = cdx.IASNotAffected, cdx.IAJCodeNotReachable
	default:
		a.State = cdx.IASInTriage
	}
	s := f.Suppressed
	if s == nil {
		return a
	}
	a.Detail = fmt.Sprintf("%s, %s (stated by %s)", s.Status, cmp.Or(s.Justification, "without justification"), s.Source)
	switch s.Status {
	case vex.Fixed:
		a.State, a.Justification = cdx.IASResolved, ""
	case vex.NotAffected:
		a.State = cdx.IASNotAffected
		a.Justification = cmp.Or(nearest[s.Justification], cdx.ImpactAnalysisJustification(s.Justification))
		if !slices.Contains(justifications, a.Justification) {
			a.Justification = ""
		}
	}
	return a
}
