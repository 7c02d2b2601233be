package main

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"
)

// A place is a directory with a good SBOM and a good record, for one row of the table.
type place struct {
	t   *testing.T
	dir string
}

func newPlace(t *testing.T) place {
	p := place{t, t.TempDir()}
	p.file("app.cdx.json", testSBOM)
	p.file("record.json", testRecord)
	return p
}

// file writes a file and gives its path.
func (p place) file(name, text string) string {
	p.t.Helper()
	path := filepath.Join(p.dir, filepath.FromSlash(name))
	require.NoError(p.t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(p.t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func (p place) path(name string) string { return filepath.Join(p.dir, name) }

func (p place) files() []string {
	p.t.Helper()
	var names []string
	require.NoError(p.t, filepath.WalkDir(p.dir, func(path string, _ fs.DirEntry, err error) error {
		names = append(names, path)
		return err
	}))
	return names
}

// component is a CycloneDX document with one component.
func component(fields string) string {
	return `{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"type":"library",` + fields + `}]}`
}

func record(affected string) string {
	return `{"id":"GHSA-aaaa-bbbb-cccc","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"left"},` + affected + `}]}`
}

func utf16be(s string) string {
	b := []byte("\xfe\xff")
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u>>8), byte(u))
	}
	return string(b)
}

const (
	good     = `"name":"left","version":"1.2.0","bom-ref":"a","purl":"pkg:npm/left@1.2.0"`
	database = "record.json"
)

// TestBadInput is what the command says to what is not as it should be. A row that
// fails writes nothing to standard output; no row leaves a file behind.
func TestBadInput(t *testing.T) {
	for _, row := range []struct {
		name string
		args func(p place) []string // after -db record.json, unless they name another
		code int
		want string // in standard output if the code is 0, else in standard error
	}{
		{"not an SBOM", func(p place) []string { return []string{p.file("notes.txt", "Dear all,\n")} }, 1, "notes.txt: not an SBOM: CycloneDX (JSON, XML) and SPDX 2.x"},
		{"another JSON", func(p place) []string { return []string{p.file("a.json", `{"name":"left"}`)} }, 1, `neither bomFormat "CycloneDX" nor spdxVersion`},
		{"empty", func(p place) []string { return []string{p.file("a.json", "")} }, 1, "a.json: it is empty; was it written to the end?"},
		{"truncated", func(p place) []string { return []string{p.file("a.json", testSBOM[:len(testSBOM)/2])} }, 1, "a.json: line "},
		{"UTF-16 with a byte order mark", func(p place) []string { return []string{p.file("a.json", utf16be(testSBOM))} }, 0, "CVE-2026-0001"},
		{"cyclic dependencies", func(p place) []string {
			return []string{p.file("a.json", strings.Replace(component(good), `"components"`, `"dependencies":[{"ref":"a","dependsOn":["b"]},{"ref":"b","dependsOn":["a"]}],"components"`, 1))}
		}, 0, "CVE-2026-0001"},
		{"duplicate bom-refs", func(p place) []string {
			return []string{p.file("a.json", component(good+`,"components":[{"name":"b","bom-ref":"a"}]`))}
		}, 1, `two components have the bom-ref or SPDXID "a"`},
		{"null fields", func(p place) []string {
			return []string{p.file("a.json", component(good+`,"group":null,"properties":null,"components":null,"evidence":null`))}
		}, 0, "CVE-2026-0001"},
		{"a component of nulls", func(p place) []string {
			return []string{p.file("a.json", component(`"name":null,"version":null,"purl":null`))}
		}, 0, "NOTHING WAS EVALUATED"},
		{"nothing evaluated under -fail-on", func(p place) []string {
			return []string{"-o", p.path("out"), "-fail-on", "critical", p.file("a.json", component(`"name":"mystery"`))}
		}, 1, "no package could be evaluated, so that -fail-on has no answer"},
		{"newer CycloneDX", func(p place) []string {
			return []string{p.file("a.json", strings.Replace(component(good), `"1.5"`, `"2.0"`, 1))}
		}, 1, `specVersion is "2.0"`},
		{"SPDX 3", func(p place) []string {
			return []string{p.file("a.json", `{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[]}`)}
		}, 1, "SPDX 3, which is not read; export it as"},

		{"missing target", func(p place) []string { return []string{p.path("none.json")} }, 1, "the target cannot be read: stat "},
		{"a directory of links in a circle", func(p place) []string {
			p.file("tree/bom.json", testSBOM)
			require.NoError(p.t, os.Symlink("..", p.path("tree/up")))
			return []string{p.path("tree")}
		}, 0, "CVE-2026-0001"},
		{"an empty directory", func(p place) []string {
			require.NoError(p.t, os.Mkdir(p.path("empty"), 0o700))
			return []string{p.path("empty")}
		}, 1, "holds no SBOM and no lockfile; name one"},
		{"a broken file in a directory", func(p place) []string {
			p.file("tree/bom.json", testSBOM)
			p.file("tree/b/sbom.json", testSBOM[:50])
			return []string{p.path("tree")}
		}, 0, "b/sbom.json: reading SBOM sbom.json: line 1"},

		{"missing advisories", func(p place) []string { return []string{"-db", p.path("none"), p.path("app.cdx.json")} }, 1, "-db: "},
		{"advisories without one", func(p place) []string {
			p.file("db/readme.txt", "x")
			return []string{"-db", p.path("db"), p.path("app.cdx.json")}
		}, 1, "no OSV record"},
		{"advisory with reversed events", func(p place) []string {
			return []string{"-db", p.file("r.json", record(`"ranges":[{"type":"SEMVER","events":[{"fixed":"1.0.0"},{"introduced":"2.0.0"}]}]`)), p.path("app.cdx.json")}
		}, 0, "an end comes before the first introduced"},
		{"advisory of nulls", func(p place) []string {
			return []string{"-db", p.file("r.json", record(`"ranges":null,"versions":null`)), p.path("app.cdx.json")}
		}, 0, "GHSA-aaaa-bbbb-cccc cannot be judged"},
		{"advisory that is no JSON beside a good one", func(p place) []string {
			p.file("db/bad.json", "{")
			p.file("db/good.json", testRecord)
			return []string{"-db", p.path("db"), p.path("app.cdx.json")}
		}, 0, "Advisories rejected in whole or part (1), what they say there was not used:\n  bad.json: "},

		{"missing call graph", func(p place) []string { return []string{"-callgraph", p.path("none"), p.path("app.cdx.json")} }, 1, "-callgraph: open "},
		{"bad call graph", func(p place) []string { return []string{"-callgraph", p.file("calls", "{}"), p.path("app.cdx.json")} }, 1, "-callgraph "},
		{"bad VEX", func(p place) []string { return []string{"-vex", p.file("vex", "{}"), p.path("app.cdx.json")} }, 1, "-vex "},
		{"bad configuration", func(p place) []string { return []string{"-config", p.file("c", "{}"), p.path("app.cdx.json")} }, 1, "stella.config/v1"},

		{"output in a missing directory", func(p place) []string {
			return []string{"-o", filepath.Join(p.dir, "none", "out"), p.path("app.cdx.json")}
		}, 1, "make it first"},
		{"output on a full disk", func(p place) []string { return []string{"-o", "/dev/full", p.path("app.cdx.json")} }, 1, "no space left on device"},
		{"output is a directory", func(p place) []string { return []string{"-o", p.dir, p.path("app.cdx.json")} }, 1, "is a directory"},
		{"OpenVEX without findings", func(p place) []string {
			return []string{"-format", "openvex", "-author", "a", "-now", "2026-01-01T00:00:00Z", p.file("a.json", component(`"name":"right","version":"1.0.0","purl":"pkg:npm/right@1.0.0"`))}
		}, 1, "an OpenVEX document without statements is not valid"},

		{"two targets", func(p place) []string { return []string{p.path("app.cdx.json"), p.path("b.json")} }, 2, "one target is scanned at a time, 2 are named"},
		{"-now that is none", func(p place) []string { return []string{"-now", "yesterday", p.path("app.cdx.json")} }, 2, "want a time of RFC 3339"},
		{"OpenVEX by nobody", func(p place) []string { return []string{"-format", "openvex", p.path("app.cdx.json")} }, 2, "needs -author and -now"},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := newPlace(t)
			args := row.args(p)
			if !strings.Contains(strings.Join(args, " "), "-db ") {
				args = append([]string{"-db", p.path(database)}, args...)
			}
			before := p.files()
			var stdout, stderr bytes.Buffer
			code := report(&stderr, run(t.Context(), args, nil, &stdout, &stderr))
			require.Equal(t, row.code, code, "%s%s", &stdout, &stderr)
			if code == 0 {
				require.Contains(t, stdout.String(), row.want)
			} else {
				require.Contains(t, stderr.String(), row.want)
				require.Empty(t, stdout.String(), "partial output")
			}
			if out := p.path("out"); row.name == "nothing evaluated under -fail-on" {
				require.FileExists(t, out, "what could not be judged is told before the gate is shut")
				require.NoError(t, os.Remove(out))
			}
			require.Equal(t, before, p.files(), "a file was left behind")
		})
	}
}

// brackets gives '[' without end, and counts them.
type brackets struct{ read int64 }

func (b *brackets) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '['
	}
	b.read += int64(len(p))
	return len(p), nil
}

// 200 MB of '[' are refused at the limit of depth, before they are read or kept.
func TestBrackets(t *testing.T) {
	p := newPlace(t)
	for _, prefix := range []string{"", `{"bomFormat":"CycloneDX","components":`, `{"bomFormat":"CycloneDX","x":`} {
		deep := &brackets{}
		in := io.MultiReader(strings.NewReader(prefix), io.LimitReader(deep, 200<<20))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		var stdout, stderr bytes.Buffer
		code := report(&stderr, run(t.Context(), []string{"-db", p.path(database), "-"}, in, &stdout, &stderr))
		runtime.ReadMemStats(&after)
		require.Equal(t, 1, code)
		require.Contains(t, stderr.String(), "standard input")
		require.Less(t, deep.read, int64(1<<20))
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(8<<20))
		require.Empty(t, stdout.String())
	}
}

// A standard output on a full disk is an error, not a success with half a report.
func TestFullStandardOutput(t *testing.T) {
	p := newPlace(t)
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	require.NoError(t, err)
	defer full.Close()
	var stderr bytes.Buffer
	require.Equal(t, 1, report(&stderr, run(t.Context(), []string{"-db", p.path(database), p.path("app.cdx.json")}, nil, full, &stderr)))
	require.Contains(t, stderr.String(), "no space left on device")
}

// A file that stood there is whole until the new one is, also when the scan fails.
func TestOutputIsReplacedWhole(t *testing.T) {
	p := newPlace(t)
	out := p.file("out.json", "old")
	var stdout, stderr bytes.Buffer
	require.Equal(t, 1, report(&stderr, run(t.Context(), []string{"-db", p.path("none"), "-o", out, p.path("app.cdx.json")}, nil, &stdout, &stderr)))
	text, err := os.ReadFile(out)
	require.NoError(t, err)
	require.Equal(t, "old", string(text))
	require.NoError(t, run(t.Context(), []string{"-db", p.path(database), "-o", out, p.path("app.cdx.json")}, nil, &stdout, &stderr))
	text, err = os.ReadFile(out)
	require.NoError(t, err)
	require.Contains(t, string(text), "CVE-2026-0001")
}
