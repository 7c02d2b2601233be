package regression_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/regression"
)

// TestAdapter holds a scanner of other make against the golden findings.
func TestAdapter(t *testing.T) {
	if *adapter == "" {
		testFakeAdapter(t)
		return
	}
	rules, err := regression.ReadRules(corpusDir())
	require.NoError(t, err)
	for _, e := range entries(t) {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			require.NoError(t, e.Err)
			golden, err := e.Case.Golden()
			require.NoError(t, err)
			pairs, err := regression.Adapter(strings.Fields(*adapter)).Run(t.Context(), e.Case)
			require.NoError(t, err)
			score, err := regression.Compare(golden, rules, pairs)
			require.NoError(t, err)
			require.Empty(t, score.Missed, "missed")
			require.Empty(t, score.Extra, "found, and not golden")
		})
	}
}

// testFakeAdapter runs programs that print what a scanner may.
func testFakeAdapter(t *testing.T) {
	c, err := regression.Load(filepath.Join("cases", whole))
	require.NoError(t, err)
	golden, err := c.Golden()
	require.NoError(t, err)
	dir := t.TempDir()
	write(regression.AdapterTable, `[{"field":"purl","pattern":"\\?.*$","replace":"","why":"qualifiers are spelled in many ways"}]`)(t, dir)
	rules, err := regression.ReadRules(dir)
	require.NoError(t, err)
	none, err := regression.ReadRules(t.TempDir())
	require.NoError(t, err)
	const purl = "pkg:cargo/rustls@0.23.13"
	for _, row := range []struct {
		name, script string
		rules        regression.Rules
		want         regression.Score
		err          string
	}{
		{"right", `test -f "$0/sbom.cdx.json" && echo ` + purl + ` RUSTSEC-2024-0399`, none, regression.Score{Right: 1}, ""},
		{"by an alias, twice", `echo ` + purl + ` CVE-2024-11738; echo ` + purl + ` CVE-2024-11738; echo ` + purl + ` RUSTSEC-2024-0399`, none, regression.Score{Right: 1}, ""},
		{"spelled otherwise", `echo "` + purl + `?a=b" RUSTSEC-2024-0399`, rules, regression.Score{Right: 1}, ""},
		{"missed and too many", `echo "` + purl + `?a=b" RUSTSEC-2024-0399`, none, regression.Score{
			Missed: []regression.Pair{{PURL: purl, ID: "CVE-2024-11738"}},
			Extra:  []regression.Pair{{PURL: purl + "?a=b", ID: "RUSTSEC-2024-0399"}},
		}, ""},
		{"another spelling", "echo PKG:cargo/rus%74ls@0.23.13 CVE-2024-11738", none, regression.Score{Right: 1}, ""},
		{"nothing", "true", none, regression.Score{Missed: []regression.Pair{{PURL: purl, ID: "CVE-2024-11738"}}}, ""},
		{"no pair", "echo none", none, regression.Score{}, `line "none" is not "PURL ID"`},
		{"a failure", "echo broken >&2; exit 3", none, regression.Score{}, "exit status 3: broken"},
	} {
		t.Run(row.name, func(t *testing.T) {
			pairs, err := regression.Adapter{"sh", "-c", row.script}.Run(t.Context(), c)
			if row.err != "" {
				require.ErrorContains(t, err, row.err)
				return
			}
			require.NoError(t, err)
			score, err := regression.Compare(golden, row.rules, pairs)
			require.NoError(t, err)
			require.Equal(t, row.want, score)
		})
	}
	for text, want := range map[string]string{
		`{`:                     "adapter.json",
		`[{"field":"version"}]`: "wants the field purl or id",
		`[{"field":"purl"}]`:    "and a why",
		`[{"field":"id","pattern":"(","why":"w"}]`: "missing closing",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, regression.AdapterTable), []byte(text), 0o600))
		_, err := regression.ReadRules(dir)
		require.ErrorContains(t, err, want)
	}
}
