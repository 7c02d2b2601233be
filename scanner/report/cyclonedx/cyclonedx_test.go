package cyclonedx_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/advisory"
	"github.com/stella-ops/stella/scanner/report/cyclonedx"
	"github.com/stella-ops/stella/scanner/report/reporttest"
	"github.com/stella-ops/stella/scanner/sbom"
	"github.com/stella-ops/stella/scanner/severity"
	"github.com/stella-ops/stella/scanner/vex"
)

var now = time.Date(2026, 11, 26, 10, 0, 0, 0, time.FixedZone("", 3600))

func encode(t *testing.T, r scanner.Report, at time.Time) ([]byte, cdx.BOM) {
	t.Helper()
	text, err := bytesOf(r, at)
	require.NoError(t, err)
	reporttest.Valid(t, reporttest.CycloneDXSchema(t), text)
	var bom cdx.BOM
	require.NoError(t, json.Unmarshal(text, &bom))
	return text, bom
}

func TestEncode(t *testing.T) {
	r := reporttest.Report()
	r.Advisories.Rejected = []advisory.Rejection{{Entry: "a.json", Reason: "no id"}}
	_, bom := encode(t, r, now)
	require.Equal(t, "2026-11-26T09:00:00Z", bom.Metadata.Timestamp)
	require.Len(t, *bom.Components, 3, "one component for both findings of left")
	require.Len(t, *bom.Vulnerabilities, 4)
	require.Contains(t, *bom.Metadata.Properties, cdx.Property{Name: "stella:not_evaluated", Value: "mystery: no version"})
	require.Contains(t, *bom.Metadata.Properties, cdx.Property{Name: "stella:advisory_rejected", Value: "a.json: no id"})

	byID := map[string]cdx.Vulnerability{}
	for _, v := range *bom.Vulnerabilities {
		byID[v.ID] = v
	}
	reachable := byID["CVE-2026-0001"]
	require.Equal(t, "pkg:npm/left@1.2.0", (*reachable.Affects)[0].Ref)
	require.Equal(t, cdx.IASExploitable, reachable.Analysis.State)
	require.Equal(t, "GHSA-1111-2222-3333", (*reachable.References)[0].ID)
	require.Equal(t, "Upgrade left to 2.0.0 or 3.0.1.", reachable.Recommendation)
	score := 9.8
	require.Empty(t, cmp.Diff([]cdx.VulnerabilityRating{{
		Source: &cdx.Source{Name: "CVE-2026-0001"}, Score: &score, Severity: "critical", Method: "CVSSv31",
		Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
	}}, *reachable.Ratings))
	require.Equal(t, cdx.IASNotAffected, byID["GHSA-aaaa-bbbb-cccc"].Analysis.State)
	require.Equal(t, cdx.IAJCodeNotReachable, byID["GHSA-aaaa-bbbb-cccc"].Analysis.Justification)
	require.Equal(t, cdx.IASInTriage, byID["CVE-2026-0004"].Analysis.State)
	require.Equal(t, cdx.IAJCodeNotPresent, byID["CVE-2026-0002"].Analysis.Justification)
	require.Nil(t, (*byID["CVE-2026-0002"].Ratings)[0].Score, "a label has no score")
}

func TestRatings(t *testing.T) {
	for _, row := range []struct {
		in       severity.Severity
		level    cdx.Severity
		method   cdx.ScoringMethod
		hasScore bool
	}{
		{severity.Severity{Level: severity.Negligible, Source: "U"}, cdx.SeverityInfo, cdx.ScoringMethodOther, false},
		{severity.Severity{Level: severity.Unknown}, cdx.SeverityUnknown, cdx.ScoringMethodOther, false},
		{severity.Severity{Level: severity.None, Vector: "CVSS:3.0/x"}, cdx.SeverityNone, cdx.ScoringMethodCVSSv3, true},
		{severity.Severity{Level: severity.High, Score: 7, Vector: "CVSS:4.0/x"}, cdx.SeverityHigh, cdx.ScoringMethodCVSSv4, true},
		{severity.Severity{Level: severity.High, Score: 7, Vector: "AV:N/x"}, cdx.SeverityHigh, cdx.ScoringMethodCVSSv2, true},
	} {
		r := reporttest.Report()
		r.Findings = r.Findings[:1]
		r.Findings[0].Severity = row.in
		_, bom := encode(t, r, time.Time{})
		got := (*(*bom.Vulnerabilities)[0].Ratings)[0]
		require.Equal(t, row.level, got.Severity)
		require.Equal(t, row.method, got.Method)
		require.Equal(t, row.hasScore, got.Score != nil, row.in)
		require.Empty(t, bom.Metadata.Timestamp)
	}
}

func TestSuppressed(t *testing.T) {
	for _, row := range []struct {
		by            vex.Suppression
		state         cdx.ImpactAnalysisState
		justification cdx.ImpactAnalysisJustification
	}{
		{vex.Suppression{Status: vex.Fixed}, cdx.IASResolved, ""},
		{vex.Suppression{Status: vex.NotAffected, Justification: "requires_environment"}, cdx.IASNotAffected, cdx.IAJRequiresEnvironment},
		{vex.Suppression{Status: vex.NotAffected, Justification: "in our own words"}, cdx.IASNotAffected, ""},
		{vex.Suppression{Status: "ignored", Justification: "accepted until May"}, cdx.IASInTriage, ""},
	} {
		r := reporttest.Report()
		r.Findings = r.Findings[3:]
		r.Findings[0].Suppressed = &row.by
		_, bom := encode(t, r, now)
		a := (*bom.Vulnerabilities)[0].Analysis
		require.Equal(t, row.state, a.State)
		require.Equal(t, row.justification, a.Justification)
		require.Contains(t, a.Detail, row.by.Justification)
	}
}

// One package in two layers is two components, each with a ref of its own.
func TestLayers(t *testing.T) {
	r := reporttest.Report()
	again := r.Findings[1]
	again.Package.Layer = &scanner.Layer{Index: 3, DiffID: "sha256:03"}
	r.Findings = []scanner.Finding{r.Findings[1], again}
	_, bom := encode(t, r, now)
	require.Len(t, *bom.Components, 2)
	require.Equal(t, (*bom.Components)[0].BOMRef+"#2", (*bom.Components)[1].BOMRef)
	require.Equal(t, (*bom.Components)[1].BOMRef, (*(*bom.Vulnerabilities)[1].Affects)[0].Ref)
}

func TestSerialNumber(t *testing.T) {
	_, a := encode(t, reporttest.Report(), now)
	_, b := encode(t, reporttest.Report(), now)
	require.Equal(t, a.SerialNumber, b.SerialNumber)
	other := reporttest.Report()
	other.Findings[0].Reachability.Why = "other"
	_, c := encode(t, other, now)
	require.NotEqual(t, a.SerialNumber, c.SerialNumber)
	_, d := encode(t, reporttest.Report(), time.Time{})
	require.NotEqual(t, a.SerialNumber, d.SerialNumber)
}

// The document is read as an SBOM of the same packages, and as VEX that suppresses what
// is answered.
func TestReadBack(t *testing.T) {
	r := reporttest.Report()
	text, _ := encode(t, r, now)
	inv, err := sbom.Read(bytes.NewReader(text), "out.cdx.json")
	require.NoError(t, err)
	require.Equal(t, "shop", inv.Target.Name)
	names := map[string]string{}
	for _, p := range inv.Packages {
		names[p.PURL] = p.Ecosystem + " " + p.Name + " " + p.Version
	}
	require.Empty(t, cmp.Diff(map[string]string{
		"pkg:npm/left@1.2.0":       "npm left 1.2.0",
		r.Findings[1].Package.PURL: "Debian:12 openssl 3.0.1-1",
	}, names))
	require.Len(t, inv.Unreadable, 1, "the package without a purl")
	require.Contains(t, inv.Unreadable[0].Package, "app:jar")

	doc, err := vex.Read(bytes.NewReader(text), "out.cdx.json")
	require.NoError(t, err)
	require.Empty(t, doc.Rejected)
	set := vex.NewSet(doc)
	for _, f := range r.Findings {
		got := set.Suppress(vex.Query{IDs: f.Aliases, PURL: f.Package.PURL, Version: f.Package.Version})
		require.Equal(t, f.ID == "CVE-2026-0002", got != nil, f.ID) // the other answered one has no purl to be known by
	}
}

func TestEmptyReport(t *testing.T) {
	r := reporttest.Report()
	r.Findings, r.NotEvaluated = nil, nil
	_, bom := encode(t, r, now)
	require.Empty(t, *bom.Components)
	require.Empty(t, *bom.Vulnerabilities)
}

func bytesOf(r scanner.Report, at time.Time) ([]byte, error) {
	var b bytes.Buffer
	_, err := cyclonedx.Document{Report: r, Now: at}.WriteTo(&b)
	return b.Bytes(), err
}

// A distribution's priority and the vector beside it are two ratings.
func TestPriorityAndVector(t *testing.T) {
	r := reporttest.Report()
	r.Findings[0].Severity = severity.Severity{Level: severity.Negligible, Score: 9.8, Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Source: "UBUNTU-1#severity", Priority: true}
	_, bom := encode(t, r, now)
	ratings := *(*bom.Vulnerabilities)[0].Ratings
	require.Len(t, ratings, 2)
	require.Equal(t, cdx.SeverityInfo, ratings[0].Severity)
	require.Nil(t, ratings[0].Score)
	require.Equal(t, cdx.SeverityCritical, ratings[1].Severity)
	require.InDelta(t, 9.8, *ratings[1].Score, 0)
}

func TestGolden(t *testing.T) {
	text, err := bytesOf(reporttest.Full(), now)
	require.NoError(t, err)
	reporttest.Valid(t, reporttest.CycloneDXSchema(t), text)
	reporttest.Golden(t, "cyclonedx.json", text)
}

// Images are containers, and anything else is an application.
func TestTargetKind(t *testing.T) {
	for kind, want := range map[string]cdx.ComponentType{
		"docker-archive": cdx.ComponentTypeContainer, "oci-layout": cdx.ComponentTypeContainer, "directory": cdx.ComponentTypeApplication, "cyclonedx": cdx.ComponentTypeApplication,
	} {
		r := reporttest.Report()
		r.Target.Kind = kind
		_, bom := encode(t, r, now)
		require.Equal(t, want, bom.Metadata.Component.Type, kind)
	}
}

// What tells two packages apart: each is a component of its own.
func TestSamePackage(t *testing.T) {
	for name, change := range map[string]func(*scanner.FoundPackage){
		"purl":      func(p *scanner.FoundPackage) { p.PURL += "?x=y" },
		"ecosystem": func(p *scanner.FoundPackage) { p.Ecosystem = "PyPI" },
		"name":      func(p *scanner.FoundPackage) { p.Name = "other" },
		"version":   func(p *scanner.FoundPackage) { p.Version = "9" },
		"layer":     func(p *scanner.FoundPackage) { p.Layer = &scanner.Layer{Index: 0, DiffID: ""} },
		"":          func(p *scanner.FoundPackage) { p.Locations = nil },
	} {
		r := reporttest.Report()
		r.Findings = r.Findings[2:]
		change(&r.Findings[1].Package)
		_, bom := encode(t, r, now)
		want := 2
		if name == "" {
			want = 1
		}
		require.Len(t, *bom.Components, want, name)
	}
}

func TestFullDisk(t *testing.T) {
	full := errors.New("the disk is full")
	_, err := cyclonedx.Document{Report: reporttest.Full()}.WriteTo(failing{full})
	require.ErrorIs(t, err, full)
	require.ErrorContains(t, err, "writing CycloneDX: ")
}

type failing struct{ err error }

func (w failing) Write([]byte) (int, error) { return 0, w.err }
