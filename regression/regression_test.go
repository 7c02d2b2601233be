package regression_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/regression"
)

var (
	update   = flag.Bool("update", false, "rewrite expected/findings.json of the cases that run, then read the diff")
	only     = flag.String("case", "", "run one case: SCN-0001")
	corpus   = flag.String("cases", "cases", "directory of the cases")
	leftover = filepath.Join("..", "out", "regression")
)

// TestCases scans the input of every case and compares the report with the golden one
// to the byte: a finding too many fails as one that is missing does.
func TestCases(t *testing.T) {
	dirs, err := filepath.Glob(filepath.Join(*corpus, "*", "case.metadata.json"))
	require.NoError(t, err)
	require.NotEmpty(t, dirs, "there is no case in %s", *corpus)
	seen := make(map[string]string)
	ran := 0
	for _, file := range dirs {
		dir := filepath.Dir(file)
		if !strings.HasPrefix(filepath.Base(dir), *only) {
			continue
		}
		ran++
		t.Run(filepath.Base(dir), func(t *testing.T) {
			c, err := regression.Load(dir)
			require.NoError(t, err)
			require.Empty(t, seen[c.ID], "%s is the id of two cases", c.ID)
			seen[c.ID] = dir
			t.Parallel()
			check(t, c)
		})
	}
	require.NotZero(t, ran, "no case begins with %q", *only)
}

func check(t *testing.T, c regression.Case) {
	actual, err := c.Scan(t.Context())
	require.NoError(t, err)
	expected, err := os.ReadFile(c.Expected())
	require.NoError(t, err)
	if *update {
		require.NotEqual(t, "true", os.Getenv("CI"), "-update in CI would accept whatever comes out")
		again, err := c.Scan(t.Context())
		require.NoError(t, err)
		require.Equal(t, string(actual), string(again), "two scans differ")
		require.NoError(t, os.WriteFile(c.Expected(), actual, 0o644))
		return
	}
	if bytes.Equal(expected, actual) {
		return
	}
	diff := cmp.Diff(lines(expected), lines(actual))
	t.Errorf("the report is not the golden one (-want +got)\n%s\nsee %s", diff, leave(t, c, expected, actual, diff))
}

// lines breaks canonical JSON where a person would, for the diff alone.
func lines(report []byte) []string {
	return strings.SplitAfter(strings.NewReplacer(",", ",\n", "{", "{\n").Replace(string(report)), "\n")
}

// leave puts what a person needs beside each other, and says where.
func leave(t *testing.T, c regression.Case, expected, actual []byte, diff string) string {
	dir := filepath.Join(leftover, c.ID)
	require.NoError(t, os.MkdirAll(dir, 0o755))
	for name, data := range map[string][]byte{"expected.json": expected, "actual.json": actual, "diff.txt": []byte(diff)} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o644))
	}
	return dir
}

// A case that is not whole is one clear error.
func TestBrokenCases(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(t *testing.T, dir string)
		want  string
	}{
		{"no narrative", remove("case.md"), "case.md is missing"},
		{"no golden", remove("expected/findings.json"), "expected/findings.json is missing"},
		{"no SBOM", remove("input/sbom.cdx.json"), "input/sbom.* is missing"},
		{"no advisories", remove("input/advisories/RUSTSEC-2024-0399.json"), "input/advisories/*.json is missing"},
		{"no metadata", remove("case.metadata.json"), "no such file"},
		{"a file too many", write("input/notes.txt", "x"), "input/notes.txt: no rule reads it"},
		{"bad JSON", write("case.metadata.json", "{"), "case.metadata.json"},
		{"an unknown field", write("case.metadata.json", `{"colour":"red"}`), "unknown field"},
		{"another id", write("case.metadata.json", `{"id":"SCN-0009"}`), "the directory says SCN-0001"},
		{"an unknown kind", write("case.metadata.json", `{"id":"SCN-0001","title":"t","source":"s","kind":"odd"}`), `kind "odd" is none of`},
		{"no severity", write("case.metadata.json", `{"id":"SCN-0001","title":"t","source":"s","kind":"crash"}`), "severity"},
		{"no guards", write("case.metadata.json", `{"id":"SCN-0001","title":"t","source":"s","kind":"crash","severity":"low"}`), "guards"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "SCN-0001-nested-components")
			require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join("cases", "SCN-0001-nested-components"))))
			_, err := regression.Load(dir)
			require.NoError(t, err)
			test.spoil(t, dir)
			_, err = regression.Load(dir)
			require.ErrorContains(t, err, test.want)
		})
	}
	_, err := regression.Load(filepath.Join(t.TempDir(), "nested"))
	require.ErrorContains(t, err, "SCN-NNNN-some-words")
}

func remove(name string) func(*testing.T, string) {
	return func(t *testing.T, dir string) { require.NoError(t, os.Remove(filepath.Join(dir, name))) }
}

func write(name, text string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
}
