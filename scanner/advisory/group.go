package advisory

import (
	"cmp"
	"slices"
	"strings"
)

// Group is the ids that name one vulnerability.
type Group struct {
	// ID stands for the group: a CVE first, then the id of a record of an ecosystem's
	// own database (GO, PYSEC, RUSTSEC, …), then GitHub's, then ids that no record of
	// the set has; among equals the first in the alphabet.
	ID  string
	IDs []string // sorted
}

// groups merges ids that records hold for aliases: symmetric and transitive, as the OSV
// schema has it (aliases field). related and upstream never merge.
type groups struct {
	of map[string]*Group // only groups of more than one id
}

// newGroups builds the groups of a set. Withdrawn records merge nothing: a wrong alias
// may be why they were withdrawn.
func newGroups(records []*Record) groups {
	parent := map[string]string{}
	find := func(id string) string {
		root := id
		for parent[root] != root {
			root = parent[root]
		}
		for id != root { // halve the way for those who come after
			id, parent[id] = parent[id], root
		}
		return root
	}
	has := map[string]bool{}
	for _, r := range records {
		has[r.ID] = true
		if r.Withdrawn != "" || len(r.Aliases) == 0 {
			continue
		}
		for _, id := range append(slices.Clone(r.Aliases), r.ID) {
			if _, ok := parent[id]; !ok {
				parent[id] = id
			}
			parent[find(id)] = find(r.Aliases[0])
		}
	}
	members := map[string][]string{}
	for id := range parent {
		root := find(id)
		members[root] = append(members[root], id)
	}
	g := groups{of: make(map[string]*Group, len(parent))}
	for _, ids := range members {
		slices.Sort(ids)
		group := &Group{ID: preferred(ids, has), IDs: ids}
		for _, id := range ids {
			g.of[id] = group
		}
	}
	return g
}

// preferred takes the id of the lowest rank; ids are sorted.
func preferred(ids []string, has map[string]bool) string {
	rank := func(id string) int {
		switch {
		case strings.HasPrefix(id, "CVE-"):
			return 0
		case !has[id]:
			return 3
		case strings.HasPrefix(id, "GHSA-"):
			return 2
		}
		return 1
	}
	return slices.MinFunc(ids, func(a, b string) int { return cmp.Compare(rank(a), rank(b)) })
}

// Group returns the alias group of an id, which may be one that no record of the set
// has. An id without aliases is a group of its own. The lists are shared: do not change
// them.
func (db *DB) Group(id string) Group {
	if g, ok := db.groups.of[id]; ok {
		return *g
	}
	return Group{ID: id, IDs: []string{id}}
}
