package advisory

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/scanner/version"
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
		b.ReportMetric(float64(db.Records()), "records")
	}
}

// BenchmarkAffects looks up every package of the set once, at one version.
func BenchmarkAffects(b *testing.B) {
	db, err := Open(realSet(b))
	require.NoError(b, err)
	var queries []Query
	for i := range db.sections[secPackages].n {
		require.NoError(b, db.item(secPackages, i, func(item []byte) error {
			key, _, _ := cutBytes(item)
			q := Query{Ecosystem: version.Base(string(key)), Name: keyName(string(key)), Version: "1.2.3"}
			queries = append(queries, q)
			return nil
		}))
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, q := range queries {
			found, err := db.Lookup(q.Ecosystem, q.Name)
			require.NoError(b, err)
			for _, r := range found {
				r.Affects(q)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(queries)), "ns/package")
}
