package imagetest

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"os"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"github.com/stretchr/testify/require"
)

const recipe = `What this image shows.
-- 0/usr/lib/os-release --
ID=debian
-- 0/etc/os-release -> ../usr/lib/os-release --
-- 0/usr/bin/gunzip => usr/lib/os-release --
-- 0/var/cache/ --
-- 0/a.zip!/b.jar!/c.txt --
inner
-- 0/a.zip!/d.txt --
outer
-- 1/var/.wh.cache --
-- 1/../escape | base64 --
aGVs
bG8=
`

func parse(t *testing.T) *Image {
	m, err := Parse([]byte(recipe))
	require.NoError(t, err)
	return m
}

func TestParse(t *testing.T) {
	m := parse(t)
	require.Len(t, m.Layers, 2)
	zipped := m.Layers[0][4].Content
	m.Layers[0][4].Content = nil
	require.Equal(t, Layer{
		{Name: "usr/lib/os-release", Type: tar.TypeReg, Content: []byte("ID=debian\n")},
		{Name: "etc/os-release", Type: tar.TypeSymlink, Link: "../usr/lib/os-release"},
		{Name: "usr/bin/gunzip", Type: tar.TypeLink, Link: "usr/lib/os-release"},
		{Name: "var/cache/", Type: tar.TypeDir},
		{Name: "a.zip", Type: tar.TypeReg},
	}, m.Layers[0])
	require.Equal(t, Layer{
		{Name: "var/.wh.cache", Type: tar.TypeReg},
		{Name: "../escape", Type: tar.TypeReg, Content: []byte("hello")},
	}, m.Layers[1])

	outer, err := zip.NewReader(bytes.NewReader(zipped), int64(len(zipped)))
	require.NoError(t, err)
	require.Equal(t, []string{"b.jar", "d.txt"}, []string{outer.File[0].Name, outer.File[1].Name})
	f, err := outer.Open("b.jar")
	require.NoError(t, err)
	jar, err := io.ReadAll(f)
	require.NoError(t, err)
	inner, err := zip.NewReader(bytes.NewReader(jar), int64(len(jar)))
	require.NoError(t, err)
	require.Equal(t, "c.txt", inner.File[0].Name)
}

func TestParseRefuses(t *testing.T) {
	for _, row := range []struct{ recipe, want string }{
		{"only prose\n", "no entry"},
		{"-- etc/x --\n", "want LAYER/NAME"},
		{"-- 1/x --\n", "a layer of 0 to 0"},
		{"-- 0/ --\n", "want LAYER/NAME"},
		{"-- 0/x | rot13 --\n", `form "rot13" is not known`},
		{"-- 0/x | base64 --\n!\n", "illegal base64"},
		{"-- 0/x -> y --\ntext\n", "has no content"},
		{"-- 0/a.jar --\n-- 0/a.jar!/x --\n", "is no archive"},
		{"-- 0/a.jar!/x --\n-- 0/a.jar!/x --\n", "already"},
		{"-- 0 | cut 5 --\n", "want LAYER | cut BYTES"},
		{"-- 0/a --\n-- 0 | cut x --\n", "want LAYER | cut BYTES"},
	} {
		_, err := Parse([]byte(row.recipe))
		require.ErrorContains(t, err, row.want, row.recipe)
	}
}

// go-containerregistry reads what is written, and finds every digest right.
func TestPackedIsValid(t *testing.T) {
	for _, c := range []Compression{Plain, Gzip} {
		m := parse(t)
		m.Tag = "shop:1.0"
		var docker, again bytes.Buffer
		require.NoError(t, m.DockerArchive(&docker, c))
		require.NoError(t, m.DockerArchive(&again, c))
		require.Equal(t, docker.Bytes(), again.Bytes())
		img, err := tarball.Image(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(docker.Bytes())), nil }, nil)
		require.NoError(t, err)
		require.NoError(t, validate.Image(img))
		fromDocker, err := img.ConfigName()
		require.NoError(t, err)

		dir := t.TempDir()
		require.NoError(t, m.OCILayout(dir, c))
		fromLayout, err := first(dir)
		require.NoError(t, err)
		if c == Gzip { // validate takes every layer of a layout for gzip
			require.NoError(t, validate.Image(fromLayout))
		}
		config, err := fromLayout.ConfigName()
		require.NoError(t, err)
		require.Equal(t, fromDocker, config)

		var oci bytes.Buffer
		require.NoError(t, m.OCIArchive(&oci, c))
		for r := tar.NewReader(&oci); ; {
			h, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			inTar, err := io.ReadAll(r)
			require.NoError(t, err)
			onDisk, err := os.ReadFile(dir + "/" + h.Name)
			require.NoError(t, err)
			require.Equal(t, onDisk, inTar, h.Name)
		}
	}
}

func TestCut(t *testing.T) {
	m, err := Parse([]byte("-- 0/a --\ntext\n-- 0 | cut 700 --\n"))
	require.NoError(t, err)
	whole, err := m.Layers[0].Tar()
	require.NoError(t, err)
	layers, config, err := m.blobs(Plain)
	require.NoError(t, err)
	require.Equal(t, whole[:700], layers[0].stored)
	require.Contains(t, string(config), sum(whole))
}

func first(dir string) (v1.Image, error) {
	i, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		return nil, err
	}
	m, err := i.IndexManifest()
	if err != nil {
		return nil, err
	}
	return i.Image(m.Manifests[0].Digest)
}
