package advisory

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUpstream(t *testing.T) {
	type rec struct{ id, aliases, upstream, extra string }
	rows := []struct {
		name    string
		records []rec
		want    []string // "end: all ids" for each
	}{
		{"none", []rec{{"DSA-1", `"CVE-1"`, ``, ""}}, []string{"CVE-1: CVE-1 DSA-1"}},
		{"one that no record has", []rec{{"DSA-1", ``, `"CVE-1"`, ""}}, []string{"CVE-1: CVE-1 DSA-1"}},
		{
			"several, two of them aliases",
			[]rec{{"DSA-1", ``, `"CVE-2", "CVE-1", "GHSA-1"`, ""}, {"GHSA-1", `"CVE-1"`, ``, ""}},
			[]string{"CVE-1: CVE-1 DSA-1 GHSA-1", "CVE-2: CVE-2 DSA-1"},
		},
		{
			"transitive: what is on the way is no end, named directly or not",
			[]rec{{"DSA-1", ``, `"CVE-1", "MID-1", "MID-2"`, ""}, {"MID-1", `"ALIAS-1"`, `"CVE-1"`, ""}, {"MID-2", ``, `"MID-3"`, ""}, {"MID-3", ``, `"CVE-2"`, ""}},
			[]string{"CVE-1: ALIAS-1 CVE-1 DSA-1 MID-1", "CVE-2: CVE-2 DSA-1 MID-2 MID-3"},
		},
		{
			"a notice on the way is about each of its own",
			[]rec{{"DSA-1", ``, `"MID-1"`, ""}, {"MID-1", ``, `"CVE-1", "CVE-2"`, ""}},
			[]string{"CVE-1: CVE-1 DSA-1 MID-1", "CVE-2: CVE-2 DSA-1 MID-1"},
		},
		{"an alias is no step", []rec{{"DSA-1", `"CVE-1"`, `"CVE-1"`, ""}}, []string{"CVE-1: CVE-1 DSA-1"}},
		{
			"a circle has no end",
			[]rec{{"DSA-1", ``, `"MID-1"`, ""}, {"MID-1", ``, `"DSA-1"`, ""}},
			[]string{"DSA-1: DSA-1"},
		},
		{
			"the end of a circle",
			[]rec{{"DSA-1", ``, `"MID-1"`, ""}, {"MID-1", ``, `"DSA-1", "CVE-1"`, ""}},
			[]string{"CVE-1: CVE-1 DSA-1 MID-1"},
		},
		{
			"a withdrawn record leads nowhere",
			[]rec{{"DSA-1", ``, `"MID-1"`, ""}, {"MID-1", ``, `"CVE-1"`, `"withdrawn": "2026-01-01T00:00:00Z",`}},
			[]string{"MID-1: DSA-1 MID-1"},
		},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			var records []*Record
			for _, r := range row.records {
				records = append(records, parse(t, fmt.Sprintf(`{%s "id": %q, "modified": %q, "aliases": [%s], "upstream": [%s]}`, r.extra, r.id, day, r.aliases, r.upstream)))
			}
			require.Equal(t, row.want, upstreamOf(t, compiled(t, records...), records[0]))
		})
	}
}

func upstreamOf(t *testing.T, db *DB, r *Record) (list []string) {
	g, err := db.Group(r.ID)
	require.NoError(t, err)
	ends, err := db.Upstream(g, r.Upstream)
	require.NoError(t, err)
	for _, end := range ends {
		list = append(list, end.ID+": "+strings.Join(end.IDs, " "))
	}
	return list
}

func TestUpstreamHasALimit(t *testing.T) {
	ids := make([]string, maxUpstream)
	for i := range ids {
		ids[i] = fmt.Sprintf(`"CVE-%05d"`, i)
	}
	for n, ends := range map[int]int{maxUpstream - 1: maxUpstream - 1, maxUpstream: 1} {
		r := parse(t, fmt.Sprintf(`{"id": "DSA-1", "modified": %q, "upstream": [%s]}`, day, strings.Join(ids[:n], ",")))
		require.Len(t, upstreamOf(t, compiled(t, r), r), ends, "%d ids", n)
	}
}

func parse(t *testing.T, record string) *Record {
	r, err := Parse([]byte(record))
	require.NoError(t, err)
	return r
}
