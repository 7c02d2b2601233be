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

// aliased is what groups are made of: the ids of one record.
type aliased struct {
	id        string
	aliases   []string
	withdrawn bool
}

// newGroups merges ids that records hold for aliases: symmetric and transitive, as the
// OSV schema has it (aliases field). related and upstream never merge; for upstream see
// [DB.Upstream]. Withdrawn records merge nothing: a wrong alias may be why they were withdrawn. Groups of one id are left
// out. They are sorted by their first id.
func newGroups(records []aliased) []Group {
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
		has[r.id] = true
		if r.withdrawn || len(r.aliases) == 0 {
			continue
		}
		for _, id := range append(slices.Clone(r.aliases), r.id) {
			if _, ok := parent[id]; !ok {
				parent[id] = id
			}
			parent[find(id)] = find(r.aliases[0])
		}
	}
	members := map[string][]string{}
	for id := range parent {
		root := find(id)
		members[root] = append(members[root], id)
	}
	groups := make([]Group, 0, len(members))
	for _, ids := range members {
		slices.Sort(ids)
		groups = append(groups, Group{ID: preferred(ids, has), IDs: ids})
	}
	slices.SortFunc(groups, func(a, b Group) int { return strings.Compare(a.IDs[0], b.IDs[0]) })
	return groups
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
