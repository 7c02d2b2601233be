package sbom

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/purl"
)

// Packages keep the SBOM's order, though some are identified only once the operating
// system is known.
func TestOrderOfPackages(t *testing.T) {
	const system = `{"type":"operating-system","name":"debian","version":"12"}`
	one := func(purl string) string { return `{"purl":"` + purl + `"}` }
	for _, row := range []struct{ components, want []string }{
		{nil, nil},
		{[]string{"pkg:npm/a@1"}, []string{"a"}},
		{[]string{"pkg:deb/debian/d@1"}, []string{"d"}},
		{[]string{"pkg:npm/a@1", "pkg:deb/debian/d@1"}, []string{"a", "d"}},
		{[]string{"pkg:deb/debian/d@1", "pkg:npm/a@1"}, []string{"d", "a"}},
		{[]string{"pkg:npm/a@1", "pkg:deb/debian/d@1", "pkg:deb/debian/e@1", "pkg:conda/x@1", "pkg:npm/b@1", "pkg:deb/debian/f@1", "pkg:npm/c@1"}, []string{"a", "d", "e", "b", "f", "c"}},
	} {
		for at := range len(row.components) + 1 {
			var list []string
			for _, c := range row.components {
				list = append(list, one(c))
			}
			inv := mustRead(t, cdxDocument(`"components":[`+strings.Join(slices.Insert(list, at, system), ",")+`]`))
			var names []string
			for _, p := range inv.Packages {
				names = append(names, p.Name)
			}
			require.Equal(t, row.want, names, "%v, the system at %d", row.components, at)
		}
	}
}

// Packages are held in blocks, which nobody sees.
func TestBlocks(t *testing.T) {
	for _, n := range []int{0, 1, perBlock - 1, perBlock, perBlock + 1, 2 * perBlock, 2*perBlock + 1} {
		var l packages
		for i := range n {
			require.Equal(t, i, l.len())
			l.add(scanner.Package{Name: fmt.Sprint(i)})
		}
		require.Equal(t, n, l.len())
		all := l.all()
		require.Len(t, all, n)
		for i, p := range all {
			require.Equal(t, fmt.Sprint(i), p.Name)
		}
		for _, block := range l.full {
			require.Len(t, block, perBlock)
		}
	}
	// A package that waits for the operating system finds its place behind whole blocks.
	var list []string
	for i := range 2*perBlock + 2 {
		list = append(list, fmt.Sprintf(`{"purl":"pkg:npm/n%d@1"}`, i))
	}
	list = slices.Insert(list, 2*perBlock+1, `{"purl":"pkg:deb/debian/d@1"}`)
	inv, err := Read(strings.NewReader(cdxDocument(`"components":[`+strings.Join(list, ",")+`,{"type":"operating-system","name":"debian","version":"12"}]`)), "x")
	require.NoError(t, err)
	require.Len(t, inv.Packages, len(list))
	for i, p := range inv.Packages {
		require.Equal(t, i == 2*perBlock+1, p.Name == "d", i)
	}
}

// One operating system, however often it is said, is the one; two are none.
func TestDistros(t *testing.T) {
	for _, row := range []struct {
		systems string
		reason  string // of the package that has no release, "" where it is judged
	}{
		{`debian 12;debian 12`, ""},
		{`debian 12;debian 12.5`, ""},
		{`debian bookworm;debian 12`, ""},
		{``, "which release of debian it belongs to"},
		{`debian 12;debian 11`, "(the SBOM lists 2 operating systems, none of which is taken for its)"},
		{`debian 12;alpine 3.19;debian 12.1`, "(the SBOM lists 2 operating systems"},
		{`debian 12;haiku 1`, "(the SBOM lists 2 operating systems"},
		{`haiku 1;haiku 1`, "debian"},
		{`haiku 1;haiku 2;beos 3`, "(the SBOM lists 3 operating systems"},
	} {
		components := `{"purl":"pkg:deb/debian/d@1"}`
		for _, s := range strings.Split(row.systems, ";") {
			if name, version, ok := strings.Cut(s, " "); ok {
				components += fmt.Sprintf(`,{"type":"operating-system","name":%q,"version":%q}`, name, version)
			}
		}
		inv := mustRead(t, cdxDocument(`"components":[`+components+`]`))
		if row.reason == "" {
			require.Equal(t, []string{"Debian:12 d 1 []"}, brief(inv), row.systems)
			continue
		}
		require.Len(t, inv.Unreadable, 1)
		require.Contains(t, inv.Unreadable[0].Reason, row.reason, row.systems)
		require.Equal(t, strings.Contains(row.reason, "the SBOM"), strings.Contains(inv.Unreadable[0].Reason, "the SBOM lists"), row.systems)
	}
	// Syft's properties come before the component's own name and version.
	c := newCollector()
	c.addDistro(&component{name: "Debian GNU/Linux", version: "12 (bookworm)", props: properties{distroID: "debian"}})
	c.addDistro(&component{name: "alpine", version: "x", props: properties{distroVersion: "3.19"}})
	require.Equal(t, []purl.Distro{{ID: "debian", Version: "12 (bookworm)"}, {ID: "alpine", Version: "3.19"}}, c.distros)
	// With a purl it is a package as well.
	inv := mustRead(t, cdxDocument(`"components":[{"type":"operating-system","name":"debian","version":"12","purl":"pkg:generic/debian@12"},{"purl":"pkg:deb/debian/d@1"}]`))
	require.Equal(t, []string{"Debian:12 d 1 []", `unreadable pkg:generic/debian@12: no OSV ecosystem for purl type "generic"`}, brief(inv))
}

// What is a package without a purl, by its type, its version and where it stands.
func TestKinds(t *testing.T) {
	for _, kind := range []string{"", "library", "framework", "application", "container", "file", "device", "data", "operating-system", "new-in-1.9"} {
		always := kind == "" || kind == "library" || kind == "framework"
		for _, version := range []string{"", "1"} {
			c := fmt.Sprintf(`{"type":%q,"name":"n","version":%q}`, kind, version)
			listed := kind != "operating-system" && (always || version != "")
			inv := mustRead(t, cdxDocument(`"components":[`+c+`]`))
			require.Equal(t, listed, len(inv.Unreadable) == 1, "%s", c)
			// The subject itself is the target.
			inv = mustRead(t, cdxDocument(`"metadata":{"component":`+c+`}`))
			require.Empty(t, brief(inv), "%s", c)
			want := "n"
			if version != "" {
				want = "n:1"
			}
			require.Equal(t, want, inv.Target.Name)
		}
	}
	require.Equal(t, "bom.file", mustRead(t, cdxDocument(`"metadata":{"component":{"version":"1"}}`)).Target.Name)
	for _, image := range []string{"pkg:oci/i@1", "pkg:docker/i@1", "PKG:OCI/i@1", "pkg:Docker/i@1"} {
		require.Empty(t, brief(mustRead(t, cdxDocument(`"metadata":{"component":{"type":"container","name":"i","purl":"`+image+`"}}`))), image)
	}
	for _, other := range []string{"pkg:generic/i@1", "pkg:ocix/i@1", "pkg:dockerfile/i@1", "pkg:npm/", "pkg:oci/"} {
		require.Len(t, brief(mustRead(t, cdxDocument(`"metadata":{"component":{"type":"container","name":"i","purl":"`+other+`"}}`))), 1, other)
	}
}

// VEX documents may call a component by its purl, else by name and version.
func TestIdentifier(t *testing.T) {
	for want, m := range map[string]component{
		"pkg:npm/a@1": {name: "n", version: "1", purls: []string{"pkg:npm/a@1", "pkg:npm/b@1"}},
		"n@1":         {name: "n", version: "1"},
	} {
		require.Equal(t, want, m.identifier())
	}
	require.Empty(t, (&component{name: "n"}).identifier())
	require.Empty(t, (&component{version: "1"}).identifier())
}

// A package that cannot be judged is called by the best that there is.
func TestLabels(t *testing.T) {
	for components, want := range map[string]string{
		`{"bom-ref":"r","name":"n","purl":"pkg:conda/p@1"}`: "pkg:conda/p@1",
		`{"bom-ref":"r","name":"n"}`:                        "n",
		`{"bom-ref":"r","evidence":{"occurrences":[{"location":"l"}]},"properties":[{"name":"syft:location:0:path","value":"/p"}]}`: "r, l, /p",
		`{}`: "(a component without a name)",
	} {
		require.Equal(t, want, mustRead(t, cdxDocument(`"components":[`+components+`]`)).Unreadable[0].Package)
	}
}

// Evidence of a component with several purls says of each which ecosystem it is of.
func TestEvidenceOfEach(t *testing.T) {
	c := newCollector()
	m := &component{purls: []string{"pkg:npm/a@1", "pkg:deb/debian/b@1?distro=debian-12"}}
	m.occurs("", "s")
	require.NoError(t, c.add(m))
	inv := c.inventory()
	require.Equal(t, "npm", inv.Packages[0].Evidence.Ecosystem)
	require.Equal(t, "Debian", inv.Packages[1].Evidence.Ecosystem)
	require.Empty(t, m.calls.Ecosystem)
	require.Empty(t, m.locations)
}

// What SPDX says where it says nothing, and how it spells types and purposes.
func TestSPDXWords(t *testing.T) {
	for in, want := range map[string]string{"NOASSERTION": "", "NONE": "", "": "", "none": "none", "NONEX": "NONEX"} {
		p := spdxPackage{component: component{name: in, version: in, kind: in}, fileName: in}
		m := p.asComponent()
		require.Equal(t, [3]string{want, want, strings.ToLower(want)}, [3]string{m.name, m.version, m.kind}, in)
		require.Equal(t, want != "", len(m.locations) == 1, in)
	}
	for _, row := range []struct{ kind, ref, want string }{
		{"OPERATING_SYSTEM", "", "operating-system"},
		{"OPERATING-SYSTEM", "", "operating-system"},
		{"", "SPDXRef-OperatingSystem-1", "operating-system"},
		{"", "SPDXRef-OperatingSystem", ""},
		{"LIBRARY", "SPDXRef-OperatingSystem-1", "library"},
	} {
		p := spdxPackage{component: component{kind: row.kind, ref: row.ref}}
		require.Equal(t, row.want, p.asComponent().kind, row)
	}
	for kind, want := range map[string][2]string{
		"purl": {"x", ""}, "PURL": {"x", ""}, "http://spdx.org/rdf/references/purl": {"x", ""}, "purls": {},
		"cpe23Type": {"", "x"}, "cpe22Type": {"", "x"}, "http://spdx.org/rdf/references/cpe23Type": {"", "x"}, "CPE23TYPE": {}, "": {},
	} {
		var p spdxPackage
		p.addReference(kind, "")
		require.Zero(t, p)
		p.addReference(kind, "x")
		require.Equal(t, want, [2]string{strings.Join(p.purls, " "), p.cpe}, kind)
		p.addReference("cpe23Type", "y")
		require.Equal(t, want[1] == "", p.cpe == "y", "the first CPE stays")
	}
	for info, want := range map[string][2]string{
		"built package from: s 1-2":  {"s", "1-2"},
		"built package from:  s 1 2": {"s", "1 2"},
		"built package from: s":      {"s", ""},
		"built package from: ":       {},
		"built package from s 1":     {},
		"x built package from: s 1":  {},
	} {
		p := spdxPackage{sourceInfo: info}
		m := p.asComponent()
		require.Equal(t, want, [2]string{m.props.source, m.props.sourceVersion}, info)
	}
	for _, row := range []struct{ from, kind, to, want string }{
		{"SPDXRef-DOCUMENT", "DESCRIBES", "a", "a"},
		{"a", "DESCRIBED_BY", "SPDXRef-DOCUMENT", "a"},
		{"b", "DESCRIBES", "a", ""},
		{"a", "DESCRIBED_BY", "b", ""},
		{"SPDXRef-DOCUMENT", "DESCRIBED_BY", "a", ""},
		{"SPDXRef-DOCUMENT", "CONTAINS", "a", ""},
	} {
		c := newCollector()
		c.relate(row.from, row.kind, row.to)
		_, is := c.described[row.want]
		require.Equal(t, row.want != "", is, row)
		require.LessOrEqual(t, len(c.described), 1)
	}
}

// UTF-16 is what unicode/utf16 takes it for, however it is read.
func TestUTF16(t *testing.T) {
	units := []uint16{'a', 0xe4, 0x20ac, 0xd83d, 0xde00, 0xdbff, 0xdfff, 0xd7ff, 0xe000, 0xfffd}
	var text []uint16
	for _, a := range units {
		for _, b := range units {
			text = append(text, a, b)
		}
	}
	text = append(text, 0xd83d)
	want := string(utf16.Decode(text))
	for mark, order := range map[string]binary.AppendByteOrder{"\xff\xfe": binary.LittleEndian, "\xfe\xff": binary.BigEndian} {
		input := []byte(mark)
		for _, u := range text {
			input = order.AppendUint16(input, u)
		}
		for _, size := range []int{1, 2, 3, 4, 5, 7, 4096} {
			r, err := decodeText(iotest.HalfReader(bytes.NewReader(input)))
			require.NoError(t, err)
			var got []byte
			for {
				p := make([]byte, size)
				n, err := r.Read(p)
				got = append(got, p[:n]...)
				if err == io.EOF {
					require.Zero(t, n)
					break
				}
				require.NoError(t, err)
				require.True(t, n == size || len(got) == len(want), "a read fills what it is given")
			}
			require.Equal(t, want, string(got), "%d bytes at a time", size)
		}
		r, err := decodeText(bytes.NewReader(input[:len(input)-1]))
		require.NoError(t, err)
		_, err = io.ReadAll(r)
		require.ErrorContains(t, err, "ends within a character")
	}
}

// A mark is one only whole, and is looked for in inputs shorter than it.
func TestMarks(t *testing.T) {
	for input, want := range map[string]string{
		"": "", "{": "{", "ab": "ab", "abc": "abc", "\xef\xbb": "\xef\xbb", "\xff": "\xff", "\xef\xbb\xbfx": "x", "\xef\xbb\xbf": "",
		"\xff\xfe": "", "\xfe\xff": "", "\xff\xfea\x00": "a", "\xfe\xff\x00a": "a", "\xff\xfe\x00": "!", "\xff\xfe\x00\x00": "!", "\x00\x00\xfe\xff": "!", "\x00\x00\xfe": "\x00\x00\xfe",
	} {
		r, err := decodeText(strings.NewReader(input))
		var got []byte
		if err == nil {
			got, err = io.ReadAll(r)
		}
		if want == "!" {
			require.Error(t, err, "%q", input)
			continue
		}
		require.NoError(t, err, "%q", input)
		require.Equal(t, want, string(got), "%q", input)
	}
	for in, want := range map[string]string{"a\xffb\xe4\xbd": "a\ufffdb\ufffd\ufffd", "\u00e4": "\u00e4", "": ""} {
		require.Equal(t, want, validText([]byte(in)))
	}
}

// Encodings that an XML declaration may name, with the mark that they need.
func TestXMLDeclarations(t *testing.T) {
	for _, encoding := range []string{"utf-16", "UTF-16LE", "utf-16be", "Us-Ascii", "ascii", "utf-8", "latin1", "utf-32", ""} {
		text := `<?xml version="1.0" encoding="` + encoding + `"?>` + xmlDocument(`<components><component><purl>pkg:npm/a@1</purl></component></components>`)
		input := []byte("\xff\xfe")
		for _, unit := range utf16.Encode([]rune(text)) {
			input = binary.LittleEndian.AppendUint16(input, unit)
		}
		for _, in := range []string{text, string(input)} {
			inv, err := Read(strings.NewReader(in), "x")
			if encoding == "latin1" || encoding == "utf-32" {
				require.ErrorContains(t, err, fmt.Sprintf("its encoding is %q; save it as UTF-8", encoding))
				continue
			}
			require.NoError(t, err, encoding)
			require.Equal(t, []string{"npm a 1 []"}, brief(inv))
		}
	}
	for after, want := range map[string]string{"": "", " \n": "", "<!-- c -->": "", "<?p i?>": "", "x": "text follows", "<a/>": "second element", "</a>": "unexpected end element"} {
		_, err := Read(strings.NewReader(xmlDocument("")+after), "x")
		if want == "" {
			require.NoError(t, err, after)
			continue
		}
		require.ErrorContains(t, err, want)
	}
}

// Each component is nested in the one around it, and through that in the others.
func TestNesting(t *testing.T) {
	named := func(name, inner string) string {
		return fmt.Sprintf(`{"name":%q,"version":"1","bom-ref":%q,"components":[%s]}`, name, name, inner)
	}
	const leaf = `{"purl":"pkg:npm/leaf@1"}`
	inv := mustRead(t, `{"bomFormat":"CycloneDX","specVersion":"1.6","components":[`+named("a", named("x", "")+","+named("b", named("y", "")+","+named("c", leaf))+","+named("z", ""))+`]}`)
	require.Equal(t, []string{"c@1", "b@1", "a@1"}, inv.Packages[0].Place.Containers())
}

// Of a purl that is given twice the last counts, also where it is empty.
func TestPURLTwice(t *testing.T) {
	for _, row := range []struct{ first, last, want string }{
		{"pkg:npm/a@1", "pkg:npm/b@1", "npm b 1 []"},
		{"pkg:npm/a@1", "", "unreadable n: " + noPURL},
		{"", "pkg:npm/b@1", "npm b 1 []"},
	} {
		require.Equal(t, []string{row.want}, brief(mustRead(t, cdxDocument(fmt.Sprintf(`"components":[{"name":"n","purl":%q,"purl":%q}]`, row.first, row.last)))))
		require.Equal(t, []string{row.want}, brief(mustRead(t, xmlDocument(fmt.Sprintf(`<components><component><name>n</name><purl>%s</purl><purl>%s</purl></component></components>`, row.first, row.last)))))
	}
}

// White space may come before each format.
func TestWhiteSpaceFirst(t *testing.T) {
	for _, text := range []string{cdxDocument(`"components":[]`), xmlDocument(""), "SPDXVersion: SPDX-2.3\n"} {
		for _, space := range []string{" ", "\t", "\r", "\n", "\r\n\t "} {
			_, err := Read(strings.NewReader(space+text), "x")
			require.NoError(t, err, "%q", space+text)
		}
	}
}
