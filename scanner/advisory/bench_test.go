package advisory

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// realSet is a directory of OSV records, all.zip files among them, or "".
func realSet(b *testing.B) string {
	dir := os.Getenv("STELLA_OSV_DIR")
	if dir == "" {
		b.Skip("STELLA_OSV_DIR is not set: give it a directory with OSV's ECOSYSTEM/all.zip files")
	}
	return dir
}

func BenchmarkOpen(b *testing.B) {
	dir := realSet(b)
	b.ReportAllocs()
	for b.Loop() {
		db, err := Open(dir)
		require.NoError(b, err)
		b.ReportMetric(float64(len(db.Records())), "records")
	}
}

// BenchmarkAffects looks up every package of the set once, at one version.
func BenchmarkAffects(b *testing.B) {
	db, err := Open(realSet(b))
	require.NoError(b, err)
	var queries []Query
	seen := map[string]bool{}
	for _, r := range db.Records() {
		for i := range r.Affected {
			if a := &r.Affected[i]; !seen[a.Ecosystem+a.Name] {
				seen[a.Ecosystem+a.Name] = true
				queries = append(queries, Query{Ecosystem: a.Ecosystem, Name: a.Name, Version: "1.2.3"})
			}
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, q := range queries {
			for _, r := range db.Lookup(q.Ecosystem, q.Name) {
				r.Affects(q)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(queries)), "ns/package")
}
