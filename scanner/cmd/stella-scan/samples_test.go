package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/scanner/report/reporttest"
)

// samples are the sample SBOMs by name, each with the flags for what stands beside it,
// as scripts/scan-samples gives them.
func samples(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for _, ext := range []string{".cdx.json", ".cdx.xml", ".spdx.json", ".spdx"} {
		paths, err := filepath.Glob("../../../testdata/sboms/*" + ext)
		require.NoError(t, err)
		require.NotEmpty(t, paths, ext)
		for _, path := range paths {
			args := []string{path}
			base := strings.TrimSuffix(path, ext)
			for flag, beside := range map[string]string{"-callgraph": base + ".calls.json", "-vex": base + ".openvex.json"} {
				if _, err := os.Stat(beside); err == nil {
					args = append(args, flag, beside)
				}
			}
			found[filepath.Base(base)] = args
		}
	}
	require.GreaterOrEqual(t, len(found), 32)
	return found
}

// The command makes of each sample the report that is committed, and of that every
// format as its schema wants it.
func TestSamples(t *testing.T) {
	index := filepath.Join(t.TempDir(), "osv.index")
	require.NoError(t, run(t.Context(), []string{"db", "build", "-o", index, "../../../testdata/advisories"}, nil, io.Discard, io.Discard))
	sarif, cyclonedx := reporttest.SARIFSchema(t), reporttest.CycloneDXSchema(t)
	for name, sample := range samples(t) {
		t.Run(name, func(t *testing.T) {
			output := func(format string) []byte {
				var stdout, stderr bytes.Buffer
				args := append([]string{"-db", index, "-format", format, "-now", "2026-11-26T09:00:00Z"}, sample...)
				require.NoError(t, run(t.Context(), args, nil, &stdout, &stderr))
				require.Empty(t, stderr.String(), "every statement of a sample is about a finding")
				return stdout.Bytes()
			}
			committed, err := os.ReadFile(filepath.Join("../../../testdata/scanner-reports", name+".json"))
			require.NoError(t, err)
			require.Equal(t, string(committed), string(output("json")))
			reporttest.Valid(t, sarif, output("sarif"))
			reporttest.Valid(t, cyclonedx, output("cyclonedx"))
			require.Contains(t, string(output("table")), "\nFindings: ")
		})
	}
}
