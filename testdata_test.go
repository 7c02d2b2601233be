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

	"github.com/stella-ops/stella/testdata/scanner-reports/reports"
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

func TestScannerReportsAreWhatTheGeneratorMakes(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, reports.Write(dir))
	made, err := os.ReadDir(dir)
	require.NoError(t, err)

	committed := readCorpus(t)
	for _, entry := range made {
		want, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		require.NoError(t, err)
		if got, ok := committed[entry.Name()]; !ok {
			t.Errorf("%s: the generator makes it, but it is not committed", entry.Name())
		} else if !bytes.Equal(got, want) {
			t.Errorf("%s: committed %d bytes differ from the %d that the generator makes", entry.Name(), len(got), len(want))
		}
		delete(committed, entry.Name())
	}
	for name := range committed {
		t.Errorf("%s: committed, but the generator does not make it", name)
	}
	if t.Failed() {
		t.Logf("to regenerate: go run ./%s/generate -o %s", corpusDir, corpusDir)
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
// against the ones that the generator computed.
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
					Score  *float64
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
			require.NotNil(t, f.Severity.Score, "%s: %s", name, f.ID)
			require.InDelta(t, want, *f.Severity.Score, 0, "%s: %s: %s", name, f.ID, f.Severity.Vector)
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
		`"severity":{"level":"unknown","score":null,"source":"","vector":""},"suppressed":null}`
	const valid = `{"advisories":{"records":1,"rejected":[],"sha256":"00"},"findings":[` + finding + `],` +
		`"not_evaluated":[{"name":"a","reason":"no version"}],"schema":"stella.findings/v1","target":{"kind":"lockfile","name":"a","sha256":"00"}}` + "\n"
	require.Empty(t, reportProblems([]byte(valid)))

	for _, row := range []struct{ fault, old, new, want string }{
		{"no JSON", `{"adv`, `{adv`, "not JSON"},
		{"white space", `"rejected":[]`, `"rejected": []`, "not canonical"},
		{"keys out of order", `"kind":"lockfile","name":"a"`, `"name":"a","kind":"lockfile"`, "not canonical"},
		{"no LF", "\n", "", "not canonical"},
		{"other schema", "findings/v1", "findings/v2", `schema "stella.findings/v2"`},
		{"missing field", `"records":1,`, "", "advisories: keys"},
		{"unknown field", `"records":1,`, `"clock":1,"records":1,`, "advisories: keys"},
		{"unjudged without a name", `{"name":"a","reason"`, `{"reason"`, "not_evaluated[0]: keys"},
		{"unsorted", `"aliases":["CVE-2021-44228"]`, `"aliases":["CVE-2021-44228","CVE-2021-1"]`, "aliases: not sorted"},
		{"id outside its group", `"id":"CVE-2021-44228"`, `"id":"CVE-2021-44229"`, "not among its aliases"},
		{"finding twice", finding, finding + "," + finding, "findings: not sorted"},
		{"no verdict", `"verdict":"unknown"`, `"verdict":"maybe"`, `verdict "maybe"`},
		{"reachable without a path", `"verdict":"unknown"`, `"verdict":"reachable"`, "a path if and only if"},
		{"unknown read as zero", `"score":null`, `"score":0`, "unknown has a score"},
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
	if doc["schema"] != reports.Schema {
		note("schema %q, want %q", doc["schema"], reports.Schema)
	}
	keys("advisories", doc["advisories"], "records rejected sha256")
	keys("target", doc["target"], "kind name sha256")
	for i, v := range items(doc["not_evaluated"]) {
		key := "name reason"
		if o, _ := v.(object); o["purl"] != nil {
			key = "purl reason"
		}
		keys(fmt.Sprintf("not_evaluated[%d]", i), v, key)
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
		sorted(where+".fixed_versions", texts(f["fixed_versions"]))
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
		if (s["level"] == "unknown") != (s["score"] == nil) {
			note("%s: severity unknown has a score, or a known one has none", where)
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
