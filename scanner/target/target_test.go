package target

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/image/imagetest"
)

func bom(name string) string {
	return `{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"type":"library","name":"` + name +
		`","version":"1.0.0","bom-ref":"ref","purl":"pkg:npm/` + name + `@1.0.0"}]}`
}

const tagValue = "SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\nSPDXID: SPDXRef-DOCUMENT\nDocumentName: d\n" +
	"PackageName: tagged\nSPDXID: SPDXRef-t\nPackageVersion: 1.0.0\nExternalRef: PACKAGE-MANAGER purl pkg:npm/tagged@1.0.0\n"

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func utf16le(s string) string {
	var b strings.Builder
	b.WriteString("\xff\xfe")
	for _, u := range utf16.Encode([]rune(s)) {
		b.WriteByte(byte(u))
		b.WriteByte(byte(u >> 8))
	}
	return b.String()
}

func TestReadSBOMByContent(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"named-like-nothing": bom("left"),
		"tags":               tagValue,
		"wide":               utf16le(bom("left")),
	} {
		inv, err := Read(write(t, dir, name, text))
		require.NoError(t, err, name)
		require.Len(t, inv.Packages, 1, name)
		require.NotEqual(t, scanner.KindDirectory, inv.Target.Kind)
	}
}

func TestReadImage(t *testing.T) {
	m, err := imagetest.Parse([]byte("-- 0/lib/apk/db/installed --\nP:a\nV:1\n-- 0/etc/os-release --\nID=alpine\nVERSION_ID=3.19.0\n"))
	require.NoError(t, err)
	dir := t.TempDir()
	layout, archive := filepath.Join(dir, "layout"), filepath.Join(dir, "image")
	require.NoError(t, m.OCILayout(layout, imagetest.Gzip))
	f, err := os.Create(archive)
	require.NoError(t, err)
	require.NoError(t, m.DockerArchive(f, imagetest.Plain))
	require.NoError(t, f.Close())
	for _, path := range []string{layout, archive} {
		inv, err := Read(path)
		require.NoError(t, err)
		require.Equal(t, filepath.Base(path), inv.Target.Name)
		require.Len(t, inv.Packages, 1)
		require.Equal(t, "Alpine:v3.19", inv.Packages[0].Ecosystem)
	}
	require.NoError(t, os.Truncate(archive, 2000))
	inv, err := Read(archive)
	require.ErrorContains(t, err, archive+", read as an image")
	require.Zero(t, inv)
}

func TestReadErrors(t *testing.T) {
	dir := t.TempDir()
	for _, row := range []struct{ name, path, want string }{
		{"missing", filepath.Join(dir, "none"), "the target cannot be read"},
		{"neither", write(t, dir, "notes.txt", "hello\n"), "nor does it have the name of a lockfile"},
		{"packed", write(t, dir, "image.tar.xz", "\xfd7zXZ\x00\x00"), "packed with xz; gzip, zstd and plain tar are read: unpack it first"},
		{"truncated", write(t, dir, "half.json", bom("left")[:60]), "half.json"},
		{"empty", write(t, dir, "empty.json", ""), "it is empty"},
		{"directory without", filepath.Dir(write(t, dir, "src/main.c", "int main;")), "holds no SBOM and no lockfile"},
	} {
		t.Run(row.name, func(t *testing.T) {
			inv, err := Read(row.path)
			require.ErrorContains(t, err, row.want)
			require.Equal(t, scanner.Inventory{}, inv)
		})
	}
}

func TestReadDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "product")
	files := map[string]string{
		"a.b/x.json":                  bom("dotted"),
		"a/bom.json":                  bom("named"),
		"a/wide.xml.json":             utf16le(bom("wide")),
		"late.json":                   `{"pad":"` + strings.Repeat(" ", 100_000) + `",` + bom("late")[1:],
		"t.spdx":                      tagValue,
		"half.json":                   bom("half")[:60],
		"deploy/sbom.json":            "{",
		"tsconfig.json":               "{ // a comment\n}",
		"package.json":                "{}",
		"main.go":                     `var _ = "bomFormat"`,
		".git/bom.json":               bom("git"),
		"node_modules/b.js":           "",
		"node_modules/left/sbom.json": bom("theirs"),
	}
	for name, text := range files {
		write(t, dir, name, text)
	}
	require.NoError(t, os.Symlink("..", filepath.Join(dir, "a", "loop")))
	require.NoError(t, os.Symlink("bom.json", filepath.Join(dir, "a", "again.cdx.json")))
	inv, err := Read(dir)
	require.NoError(t, err)

	var lines strings.Builder
	for _, name := range []string{"a.b/x.json", "a/bom.json", "a/wide.xml.json", "deploy/sbom.json", "half.json", "late.json", "t.spdx"} {
		digest := sha256.Sum256([]byte(files[name]))
		fmt.Fprintf(&lines, "%x  %s\n", digest, name)
	}
	digest := sha256.Sum256([]byte(lines.String()))
	require.Equal(t, scanner.Target{Name: "product", Kind: "directory", SHA256: hex.EncodeToString(digest[:])}, inv.Target)

	locations := map[string][]string{}
	for _, p := range inv.Packages {
		locations[p.Name] = p.Locations
	}
	require.Empty(t, cmp.Diff(map[string][]string{
		"dotted": {"a.b/x.json#ref"}, "named": {"a/bom.json#ref"}, "wide": {"a/wide.xml.json#ref"},
		"late": {"late.json#ref"}, "tagged": {"t.spdx#SPDXRef-t"},
	}, locations))

	unreadable := map[string]string{}
	for _, n := range inv.Unreadable {
		unreadable[n.Package] = n.Reason
	}
	require.Len(t, unreadable, 3, unreadable)
	require.Contains(t, unreadable["a/again.cdx.json"], "links are not followed")
	require.Contains(t, unreadable["half.json"], "half.json")
	require.Contains(t, unreadable["deploy/sbom.json"], "sbom.json")
}

// A refusal is a file system that does not let one path be opened: root, as which
// containers run tests, may open whatever its mode says.
type refusal struct {
	fs.FS
	path string
}

func (r refusal) Open(name string) (fs.File, error) {
	if name == r.path {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return r.FS.Open(name)
}

func TestReadDirectoryWithoutPermission(t *testing.T) {
	tree := fstest.MapFS{"bom.json": {Data: []byte(bom("left"))}, "sub/b.cdx.json": {Data: []byte(bom("right"))}}
	for _, row := range []struct{ path, sums string }{
		{"sub", "bom.json"},
		{"sub/b.cdx.json", "bom.json sub/b.cdx.json"},
	} {
		t.Run(row.path, func(t *testing.T) {
			w := &walk{root: refusal{tree, row.path}}
			require.NoError(t, fs.WalkDir(w.root, ".", w.visit))
			require.Len(t, w.inv.Packages, 1)
			require.Equal(t, []scanner.NotEvaluated{{Package: row.path, Reason: "open: permission denied"}}, w.inv.Unreadable)
			var paths []string
			for _, s := range w.sums {
				paths = append(paths, s.path)
			}
			require.Equal(t, row.sums, strings.Join(paths, " "))
		})
	}
	w := &walk{root: refusal{tree, "."}}
	require.ErrorIs(t, fs.WalkDir(w.root, ".", w.visit), fs.ErrPermission)
}

func TestLocationOfPackageWithoutOne(t *testing.T) {
	require.Equal(t, []string{"go.mod"}, within("go.mod", scanner.Package{}).Locations)
	require.Equal(t, []string{"a#b", "a#c"}, within("a", scanner.Package{Locations: []string{"b", "c"}}).Locations)
}

// A mark is found wherever the writes are cut.
func TestSearch(t *testing.T) {
	text := "x" + sbomMarks[0] + "y"
	for cut := range len(text) {
		s := &search{marks: sbomMarks}
		_, err := io.WriteString(s, strings.Repeat("-", 100)+text[:cut])
		require.NoError(t, err)
		_, err = io.WriteString(s, text[cut:])
		require.NoError(t, err)
		require.True(t, s.found, cut)
	}
	s := &search{marks: sbomMarks}
	fmt.Fprint(s, text[:5], "-", text[5:])
	require.False(t, s.found)
	for _, m := range sbomMarks {
		require.Less(t, len(m), longestMark)
	}
}
