package scanner

import (
	"maps"
	"slices"

	"github.com/stella-ops/stella/scanner/advisory"
	"github.com/stella-ops/stella/scanner/severity"
)

// group is the records that are one finding in a package: those of an alias group, and
// those of others that come from the same vulnerability.
type group struct {
	advisory.Group
	// vulnerabilities is what its records are about in the end (advisory.DB.Upstream):
	// one, but for a notice about several.
	vulnerabilities []advisory.Group
	upstream        []string
	fixed           []string
	severities      []severity.Severity
	entries         []*advisory.Affected
}

func (g *group) add(r *advisory.Record, v advisory.Verdict) {
	if r.Withdrawn == "" {
		g.upstream = append(g.upstream, r.Upstream...)
	}
	g.fixed = append(g.fixed, v.Fixed...)
	g.severities = append(g.severities, r.SeverityOf(v.Entries))
	g.entries = append(g.entries, v.Entries...)
}

// join makes one of the groups that come from one and the same vulnerability. An alias
// says of two records that they are the same for every package, upstream only that the
// one is about the other in its own packages: so it joins what was found in one package,
// and nothing else. A notice about several vulnerabilities is none of them and stays
// apart.
func (j *judge) join(groups map[string]*group) ([]*group, error) {
	joined := map[string]*group{}
	for _, id := range slices.Sorted(maps.Keys(groups)) {
		g := groups[id]
		var err error
		if g.vulnerabilities, err = j.db.Upstream(g.Group, g.upstream); err != nil {
			return nil, err
		}
		key := g.ID
		if len(g.vulnerabilities) == 1 {
			key = g.vulnerabilities[0].ID
		}
		if first := joined[key]; first != nil {
			first.take(g)
		} else {
			joined[key] = g
		}
	}
	return slices.Collect(maps.Values(joined)), nil
}

// take adds a group of the same vulnerability, whose own id stands for both where one of
// them has it.
func (g *group) take(other *group) {
	g.IDs = union(g.IDs, other.IDs)
	v := &g.vulnerabilities[0]
	v.IDs = union(v.IDs, other.vulnerabilities[0].IDs)
	if slices.Contains(g.IDs, v.ID) {
		g.ID = v.ID
	}
	g.fixed = append(g.fixed, other.fixed...)
	g.severities = append(g.severities, other.severities...)
	g.entries = append(g.entries, other.entries...)
}

// union is two sorted lists as one; neither is changed.
func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}
