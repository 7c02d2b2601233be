// Package openvex writes a report as an OpenVEX v0.2.0 document: one statement for
// each finding, about the package itself.
//
// # Which status
//
//   - A finding that a VEX statement answers keeps that statement's status,
//     not_affected or fixed, with its justification.
//   - Unreachable is not_affected, vulnerable_code_not_in_execute_path; what the
//     evidence says is the impact statement.
//   - Reachable is affected; the action is the upgrade to a fixed version.
//   - Unknown is under_investigation. That a version is listed by an advisory says that
//     vulnerable code may be there, not that the product can be attacked by it: both
//     "affected" and "not affected" would be claims that nothing proves.
//
// A justification that is none of OpenVEX's becomes the nearest one where CycloneDX
// means the same, and an impact statement otherwise. A finding that is suppressed by
// something that is no VEX status, such as a rule of a user, is stated by its reachability,
// and the status notes name the rule: what its user accepts is no word of a vendor.
//
// A product is a purl. A package without one is "pkg:generic/NAME@VERSION".
//
// # What is lost
//
// OpenVEX has no word for packages that were not evaluated. A document without
// statements is not valid, so that a report without findings is an error
// ([ErrNoStatements]).
//
// # Guarantees
//
// The same report, author and time give the same bytes. The document's id is made of
// them.
//
// Source: https://github.com/openvex/spec, OPENVEX-SPEC.md v0.2.0.
package openvex

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/reach"
	"github.com/stella-ops/stella/scanner/vex"
)

// ErrNoStatements is the error of a report without findings.
var ErrNoStatements = errors.New("there are no findings, and an OpenVEX document without statements is not valid")

// Options is what a document says beside the report. Both are required.
type Options struct {
	Author string
	Now    time.Time // when the statements are made
}

type document struct {
	Context    string      `json:"@context"`
	ID         string      `json:"@id"`
	Author     string      `json:"author"`
	Timestamp  string      `json:"timestamp"`
	Version    int         `json:"version"`
	Tooling    string      `json:"tooling"`
	Statements []statement `json:"statements"`
}

type statement struct {
	Vulnerability   vulnerability `json:"vulnerability"`
	Products        []product     `json:"products"`
	Status          vex.Status    `json:"status"`
	StatusNotes     string        `json:"status_notes,omitempty"`
	Justification   string        `json:"justification,omitempty"`
	ImpactStatement string        `json:"impact_statement,omitempty"`
	ActionStatement string        `json:"action_statement,omitempty"`
}

type vulnerability struct {
	Name    string   `json:"name"`
	Aliases []string `json:"aliases,omitempty"`
}

type product struct {
	ID          string            `json:"@id"`
	Identifiers map[string]string `json:"identifiers,omitempty"`
}

// Encode gives the bytes of a report: indented JSON and a line feed.
func Encode(r scanner.Report, o Options) ([]byte, error) {
	switch {
	case o.Author == "" || o.Now.IsZero():
		return nil, errors.New("encoding OpenVEX: author and time are required")
	case len(r.Findings) == 0:
		return nil, fmt.Errorf("encoding OpenVEX: %w", ErrNoStatements)
	}
	doc := document{
		Context: "https://openvex.dev/ns/v0.2.0", Author: o.Author, Timestamp: o.Now.UTC().Format(time.RFC3339Nano),
		Version: 1, Tooling: "stella-scan",
	}
	for _, f := range r.Findings {
		doc.Statements = append(doc.Statements, statementOf(f))
	}
	body, err := encode(doc)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(append(body, r.Target.SHA256...))
	doc.ID = "urn:stella:openvex:" + hex.EncodeToString(digest[:])
	return encode(doc)
}

func encode(doc document) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(doc); err != nil {
		return nil, fmt.Errorf("encoding OpenVEX: %w", err)
	}
	return b.Bytes(), nil
}

func statementOf(f scanner.Finding) statement {
	s := statement{Vulnerability: vulnerability{Name: f.ID}, Products: []product{productOf(f.Package)}}
	for _, alias := range f.Aliases {
		if alias != f.ID {
			s.Vulnerability.Aliases = append(s.Vulnerability.Aliases, alias)
		}
	}
	switch {
	case f.Suppressed != nil && (f.Suppressed.Status == vex.NotAffected || f.Suppressed.Status == vex.Fixed):
		s.suppressed(*f.Suppressed)
	default:
		s.judged(f)
		if x := f.Suppressed; x != nil {
			s.StatusNotes += fmt.Sprintf("; suppressed as %s by %s: %s", x.Status, x.Source, x.Justification)
		}
	}
	return s
}

// nearest are the justifications of CycloneDX that mean what one of OpenVEX means.
var nearest = map[string]string{
	"code_not_present":                "vulnerable_code_not_present",
	"code_not_reachable":              "vulnerable_code_not_in_execute_path",
	"protected_by_compiler":           "inline_mitigations_already_exist",
	"protected_at_runtime":            "inline_mitigations_already_exist",
	"protected_at_perimeter":          "inline_mitigations_already_exist",
	"protected_by_mitigating_control": "inline_mitigations_already_exist",
}

var justifications = []string{
	"component_not_present", "vulnerable_code_not_present", "vulnerable_code_not_in_execute_path",
	"vulnerable_code_cannot_be_controlled_by_adversary", "inline_mitigations_already_exist",
}

func (s *statement) suppressed(by vex.Suppression) {
	s.Status, s.StatusNotes = by.Status, "stated by "+by.Source
	if by.Status != vex.NotAffected {
		return
	}
	s.Justification = cmp.Or(nearest[by.Justification], by.Justification)
	if !slices.Contains(justifications, s.Justification) {
		s.Justification, s.ImpactStatement = "", by.Justification
	}
}

func (s *statement) judged(f scanner.Finding) {
	s.StatusNotes = "reachability " + string(f.Reachability.Verdict) + ": " + f.Reachability.Why
	switch f.Reachability.Verdict {
	case reach.Unreachable:
		s.Status, s.Justification, s.ImpactStatement = vex.NotAffected, "vulnerable_code_not_in_execute_path", f.Reachability.Why
	case reach.Reachable:
		s.Status, s.ActionStatement = vex.Affected, action(f)
	default:
		s.Status = vex.UnderInvestigation
	}
}

func action(f scanner.Finding) string {
	if len(f.FixedVersions) == 0 {
		return "No fixed version of " + f.Package.Name + " is known: remove it, or keep the vulnerable code from being reached."
	}
	return "Upgrade " + f.Package.Name + " to " + strings.Join(f.FixedVersions, " or ") + "."
}

func productOf(p scanner.FoundPackage) product {
	if p.PURL == "" {
		return product{ID: "pkg:generic/" + url.PathEscape(p.Name) + "@" + url.PathEscape(p.Version)}
	}
	return product{ID: p.PURL, Identifiers: map[string]string{"purl": p.PURL}}
}
