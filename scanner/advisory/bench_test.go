package advisory

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/scanner/scannertest"
	"github.com/stella-ops/stella/scanner/version"
)

// realSet is a directory of OSV records, all.zip files among them.
func realSet(b *testing.B) string {
	b.Helper()
	dir := os.Getenv("STELLA_OSV_DIR")
	if dir == "" {
		b.Skip("STELLA_OSV_DIR is not set: give it a directory with OSV's ECOSYSTEM/all.zip files")
	}
	return dir
}

func syntheticZip(b *testing.B, n int) string {
	b.Helper()
	name := filepath.Join(b.TempDir(), "all.zip")
	f, err := os.Create(name)
	require.NoError(b, err)
	require.NoError(b, scannertest.WriteZip(f, n))
	require.NoError(b, f.Close())
	return name
}

// BenchmarkOpenIndex opens a compiled index, which costs the same whatever its size, and
// looks up one package.
func BenchmarkOpenIndex(b *testing.B) {
	for _, n := range []int{2_000, 20_000, 200_000} {
		b.Run(fmt.Sprintf("records=%d", n), func(b *testing.B) { benchOpenIndex(b, syntheticZip(b, n)) })
	}
	b.Run("records=real", func(b *testing.B) { benchOpenIndex(b, realSet(b)) })
}

func benchOpenIndex(b *testing.B, records string) {
	index := filepath.Join(b.TempDir(), "osv.index")
	require.NoError(b, Builder{}.Build(b.Context(), index, records))
	b.ReportAllocs()
	for b.Loop() {
		db, err := Open(index)
		require.NoError(b, err)
		_, err = db.Lookup("PyPI", "py-package-7")
		require.NoError(b, err)
	}
}

// BenchmarkBuildIndex compiles zips of records into an index file.
func BenchmarkBuildIndex(b *testing.B) {
	b.Run("records=200000", func(b *testing.B) { benchBuild(b, syntheticZip(b, 200_000)) })
	b.Run("records=real", func(b *testing.B) { benchBuild(b, realSet(b)) })
}

func benchBuild(b *testing.B, records string) {
	index := filepath.Join(b.TempDir(), "osv.index")
	b.ReportAllocs()
	for b.Loop() {
		require.NoError(b, Builder{}.Build(b.Context(), index, records))
	}
	db, err := Open(index)
	require.NoError(b, err)
	b.ReportMetric(float64(db.Records())*float64(b.N)/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(float64(db.Info().Bytes)/float64(db.Records()), "bytes/record")
}

// BenchmarkOpenZip reads records as OSV publishes them, without an index.
func BenchmarkOpenZip(b *testing.B) {
	for name, path := range map[string]func(*testing.B) string{
		"records=45000": func(b *testing.B) string { return syntheticZip(b, 45_000) },
		"records=real":  realSet,
	} {
		b.Run(name, func(b *testing.B) {
			records := path(b)
			b.ReportAllocs()
			for b.Loop() {
				_, err := Open(records)
				require.NoError(b, err)
			}
		})
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
