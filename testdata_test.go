package stella

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cyberphone/json-canonicalization/go/src/webpki.org/jsoncanonicalizer"
	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/testdata/sboms/samples"
)

const corpusDir = "testdata/scanner-reports"

// readCorpus returns the committed reports by file name.
func readCorpus(t *testing.T) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(corpusDir, "*.json"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(paths), 32, "the sweep wants at least 32 different reports")
	corpus := map[string][]byte{}
	for _, p := range paths {
		body, err := os.ReadFile(p)
		require.NoError(t, err)
		corpus[filepath.Base(p)] = body
	}
	return corpus
}

// TestSamplesAreWhatTheGeneratorMakes holds the committed SBOMs and advisories against
// their tables, and the reports against what the scanner makes of them now.
func TestSamplesAreWhatTheGeneratorMakes(t *testing.T) {
	made, err := samples.All(t.Context(), t.TempDir())
	require.NoError(t, err)
	committed, err := samples.Committed("testdata")
	require.NoError(t, err)
	left := map[string]bool{}
	for _, name := range committed {
		left[name] = true
	}
	for _, f := range made {
		delete(left, f.Name)
		got, err := os.ReadFile(filepath.Join("testdata", filepath.FromSlash(f.Name)))
		if err != nil {
			t.Errorf("%s: the generator makes it: %v", f.Name, err)
		} else if !bytes.Equal(got, f.Body) {
			t.Errorf("%s: committed %d bytes differ from the %d that the generator makes", f.Name, len(got), len(f.Body))
		}
	}
	for name := range left {
		t.Errorf("%s: committed, but the generator does not make it", name)
	}
	if t.Failed() {
		t.Log("if the change is meant: go run ./testdata/sboms/generate -o testdata, then read the difference")
	}
}

// TestSamplesFindWhatTheyShould derives from the tables which advisory concerns which
// component, and wants exactly these findings: the tables and not the scanner say what
// is right.
func TestSamplesFindWhatTheyShould(t *testing.T) {
	tables, images, err := samples.Load()
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(images), 32)
	formats := map[string]int{}
	for _, img := range images {
		formats[img.Format]++
		t.Run(img.File, func(t *testing.T) {
			components, err := tables.Components(img)
			require.NoError(t, err)
			body, err := os.ReadFile(filepath.Join(corpusDir, img.File+".json"))
			require.NoError(t, err)
			var r scanner.Report
			require.NoError(t, json.Unmarshal(body, &r))
			require.Equal(t, img.Target, r.Target.Name)
			checkFindings(t, components, r)
		})
	}
	require.Len(t, formats, 4, "every format has a sample: %v", formats)
}

func checkFindings(t *testing.T, components []samples.Component, r scanner.Report) {
	unjudged := map[string]string{}
	for _, n := range r.NotEvaluated {
		unjudged[n.Package] = n.Reason
	}
	want := map[string][]string{} // ids of the rows, by purl
	for _, c := range components {
		id := c.PURL
		if id == "" {
			id = c.Name
		}
		reason, not := unjudged[id]
		require.Equal(t, not, c.Package == nil || c.Package.Ecosystem == "Amazon Linux:2023" || strings.HasPrefix(c.Name, "linux-libc-dev"), "%s %s", id, reason)
		if not {
			delete(unjudged, id)
			continue
		}
		want[id] = nil
		for _, a := range c.Package.Advisories {
			if c.Affected {
				want[id] = append(want[id], a.ID)
			}
		}
	}
	require.Empty(t, unjudged, "not in the SBOM")
	for _, f := range r.Findings {
		rows, known := want[f.Package.PURL]
		require.True(t, known, "%s is no component", f.Package.PURL)
		// A tracker's record names the CVE that the row has as its upstream.
		ids := append([]string{}, f.Aliases...)
		for _, id := range f.Aliases {
			if _, cve, tracked := strings.Cut(id, "-CVE-"); tracked {
				ids = append(ids, "CVE-"+cve)
			}
		}
		left := slices.DeleteFunc(slices.Clone(rows), func(id string) bool { return slices.Contains(ids, id) })
		require.Less(t, len(left), len(rows), "%s in %s is in no row", f.ID, f.Package.PURL)
		want[f.Package.PURL] = left
	}
	for purl, rows := range want {
		require.Empty(t, rows, "not found in %s", purl)
	}
}

func TestScannerReportsAreValid(t *testing.T) {
	seen := map[string]string{}
	total := 0
	for name, body := range readCorpus(t) {
		total += len(body)
		if len(body) < 2_000 || len(body) > 200_000 {
			t.Errorf("%s: %d bytes, want 2 to 200 KB", name, len(body))
		}
		if twin, ok := seen[string(body)]; ok {
			t.Errorf("%s: the same bytes as %s: the log would answer 409", name, twin)
		}
		seen[string(body)] = name
		for _, problem := range reportProblems(body) {
			t.Errorf("%s: %s", name, problem)
		}
	}
	require.LessOrEqual(t, total, 2_500_000, "bytes in the corpus")
}

// TestScannerReportScores holds scores that NVD publishes for these vectors
// against the ones that the scanner computed.
func TestScannerReportScores(t *testing.T) {
	published := map[string]float64{
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H": 10,
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H": 9.8,
		"CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H": 8.8,
		"CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H": 8.1,
		"CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H": 7.8,
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H": 7.5,
		"CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:H/I:H/A:H": 7.2,
		"CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:N/I:N/A:H": 6.5,
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N": 6.1,
		"CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:N/A:H": 5.9,
		"CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N": 5.5,
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:L/A:N": 5.3,
	}
	met := map[string]bool{}
	for name, body := range readCorpus(t) {
		var doc struct {
			Findings []struct {
				ID       string
				Severity struct {
					Score  float64
					Vector string
				}
			}
		}
		require.NoError(t, json.Unmarshal(body, &doc))
		for _, f := range doc.Findings {
			want, ok := published[f.Severity.Vector]
			if !ok {
				continue
			}
			met[f.Severity.Vector] = true
			require.InDelta(t, want, f.Severity.Score, 0, "%s: %s: %s", name, f.ID, f.Severity.Vector)
		}
	}
	for vector := range published {
		require.True(t, met[vector], "no report holds %s: the row proves nothing", vector)
	}
}

func TestReportProblems(t *testing.T) {
	const finding = `{"aliases":["CVE-2021-44228"],"fixed_versions":["2.15.0"],"id":"CVE-2021-44228",` +
		`"package":{"ecosystem":"Maven","layer":null,"locations":["app/a.jar"],"name":"log4j-core","purl":"pkg:maven/a/log4j-core@2.14.1","version":"2.14.1"},` +
		`"reachability":{"path":[],"verdict":"unknown","why":"no call graph was given"},` +
		`"severity":{"level":"unknown","score":0,"source":"","vector":""},"suppressed":null}`
	const valid = `{"advisories":{"records":1,"rejected":[],"sha256":"00"},"findings":[` + finding + `],` +
		`"not_evaluated":[{"package":"a","reason":"no version"}],"schema":"stella.findings/v1","target":{"kind":"lockfile","name":"a","sha256":"00"}}` + "\n"
	require.Empty(t, reportProblems([]byte(valid)))

	for _, row := range []struct{ fault, old, new, want string }{
		{"no JSON", `{"adv`, `{adv`, "not JSON"},
		{"white space", `"rejected":[]`, `"rejected": []`, "not canonical"},
		{"keys out of order", `"kind":"lockfile","name":"a"`, `"name":"a","kind":"lockfile"`, "not canonical"},
		{"no LF", "\n", "", "not canonical"},
		{"other schema", "findings/v1", "findings/v2", `schema "stella.findings/v2"`},
		{"missing field", `"records":1,`, "", "advisories: keys"},
		{"unknown field", `"records":1,`, `"clock":1,"records":1,`, "advisories: keys"},
		{"unjudged without a name", `{"package":"a","reason"`, `{"reason"`, "not_evaluated[0]: keys"},
		{"unsorted", `"aliases":["CVE-2021-44228"]`, `"aliases":["CVE-2021-44228","CVE-2021-1"]`, "aliases: not sorted"},
		{"id outside its group", `"id":"CVE-2021-44228"`, `"id":"CVE-2021-44229"`, "not among its aliases"},
		{"finding twice", finding, finding + "," + finding, "findings: not sorted"},
		{"no verdict", `"verdict":"unknown"`, `"verdict":"maybe"`, `verdict "maybe"`},
		{"reachable without a path", `"verdict":"unknown"`, `"verdict":"reachable"`, "a path if and only if"},
		{"unknown with a vector", `"vector":""`, `"vector":"CVSS:3.1/AV:N"`, "unknown has a vector"},
		{"no purl", `"purl":"pkg:`, `"purl":"`, "purl"},
	} {
		t.Run(row.fault, func(t *testing.T) {
			broken := strings.Replace(valid, row.old, row.new, 1)
			require.NotEqual(t, valid, broken)
			require.Contains(t, strings.Join(reportProblems([]byte(broken)), "\n"), row.want)
		})
	}
}

type object = map[string]any

// reportProblems says what in body is against the rules of stella.findings/v1.
func reportProblems(body []byte) []string {
	canonical, err := jsoncanonicalizer.Transform(body)
	if err != nil {
		return []string{fmt.Sprintf("not JSON: %v", err)}
	}
	var problems []string
	note := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if !bytes.Equal(append(canonical, '\n'), body) {
		note("not canonical JSON with LF at the end")
	}
	var doc object
	if err := json.Unmarshal(body, &doc); err != nil {
		return append(problems, err.Error())
	}
	// keys reports a missing, an unknown or an ill-typed field as it takes v apart.
	keys := func(where string, v any, want string) object {
		o, _ := v.(object)
		if got := strings.Join(slices.Sorted(maps.Keys(o)), " "); got != want {
			note("%s: keys %q, want %q", where, got, want)
		}
		return o
	}
	sorted := func(where string, list []string) {
		if !slices.IsSorted(list) || len(slices.Compact(slices.Clone(list))) != len(list) {
			note("%s: not sorted or not unique", where)
		}
	}
	keys("report", doc, "advisories findings not_evaluated schema target")
	if doc["schema"] != scanner.Schema {
		note("schema %q, want %q", doc["schema"], scanner.Schema)
	}
	keys("advisories", doc["advisories"], "records rejected sha256")
	keys("target", doc["target"], "kind name sha256")
	for i, v := range items(doc["not_evaluated"]) {
		keys(fmt.Sprintf("not_evaluated[%d]", i), v, "package reason")
	}
	var order []string
	for i, v := range items(doc["findings"]) {
		where := fmt.Sprintf("findings[%d]", i)
		f := keys(where, v, "aliases fixed_versions id package reachability severity suppressed")
		p := keys(where+".package", f["package"], "ecosystem layer locations name purl version")
		if p["layer"] != nil {
			keys(where+".package.layer", p["layer"], "diff_id index")
		}
		if f["suppressed"] != nil {
			keys(where+".suppressed", f["suppressed"], "justification source status")
		}
		if purl := fmt.Sprint(p["purl"]); !strings.HasPrefix(purl, "pkg:") || !strings.Contains(purl, "@") {
			note("%s: purl %q", where, purl)
		}
		aliases := texts(f["aliases"])
		sorted(where+".aliases", aliases)
		sorted(where+".package.locations", texts(p["locations"]))
		if !slices.Contains(aliases, fmt.Sprint(f["id"])) {
			note("%s: id %s is not among its aliases", where, f["id"])
		}
		r := keys(where+".reachability", f["reachability"], "path verdict why")
		if !slices.Contains([]any{"reachable", "unreachable", "unknown"}, r["verdict"]) {
			note("%s: verdict %q", where, r["verdict"])
		}
		if (r["verdict"] == "reachable") != (len(items(r["path"])) > 0) {
			note("%s: a path if and only if the verdict is reachable", where)
		}
		s := keys(where+".severity", f["severity"], "level score source vector")
		if s["level"] == "unknown" && (s["vector"] != "" || s["source"] != "") {
			note("%s: severity unknown has a vector or a source", where)
		}
		order = append(order, fmt.Sprintf("%s\x00%s", p["purl"], f["id"]))
	}
	sorted("findings", order)
	return problems
}

func items(v any) []any {
	list, _ := v.([]any)
	return list
}

func texts(v any) []string {
	var list []string
	for _, item := range items(v) {
		list = append(list, fmt.Sprint(item))
	}
	return list
}
