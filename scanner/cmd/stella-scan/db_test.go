package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDB(t *testing.T) {
	dir := t.TempDir()
	index := filepath.Join(dir, "osv.index")
	records := filepath.Join(dir, "records")
	require.NoError(t, os.Mkdir(records, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(records, "a.json"), []byte(testRecord), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "app.cdx.json"), []byte(testSBOM), 0o600))
	out := func(code int, args ...string) (string, string) {
		t.Helper()
		var stdout, stderr bytes.Buffer
		got := report(&stderr, run(t.Context(), args, nil, &stdout, &stderr))
		require.Equal(t, code, got, "%q: %s", args, &stderr)
		return stdout.String(), stderr.String()
	}
	built, stderr := out(0, "db", "build", records, "-o", index)
	require.Empty(t, stderr, "no progress where there is no terminal")
	require.Contains(t, built, "1, of 1 packages; 0 rejected")
	require.Regexp(t, `(?m)^npm +1$`, built)
	require.Contains(t, built, "\n\nECOSYSTEM")
	info, _ := out(0, "db", "info", index)
	require.Equal(t, built, info)
	verified, _ := out(0, "db", "verify", index)
	require.Contains(t, verified, "verified")

	fromDir, _ := out(0, "-db", records, "-format", "json", filepath.Join(dir, "app.cdx.json"))
	fromIndex, _ := out(0, "-db", index, "-format", "json", filepath.Join(dir, "app.cdx.json"))
	require.Contains(t, fromDir, "CVE-2026-0001")
	require.Equal(t, fromDir, fromIndex)

	data, err := os.ReadFile(index)
	require.NoError(t, err)
	cut, flipped := filepath.Join(dir, "cut.index"), filepath.Join(dir, "flipped.index")
	require.NoError(t, os.WriteFile(cut, data[:len(data)-20], 0o600))
	data[len(data)-10] ^= 1
	require.NoError(t, os.WriteFile(flipped, data, 0o600))

	help, _ := out(0, "db", "-h")
	require.Equal(t, dbUsage, help)
	help, _ = out(0, "db", "build", "-h")
	require.Equal(t, dbUsage, help)
	for _, row := range []struct {
		code int
		want string
		args []string
	}{
		{2, "want db build, db info or db verify", []string{"db"}},
		{2, "db drop: want", []string{"db", "drop"}},
		{2, "-o is required", []string{"db", "build", records}},
		{2, "no path is named", []string{"db", "build", "-o", index}},
		{2, "flag provided but not defined", []string{"db", "info", "-x", index}},
		{2, "one index is named, not 2", []string{"db", "info", index, index}},
		{1, "no such file", []string{"db", "build", "-o", index, filepath.Join(dir, "none")}},
		{1, "it was cut off", []string{"db", "info", cut}},
		{1, "it was cut off", []string{"-db", cut, filepath.Join(dir, "app.cdx.json")}},
		{1, "the checksum of its content is wrong; make the index anew with: stella-scan db build", []string{"db", "verify", flipped}},
	} {
		stdout, stderr := out(row.code, row.args...)
		require.Empty(t, stdout, "%q", row.args)
		require.Contains(t, stderr, row.want, "%q", row.args)
	}
}

func TestDBBuildInterrupted(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.json"), []byte(testRecord), 0o600))
	ctx, stop := context.WithCancel(t.Context())
	stop()
	out := filepath.Join(t.TempDir(), "osv.index")
	var stdout, stderr bytes.Buffer
	require.Equal(t, 1, report(&stderr, run(ctx, []string{"db", "build", "-o", out, dir}, nil, &stdout, &stderr)))
	require.Contains(t, stderr.String(), "interrupted; nothing was written")
	left, err := os.ReadDir(filepath.Dir(out))
	require.NoError(t, err)
	require.Empty(t, left)
}
