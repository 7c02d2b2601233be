package scanner

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/cyberphone/json-canonicalization/go/src/webpki.org/jsoncanonicalizer"

	"github.com/stella-ops/stella/scanner/advisory"
	"github.com/stella-ops/stella/scanner/reach"
	"github.com/stella-ops/stella/scanner/severity"
	"github.com/stella-ops/stella/scanner/vex"
)

// Schema names the format of a report.
const Schema = "stella.findings/v1"

// Report is what a scan found. Every list is sorted and none is nil.
type Report struct {
	Schema       string         `json:"schema"`
	Target       Target         `json:"target"`
	Advisories   Advisories     `json:"advisories"`
	Findings     []Finding      `json:"findings"`
	NotEvaluated []NotEvaluated `json:"not_evaluated"`
}

// Advisories says which set was used.
type Advisories struct {
	SHA256   string               `json:"sha256"` // see advisory.DB.SHA256
	Records  int                  `json:"records"`
	Rejected []advisory.Rejection `json:"rejected"`
}

// Finding is one vulnerability, under all its aliases, in one package.
type Finding struct {
	ID            string            `json:"id"`      // stands for the alias group
	Aliases       []string          `json:"aliases"` // every id of the group, ID among them
	Package       FoundPackage      `json:"package"`
	FixedVersions []string          `json:"fixed_versions"` // in the ecosystem's order
	Severity      severity.Severity `json:"severity"`
	Reachability  reach.Result      `json:"reachability"`
	Suppressed    *vex.Suppression  `json:"suppressed"`
}

// FoundPackage is the package of a finding; its fields are those of [Package].
type FoundPackage struct {
	PURL      string   `json:"purl"`
	Ecosystem string   `json:"ecosystem"`
	Name      string   `json:"name"`
	Version   string   `json:"version"`
	Locations []string `json:"locations"`
	Layer     *Layer   `json:"layer"`
}

func newReport(inv Inventory, db *advisory.DB) (Report, error) {
	rejected, err := db.Rejected()
	return Report{
		Schema: Schema,
		Target: inv.Target,
		Advisories: Advisories{
			SHA256: db.SHA256(), Records: db.Records(),
			Rejected: rejected,
		},
		Findings:     []Finding{},
		NotEvaluated: append([]NotEvaluated{}, inv.Unreadable...),
	}, err
}

func (r *Report) notEvaluated(p Package, reason string) {
	r.NotEvaluated = append(r.NotEvaluated, NotEvaluated{Package: cmp.Or(p.PURL, p.Name), Reason: reason})
}

func (r *Report) sort() {
	slices.SortFunc(r.Findings, func(a, b Finding) int {
		x, y := a.Package, b.Package
		return cmp.Or(
			cmp.Compare(x.PURL, y.PURL), cmp.Compare(x.Ecosystem, y.Ecosystem), cmp.Compare(x.Name, y.Name),
			cmp.Compare(x.Version, y.Version), compareLayers(x.Layer, y.Layer), cmp.Compare(a.ID, b.ID),
		)
	})
	slices.SortFunc(r.NotEvaluated, func(a, b NotEvaluated) int {
		return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(a.Reason, b.Reason))
	})
}

// compareLayers puts packages outside of any layer first.
func compareLayers(a, b *Layer) int {
	none := Layer{Index: -1}
	x, y := *cmp.Or(a, &none), *cmp.Or(b, &none)
	return cmp.Or(cmp.Compare(x.Index, y.Index), cmp.Compare(x.DiffID, y.DiffID))
}

// Encode gives the report's bytes: canonical JSON (RFC 8785) and a line feed.
func (r Report) Encode() ([]byte, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encoding a report: %w", err)
	}
	canonical, err := jsoncanonicalizer.Transform(text)
	if err != nil {
		return nil, fmt.Errorf("encoding a report: %w", err)
	}
	return append(canonical, '\n'), nil
}
