package regression_test

import (
	"bytes"
	"encoding/json"
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
	update  = flag.Bool("update", false, "rewrite expected/ of the cases that run, then read the diff")
	only    = flag.String("case", "", "run the cases whose names begin so: SCN-0001")
	keep    = flag.Bool("leave", true, "leave expected, actual and diff of a case in out/regression when it fails or is chosen")
	adapter = flag.String("adapter", "", "for TestAdapter: the program that makes a scanner of other make scan a case, with its arguments")
	corpus  = flag.String("cases", os.Getenv("STELLA_REGRESSION_CASES"),
		"directory of the cases, absolute or seen from the root of the repository (default $STELLA_REGRESSION_CASES, or regression/cases)")
)

// root is the root of the repository, leftover where a person finds what a case left.
var (
	root     = ".."
	leftover = filepath.Join(root, "out", "regression")
)

// corpusDir is where the cases are.
func corpusDir() string {
	switch {
	case *corpus == "":
		return "cases"
	case filepath.IsAbs(*corpus):
		return *corpus
	}
	return filepath.Join(root, *corpus)
}

// entries are the cases that the flags choose.
func entries(t *testing.T) []regression.Entry {
	t.Helper()
	dir := corpusDir()
	all, err := regression.Corpus(dir)
	require.NoError(t, err)
	var chosen []regression.Entry
	for _, e := range all {
		if strings.HasPrefix(e.Name, *only) {
			chosen = append(chosen, e)
		}
	}
	require.NotEmpty(t, chosen, "no case of %s begins with %q", dir, *only)
	return chosen
}

// TestCases scans the input of every case and compares the outcome with the golden one
// to the byte: a finding too many fails as one that is missing does.
func TestCases(t *testing.T) {
	if *update {
		require.NotEqual(t, "true", os.Getenv("CI"), "-update in CI would accept whatever comes out")
	}
	for _, e := range entries(t) {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			require.NoError(t, e.Err)
			if *update {
				accept(t, e.Case)
			}
			check(t, e.Case)
			account(t, e.Case)
		})
	}
}

// scan scans a case as it stands.
func scan(t *testing.T, c regression.Case) regression.Outcome {
	t.Helper()
	o, err := c.Input.Scan(t.Context())
	require.NoError(t, err)
	return o
}

func check(t *testing.T, c regression.Case) {
	t.Helper()
	actual := scan(t, c)
	expected, err := c.Golden()
	require.NoError(t, err)
	diff := difference(expected, actual)
	if diff != "" {
		t.Errorf("the outcome is not the golden one (-want +got)\n%s", diff)
	}
	if *keep && (diff != "" || *only != "") {
		t.Logf("expected, actual and diff: %s", leave(t, c, expected, actual, diff))
	}
}

// accept makes the outcome the golden one, when a second scan gives it again.
func accept(t *testing.T, c regression.Case) {
	t.Helper()
	actual := scan(t, c)
	// Golden's error is that of a new case, or of files that Accept deletes.
	if expected, err := c.Golden(); err != nil {
		t.Logf("new golden: %v\n%s", err, strings.Join(lines(actual), "\n"))
	} else if diff := difference(expected, actual); diff != "" {
		t.Logf("golden changes (-old +new)\n%s\nexpected, actual and diff: %s", diff, leave(t, c, expected, actual, diff))
	} else {
		return
	}
	again := scan(t, c)
	require.Equal(t, string(actual.Data), string(again.Data), "two scans differ: nothing was accepted")
	require.NoError(t, c.Accept(actual))
}

// account holds the scanner to its promise that no package is dropped.
func account(t *testing.T, c regression.Case) {
	t.Helper()
	if scan(t, c).File != regression.FindingsFile {
		return // there is no report that could drop anything
	}
	a, err := c.Input.Account(t.Context())
	require.NoError(t, err)
	require.Empty(t, a.Dropped, "packages that are neither judged nor in not_evaluated")
	require.NotZero(t, a.In, "there is no package in the input")
	require.Equal(t, a.In, a.Judged+a.NotEvaluated)
}

// difference shows how two outcomes differ, "" where they are the same to the byte.
func difference(expected, actual regression.Outcome) string {
	switch {
	case expected.File == actual.File && bytes.Equal(expected.Data, actual.Data):
		return ""
	case bytes.Equal(indent(expected.Data), indent(actual.Data)): // in spaces alone
		return cmp.Diff(expected, actual)
	}
	return cmp.Diff(lines(expected), lines(actual))
}

func lines(o regression.Outcome) []string {
	return append([]string{o.File}, strings.Split(string(indent(o.Data)), "\n")...)
}

// indent breaks JSON where a person would. Other text stays as it is.
func indent(data []byte) []byte {
	var b bytes.Buffer
	if json.Indent(&b, data, "", "  ") != nil {
		return data
	}
	return b.Bytes()
}

// leave puts what a person needs beside each other, and says where.
func leave(t *testing.T, c regression.Case, expected, actual regression.Outcome, diff string) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join(leftover, c.ID))
	require.NoError(t, err)
	require.NoError(t, os.RemoveAll(dir))
	require.NoError(t, os.MkdirAll(dir, 0o755))
	for name, data := range map[string][]byte{
		"expected" + filepath.Ext(expected.File): expected.Data,
		"actual" + filepath.Ext(actual.File):     actual.Data,
		"diff.txt":                               []byte(diff),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o644))
	}
	return dir
}
