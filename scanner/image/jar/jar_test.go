package jar

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/scanner/image/imagetest"
)

func section(b []byte) *io.SectionReader {
	return io.NewSectionReader(bytes.NewReader(b), 0, int64(len(b)))
}

func spool(r io.Reader) (*io.SectionReader, error) {
	b, err := io.ReadAll(r)
	return section(b), err
}

// made is the archive "a.jar" of lines "path: content".
func made(t testing.TB, files ...string) []byte {
	var recipe strings.Builder
	for _, f := range files {
		name, content, _ := strings.Cut(f, ": ")
		fmt.Fprintf(&recipe, "-- 0/a.jar!/%s --\n%s\n", name, content)
	}
	m, err := imagetest.Parse([]byte(recipe.String()))
	require.NoError(t, err)
	return m.Layers[0][0].Content
}

func pom(group, artifact, version string) string {
	return fmt.Sprintf("META-INF/maven/%s/%s/pom.properties: #made by Maven\nversion=%s\ngroupId = %s\nartifactId:%s", group, artifact, version, group, artifact)
}

const unknown = "its Maven coordinates are not known"

func TestRead(t *testing.T) {
	for _, test := range []struct {
		name  string
		file  string
		files []string
		want  []Artifact
	}{
		{"pom.properties", "log4j-1.2.17.jar", []string{pom("log4j", "log4j", "1.2.17")}, []Artifact{{Group: "log4j", Artifact: "log4j", Version: "1.2.17"}}},
		{"shaded", "client.jar", []string{pom("org.apache.avro", "avro", "1.7.7"), "META-INF/MANIFEST.MF: Implementation-Version: 3", pom("org.eclipse.jetty", "jetty-http", "9.4.43")}, []Artifact{
			{Group: "org.apache.avro", Artifact: "avro", Version: "1.7.7"}, {Group: "org.eclipse.jetty", Artifact: "jetty-http", Version: "9.4.43"},
		}},
		{"stray", "docs.zip", []string{"docs/pom.properties: groupId=a\nartifactId=b\nversion=1"}, nil},
		{"another place", "a.jar", []string{"META-INF/maven/x/y/pom.properties: groupId=a\nartifactId=b\nversion=1"}, []Artifact{
			{Group: "x", Artifact: "y", Version: "1", Reason: "META-INF/maven/x/y/pom.properties names a:b, which is not its place"},
		}},
		{"not filled in", "a.jar", []string{pom("a", "b", "${project.version}")}, []Artifact{
			{Group: "a", Artifact: "b", Version: "${project.version}", Reason: `META-INF/maven/a/b/pom.properties has the version "${project.version}", which was not filled in`},
		}},
		{"manifest", "log4j-core-2.14.1.jar", []string{"META-INF/MANIFEST.MF: Manifest-Version: 1.0\nImplementation-Vendor-Id: org.apache.logg\n ing.log4j\nImplementation-Version: 2.14.1\n\nName: x\nImplementation-Version: 9"}, []Artifact{
			{Group: "org.apache.logging.log4j", Artifact: "log4j-core", Version: "2.14.1"},
		}},
		{"manifest of another file", "core.jar", []string{"META-INF/MANIFEST.MF: Implementation-Vendor-Id: org.example\nImplementation-Version: 2.14.1"}, []Artifact{
			{Group: "org.example", Version: "2.14.1", Reason: unknown},
		}},
		{"manifest of no name", "-2.14.1.jar", []string{"META-INF/MANIFEST.MF: Implementation-Vendor-Id: org.example\nImplementation-Version: 2.14.1"}, []Artifact{
			{Group: "org.example", Version: "2.14.1", Reason: unknown},
		}},
		{"deep", "lucee.zip", []string{
			"engine.war!/WEB-INF/lib/lucee.jar!/bundles/log4j-1.2.17.jar!/" + pom("log4j", "log4j", "1.2.17"),
			"engine.war!/WEB-INF/lib/lucee.jar!/extensions/x.lex!/jars/other!/" + pom("log4j", "log4j", "1.2.16"),
		}, []Artifact{
			{Path: "engine.war", Reason: unknown},
			{Path: "engine.war!/WEB-INF/lib/lucee.jar", Reason: unknown},
			{Path: "engine.war!/WEB-INF/lib/lucee.jar!/bundles/log4j-1.2.17.jar", Group: "log4j", Artifact: "log4j", Version: "1.2.17"},
			{Path: "engine.war!/WEB-INF/lib/lucee.jar!/extensions/x.lex!/jars/other", Group: "log4j", Artifact: "log4j", Version: "1.2.16"},
		}},
		{"too deep", "a.zip", []string{strings.Repeat("a.zip!/", MaxDepth+1) + pom("a", "b", "1")}, []Artifact{
			{Path: strings.Repeat("a.zip!/", MaxDepth) + "a.zip", Reason: "it is nested more than 8 deep, and was not opened"},
		}},
		{"damaged within", "a.zip", []string{"b.jar: " + strings.Repeat("x", 30), "c.txt: PK\x03\x04" + strings.Repeat("x", 30)}, []Artifact{
			{Path: "b.jar", Reason: "zip: not a valid zip file"}, {Path: "c.txt", Reason: "zip: not a valid zip file"},
		}},
		{"wheel", "six-1.16.0-py2.py3-none-any.whl", []string{"six-1.16.0.dist-info/METADATA: Name: six\nVersion: 1.16.0", "deep/a/b.dist-info/METADATA: Name: no"}, []Artifact{{Artifact: "six", Version: "1.16.0", Python: true}}},
		{"egg", "a.egg", []string{"EGG-INFO/PKG-INFO: hello"}, []Artifact{{Python: true, Reason: `line 1 is no field: "hello"`}}},
		{"no Java", "a.zip", []string{"a.txt: x"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := Read(section(made(t, test.files...)), test.file, spool)
			require.NoError(t, err)
			for i := range got {
				if strings.HasSuffix(got[i].Reason, unknown) {
					got[i].Reason, got[i].Artifact = unknown, ""
				}
			}
			require.Equal(t, test.want, got)
		})
	}
	_, err := Read(section([]byte("hello")), "a.jar", spool)
	require.ErrorContains(t, err, "not a valid zip")
}

// A zip that holds itself is read once.
func TestReadQuine(t *testing.T) {
	inner := made(t, pom("a", "b", "1"))
	calls := 0
	same := func(r io.Reader) (*io.SectionReader, error) {
		calls++
		return section(inner), nil // whatever is in an archive is inner, and inner holds an archive
	}
	inner = made(t, pom("a", "b", "1"), "x.jar: PK\x03\x04"+strings.Repeat("x", 30))
	got, err := Read(section(inner), "a.jar", same)
	require.NoError(t, err)
	require.Equal(t, []Artifact{{Group: "a", Artifact: "b", Version: "1"}}, got)
	require.Equal(t, 1, calls)
}

func TestReadBomb(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateRaw(&zip.FileHeader{Name: "zeros", Method: zip.Deflate, UncompressedSize64: 4 << 30, CompressedSize64: 1})
	require.NoError(t, err)
	_, err = w.Write([]byte{0})
	require.NoError(t, err)
	require.NoError(t, z.Close())
	_, err = Read(section(b.Bytes()), "a.jar", spool)
	require.ErrorIs(t, err, ErrBomb)

	b2 := bytes.Clone(b.Bytes())
	b.Reset()
	z = zip.NewWriter(&b)
	w, err = z.CreateHeader(&zip.FileHeader{Name: "lib/b.jar", Method: zip.Store})
	require.NoError(t, err)
	_, err = w.Write(b2)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	_, err = Read(section(b.Bytes()), "a.jar", spool)
	require.ErrorIs(t, err, ErrBomb)
	require.ErrorContains(t, err, "lib/b.jar")
}

// Coordinates that cannot be read are named by their place.
func TestReadDamagedPOM(t *testing.T) {
	const name = "META-INF/maven/a/b/pom.properties"
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateRaw(&zip.FileHeader{Name: name, Method: zip.Store, UncompressedSize64: 9, CompressedSize64: 9, CRC32: 1})
	require.NoError(t, err)
	_, err = w.Write([]byte("version=1"))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	got, err := Read(section(b.Bytes()), "a.jar", spool)
	require.NoError(t, err)
	require.Equal(t, []Artifact{{Group: "a", Artifact: "b", Reason: name + ": zip: checksum error"}}, got)
}

func FuzzRead(f *testing.F) {
	f.Add(made(f, pom("a", "b", "1"), "x.jar!/META-INF/MANIFEST.MF: Implementation-Version: 1"))
	f.Add(made(f, "six.dist-info/METADATA: Name: six"))
	f.Fuzz(func(t *testing.T, b []byte) {
		found, err := Read(section(b), "a.jar", spool)
		require.True(t, err == nil || found == nil)
	})
}
