package image

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/image/imagetest"
)

const (
	dist = "usr/lib/python3/dist-packages"
	meta = "Metadata-Version: 2.1\nName: %s\nVersion: %s\n"
)

func pyproject(layer int, name, version string) string {
	return fmt.Sprintf("-- %d/%s/%s-%s.dist-info/METADATA --\n"+meta, layer, dist, name, version, name, version)
}

func TestLanguages(t *testing.T) {
	for _, test := range []struct {
		name, recipe string
		want         []string
	}{
		{"whiteout below", pyproject(0, "setuptools", "59.0.0") + "-- 1/" + dist + "/.wh.setuptools-59.0.0.dist-info --\n" + pyproject(2, "setuptools", "65.5.0"), []string{
			"PyPI setuptools 65.5.0 L2 " + dist + "/setuptools-65.5.0.dist-info/METADATA",
		}},
		{"whiteout above", pyproject(0, "setuptools", "59.0.0") + "-- 1/usr/lib/.wh.python3 --\n", []string{}},
		{"opaque above", pyproject(0, "a", "1") + pyproject(1, "b", "1") + "-- 1/usr/lib/.wh..wh..opq --\n", []string{
			"PyPI b 1 L1 " + dist + "/b-1.dist-info/METADATA",
		}},
		{"the same again", pyproject(0, "a", "1") + "-- 1/x --\n" + pyproject(2, "a", "1"), []string{
			"PyPI a 1 L0 " + dist + "/a-1.dist-info/METADATA",
		}},
		{"another at the place", "-- 0/node_modules/a/package.json --\n{\"name\":\"a\",\"version\":\"1\"}\n-- 1/node_modules/a/package.json --\n{\"name\":\"a\",\"version\":\"2\"}\n-- 2/node_modules/a/package.json --\n{\"name\":\"a\",\"version\": \"2\"}\n", []string{
			"npm a 2 L1 node_modules/a/package.json",
		}},
		{"gone and back", pyproject(0, "a", "1") + "-- 1/" + dist + "/.wh.a-1.dist-info --\n" + pyproject(2, "a", "1"), []string{
			"PyPI a 1 L2 " + dist + "/a-1.dist-info/METADATA",
		}},
		{"replaced in one layer", pyproject(0, "a", "1") + "-- 1/" + dist + "/.wh.a-1.dist-info --\n" + pyproject(1, "a", "1"), []string{
			"PyPI a 1 L0 " + dist + "/a-1.dist-info/METADATA",
		}},
		{"npm", "-- 0/app/node_modules/@babel/core/package.json --\n{\"name\":\"@babel/core\",\"version\":\"7.0.0\"}\n-- 0/app/node_modules/@babel/core/test/package.json --\n{\"name\":\"x\",\"version\":\"1\"}\n-- 0/opt/yarn/package.json --\n{\"name\":\"yarn\",\"version\":\"1.22.0\"}\n-- 0/app/package.json --\n{}\n", []string{
			"npm @babel/core 7.0.0 L0 app/node_modules/@babel/core/package.json",
			"npm yarn 1.22.0 L0 opt/yarn/package.json",
		}},
		{"gem", "-- 0/usr/lib/ruby/specifications/rack-2.2.3.gemspec --\ns.name = \"rack\".freeze\ns.version = \"2.2.3\"\n", []string{
			"RubyGems rack 2.2.3 L0 usr/lib/ruby/specifications/rack-2.2.3.gemspec",
		}},
		{"go", "-- 0/app | go-binary --\ngo1.21.5\ndep\tgithub.com/BurntSushi/toml\tv1.2.0\th1:a=\ndep\tgithub.com/pkg/v2\tv2.0.0\th1:b=\n", []string{
			"Go github.com/BurntSushi/toml 1.2.0 L0 app", "Go github.com/pkg/v2 2.0.0 L0 app", "Go stdlib 1.21.5 L0 app",
		}},
		{"put over a file of the operating system", "-- 0/lib/apk/db/installed --\nP:tool\nV:1\nF:usr/bin\nR:tool\n-- 0/etc/os-release --\nID=wolfi\n-- 0/usr/bin/tool | go-binary --\ngo1.21.5\ndep\tgolang.org/x/text\tv0.3.7\n-- 1/usr/bin/tool | go-binary --\ngo1.21.6\ndep\tgolang.org/x/text\tv0.3.6\n", []string{
			"Go golang.org/x/text 0.3.6 L1 usr/bin/tool", "Go stdlib 1.21.6 L1 usr/bin/tool", "Wolfi tool 1 L0 lib/apk/db/installed",
		}},
		{"lists of files in directories that are gone, or are none", "-- 0/var/lib/dpkg/info/d.list --\n/gone/a.egg-info\n/f/a.egg-info\n/l/a.egg-info\n-- 0/f --\n-- 0/l -> l --\n-- 0/a.egg-info --\nName: a\nVersion: 1\n", []string{"PyPI a 1 L0 a.egg-info"}},
		{"rust", "-- 0/app | rust-binary --\n{\"packages\":[{\"name\":\"rustls\",\"version\":\"0.23.13\",\"source\":\"crates.io\"}]}\n", []string{
			"crates.io rustls 0.23.13 L0 app",
		}},
		{"jar", "-- 0/a.zip!/b.war!/c.jar!/META-INF/maven/log4j/log4j/pom.properties --\nversion=1.2.17\ngroupId=log4j\nartifactId=log4j\n-- 0/a.zip!/b.war!/META-INF/maven/g/b/pom.properties --\nversion=1\ngroupId=g\nartifactId=b\n", []string{
			"Maven g:b 1 L0 a.zip!/b.war", "Maven log4j:log4j 1.2.17 L0 a.zip!/b.war!/c.jar",
		}},
		{"wheel", "-- 0/a.whl!/six-1.16.0.dist-info/METADATA --\n" + fmt.Sprintf(meta, "six", "1.16.0"), []string{"PyPI six 1.16.0 L0 a.whl"}},
		{"SBOMs with one ref", "-- 0/opt/a/bom.json --\n{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.5\",\"components\":[{\"type\":\"library\",\"bom-ref\":\"1\",\"name\":\"minimist\",\"purl\":\"pkg:npm/minimist@1.2.5\"}]}\n-- 0/opt/b/bom.json --\n{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.5\",\"components\":[{\"type\":\"library\",\"bom-ref\":\"1\",\"name\":\"lodash\",\"purl\":\"pkg:npm/lodash@4.17.20\"}]}\n", []string{
			"npm lodash 4.17.20 L0 opt/b/bom.json#1", "npm minimist 1.2.5 L0 opt/a/bom.json#1",
		}},
		{"rpm", "-- 0/etc/os-release --\nID=rocky\nVERSION_ID=\"9.2\"\n-- 0/var/lib/rpm -> ../../usr/lib/sysimage/rpm --\n-- 0/usr/lib/sysimage/rpm/rpmdb.sqlite | rpm-sqlite --\nName: bash\nEpoch: 1\nVersion: 5.1.8\nRelease: 6.el9\nSource: bash-5.1.8-6.el9.src.rpm\n-- 1/usr/lib/sysimage/rpm/rpmdb.sqlite | rpm-sqlite --\nName: bash\nEpoch: 1\nVersion: 5.1.8\nRelease: 6.el9\nSource: bash-5.1.8-6.el9.src.rpm\n\nName: curl\nVersion: 7\nRelease: 1\nSource: curl-7-1.src.rpm\n", []string{
			"Rocky Linux:9 bash 1:5.1.8-6.el9 L0 usr/lib/sysimage/rpm/rpmdb.sqlite",
			"Rocky Linux:9 curl 7-1 L1 usr/lib/sysimage/rpm/rpmdb.sqlite",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			inv := scan(t, test.recipe)
			require.Equal(t, test.want, lines(inv))
			require.Empty(t, inv.Unreadable)
		})
	}
}

func TestLanguagesNotEvaluated(t *testing.T) {
	owned := func(kind string) string {
		return "is a file of the operating system's package python3-" + kind
	}
	egg := "-- 0/usr/lib/python3/rpm-4.14.3.egg-info/PKG-INFO --\n" + fmt.Sprintf(meta, "rpm", "4.14.3")
	const path = "usr/lib/python3/rpm-4.14.3.egg-info/PKG-INFO"
	const db = "Name: python3-rpm\nVersion: 4.14.3\nRelease: 26.el8\nFile: /lib/python3/rpm-4.14.3.egg-info/PKG-INFO\n"
	for _, test := range []struct {
		name, recipe string
		want         []string // what and a part of the reason
	}{
		{"owned by rpm, through a link", egg + "-- 0/lib -> usr/lib --\n-- 0/var/lib/rpm/Packages | rpm-bdb --\n" + db, []string{"pkg:pypi/rpm@4.14.3", owned("rpm")}},
		{"owned by dpkg", egg + "-- 0/var/lib/dpkg/info/python3-dpkg.list --\n/.\n/usr\n/" + path + "\n", []string{"pkg:pypi/rpm@4.14.3", owned("dpkg")}},
		{"owned in distroless", egg + "-- 0/var/lib/dpkg/status.d/python3-less.md5sums --\n5461b4c9623a1657baf85fbc0c8576b6  " + path + "\n", []string{"pkg:pypi/rpm@4.14.3", owned("less")}},
		{"owned by apk", egg + "-- 0/lib/apk/db/installed --\nP:python3-apk\nV:1\nF:usr/lib/python3/rpm-4.14.3.egg-info\nR:PKG-INFO\n", []string{"pkg:pypi/rpm@4.14.3", owned("apk")}},
		{"owned, and written again as it was", egg + "-- 0/var/lib/dpkg/info/python3-same.list --\n/" + path + "\n-- 1/" + path + " --\n" + fmt.Sprintf(meta, "rpm", "4.14.3"), []string{"pkg:pypi/rpm@4.14.3", owned("same")}},
		{"bad metadata", "-- 0/a.dist-info/METADATA --\nhello\n", []string{"a.dist-info/METADATA", "line 1"}},
		{"bad package.json", "-- 0/node_modules/a/package.json --\n{\n", []string{"node_modules/a/package.json", "unexpected end"}},
		{"nameless package.json", "-- 0/node_modules/a/package.json --\n{}\n", []string{"node_modules/a/package.json", "names no package"}},
		{"bad jar", "-- 0/a.jar --\nhello\n", []string{"a.jar", "not a valid zip"}},
		{"unknown jar", "-- 0/a.zip!/b.jar!/META-INF/MANIFEST.MF --\nManifest-Version: 1.0\n", []string{"a.zip!/b.jar", "its Maven coordinates are not known"}},
		{"bad SBOM", "-- 0/opt/app.cdx.json --\n{}\n", []string{"opt/app.cdx.json", "not an SBOM"}},
		{"an unknown type in an SBOM", "-- 0/opt/bom.json --\n{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.5\",\"components\":[{\"type\":\"library\",\"name\":\"a\",\"purl\":\"pkg:odd/a@1\"}]}\n", []string{"pkg:odd/a@1", "opt/bom.json: "}},
		{"replaced in Go", "-- 0/app | rust-binary --\n{\"packages\":[{\"name\":\"app\",\"version\":\"1\",\"source\":\"local\"}]}\n", []string{"pkg:cargo/app@1", `its source is "local"`}},
		{"bad record of a program", "-- 0/app | rust-binary --\n{\n", []string{"app", "its section .dep-v0: unexpected end of JSON input"}},
		{"bad specification", "-- 0/specifications/a.gemspec --\nhello\n", []string{"specifications/a.gemspec", "it has no name or no version"}},
		{"bad package.json of its own", "-- 0/opt/a/package.json --\n{\n", []string{"opt/a/package.json", "unexpected end"}},
		{"bad wheel", "-- 0/a.whl!/six-1.dist-info/METADATA --\nhello\n", []string{"a.whl", "line 1 is no field"}},
		{"bad rpm database", "-- 0/var/lib/rpm/Packages --\nsomething of another kind\n", []string{"var/lib/rpm/Packages", "the package database of rpm cannot be read"}},
		{"two rpm databases", "-- 0/var/lib/rpm/Packages | rpm-bdb --\nName: gpg-pubkey\nVersion: 1\n-- 0/var/lib/rpm/rpmdb.sqlite | rpm-sqlite --\nName: gpg-pubkey\nVersion: 1\n", []string{"var/lib/rpm/Packages", "was not read"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			inv := scan(t, test.recipe)
			require.Empty(t, inv.Packages)
			i := slices.IndexFunc(inv.Unreadable, func(n scanner.NotEvaluated) bool { return n.Package == test.want[0] })
			require.GreaterOrEqual(t, i, 0, "%+v", inv.Unreadable)
			require.Contains(t, inv.Unreadable[i].Reason, test.want[1])
		})
	}
}

func TestJarBomb(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateRaw(&zip.FileHeader{Name: "zeros", Method: zip.Deflate, UncompressedSize64: 4 << 30, CompressedSize64: 1})
	require.NoError(t, err)
	_, err = w.Write([]byte{0})
	require.NoError(t, err)
	require.NoError(t, z.Close())
	m, err := imagetest.Parse([]byte("-- 0/x --\n-- 1/app/bomb.jar | base64 --\n" + base64.StdEncoding.EncodeToString(b.Bytes()) + "\n"))
	require.NoError(t, err)
	for _, path := range pack(t, m) {
		inv, err := Read(path)
		require.Zero(t, inv)
		for _, want := range []string{"layer 1", `entry "app/bomb.jar"`, "zip bomb"} {
			require.ErrorContains(t, err, want)
		}
	}
}

// A finder chooses a file by its name, and where that says nothing by its first bytes.
func TestFinders(t *testing.T) {
	for _, row := range []struct {
		name, head string
		want       int // in finders, -1 for none
	}{
		{"a.dist-info/METADATA", "PK\x03\x04", 0},
		{"node_modules/a/package.json", "", 1},
		{"a/package.json", "", 2},
		{"specifications/a.gemspec", "", 3},
		{"bom.json", "\x7fELF", 4},
		{"a.jar", "", 5},
		{"a", "PK\x03\x04", 5},
		{"a", "\x7fELF", 6},
		{"a", "MZ", 6},
		{"a", "#!/bin/sh", -1},
		{"a", "", -1},
		{"a", strings.Repeat(" ", headSize) + "\x7fELF", -1},
	} {
		f, err := finderOf(row.name, &treeNode{content: sectionOf([]byte("x" + row.head)), offset: 1, size: int64(len(row.head))})
		require.NoError(t, err)
		got := -1
		for i := range finders {
			if f == &finders[i] {
				got = i
			}
		}
		require.Equal(t, row.want, got, "%s %q", row.name, row.head)
	}
}

// gone is a disk that cannot be read beyond the first bytes.
type gone struct{ head string }

func (g gone) ReadAt(p []byte, at int64) (int, error) {
	if at+int64(len(p)) <= int64(len(g.head)) {
		return copy(p, g.head[at:]), nil
	}
	return 0, errors.New("the disk is gone")
}

func (g gone) open(string) (*section, error) { return io.NewSectionReader(g, 0, 1024), nil }

// What cannot be read is an error at every step, and no file of its own.
func TestReadOfDisk(t *testing.T) {
	s := &store{limits: defaultLimits}
	defer s.close()
	all, _ := gone{}.open("")
	_, err := s.plain(all)
	require.EqualError(t, err, "the disk is gone")
	for _, head := range []string{"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x00", "\x28\xb5\x2f\xfd\x00\x00"} {
		packed, _ := gone{head}.open("")
		_, err = s.plain(packed)
		require.ErrorContains(t, err, "the disk is gone")
	}
	_, err = digestOf(all)
	require.EqualError(t, err, "the disk is gone")
	_, err = indexArchive(all)
	require.ErrorContains(t, err, "it is no tar: the disk is gone")
	_, err = readAll(gone{}, "a")
	require.EqualError(t, err, "a: the disk is gone")
	_, err = find(gone{})
	require.EqualError(t, err, "manifest.json: the disk is gone")
	_, err = finderOf("a", &treeNode{content: all, size: 16})
	require.EqualError(t, err, `entry "a": the disk is gone`)
	_, err = s.spool(iotest.ErrReader(errors.New("the disk is gone")))
	require.EqualError(t, err, "the disk is gone")
	_, err = s.spool(io.MultiReader(strings.NewReader(strings.Repeat("x", maxInMemory+1)), iotest.ErrReader(errors.New("the disk is gone"))))
	require.EqualError(t, err, "the disk is gone")

	t.Setenv("TMPDIR", t.TempDir()+"/none")
	_, err = (&store{limits: defaultLimits}).plain(sectionOf(gzipped(t, nil)))
	require.ErrorContains(t, err, "a place for unpacked layers is needed (TMPDIR names another): ")
	_, err = (&store{}).spool(strings.NewReader(strings.Repeat("x", maxInMemory+1)))
	require.ErrorContains(t, err, "TMPDIR")
}

func TestSpool(t *testing.T) {
	s := &store{limits: defaultLimits}
	defer s.close()
	for _, size := range []int{0, 1, maxInMemory, maxInMemory + 1, maxInMemory + 70_000} {
		text := strings.Repeat("x", size)
		r, err := s.spool(strings.NewReader(text))
		require.NoError(t, err)
		require.EqualValues(t, size, r.Size())
		b := make([]byte, size)
		_, err = r.ReadAt(b, 0)
		require.True(t, err == nil || size == 0)
		require.Equal(t, text, string(b))
	}
	require.Len(t, s.files, 2)
}
