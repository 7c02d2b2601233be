package scanner_test

import (
	"bytes"
	"crypto/sha256"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/advisory"
	"github.com/stella-ops/stella/scanner/sbom"
	"github.com/stella-ops/stella/scanner/scannertest"
)

// TestManyScansAreOne scans a large SBOM again and again: its components in another order
// each time, some of them twice, on one processor and on two. The report is the same to
// the byte. Every tenth time the SBOM itself is written in that order and read.
func TestManyScansAreOne(t *testing.T) {
	const components, records, scans = 10_000, 5_000, 100
	zipped := filepath.Join(t.TempDir(), "all.zip")
	var archive bytes.Buffer
	require.NoError(t, scannertest.WriteZip(&archive, records))
	require.NoError(t, os.WriteFile(zipped, archive.Bytes(), 0o600))
	db, err := advisory.Open(zipped)
	require.NoError(t, err)
	read := func(order []int) scanner.Inventory {
		var text bytes.Buffer
		require.NoError(t, scannertest.WriteSBOM(&text, components, records, order))
		inv, err := sbom.Read(&text, "synthetic")
		require.NoError(t, err)
		require.Len(t, inv.Packages, components)
		inv.Target.SHA256 = "of another file each time"
		return inv
	}
	whole := read(nil)
	before := runtime.GOMAXPROCS(0)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
	var first [sha256.Size]byte
	for n := range scans {
		rng := rand.New(rand.NewPCG(uint64(n), 0))
		inv := whole
		inv.Packages = append([]scanner.Package{}, whole.Packages...)
		if n%10 == 9 {
			inv = read(rng.Perm(components))
		}
		inv.Packages = append(inv.Packages, inv.Packages[:100]...)
		rng.Shuffle(len(inv.Packages), func(i, j int) { inv.Packages[i], inv.Packages[j] = inv.Packages[j], inv.Packages[i] })
		runtime.GOMAXPROCS(1 + n%2)
		report, err := scanner.Scan(t.Context(), inv, db, scanner.Options{})
		require.NoError(t, err)
		require.Greater(t, len(report.Findings), components/10)
		require.Empty(t, report.NotEvaluated)
		encoded, err := report.Encode()
		require.NoError(t, err)
		sum := sha256.Sum256(encoded)
		if n == 0 {
			first = sum
		}
		require.Equal(t, first, sum, "scan %d", n)
	}
}
