// Package reporttest gives the tests of the report formats a report with one of
// everything, and the schemas that the formats' makers publish.
package reporttest

import (
	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/advisory"
	"github.com/stella-ops/stella/scanner/reach"
	"github.com/stella-ops/stella/scanner/severity"
	"github.com/stella-ops/stella/scanner/vex"
)

// Report is a new report in a report's order: a finding for each verdict of
// reachability, one that is suppressed, one in an image's layer, one without a purl,
// and packages that were not evaluated.
func Report() scanner.Report {
	left := scanner.FoundPackage{
		PURL: "pkg:npm/left@1.2.0", Ecosystem: "npm", Name: "left", Version: "1.2.0",
		Locations: []string{"ref-left", "web/node_modules/left"},
	}
	return scanner.Report{
		Schema: scanner.Schema,
		Target: scanner.Target{Name: "shop", Kind: "cyclonedx", SHA256: "5994471abb01112afcc18159f6cc74b4f511b99806da59b3caf5a9c173cacfc5"},
		Advisories: scanner.Advisories{
			SHA256: "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225", Records: 9, Rejected: []advisory.Rejection{},
		},
		Findings: []scanner.Finding{
			{
				ID: "GHSA-aaaa-bbbb-cccc", Aliases: []string{"GHSA-aaaa-bbbb-cccc"}, FixedVersions: []string{},
				Package: scanner.FoundPackage{Ecosystem: "Maven", Name: "app:jar", Version: "2.14.1", Locations: []string{}},
				Severity: severity.Severity{
					Level: severity.High, Score: 7.5, Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Source: "GHSA-aaaa-bbbb-cccc",
				},
				Reachability: reach.Result{Verdict: reach.Unreachable, Why: "no path leads to app.jar.Parse", Path: []string{}},
			},
			{
				ID: "CVE-2026-0004", Aliases: []string{"CVE-2026-0004", "DEBIAN-CVE-2026-0004"}, FixedVersions: []string{"3.0.2-1"},
				Package: scanner.FoundPackage{
					PURL: "pkg:deb/debian/libssl3@3.0.1-1?arch=amd64&distro=debian-12&upstream=openssl", Ecosystem: "Debian:12", Name: "openssl", Version: "3.0.1-1",
					Locations: []string{"var/lib/dpkg/status"}, Layer: &scanner.Layer{Index: 2, DiffID: "sha256:02"},
				},
				Severity:     severity.Severity{Level: severity.Unknown},
				Reachability: reach.Result{Verdict: reach.Unknown, Why: "no call graph was given", Path: []string{}},
			},
			{
				ID: "CVE-2026-0001", Aliases: []string{"CVE-2026-0001", "GHSA-1111-2222-3333"}, Package: left, FixedVersions: []string{"2.0.0", "3.0.1"},
				Severity: severity.Severity{
					Level: severity.Critical, Score: 9.8, Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Source: "CVE-2026-0001",
				},
				Reachability: reach.Result{Verdict: reach.Reachable, Why: "main calls it", Path: []string{"main.main", "left.parse"}},
			},
			{
				ID: "CVE-2026-0002", Aliases: []string{"CVE-2026-0002"}, Package: left, FixedVersions: []string{"1.2.1"},
				Severity:     severity.Severity{Level: severity.Medium, Source: "GHSA-2222-3333-4444"},
				Reachability: reach.Result{Verdict: reach.Unknown, Why: "no call graph was given", Path: []string{}},
				Suppressed:   &vex.Suppression{Status: vex.NotAffected, Justification: "vulnerable_code_not_present", Source: "vex.json by Shop security"},
			},
		},
		NotEvaluated: []scanner.NotEvaluated{
			{Package: "mystery", Reason: "no version"},
			{Package: "pkg:npm/mystery", Reason: "no version"},
		},
	}
}
