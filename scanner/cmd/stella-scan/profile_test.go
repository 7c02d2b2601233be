package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCPUProfile(t *testing.T) {
	dir := t.TempDir()
	app, db, prof := filepath.Join(dir, "app.cdx.json"), filepath.Join(dir, "record.json"), filepath.Join(dir, "cpu.prof")
	require.NoError(t, os.WriteFile(app, []byte(testSBOM), 0o600))
	require.NoError(t, os.WriteFile(db, []byte(testRecord), 0o600))
	var stdout, stderr bytes.Buffer
	err := run(t.Context(), []string{"-db", db, "-cpuprofile", prof, "-fail-on", "low", app}, nil, &stdout, &stderr)
	require.ErrorIs(t, err, errFindings, "the exit code is the scan's")
	data, err := os.ReadFile(prof)
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(data, []byte{0x1f, 0x8b}), "a profile is gzip'ed, and this begins with % x", data[:min(len(data), 4)])

	err = run(t.Context(), []string{"-db", db, "-cpuprofile", filepath.Join(dir, "none", "p"), app}, nil, &stdout, &stderr)
	require.ErrorContains(t, err, "-cpuprofile")
}
