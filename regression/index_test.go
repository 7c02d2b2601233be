package regression_test

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/regression"
)

func TestIndex(t *testing.T) {
	whole := func(id string, tags ...string) regression.Entry {
		return regression.Entry{Name: id + "-words", Case: regression.Case{Metadata: regression.Metadata{
			ID: id, Title: "what failed in " + id, Kind: "crash", Severity: "low", Tags: tags,
		}}}
	}
	var tags []string
	for _, row := range regression.Highest {
		for _, f := range row {
			tags = append(tags, regression.CatalogueTag+f)
		}
	}
	text, err := regression.Index([]regression.Entry{whole("SCN-0001", tags...), whole("SCN-0002", "sbom")})
	require.NoError(t, err)
	for _, want := range []string{
		"| F-066 | [SCN-0001](cases/SCN-0001-words/case.md) | what failed in SCN-0001 |\n",
		"| crash | 2 |\n", "| wrong-layer | 0 |\n",
		"| [SCN-0002](cases/SCN-0002-words/case.md) | crash | low | what failed in SCN-0002 |\n",
	} {
		require.Contains(t, string(text), want)
	}
	_, err = regression.Index([]regression.Entry{whole("SCN-0001", tags[1:]...)})
	require.ErrorContains(t, err, "no case has the tag catalogue:F-066")
	_, err = regression.Index([]regression.Entry{{Err: err}})
	require.Error(t, err)
}

// TestREADME holds README.md against the corpus.
func TestREADME(t *testing.T) {
	all, err := regression.Corpus("cases")
	require.NoError(t, err)
	want, err := regression.Index(all)
	require.NoError(t, err)
	if *update {
		require.NotEqual(t, "true", os.Getenv("CI"), "-update in CI would accept whatever comes out")
		require.NoError(t, os.WriteFile("README.md", want, 0o644))
	}
	got, err := os.ReadFile("README.md")
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(string(want), string(got)), "README.md is not what the cases say (-want +got): go test ./regression -run TestREADME -args -update")
}

// Every kind of failure has three cases or more.
func TestKinds(t *testing.T) {
	all, err := regression.Corpus("cases")
	require.NoError(t, err)
	count := map[string]int{}
	for _, e := range all {
		count[e.Case.Kind]++
	}
	for _, k := range regression.Kinds {
		require.GreaterOrEqual(t, count[k], 3, k)
	}
}
