package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/scanner/image/imagetest"
)

// archiveOf packs layers, as they are, as docker save does. diffIDs are the layers' own
// unless given.
func archiveOf(t *testing.T, layers [][]byte, diffIDs ...string) string {
	names := []string{}
	entries := imagetest.Layer{}
	for i, l := range layers {
		names = append(names, fmt.Sprintf("%d/layer.tar", i))
		entries = append(entries, imagetest.Entry{Name: names[i], Type: tar.TypeReg, Content: l})
		if len(diffIDs) <= i {
			sum := sha256.Sum256(l)
			diffIDs = append(diffIDs, "sha256:"+hex.EncodeToString(sum[:]))
		}
	}
	config, err := json.Marshal(map[string]any{"rootfs": map[string]any{"type": "layers", "diff_ids": diffIDs}})
	require.NoError(t, err)
	manifest, err := json.Marshal([]map[string]any{{"Config": "config.json", "Layers": names}})
	require.NoError(t, err)
	entries = append(entries,
		imagetest.Entry{Name: "config.json", Type: tar.TypeReg, Content: config},
		imagetest.Entry{Name: "manifest.json", Type: tar.TypeReg, Content: manifest})
	return tarFile(t, entries)
}

func tarFile(t *testing.T, entries imagetest.Layer) string {
	b, err := entries.Tar()
	require.NoError(t, err)
	return file(t, b)
}

func file(t *testing.T, b []byte) string {
	name := filepath.Join(t.TempDir(), "image.tar")
	require.NoError(t, os.WriteFile(name, b, 0o600))
	return name
}

func layerOf(t *testing.T, recipe string) []byte {
	m, err := imagetest.Parse([]byte(recipe))
	require.NoError(t, err)
	b, err := m.Layers[0].Tar()
	require.NoError(t, err)
	return b
}

// sparse is the header of a file of 10 GB that has 512 bytes, as GNU tar writes it.
func sparse() []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	w.WriteHeader(&tar.Header{Name: "var/log/lastlog", Size: 512, Typeflag: tar.TypeReg, Format: tar.FormatGNU})
	w.Write(make([]byte, 512))
	w.Close()
	h := b.Bytes()
	h[156] = tar.TypeGNUSparse
	copy(h[386:], "00000000000\x0000000001000\x00") // one run of data
	copy(h[483:], "112402762000\x00")               // the real size: 10 GB
	copy(h[148:156], "        ")
	sum := 0
	for _, c := range h[:512] {
		sum += int(c)
	}
	copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
	return h
}

func TestHostile(t *testing.T) {
	long := strings.Repeat("a/", MaxDepth+1) + "a"
	good := layerOf(t, debian)
	big := layerOf(t, "-- 0/var/lib/dpkg/status --\n"+strings.Repeat("x", 2000)+"\n")
	huge := layerOf(t, "-- 0/huge --\n")
	copy(huge[124:136], "112402762000") // 10 GB
	copy(huge[148:156], "        ")
	sum := 0
	for _, c := range huge[:512] {
		sum += int(c)
	}
	copy(huge[148:], fmt.Sprintf("%06o\x00 ", sum))

	for _, row := range []struct {
		name, path string
		want       []string
	}{
		{"leads out", archiveOf(t, [][]byte{layerOf(t, "-- 0/../../etc/passwd --\n")}), []string{"layer 0", `entry "../../etc/passwd"`, `".."`}},
		{"leads out within", archiveOf(t, [][]byte{good, layerOf(t, "-- 0/a/../b --\n")}), []string{"layer 1", `entry "a/../b"`}},
		{"absolute", archiveOf(t, [][]byte{layerOf(t, "-- 0//etc/passwd --\n")}), []string{"layer 0", `entry "/etc/passwd"`, "absolute", "scan an SBOM of it"}},
		{"deep", archiveOf(t, [][]byte{layerOf(t, "-- 0/"+long+" --\n")}), []string{"layer 0", "elements"}},
		{"hard link out", archiveOf(t, [][]byte{layerOf(t, "-- 0/a => ../../etc/passwd --\n")}), []string{"layer 0", `entry "a"`, `".."`}},
		{"hard link to nothing", archiveOf(t, [][]byte{layerOf(t, "-- 0/a => b --\n")}), []string{"layer 0", `entry "a"`, `hard link to "b"`}},
		{"loop written through", archiveOf(t, [][]byte{layerOf(t, "-- 0/a -> b --\n-- 0/b -> a --\n-- 0/a/c --\n")}), []string{"layer 0", `entry "a/c"`, "circle"}},
		{"loop read through", archiveOf(t, [][]byte{layerOf(t, "-- 0/etc/os-release -> os-release --\n")}), []string{"etc/os-release", "circle"}},
		{"log of a database in a loop", archiveOf(t, [][]byte{layerOf(t, "-- 0/var/lib/rpm/rpmdb.sqlite --\n-- 0/var/lib/rpm/rpmdb.sqlite-wal -> rpmdb.sqlite-wal --\n")}), []string{"var/lib/rpm/rpmdb.sqlite-wal", "circle"}},
		{"links that grow", archiveOf(t, [][]byte{layerOf(t, "-- 0/a -> "+strings.Repeat("a/", 2000)+" --\n-- 0/a/b --\n")}), []string{`entry "a/b"`, "circle"}},
		{"file as a directory", archiveOf(t, [][]byte{layerOf(t, "-- 0/a --\n-- 0/a/b --\n")}), []string{`entry "a/b"`, "a is no directory"}},
		{"whiteout of no name", archiveOf(t, [][]byte{layerOf(t, "-- 0/a/.wh. --\n")}), []string{`entry "a/.wh."`}},
		{"whiteout out", archiveOf(t, [][]byte{layerOf(t, "-- 0/a/.wh... --\n")}), []string{`entry "a/.wh..."`}},
		{"sparse", archiveOf(t, [][]byte{sparse()}), []string{"layer 0", `entry "var/log/lastlog"`, "sparse", "10000000000"}},
		{"a size that is not there", archiveOf(t, [][]byte{huge}), []string{"layer 0", `entry "huge"`, "10000000000", "cut off"}},
		{"cut off in an entry", archiveOf(t, [][]byte{good, big[:1024]}), []string{"layer 1", `"var/lib/dpkg/status"`, "cut off"}},
		{"cut off in a header", archiveOf(t, [][]byte{big[:100]}), []string{"layer 0", "cut off in its first entry"}},
		{"cut off between entries", archiveOf(t, [][]byte{good[:1024]}, "sha256:"+strings.Repeat("a", 64)), []string{"layer 0", "digest"}},
		{"other bytes", archiveOf(t, [][]byte{good}, "sha256:"+strings.Repeat("a", 64)), []string{"layer 0", "damaged"}},
		{"no tar", archiveOf(t, [][]byte{bytes.Repeat([]byte("x"), 1024)}), []string{"layer 0", "no tar"}},
		{"bzip2", archiveOf(t, [][]byte{[]byte("BZh91AY&SY")}), []string{"layer 0", "bzip2"}},
		{"xz", archiveOf(t, [][]byte{{0xfd, '7', 'z', 'X', 'Z', 0, 0}}), []string{"layer 0", "xz"}},
		{"bad gzip", archiveOf(t, [][]byte{{0x1f, 0x8b, 9, 9}}), []string{"layer 0", "gzip"}},
		{"cut gzip", archiveOf(t, [][]byte{gzipped(t, big)[:60]}), []string{"layer 0", "cut off"}},
		{"layer missing", tarFile(t, imagetest.Layer{
			{Name: "c", Type: tar.TypeReg, Content: []byte(`{"rootfs":{"diff_ids":["sha256:` + strings.Repeat("a", 64) + `"]}}`)},
			{Name: "manifest.json", Type: tar.TypeReg, Content: []byte(`[{"Config":"c","Layers":["gone.tar"]}]`)},
		}), []string{"layer 0", "gone.tar is not in the archive"}},
		{"layer counts", tarFile(t, imagetest.Layer{
			{Name: "c", Type: tar.TypeReg, Content: []byte(`{}`)},
			{Name: "manifest.json", Type: tar.TypeReg, Content: []byte(`[{"Config":"c","Layers":["gone.tar"]}]`)},
		}), []string{"1 layers and its configuration 0"}},
		{"several images", tarFile(t, imagetest.Layer{
			{Name: "manifest.json", Type: tar.TypeReg, Content: []byte(`[{"RepoTags":["a:1"]},{"RepoTags":["b:2"]}]`)},
		}), []string{"2 images (a:1, b:2)"}},
		{"no image", tarFile(t, imagetest.Layer{{Name: "a", Type: tar.TypeReg}}), []string{"no image"}},
		{"archive leads out", tarFile(t, imagetest.Layer{{Name: "../a", Type: tar.TypeReg}}), []string{`entry "../a"`}},
		{"archive is absolute", tarFile(t, imagetest.Layer{{Name: "/a", Type: tar.TypeReg}}), []string{`entry "/a"`}},
		{"archive links out", tarFile(t, imagetest.Layer{{Name: "a", Type: tar.TypeSymlink, Link: "../../etc/passwd"}}), []string{`entry "a"`}},
		{"archive links in a circle", tarFile(t, imagetest.Layer{{Name: "manifest.json", Type: tar.TypeSymlink, Link: "manifest.json"}}), []string{"manifest.json: its links go in a circle"}},
		{"archive cut off", file(t, big[:700]), []string{"cut off"}},
		{"empty", file(t, nil), []string{"no image"}},
		{"gzip of nothing", file(t, gzipped(t, nil)), []string{"no image"}},
		{"empty layout", t.TempDir(), []string{"no image"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			inv, err := Read(row.path)
			require.Error(t, err)
			require.Zero(t, inv)
			for _, want := range row.want {
				require.ErrorContains(t, err, want)
			}
			require.NotContains(t, err.Error(), filepath.Dir(row.path))
		})
	}
}

func gzipped(t *testing.T, b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(b)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.Bytes()
}

func TestBombs(t *testing.T) {
	bomb := layerOf(t, "-- 0/zeros --\n"+strings.Repeat("0", 1<<20)+"\n")
	path := archiveOf(t, [][]byte{gzipped(t, bomb)})
	_, err := read(path, limits{unpacked: 1 << 30, ratio: 100, ratioFree: 1 << 16, entries: 10})
	require.ErrorContains(t, err, "only a bomb does")
	_, err = read(path, limits{unpacked: 1 << 16, ratio: 1e6, ratioFree: 1 << 16, entries: 10})
	require.ErrorContains(t, err, "the image unpacks to more than 65536 bytes")
	_, err = read(archiveOf(t, [][]byte{bomb, bomb}), limits{unpacked: 1 << 30, ratio: 100, ratioFree: 1 << 16, entries: 1})
	require.ErrorContains(t, err, "layer 1")
	require.ErrorContains(t, err, "more than 1 entries")
}

// Nothing is left of unpacked layers, whatever becomes of a read.
func TestTemporaryFiles(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	plain := layerOf(t, debian+"-- 0/lib/apk/db/installed --\nP:a\nV:1\n")
	sum := sha256.Sum256(plain)
	id := "sha256:" + hex.EncodeToString(sum[:])
	_, err := Read(archiveOf(t, [][]byte{gzipped(t, plain)}, id))
	require.NoError(t, err)
	_, err = Read(archiveOf(t, [][]byte{gzipped(t, plain)[:100]}, id))
	require.Error(t, err)
	left, err := os.ReadDir(tmp)
	require.NoError(t, err)
	for _, e := range left {
		require.NotContains(t, e.Name(), "stella-image")
	}
}

func TestCompressions(t *testing.T) {
	plain := layerOf(t, debian+"-- 0/var/lib/dpkg/status --\n"+stanza("a", "1", ""))
	sum := sha256.Sum256(plain)
	id := "sha256:" + hex.EncodeToString(sum[:])
	z, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	for _, packed := range [][]byte{plain, gzipped(t, plain), z.EncodeAll(plain, nil)} {
		path := archiveOf(t, [][]byte{packed}, id)
		whole, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, p := range []string{path, file(t, gzipped(t, whole)), file(t, z.EncodeAll(whole, nil))} {
			inv, err := Read(p)
			require.NoError(t, err)
			require.Equal(t, []string{"Debian:12 a 1 L0 var/lib/dpkg/status"}, lines(inv))
		}
	}
}

func TestPlatforms(t *testing.T) {
	of := func(architecture, version string) *imagetest.Image {
		m, err := imagetest.Parse([]byte(debian + "-- 0/var/lib/dpkg/status --\n" + stanza("a", version, "")))
		require.NoError(t, err)
		m.Architecture = architecture
		return m
	}
	for _, row := range []struct {
		name   string
		images []*imagetest.Image
		want   string
		others int
	}{
		{"one", []*imagetest.Image{of("s390x", "1")}, "Debian:12 a 1 L0 var/lib/dpkg/status", 0},
		{"amd64", []*imagetest.Image{of("386", "1"), of("amd64", "2"), of("arm64", "3")}, "Debian:12 a 2 L0 var/lib/dpkg/status", 2},
		{"first", []*imagetest.Image{of("s390x", "1"), of("arm64", "3")}, "Debian:12 a 3 L0 var/lib/dpkg/status", 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			var b bytes.Buffer
			require.NoError(t, imagetest.OCIIndexArchive(&b, imagetest.Gzip, row.images...))
			inv, err := Read(file(t, b.Bytes()))
			require.NoError(t, err)
			require.Equal(t, []string{row.want}, lines(inv))
			require.Len(t, inv.Unreadable, row.others)
		})
	}
	var b bytes.Buffer
	require.NoError(t, imagetest.OCIIndexArchive(&b, imagetest.Gzip, of("arm64", "1"), of("arm64", "2")))
	_, err := Read(file(t, b.Bytes()))
	require.ErrorContains(t, err, "several images for linux/arm64")
}

func TestIs(t *testing.T) {
	m, err := imagetest.Parse([]byte(debian))
	require.NoError(t, err)
	for _, p := range pack(t, m) {
		info, err := os.Stat(p)
		require.NoError(t, err)
		if info.IsDir() {
			require.True(t, IsLayout(p), p)
			continue
		}
		b, err := os.ReadFile(p)
		require.NoError(t, err)
		require.True(t, IsArchive(b[:512]), p)
		require.True(t, IsArchive(gzipped(t, b)[:100]))
	}
	require.False(t, IsLayout(t.TempDir()))
	require.False(t, IsArchive(nil))
	require.False(t, IsArchive([]byte(`{"bomFormat":"CycloneDX"}`)))
}

// An image of one layer, whatever is in it, is read or refused.
func FuzzLayer(f *testing.F) {
	for _, recipe := range []string{
		debian + "-- 0/var/lib/dpkg/status --\n" + stanza("a", "1", "b (2)"),
		"-- 0/a -> b --\n-- 0/b -> a --\n-- 0/a/.wh..wh..opq --\n-- 0/.wh.c --\n-- 0/c => a --\n",
		"-- 0/lib -> usr/lib --\n-- 0/usr/lib/apk/db/installed --\nP:a\nV:1\n",
	} {
		m, err := imagetest.Parse([]byte(recipe))
		if err != nil {
			f.Fatal(err)
		}
		b, err := m.Layers[0].Tar()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, b)
	}
	f.Add(sparse(), []byte("BZh"))
	f.Fuzz(func(t *testing.T, lower, upper []byte) {
		inv, err := Read(archiveOf(t, [][]byte{lower, upper}))
		if err != nil {
			require.Zero(t, inv)
		}
	})
}

// An image has the first name that docker save gives it, or its file's.
func TestNameOfAnArchive(t *testing.T) {
	for tags, want := range map[string]string{`["app:1","app:latest"]`: "app:1", `["app:1"]`: "app:1", `[]`: "image.tar", `null`: "image.tar"} {
		inv, err := Read(tarFile(t, imagetest.Layer{
			{Name: "c", Type: tar.TypeReg, Content: []byte(`{"rootfs":{"type":"layers","diff_ids":[]}}`)},
			{Name: "manifest.json", Type: tar.TypeReg, Content: []byte(`[{"Config":"c","RepoTags":` + tags + `,"Layers":[]}]`)},
		}))
		require.NoError(t, err)
		require.Equal(t, want, inv.Target.Name)
	}
}
