package sbom

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/scanner/reach"
)

// Documents that have all that is read, and more.
var documents = map[string]string{
	"CycloneDX JSON": `{"bomFormat":"CycloneDX","specVersion":"1.6","serialNumber":"urn:uuid:a","version":2,
"metadata":{"tools":[],"component":{"type":"container","bom-ref":"i","name":"shop","version":"1"}},
"components":[{"type":"library","group":"g","bom-ref":"\u00e4\n\ud83d\ude00","name":"n","version":1.5e3,"cpe":null,"purl":"pkg:maven/g/n@1",
 "properties":[{"name":"aquasecurity:trivy:FilePath","value":"/x"},{"value":"y","name":"z"}],
 "evidence":{"occurrences":[{"location":"l","line":-3,"symbol":"s"}],"callstack":{"frames":[{"module":"m","package":"p","function":"f","x":{}}]}},
 "components":[{"bom-ref":"in","x":[true,{"y":[]}]}]}],
"dependencies":[{"ref":"i","dependsOn":["in"]}]}
`,
	"CycloneDX XML": `<?xml version="1.0"?>
<bom xmlns="http://cyclonedx.org/schema/bom/1.6" serialNumber="urn:uuid:a" version="2">
<metadata><tools/><component type="container" bom-ref="i"><name>shop</name></component></metadata>
<components><x/><component type="library" bom-ref="r"><group>g</group><name>n</name><version>1</version><cpe>c</cpe><purl>pkg:maven/g/n@1</purl>
<properties><property name="aquasecurity:trivy:FilePath">/x</property><property name="z">y</property></properties>
<evidence><occurrences><occurrence><location>l</location></occurrence></occurrences><x><y/></x>
<callstack><x/><frames><frame><module>m</module><x>y</x></frame></frames></callstack></evidence>
<components><component bom-ref="in"><x>a<y/>&amp;</x></component></components></component></components>
<dependencies><dependency ref="i"><dependency ref="in"/></dependency></dependencies></bom>
`,
	"SPDX JSON": `{"spdxVersion":"SPDX-2.3","name":"d","documentDescribes":["i"],
"packages":[{"SPDXID":"a","name":"n","versionInfo":"1","primaryPackagePurpose":"LIBRARY","packageFileName":"f","sourceInfo":"s",
"externalRefs":[{"referenceCategory":"SECURITY","referenceType":"purl","referenceLocator":"pkg:npm/n@1"}],"x":[]}],
"relationships":[{"spdxElementId":"a","relationshipType":"OTHER","relatedSpdxElement":"b","comment":"c"}]}
`,
	"SPDX tag-value": `SPDXVersion: SPDX-2.3
DocumentName: d
# a comment
PackageName: n
SPDXID: a
PackageVersion: 1
PackageComment: <text>a
b</text>
ExternalRef: PACKAGE-MANAGER purl pkg:npm/n@1

FileName: f
Relationship: SPDXRef-DOCUMENT DESCRIBES a
`,
}

// Every proper prefix of a document is an error, never a smaller inventory. Of tag-value,
// which has no end, it is one within the head and within a <text>.
func TestTruncated(t *testing.T) {
	for name, text := range documents {
		whole := mustRead(t, text)
		for n := range strings.TrimRight(text, "\n") {
			inv, err := Read(strings.NewReader(text[:n]), "x")
			if name != "SPDX tag-value" {
				require.Error(t, err, "%s, %d bytes", name, n)
			}
			if err == nil {
				require.LessOrEqual(t, len(inv.Packages), len(whole.Packages))
				continue
			}
			require.Zero(t, inv)
			require.NotErrorIs(t, err, io.EOF, "%s, %d bytes", name, n)
		}
	}
}

// An input that cannot be read on, wherever that happens, is that error and not another
// one, nor a document that ends there.
func TestBrokenReader(t *testing.T) {
	broken := errors.New("the disk is on fire")
	for name, text := range documents {
		for n := range len(text) + 1 {
			for _, in := range []io.Reader{strings.NewReader(text[:n]), iotest.OneByteReader(strings.NewReader(text[:n]))} {
				inv, err := Read(io.MultiReader(in, iotest.ErrReader(broken)), "x")
				require.ErrorIs(t, err, broken, "%s after %d bytes", name, n)
				require.NotErrorIs(t, err, io.EOF)
				require.Zero(t, inv)
			}
		}
	}
}

// A character that neither JSON nor XML allows anywhere is an error with its place.
func TestPlaceOfAnError(t *testing.T) {
	for _, name := range []string{"CycloneDX JSON", "CycloneDX XML", "SPDX JSON"} {
		text := documents[name]
		for n := max(1, strings.Index(text, "<bom")); n < len(text); n++ {
			damaged := text[:n] + "\x01" + text[n+1:]
			_, err := Read(strings.NewReader(damaged), "x")
			syntax, ok := errors.AsType[*SyntaxError](err)
			require.True(t, ok, "%s, byte %d: %v", name, n, err)
			if name == "CycloneDX XML" {
				// encoding/xml says the place after a text or a tag.
				require.GreaterOrEqual(t, syntax.Offset, int64(n))
				continue
			}
			require.Equal(t, 1+strings.Count(damaged[:n], "\n"), syntax.Line, "byte %d: %v", n, err)
			require.Contains(t, []int64{int64(n), int64(n) + 1}, syntax.Offset, "%v", err)
		}
	}
}

// Tag-value's place is the end of the line; one of UTF-16 is counted as UTF-8.
func TestPlaceInLines(t *testing.T) {
	long := "PackageComment: " + strings.Repeat("x", 200<<10)
	for _, row := range []struct {
		before string
		line   int
	}{
		{"", 2},
		{"\r\n\n# comment\n", 5},
		{"PackageComment: <text>a\nb\nc</text>\n", 5},
		{long + "\n", 3},
	} {
		text := "SPDXVersion: SPDX-2.3\n" + row.before + "no tag\n"
		_, err := Read(strings.NewReader(text+"PackageName: a\n"), "x")
		syntax, ok := errors.AsType[*SyntaxError](err)
		require.True(t, ok)
		require.Equal(t, row.line, syntax.Line)
		require.Equal(t, int64(len(text)), syntax.Offset)
	}
	_, err := Read(strings.NewReader("\xff\xfe{\x00\x0a\x00\"\x00\xe4\x00\"\x00x\x00"), "x")
	require.EqualError(t, err, `reading SBOM x: line 2, byte 6: ':' belongs here, not 'x'`)
	_, err = Read(strings.NewReader("<bom\nxmlns=\"http://cyclonedx.org/schema/bom/1.6\"><components>\n<component bom-ref=\"r\"/>\n<component bom-ref=\"r\"/>"), "x")
	require.ErrorContains(t, err, "line 4, byte 111: two components")
}

// A reader that gives nothing for a while is waited for, and one that never does is not.
func TestIdleReader(t *testing.T) {
	for name, text := range documents {
		inv, err := Read(&idle{text: text, every: 90}, "dir/bom.file")
		require.NoError(t, err, name)
		require.Equal(t, mustRead(t, text), inv)
		_, err = Read(&idle{text: text[:len(text)-9]}, "x")
		require.ErrorIs(t, err, io.ErrNoProgress, name)
	}
}

// An idle gives a byte after every so many empty reads, and nothing once it has no more.
type idle struct {
	text        string
	every, idle int
}

func (r *idle) Read(p []byte) (int, error) {
	if r.idle < r.every {
		r.idle++
		return 0, nil
	}
	if r.text == "" {
		if r.every > 0 {
			return 0, io.EOF
		}
		return 0, nil
	}
	r.idle = 0
	n := copy(p[:1], r.text)
	r.text = r.text[n:]
	return n, nil
}

// Where a byte matters in JSON, each of the 256 is what encoding/json takes it for.
func TestEveryByteOfJSON(t *testing.T) {
	for b := range 256 {
		for _, around := range []string{
			`@`, `@1`, `1@`, `1@2`, `"@"`, `"\@"`, `"\u00@0"`, `"\u000@"`, `[@]`, `{@}`, `[1@1]`, `[@1]`, `[1@]`, `{"a"@1}`, `{"a":1@"b":1}`, `{@"a":1}`, `tru@`, `"\ud83d\u@e00"`,
		} {
			likeEncodingJSON(t, strings.ReplaceAll(around, "@", string([]byte{byte(b)})))
		}
	}
}

// So is every text of what numbers are made of.
func TestEveryNumber(t *testing.T) {
	texts := []string{""}
	for length := 0; length <= 6; length++ {
		var longer []string
		for _, text := range texts {
			require.Equal(t, json.Valid([]byte(text)), isNumber(text), text)
			for _, b := range "-+.019eE" {
				if length < 6 {
					longer = append(longer, text+string(b))
				}
			}
		}
		texts = longer
	}
}

func TestSurrogates(t *testing.T) {
	parts := []string{`\ud83d`, `\ude00`, `\uD83D`, `\uDE00`, `\u0041`, `\ud7ff`, `\ue000`, `\udbff`, `\udfff`, `\n`, `x`, `\`, ``}
	for _, a := range parts {
		for _, b := range parts {
			for _, c := range parts {
				likeEncodingJSON(t, `"`+a+b+c+`"`)
			}
			likeEncodingJSON(t, `"`+a+b)
		}
	}
}

// Limits hold to the last byte, and not before it.
func TestLimits(t *testing.T) {
	cdx := func(components string) string {
		return `{"bomFormat":"CycloneDX","specVersion":"1.5","components":` + components + `}`
	}
	xml := func(components string) string {
		return `<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components>` + components + `</components></bom>`
	}
	for name, row := range map[string]struct {
		limit int
		text  func(n int) string
	}{
		"a name":               {MaxText, func(n int) string { return cdx(`[{"name":"` + strings.Repeat("a", n) + `"}]`) }},
		"a name behind escape": {MaxText, func(n int) string { return cdx(`[{"name":"\n` + strings.Repeat("a", n-1) + `"}]`) }},
		"a type":               {MaxText, func(n int) string { return cdx(`[{"type":"` + strings.Repeat("a", n) + `"}]`) }},
		"a name in XML":        {MaxText, func(n int) string { return xml(`<component><name>` + strings.Repeat("a", n) + `</name></component>`) }},
		"a name in pieces": {MaxText, func(n int) string {
			return xml(`<component><name>a<!-- -->` + strings.Repeat("a", n-1) + `</name></component>`)
		}},
		"a number": {1000, func(n int) string { return `{"x":` + strings.Repeat("1", n) + "," + cdx("[]")[1:] }},
		"arrays": {MaxDepth - 1, func(n int) string {
			return cdx("[]")[:1] + `"x":` + strings.Repeat("[", n) + strings.Repeat("]", n) + "," + cdx("[]")[1:]
		}},
		"objects": {MaxDepth - 1, func(n int) string {
			return `{"x":` + strings.Repeat(`{"a":`, n) + "0" + strings.Repeat("}", n) + "," + cdx("[]")[1:]
		}},
		"elements": {MaxDepth - 2, func(n int) string { return xml(strings.Repeat("<a>", n) + strings.Repeat("</a>", n)) }},
		"lists in turn": {MaxDepth, func(n int) string {
			return cdx("[" + strings.Repeat("[],", n) + "[]]")[:1] + `"x":[` + strings.Repeat("[],", n) + "[{}]]," + cdx("[]")[1:]
		}},
		"white space":    {64<<10 - 1, func(n int) string { return strings.Repeat(" ", n) + cdx("[]") }},
		"one tag's line": {maxLine, func(n int) string { return "SPDXVersion: SPDX-2.3\nX: " + strings.Repeat("x", n-4) + "\n" }},
	} {
		_, err := Read(strings.NewReader(row.text(row.limit)), "x")
		require.NoError(t, err, name)
		_, err = Read(strings.NewReader(row.text(row.limit+1)), "x")
		if name == "lists in turn" {
			require.NoError(t, err, "%s: one after another is not within one another", name)
			continue
		}
		if name == "one tag's line" { // it is looked at when a piece of it has been read
			_, err = Read(strings.NewReader(row.text(row.limit+64<<10+1)), "x")
		}
		require.Error(t, err, name)
	}
	inv := mustRead(t, "SPDXVersion: SPDX-2.3\nPackageName: "+strings.Repeat("n", MaxText)+"cut\n")
	require.Equal(t, strings.Repeat("n", MaxText), inv.Unreadable[0].Package)

	limited := &sizeLimit{r: strings.NewReader("1234"), left: 4}
	all, err := io.ReadAll(limited)
	require.NoError(t, err)
	require.Equal(t, "1234", string(all))
	c := newCollector()
	c.seen = MaxComponents - 1
	require.NoError(t, c.add(&component{}))
	m := component{name: "x"}
	for range reach.MaxFrames {
		require.NoError(t, m.called(reach.Frame{}))
	}
	require.Error(t, m.called(reach.Frame{}))
}

func TestTokenLimit(t *testing.T) {
	var text bytes.Buffer
	fmt.Fprintf(&text, `<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><x>%s</x></bom>`, strings.Repeat("x", maxXMLText-2))
	_, err := Read(&text, "x")
	require.NoError(t, err)
}
