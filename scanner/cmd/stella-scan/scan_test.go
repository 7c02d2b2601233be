package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/scanner/config"
	"github.com/stella-ops/stella/scanner/reach"
	"github.com/stella-ops/stella/scanner/vex"
)

func TestFlagsAfterTarget(t *testing.T) {
	for _, row := range []struct {
		args string
		want flags
	}{
		{"-db d a.json -format json", flags{db: "d", format: "json", target: "a.json"}},
		{"a.json -db d -details", flags{db: "d", format: "table", target: "a.json", details: true}},
		{"-db=d -- -odd.json", flags{db: "d", format: "table", target: "-odd.json"}},
		{"-db d -", flags{db: "d", format: "table", target: "-"}},
		{"-db d -vex v a.json -vex w", flags{db: "d", format: "table", target: "a.json", vex: []string{"v", "w"}}},
	} {
		got, err := parseFlags(strings.Fields(row.args), io.Discard)
		require.NoError(t, err, row.args)
		require.Equal(t, row.want, got, row.args)
	}
	for _, args := range []string{"-db d a.json -nonsense", "-db d -- a.json -format json"} {
		_, err := parseFlags(strings.Fields(args), io.Discard)
		require.ErrorAs(t, err, new(usageError), args)
	}
}

func TestVersion(t *testing.T) {
	var stdout, stderr bytes.Buffer
	require.Equal(t, 0, report(&stderr, run(t.Context(), []string{"-version"}, nil, &stdout, &stderr)))
	require.True(t, strings.HasPrefix(stdout.String(), "stella-scan "), stdout.String())
	require.Contains(t, stdout.String(), "go1.")
}

// Every format that usage names is one, and the other way round.
func TestUsageNamesFormats(t *testing.T) {
	for name := range formats {
		require.Regexp(t, `(?m)^ +(-format FORMAT +)?`+name+` `, usage)
	}
	for command := range subcommands {
		require.Contains(t, usage, "stella-scan "+command)
	}
}

// What a reader would refuse for its size is not read into memory first.
func TestEvidenceTooLarge(t *testing.T) {
	name := filepath.Join(t.TempDir(), "large.json")
	file, err := os.Create(name)
	require.NoError(t, err)
	for _, row := range []struct {
		flag string
		most int64
		f    flags
	}{
		{"-config", config.MaxBytes, flags{config: name}},
		{"-vex", vex.MaxBytes, flags{vex: []string{name}}},
		{"-callgraph", reach.MaxBytes, flags{callgraphs: []string{name}}},
	} {
		require.NoError(t, file.Truncate(row.most+1))
		_, err := row.f.options(newProgress(io.Discard))
		require.ErrorContains(t, err, row.flag+" "+name+": it is larger than")
	}
	require.NoError(t, file.Close())
}

// endless blocks in Read until it is closed, as a pipe does whose writer thinks.
type endless struct{ closed chan struct{} }

func (e endless) Read([]byte) (int, error) {
	<-e.closed
	return 0, io.EOF
}

func TestInterrupted(t *testing.T) {
	p := newPlace(t)
	before := p.files()
	in := endless{make(chan struct{})}
	defer close(in.closed)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var stdout, stderr bytes.Buffer
	require.Equal(t, 1, report(&stderr, run(ctx, []string{"-db", p.path(database), "-o", p.path("out"), "-"}, in, &stdout, &stderr)))
	require.Equal(t, "stella-scan: interrupted; nothing was written\n", stderr.String())
	require.Equal(t, before, p.files())
}

// Every format is deterministic through the whole command, and what OpenVEX says of a
// finding suppresses it in the next scan.
func TestFormats(t *testing.T) {
	p := newPlace(t)
	for name, mark := range map[string]string{
		"table": "CVE-2026-0001", "json": `"schema":"stella.findings/v1"`, "sarif": `"version": "2.1.0"`,
		"openvex": `"@context": "https://openvex.dev/ns/v0.2.0"`, "cyclonedx": `"specVersion": "1.6"`,
	} {
		args := []string{"-db", p.path(database), "-format", name, "-author", "me", "-now", "2026-11-26T10:00:00+01:00", p.path("app.cdx.json")}
		var outputs []string
		for range 2 {
			var stdout, stderr bytes.Buffer
			require.NoError(t, run(t.Context(), args, nil, &stdout, &stderr))
			require.Equal(t, name == "openvex", stderr.Len() > 0, "OpenVEX cannot say what was not evaluated: %s", &stderr)
			outputs = append(outputs, stdout.String())
		}
		require.Contains(t, outputs[0], mark)
		require.Equal(t, outputs[0], outputs[1])
	}
}

func TestOpenVEXSuppressesTheNextScan(t *testing.T) {
	p := newPlace(t)
	scan := func(args ...string) []byte {
		var stdout, stderr bytes.Buffer
		require.NoError(t, run(t.Context(), append([]string{"-db", p.path(database), p.path("app.cdx.json")}, args...), nil, &stdout, &stderr))
		return stdout.Bytes()
	}
	document := scan("-format", "openvex", "-author", "me", "-now", "2026-11-26T10:00:00Z")
	suppressed := func(vex string) bool {
		var r struct {
			Findings []struct{ Suppressed any }
		}
		require.NoError(t, json.Unmarshal(scan("-format", "json", "-vex", p.file("vex.json", vex)), &r))
		require.Len(t, r.Findings, 1)
		return r.Findings[0].Suppressed != nil
	}
	require.False(t, suppressed(string(document)), "under investigation is not answered")
	answered := strings.Replace(string(document), `"status": "under_investigation"`, `"status": "not_affected", "justification": "component_not_present"`, 1)
	require.NotEqual(t, string(document), answered)
	require.True(t, suppressed(answered))
}

func TestOpenVEXIsSilentWhereAllWasEvaluated(t *testing.T) {
	p := newPlace(t)
	sbom := p.file("left.json", component(`"name":"left","version":"1.2.0","purl":"pkg:npm/left@1.2.0"`))
	var stdout, stderr bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-db", p.path(database), "-format", "openvex", "-author", "me", "-now", "2026-11-26T10:00:00Z", sbom}, nil, &stdout, &stderr))
	require.Contains(t, stdout.String(), "CVE-2026-0001")
	require.Empty(t, stderr.String())
}
