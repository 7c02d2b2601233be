package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	testSBOM = `{"bomFormat":"CycloneDX","specVersion":"1.5","metadata":{"component":{"type":"application","name":"shop"}},"components":[
		{"type":"library","name":"left","version":"1.2.0","bom-ref":"a","purl":"pkg:npm/left@1.2.0"},
		{"type":"library","name":"mystery","bom-ref":"b","purl":"pkg:npm/mystery"}]}`
	testRecord = `{"id":"GHSA-aaaa-bbbb-cccc","modified":"2026-01-01T00:00:00Z","aliases":["CVE-2026-0001"],
		"affected":[{"package":{"ecosystem":"npm","name":"left"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"2.0.0"}]}]}],
		"severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"}]}`
	testVEX = `{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://vex.example/1","author":"us","timestamp":"2026-01-01T00:00:00Z","version":1,
		"statements":[{"vulnerability":{"name":"CVE-2026-0002"},"products":[{"@id":"pkg:npm/left"}],"status":"not_affected","justification":"component_not_present"}]}`
)

func TestRun(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	app, db := file("app.cdx.json", testSBOM), file("record.json", testRecord)
	ignore := file("config.json", `{"schema":"stella.config/v1","ignore":[{"id":"CVE-2026-0001","package":"pkg:npm/left","reason":"build time only"}]}`)
	for _, test := range []struct {
		name   string
		args   []string
		stdin  string
		code   int
		stdout string
		stderr string
	}{
		{"help", []string{"-h"}, "", 0, "stella-scan -db PATH", ""},
		{"help in a word", []string{"help"}, "", 0, "stella-scan -db PATH", ""},
		{"nothing", nil, "", 2, "", "usage: stella-scan -db PATH [flags] TARGET"},
		{"table", []string{"-db", db, app}, "", 0, "CVE-2026-0001", ""},
		{"not evaluated", []string{"-db", db, app}, "", 0, "pkg:npm/mystery", ""},
		{"json", []string{"-db", db, "-format", "json", app}, "", 0, `"schema":"stella.findings/v1"`, ""},
		{"standard input", []string{"-db", db, "-"}, testSBOM, 0, "CVE-2026-0001", ""},
		{"fail on high", []string{"-db", db, "-fail-on", "high", app}, "", 3, "CVE-2026-0001", ""},
		{"fail on critical", []string{"-db", db, "-fail-on", "critical", app}, "", 0, "CVE-2026-0001", ""},
		{"fail on nothing", []string{"-db", db, "-fail-on", "low", file("nothing.json", `{"bomFormat":"CycloneDX","specVersion":"1.5"}`)}, "", 0, "", ""},
		{"no db", []string{app}, "", 2, "", "-db is required"},
		{"no SBOM", []string{"-db", db}, "", 2, "", "no target is named"},
		{"unknown flag", []string{"-colour", app}, "", 2, "", "stella-scan -h explains them"},
		{"unknown format", []string{"-db", db, "-format", "xml", app}, "", 2, "", "want table, json"},
		{"unknown level", []string{"-db", db, "-fail-on", "bad", app}, "", 2, "", "want low, medium, high or critical"},
		{"missing SBOM", []string{"-db", db, filepath.Join(dir, "none")}, "", 1, "", "no such file"},
		{"no SBOM's content", []string{"-db", db, file("hello", "hello")}, "", 1, "", "hello"},
		{"missing db", []string{"-db", filepath.Join(dir, "none"), app}, "", 1, "", "no such file"},
		{"empty db", []string{"-db", t.TempDir(), app}, "", 1, "", "no OSV record"},
		{"bad call graph", []string{"-db", db, "-callgraph", file("calls", "{}"), app}, "", 1, "", "-callgraph"},
		{"an ignored finding", []string{"-db", db, "-fail-on", "high", "-config", ignore, app}, "", 0, "ignored", ""},
		{"a rule without effect", []string{"-db", db, "-config", ignore, file("other.json", strings.ReplaceAll(testSBOM, "1.2.0", "2.0.0"))}, "", 0, "", "ignore CVE-2026-0001 in pkg:npm/left: it matches no finding"},
		{"a statement without effect", []string{"-db", db, "-vex", file("vex.json", testVEX), app}, "", 0, "", "CVE-2026-0002 not_affected for pkg:npm/left: it matches no finding"},
		{"bad configuration", []string{"-db", db, "-config", file("config", "{}"), app}, "", 1, "", "-config"},
		{"bad VEX", []string{"-db", db, "-vex", file("vex", "{}"), app}, "", 1, "", "-vex"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := report(&stderr, run(t.Context(), test.args, strings.NewReader(test.stdin), &stdout, &stderr))
			require.Equal(t, test.code, code, stderr.String())
			require.Contains(t, stdout.String(), test.stdout)
			require.Contains(t, stderr.String(), test.stderr)
			if test.code == 1 || test.code == 2 {
				require.Empty(t, stdout.String(), "no partial output")
			}
		})
	}
}

func TestOutputFile(t *testing.T) {
	dir := t.TempDir()
	app, db, out := filepath.Join(dir, "app.json"), filepath.Join(dir, "record.json"), filepath.Join(dir, "findings.json")
	require.NoError(t, os.WriteFile(app, []byte(testSBOM), 0o600))
	require.NoError(t, os.WriteFile(db, []byte(testRecord), 0o600))
	var stdout bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-db", db, "-format", "json", "-o", out, app}, nil, &stdout, &stdout))
	require.Empty(t, stdout.String())
	data, err := os.ReadFile(out)
	require.NoError(t, err)
	var r struct {
		Target struct{ Name string }
	}
	require.NoError(t, json.Unmarshal(data, &r))
	require.Equal(t, "shop", r.Target.Name)

	require.Error(t, run(t.Context(), []string{"-db", db, "-o", filepath.Join(dir, "none", "x"), app}, nil, &stdout, &stdout))
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 3, "temporary files left behind")
}
