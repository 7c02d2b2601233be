package sarif_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/advisory"
	"github.com/stella-ops/stella/scanner/report/reporttest"
	"github.com/stella-ops/stella/scanner/report/sarif"
	"github.com/stella-ops/stella/scanner/severity"
)

func encode(t *testing.T, r scanner.Report) map[string]any {
	t.Helper()
	text, err := bytesOf(r)
	require.NoError(t, err)
	reporttest.Valid(t, reporttest.SARIFSchema(t), text)
	var doc map[string]any
	require.NoError(t, json.Unmarshal(text, &doc))
	return doc["runs"].([]any)[0].(map[string]any)
}

// at follows keys and indexes into a document.
func at(v any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			v = v.(map[string]any)[p]
		case int:
			v = v.([]any)[p]
		}
	}
	return v
}

func TestEncode(t *testing.T) {
	run := encode(t, reporttest.Report())
	var rules []string
	for _, r := range at(run, "tool", "driver", "rules").([]any) {
		rules = append(rules, at(r, "id").(string))
	}
	require.Equal(t, []string{"CVE-2026-0001", "CVE-2026-0002", "CVE-2026-0004", "GHSA-aaaa-bbbb-cccc"}, rules)
	require.Equal(t, "9.8", at(run, "tool", "driver", "rules", 0, "properties", "security-severity"))
	require.Nil(t, at(run, "tool", "driver", "rules", 1, "properties", "security-severity"), "a label is no number")

	results := at(run, "results").([]any)
	require.Len(t, results, 4)
	for i, want := range []string{"error", "warning", "error", "warning"} {
		require.Equal(t, want, at(results[i], "level"))
		require.Equal(t, at(results[i], "ruleId"), rules[int(at(results[i], "ruleIndex").(float64))])
	}
	require.Equal(t, "shop", at(results[2], "locations", 0, "physicalLocation", "artifactLocation", "uri"))
	require.Empty(t, cmp.Diff([]any{
		map[string]any{"name": "left", "fullyQualifiedName": "pkg:npm/left@1.2.0", "kind": "module"},
		map[string]any{"name": "ref-left", "kind": "resource"},
		map[string]any{"name": "web/node_modules/left", "kind": "resource"},
	}, at(results[2], "locations", 0, "logicalLocations")))
	require.Equal(t, "left.parse", at(results[2], "codeFlows", 0, "threadFlows", 0, "locations", 1, "location", "message", "text"))
	require.Nil(t, at(results[0], "codeFlows"))
	require.Empty(t, at(results[0], "suppressions"))
	require.Empty(t, cmp.Diff([]any{map[string]any{
		"kind": "external", "status": "accepted", "justification": "not_affected: vulnerable_code_not_present (vex.json by Shop security)",
	}}, at(results[3], "suppressions")))
	require.Equal(t, "pkg:npm/mystery was not evaluated: no version", at(run, "invocations", 0, "toolExecutionNotifications", 1, "message", "text"))
}

func TestEmptyReport(t *testing.T) {
	r := reporttest.Report()
	r.Findings, r.NotEvaluated = nil, nil
	run := encode(t, r)
	require.Empty(t, at(run, "results"))
	require.NotNil(t, at(run, "results"), "null would say that nothing was scanned")
}

// Below a directory a result lies in each file that names the package.
func TestDirectory(t *testing.T) {
	r := reporttest.Report()
	r.Target.Kind = "directory"
	r.Findings = r.Findings[2:3]
	r.Findings[0].Package.Locations = []string{"a b/bom.json#ref", "a b/bom.json#ref2", "go.mod"}
	run := encode(t, r)
	require.Len(t, at(run, "results", 0, "locations"), 2)
	require.Equal(t, "a%20b/bom.json", at(run, "results", 0, "locations", 0, "physicalLocation", "artifactLocation", "uri"))
	require.Len(t, at(run, "results", 0, "locations", 0, "logicalLocations"), 3)
	require.Equal(t, "go.mod", at(run, "artifacts", 2, "location", "uri"))
}

// Files are in the order of their names, whatever the package's places are in.
func TestOrderOfFiles(t *testing.T) {
	r := reporttest.Report()
	r.Target.Kind = "directory"
	r.Findings = r.Findings[2:3]
	r.Findings[0].Package.Locations = nil
	for _, name := range strings.Fields("h c a g b f e d") {
		r.Findings[0].Package.Locations = append(r.Findings[0].Package.Locations, name+"/bom.json#"+name)
	}
	run := encode(t, r)
	for i, name := range strings.Fields("a b c d e f g h") {
		require.Equal(t, name+"/bom.json", at(run, "results", 0, "locations", i, "physicalLocation", "artifactLocation", "uri"))
		require.Equal(t, name, at(run, "results", 0, "locations", i, "logicalLocations", 1, "name"))
		require.Equal(t, name+"/bom.json", at(run, "artifacts", i+1, "location", "uri"), "the target itself comes first")
	}
}

// An image's name holds a colon, which begins a scheme in a URI.
func TestTargetWithColon(t *testing.T) {
	r := reporttest.Report()
	r.Target.Name = "shop:1.0"
	require.Equal(t, "./shop:1.0", at(encode(t, r), "artifacts", 0, "location", "uri"))
}

func TestFingerprint(t *testing.T) {
	print := func(change func(*scanner.Finding)) string {
		r := reporttest.Report()
		r.Findings = r.Findings[1:2]
		change(&r.Findings[0])
		return at(encode(t, r), "results", 0, "partialFingerprints", "stella/v1").(string)
	}
	same := print(func(*scanner.Finding) {})
	require.Equal(t, same, print(func(f *scanner.Finding) {
		f.Severity.Level, f.Reachability.Why, f.FixedVersions, f.Aliases = severity.High, "other", []string{"9"}, []string{f.ID, "X"}
	}))
	for name, change := range map[string]func(*scanner.Finding){
		"id":      func(f *scanner.Finding) { f.ID = "CVE-1" },
		"version": func(f *scanner.Finding) { f.Package.Version = "1" },
		"layer":   func(f *scanner.Finding) { f.Package.Layer.DiffID = "sha256:03" },
		"cut":     func(f *scanner.Finding) { f.Package.Ecosystem += "o"; f.Package.Name = f.Package.Name[1:] },
	} {
		require.NotEqual(t, same, print(change), name)
	}
}

func TestRejectedAdvisories(t *testing.T) {
	r := reporttest.Report()
	r.Advisories.Rejected = []advisory.Rejection{{Entry: "a/b.json", Reason: "no id"}}
	text, err := bytesOf(r)
	require.NoError(t, err)
	require.True(t, strings.Contains(string(text), "a/b.json was not used: no id"))
	encode(t, r)
}

func bytesOf(r scanner.Report) ([]byte, error) {
	var b bytes.Buffer
	_, err := sarif.Document{Report: r}.WriteTo(&b)
	return b.Bytes(), err
}

// Services show the level of the score, which a distribution's priority overrules.
func TestPriorityIsNoScore(t *testing.T) {
	r := reporttest.Report()
	for i := range r.Findings {
		r.Findings[i].Severity = severity.Severity{Level: severity.Negligible, Score: 9.8, Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Source: "UBUNTU-1#severity", Priority: true}
	}
	run := encode(t, r)
	require.Nil(t, at(run, "tool", "driver", "rules", 0, "properties", "security-severity"))
	require.Equal(t, "note", at(run, "results", 0, "level"))
}

func TestGolden(t *testing.T) {
	text, err := bytesOf(reporttest.Full())
	require.NoError(t, err)
	reporttest.Valid(t, reporttest.SARIFSchema(t), text)
	reporttest.Golden(t, "sarif.json", text)
}

// A rule's score is the highest of the vectors that decide a level, whatever their order.
func TestHighestScore(t *testing.T) {
	rated := func(score float64, vector string, priority bool) severity.Severity {
		return severity.Severity{Level: severity.Medium, Score: score, Vector: vector, Source: "S-" + vector, Priority: priority}
	}
	for _, row := range []struct {
		of   []severity.Severity
		want any
		by   string
	}{
		{[]severity.Severity{rated(5, "a", false), rated(7, "b", false)}, "7.0", " CVSS: b, by S-b."},
		{[]severity.Severity{rated(7, "b", false), rated(5, "a", false)}, "7.0", " CVSS: b, by S-b."},
		{[]severity.Severity{rated(7, "b", false), rated(7, "a", false)}, "7.0", " CVSS: b, by S-b."},
		{[]severity.Severity{rated(9, "a", true), rated(5, "b", false)}, "5.0", " CVSS: b, by S-b."},
		{[]severity.Severity{rated(9, "", false), rated(5, "b", false)}, "5.0", " CVSS: b, by S-b."},
		{[]severity.Severity{rated(0, "b", false), rated(9, "", false)}, "0.0", " CVSS: b, by S-b."},
		{[]severity.Severity{rated(9, "a", true)}, nil, ""},
	} {
		r := reporttest.Report()
		first := r.Findings[0]
		r.Findings = nil
		for i, s := range row.of {
			first.Severity, first.Package.Version = s, string(rune('1'+i))
			r.Findings = append(r.Findings, first)
		}
		rule := at(encode(t, r), "tool", "driver", "rules", 0)
		require.Equal(t, row.want, at(rule, "properties", "security-severity"), row.of)
		require.True(t, strings.HasSuffix(at(rule, "help", "text").(string), "does not concern the product."+row.by))
		require.Equal(t, "GHSA-aaaa-bbbb-cccc in app:jar", at(rule, "shortDescription", "text"), "a name once")
	}
}

func TestLevels(t *testing.T) {
	for level, want := range map[severity.Level]string{
		severity.Critical: "error", severity.High: "error", severity.Medium: "warning", severity.Unknown: "warning",
		severity.Low: "note", severity.Negligible: "note", severity.None: "note",
	} {
		r := reporttest.Report()
		r.Findings = r.Findings[:1]
		r.Findings[0].Severity.Level = level
		require.Equal(t, want, at(encode(t, r), "results", 0, "level"), level)
	}
}

func TestFullDisk(t *testing.T) {
	full := errors.New("the disk is full")
	_, err := sarif.Document{Report: reporttest.Full()}.WriteTo(failing{full})
	require.ErrorIs(t, err, full)
	require.ErrorContains(t, err, "writing SARIF: ")
}

type failing struct{ err error }

func (w failing) Write([]byte) (int, error) { return 0, w.err }
