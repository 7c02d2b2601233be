package sweep

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/attest"
)

// writeReports fills a new directory.
func writeReports(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	return dir
}

func loadReports(t testing.TB, files map[string]string) *Reports {
	t.Helper()
	r, err := LoadReports(writeReports(t, files))
	require.NoError(t, err)
	return r
}

func TestLoadReports(t *testing.T) {
	dir := writeReports(t, map[string]string{
		"b.json": ` {"name": "b"} `, "a.json": `{}`, "c.json": `{"name":"c","more":[1,2]}`, "README.md": "no report",
	})
	require.NoError(t, os.Mkdir(filepath.Join(dir, "d.json"), 0o755))
	r, err := LoadReports(dir)
	require.NoError(t, err)
	info := r.Info()
	require.Len(t, info.SHA256, 64)
	info.SHA256 = ""
	require.Equal(t, Corpus{Reports: 3, MinBytes: 2, P50Bytes: 15, MaxBytes: 25}, info)

	for i, want := range []string{
		`{"stellaSweep":{"id":"x","run":4,"index":2}}`,
		` {"stellaSweep":{"id":"x","run":4,"index":2},"name": "b"} `,
		`{"stellaSweep":{"id":"x","run":4,"index":2},"name":"c","more":[1,2]}`,
	} {
		got, err := r.files[i].payload(runTag{"x", 4, 2})
		require.NoError(t, err)
		require.Equal(t, want, string(got))
		require.True(t, json.Valid(got))
	}
	_, err = r.files[0].payload(runTag{ID: strings.Repeat("x", maxRunField)})
	require.ErrorContains(t, err, "too long")
}

// TestCorpusSum moves a byte from one report to the next: the sum must tell.
func TestCorpusSum(t *testing.T) {
	one := loadReports(t, map[string]string{"a.json": "{}", "b.json": " {}"})
	two := loadReports(t, map[string]string{"a.json": "{} ", "b.json": "{}"})
	require.NotEqual(t, one.Info().SHA256, two.Info().SHA256)
}

func TestLoadReportsErrors(t *testing.T) {
	for _, test := range []struct{ name, text, err string }{
		{"an empty file", "", "a.json: the file is empty"},
		{"white space", " \n", "a.json: line 2: not JSON"},
		{"not JSON", "{\n\"a\":\nx}", "a.json: line 3: not JSON: invalid character 'x'"},
		{"cut off", `{"a":`, "a.json: line 1: not JSON: unexpected end"},
		{"two objects", "{}{}", "a.json: line 1: not JSON"},
		{"an array", "[]", "a report is a JSON object"},
		{"null", "null", "a report is a JSON object, not null"},
		{"a payload", `{"stellaSweep":1}`, "the payload of an earlier sweep"},
	} {
		_, err := LoadReports(writeReports(t, map[string]string{"a.json": test.text}))
		require.ErrorContains(t, err, test.err, test.name)
	}

	dir := t.TempDir()
	_, err := LoadReports(dir)
	require.ErrorContains(t, err, "no report (*.json) in "+dir)
	_, err = LoadReports(filepath.Join(dir, "missing"))
	require.ErrorIs(t, err, os.ErrNotExist)

	// A pipe would be waited for without end.
	pipes := t.TempDir()
	require.NoError(t, syscall.Mkfifo(filepath.Join(pipes, "p.json"), 0o600))
	_, err = LoadReports(pipes)
	require.ErrorContains(t, err, "p.json: it is no regular file")

	// 70 MB, all of it a hole in the file.
	large := filepath.Join(dir, "large.json")
	require.NoError(t, os.WriteFile(large, []byte("{}"), 0o644))
	require.NoError(t, os.Truncate(large, 70_000_000))
	_, err = LoadReports(dir)
	require.ErrorIs(t, err, attest.ErrTooLarge)
	require.ErrorContains(t, err, "large.json: it has 70000000 bytes")
	require.NoError(t, os.Truncate(large, attest.MaxPayloadBytes-maxRunField+1)) // no room for the run field
	_, err = LoadReports(dir)
	require.ErrorIs(t, err, attest.ErrTooLarge)
}
