package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/severity"
	"github.com/stella-ops/stella/scanner/vex"
)

// Each verb explains itself, and refuses what it does not know with one line and the code
// of a mistake. Nothing comes from package flag, which would write to the process's own
// standard error.
func TestVerbs(t *testing.T) {
	own := os.Stderr
	unasked, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	require.NoError(t, err)
	os.Stderr = unasked
	defer func() { os.Stderr = own; unasked.Close() }()
	for verb, help := range map[string]string{
		"": usage, "db": dbUsage, "db build": dbUsage, "db info": dbUsage, "db verify": dbUsage,
		"case": caseUsage, "case new": caseUsage, "case minimize": caseUsage, "case verify": caseUsage,
	} {
		for _, asked := range []string{"-h", "-help", "--help"} {
			var stdout, stderr bytes.Buffer
			code := report(&stderr, run(t.Context(), strings.Fields(verb+" "+asked), nil, &stdout, &stderr))
			require.Zero(t, code, verb)
			require.Equal(t, help, stdout.String(), verb)
			require.Empty(t, stderr.String(), verb)
		}
		for _, wrong := range []string{"-colour x", ""} {
			var stdout, stderr bytes.Buffer
			code := report(&stderr, run(t.Context(), strings.Fields(verb+" "+wrong), nil, &stdout, &stderr))
			require.Equal(t, 2, code, "%s %s", verb, wrong)
			require.Empty(t, stdout.String())
			require.Contains(t, stderr.String(), "stella-scan: "+strings.TrimSpace(verb), "%s %s", verb, wrong)
			require.Contains(t, stderr.String(), "\nusage: stella-scan -db PATH [flags] TARGET; stella-scan -h explains them\n")
			require.Equal(t, 2, strings.Count(stderr.String(), "\n"))
		}
	}
	text, err := os.ReadFile(unasked.Name())
	require.NoError(t, err)
	require.Empty(t, string(text))
}

func TestExitCodes(t *testing.T) {
	for _, row := range []struct {
		err    error
		code   int
		stderr string
	}{
		{nil, 0, ""},
		{flag.ErrHelp, 0, ""},
		{errFindings, 3, ""},
		{errors.Join(errFindings, io.ErrClosedPipe), 3, ""},
		{fmt.Errorf("reading: %w", context.Canceled), 1, "stella-scan: interrupted; nothing was written\n"},
		{usageError{errors.New("what?")}, 2, "stella-scan: what?\nusage: stella-scan -db PATH [flags] TARGET; stella-scan -h explains them\n"},
		{fmt.Errorf("within: %w", usageError{errors.New("what?")}), 2, "stella-scan: within: what?\nusage: stella-scan -db PATH [flags] TARGET; stella-scan -h explains them\n"},
		{io.ErrUnexpectedEOF, 1, "stella-scan: unexpected EOF\n"},
	} {
		var stderr bytes.Buffer
		require.Equal(t, row.code, report(&stderr, row.err), row.err)
		require.Equal(t, row.stderr, stderr.String())
	}
}

// Which findings -fail-on asks for: unknown severity is no lower one, and what is
// suppressed is none.
func TestFailOn(t *testing.T) {
	order := []severity.Level{severity.None, severity.Negligible, severity.Low, severity.Medium, severity.High, severity.Critical}
	for on, asked := range order {
		if asked.Rank() < severity.Low.Rank() {
			continue
		}
		f := flags{failOn: asked}
		for l, level := range order {
			require.Equal(t, l >= on, f.fails(scanner.Finding{Severity: severity.Severity{Level: level}}), "%s of %s", level, asked)
			require.False(t, f.fails(scanner.Finding{Severity: severity.Severity{Level: level}, Suppressed: &vex.Suppression{}}))
		}
		require.True(t, f.fails(scanner.Finding{Severity: severity.Severity{Level: severity.Unknown}}), asked)
	}
	for _, level := range []string{"low", "medium", "high", "critical"} {
		_, err := parseFlags([]string{"-db", "d", "-fail-on", level, "t"}, io.Discard)
		require.NoError(t, err)
	}
	for _, level := range []string{"", "none", "unknown", "negligible", "HIGH"} {
		_, err := parseFlags([]string{"-db", "d", "-fail-on", level, "t"}, io.Discard)
		require.ErrorAs(t, err, new(usageError), level)
	}
}

// A package counts as judged where something was found in it, or nothing stood in the way.
func TestJudged(t *testing.T) {
	inv := scanner.Inventory{Packages: []scanner.Package{{PURL: "pkg:npm/a@1", Name: "a"}, {PURL: "pkg:npm/b@1", Name: "b"}, {Name: "c"}}}
	finding := func(p scanner.FoundPackage) scanner.Finding { return scanner.Finding{Package: p} }
	for _, row := range []struct {
		not   []string
		found []scanner.FoundPackage
		want  int
	}{
		{nil, nil, 3},
		{[]string{"pkg:npm/a@1"}, nil, 2},
		{[]string{"pkg:npm/a@1", "c"}, nil, 1},
		{[]string{"pkg:npm/a@1", "pkg:npm/b@1", "c"}, nil, 0},
		{[]string{"pkg:npm/a@1", "c"}, []scanner.FoundPackage{{PURL: "pkg:npm/a@1", Name: "a"}}, 2},
		{[]string{"pkg:npm/a@1", "c"}, []scanner.FoundPackage{{Name: "c"}}, 2},
		{[]string{"of no package", "a"}, nil, 3},
	} {
		var r scanner.Report
		for _, name := range row.not {
			r.NotEvaluated = append(r.NotEvaluated, scanner.NotEvaluated{Package: name})
		}
		for _, p := range row.found {
			r.Findings = append(r.Findings, finding(p))
		}
		require.Equal(t, row.want, judged(inv, r), row)
	}
}

// What is wrong with a statement or has no effect is said, each on a line, and the scan
// goes on.
func TestWarnings(t *testing.T) {
	p := newPlace(t)
	rejected := strings.Replace(testVEX, `"statements":[`, `"statements":[{"vulnerability":{"name":"CVE-9"},"products":[{}],"status":"fixed"},`, 1)
	name := p.file("vex.json", rejected)
	config := p.file("config.json", `{"schema":"stella.config/v1","ignore":[{"id":"CVE-8","package":"*","reason":"r"}]}`)
	var stdout, stderr bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-db", p.path(database), "-vex", name, "-config", config, p.path("app.cdx.json")}, nil, &stdout, &stderr))
	require.Equal(t, "stella-scan: -vex "+name+": statement 0 (CVE-9) suppresses nothing: a product has no purl and no @id to know it by\n"+
		"stella-scan: -vex https://vex.example/1 by us: CVE-2026-0002 not_affected for pkg:npm/left: it matches no finding\n"+
		"stella-scan: -config config.json: ignore CVE-8 in *: it matches no finding\n", stderr.String())
	require.Contains(t, stdout.String(), "CVE-2026-0001")
}

// Evidence up to the limit is read, and a directory is none.
func TestReadFile(t *testing.T) {
	p := newPlace(t)
	name := p.file("four", "1234")
	data, err := readFile("-vex", name, 4)
	require.NoError(t, err)
	require.Equal(t, "1234", string(data))
	_, err = readFile("-vex", name, 3)
	require.ErrorContains(t, err, "-vex "+name+": it is larger than 0 MiB; is it the right file?")
	_, err = readFile("-vex", p.dir, 4)
	require.ErrorContains(t, err, "-vex: read "+p.dir)
}

// One profile is written at a time.
func TestTwoProfiles(t *testing.T) {
	dir := t.TempDir()
	stop, err := profile(filepath.Join(dir, "one"))
	require.NoError(t, err)
	other := filepath.Join(dir, "two")
	_, err = profile(other)
	require.ErrorContains(t, err, "-cpuprofile "+other+": ")
	require.ErrorContains(t, err, "already in use")
	require.NoError(t, stop())
	require.ErrorIs(t, stop(), os.ErrClosed)
	stop, err = profile(other)
	require.NoError(t, err)
	require.NoError(t, stop())
	stop, err = profile("")
	require.NoError(t, err)
	require.NoError(t, stop())
}

// A device is written to as it is, and is no file afterwards.
func TestDevice(t *testing.T) {
	p := newPlace(t)
	var stdout, stderr bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-db", p.path(database), "-o", os.DevNull, p.path("app.cdx.json")}, nil, &stdout, &stderr))
	info, err := os.Stat(os.DevNull)
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&os.ModeDevice)
	out := p.path("out")
	require.NoError(t, run(t.Context(), []string{"-db", p.path(database), "-o", out, p.path("app.cdx.json")}, nil, &stdout, &stderr))
	info, err = os.Stat(out)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o644), info.Mode())
	require.Empty(t, stdout.String())
}
