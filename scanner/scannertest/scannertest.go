// Package scannertest makes synthetic SBOMs and advisories of any size, for benchmarks
// and for tests of determinism.
//
// # What is made
//
// [WriteSBOM] writes CycloneDX JSON as a scanner of images does: two thirds of an
// operating system's packages, the rest of languages, each with a bom-ref, a licence,
// hashes, a CPE and properties. [Records] makes OSV records of the shape and size of
// real ones: lists of malicious npm versions, distribution records with an entry for
// each release, errata of many binary packages, enumerated versions in PyPI, texts and
// references that a scan does not need. About one component in six is a package that
// some record names, and about half of these have an affected version.
//
// # Guarantees
//
// The same numbers give the same bytes, on any machine: what is chosen is chosen by a
// hash of the position, and no random source is read. A component or a record does not
// depend on how many there are, so that a larger set holds a smaller one.
//
// # What is not guaranteed
//
// The names, ids and versions name nothing that exists.
package scannertest

import (
	"archive/zip"
	"bufio"
	"fmt"
	"io"
	"strings"
)

// ecosystem is how one ecosystem names things.
type ecosystem struct {
	osv        string
	releases   []string // suffixes: an entry each; none: one entry
	components int      // of a hundred components
	records    int      // of a hundred records
	purl       string   // of package %[1]d, at version %[2]s
	name       string   // in records, of package %d
	rebuild    string   // what stands behind each version
	enumerates bool     // versions as well as ranges
	binaries   int      // packages of one record
}

var ecosystems = []ecosystem{
	{osv: "Debian", releases: []string{":11", ":12", ":13"}, components: 45, records: 22, purl: "pkg:deb/debian/binary-%[1]d@%[2]s?arch=amd64&distro=debian-12&upstream=source-%[1]d", name: "source-%d", rebuild: "-1+deb12u2", binaries: 1},
	{osv: "Alpine", releases: []string{":v3.19", ":v3.20"}, components: 12, records: 4, purl: "pkg:apk/alpine/apk-%[1]d@%[2]s?arch=x86_64&distro=alpine-3.20.3", name: "apk-%d", rebuild: "-r1", binaries: 1},
	{osv: "AlmaLinux", releases: []string{":9"}, components: 10, records: 3, purl: "pkg:rpm/almalinux/rpm-%[1]d@%[2]s?arch=x86_64&distro=almalinux-9.4", name: "rpm-%d", rebuild: "-3.el9_4", binaries: 12},
	{osv: "npm", components: 13, records: 48, purl: "pkg:npm/%%40scope/package-%[1]d@%[2]s", name: "@scope/package-%d", enumerates: true, binaries: 1},
	{osv: "PyPI", components: 6, records: 9, purl: "pkg:pypi/py-package-%[1]d@%[2]s", name: "Py_Package.%d", enumerates: true, binaries: 1},
	{osv: "Maven", components: 6, records: 5, purl: "pkg:maven/org.example.group%[1]d/artifact@%[2]s", name: "org.example.group%d:artifact", binaries: 2},
	{osv: "Go", components: 5, records: 4, purl: "pkg:golang/example.com/org/module-%[1]d@v%[2]s", name: "example.com/org/module-%d", binaries: 1},
	{osv: "crates.io", components: 3, records: 5, purl: "pkg:cargo/crate-%[1]d@%[2]s", name: "crate-%d", binaries: 1},
}

// pick hashes a position and a purpose to a number below n (SplitMix64's finalizer).
func pick(purpose, position, n int) int {
	h := uint64(position)*0x9e3779b97f4a7c15 + uint64(purpose)*0xd1342543de82ef95
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return int((h ^ h>>31) % uint64(n))
}

// Purposes of pick.
const (
	ofEcosystem = iota
	ofKnown
	ofPackage
	ofVersion
	ofAlias
	ofKind
)

// choose picks an ecosystem by its weight.
func choose(position int, weight func(ecosystem) int) ecosystem {
	left := pick(ofEcosystem, position, 100)
	for _, e := range ecosystems {
		if left -= weight(e); left < 0 {
			return e
		}
	}
	panic("scannertest: the weights are less than 100")
}

// packages is how many packages of an ecosystem the first records name.
func packages(e ecosystem, records int) int { return max(1, records*e.records/150) }

func version(e ecosystem, n int) string { return fmt.Sprintf("1.%d.%d%s", n/10, n%10, e.rebuild) }

// Component is component i of an SBOM that is scanned with so many records.
type Component struct{ Name, Version, PURL string }

// ComponentAt makes component i.
func ComponentAt(i, records int) Component {
	e := choose(i, func(e ecosystem) int { return e.components })
	known := packages(e, records)
	number := known + i // a package that no record names
	if pick(ofKnown, i, 6) == 0 {
		number = pick(ofPackage, i, known)
	}
	v := version(e, pick(ofVersion, i, 100))
	return Component{Name: fmt.Sprintf("package-%d", number), Version: v, PURL: fmt.Sprintf(e.purl, number, strings.ReplaceAll(v, "+", "%2B"))}
}

// WriteSBOM writes a CycloneDX document of n components, in the order that order gives
// to them (nil: as they come). records is how many advisories there are to meet.
func WriteSBOM(w io.Writer, n, records int, order []int) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, `{
  "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
  "bomFormat": "CycloneDX",
  "specVersion": "1.6",
  "version": 1,
  "metadata": {"component": {"bom-ref": "synthetic", "type": "container", "name": "synthetic", "version": "%d"}},
  "components": [`, n)
	for i := range n {
		at := i
		if order != nil {
			at = order[i]
		}
		if i > 0 {
			out.WriteByte(',')
		}
		c := ComponentAt(at, records)
		fmt.Fprintf(out, `
    {
      "bom-ref": "%[1]s&package-id=%016[2]x",
      "type": "library",
      "name": "%[3]s",
      "version": "%[4]s",
      "licenses": [{"license": {"id": "MIT"}}],
      "cpe": "cpe:2.3:a:%[3]s:%[3]s:%[4]s:*:*:*:*:*:*:*",
      "purl": "%[1]s",
      "properties": [
        {"name": "syft:package:foundBy", "value": "cataloger"},
        {"name": "syft:location:0:path", "value": "/var/lib/packages/status"}
      ]
    }`, c.PURL, at, c.Name, c.Version)
	}
	out.WriteString("\n  ]\n}\n")
	return out.Flush()
}

// Record is OSV record i, as JSON, with its id.
func Record(i, records int) (id string, text []byte) {
	e := choose(i, func(e ecosystem) int { return e.records })
	id = fmt.Sprintf("SYN-2099-%07d", i)
	var b strings.Builder
	fmt.Fprintf(&b, `{"schema_version": "1.7.0", "id": %q, "modified": "2026-01-%02dT00:00:00Z", "published": "2025-01-01T00:00:00Z"`, id, 1+i%28)
	if pick(ofAlias, i, 10) < 7 {
		// Two records, one for each of two neighbours, may be of one vulnerability.
		fmt.Fprintf(&b, `, "aliases": ["CVE-2099-%07d"]`, i-i%(1+pick(ofAlias, i, 2)))
	}
	fmt.Fprintf(&b, `, "summary": "Synthetic weakness %d in a package", "details": %q`, i, strings.Repeat("What is wrong, where, since when, and who found it. ", 4+pick(ofKind, i, 30)))
	fmt.Fprintf(&b, `, "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:%c/PR:N/UI:N/S:U/C:%c/I:L/A:N"}]`, "LH"[i%2], "HLN"[i%3])
	b.WriteString(`, "affected": [`)
	first := pick(ofPackage, i, packages(e, records))
	for p := range e.binaries {
		number := (first + p) % packages(e, records)
		for r := range max(1, len(e.releases)) {
			if p+r > 0 {
				b.WriteString(", ")
			}
			e.affected(&b, i, number, r)
		}
	}
	fmt.Fprintf(&b, `], "references": [{"type": "ADVISORY", "url": "https://example.com/advisories/%[1]d"}, {"type": "FIX", "url": "https://example.com/commit/%040[1]x"}], "database_specific": {"severity": "HIGH", "cwe_ids": ["CWE-79"]}}`, i)
	return id, []byte(b.String())
}

// affected writes one entry.
func (e ecosystem) affected(b *strings.Builder, i, number, release int) {
	suffix := ""
	if e.releases != nil {
		suffix = e.releases[release]
	}
	fmt.Fprintf(b, `{"package": {"ecosystem": %q, "name": %q}`, e.osv+suffix, fmt.Sprintf(e.name, number))
	kind, fixed := "ECOSYSTEM", pick(ofVersion, i, 100)
	switch {
	case e.osv == "npm" && pick(ofKind, i, 2) == 0: // a malicious package
		fmt.Fprintf(b, `, "versions": [%q]}`, version(e, fixed))
		return
	case e.osv == "npm" || e.osv == "Go" || e.osv == "crates.io":
		kind = "SEMVER"
	case e.enumerates:
		fmt.Fprintf(b, `, "versions": [%q`, version(e, 0))
		for v := 1; v < fixed; v++ {
			fmt.Fprintf(b, ", %q", version(e, v))
		}
		b.WriteByte(']')
	}
	fmt.Fprintf(b, `, "ranges": [{"type": %q, "events": [{"introduced": "0"}, {"fixed": %q}]}]}`, kind, version(e, fixed))
}

// WriteZip writes the first n records as OSV publishes them: a zip of one file each.
func WriteZip(w io.Writer, n int) error {
	z := zip.NewWriter(w)
	for i := range n {
		id, text := Record(i, n)
		f, err := z.Create(id + ".json")
		if err != nil {
			return err
		}
		if _, err := f.Write(text); err != nil {
			return err
		}
	}
	return z.Close()
}
