package reporttest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/advisory"
	"github.com/stella-ops/stella/scanner/reach"
	"github.com/stella-ops/stella/scanner/severity"
	"github.com/stella-ops/stella/scanner/vex"
)

var update = flag.Bool("update", false, "rewrite the golden documents, then read the diff")

// Golden demands that got is the golden document of that name, byte for byte.
func Golden(t testing.TB, name string, got []byte) {
	t.Helper()
	file := filepath.Join("..", "reporttest", "testdata", name)
	if *update {
		require.NotEqual(t, "true", os.Getenv("CI"), "goldens are not rewritten where CI=true")
		require.NoError(t, os.WriteFile(file, got, 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "%s: if that is right, make golden and read the diff", file)
}

// Full is the report of the golden documents: what [Report] has, one vulnerability in
// several packages, each kind of suppression, a distribution's priority, and advisories
// that were rejected.
func Full() scanner.Report {
	r := Report()
	right := scanner.FoundPackage{PURL: "pkg:npm/right@1", Ecosystem: "npm", Name: "right", Version: "1", Locations: []string{"ref <right> & co"}}
	finding := func(id string, fixed ...string) scanner.Finding {
		return scanner.Finding{
			ID: id, Aliases: []string{id}, Package: right, FixedVersions: append([]string{}, fixed...), Severity: severity.Severity{Level: severity.Unknown},
			Reachability: reach.Result{Verdict: reach.Unknown, Why: "no call graph was given", Path: []string{}},
		}
	}
	shared := finding("CVE-2026-0001")
	shared.Severity = severity.Severity{Level: severity.Medium, Score: 5, Vector: "AV:N/AC:L/Au:N/C:N/I:N/A:P", Source: "CVE-2026-0001"}
	shared.Reachability = reach.Result{Verdict: reach.Reachable, Why: "main calls it", Path: []string{"main.main", "right.parse"}}
	low := finding("CVE-2026-0005")
	low.Severity = severity.Severity{Level: severity.Low, Score: 9.1, Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:N", Source: "UBUNTU-1#severity", Priority: true}
	r.Findings = append(r.Findings, shared, low)
	for i, by := range []vex.Suppression{
		{Status: vex.Fixed, Source: "vex.json by Shop security"},
		{Status: "ignored", Justification: "accepted until May", Source: "config.json"},
		{Status: vex.NotAffected, Justification: "requires_environment", Source: "vex.cdx.json"},
	} {
		f := finding(fmt.Sprintf("CVE-2026-000%d", 6+i), "2")
		f.Suppressed = &by
		r.Findings = append(r.Findings, f)
	}
	r.Advisories.Rejected = []advisory.Rejection{{ID: "GHSA-bad", Entry: "a.json", Reason: "no affected packages"}, {Entry: "b.json", Reason: "no id"}}
	return r
}
