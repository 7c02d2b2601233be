package image

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/scanner/image/imagetest"
)

// noLayers are the files of docker save for an image without layers, under other names if wanted.
func noLayers(manifest, config string) imagetest.Layer {
	return imagetest.Layer{
		{Name: config, Type: tar.TypeReg, Content: []byte(`{"rootfs":{"diff_ids":[]}}`)},
		{Name: manifest, Type: tar.TypeReg, Content: []byte(`[{"Config":"config","Layers":[]}]`)},
	}
}

func link(kind byte, name, to string) imagetest.Entry {
	return imagetest.Entry{Name: name, Type: kind, Link: to}
}

// chain is n symbolic links, the last of which leads to a file.
func chain(n int, from, to string) imagetest.Layer {
	var all imagetest.Layer
	for i := range n {
		name, next := fmt.Sprintf("l%d", i), fmt.Sprintf("l%d", i+1)
		if i == 0 {
			name = from
		}
		if i == n-1 {
			next = to
		}
		all = append(all, link(tar.TypeSymlink, name, next))
	}
	return all
}

func TestReadArchive(t *testing.T) {
	for name, entries := range map[string]imagetest.Layer{
		"as it is":                   noLayers("manifest.json", "config"),
		"names with dots":            noLayers("./manifest.json", "././config"),
		"directories":                append(noLayers("manifest.json", "config"), imagetest.Entry{Name: "d/", Type: tar.TypeDir}),
		"a symbolic link":            append(noLayers("a/m", "config"), link(tar.TypeSymlink, "manifest.json", "a/m")),
		"a symbolic link beside":     append(noLayers("manifest.json", "a/c"), link(tar.TypeSymlink, "a/l", "c"), link(tar.TypeSymlink, "config", "a/l")),
		"a hard link from the root":  append(noLayers("a/m", "config"), link(tar.TypeLink, "manifest.json", "a/m")),
		"a hard link in a directory": append(noLayers("manifest.json", "a/c"), link(tar.TypeLink, "a/l", "a/c"), link(tar.TypeLink, "config", "a/l")),
		"as many links as may be":    append(noLayers("m", "config"), chain(MaxLinks-1, "manifest.json", "m")...),
		"a name as long as may be":   append(noLayers("manifest.json", "config"), imagetest.Entry{Name: strings.Repeat("x", MaxPath), Type: tar.TypeReg}),
		"a name as deep as may be":   append(noLayers("manifest.json", "config"), imagetest.Entry{Name: strings.Repeat("x/", MaxDepth-1) + "x", Type: tar.TypeReg}),
		"a comment of git":           append(imagetest.Layer{{Name: "pax", Type: tar.TypeXGlobalHeader}}, noLayers("manifest.json", "config")...),
	} {
		b, err := tarOf(entries)
		require.NoError(t, err, name)
		inv, err := Read(file(t, b))
		require.NoError(t, err, name)
		require.Equal(t, KindDocker, inv.Target.Kind, name)
	}
}

// tarOf is Layer.Tar, with the header of a whole archive too.
func tarOf(entries imagetest.Layer) ([]byte, error) {
	if entries[0].Type != tar.TypeXGlobalHeader {
		return entries.Tar()
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"comment": "x"}}); err != nil {
		return nil, err
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	rest, err := entries[1:].Tar()
	return append(b.Bytes(), rest...), err
}

func TestReadArchiveRefuses(t *testing.T) {
	good := noLayers("manifest.json", "config")
	with := func(more ...imagetest.Entry) string {
		return tarFile(t, append(append(imagetest.Layer{}, good...), more...))
	}
	manifest := func(text string) string {
		return tarFile(t, imagetest.Layer{good[0], {Name: "manifest.json", Type: tar.TypeReg, Content: []byte(text)}})
	}
	paxSparse := func() string {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		require.NoError(t, w.WriteHeader(&tar.Header{Name: "s", Typeflag: tar.TypeReg, Mode: 0o600}))
		require.NoError(t, w.Close())
		b2 := b.Bytes()
		record := "22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n26 GNU.sparse.realsize=10\n23 GNU.sparse.name=big\n"
		var head bytes.Buffer
		w = tar.NewWriter(&head)
		require.NoError(t, w.WriteHeader(&tar.Header{Name: "x", Typeflag: tar.TypeReg, Mode: 0o600, Size: int64(len(record))}))
		_, err := w.Write([]byte(record))
		require.NoError(t, err)
		require.NoError(t, w.Flush())
		h := head.Bytes()
		h[156] = tar.TypeXHeader
		checksum(h)
		// The map of a sparse file of this version stands before its data.
		body := append([]byte("1\n0\n0\n"), make([]byte, 506)...)
		copy(b2[124:136], "00000001000\x00")
		checksum(b2)
		return file(t, append(append(h, b2[:512]...), append(body, b2[512:]...)...))
	}
	damaged := func() string {
		b, err := imagetest.Layer{good[0], good[1]}.Tar()
		require.NoError(t, err)
		b[1024] ^= 1 // of the second header
		return file(t, b)
	}
	for _, row := range []struct {
		name, path, want string
	}{
		{"a device", with(imagetest.Entry{Name: "dev", Type: tar.TypeChar}), `entry "dev": it is of type '3', which no image archive has`},
		{"a hard link out", with(link(tar.TypeLink, "a", "../b")), `entry "a": its link: its name has "..", which leads out of the image`},
		{"a hard link from elsewhere", with(link(tar.TypeLink, "a", "/b")), `entry "a": its link: its name is an absolute path`},
		{"a symbolic link out", with(link(tar.TypeSymlink, "a/b", "../../c")), `entry "a/b": its link: its name has ".."`},
		{"a link to nothing", tarFile(t, imagetest.Layer{link(tar.TypeSymlink, "manifest.json", "m")}), "it is no image: it has neither manifest.json"},
		{"one link more than may be", tarFile(t, append(noLayers("m", "config"), chain(MaxLinks, "manifest.json", "m")...)), "manifest.json: its links go in a circle"},
		{"a long name", with(imagetest.Entry{Name: strings.Repeat("x", MaxPath+1), Type: tar.TypeReg}), "its name has 4097 bytes, more than the 4096 of a path"},
		{"a deep name", with(imagetest.Entry{Name: strings.Repeat("x/", MaxDepth) + "x", Type: tar.TypeReg}), "its name has 257 elements, more than 256"},
		{"sparse, of PAX", paxSparse(), "it is a sparse file of 10 bytes"},
		{"a damaged header", damaged(), `after its entry "config": archive/tar: invalid tar header`},
		{"a manifest that is too large", manifest(strings.Repeat(" ", MaxManifest+1)), "manifest.json has 16777217 bytes, more than the 16777216 that are read"},
		{"a manifest as large as may be", manifest(strings.Repeat(" ", MaxManifest)), "manifest.json: unexpected end of JSON input"},
		{"a manifest that is no list", manifest("{}"), "manifest.json: json: cannot unmarshal object"},
		{"no image", manifest("[]"), "manifest.json: the archive holds 0 images; save one by itself"},
		{"several without names", manifest("[{},{}]"), "manifest.json: the archive holds 2 images; save one by itself"},
		{"a configuration that is missing", manifest(`[{"Config":"c"}]`), "manifest.json: c is not in the archive"},
		{"more layers than in the configuration", manifest(`[{"Config":"config","Layers":["a"]}]`), "the image's manifest names 1 layers and its configuration 0: one of them is damaged"},
	} {
		t.Run(row.name, func(t *testing.T) {
			inv, err := Read(row.path)
			require.Zero(t, inv)
			require.ErrorContains(t, err, row.want)
		})
	}
}

// checksum makes a header whole again.
func checksum(h []byte) {
	copy(h[148:156], "        ")
	sum := 0
	for _, c := range h[:512] {
		sum += int(c)
	}
	copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
}

// A directory is read as far as it goes, and not out of it.
func TestReadDirectory(t *testing.T) {
	dir := t.TempDir()
	outside := filepath.Join(t.TempDir(), "index.json")
	require.NoError(t, os.WriteFile(outside, []byte("{}"), 0o600))
	name := filepath.Join(dir, "index.json")
	require.NoError(t, os.Symlink(outside, name))
	_, err := Read(dir)
	require.ErrorContains(t, err, "escapes")
	require.NoError(t, os.Remove(name))
	require.NoError(t, os.Mkdir(name, 0o700))
	_, err = Read(dir)
	require.ErrorContains(t, err, "index.json is no regular file")
	_, err = Read(filepath.Join(dir, "gone"))
	require.ErrorIs(t, err, os.ErrNotExist)

	require.False(t, IsLayout(filepath.Join(dir, "gone")))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "oci-layout"), 0o700))
	require.False(t, IsLayout(dir), "the mark is a file")
}

// What is packed is for this package, to say with what.
func TestIsArchive(t *testing.T) {
	tarred := make([]byte, 512)
	copy(tarred[257:], "ustar")
	for text, want := range map[string]bool{
		"\x1f\x8b": true, "\x1f": false, "\x1f\x8c": false,
		"\x28\xb5\x2f\xfd": true, "\x28\xb5\x2f": false,
		"BZh9": true, "BZ": false,
		"\xfd7zXZ\x00": true, "\xfd7zXZ": false,
		"\x04\x22\x4d\x18":     true,
		string(tarred):         true,
		string(tarred[:262]):   true,
		string(tarred[:261]):   false,
		string(tarred[:257]):   false,
		"x" + string(tarred):   false,
		"ustar" + "xxxxxxxxxx": false,
	} {
		require.Equal(t, want, IsArchive([]byte(text)), "%q", text)
	}
}

// The limits of what is unpacked are met to the byte.
func TestUnpackedLimits(t *testing.T) {
	plain := bytes.Repeat([]byte("0"), 100_000)
	packed := gzipped(t, plain)
	size := int64(len(plain))
	ratio := size / int64(len(packed))
	for _, row := range []struct {
		limits limits
		want   string
	}{
		{limits{unpacked: size, ratio: ratio + 1, ratioFree: 0}, ""},
		{limits{unpacked: size - 1, ratio: ratio + 1, ratioFree: 0}, "the image unpacks to more than 99999 bytes; unpack it yourself"},
		{limits{unpacked: size, ratio: ratio / 2, ratioFree: size}, ""},
		{limits{unpacked: size, ratio: ratio / 2, ratioFree: size - 1}, "bytes unpack to more than 100000, which only a bomb does; unpack it yourself"},
	} {
		st := &store{limits: row.limits}
		t.Cleanup(st.close)
		out, err := st.plain(sectionOf(packed))
		if row.want != "" {
			require.ErrorContains(t, err, row.want)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, size, out.Size())
		_, err = st.plain(sectionOf(packed)) // what is unpacked is of one image
		require.ErrorContains(t, err, "the image unpacks to more than")
	}
}

func sectionOf(b []byte) *section { return io.NewSectionReader(bytes.NewReader(b), 0, int64(len(b))) }
