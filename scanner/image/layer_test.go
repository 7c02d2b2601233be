package image

import (
	"archive/tar"
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/image/imagetest"
)

// layersOf packs layers of entries of any type.
func layersOf(t *testing.T, layers ...imagetest.Layer) string {
	var packed [][]byte
	for _, l := range layers {
		b, err := l.Tar()
		require.NoError(t, err)
		packed = append(packed, b)
	}
	return archiveOf(t, packed)
}

// scanOne is scan of one form, where the form makes no difference.
func scanOne(t *testing.T, recipe string) scanner.Inventory {
	m, err := imagetest.Parse([]byte(recipe))
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, m.DockerArchive(&b, imagetest.Plain))
	inv, err := Read(file(t, b.Bytes()))
	require.NoError(t, err)
	return inv
}

const statusPath = "var/lib/dpkg/status"

// installed is a Debian with one package.
func installed() imagetest.Layer {
	return imagetest.Layer{
		{Name: "etc/os-release", Type: tar.TypeReg, Content: []byte("ID=debian\nVERSION_ID=12\n")},
		{Name: statusPath, Type: tar.TypeReg, Content: []byte(stanza("a", "1", ""))},
	}
}

// What an entry of each type does to a file below it.
func TestTypesOfEntries(t *testing.T) {
	other := []byte(stanza("b", "2", ""))
	for name, row := range map[string]struct {
		layer imagetest.Layer
		want  []string
	}{
		"a file":               {imagetest.Layer{{Name: statusPath, Type: tar.TypeReg, Content: other}}, []string{"Debian:12 b 2 L1 " + statusPath}},
		"a contiguous file":    {imagetest.Layer{{Name: statusPath, Type: tar.TypeCont, Content: other}}, []string{"Debian:12 b 2 L1 " + statusPath}},
		"a directory":          {imagetest.Layer{{Name: statusPath + "/", Type: tar.TypeDir}}, []string{}},
		"a directory above":    {imagetest.Layer{{Name: "var/lib/dpkg/", Type: tar.TypeDir}}, []string{"Debian:12 a 1 L0 " + statusPath}},
		"the root":             {imagetest.Layer{{Name: "./", Type: tar.TypeDir}}, []string{"Debian:12 a 1 L0 " + statusPath}},
		"a device":             {imagetest.Layer{{Name: statusPath, Type: tar.TypeChar}}, []string{}},
		"a block device":       {imagetest.Layer{{Name: statusPath, Type: tar.TypeBlock}}, []string{}},
		"a pipe":               {imagetest.Layer{{Name: statusPath, Type: tar.TypeFifo}}, []string{}},
		"a link to nothing":    {imagetest.Layer{link(tar.TypeSymlink, statusPath, "gone")}, []string{}},
		"a link to a file":     {imagetest.Layer{{Name: "x", Type: tar.TypeReg, Content: other}, link(tar.TypeSymlink, statusPath, "../../../x")}, []string{"Debian:12 b 2 L1 x"}},
		"a link of a link":     {imagetest.Layer{{Name: "x", Type: tar.TypeReg, Content: other}, link(tar.TypeSymlink, "y", "x"), link(tar.TypeLink, statusPath, "y"), link(tar.TypeSymlink, "var/lib/dpkg/x", "/x")}, []string{"Debian:12 b 2 L1 x"}},
		"a hard link":          {imagetest.Layer{link(tar.TypeLink, statusPath, "x"), {Name: "x", Type: tar.TypeReg, Content: other}}, []string{"Debian:12 b 2 L1 " + statusPath}},
		"twice":                {imagetest.Layer{{Name: statusPath, Type: tar.TypeReg}, {Name: statusPath, Type: tar.TypeReg, Content: other}}, []string{"Debian:12 b 2 L1 " + statusPath}},
		"a whiteout":           {imagetest.Layer{{Name: "var/lib/dpkg/.wh.status", Type: tar.TypeReg}}, []string{}},
		"a whiteout above":     {imagetest.Layer{{Name: "var/.wh.lib", Type: tar.TypeReg}}, []string{}},
		"a whiteout elsewhere": {imagetest.Layer{{Name: "var/lib/.wh.status", Type: tar.TypeReg}}, []string{"Debian:12 a 1 L0 " + statusPath}},
		"a whiteout of nothing, in nothing": {
			imagetest.Layer{{Name: "srv/x/.wh.y", Type: tar.TypeReg}, {Name: "srv/z/.wh..wh..opq", Type: tar.TypeReg}},
			[]string{"Debian:12 a 1 L0 " + statusPath},
		},
		"a whiteout below a file": {
			imagetest.Layer{{Name: statusPath + "/.wh.y", Type: tar.TypeReg}, {Name: statusPath + "/.wh..wh..opq", Type: tar.TypeReg}},
			[]string{"Debian:12 a 1 L0 " + statusPath},
		},
		"a whiteout through a link": {imagetest.Layer{link(tar.TypeSymlink, "l", "var/lib")}, []string{"Debian:12 a 1 L0 " + statusPath}},
		"an opaque directory":       {imagetest.Layer{{Name: "var/lib/.wh..wh..opq", Type: tar.TypeReg}}, []string{}},
		"an opaque root":            {imagetest.Layer{{Name: ".wh..wh..opq", Type: tar.TypeReg}}, []string{}},
		"files of AUFS":             {imagetest.Layer{{Name: "var/lib/dpkg/.wh..wh.status", Type: tar.TypeReg}, {Name: ".wh..wh.plnk", Type: tar.TypeReg}}, []string{"Debian:12 a 1 L0 " + statusPath}},
	} {
		inv, err := Read(layersOf(t, installed(), row.layer))
		require.NoError(t, err, name)
		require.Equal(t, row.want, lines(inv), name)
	}
}

func TestEntriesRefused(t *testing.T) {
	loop := imagetest.Layer{link(tar.TypeSymlink, "l", "l")}
	whiteout := func(name string) imagetest.Layer { return imagetest.Layer{{Name: name, Type: tar.TypeReg}} }
	deep := strings.Repeat("d/", MaxDepth-1)
	for _, row := range []struct {
		name   string
		layers []imagetest.Layer
		want   string
	}{
		{"another type", []imagetest.Layer{{{Name: "a", Type: 'Z'}}}, `entry "a": it is of type 'Z', which no layer has`},
		{"a file as the root", []imagetest.Layer{{{Name: ".", Type: tar.TypeReg}}}, `entry ".": it stands for the root of the image, and is no directory`},
		{"a long link", []imagetest.Layer{{link(tar.TypeSymlink, "a", strings.Repeat("x", MaxPath+1))}}, `entry "a": its link has 4097 bytes, more than the 4096 of a path`},
		{"a long hard link", []imagetest.Layer{{link(tar.TypeLink, "a", strings.Repeat("x", MaxPath+1))}}, `entry "a": its link: its name has 4097 bytes, more than the 4096 of a path`},
		{"a whiteout of .", []imagetest.Layer{whiteout("a/.wh..")}, `entry "a/.wh..": it is a whiteout of no name`},
		{"a whiteout of ..", []imagetest.Layer{whiteout("a/.wh...")}, `entry "a/.wh...": it is a whiteout of no name`},
		{"a whiteout in a loop", []imagetest.Layer{loop, whiteout("l/.wh.a")}, `layer 1 (sha256:`},
		{"an opaque directory in a loop", []imagetest.Layer{loop, whiteout("l/.wh..wh..opq")}, `entry "l/.wh..wh..opq": its symbolic links go in a circle`},
		{"a hard link to a directory", []imagetest.Layer{{{Name: "d/", Type: tar.TypeDir}, link(tar.TypeLink, "a", "d")}}, `entry "a": it is a hard link to "d", a directory`},
		{"a file as a directory above", []imagetest.Layer{whiteout("a"), whiteout("a/b/c")}, `entry "a/b/c": a is no directory`},
		{"deeper through a link", []imagetest.Layer{{{Name: deep, Type: tar.TypeDir}, link(tar.TypeSymlink, "l", deep)}, whiteout("l/a/b/c")}, "is nested more than 256 deep"},
		{"a loop in the place of dpkg's database", []imagetest.Layer{{link(tar.TypeSymlink, statusPath, "status")}}, statusPath + ": its symbolic links go in a circle"},
		{"a loop in the place of dpkg's directory", []imagetest.Layer{{link(tar.TypeSymlink, "var/lib/dpkg/status.d", "status.d")}}, "var/lib/dpkg/status.d: its symbolic links go in a circle"},
		{"a loop among dpkg's files", []imagetest.Layer{{link(tar.TypeSymlink, "var/lib/dpkg/status.d/a", "a")}}, "var/lib/dpkg/status.d/a: its symbolic links go in a circle"},
		{"a loop in the place of dpkg's lists", []imagetest.Layer{{link(tar.TypeSymlink, "var/lib/dpkg/info", "info")}}, "var/lib/dpkg/info: its symbolic links go in a circle"},
		{"a loop in the place of apk's database", []imagetest.Layer{{link(tar.TypeSymlink, "usr/lib/apk/db/installed", "installed")}}, "usr/lib/apk/db/installed: its symbolic links go in a circle"},
		{"a loop in the place of rpm's database", []imagetest.Layer{{link(tar.TypeSymlink, "var/lib/rpm", "rpm")}}, "var/lib/rpm/rpmdb.sqlite: its symbolic links go in a circle"},
		{"a loop in the place of pacman's database", []imagetest.Layer{{link(tar.TypeSymlink, "var/lib/pacman", "pacman")}}, "var/lib/pacman/local: its symbolic links go in a circle"},
	} {
		t.Run(row.name, func(t *testing.T) {
			inv, err := Read(layersOf(t, row.layers...))
			require.Zero(t, inv)
			require.ErrorContains(t, err, row.want)
		})
	}
}

// Links are followed as often as Linux does, and paths are as deep as they may be.
func TestLimitsOfPaths(t *testing.T) {
	links := chain(MaxLinks, statusPath, "/x")
	for i := range links {
		if i > 0 {
			links[i].Name = "var/lib/dpkg/" + links[i].Name
		}
	}
	read := func(l imagetest.Layer) ([]string, error) {
		inv, err := Read(layersOf(t, append(imagetest.Layer{{Name: "x", Type: tar.TypeReg, Content: []byte(stanza("b", "2", ""))}, installed()[0]}, l...)))
		return lines(inv), err
	}
	got, err := read(links)
	require.NoError(t, err)
	require.Equal(t, []string{"Debian:12 b 2 L0 x"}, got)
	_, err = read(append(links[:len(links)-1:len(links)-1], link(tar.TypeSymlink, links[len(links)-1].Name, "/y"), link(tar.TypeSymlink, "y", "x")))
	require.ErrorContains(t, err, statusPath+": its symbolic links go in a circle")

	deep := strings.Repeat("d/", MaxDepth-1)
	_, err = read(imagetest.Layer{{Name: deep + "x", Type: tar.TypeReg}, link(tar.TypeSymlink, "l", deep), {Name: "l/y", Type: tar.TypeReg}})
	require.NoError(t, err)
	_, err = read(imagetest.Layer{link(tar.TypeSymlink, "l", strings.Repeat("x", MaxPath)), link(tar.TypeSymlink, "m", "../../x")})
	require.NoError(t, err)
}

// Since which layer a package has been there, whatever became of directories and databases.
func TestSince(t *testing.T) {
	db := func(layer int, packages string) string {
		return fmt.Sprintf("-- %d/%s --\n%s", layer, statusPath, packages)
	}
	a, b := stanza("a", "1", ""), stanza("b", "1", "")
	for _, row := range []struct {
		name, recipe string
		want         []string
	}{
		{"a database that could not be read between", debian + db(0, a) + db(1, "hello\n") + db(2, a+b), []string{"Debian:12 a 1 L0 " + statusPath, "Debian:12 b 1 L2 " + statusPath}},
		{"another architecture", debian + db(0, a) + db(1, strings.Replace(a, "amd64", "arm64", 1)), []string{"Debian:12 a 1 L1 " + statusPath}},
		{"a directory taken away, and back with it", pyproject(0, "a", "1") + "-- 1/usr/.wh.lib --\n" + pyproject(1, "a", "1"), []string{"PyPI a 1 L0 " + dist + "/a-1.dist-info/METADATA"}},
		{"a directory taken away, and another file in it", pyproject(0, "a", "1") + "-- 1/usr/.wh.lib --\n" + pyproject(1, "b", "1"), []string{"PyPI b 1 L1 " + dist + "/b-1.dist-info/METADATA"}},
		{"a directory emptied, and back", pyproject(0, "a", "1") + "-- 1/usr/.wh..wh..opq --\n" + pyproject(1, "a", "1"), []string{"PyPI a 1 L0 " + dist + "/a-1.dist-info/METADATA"}},
		{"twice in a layer", pyproject(0, "a", "1") + pyproject(1, "a", "1") + pyproject(1, "a", "1"), []string{"PyPI a 1 L0 " + dist + "/a-1.dist-info/METADATA"}},
		{"a link between", pyproject(0, "a", "1") + "-- 1/" + dist + "/a-1.dist-info/METADATA -> x --\n" + pyproject(2, "a", "1"), []string{"PyPI a 1 L2 " + dist + "/a-1.dist-info/METADATA"}},
		{"another between", pyproject(0, "a", "1") + "-- 1/" + dist + "/a-1.dist-info/METADATA --\nName: b\nVersion: 1\n" + pyproject(2, "a", "1"), []string{"PyPI a 1 L2 " + dist + "/a-1.dist-info/METADATA"}},
		{"what cannot be read between", pyproject(0, "a", "1") + "-- 1/" + dist + "/a-1.dist-info/METADATA --\nhello\n" + pyproject(2, "a", "1"), []string{"PyPI a 1 L2 " + dist + "/a-1.dist-info/METADATA"}},
		{
			"part of an archive", "-- 0/a.whl!/six-1.dist-info/METADATA --\nName: six\nVersion: 1\n-- 1/a.whl!/six-1.dist-info/METADATA --\nName: six\nVersion: 1\n-- 1/a.whl!/b.whl!/six-1.dist-info/METADATA --\nName: six\nVersion: 1\n",
			[]string{"PyPI six 1 L0 a.whl", "PyPI six 1 L1 a.whl!/b.whl"},
		},
	} {
		t.Run(row.name, func(t *testing.T) { require.Equal(t, row.want, lines(scanOne(t, row.recipe))) })
	}
}

// The purl of a package says all that its database says.
func TestPURLs(t *testing.T) {
	rpm := func(text string) string {
		return "-- 0/etc/os-release --\nID=rocky\nVERSION_ID=9.2\n-- 0/var/lib/rpm/Packages.db | rpm-ndb --\n" + text
	}
	apk := func(text string) string {
		return "-- 0/etc/os-release --\nID=alpine\nVERSION_ID=3.19.0\n-- 0/lib/apk/db/installed --\n" + text
	}
	deb := func(text string) string { return debian + "-- 0/" + statusPath + " --\n" + text }
	for _, row := range []struct{ recipe, want string }{
		{deb(stanza("a", "1", "")), "pkg:deb/debian/a@1?arch=amd64&distro=debian-12"},
		{deb(stanza("a", "1", "b")), "pkg:deb/debian/a@1?arch=amd64&distro=debian-12&upstream=b"},
		{deb(stanza("a", "1", "b (2)")), "pkg:deb/debian/a@1?arch=amd64&distro=debian-12&upstream=b%402"},
		{deb(stanza("a", "1", "a (2)")), "pkg:deb/debian/a@1?arch=amd64&distro=debian-12&upstream=a%402"},
		{deb(stanza("a", "1", "a (1)")), "pkg:deb/debian/a@1?arch=amd64&distro=debian-12"},
		{deb("Package: a\nVersion: 1\n"), "pkg:deb/debian/a@1?distro=debian-12"},
		{"-- 0/etc/os-release --\nID=debian\nVERSION_CODENAME=trixie\n-- 0/" + statusPath + " --\n" + stanza("a", "1", ""), "pkg:deb/debian/a@1?arch=amd64&distro=debian-trixie"},
		{"-- 0/etc/os-release --\nID=debian\nVERSION_ID=12\nVERSION_CODENAME=trixie\n-- 0/" + statusPath + " --\n" + stanza("a", "1", ""), "pkg:deb/debian/a@1?arch=amd64&distro=debian-12"},
		{"-- 0/etc/os-release --\nID=debian\n-- 0/" + statusPath + " --\n" + stanza("a", "1", ""), "pkg:deb/debian/a@1?arch=amd64&distro=debian"},
		{"-- 0/etc/os-release --\nID=openEuler\nVERSION_ID=22.03\n-- 0/var/lib/rpm/Packages | rpm-bdb --\nName: a\nVersion: 1\nRelease: 2\n", "pkg:rpm/openEuler/a@1-2?distro=openEuler-22.03"},
		{apk("P:a\nV:1\nA:x86_64\n"), "pkg:apk/alpine/a@1?arch=x86_64&distro=alpine-3.19.0"},
		{apk("P:a\nV:1\no:b\n"), "pkg:apk/alpine/a@1?distro=alpine-3.19.0&upstream=b"},
		{apk("P:a\nV:1\no:a\n"), "pkg:apk/alpine/a@1?distro=alpine-3.19.0"},
		{rpm("Name: a\nEpoch: 3\nVersion: 1\nRelease: 2\nArch: noarch\nSource: b-1-2.src.rpm\nModule: m:1\n"), "pkg:rpm/rocky/a@1-2?arch=noarch&distro=rocky-9.2&epoch=3&rpmmod=m:1&upstream=b-1-2.src.rpm"},
	} {
		inv := scanOne(t, row.recipe)
		var got []string
		for _, p := range inv.Packages {
			got = append(got, p.PURL)
		}
		for _, u := range inv.Unreadable {
			got = append(got, u.Package)
		}
		require.Equal(t, []string{row.want}, got)
	}
}

// What is said of databases, and of parts of them, that cannot be read.
func TestUnreadable(t *testing.T) {
	const rpmdb = "Name: gpg-pubkey\nVersion: 1\n"
	for _, row := range []struct {
		name, recipe string
		want         []string
	}{
		{"an apk block", "-- 0/lib/apk/db/installed --\nP:a\n", []string{"a: lib/apk/db/installed: its block has no V, the version"}},
		{"an rpm header", "-- 0/var/lib/rpm/Packages.db | rpm-ndb --\nName: a\nRelease: 1\n", []string{"a: var/lib/rpm/Packages.db: its header has no version"}},
		{"three rpm databases", "-- 0/var/lib/rpm/Packages | rpm-bdb --\n" + rpmdb + "-- 0/var/lib/rpm/Packages.db | rpm-ndb --\n" + rpmdb + "-- 0/var/lib/rpm/rpmdb.sqlite | rpm-sqlite --\n" + rpmdb, []string{
			"var/lib/rpm/Packages.db: it is another package database of rpm, and was not read: var/lib/rpm/rpmdb.sqlite stands beside it, in a newer format",
			"var/lib/rpm/Packages: it is another package database of rpm, and was not read: var/lib/rpm/rpmdb.sqlite stands beside it, in a newer format",
		}},
		{"a log that is of no SQLite", "-- 0/var/lib/rpm/Packages.db | rpm-ndb --\n" + rpmdb + "-- 0/var/lib/rpm/rpmdb.sqlite-wal --\nhello\n", nil},
		{"rpm in two places", "-- 0/var/lib/rpm/Packages.db | rpm-ndb --\n" + rpmdb + "-- 0/usr/lib/sysimage/rpm/Packages --\nsomething of another kind\n", []string{
			"usr/lib/sysimage/rpm/Packages: the package database of rpm cannot be read: it is none of SQLite, ndb and Berkeley DB hash, in which rpm keeps packages",
		}},
		{"lists of files", "-- 0/var/lib/dpkg/info/a.list --\nhello\n-- 0/var/lib/dpkg/info/b.list --\n/x.dist-info/METADATA\n-- 0/x.dist-info/METADATA --\nName: x\nVersion: 1\n-- 0/var/lib/dpkg/info/a.postinst --\nhello\n-- 0/var/lib/dpkg/info/a.md5sums --\nhello\n", []string{
			`var/lib/dpkg/info/a.list: it cannot be read, so that files of a are not known for its: line 1: "hello" does not begin with a slash`,
			"pkg:pypi/x@1: x.dist-info/METADATA is a file of the operating system's package b: advisories for that decide, and not those of the upstream project",
		}},
		{"a list that is empty", "-- 0/var/lib/dpkg/status.d/a.md5sums --\n", nil},
		{"all that is not read", "-- 0/nix/store/ --\n-- 0/gnu/store/ --\n-- 0/var/db/pkg/ --\n-- 0/etc/os-release --\nID=x\n", []string{
			"gnu/store: it is the package database of Guix, which is not read: dpkg, apk and rpm are",
			"nix/store: it is the package database of Nix, which is not read: dpkg, apk and rpm are",
			"var/db/pkg: it is the package database of Portage, which is not read: dpkg, apk and rpm are",
		}},
		{"a release and nothing", "-- 0/etc/os-release --\nID=x\n", []string{
			"x of unknown release: the image says that it is this distribution, and has no package database: the packages of its operating system are not known",
		}},
		{"nothing", "-- 0/x --\n", nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			inv := scanOne(t, row.recipe)
			require.Empty(t, inv.Packages)
			var got []string
			for _, u := range inv.Unreadable {
				got = append(got, u.Package+": "+u.Reason)
			}
			require.Equal(t, row.want, got)
		})
	}
}

// What a package's file holds is named by the best that is known of it.
func TestLabels(t *testing.T) {
	bom := func(component string) string {
		return "-- 0/bom.json --\n{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.5\",\"components\":[{\"type\":\"library\"," + component + "}]}\n"
	}
	for _, row := range []struct{ recipe, want string }{
		{bom(`"name":"a","purl":"pkg:npm/a@1"`), "pkg:npm/a@1"},
		{bom(`"name":"a","version":"1"`), "a"},
		{"-- 0/bom.json | go-binary --\ngo1.21.5\n", "bom.json"},
	} {
		inv := scanOne(t, row.recipe+"-- 0/var/lib/dpkg/info/d.list --\n/bom.json\n")
		require.Empty(t, inv.Packages)
		require.Len(t, inv.Unreadable, 1)
		require.Equal(t, row.want, inv.Unreadable[0].Package)
	}
}
