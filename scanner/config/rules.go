package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/stella-ops/stella/scanner/purl"
	"github.com/stella-ops/stella/scanner/vex"
)

// Ignored is the status of a finding that a rule suppresses. VEX has none like it: the
// user looks away, and nobody says that the product is not affected.
const Ignored vex.Status = "ignored"

// everything is the package that means every package.
const everything = "*"

// Query asks about one finding.
type Query struct {
	// IDs are all ids of the vulnerability: those of the finding's alias group, and of
	// what its record comes from.
	IDs []string
	// PURL is the package's, as the inventory spells it; "" where it has none.
	PURL string
	// Ecosystem, Name and Version are the package's as OSV has them.
	Ecosystem, Name, Version string
}

// Rules are the ignore rules of several files. Goroutines may share them.
type Rules struct {
	all  []*rule
	byID map[string][]*rule
}

type rule struct {
	Rule
	source string
	used   atomic.Bool
}

// NewRules joins configurations; their order does not matter.
func NewRules(configs ...*Config) *Rules {
	rules := &Rules{byID: map[string][]*rule{}}
	for _, c := range configs {
		for _, r := range c.Ignore {
			one := &rule{Rule: r, source: c.Source}
			rules.all = append(rules.all, one)
			id := strings.ToUpper(r.ID)
			rules.byID[id] = append(rules.byID[id], one)
		}
	}
	return rules
}

// Suppress says why the finding that q describes is ignored, or nil. Of several rules
// that ignore it, the first by reason and source is shown.
func (s *Rules) Suppress(q Query) *vex.Suppression {
	var found *rule
	pattern, parsed := q.pattern()
	for _, id := range q.IDs {
		for _, r := range s.byID[strings.ToUpper(id)] {
			if r.expired || !r.about(q, pattern, parsed) {
				continue
			}
			r.used.Store(true)
			if found == nil || compareRules(r, found) < 0 {
				found = r
			}
		}
	}
	if found == nil {
		return nil
	}
	return &vex.Suppression{Status: Ignored, Justification: found.Reason, Source: found.source}
}

func compareRules(a, b *rule) int {
	return cmp.Or(cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.source, b.source))
}

// pattern is the package's purl, where it has one that can be read.
func (q Query) pattern() (purl.Pattern, bool) {
	p, err := purl.ParsePattern(q.PURL)
	if err == nil && p.Version() == "" {
		p = p.At(q.Version)
	}
	return p, err == nil
}

func (r *rule) about(q Query, p purl.Pattern, parsed bool) bool {
	switch {
	case r.Package == everything:
		return true
	case r.pattern != nil:
		return parsed && r.pattern.Covers(p)
	}
	return (q.Ecosystem == r.Ecosystem || strings.HasPrefix(q.Ecosystem, r.Ecosystem+":")) &&
		purl.CanonicalName(q.Ecosystem, r.Package) == q.Name
}

// Unused describes the rules that suppress nothing, sorted: those past their day, and
// those that matched no query so far. Such a rule is a misspelt one or has outlived
// its reason.
func (s *Rules) Unused() []string {
	var unused []string
	for _, r := range s.all {
		what := fmt.Sprintf("%s: ignore %s in %s", r.source, r.ID, strings.TrimSpace(r.Ecosystem+" "+r.Package))
		switch {
		case r.expired:
			unused = append(unused, what+": it ended on "+r.Until)
		case !r.used.Load():
			unused = append(unused, what+": it matches no finding")
		}
	}
	slices.Sort(unused)
	return unused
}
