package jar

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// raw is a zip of one file of which the header need not be true.
func raw(t *testing.T, h zip.FileHeader, content string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	h.CompressedSize64 = uint64(len(content))
	w, err := z.CreateRaw(&h)
	require.NoError(t, err)
	_, err = w.Write([]byte(content))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return b.Bytes()
}

func TestIsArchive(t *testing.T) {
	for name, want := range map[string]bool{
		"a.jar": true, "a.war": true, "a.ear": true, "a.sar": true, "a.par": true, "a.jpi": true, "a.hpi": true, "a.lpkg": true,
		"x/a.JAR": true, "a.zip": false, "jar": false, "a.jar.txt": false, "a.jar/b": false,
	} {
		require.Equal(t, want, IsArchive(name, []byte("#!/bin/sh")), name)
		require.True(t, IsArchive(name, []byte("PK\x03\x04")), name)
		require.Equal(t, want, IsArchive(name, []byte("PK\x05\x06")), name)
	}
}

// JAR file specification, "Manifest Specification".
func TestParseManifest(t *testing.T) {
	for _, row := range []struct {
		text string
		want map[string]string
	}{
		{"", map[string]string{}},
		{"A: 1\nB: 2", map[string]string{"a": "1", "b": "2"}},
		{"A: 1\r\nb:2\r\n\r\nC: 3\r\n", map[string]string{"a": "1", "b": "2"}},
		{"A: 1\n 2\n  3\nB: 4\n 5\n", map[string]string{"a": "12 3", "b": "45"}},
		{"A: 1: 2 \nA: 3 \n", map[string]string{"a": "3"}},
		{"A:  b: c \n", map[string]string{"a": "b: c"}},
		{"A\nB: 1\n", map[string]string{"a": "", "b": "1"}},
	} {
		require.Equal(t, row.want, parseManifest([]byte(row.text)), "%q", row.text)
	}
}

func TestParseProperties(t *testing.T) {
	for text, want := range map[string]map[string]string{
		"":                             {},
		"#a=1\n!b=2\n\n  \n # c=3\n":   {},
		"a=1\nb:2\r\n c = 3 \nd : 4":   {"a": "1", "b": "2", "c": "3", "d": "4"},
		"a=b=c\nd:e=f\ng=h:i\n":        {"a": "b=c", "d": "e=f", "g": "h:i"},
		"a\nb=\n=c\n":                  {"b": "", "": "c"},
		`a=1\:2\=3` + "\n":             {"a": "1:2=3"},
		"version=1\nversion=2\nx=#y\n": {"version": "2", "x": "#y"},
	} {
		require.Equal(t, want, parseProperties([]byte(text)), "%q", text)
	}
}

// What is said of a file of an archive that cannot be opened, and of which nothing is said.
func TestReadWithin(t *testing.T) {
	const long = "0123456789012345678901"
	of := func(name string, method uint16, flags uint16) zip.FileHeader {
		return zip.FileHeader{Name: name, Method: method, Flags: flags, UncompressedSize64: uint64(len(long))}
	}
	for _, row := range []struct {
		name    string
		header  zip.FileHeader
		content string
		want    []Artifact
	}{
		{"encrypted", of("lib/a.jar", zip.Store, 1), long, []Artifact{{Path: "lib/a.jar", Reason: "it is encrypted"}}},
		{"encrypted, and no archive by its name", of("a.txt", zip.Store, 1), "PK\x03\x04" + long[4:], nil},
		{"of an unknown method", of("a.WAR", 99, 0), long, []Artifact{{Path: "a.WAR", Reason: "zip: unsupported compression algorithm"}}},
		{"of an unknown method, and no archive by its name", of("a.txt", 99, 0), long, nil},
		{"damaged", of("a.jar", zip.Deflate, 0), "\xff\xff\xff\xff", []Artifact{{Path: "a.jar", Reason: "flate: corrupt input before offset 1"}}},
		{"damaged, and no archive by its name", of("a.txt", zip.Deflate, 0), "\xff\xff\xff\xff", nil},
		{"no archive", of("a.txt", zip.Store, 0), long, nil},
		{"as short as a zip may be", of("a.jar", zip.Store, 0), long, []Artifact{{Path: "a.jar", Reason: "zip: not a valid zip file"}}},
		{"shorter", zip.FileHeader{Name: "a.jar", UncompressedSize64: 21}, long[1:], nil},
		{"a class", of("a.class", zip.Store, 0), "PK\x03\x04" + long[4:], nil},
		{"a directory", of("a.jar/", zip.Store, 0), "", nil},
	} {
		got, err := Read(section(raw(t, row.header, row.content)), "a.zip", spool)
		require.NoError(t, err, row.name)
		require.Equal(t, row.want, got, row.name)
	}
	full := func(io.Reader) (*io.SectionReader, error) { return nil, errors.New("no room") }
	got, err := Read(section(made(t, "b.jar: "+long+long)), "a.zip", full)
	require.NoError(t, err)
	require.Equal(t, []Artifact{{Path: "b.jar", Reason: "no room"}}, got)
}

// Texts as large as they may be are read; larger ones are named.
func TestReadLongTexts(t *testing.T) {
	for name, want := range map[string]Artifact{
		"META-INF/MANIFEST.MF":              {Artifact: "a", Reason: "META-INF/MANIFEST.MF has 1048577 bytes, more than 1048576"},
		"META-INF/maven/g/a/pom.properties": {Group: "g", Artifact: "a", Reason: "META-INF/maven/g/a/pom.properties has 1048577 bytes, more than 1048576"},
		"EGG-INFO/PKG-INFO":                 {Python: true, Reason: "EGG-INFO/PKG-INFO has 1048577 bytes, more than 1048576"},
		"six-1.dist-info/METADATA":          {Python: true, Reason: "six-1.dist-info/METADATA has 1048577 bytes, more than 1048576"},
	} {
		got, err := Read(section(made(t, name+": "+strings.Repeat("\n", maxText))), "a.jar", spool)
		require.NoError(t, err)
		require.Equal(t, []Artifact{want}, got)
		got, err = Read(section(made(t, name+": "+strings.Repeat("\n", maxText-1))), "a.jar", spool)
		require.NoError(t, err)
		require.Len(t, got, 1)
		require.NotContains(t, got[0].Reason, "more than")
	}
}

// Each part of coordinates that is missing is a reason.
func TestReadCoordinates(t *testing.T) {
	const maven = "META-INF/maven/g/a/pom.properties: "
	const pomless = "it has no META-INF/maven/*/*/pom.properties, and "
	for _, row := range []struct {
		file, text string
		want       Artifact
	}{
		{"a.jar", maven + "groupId=g\nartifactId=a", Artifact{Group: "g", Artifact: "a"}},
		{"a.jar", maven + "groupId=g\nversion=1", Artifact{Group: "g", Artifact: "a", Version: "1", Reason: "META-INF/maven/g/a/pom.properties names g:, which is not its place"}},
		{"a.jar", maven + "groupId=x\nartifactId=a\nversion=1", Artifact{Group: "g", Artifact: "a", Version: "1", Reason: "META-INF/maven/g/a/pom.properties names x:a, which is not its place"}},
		{"x/a-1.jar", "meta-inf/manifest.mf: Implementation-Vendor-Id: g\nImplementation-Version: 1", Artifact{Group: "g", Artifact: "a", Version: "1"}},
		{"a-1.zip", "META-INF/MANIFEST.MF: Implementation-Vendor-Id: g\nImplementation-Version: 1", Artifact{Group: "g", Artifact: "a", Version: "1"}},
		{"a-1.jar", "META-INF/MANIFEST.MF: Implementation-Version: 1", Artifact{Artifact: "a", Version: "1", Reason: pomless + "its manifest does not say Implementation-Vendor-Id and Implementation-Version: " + unknown}},
		{"a-1.jar", "META-INF/MANIFEST.MF: Implementation-Vendor-Id: g", Artifact{Group: "g", Artifact: "a-1", Reason: pomless + "its manifest does not say Implementation-Vendor-Id and Implementation-Version: " + unknown}},
		{"a-2.jar", "META-INF/MANIFEST.MF: Implementation-Vendor-Id: g\nImplementation-Version: 1", Artifact{Group: "g", Artifact: "a-2", Version: "1", Reason: pomless + "its file is not named ARTIFACT-1: " + unknown}},
		{"-1.jar", "META-INF/MANIFEST.MF: Implementation-Vendor-Id: g\nImplementation-Version: 1", Artifact{Group: "g", Version: "1", Reason: pomless + "its file is not named ARTIFACT-1: " + unknown}},
	} {
		got, err := Read(section(made(t, row.text)), row.file, spool)
		require.NoError(t, err)
		require.Equal(t, []Artifact{row.want}, got)
	}
}

// What an archive says that it unpacks to, on both sides of what an honest one does.
func TestCheckRatio(t *testing.T) {
	for _, row := range []struct {
		sizes []uint64
		size  int64
		ok    bool
	}{
		{[]uint64{ratioFree}, 1, true},
		{[]uint64{ratioFree + 1}, 1, false},
		{[]uint64{ratioFree, 1}, 1, false},
		{[]uint64{ratioFree * MaxRatio}, ratioFree, true},
		{[]uint64{ratioFree*MaxRatio + MaxRatio - 1}, ratioFree, true},
		{[]uint64{ratioFree*MaxRatio + MaxRatio}, ratioFree, false},
		{[]uint64{5e18, 3 << 62}, 1 << 54, false}, // the sum is over 64 bits
		{nil, 22, true},
	} {
		z := &zip.Reader{}
		for _, n := range row.sizes {
			z.File = append(z.File, &zip.File{FileHeader: zip.FileHeader{UncompressedSize64: n}})
		}
		err := checkRatio(z, row.size)
		require.Equal(t, row.ok, err == nil, "%v in %d: %v", row.sizes, row.size, err)
		require.True(t, row.ok || errors.Is(err, ErrBomb))
	}
}

// All that is within an archive shares what it may unpack to.
func TestReadBudget(t *testing.T) {
	inner := made(t, pom("a", "b", "1"))
	outer := made(t, "b.jar: "+string(inner), "c.jar: "+string(inner))
	both := 2 * int64(len(inner)+1) // made ends a file with a line feed
	for spent, ok := range map[int64]bool{MaxUnpacked - both: true, MaxUnpacked - both + 1: false} {
		d := &reader{spool: spool, unpacked: spent}
		err := d.archive(section(outer), "a.zip", "", nil)
		if ok {
			require.NoError(t, err)
			require.Len(t, d.found, 2)
		} else {
			require.EqualError(t, err, "c.jar: it is a zip bomb, or built like one: the archives in it have more than 8589934592 bytes")
			require.ErrorIs(t, err, ErrBomb)
		}
	}
	for room, ok := range map[int]bool{0: true, 1: true, -1: false} {
		d := &reader{spool: spool, archives: MaxArchives - 3 - room}
		err := d.archive(section(outer), "a.zip", "", nil)
		require.Equal(t, ok, err == nil, "%d: %v", room, err)
		if !ok {
			require.EqualError(t, err, fmt.Sprintf("c.jar: it is a zip bomb, or built like one: it holds more than %d archives", MaxArchives))
		}
	}
}
