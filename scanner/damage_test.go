package scanner_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/advisory"
)

// Whatever bit of an index is wrong, a scan with it fails or finds what it found before:
// it never finds less.
func TestDamagedIndexIsNoAnswer(t *testing.T) {
	records := t.TempDir()
	for name, text := range map[string]string{
		"a.json": record("CVE-2026-0001", ``, "npm", "left", "0", "2.0.0", "{}"),
		"b.json": record("GHSA-aaaa-bbbb-cccc", `"CVE-2026-0001"`, "npm", "left", "0", "3.0.0", "{}"),
		"c.json": "no record",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(records, name), []byte(text), 0o600))
	}
	index := filepath.Join(t.TempDir(), "osv.index")
	require.NoError(t, advisory.Builder{}.Build(t.Context(), index, records))
	whole, err := os.ReadFile(index)
	require.NoError(t, err)
	report := func() (string, error) {
		db, err := advisory.Open(index)
		if err != nil {
			return "", err
		}
		r, err := scanner.Scan(t.Context(), scanner.Inventory{Packages: []scanner.Package{npm("left", "1.0.0"), npm("right", "1.0.0")}}, db, scanner.Options{})
		if err != nil {
			return "", err
		}
		encoded, err := r.Encode()
		return string(encoded), err
	}
	want, err := report()
	require.NoError(t, err)
	require.Contains(t, want, `"id":"CVE-2026-0001"`)
	same := 0
	for at := range whole {
		damaged := bytes.Clone(whole)
		damaged[at] ^= 1 << (at % 8)
		require.NoError(t, os.WriteFile(index, damaged, 0o600))
		got, err := report()
		if err == nil {
			require.Equal(t, want, got, "byte %d", at)
			same++
			continue
		}
		want := advisory.ErrIndex
		if at < 8 {
			want = advisory.ErrEmpty // without what an index begins with it is none
		}
		require.ErrorIs(t, err, want, "byte %d", at)
	}
	require.Less(t, same, len(whole)/4, "most of an index of two records is read")
}
