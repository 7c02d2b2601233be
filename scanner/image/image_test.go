package image

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/image/imagetest"
)

// scan reads a recipe's image in every form, and wants the same of each.
func scan(t *testing.T, recipe string) scanner.Inventory {
	t.Helper()
	m, err := imagetest.Parse([]byte(recipe))
	require.NoError(t, err)
	var first scanner.Inventory
	for i, path := range pack(t, m) {
		inv, err := Read(path)
		require.NoError(t, err, path)
		inv.Target.Kind, inv.Target.Name = "", ""
		if i == 0 {
			first = inv
		}
		require.Equal(t, first, inv, path)
	}
	return first
}

// pack writes an image in every form.
func pack(t *testing.T, m *imagetest.Image) []string {
	dir := t.TempDir()
	var paths []string
	for _, c := range []imagetest.Compression{imagetest.Plain, imagetest.Gzip} {
		var docker, oci bytes.Buffer
		require.NoError(t, m.DockerArchive(&docker, c))
		require.NoError(t, m.OCIArchive(&oci, c))
		layout := filepath.Join(dir, fmt.Sprintf("layout-%d", c))
		require.NoError(t, m.OCILayout(layout, c))
		for name, b := range map[string]*bytes.Buffer{"docker": &docker, "oci": &oci} {
			name = filepath.Join(dir, fmt.Sprintf("%s-%d.tar", name, c))
			require.NoError(t, os.WriteFile(name, b.Bytes(), 0o600))
			paths = append(paths, name)
		}
		paths = append(paths, layout)
	}
	slices.Sort(paths)
	return paths
}

// lines are an inventory's packages, a line each.
func lines(inv scanner.Inventory) []string {
	all := []string{}
	for _, p := range inv.Packages {
		all = append(all, fmt.Sprintf("%s %s %s L%d %s", p.Ecosystem, p.Name, p.Version, p.Layer.Index, p.Locations[0]))
	}
	slices.Sort(all)
	return all
}

const debian = "-- 0/etc/os-release --\nID=debian\nVERSION_ID=\"12\"\n"

func stanza(name, version, source string) string {
	s := fmt.Sprintf("Package: %s\nStatus: install ok installed\nArchitecture: amd64\nVersion: %s\n", name, version)
	if source != "" {
		s += "Source: " + source + "\n"
	}
	return s + "\n"
}

func TestPackages(t *testing.T) {
	for _, test := range []struct {
		name, recipe string
		want         []string
	}{
		{"source package", debian + "-- 0/var/lib/dpkg/status --\n" + stanza("libssl3", "3.0.9-1", "openssl") + stanza("bsdutils", "1:2.38.1-5", "util-linux (2.38.1-5)"), []string{
			"Debian:12 openssl 3.0.9-1 L0 var/lib/dpkg/status",
			"Debian:12 util-linux 2.38.1-5 L0 var/lib/dpkg/status",
		}},
		{"distroless", debian + "-- 0/var/lib/dpkg/status.d/base --\nPackage: base-files\nVersion: 12.4\n-- 0/var/lib/dpkg/status.d/base.md5sums --\n5461b4c9623a1657baf85fbc0c8576b6  usr/share/a\n", []string{
			"Debian:12 base-files 12.4 L0 var/lib/dpkg/status.d/base",
		}},
		{"links stay in the image", "-- 0/etc/os-release -> /usr/lib/os-release --\n-- 0/usr/lib/os-release --\nID=alpine\nVERSION_ID=3.19.0\n-- 0/lib -> ../../../usr/lib --\n-- 0/usr/lib/apk/db/installed --\nP:libcrypto3\nV:3.1.4-r5\no:openssl\n", []string{
			"Alpine:v3.19 openssl 3.1.4-r5 L0 usr/lib/apk/db/installed",
		}},
		{"database below usr alone", "-- 0/usr/lib/os-release --\nID=wolfi\n-- 0/usr/lib/apk/db/installed --\nP:a\nV:1\no:b\n", []string{
			"Wolfi b 1 L0 usr/lib/apk/db/installed",
		}},
		{"rewritten database", "-- 0/usr/lib/os-release --\nID=alpine\nVERSION_ID=3.12.0\n-- 0/lib/apk/db/installed --\nP:busybox\nV:1.31.1-r20\n-- 1/app/x --\n-- 2/lib/apk/db/installed --\nP:busybox\nV:1.31.1-r20\n\nP:libstdc++\nV:9.3.0-r2\n", []string{
			"Alpine:v3.12 busybox 1.31.1-r20 L0 lib/apk/db/installed",
			"Alpine:v3.12 libstdc++ 9.3.0-r2 L2 lib/apk/db/installed",
		}},
		{"a service pack", "-- 0/etc/os-release --\nID=\"openEuler\"\nVERSION=\"22.03 (LTS-SP3)\"\nVERSION_ID=\"22.03\"\n-- 0/var/lib/rpm/rpmdb.sqlite | rpm-sqlite --\nName: curl\nVersion: 7.79.1\nRelease: 25.oe2203sp3\nArch: x86_64\n", []string{
			"openEuler:22.03-LTS-SP3 curl 7.79.1-25.oe2203sp3 L0 var/lib/rpm/rpmdb.sqlite",
		}},
		{"gone and back", debian + "-- 0/var/lib/dpkg/status --\n" + stanza("a", "1", "") + stanza("b", "1", "") + "-- 1/var/lib/dpkg/status --\n" + stanza("b", "1", "") + "-- 2/var/lib/dpkg/status --\n" + stanza("a", "1", "") + stanza("b", "1", ""), []string{
			"Debian:12 a 1 L2 var/lib/dpkg/status",
			"Debian:12 b 1 L0 var/lib/dpkg/status",
		}},
		{"upgraded", debian + "-- 0/var/lib/dpkg/status --\n" + stanza("a", "1", "") + "-- 1/var/lib/dpkg/status --\n" + stanza("a", "2", ""), []string{
			"Debian:12 a 2 L1 var/lib/dpkg/status",
		}},
		{"database taken away and back", debian + "-- 0/var/lib/dpkg/status --\n" + stanza("a", "1", "") + "-- 1/var/lib/.wh.dpkg --\n-- 2/var/lib/dpkg/status --\n" + stanza("a", "1", ""), []string{
			"Debian:12 a 1 L2 var/lib/dpkg/status",
		}},
		{"whiteout and file in one layer", debian + "-- 0/var/lib/dpkg/status --\n" + stanza("a", "1", "") + "-- 1/var/lib/dpkg/status --\n" + stanza("a", "1", "") + "-- 1/var/lib/.wh..wh..opq --\n", []string{
			"Debian:12 a 1 L0 var/lib/dpkg/status",
		}},
		{"database moved", "-- 0/usr/lib/os-release --\nID=wolfi\n-- 0/lib/apk/db/installed --\nP:a\nV:1\n-- 1/.wh.lib --\n-- 1/lib -> usr/lib --\n-- 1/usr/lib/apk/db/installed --\nP:a\nV:1\n", []string{
			"Wolfi a 1 L0 usr/lib/apk/db/installed",
		}},
		{"hard link", debian + "-- 0/a => var/lib/dpkg/status --\n-- 0/var/lib/dpkg/status --\n" + stanza("a", "1", "") + "-- 1/.wh.a --\n-- 2/var/lib/dpkg/status --\n" + stanza("a", "1", ""), []string{
			"Debian:12 a 1 L0 var/lib/dpkg/status",
		}},
		{"directory over a link", debian + "-- 0/var/lib/dpkg -> /elsewhere --\n-- 0/elsewhere/status --\n" + stanza("a", "1", "") + "-- 1/var/lib/dpkg/ --\n-- 1/var/lib/dpkg/status --\n" + stanza("b", "1", ""), []string{
			"Debian:12 b 1 L1 var/lib/dpkg/status",
		}},
		{"the root by its name", debian + "-- 0// --\n-- 0/var/lib/dpkg/status --\n" + stanza("a", "1", ""), []string{
			"Debian:12 a 1 L0 var/lib/dpkg/status",
		}},
		{"entry below a link", debian + "-- 0/var/lib/dpkg -> /elsewhere --\n-- 0/elsewhere/status --\n" + stanza("a", "1", "") + "-- 1/var/lib/dpkg/status --\n" + stanza("b", "1", ""), []string{
			"Debian:12 b 1 L1 elsewhere/status",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			inv := scan(t, test.recipe)
			require.Equal(t, test.want, lines(inv))
			require.Empty(t, inv.Unreadable)
		})
	}
}

func TestNotEvaluated(t *testing.T) {
	for _, test := range []struct {
		name, recipe string
		what, reason string
	}{
		{"no release", "-- 0/var/lib/dpkg/status --\n" + stanza("a", "1", ""), "pkg:deb/a@1?arch=amd64", "which distribution"},
		{"bad release", "-- 0/etc/os-release --\nhello\n", "etc/os-release", "the release is not known: line 1"},
		{"a distribution without advisories", "-- 0/etc/os-release --\nID=kali\n-- 0/var/lib/dpkg/status --\n" + stanza("a", "1", ""), "pkg:deb/kali/a@1?arch=amd64&distro=kali", "kali"},
		{"bad database", debian + "-- 0/var/lib/dpkg/status --\nhello\n", "var/lib/dpkg/status", "cannot be read: line 1"},
		{"bad stanza", debian + "-- 0/var/lib/dpkg/status --\nPackage: a\n", "a", "var/lib/dpkg/status: its stanza has no Version"},
		{"database taken away", debian + "-- 0/var/lib/dpkg/status --\n" + stanza("a", "1", "") + "-- 1/var/lib/dpkg/.wh.status --\n", "debian 12", "has no package database"},
		{"another package manager", "-- 0/usr/lib/os-release --\nID=arch\n-- 0/var/lib/pacman/local/ALPM_DB_VERSION --\n9\n", "var/lib/pacman/local", "the package database of pacman"},
		{"bad log of a database", "-- 0/var/lib/rpm/rpmdb.sqlite | rpm-sqlite --\nName: gpg-pubkey\nVersion: 1\n-- 0/var/lib/rpm/rpmdb.sqlite-wal --\n" + strings.Repeat("x", 100) + "\n", "var/lib/rpm/rpmdb.sqlite", "write-ahead log"},
		{"bad apk database", "-- 0/lib/apk/db/installed --\nhello\n", "lib/apk/db/installed", "cannot be read: line 1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			inv := scan(t, test.recipe)
			require.Empty(t, inv.Packages)
			require.Len(t, inv.Unreadable, 1)
			require.Equal(t, test.what, inv.Unreadable[0].Package)
			require.Contains(t, inv.Unreadable[0].Reason, test.reason)
		})
	}
}

// cosign keeps signatures beside an image, as images whose layers are no files.
func TestSignatureIsNoImage(t *testing.T) {
	m, err := imagetest.Parse([]byte(debian + "-- 0/var/lib/dpkg/status --\n" + stanza("a", "1", "")))
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, m.OCILayout(dir, imagetest.Gzip))
	put := func(text string) string {
		digest := fmt.Sprintf("%x", sha256.Sum256([]byte(text)))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "blobs", "sha256", digest), []byte(text), 0o600))
		return fmt.Sprintf(`"digest":"sha256:%s","size":%d`, digest, len(text))
	}
	signature := put(fmt.Sprintf(`{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json",%s},"layers":[{"mediaType":"application/vnd.dev.cosign.simplesigning.v1+json",%s}]}`,
		put(`{"rootfs":{"type":"layers","diff_ids":["sha256:`+strings.Repeat("a", 64)+`"]}}`), put(`{"critical":{}}`)))
	name := filepath.Join(dir, "index.json")
	index, err := os.ReadFile(name)
	require.NoError(t, err)
	entry := `"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json",` + signature + `},`
	require.NoError(t, os.WriteFile(name, []byte(strings.Replace(string(index), `"manifests":[`, entry, 1)), 0o600))
	inv, err := Read(dir)
	require.NoError(t, err)
	require.Equal(t, []string{"Debian:12 a 1 L0 var/lib/dpkg/status"}, lines(inv))
	require.Empty(t, inv.Unreadable)
}
