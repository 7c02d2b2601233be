package table_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/advisory"
	"github.com/stella-ops/stella/scanner/report/reporttest"
	"github.com/stella-ops/stella/scanner/report/table"
)

const want = `shop (cyclonedx)

SEVERITY  SCORE  VULNERABILITY        PACKAGE  VERSION  FIXED IN      REACHABLE
CRITICAL  9.8    CVE-2026-0001        left     1.2.0    2.0.0, 3.0.1  YES
HIGH      7.5    GHSA-aaaa-bbbb-cccc  app:jar  2.14.1   -             no
UNKNOWN   -      CVE-2026-0004        openssl  3.0.1-1  3.0.2-1       unknown

Suppressed (1):
  CVE-2026-0002 in left 1.2.0: not_affected, vulnerable_code_not_present (vex.json by Shop security)

Not evaluated (2), which is not the same as safe:
  2 of them: no version
    mystery
    pkg:npm/mystery

Findings: 3 (1 critical, 1 high, 1 unknown). Suppressed: 1. Packages evaluated: 3. Not evaluated: 2.
`

func TestEncode(t *testing.T) {
	require.Equal(t, want, string(table.Encode(reporttest.Report(), table.Options{Judged: 3})))
}

// The binary packages of one source are one row, counted each in the totals.
func TestBinaryPackages(t *testing.T) {
	r := reporttest.Report()
	other, later := r.Findings[1], r.Findings[1]
	other.Package.PURL = "pkg:deb/debian/openssl@3.0.1-1?arch=amd64&distro=debian-12"
	later.Package.PURL, later.Package.Version = other.Package.PURL, "3.0.1-2"
	r.Findings = []scanner.Finding{r.Findings[1], other, later}
	text := string(table.Encode(r, table.Options{Judged: 3}))
	require.Contains(t, text, "openssl (2 packages)  3.0.1-1")
	require.Contains(t, text, "openssl               3.0.1-2")
	require.Contains(t, text, "Findings: 3 (3 unknown).")
	require.Equal(t, 3, strings.Count(string(table.Encode(r, table.Options{Judged: 3, Details: true})), "  CVE-2026-0004 in pkg:"))
}

func TestDirectory(t *testing.T) {
	r := reporttest.Report()
	r.Target.Kind = scanner.KindDirectory
	r.Findings = r.Findings[2:3]
	r.Findings[0].Package.Locations = []string{"a/bom.json#ref", "a/bom.json#ref2", "b/go.mod"}
	text := string(table.Encode(r, table.Options{Judged: 3}))
	require.Contains(t, text, "REACHABLE  FOUND IN\n")
	require.Contains(t, text, "YES        a/bom.json and 1 more\n")
}

func TestDetails(t *testing.T) {
	text := string(table.Encode(reporttest.Report(), table.Options{Judged: 3, Details: true}))
	require.Contains(t, text, `
  CVE-2026-0001 in pkg:npm/left@1.2.0
    aliases    GHSA-1111-2222-3333
    ecosystem  npm
    severity   CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H by CVE-2026-0001
    locations  ref-left, web/node_modules/left
    reachable  YES: main calls it
    path       main.main → left.parse
`)
	require.Contains(t, text, "layer      2, sha256:02")
	require.Contains(t, text, "reachable  unknown: no call graph was given")
}

// Nothing to find is said of what was looked at only.
func TestNothingEvaluated(t *testing.T) {
	r := reporttest.Report()
	r.Findings = nil
	const loud = "NOTHING WAS EVALUATED"
	require.Contains(t, string(table.Encode(r, table.Options{})), loud+": no package could be held")
	require.NotContains(t, string(table.Encode(r, table.Options{Judged: 1})), loud)
	r.NotEvaluated = nil
	require.Contains(t, string(table.Encode(r, table.Options{})), loud+": the target lists no packages")
}

func TestLongListsAreCut(t *testing.T) {
	r := reporttest.Report()
	r.NotEvaluated, r.Advisories.Rejected = nil, nil
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		r.NotEvaluated = append(r.NotEvaluated, scanner.NotEvaluated{Package: "package-" + name, Reason: "no version"})
		r.Advisories.Rejected = append(r.Advisories.Rejected, advisory.Rejection{ID: "record-" + name, Reason: "bad"})
	}
	short := string(table.Encode(r, table.Options{Judged: 3}))
	require.Contains(t, short, "  8 of them: no version\n")
	require.Contains(t, short, "    package-e\n    … and 3 more: -details names them\n")
	require.Contains(t, short, "  record-e: bad\n  … and 3 more: -details names them\n")
	long := string(table.Encode(r, table.Options{Judged: 3, Details: true}))
	require.NotContains(t, long, "more:")
	require.Contains(t, long, "    package-h\n")
	require.Contains(t, long, "  record-h: bad\n")
}

// A name that clears the screen shows what it is.
func TestControlCharacters(t *testing.T) {
	r := reporttest.Report()
	r.Findings[0].Package.Name = "left\x1b[2J\nright\u202e"
	text := string(table.Encode(r, table.Options{Judged: 3}))
	require.Contains(t, text, `left\x1b[2J\nright\u202e`)
}

func TestGolden(t *testing.T) {
	reporttest.Golden(t, "table.txt", table.Encode(reporttest.Full(), table.Options{Judged: 4}))
	reporttest.Golden(t, "table-details.txt", table.Encode(reporttest.Full(), table.Options{Judged: 4, Details: true}))
}

// A list is cut where that saves more than the line that says so.
func TestWhereListsAreCut(t *testing.T) {
	for n := range 10 {
		r := reporttest.Report()
		r.NotEvaluated, r.Advisories.Rejected = nil, nil
		for i := range n {
			r.NotEvaluated = append(r.NotEvaluated, scanner.NotEvaluated{Package: fmt.Sprint("package-", i), Reason: "no version"})
			r.Advisories.Rejected = append(r.Advisories.Rejected, advisory.Rejection{ID: fmt.Sprint("record-", i), Reason: "bad"})
		}
		text := string(table.Encode(r, table.Options{Judged: 3}))
		named := n
		if n > 6 {
			named = 5
			require.Equal(t, 2, strings.Count(text, fmt.Sprintf("… and %d more: -details names them", n-5)))
		}
		require.Equal(t, named, strings.Count(text, "package-"), n)
		require.Equal(t, named, strings.Count(text, "record-"), n)
		require.Equal(t, n > 6, strings.Contains(text, "more:"), n)
	}
}

// Among findings of one level the higher score comes first, then the report's order; among
// reasons the one of more packages, then the alphabet.
func TestOrder(t *testing.T) {
	r := reporttest.Report()
	finding := r.Findings[0]
	r.Findings = nil
	for i, score := range []float64{7, 8, 7} {
		finding.ID, finding.Severity.Score = fmt.Sprint("CVE-", i), score
		r.Findings = append(r.Findings, finding)
	}
	r.NotEvaluated = []scanner.NotEvaluated{{Package: "a", Reason: "z"}, {Package: "b", Reason: "y"}, {Package: "c", Reason: "x"}, {Package: "d", Reason: "x"}}
	text := string(table.Encode(r, table.Options{Judged: 1}))
	require.Regexp(t, `(?s)CVE-1 .*CVE-0 .*CVE-2 .*2 of them: x.*b: y.*a: z`, text)
}
