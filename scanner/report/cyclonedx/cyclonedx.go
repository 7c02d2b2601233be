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
// A rating has a score only where a vector gives one. Where a distribution has a priority of
// its own it comes first, and the vector's rating second. "negligible", which CycloneDX
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
	"cmp"
	"crypto/sha256"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/reach"
	"github.com/stella-ops/stella/scanner/report/indent"
	"github.com/stella-ops/stella/scanner/severity"
	"github.com/stella-ops/stella/scanner/vex"
)

// Document is a report that is written as CycloneDX: indented JSON and a line feed.
// Components and vulnerabilities are made one at a time.
type Document struct {
	Report scanner.Report
	Now    time.Time // the timestamp; the zero time is none
}

// WriteTo writes the document.
func (d Document) WriteTo(out io.Writer) (int64, error) {
	serial, err := d.serialNumber()
	if err != nil {
		return 0, err
	}
	w := indent.NewWriter(out)
	w.Value("$schema", "http://cyclonedx.org/schema/bom-1.6.schema.json")
	w.Value("bomFormat", cdx.BOMFormat)
	w.Value("specVersion", cdx.SpecVersion1_6)
	w.Value("serialNumber", serial)
	w.Value("version", 1)
	d.metadata(w)
	refs := components(w, d.Report.Findings)
	vulnerabilities(w, d.Report.Findings, refs)
	n, err := w.Flush()
	if err != nil {
		return n, fmt.Errorf("writing CycloneDX: %w", err)
	}
	return n, nil
}

// subjectRef is the bom-ref of the target.
const subjectRef = "target"

func (d Document) serialNumber() (string, error) {
	hash := sha256.New()
	if _, err := d.Report.WriteTo(hash); err != nil {
		return "", err
	}
	fmt.Fprint(hash, d.Now.UTC().Format(time.RFC3339Nano))
	b := hash.Sum(nil)
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80 // version 8, variant
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16]), nil
}

func (d Document) metadata(w *indent.Writer) {
	r := d.Report
	kind := cdx.ComponentTypeApplication
	if r.Target.Kind == "docker-archive" || r.Target.Kind == "oci-layout" {
		kind = cdx.ComponentTypeContainer
	}
	w.Object("metadata")
	if !d.Now.IsZero() {
		w.Value("timestamp", d.Now.UTC().Format(time.RFC3339Nano))
	}
	w.Value("tools", cdx.ToolsChoice{Components: &[]cdx.Component{{Type: cdx.ComponentTypeApplication, Name: "stella-scan"}}})
	w.Value("component", cdx.Component{
		BOMRef: subjectRef, Type: kind, Name: r.Target.Name,
		Hashes: &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: r.Target.SHA256}},
	})
	w.List("properties")
	w.Value("", cdx.Property{Name: "stella:advisories:sha256", Value: r.Advisories.SHA256})
	w.Value("", cdx.Property{Name: "stella:advisories:records", Value: fmt.Sprint(r.Advisories.Records)})
	for _, n := range r.NotEvaluated {
		w.Value("", cdx.Property{Name: "stella:not_evaluated", Value: n.Package + ": " + n.Reason})
	}
	for _, a := range r.Advisories.Rejected {
		w.Value("", cdx.Property{Name: "stella:advisory_rejected", Value: cmp.Or(a.ID, a.Entry) + ": " + a.Reason})
	}
	w.End()
	w.End()
}

// components writes each package that has findings, and gives the refs in their order.
func components(w *indent.Writer, findings []scanner.Finding) (refs []string) {
	taken := map[string]bool{subjectRef: true}
	w.List("components")
	for i := range findings {
		if newPackage(findings, i) {
			c := component(findings[i].Package, taken)
			refs = append(refs, c.BOMRef)
			w.Value("", c)
		}
	}
	w.End()
	return refs
}

func vulnerabilities(w *indent.Writer, findings []scanner.Finding, refs []string) {
	at := -1
	w.List("vulnerabilities")
	for i := range findings {
		if newPackage(findings, i) {
			at++
		}
		w.Value("", vulnerability(findings[i], refs[at]))
	}
	w.End()
}

// newPackage reports whether the finding is the first of its package. A report is sorted by
// package, so that the findings of one follow each other.
func newPackage(findings []scanner.Finding, i int) bool {
	return i == 0 || !samePackage(findings[i-1].Package, findings[i].Package)
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
		Ratings:        ratings(f.Severity),
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

// ratings are the one rating, or a distribution's priority and the vector beside it.
func ratings(s severity.Severity) *[]cdx.VulnerabilityRating {
	if !s.Priority || s.Vector == "" {
		return &[]cdx.VulnerabilityRating{rating(s)}
	}
	level := severity.Severity{Level: s.Level, Source: s.Source}
	return &[]cdx.VulnerabilityRating{rating(level), rating(s.OfVector())}
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
