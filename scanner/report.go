package scanner

import (
	"bytes"
	"cmp"
	"io"
	"slices"

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

func (r *Report) sort() {
	sortByPlace(r.Findings, func(a, b *Finding) int {
		x, y := &a.Package, &b.Package
		return cmp.Or(
			cmp.Compare(x.PURL, y.PURL), cmp.Compare(x.Ecosystem, y.Ecosystem), cmp.Compare(x.Name, y.Name),
			cmp.Compare(x.Version, y.Version), compareLayers(x.Layer, y.Layer), cmp.Compare(a.ID, b.ID),
		)
	})
	sortByPlace(r.NotEvaluated, func(a, b *NotEvaluated) int {
		return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(a.Reason, b.Reason))
	})
}

// sortByPlace sorts a list of large elements: it sorts their places and then moves each
// element once.
func sortByPlace[T any](list []T, compare func(a, b *T) int) {
	from := make([]int32, len(list)) // of the element that belongs here
	for i := range from {
		from[i] = int32(i)
	}
	slices.SortFunc(from, func(a, b int32) int { return compare(&list[a], &list[b]) })
	for i := range from {
		// Along the circle that begins here, up to what came from here.
		first, at := list[i], int32(i)
		for from[at] != int32(i) {
			list[at] = list[from[at]]
			at, from[at] = from[at], at
		}
		list[at], from[at] = first, at
	}
}

// compareLayers puts packages outside of any layer first.
func compareLayers(a, b *Layer) int {
	none := Layer{Index: -1}
	x, y := *cmp.Or(a, &none), *cmp.Or(b, &none)
	return cmp.Or(cmp.Compare(x.Index, y.Index), cmp.Compare(x.DiffID, y.DiffID))
}

// WriteTo writes the report: canonical JSON (RFC 8785) and a line feed.
func (r Report) WriteTo(w io.Writer) (int64, error) {
	c := canonical{w: w}
	c.report(&r)
	c.buf = append(c.buf, '\n')
	c.flush(1)
	return c.written, c.err
}

// Encode gives the bytes that WriteTo writes.
func (r Report) Encode() ([]byte, error) {
	var b bytes.Buffer
	if _, err := r.WriteTo(&b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Each of the methods below writes one type, its keys in canonical order.

func (c *canonical) report(r *Report) {
	c.field('{', "advisories")
	c.advisories(&r.Advisories)
	c.field(',', "findings")
	array(c, r.Findings, c.finding)
	c.field(',', "not_evaluated")
	array(c, r.NotEvaluated, c.notEvaluated)
	c.field(',', "schema")
	c.text(r.Schema)
	c.field(',', "target")
	c.field('{', "kind")
	c.text(r.Target.Kind)
	c.field(',', "name")
	c.text(r.Target.Name)
	c.field(',', "sha256")
	c.text(r.Target.SHA256)
	c.end()
	c.end()
}

func (c *canonical) advisories(a *Advisories) {
	c.field('{', "records")
	c.number(a.Records)
	c.field(',', "rejected")
	array(c, a.Rejected, c.rejection)
	c.field(',', "sha256")
	c.text(a.SHA256)
	c.end()
}

func (c *canonical) rejection(r advisory.Rejection) {
	open := byte('{')
	if r.Entry != "" {
		c.field(open, "entry")
		c.text(r.Entry)
		open = ','
	}
	if r.ID != "" {
		c.field(open, "id")
		c.text(r.ID)
		open = ','
	}
	c.field(open, "reason")
	c.text(r.Reason)
	c.end()
}

func (c *canonical) notEvaluated(n NotEvaluated) {
	c.field('{', "package")
	c.text(n.Package)
	c.field(',', "reason")
	c.text(n.Reason)
	c.end()
}

func (c *canonical) finding(f Finding) {
	c.field('{', "aliases")
	c.texts(f.Aliases)
	c.field(',', "fixed_versions")
	c.texts(f.FixedVersions)
	c.field(',', "id")
	c.text(f.ID)
	c.field(',', "package")
	c.pkg(&f.Package)
	c.field(',', "reachability")
	c.field('{', "path")
	c.texts(f.Reachability.Path)
	c.field(',', "verdict")
	c.text(string(f.Reachability.Verdict))
	c.field(',', "why")
	c.text(f.Reachability.Why)
	c.end()
	c.field(',', "severity")
	c.severity(&f.Severity)
	c.field(',', "suppressed")
	c.suppression(f.Suppressed)
	c.end()
}

func (c *canonical) pkg(p *FoundPackage) {
	c.field('{', "ecosystem")
	c.text(p.Ecosystem)
	c.field(',', "layer")
	if p.Layer == nil {
		c.buf = append(c.buf, "null"...)
	} else {
		c.field('{', "diff_id")
		c.text(p.Layer.DiffID)
		c.field(',', "index")
		c.number(p.Layer.Index)
		c.end()
	}
	c.field(',', "locations")
	c.texts(p.Locations)
	c.field(',', "name")
	c.text(p.Name)
	c.field(',', "purl")
	c.text(p.PURL)
	c.field(',', "version")
	c.text(p.Version)
	c.end()
}

func (c *canonical) severity(s *severity.Severity) {
	c.field('{', "level")
	c.text(string(s.Level))
	c.field(',', "score")
	if s.Vector != "" {
		c.float(s.Score)
	} else {
		c.buf = append(c.buf, "null"...)
	}
	c.field(',', "source")
	c.text(s.Source)
	c.field(',', "vector")
	c.text(s.Vector)
	c.end()
}

func (c *canonical) suppression(s *vex.Suppression) {
	if s == nil {
		c.buf = append(c.buf, "null"...)
		return
	}
	c.field('{', "justification")
	c.text(s.Justification)
	c.field(',', "source")
	c.text(s.Source)
	c.field(',', "status")
	c.text(string(s.Status))
	c.end()
}
