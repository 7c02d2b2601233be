package advisory

import (
	"runtime"
	"slices"
	"sort"
	"strings"
)

// maxUpstream is how many groups are followed from one. A notice about a kernel names
// some hundreds.
const maxUpstream = 10_000

// Upstream returns the vulnerabilities that records of the group g come from: those that
// upstream, which is what these records say, leads to in the end. The OSV schema has
// upstream transitive and not symmetric, so that DEBIAN-CVE-2023-5363 is about
// CVE-2023-5363 in Debian's package, and a notice about all that it names. Each is given
// with every id on the way to it, g's among them: who speaks of one of these for the
// package speaks of it. They are sorted by id.
//
// A group that has no upstream, or only itself, is its own; so is one with more of it than
// anybody means. Errors are those of [DB].
func (db *DB) Upstream(g Group, upstream []string) ([]Group, error) {
	defer runtime.KeepAlive(db)
	if len(upstream) == 0 {
		return []Group{g}, nil
	}
	a := ascent{db: db, groups: map[string]Group{g.ID: g}, below: map[string][]string{}}
	if whole, err := a.climb(g, upstream); err != nil || !whole || len(a.ends) == 0 {
		return []Group{g}, err
	}
	slices.Sort(a.ends)
	list := make([]Group, len(a.ends))
	for i, end := range a.ends {
		list[i] = Group{ID: end, IDs: a.idsBelow(end)}
	}
	return list, nil
}

// ascent is the way from a group to the ends of its upstream. Groups are known by their
// preferred ids.
type ascent struct {
	db     *DB
	groups map[string]Group
	below  map[string][]string // which groups name one as their upstream
	ends   []string
}

// climb follows upstream breadth first, each group once. It is false where there is more
// of it than maxUpstream.
func (a *ascent) climb(g Group, upstream []string) (whole bool, err error) {
	type step struct {
		group Group
		ids   []string
	}
	for steps := []step{{g, upstream}}; len(steps) > 0; steps = steps[1:] {
		at, end := steps[0], true
		for _, id := range at.ids {
			if slices.Contains(at.group.IDs, id) {
				continue
			}
			end = false
			up, err := a.db.Group(id)
			if err != nil {
				return false, err
			}
			a.below[up.ID] = append(a.below[up.ID], at.group.ID)
			if _, known := a.groups[up.ID]; known {
				continue
			}
			if len(a.groups) == maxUpstream {
				return false, nil
			}
			a.groups[up.ID] = up
			ids, err := a.db.upstreamOf(up)
			if err != nil {
				return false, err
			}
			steps = append(steps, step{up, ids})
		}
		if end {
			a.ends = append(a.ends, at.group.ID)
		}
	}
	return true, nil
}

// idsBelow are the ids of a group and of those from which upstream leads to it, sorted.
func (a *ascent) idsBelow(id string) []string {
	var ids []string
	seen := map[string]bool{id: true}
	for next := []string{id}; len(next) > 0; next = next[1:] {
		ids = append(ids, a.groups[next[0]].IDs...)
		for _, below := range a.below[next[0]] {
			if !seen[below] {
				seen[below] = true
				next = append(next, below)
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// upstreamOf is what the records of a group name as upstream. Withdrawn ones count as
// little as their aliases do.
func (db *DB) upstreamOf(g Group) (ids []string, err error) {
	for _, id := range g.IDs {
		r, err := db.record(id)
		if err != nil {
			return nil, err
		}
		if r != nil && r.Withdrawn == "" {
			ids = append(ids, r.Upstream...)
		}
	}
	return ids, nil
}

// record is the record of an id without its entries, nil where there is none.
func (db *DB) record(id string) (*Record, error) {
	var err error
	i, found := sort.Find(db.Records(), func(i int) int {
		if err != nil {
			return 0
		}
		order := 0
		err = db.item(secHeads, i, func(item []byte) error {
			at, _, ok := cutBytes(item) // a head begins with its id
			if !ok {
				return errWire
			}
			order = strings.Compare(id, string(at))
			return nil
		})
		return order
	})
	if err != nil || !found {
		return nil, err
	}
	var r Record
	if err := db.head(i, &r); err != nil {
		return nil, err
	}
	return &r, nil
}
