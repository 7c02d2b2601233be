package openvex_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/report/openvex"
	"github.com/stella-ops/stella/scanner/report/reporttest"
	"github.com/stella-ops/stella/scanner/vex"
)

var options = openvex.Options{Author: "Shop security", Now: time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)}

type statement struct {
	Vulnerability   struct{ Name string }
	Products        []map[string]any
	Status          string
	StatusNotes     string `json:"status_notes"`
	Justification   string
	ImpactStatement string `json:"impact_statement"`
	ActionStatement string `json:"action_statement"`
}

func statements(t *testing.T, r scanner.Report) map[string]statement {
	t.Helper()
	text, err := openvex.Encode(r, options)
	require.NoError(t, err)
	var doc struct{ Statements []statement }
	require.NoError(t, json.Unmarshal(text, &doc))
	byID := map[string]statement{}
	for _, s := range doc.Statements {
		byID[s.Vulnerability.Name] = s
	}
	return byID
}

func TestStatus(t *testing.T) {
	got := statements(t, reporttest.Report())
	require.Len(t, got, 4)
	unreachable := got["GHSA-aaaa-bbbb-cccc"]
	require.Equal(t, "not_affected", unreachable.Status)
	require.Equal(t, "vulnerable_code_not_in_execute_path", unreachable.Justification)
	require.Equal(t, "no path leads to app.jar.Parse", unreachable.ImpactStatement)
	require.Equal(t, "pkg:generic/app:jar@2.14.1", unreachable.Products[0]["@id"])
	reachable := got["CVE-2026-0001"]
	require.Equal(t, "affected", reachable.Status)
	require.Equal(t, "Upgrade left to 2.0.0 or 3.0.1.", reachable.ActionStatement)
	require.Equal(t, "under_investigation", got["CVE-2026-0004"].Status)
	require.Empty(t, got["CVE-2026-0004"].Justification)
	require.Equal(t, "not_affected", got["CVE-2026-0002"].Status)
	require.Equal(t, "vulnerable_code_not_present", got["CVE-2026-0002"].Justification)
	require.Contains(t, got["CVE-2026-0002"].StatusNotes, "vex.json by Shop security")
}

func TestSuppressed(t *testing.T) {
	for _, row := range []struct {
		by                            vex.Suppression
		status, justification, impact string
	}{
		{vex.Suppression{Status: vex.Fixed}, "fixed", "", ""},
		{vex.Suppression{Status: vex.NotAffected, Justification: "code_not_reachable"}, "not_affected", "vulnerable_code_not_in_execute_path", ""},
		{vex.Suppression{Status: vex.NotAffected, Justification: "requires_environment"}, "not_affected", "", "requires_environment"},
		{vex.Suppression{Status: "ignored", Justification: "accepted until May"}, "under_investigation", "", ""},
	} {
		r := reporttest.Report()
		r.Findings = r.Findings[3:]
		r.Findings[0].Suppressed = &row.by
		got := statements(t, r)["CVE-2026-0002"]
		require.Equal(t, row.status, got.Status)
		require.Equal(t, row.justification, got.Justification)
		require.Equal(t, row.impact, got.ImpactStatement)
	}
}

// What is written as answered is suppressed when it is read, and nothing else.
func TestReadBack(t *testing.T) {
	r := reporttest.Report()
	r.Findings[0].Package.PURL = "pkg:maven/app/jar@2.14.1"
	text, err := openvex.Encode(r, options)
	require.NoError(t, err)
	doc, err := vex.Read(bytes.NewReader(text), "out.json")
	require.NoError(t, err)
	require.Empty(t, doc.Rejected)
	require.Equal(t, options.Now, doc.Statements[0].Time)
	set := vex.NewSet(doc)
	for _, f := range r.Findings {
		got := set.Suppress(vex.Query{IDs: f.Aliases, PURL: f.Package.PURL, Version: f.Package.Version})
		switch f.ID {
		case "GHSA-aaaa-bbbb-cccc":
			require.Equal(t, "vulnerable_code_not_in_execute_path", got.Justification)
		case "CVE-2026-0002":
			require.Equal(t, "vulnerable_code_not_present", got.Justification)
		default:
			require.Nil(t, got, f.ID)
		}
	}
	require.Empty(t, set.Unused())
}

func TestDocument(t *testing.T) {
	id := func(r scanner.Report, o openvex.Options) string {
		text, err := openvex.Encode(r, o)
		require.NoError(t, err)
		var doc map[string]any
		require.NoError(t, json.Unmarshal(text, &doc))
		require.Equal(t, "https://openvex.dev/ns/v0.2.0", doc["@context"])
		require.InDelta(t, 1, doc["version"], 0)
		return doc["@id"].(string)
	}
	first := id(reporttest.Report(), options)
	require.Regexp(t, `^urn:stella:openvex:[0-9a-f]{64}$`, first)
	require.Equal(t, first, id(reporttest.Report(), options))
	other := reporttest.Report()
	other.Target.SHA256 = "00"
	require.NotEqual(t, first, id(other, options))
	require.NotEqual(t, first, id(reporttest.Report(), openvex.Options{Author: "other", Now: options.Now}))
}

func TestErrors(t *testing.T) {
	_, err := openvex.Encode(reporttest.Report(), openvex.Options{Author: "me"})
	require.ErrorContains(t, err, "author and time")
	_, err = openvex.Encode(scanner.Report{}, options)
	require.ErrorIs(t, err, openvex.ErrNoStatements)
}

func TestGolden(t *testing.T) {
	text, err := openvex.Encode(reporttest.Full(), options)
	require.NoError(t, err)
	reporttest.Golden(t, "openvex.json", text)
}
