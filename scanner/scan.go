package scanner

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/stella-ops/stella/scanner/advisory"
	"github.com/stella-ops/stella/scanner/config"
	"github.com/stella-ops/stella/scanner/reach"
	"github.com/stella-ops/stella/scanner/severity"
	"github.com/stella-ops/stella/scanner/version"
	"github.com/stella-ops/stella/scanner/vex"
)

// Options is what a scan is given beside packages and advisories. The zero value is
// a scan without evidence of calls and without statements.
type Options struct {
	// Evidence says what is called, for the verdicts of reachability.
	Evidence []reach.Evidence
	// VEX suppresses findings; nil suppresses none.
	VEX *vex.Set
	// Ignore suppresses findings that VEX does not; nil suppresses none. After the scan,
	// its Unused and that of VEX say what was without effect.
	Ignore *config.Rules
	// Withdrawn judges withdrawn advisories too.
	Withdrawn bool
}

// Scan judges every package of an inventory by the advisories of a set. The report
// does not depend on the order of packages or advisories. It is an error when the context
// ends, and when the set turns out to be damaged (wraps [advisory.ErrIndex]).
func Scan(ctx context.Context, inv Inventory, db *advisory.DB, o Options) (Report, error) {
	s := scan{db: db, options: o}
	if err := s.all(ctx, inv); err != nil {
		return Report{}, fmt.Errorf("scanning %s: %w", inv.Target.Name, err)
	}
	s.report.sort()
	return s.report, nil
}

// atOnce is how many packages a goroutine takes.
const atOnce = 256

// all judges the packages on every processor. The report is put in order at the end, so
// that it does not matter who judged which.
func (s *scan) all(ctx context.Context, inv Inventory) (err error) {
	if s.report, err = newReport(inv, s.db); err != nil {
		return err
	}
	packages := merge(inv.Packages)
	parts := make([]judge, (len(packages.first)+atOnce-1)/atOnce)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(parts)) {
		wg.Go(func() {
			for n := int(next.Add(1)) - 1; n < len(parts); n = int(next.Add(1)) - 1 {
				parts[n].scan = s
				if parts[n].err = parts[n].judge(ctx, packages, n*atOnce); parts[n].err != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	return s.collect(parts)
}

// collect takes what was found into the report. The error is that of the first part which
// has one: each before it was handed out earlier and is done.
func (s *scan) collect(parts []judge) error {
	findings, doubts := 0, len(s.report.NotEvaluated)
	for i := range parts {
		if err := parts[i].err; err != nil {
			return err
		}
		findings += len(parts[i].findings)
		doubts += len(parts[i].notEvaluated)
	}
	s.report.Findings = slices.Grow(s.report.Findings, findings)
	s.report.NotEvaluated = slices.Grow(s.report.NotEvaluated, doubts)
	for i := range parts {
		s.report.Findings = append(s.report.Findings, parts[i].findings...)
		s.report.NotEvaluated = append(s.report.NotEvaluated, parts[i].notEvaluated...)
		parts[i] = judge{} // its memory is wanted
	}
	return nil
}

// scan is one scan at work. Its judges share it, and change nothing in it.
type scan struct {
	db      *advisory.DB
	options Options
	report  Report
}

// judge is what was found of one part of the packages.
type judge struct {
	*scan
	findings     []Finding
	notEvaluated []NotEvaluated
	err          error
}

// judge judges the packages of its part.
func (j *judge) judge(ctx context.Context, packages merged, from int) error {
	for n := from; n < min(from+atOnce, len(packages.first)); n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := j.one(packages, n); err != nil {
			return err
		}
	}
	return nil
}

// one adds what the advisories say of one package: its findings, or why there is nothing
// that can be said.
func (j *judge) one(packages merged, n int) error {
	p := packages.at(n)
	if reason := j.unjudgeable(p); reason != "" {
		j.doubt(packages.labels(n), reason)
		return nil
	}
	records, err := j.db.Lookup(p.Ecosystem, p.Name)
	if err != nil {
		return err
	}
	_, unreadable := version.Parse(p.Ecosystem, p.Version)
	if unreadable != nil {
		// Said once, not by every record. One may still list the version by its text, or
		// concern all versions.
		j.doubt(packages.labels(n), unreadable.Error())
	}
	if len(records) == 0 {
		return nil
	}
	groups := make(map[string]*group)
	q := advisory.Query{Ecosystem: p.Ecosystem, Name: p.Name, Version: p.Version, Withdrawn: j.options.Withdrawn}
	for _, r := range records {
		v := r.Affects(q)
		switch v.Status {
		case advisory.IsAffected:
			g, err := j.db.Group(r.ID)
			if err != nil {
				return err
			}
			if groups[g.ID] == nil {
				groups[g.ID] = &group{Group: g}
			}
			groups[g.ID].add(r, v)
		case advisory.Unknown:
			if unreadable != nil {
				continue
			}
			j.doubt(packages.labels(n), fmt.Sprintf("%s cannot be judged: %s", r.ID, v.Reason))
		}
	}
	if len(groups) == 0 {
		return nil
	}
	found, err := j.join(groups)
	if err != nil {
		return err
	}
	twins := packages.twins(n)
	p.Locations = packages.locations(n)
	for _, g := range found {
		j.findings = append(j.findings, j.finding(p, twins, g))
	}
	return nil
}

// doubt lists a package under each of its names, so that whoever looks for one finds it.
func (j *judge) doubt(names []string, reason string) {
	for _, name := range names {
		j.notEvaluated = append(j.notEvaluated, NotEvaluated{Package: name, Reason: reason})
	}
}

// unjudgeable says why no advisory can be held against a package, "" where some can.
func (s *scan) unjudgeable(p Package) string {
	switch {
	case p.Ecosystem == "":
		return "unknown ecosystem"
	case p.Name == "":
		return "no name"
	case p.Version == "":
		return "no version"
	case !s.db.Has(p.Ecosystem):
		return "no advisories for ecosystem " + p.Ecosystem
	}
	return ""
}

func (s *scan) finding(p Package, twins []Package, g *group) Finding {
	return Finding{
		ID:      g.ID,
		Aliases: g.IDs,
		Package: FoundPackage{
			PURL: p.PURL, Ecosystem: p.Ecosystem, Name: p.Name, Version: p.Version,
			Locations: p.Locations, Layer: p.Layer,
		},
		FixedVersions: orEmpty(sortVersions(p.Ecosystem, g.fixed)),
		Severity:      severity.Pick(g.severities),
		Reachability:  s.reachability(p, twins, g),
		Suppressed:    s.suppression(p, twins, g),
	}
}

// suppression asks VEX and then the ignore rules: what a product's maker states says more
// than that a user looks away. Both are asked, so that each knows what it matched.
func (s *scan) suppression(p Package, twins []Package, g *group) *vex.Suppression {
	var stated, ignored *vex.Suppression
	if s.options.VEX != nil {
		stated = s.stated(append([]Package{p}, twins...), g)
	}
	if s.options.Ignore != nil {
		ignored = answered(g.vulnerabilities, func(v advisory.Group) *vex.Suppression {
			return s.options.Ignore.Suppress(config.Query{IDs: v.IDs, PURL: p.PURL, Ecosystem: p.Ecosystem, Name: p.Name, Version: p.Version})
		})
	}
	return cmp.Or(stated, ignored)
}

// stated is what VEX says of all entries of a package.
func (s *scan) stated(entries []Package, g *group) *vex.Suppression {
	return answered(entries, func(e Package) *vex.Suppression {
		q := vex.Query{PURL: e.PURL, Version: e.Version, Products: e.Place.Containers()}
		if link := e.Place.Link(); link != "" {
			q.Refs = []string{link}
		}
		return answered(g.vulnerabilities, func(v advisory.Group) *vex.Suppression {
			q.IDs = v.IDs
			return s.options.VEX.Suppress(q)
		})
	})
}

// answered is what suppresses a finding that has several parts: the first of the answers
// in their order, nil where one part has none. Every part is asked, so that a statement
// knows what it matched.
func answered[T any](parts []T, answer func(T) *vex.Suppression) *vex.Suppression {
	var all []vex.Suppression
	for _, part := range parts {
		if one := answer(part); one != nil {
			all = append(all, *one)
		}
	}
	if len(all) < len(parts) {
		return nil
	}
	best := slices.MinFunc(all, func(a, b vex.Suppression) int {
		return cmp.Or(cmp.Compare(a.Status, b.Status), cmp.Compare(a.Justification, b.Justification), cmp.Compare(a.Source, b.Source))
	})
	return &best
}

// reachability asks the evidence, the SBOM's own too, about the symbols that the group's
// advisories name.
func (s *scan) reachability(p Package, twins []Package, g *group) reach.Result {
	q := reach.Query{Ecosystem: version.Base(p.Ecosystem), Package: p.Name, Version: p.Version, IDs: g.IDs}
	for _, a := range g.entries {
		targets, err := reach.Targets(q.Ecosystem, a.Name, a.EcosystemSpecific)
		if err != nil {
			// Symbols that cannot be read are symbols that may be called.
			return reach.Result{Verdict: reach.Unknown, Why: err.Error(), Path: []string{}}
		}
		q.Targets = append(q.Targets, targets...)
	}
	evidence := slices.Clone(s.options.Evidence)
	for _, e := range append([]Package{p}, twins...) {
		if e.Evidence != nil {
			evidence = append(evidence, e.Evidence)
		}
	}
	return reach.Judge(q, evidence...)
}

// sortVersions puts versions in their ecosystem's order, those that cannot be read
// last, and drops doubles.
func sortVersions(ecosystem string, versions []string) []string {
	type parsed struct {
		version.Version
		text string
		bad  int
	}
	all := make([]parsed, len(versions))
	for i, v := range versions {
		p, err := version.Parse(ecosystem, v)
		all[i] = parsed{Version: p, text: v}
		if err != nil {
			all[i].bad = 1
		}
	}
	slices.SortFunc(all, func(a, b parsed) int {
		order := 0
		if a.bad == 0 && b.bad == 0 {
			order = a.Compare(b.Version)
		}
		return cmp.Or(cmp.Compare(a.bad, b.bad), order, cmp.Compare(a.text, b.text))
	})
	var sorted []string
	for _, p := range all {
		sorted = append(sorted, p.text)
	}
	return slices.Compact(sorted)
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
