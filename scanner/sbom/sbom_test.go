package sbom

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	cyclonedx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/scanner"
)

// mustRead reads text, whole and byte by byte, which is to be the same.
func mustRead(t *testing.T, text string) scanner.Inventory {
	t.Helper()
	inv, err := Read(strings.NewReader(text), "dir/bom.file")
	require.NoError(t, err)
	slow, err := Read(iotest.OneByteReader(strings.NewReader(text)), "dir/bom.file")
	require.NoError(t, err)
	require.Equal(t, inv, slow)
	sum := sha256.Sum256([]byte(text))
	require.Equal(t, hex.EncodeToString(sum[:]), inv.Target.SHA256)
	return inv
}

// brief is an inventory's content in a form that is easy to compare.
func brief(inv scanner.Inventory) []string {
	var lines []string
	for _, p := range inv.Packages {
		lines = append(lines, fmt.Sprintf("%s %s %s %v", p.Ecosystem, p.Name, p.Version, p.Locations))
	}
	for _, u := range inv.Unreadable {
		lines = append(lines, fmt.Sprintf("unreadable %s: %s", u.Package, u.Reason))
	}
	return lines
}

const noPURL = "no OSV ecosystem: it has no purl that would say which ecosystem it belongs to"

func TestCycloneDXJSON(t *testing.T) {
	for _, row := range []struct {
		name, components string
		want             []string
	}{
		{
			"components within components (F-066)",
			`[{"type":"application","name":"MyBinary","version":"1.0.0","components":[{"type":"library","bom-ref":"r","name":"rustls","version":"0.23.13","purl":"pkg:cargo/rustls@0.23.13"}]}]`,
			[]string{"crates.io rustls 0.23.13 [r]", "unreadable MyBinary: " + noPURL},
		},
		{
			"nested under a grouping without version, twice (F-293)",
			`[{"type":"application","name":"app1","components":[{"name":"m","components":[{"bom-ref":"a","purl":"pkg:npm/minimist@1.2.5"}]}]},{"type":"application","name":"app2","components":[{"bom-ref":"b","purl":"pkg:npm/minimist@1.2.5"}]}]`,
			[]string{"npm minimist 1.2.5 [a]", "npm minimist 1.2.5 [b]", "unreadable m: " + noPURL},
		},
		{"null is no components (F-069)", `null`, nil},
		{"null fields", `[{"type":null,"bom-ref":null,"name":"lodash","group":null,"version":null,"purl":"pkg:npm/lodash@4.17.20","properties":null,"components":null,"evidence":null}]`, []string{"npm lodash 4.17.20 []"}},
		{"version beside the purl (F-065)", `[{"name":"lodash","version":"4.17.16","purl":"pkg:npm/lodash"}]`, []string{"npm lodash 4.17.16 []"}},
		{"a version without quotes is its literal", `[{"name":"x","version":1.10,"purl":"pkg:npm/x"}]`, []string{"npm x 1.10 []"}},
		{
			"the operating system gives the release, wherever it stands (F-071)",
			`[{"name":"libssl3","purl":"pkg:deb/debian/libssl3@3.0.9-1?upstream=openssl"},{"name":"lodash","purl":"pkg:npm/lodash@1"},{"type":"operating-system","name":"debian","version":"12.5"},{"type":"operating-system","name":"debian","version":"12"}]`,
			[]string{"Debian:12 openssl 3.0.9-1 []", "npm lodash 1 []"},
		},
		{
			"two operating systems decide nothing",
			`[{"purl":"pkg:deb/debian/curl@1"},{"type":"operating-system","name":"debian","version":"12"},{"type":"operating-system","name":"debian","version":"11"}]`,
			[]string{"unreadable pkg:deb/debian/curl@1: neither its purl nor the rest of the inventory says which release of debian it belongs to (the SBOM lists 2 operating systems, none of which is taken for its)"},
		},
		{
			"trivy's source package (F-007)",
			`[{"name":"bsdutils","version":"1:2.38.1-5+b1","purl":"pkg:deb/debian/bsdutils@2.38.1-5%2Bb1?distro=debian-12&epoch=1","properties":[{"name":"aquasecurity:trivy:SrcName","value":"util-linux"},{"value":"2.38.1","name":"aquasecurity:trivy:SrcVersion"},{"name":"aquasecurity:trivy:SrcRelease","value":"5"},{"name":"other","value":{}}]}]`,
			[]string{"Debian:12 util-linux 2.38.1-5 []"},
		},
		{
			"syft's distribution and package type, without a purl",
			`[{"type":"operating-system","name":"Alpine Linux","version":"x","properties":[{"name":"syft:distro:id","value":"alpine"},{"name":"syft:distro:versionID","value":"3.19.1"}]},{"type":"library","name":"libssl3","version":"3.1.4-r2","properties":[{"name":"syft:package:type","value":"apk"},{"name":"syft:metadata:originPackage","value":"openssl"},{"name":"syft:location:0:path","value":"/lib/apk/db/installed"}]}]`,
			[]string{"Alpine:v3.19 openssl 3.1.4-r2 [/lib/apk/db/installed]"},
		},
		{
			"occurrences are locations; callstack and identity are not",
			`[{"bom-ref":"r","purl":"pkg:npm/a@1","evidence":{"identity":[{}],"occurrences":[{"location":"/app/a","line":3},{"location":"/app/b"}]}}]`,
			[]string{"npm a 1 [r /app/a /app/b]"},
		},
		{
			"what is no library is a package by purl or version",
			`[{"type":"file","name":"/etc/passwd"},{"type":"file","name":"f","version":"1"},{"type":"data","name":"d"},{"type":"container","name":"c","purl":"pkg:oci/c@sha256%3Aab"},{"type":"library","name":"l"},{}]`,
			[]string{"unreadable f: " + noPURL, `unreadable pkg:oci/c@sha256%3Aab: no OSV ecosystem for purl type "oci"`, "unreadable l: " + noPURL, "unreadable (a component without a name): " + noPURL},
		},
		{"a CPE is no identity (F-303)", `[{"bom-ref":"r","cpe":"cpe:2.3:a:x:y:1"}]`, []string{`unreadable r: no OSV ecosystem: it has no purl, and its CPE "cpe:2.3:a:x:y:1" does not say which ecosystem it belongs to`}},
		{"escapes", `[{"name":"a\u0062\ud83d\ude00\ud83d\n\/","version":"\"1\\","type":"library"}]`, []string{"unreadable ab😀\ufffd\n/: " + noPURL}},
		{"more escapes, bytes that are no UTF-8", `[{"name":"\b\f\r\t\"\u00e4` + "\xff\xfe" + `"}]`, []string{"unreadable \b\f\r\t\"ä\ufffd\ufffd: " + noPURL}},
		{
			"a source package with an epoch of its own; the value before the name",
			`[{"purl":"pkg:rpm/rocky/perl-Errno@1.30-1.el9?distro=rocky-9","properties":[{"value":"perl","name":"aquasecurity:trivy:SrcName"},{"name":"aquasecurity:trivy:SrcVersion","value":"5.32.1"},{"name":"aquasecurity:trivy:SrcRelease","value":"1.el9"},{"name":"aquasecurity:trivy:SrcEpoch","value":"4"}],"evidence":{"occurrences":[{"location":null}]}}]`,
			[]string{"Rocky Linux:9 perl 4:5.32.1-1.el9 []"},
		},
		{"pedigree is not part of it", `[{"name":"a","purl":"pkg:npm/a@1","pedigree":{"ancestors":[{"purl":"pkg:npm/b@1"}]}}]`, []string{"npm a 1 []"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			inv := mustRead(t, `{"components":`+row.components+`,"specVersion":"1.5","bomFormat":"CycloneDX"}`)
			require.Equal(t, row.want, brief(inv))
			require.Equal(t, "cyclonedx", inv.Target.Kind)
			require.Equal(t, "bom.file", inv.Target.Name)
		})
	}
}

func TestSubject(t *testing.T) {
	// An image is the target, and what it holds is in the inventory.
	inv := mustRead(t, `{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"tools":{"components":[{"name":"tool","purl":"pkg:npm/tool@1"}]},"component":{"bom-ref":"i","type":"container","name":"shop","version":"1.2","purl":"pkg:oci/shop@sha256%3Aab","components":[{"purl":"pkg:npm/a@1"}]}}}`)
	require.Equal(t, []string{"npm a 1 []"}, brief(inv))
	require.Equal(t, "shop:1.2", inv.Target.Name)
	// A subject that has advisories is judged.
	inv = mustRead(t, `{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"component":{"type":"application","name":"lodash","version":"4.17.20","purl":"pkg:npm/lodash@4.17.20"}}}`)
	require.Equal(t, []string{"npm lodash 4.17.20 []"}, brief(inv))
	inv = mustRead(t, `{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"component":null},"components":[]}`)
	require.Empty(t, brief(inv))
	// So in SPDX, where relationships may come last.
	inv = mustRead(t, `{"packages":[{"SPDXID":"SPDXRef-i","name":"shop"},{"SPDXID":"SPDXRef-a","name":"a","externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:npm/a@1"}]}],"relationships":[{"spdxElementId":"SPDXRef-DOCUMENT","relationshipType":"DESCRIBES","relatedSpdxElement":"SPDXRef-i"}],"name":"shop-1.2","spdxVersion":"SPDX-2.3"}`)
	require.Equal(t, []string{"npm a 1 [SPDXRef-a]"}, brief(inv))
	require.Equal(t, scanner.Target{Name: "shop-1.2", Kind: "spdx", SHA256: inv.Target.SHA256}, inv.Target)
}

// A subject is left out of the inventory only where it is the target itself.
func TestSubjectThatIsAPackage(t *testing.T) {
	document := func(describes string) string {
		return `{"spdxVersion":"SPDX-2.3","packages":[{"SPDXID":"SPDXRef-a","name":"a"},{"SPDXID":"SPDXRef-b","name":"b"},{"SPDXID":"SPDXRef-c","name":"c","externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:rpm/centos/c@1-1.el7?distro=centos-7"}]},{"SPDXID":"SPDXRef-i","name":"i","externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:docker/i@1"}]}],"documentDescribes":[` + describes + `]}`
	}
	unread := func(text string) (names []string) {
		for _, u := range mustRead(t, text).Unreadable {
			names = append(names, u.Package)
		}
		return names
	}
	const centos = "pkg:rpm/centos/c@1-1.el7?distro=centos-7"
	require.Equal(t, []string{"b", centos, "pkg:docker/i@1"}, unread(document(`"SPDXRef-a"`)))
	require.Equal(t, []string{"a", "b", centos}, unread(document(`"SPDXRef-i"`)))
	require.Equal(t, []string{"a", "b", centos, "pkg:docker/i@1"}, unread(document(`"SPDXRef-c"`)))
	require.Equal(t, []string{"a", "b", centos, "pkg:docker/i@1"}, unread(document(`"SPDXRef-a","SPDXRef-b"`)))
	require.Equal(t, []string{"pkg:conda/zlib@1"}, unread(`{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"component":{"name":"zlib","purl":"pkg:conda/zlib@1"}}}`))
}

func TestVersions(t *testing.T) {
	for _, version := range []string{"1.2", "1.3", "1.4", "1.5", "1.6", "1.7"} {
		require.Empty(t, mustRead(t, `{"bomFormat":"CycloneDX","specVersion":"`+version+`"}`).Unreadable, version)
	}
	// A newer minor version is read, and said (F-067).
	inv := mustRead(t, `{"bomFormat":"CycloneDX","specVersion":"1.8","components":[{"purl":"pkg:npm/lodash@4.17.20"}]}`)
	require.Len(t, inv.Packages, 1)
	require.Contains(t, brief(inv)[1], "newer than 1.7")
	require.Equal(t, inv, mustRead(t, `{"bomFormat":"CycloneDX","specVersion":"1.8","components":[{"purl":"pkg:npm/lodash@4.17.20"}]}`))
}

// The same content gives the same packages in every format and version of it.
func TestFormatsAgree(t *testing.T) {
	list := []cyclonedx.Component{
		{BOMRef: "SPDXRef-os", Type: cyclonedx.ComponentTypeOS, Name: "debian", Version: "12"},
		{BOMRef: "SPDXRef-1", Type: cyclonedx.ComponentTypeLibrary, Name: "libssl3", Version: "3.0.9-1", PackageURL: "pkg:deb/debian/libssl3@3.0.9-1?arch=amd64&upstream=openssl"},
		{BOMRef: "SPDXRef-2", Type: cyclonedx.ComponentTypeLibrary, Name: "@angular/core", Version: "1", PackageURL: "pkg:npm/%40angular/core@1"},
		{BOMRef: "SPDXRef-3", Type: cyclonedx.ComponentTypeLibrary, Name: "lodash", Version: "4.17.16", PackageURL: "pkg:npm/lodash"},
		{BOMRef: "SPDXRef-4", Type: cyclonedx.ComponentTypeApplication, Name: "tool & <more>", Version: "2"},
		{BOMRef: "SPDXRef-6", Type: cyclonedx.ComponentTypeLibrary, Name: "busybox", Version: "1.35.0", CPE: "cpe:2.3:a:busybox:busybox:1.35.0:*:*:*:*:*:*:*"},
	}
	bom := cyclonedx.NewBOM()
	bom.Components = &list
	inputs := map[string]string{}
	for _, version := range []cyclonedx.SpecVersion{cyclonedx.SpecVersion1_2, cyclonedx.SpecVersion1_3, cyclonedx.SpecVersion1_4, cyclonedx.SpecVersion1_5, cyclonedx.SpecVersion1_6, cyclonedx.SpecVersion1_7} {
		for name, format := range map[string]cyclonedx.BOMFileFormat{"json": cyclonedx.BOMFileFormatJSON, "xml": cyclonedx.BOMFileFormatXML} {
			var b bytes.Buffer
			require.NoError(t, cyclonedx.NewBOMEncoder(&b, format).SetPretty(true).EncodeVersion(bom, version))
			inputs[fmt.Sprintf("cyclonedx %v %s", version, name)] = b.String()
		}
	}
	inputs["spdx json"], inputs["spdx tag-value"] = spdxOf(t, list)
	want := brief(mustRead(t, inputs["cyclonedx 1.7 json"]))
	require.Len(t, want, 5)
	for name, text := range inputs {
		if diff := cmp.Diff(want, brief(mustRead(t, text))); diff != "" {
			t.Errorf("%s (-CycloneDX 1.7 JSON +this):\n%s", name, diff)
		}
	}
}

// spdxOf writes list as SPDX 2.3.
func spdxOf(t *testing.T, list []cyclonedx.Component) (asJSON, tagValue string) {
	type reference struct {
		Category string `json:"referenceCategory"`
		Type     string `json:"referenceType"`
		Locator  string `json:"referenceLocator"`
	}
	type pkg struct {
		Name       string      `json:"name"`
		ID         string      `json:"SPDXID"`
		Version    string      `json:"versionInfo,omitempty"`
		Purpose    string      `json:"primaryPackagePurpose"`
		Supplier   string      `json:"supplier"`
		References []reference `json:"externalRefs"`
	}
	var packages []pkg
	text := "# made by a test\nSPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\nSPDXID: SPDXRef-DOCUMENT\nDocumentName: d\n"
	for _, c := range list {
		p := pkg{Name: c.Name, ID: c.BOMRef, Version: c.Version, Purpose: strings.ToUpper(string(c.Type)), Supplier: "Google LLC"}
		text += fmt.Sprintf("\nPackageName: %s\nSPDXID: %s\nPackageSupplier: Google LLC\nPrimaryPackagePurpose: %s\nPackageCopyrightText: <text>two\nlines: PackageName</text>\n", c.Name, c.BOMRef, p.Purpose)
		if c.Version != "" {
			text += "PackageVersion: " + c.Version + "\n"
		}
		if c.PackageURL != "" {
			p.References = append(p.References, reference{"PACKAGE-MANAGER", "purl", c.PackageURL})
			text += "ExternalRef: PACKAGE_MANAGER purl " + c.PackageURL + "\n"
		}
		if c.CPE != "" {
			p.References = append(p.References, reference{"SECURITY", "cpe23Type", c.CPE})
			text += "ExternalRef: SECURITY cpe23Type " + c.CPE + "\n"
		}
		packages = append(packages, p)
	}
	b, err := json.Marshal(map[string]any{"spdxVersion": "SPDX-2.3", "name": "d", "packages": packages})
	require.NoError(t, err)
	return string(b), text + "FileName: f\nSPDXID: SPDXRef-file\n\nRelationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-1\n"
}

func TestSPDX(t *testing.T) {
	inv := mustRead(t, "SPDXVersion: SPDX-2.2\r\nPackageName: bsdutils\r\nSPDXID: SPDXRef-b\r\nPackageVersion: NOASSERTION\r\nPackageFileName: ./b.deb\r\nPackageSourceInfo: <text>built package from: util-linux 2.38.1-5</text>\r\nExternalRef: PACKAGE-MANAGER http://spdx.org/rdf/references/purl pkg:deb/debian/bsdutils@1:2.38.1-5?distro=debian-12\r\nExternalRef: PACKAGE-MANAGER purl pkg:npm/b@1\r\n")
	require.Equal(t, []string{"Debian:12 util-linux 2.38.1-5 [SPDXRef-b ./b.deb]", "npm b 1 [SPDXRef-b ./b.deb]"}, brief(inv))
	require.Equal(t, "bom.file", inv.Target.Name)
	// The package that the document describes is the target, none of its packages.
	inv = mustRead(t, "SPDXVersion: SPDX-2.3\nPackageName: src\nSPDXID: SPDXRef-s\nPackageName: t\nSPDXID: SPDXRef-t\nRelationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-s\n")
	require.Equal(t, []string{"unreadable t: " + noPURL}, brief(inv))
	// SPDX 2.2 has no purposes: trivy's operating system is known by its SPDXID.
	inv = mustRead(t, "SPDXVersion: SPDX-2.2\nPackageName: libssl1.1\nSPDXID: SPDXRef-Package-1\nExternalRef: PACKAGE-MANAGER purl pkg:apk/alpine/libssl1.1@1.1.1l-r7\nPackageSourceInfo: built package from: openssl 1.1.1l-r7\nPackageName: alpine\nSPDXID: SPDXRef-OperatingSystem-1\nPackageVersion: 3.14.2\n")
	require.Equal(t, []string{"Alpine:v3.14 openssl 1.1.1l-r7 [SPDXRef-Package-1]"}, brief(inv))
}

func TestSPDXJSON(t *testing.T) {
	inv := mustRead(t, `{"SPDXID":"SPDXRef-DOCUMENT","packages":[{"SPDXID":"SPDXRef-t","name":"t"},{"SPDXID":"SPDXRef-u","name":"u"},{"SPDXID":"SPDXRef-b","packageFileName":"./b.deb","sourceInfo":"built package from: util-linux 2.38.1-5","supplier":"Google LLC","externalRefs":[{"referenceCategory":"PACKAGE_MANAGER","referenceType":"purl","referenceLocator":"pkg:deb/debian/bsdutils@1:2.38.1-5?distro=debian-12"}]}],"relationships":[{"spdxElementId":"SPDXRef-t","relationshipType":"DESCRIBED_BY","relatedSpdxElement":"SPDXRef-DOCUMENT"},{"spdxElementId":"SPDXRef-u","relationshipType":"DEPENDS_ON","comment":{"of":["u"]},"relatedSpdxElement":"SPDXRef-u"}],"spdxVersion":"SPDX-2.2"}`)
	require.Equal(t, []string{"Debian:12 util-linux 2.38.1-5 [SPDXRef-b ./b.deb]", "unreadable u: " + noPURL}, brief(inv))
	inv = mustRead(t, `{"documentDescribes":["SPDXRef-s"],"packages":[{"SPDXID":"SPDXRef-s","name":"src","versionInfo":"NOASSERTION"},{"SPDXID":"SPDXRef-t","name":"t"}],"spdxVersion":"SPDX-2.2"}`)
	require.Equal(t, []string{"unreadable t: " + noPURL}, brief(inv))
}

func TestXML(t *testing.T) {
	// Nested under the subject (F-288), with what the JSON table has for properties.
	inv := mustRead(t, `<?xml version="1.0" encoding="utf-8"?>
<!-- a comment --><bom xmlns="http://cyclonedx.org/schema/bom/1.3" version="1"><metadata><tools><tool><name>t</name></tool></tools>
<component type="application" bom-ref="a"><name>app</name><version>1</version><components><component type="library" bom-ref="b"><name>rustls</name><version>0.23.13</version><purl> pkg:cargo/rustls@0.23.13
</purl></component></components></component></metadata>
<components><component><purl>pkg:deb/debian/bsdutils@1:2.38.1-5?distro=debian-12&amp;arch=amd64</purl><properties><property name="aquasecurity:trivy:SrcName">util-linux</property><property name="x"><y/></property></properties>
<evidence><occurrences><occurrence bom-ref="o"><location>/a</location></occurrence></occurrences></evidence></component></components></bom>`)
	require.Equal(t, []string{"crates.io rustls 0.23.13 [b]", "Debian:12 util-linux 1:2.38.1-5 [/a]"}, brief(inv))
	require.Equal(t, "app:1", inv.Target.Name)
}

func TestXMLEncodings(t *testing.T) {
	for _, encoding := range []string{"UTF-8", "utf-8", "US-ASCII", "ASCII"} {
		inv := mustRead(t, `<?xml version="1.0" encoding="`+encoding+`"?><bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components><component><purl>pkg:npm/a@1</purl></component></components></bom>`)
		require.Equal(t, []string{"npm a 1 []"}, brief(inv), encoding)
	}
}

// Elements of another namespace are extensions, whatever they are called.
func TestXMLExtensions(t *testing.T) {
	inv := mustRead(t, `<b:bom xmlns:b="http://cyclonedx.org/schema/bom/1.5" xmlns:e="https://example.com/ext"><e:components><b:component bom-ref="x"><b:purl>pkg:npm/x@1</b:purl></b:component></e:components><b:components>
<b:component bom-ref="a"><b:purl>pkg:npm/a@1</b:purl><e:purl>pkg:npm/e@1</e:purl><e:components><b:component/></e:components></b:component></b:components></b:bom>`)
	require.Equal(t, []string{"npm a 1 [a]"}, brief(inv))
}

func TestEncodings(t *testing.T) {
	for _, text := range []string{
		`{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"bom-ref":"ä😀","purl":"pkg:npm/lodash@1"}]}`,
		`<?xml version="1.0" encoding="UTF-16"?><bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components><component type="library" bom-ref="ä😀"><purl>pkg:npm/lodash@1</purl></component></components></bom>`,
		"SPDXVersion: SPDX-2.3\nPackageName: l\nSPDXID: ä😀\nExternalRef: PACKAGE-MANAGER purl pkg:npm/lodash@1\n",
	} {
		little, big := []byte("\xff\xfe"), []byte("\xfe\xff")
		for _, unit := range utf16.Encode([]rune(text)) {
			little = binary.LittleEndian.AppendUint16(little, unit)
			big = binary.BigEndian.AppendUint16(big, unit)
		}
		for name, input := range map[string]string{"UTF-8": text, "UTF-8 with mark": "\xef\xbb\xbf" + text, "UTF-16LE": string(little), "UTF-16BE": string(big)} {
			require.Equal(t, []string{"npm lodash 1 [ä😀]"}, brief(mustRead(t, input)), name)
		}
	}
}

func TestRefused(t *testing.T) {
	cdx := func(components string) string {
		return `{"bomFormat":"CycloneDX","specVersion":"1.5","components":` + components + `}`
	}
	for _, row := range []struct {
		name, input, want string
	}{
		{"empty", "", "it is empty"},
		{"white space", " \n\t", "it is empty"},
		{"much white space", strings.Repeat(" ", 1<<20), "white space"},
		{"a mark alone", "\xef\xbb\xbf", "it is empty"},
		{"UTF-32", "\xff\xfe\x00\x00{\x00\x00\x00", "UTF-32"},
		{"half a UTF-16 character", "\xff\xfe{\x00\"", "truncated"},
		{"text", "hello world\n", "not an SBOM"},
		{"binary", "\x7fELF\x02\x01\x01\x00", "not an SBOM"},
		{"a long line", strings.Repeat("x", 3<<20), "not an SBOM"},
		{"tags of something else", "Package: curl\nVersion: 1\n", "no SPDXVersion"},
		{"an array", `[{"bomFormat":"CycloneDX"}]`, "not an SBOM"},
		{"other JSON", `{"lockfileVersion":3,"packages":{"a":{}},"name":"x"}`, "not an SBOM"},
		{"an empty object", `{}`, "not an SBOM"},
		{"GitHub's answer", `{"sbom":{"spdxVersion":"SPDX-2.3","packages":[]}}`, "jq .sbom"},
		{"an attestation", `{"_type":"https://in-toto.io/Statement/v1","predicate":{"bomFormat":"CycloneDX"}}`, "jq .predicate"},
		{"packages without a version", `{"packages":[{"name":"x"}]}`, "no spdxVersion"},
		{"two formats", `{"bomFormat":"CycloneDX","specVersion":"1.5","spdxVersion":"SPDX-2.3"}`, "SPDX too"},
		{"SPDX 3", `{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[]}`, "export it as SPDX 2.3"},
		{"SPDX 1", "SPDXVersion: SPDX-1.2\n", `"SPDX-1.2"`},
		{"no specVersion", `{"bomFormat":"CycloneDX"}`, "1.2 to 1.7"},
		{"major version 2", `{"bomFormat":"CycloneDX","specVersion":"2.0"}`, `"2.0"`},
		{"truncated", cdx(`[{"name":"a"`)[:70], "truncated"},
		{"truncated in a string", `{"bomFormat":"Cyclo`, "truncated"},
		{"truncated in an escape", `{"bomFormat":"\u00`, "truncated"},
		{"more after the end", cdx(`[]`) + "x", "follows the end"},
		{"a comma too many", cdx(`[{"name":"a"},]`), "line 1, byte 72"},
		{"a comma too few", `{"a":1 "b":2}`, `',' belongs here`},
		{"no colon", `{"a" 1}`, `':' belongs here`},
		{"a number that is none", `{"a":01}`, "no JSON value"},
		{"a word that is none", `{"a":nil}`, "no JSON value"},
		{"an escape that is none", `{"a":"\x"}`, "no escape"},
		{"a control character", "{\"a\":\"\x01\"}", "control character"},
		{"components is an object", cdx(`{}`), "components is to be an array"},
		{"a component is null", cdx(`[null]`), "an object belongs here"},
		{"a component is a string", cdx(`["x"]`), "an object belongs here"},
		{"a name is an object", cdx(`[{"name":{}}]`), "a string belongs here"},
		{"a purl is an object", cdx(`[{"bom-ref":"r","purl":{}}]`), "a string belongs here"},
		{"a version is no number", cdx(`[{"version":01}]`), "no JSON value"},
		{"duplicate bom-refs", cdx(`[{"bom-ref":"r","name":"a"},{"name":"b","components":[{"bom-ref":"r"}]}]`), `two components have the bom-ref or SPDXID "r"`},
		{"a long name", cdx(`[{"name":"` + strings.Repeat("a", MaxText+1) + `"}]`), "longer than 65536 bytes"},
		{"a long name of escapes", cdx(`[{"name":"` + strings.Repeat(`\n`, MaxText+2) + `"}]`), "longer than 65536 bytes"},
		{"deep arrays", `{"a":` + strings.Repeat("[", MaxDepth+1), "nested more than 1000 deep"},
		{"deep objects", strings.Repeat(`{"a":`, MaxDepth+1), "nested more than 1000 deep"},
		{"deep components", cdx(strings.Repeat(`[{"components":`, MaxDepth)), "nested more than 1000 deep"},
		{"duplicate SPDXIDs", "SPDXVersion: SPDX-2.3\nPackageName: a\nSPDXID: x\nPackageName: b\nSPDXID: x\n", `SPDXID "x"`},
		{"duplicate SPDXIDs before others", "SPDXVersion: SPDX-2.3\nPackageName: a\nSPDXID: x\nPackageName: b\nSPDXID: x\nFileName: f\n", `SPDXID "x"`},
		{"duplicate SPDXIDs in JSON", `{"spdxVersion":"SPDX-2.3","packages":[{"SPDXID":"x"},{"SPDXID":"x"}]}`, `SPDXID "x"`},
		{"a package before the version", "PackageName: a\n", "not an SBOM"},
		{"packages is an object", `{"spdxVersion":"SPDX-2.3","packages":{}}`, "packages is to be an array"},
		{"a package's name is an object", `{"spdxVersion":"SPDX-2.3","packages":[{"name":{}}]}`, "a string belongs here"},
		{"a word that is none in a relationship", `{"spdxVersion":"SPDX-2.3","relationships":[{"comment":nil}]}`, "no JSON value"},
		{"an escape of a letter too far", `{"a":"\u00gg"}`, "hexadecimal"},
		{"an escape of other digits", `{"a":"\u00zz"}`, "hexadecimal"},
		{"an unending text", "SPDXVersion: SPDX-2.3\nPackageComment: <text>\nabc", "the <text> of line 2"},
		{"not a tag", "SPDXVersion: SPDX-2.3\nno tag\n", "line 2"},
		{"other XML", `<project xmlns="http://maven.apache.org/POM/4.0.0"/>`, "not an SBOM"},
		{"HTML", `<!doctype html><html><body>404</body></html>`, "not an SBOM"},
		{"XML without an element", `<!-- x -->`, "not an SBOM"},
		{"truncated XML", `<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components><component>`, "truncated"},
		{"wrong end tag", `<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components></bom>`, "line 1"},
		{"a second root", `<bom xmlns="http://cyclonedx.org/schema/bom/1.5"/><bom/>`, "second element"},
		{"text after the root", `<bom xmlns="http://cyclonedx.org/schema/bom/1.5"/>x`, "follows the end"},
		{"an entity", `<!DOCTYPE x [<!ENTITY a "b">]><bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components><component><name>&a;</name></component></components></bom>`, "invalid character entity"},
		{"another encoding", `<?xml version="1.0" encoding="EBCDIC"?><bom/>`, "save it as UTF-8"},
		{"deep XML", strings.Repeat(`<bom xmlns="http://cyclonedx.org/schema/bom/1.5">`, MaxDepth+1), "nested more than 1000 deep"},
		{"duplicate bom-refs in XML", `<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components><component bom-ref="r"/><component bom-ref="r"/></components></bom>`, `SPDXID "r"`},
		{"a long name in XML", `<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components><component><name>` + strings.Repeat("a", MaxText+1), "longer than 65536 bytes"},
	} {
		t.Run(row.name, func(t *testing.T) {
			inv, err := Read(strings.NewReader(row.input), "x.json")
			require.ErrorContains(t, err, row.want)
			require.ErrorContains(t, err, "reading SBOM x.json: ")
			require.Zero(t, inv)
			require.Equal(t, strings.Contains(row.want, "not an SBOM"), errors.Is(err, ErrNotSBOM) && row.want == "not an SBOM")
		})
	}
}

// A repeated reads as many times as it is long, without being in memory.
type repeated struct {
	prefix string
	unit   string
	left   int
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.prefix != "" {
		n := copy(p, r.prefix)
		r.prefix = r.prefix[n:]
		return n, nil
	}
	if r.left == 0 {
		return 0, io.EOF
	}
	n := 0
	for r.left > 0 && n+len(r.unit) <= len(p) {
		n += copy(p[n:], r.unit)
		r.left--
	}
	return n, nil
}

// Hostile inputs of up to 200 MB end in an error, in bounded memory.
func TestHostile(t *testing.T) {
	const size = 200 << 20
	for name, row := range map[string]struct {
		in   *repeated
		want string
	}{
		"brackets":              {&repeated{"", "[", size}, "not an SBOM"},
		"brackets in a value":   {&repeated{`{"a":`, "[", size}, "deep"},
		"brackets in XML":       {&repeated{`<bom xmlns="http://cyclonedx.org/schema/bom/1.5">`, "<a>", size / 3}, "deep"},
		"one XML text":          {&repeated{`<bom xmlns="http://cyclonedx.org/schema/bom/1.5">`, "x", size}, "longer than 16 MiB"},
		"one string":            {&repeated{`{"a":"`, "x", size / 4}, "truncated"},
		"one string of escapes": {&repeated{`{"a":"`, `\n`, size / 40}, "truncated"},
		"one line of a tag":     {&repeated{"SPDXVersion: SPDX-2.3\nPackageName: ", "x", size}, "longer than 1048576 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := Read(row.in, "x")
			runtime.ReadMemStats(&after)
			require.ErrorContains(t, err, row.want)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(100<<20))
		})
	}
}

func TestTooLarge(t *testing.T) {
	in := &sizeLimit{r: strings.NewReader("12345"), left: 4}
	n, err := in.Read(make([]byte, 9))
	require.ErrorContains(t, err, "larger than 512 MiB")
	require.Zero(t, n)
	c := newCollector()
	c.seen = MaxComponents
	require.ErrorContains(t, c.add(&component{}), "more than 1000000 components")
	// An error of the reader is the error, not a truncated document.
	_, err = Read(io.MultiReader(strings.NewReader(`{"a":`), iotest.ErrReader(io.ErrClosedPipe)), "x")
	require.ErrorIs(t, err, io.ErrClosedPipe)
}
