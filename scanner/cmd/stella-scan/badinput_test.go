package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/scanner/image/imagetest"
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
	return `{"id":"GHSA-aaaa-bbbb-dddd","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"left"},` + affected + `}]}`
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

const debian = `-- 0/etc/os-release --
ID=debian
VERSION_ID="12"
-- 0/var/lib/dpkg/status --
Package: libssl3
Status: install ok installed
Source: openssl
Architecture: amd64
Version: 3.0.11-1

`

// image packs a recipe as docker save does.
func (p place) image(recipe string) string {
	p.t.Helper()
	m, err := imagetest.Parse([]byte(recipe))
	require.NoError(p.t, err)
	var b bytes.Buffer
	require.NoError(p.t, m.DockerArchive(&b, imagetest.Plain))
	return p.file("image.tar", b.String())
}

// index is the bytes of an index of the good record.
func (p place) index() string {
	p.t.Helper()
	out := filepath.Join(p.t.TempDir(), "index")
	require.NoError(p.t, run(p.t.Context(), []string{"db", "build", "-o", out, p.path(database)}, nil, io.Discard, io.Discard))
	text, err := os.ReadFile(out)
	require.NoError(p.t, err)
	return string(text)
}

func tarOf(t *testing.T, name, content string) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	require.NoError(t, w.WriteHeader(&tar.Header{Name: name, Size: int64(len(content)), Typeflag: tar.TypeReg, Format: tar.FormatGNU}))
	_, err := io.WriteString(w, content)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.String()
}

// sparseTar is a tar of 2 KB with a file that GNU tar would unpack to 10 GB.
func sparseTar(t *testing.T) string {
	h := []byte(tarOf(t, "var/log/lastlog", strings.Repeat("\x00", 512)))
	h[156] = tar.TypeGNUSparse
	copy(h[386:], "00000000000\x0000000001000\x00") // one run of data
	copy(h[483:], "112402762000\x00")               // the size with its holes
	copy(h[148:156], "        ")
	sum := 0
	for _, c := range h[:512] {
		sum += int(c)
	}
	copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
	return string(h)
}

// jarBomb is a jar of a few hundred bytes with a class of 100 GB.
func jarBomb(t *testing.T) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	manifest, err := w.Create("META-INF/MANIFEST.MF")
	require.NoError(t, err)
	_, err = io.WriteString(manifest, "Manifest-Version: 1.0\n")
	require.NoError(t, err)
	_, err = w.CreateRaw(&zip.FileHeader{Name: "a.class", Method: zip.Deflate, UncompressedSize64: 100 << 30})
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

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
		{"an image's name", func(place) []string { return []string{"registry.example/shop:1.0"} }, 1, "images are not fetched: docker save registry.example/shop:1.0 -o image.tar, and scan that file"},
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

		{"image", func(p place) []string { return []string{p.image(debian + "-- 0/usr/share/doc/a --\n")} }, 0, "openssl"},
		{"image with an entry that leads out", func(p place) []string { return []string{p.image("-- 0/../../etc/passwd --\n")} }, 1, `entry "../../etc/passwd": its name has "..", which leads out of the image`},
		{"image with an absolute entry", func(p place) []string { return []string{p.image("-- 0//etc/passwd --\n")} }, 1, `entry "/etc/passwd": its name is an absolute path`},
		{"image with links in a circle", func(p place) []string { return []string{p.image("-- 0/etc/os-release -> os-release --\n")} }, 1, "circle"},
		{"image with a sparse file of 10 GB", func(p place) []string { return []string{p.file("image.tar", sparseTar(p.t))} }, 1, `entry "var/log/lastlog"`},
		{"image with a zip bomb of a jar", func(p place) []string {
			m := &imagetest.Image{Layers: []imagetest.Layer{{{Name: "opt/bomb.jar", Type: tar.TypeReg, Content: jarBomb(p.t)}}}}
			var b bytes.Buffer
			require.NoError(p.t, m.DockerArchive(&b, imagetest.Plain))
			return []string{p.file("image.tar", b.String())}
		}, 1, `opt/bomb.jar`},
		{"truncated image", func(p place) []string {
			text, err := os.ReadFile(p.image(debian))
			require.NoError(p.t, err)
			return []string{p.file("cut.tar", string(text[:len(text)/3]))}
		}, 1, "cut off"},
		{"a tar that is no image", func(p place) []string { return []string{p.file("a.tar", tarOf(p.t, "a.txt", "a"))} }, 1, "no image"},

		{"index", func(p place) []string { return []string{"-db", p.file("osv.index", p.index()), p.path("app.cdx.json")} }, 0, "CVE-2026-0001"},
		{"truncated index", func(p place) []string {
			text := p.index()
			return []string{"-db", p.file("osv.index", text[:len(text)/2]), p.path("app.cdx.json")}
		}, 1, "make the index anew with: stella-scan db build"},
		{"index with a changed byte", func(p place) []string {
			b := []byte(p.index())
			b[bytes.Index(b, []byte("GHSA-aaaa"))] ^= 1
			return []string{"-db", p.file("osv.index", string(b)), p.path("app.cdx.json")}
		}, 1, "the index is damaged"},
		{"index of another version", func(p place) []string {
			b := []byte(p.index())
			b[8]++ // the number of the format, after the magic number
			return []string{"-db", p.file("osv.index", string(b)), p.path("app.cdx.json")}
		}, 1, "make the index anew with: stella-scan db build"},

		{"a finding beside a doubt", func(p place) []string {
			p.file("db/a.json", testRecord)
			p.file("db/b.json", record(`"ranges":null`))
			return []string{"-db", p.path("db"), p.file("a.json", component(good))}
		}, 0, "Packages evaluated: 1. Not evaluated: 1."},

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
		}, 0, "GHSA-aaaa-bbbb-dddd cannot be judged"},
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

	link := p.path("link.json")
	require.NoError(t, os.Symlink("out.json", link))
	require.NoError(t, run(t.Context(), []string{"-db", p.path(database), "-format", "json", "-o", link, p.path("app.cdx.json")}, nil, &stdout, &stderr))
	text, err = os.ReadFile(out)
	require.NoError(t, err)
	require.Contains(t, string(text), "stella.findings/v1", "the link was replaced, and not what it points to")
}
