package sbom

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/reach"
)

// What a member takes beside a value of its own kind.
const (
	kept    = "a string, null or a number's literal"
	word    = "a string, and anything else is none"
	list    = "an array or null"
	object  = "an object, and anything else is none"
	needed  = "an object"
	either  = "an object or null"
	topList = "an array or null, judged at the end"
	topNode = "an object or null, judged at the end"
)

// members has every member that is read: a document with VALUE in its place, and a value.
var members = []struct{ takes, document, key, good string }{
	{word, `{"bomFormat":"CycloneDX","specVersion":"1.6","serialNumber":VALUE,"components":[{"bom-ref":"r","name":"n","purl":"pkg:npm/n@1"}]}`, "serialNumber", `"urn:uuid:a"`},
	{topNode, cdxDocument(`"metadata":VALUE`), "metadata", `{"component":{"name":"n"}}`},
	{either, cdxDocument(`"metadata":{"component":VALUE}`), "component", `{"name":"n"}`},
	{topList, cdxDocument(`"components":VALUE`), "components", `[{"name":"n"}]`},
	{topList, cdxDocument(`"components":[{"bom-ref":"a","name":"a","version":"1"},{"bom-ref":"r","purl":"pkg:npm/n@1"}],"dependencies":VALUE`), "dependencies", `[{"ref":"a","dependsOn":["r"]},{"ref":"r"}]`},
	{needed, cdxDocument(`"components":[VALUE]`), "", ``},
	{kept, cdxComponent(`"bom-ref":VALUE,"purl":"pkg:npm/n@1"`), "bom-ref", `"r"`},
	{word, cdxComponent(`"type":VALUE,"name":"n"`), "type", `"file"`},
	{kept, cdxComponent(`"group":VALUE,"name":"n","version":"1","properties":[{"name":"syft:package:type","value":"npm"}]`), "group", `"@g"`},
	{kept, cdxComponent(`"name":VALUE`), "name", `"n"`},
	{kept, cdxComponent(`"purl":"pkg:npm/n","version":VALUE`), "version", `"1"`},
	{kept, cdxComponent(`"name":"n","cpe":VALUE`), "cpe", `"cpe:2.3:a"`},
	{kept, cdxComponent(`"name":"n","purl":VALUE`), "purl", `"pkg:npm/n@1"`},
	{kept, cdxComponent(`"name":"n","bom-ref":"pkg","purl":VALUE`), "purl", `"pkg:npm/n@1"`},
	{list, cdxComponent(`"name":"n","version":"1","properties":VALUE`), "properties", `[{"name":"syft:package:type","value":"npm"}]`},
	{needed, cdxComponent(`"name":"n","properties":[VALUE]`), "", ``},
	{word, cdxComponent(`"name":"n","version":"1","properties":[{"name":VALUE,"value":"npm"}]`), "name", `"syft:package:type"`},
	{word, cdxComponent(`"name":"n","version":"1","properties":[{"name":"syft:package:type","value":VALUE}]`), "value", `"npm"`},
	{word, cdxComponent(`"name":"n","version":"1","properties":[{"value":VALUE,"name":"syft:package:type"}]`), "value", `"npm"`},
	{list, cdxComponent(`"name":"n","components":VALUE`), "components", `[{"name":"m"}]`},
	{object, cdxComponent(`"name":"n","purl":"pkg:npm/n@1","evidence":VALUE`), "evidence", `{"occurrences":[{"location":"l"}]}`},
	{list, cdxComponent(`"name":"n","purl":"pkg:npm/n@1","evidence":{"occurrences":VALUE}`), "occurrences", `[{"location":"l"}]`},
	{needed, cdxComponent(`"name":"n","evidence":{"occurrences":[VALUE]}`), "", ``},
	{kept, cdxComponent(`"name":"n","purl":"pkg:npm/n@1","evidence":{"occurrences":[{"location":VALUE}]}`), "location", `"l"`},
	{word, cdxComponent(`"name":"n","purl":"pkg:npm/n@1","evidence":{"occurrences":[{"symbol":VALUE}]}`), "symbol", `"s"`},
	{object, cdxComponent(`"name":"n","purl":"pkg:npm/n@1","evidence":{"callstack":VALUE}`), "callstack", `{"frames":[{"function":"f"}]}`},
	{list, cdxComponent(`"name":"n","purl":"pkg:npm/n@1","evidence":{"callstack":{"frames":VALUE}}`), "frames", `[{"function":"f"}]`},
	{needed, cdxComponent(`"name":"n","evidence":{"callstack":{"frames":[VALUE]}}`), "", ``},
	{word, cdxComponent(`"name":"n","purl":"pkg:npm/n@1","evidence":{"callstack":{"frames":[{"package":VALUE}]}}`), "package", `"p"`},
	{word, cdxComponent(`"name":"n","purl":"pkg:npm/n@1","evidence":{"callstack":{"frames":[{"module":VALUE}]}}`), "module", `"m"`},
	{word, cdxComponent(`"name":"n","purl":"pkg:npm/n@1","evidence":{"callstack":{"frames":[{"function":VALUE}]}}`), "function", `"f"`},
	{needed, cdxDocument(`"dependencies":[VALUE]`), "", ``},
	{kept, cdxDocument(`"components":[{"bom-ref":"a","name":"a","version":"1"},{"bom-ref":"r","purl":"pkg:npm/n@1"}],"dependencies":[{"ref":"r"},{"ref":VALUE,"dependsOn":["r"]}]`), "ref", `"a"`},
	{list, cdxDocument(`"components":[{"bom-ref":"a","name":"a","version":"1"},{"bom-ref":"r","purl":"pkg:npm/n@1"}],"dependencies":[{"ref":"r"},{"ref":"a","dependsOn":VALUE}]`), "dependsOn", `["r"]`},

	{word, `{"spdxVersion":"SPDX-2.3","name":VALUE}`, "name", `"d"`},
	{topList, spdxDocument(`"packages":VALUE`), "packages", `[{"name":"n"}]`},
	{topList, spdxDocument(`"packages":[{"SPDXID":"i","name":"n"}],"documentDescribes":VALUE`), "documentDescribes", `["i"]`},
	{topList, spdxDocument(`"packages":[{"SPDXID":"i","name":"n"}],"relationships":VALUE`), "relationships", `[{"spdxElementId":"SPDXRef-DOCUMENT","relationshipType":"DESCRIBES","relatedSpdxElement":"i"}]`},
	{needed, spdxDocument(`"packages":[VALUE]`), "", ``},
	{needed, spdxDocument(`"relationships":[VALUE]`), "", ``},
	{kept, spdxPackageWith(`"SPDXID":VALUE,"name":"n","externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:npm/n@1"}]`), "SPDXID", `"r"`},
	{kept, spdxPackageWith(`"name":VALUE`), "name", `"n"`},
	{kept, spdxPackageWith(`"externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:npm/n"}],"versionInfo":VALUE`), "versionInfo", `"1"`},
	{word, spdxPackageWith(`"name":"n","primaryPackagePurpose":VALUE`), "primaryPackagePurpose", `"FILE"`},
	{kept, spdxPackageWith(`"packageFileName":VALUE,"externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:npm/n@1"}]`), "packageFileName", `"f"`},
	{word, spdxPackageWith(`"sourceInfo":VALUE,"externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:deb/debian/n@1?distro=debian-12"}]`), "sourceInfo", `"built package from: s 1"`},
	{list, spdxPackageWith(`"name":"n","externalRefs":VALUE`), "externalRefs", `[{"referenceType":"purl","referenceLocator":"pkg:npm/n@1"}]`},
	{needed, spdxPackageWith(`"name":"n","externalRefs":[VALUE]`), "", ``},
	{word, spdxPackageWith(`"name":"n","externalRefs":[{"referenceType":VALUE,"referenceLocator":"pkg:npm/n@1"}]`), "referenceType", `"purl"`},
	{kept, spdxPackageWith(`"name":"n","externalRefs":[{"referenceType":"purl","referenceLocator":VALUE}]`), "referenceLocator", `"pkg:npm/n@1"`},
	{word, spdxRelation(`"spdxElementId":VALUE,"relationshipType":"DESCRIBES","relatedSpdxElement":"i"`), "spdxElementId", `"SPDXRef-DOCUMENT"`},
	{word, spdxRelation(`"spdxElementId":"SPDXRef-DOCUMENT","relationshipType":VALUE,"relatedSpdxElement":"i"`), "relationshipType", `"DESCRIBES"`},
	{kept, spdxRelation(`"spdxElementId":"SPDXRef-DOCUMENT","relationshipType":"DESCRIBES","relatedSpdxElement":VALUE`), "relatedSpdxElement", `"i"`},
}

func cdxDocument(rest string) string {
	return `{"bomFormat":"CycloneDX","specVersion":"1.6","serialNumber":"urn:uuid:a",` + rest + `}`
}

func cdxComponent(rest string) string    { return cdxDocument(`"components":[{` + rest + `}]`) }
func spdxDocument(rest string) string    { return `{"spdxVersion":"SPDX-2.3",` + rest + `}` }
func spdxPackageWith(rest string) string { return spdxDocument(`"packages":[{` + rest + `}]`) }

func spdxRelation(rest string) string {
	return spdxDocument(`"packages":[{"SPDXID":"i","name":"n"}],"relationships":[{` + rest + `}]`)
}

// content is what an inventory says, whatever the text it was read from.
func content(inv scanner.Inventory) string {
	text := inv.Target.Name + "\n" + strings.Join(brief(inv), "\n")
	for _, p := range inv.Packages {
		text += fmt.Sprintf("\n%s %q %+v", p.Place.Link(), p.Place.Containers(), p.Evidence)
	}
	return text
}

// A member is read, an unknown one in its place is not, and a value of another kind is
// nothing or an error, as the member has it.
func TestEveryMember(t *testing.T) {
	others := map[string]string{"null": "null", "number": "-7", "text": `"text"`, "bool": "true", "object": `{"a":[7]}`, "array": `[7]`}
	for _, m := range members {
		read := func(value string) (string, error) {
			inv, err := Read(strings.NewReader(strings.ReplaceAll(m.document, "VALUE", value)), "x")
			return content(inv), err
		}
		absent := ""
		if m.good != "" {
			inv, err := Read(strings.NewReader(strings.NewReplacer(`"`+m.key+`":VALUE`, `"x-`+m.key+`":`+m.good).Replace(m.document)), "x")
			require.NoError(t, err, m.document)
			absent = content(inv)
			got, err := read(m.good)
			require.NoError(t, err)
			require.NotEqual(t, absent, got, "%s is read", m.document)
		}
		for kind, value := range others {
			got, err := read(value)
			at := fmt.Sprintf("%s: %s of %s", m.document, m.key, value)
			switch refused := refuses(m.takes, kind); {
			case refused != "":
				require.ErrorContains(t, err, refused, at)
				require.Empty(t, strings.TrimSpace(got), at)
			case takesIt(m.takes, kind):
			case err != nil:
				require.NoError(t, err, at)
			default:
				require.Equal(t, absent, got, at)
			}
		}
		for _, broken := range []string{`nil`, `"\x"`, `{"x":[1,{"y":nil}]}`, `[1,{"y":nil}]`, `01`} {
			_, err := read(broken)
			require.Error(t, err, "%s: %s", m.document, broken)
		}
		if m.takes == kept || m.takes == word {
			_, err := read(`"` + strings.Repeat("x", MaxText+1) + `"`)
			require.ErrorContains(t, err, "a string that names something is longer than 65536 bytes", m.document)
		}
	}
}

// refuses is what the error says, "" where there is none.
func refuses(takes, kind string) string {
	begins := map[string]string{"null": "'n'", "number": "'-'", "text": `'"'`, "bool": "'t'", "object": "'{'", "array": "'['"}[kind]
	switch {
	case takes == kept && kind != "text" && kind != "null" && kind != "number":
		return "a string belongs here, not what begins with " + begins
	case takes == list && kind != "array" && kind != "null":
		return "an array belongs here, not what begins with " + begins
	case takes == topList && kind != "array" && kind != "null":
		return " is to be an array, not what begins with " + begins
	case takes == topNode && kind != "object" && kind != "null":
		return " is to be an object, not what begins with " + begins
	case takes == needed && kind != "object", takes == either && kind != "object" && kind != "null":
		return "an object belongs here, not what begins with " + begins
	}
	return ""
}

// takesIt says whether the kind is the member's own, whose values other tests have.
func takesIt(takes, kind string) bool {
	switch takes {
	case kept:
		return kind == "text" || kind == "number"
	case word:
		return kind == "text"
	case list, topList:
		return kind == "array"
	}
	return kind == "object"
}

// A format's key with another's value does not matter where the document is of the other
// format, wherever it says so.
func TestMisfitOfTheOtherFormat(t *testing.T) {
	for _, text := range []string{
		`{"packages":{"a":1},"relationships":7,"documentDescribes":"x","bomFormat":"CycloneDX","specVersion":"1.6"}`,
		`{"metadata":{"component":null},"components":{},"dependencies":"x","spdxVersion":"SPDX-2.3"}`,
		`{"metadata":"x","spdxVersion":"SPDX-2.3"}`,
	} {
		mustRead(t, text)
	}
}

// Of the document's version in CycloneDX, a number is read and anything else is none.
func TestLinkVersion(t *testing.T) {
	for value, want := range map[string]string{
		`2`: "2", `0`: "0", `9`: "9", `"3"`: "1", `null`: "1", `-1`: "1", `[4]`: "1", `{"a":4}`: "1",
	} {
		inv := mustRead(t, cdxDocument(`"components":[{"bom-ref":"r","purl":"pkg:npm/n@1"}],"version":`+value))
		require.Equal(t, "urn:cdx:a/"+want+"#r", inv.Packages[0].Place.Link(), value)
	}
	for _, value := range []string{"01", "9x", ":", "/", ""} {
		_, err := Read(strings.NewReader(cdxDocument(`"version":`+value)), "x")
		require.Error(t, err, value)
	}
	require.Equal(t, "urn:cdx:ab/1", bomLink("URN:UUID:AB", ""))
	require.Empty(t, bomLink("ab", "2"))
	require.Empty(t, bomLink("", "2"))
}

func TestFormatVersions(t *testing.T) {
	for version, want := range map[string]string{
		"1.0": "", "1.7": "", "1.8": "newer", "1.10": "newer", "1.07": "",
		"": "1.2 to 1.7", "1": "1.2 to 1.7", "1.": "1.2 to 1.7", "1.x": "1.2 to 1.7", "1.-1": "1.2 to 1.7", "2.4": "1.2 to 1.7", "1.5.1": "1.2 to 1.7", "11.5": "1.2 to 1.7",
	} {
		for _, text := range []string{
			fmt.Sprintf(`{"bomFormat":"CycloneDX","specVersion":%q}`, version),
			fmt.Sprintf(`<bom xmlns="http://cyclonedx.org/schema/bom/%s"/>`, version),
		} {
			inv, err := Read(strings.NewReader(text), "x")
			if want != "" && want != "newer" {
				require.ErrorContains(t, err, want, version)
				require.ErrorContains(t, err, fmt.Sprintf("specVersion is %q", version))
				continue
			}
			require.NoError(t, err)
			require.Equal(t, want == "newer", len(inv.Unreadable) == 1, version)
			if want == "newer" {
				require.Equal(t, "CycloneDX "+version, inv.Unreadable[0].Package)
			}
		}
	}
	for version, ok := range map[string]bool{"SPDX-2.0": true, "SPDX-2.3": true, "SPDX-3.0": false, "SPDX-2": false, "2.3": false, "spdx-2.3": false} {
		for _, text := range []string{fmt.Sprintf(`{"spdxVersion":%q}`, version), "SPDXVersion: " + version} {
			_, err := Read(strings.NewReader(text), "x")
			require.Equal(t, ok, err == nil, version)
			if !ok {
				require.ErrorContains(t, err, fmt.Sprintf("SPDX version is %q", version))
			}
		}
	}
}

// Generators' properties by name, on an apk package of a known release.
func TestProperties(t *testing.T) {
	for _, row := range []struct {
		properties [][2]string
		want       string
	}{
		{nil, "Alpine:v3.19 n 1 []"},
		{[][2]string{{"syft:metadata:originPackage", "o"}}, "Alpine:v3.19 o 1 []"},
		{[][2]string{{"syft:metadata:source", "s"}}, "Alpine:v3.19 s 1 []"},
		{[][2]string{{"aquasecurity:trivy:SrcName", "s"}, {"syft:metadata:originPackage", "o"}}, "Alpine:v3.19 s 1 []"},
		{[][2]string{{"aquasecurity:trivy:SrcName", "s"}, {"aquasecurity:trivy:SrcName", "last"}}, "Alpine:v3.19 last 1 []"},
		{[][2]string{{"aquasecurity:trivy:FilePath", "/f"}}, "Alpine:v3.19 n 1 [/f]"},
		{[][2]string{{"syft:location:0:path", "/f"}, {"syft:location:1:path", "/g"}}, "Alpine:v3.19 n 1 [/f]"},
		{[][2]string{{"aquasecurity:trivy:PkgType", "npm"}, {"other", "x"}, {"", "y"}}, "Alpine:v3.19 n 1 []"},
	} {
		var asJSON []string
		asXML := ""
		for _, p := range row.properties {
			asJSON = append(asJSON, fmt.Sprintf(`{"name":%q,"value":%q}`, p[0], p[1]))
			asXML += fmt.Sprintf(`<property name="%s">%s</property>`, p[0], p[1])
		}
		const purl = "pkg:apk/alpine/n@1?distro=3.19"
		require.Equal(t, []string{row.want}, brief(mustRead(t, cdxComponent(`"purl":"`+purl+`","properties":[`+strings.Join(asJSON, ",")+`]`))))
		require.Equal(t, []string{row.want}, brief(mustRead(t, xmlDocument(`<components><component><purl>`+purl+`</purl><properties>`+asXML+`</properties></component></components>`))))
	}
	for _, name := range []string{"aquasecurity:trivy:PkgType", "syft:package:type"} {
		require.Equal(t, []string{"npm n 1 []"}, brief(mustRead(t, cdxComponent(`"name":"n","version":"1","properties":[{"name":"`+name+`","value":"npm"}]`))), name)
	}
}

func TestSourcePackage(t *testing.T) {
	for _, row := range []struct {
		p             properties
		name, version string
	}{
		{properties{}, "", ""},
		{properties{origin: "o", sourceVersion: "1"}, "o", ""},
		{properties{source: "s", origin: "o"}, "s", ""},
		{properties{source: "s", sourceRelease: "2", sourceEpoch: "3"}, "s", ""},
		{properties{source: "s", sourceVersion: "1"}, "s", "1"},
		{properties{source: "s", sourceVersion: "1", sourceRelease: "2"}, "s", "1-2"},
		{properties{source: "s", sourceVersion: "1", sourceEpoch: "3"}, "s", "3:1"},
		{properties{source: "s", sourceVersion: "1", sourceEpoch: "0", sourceRelease: "2"}, "s", "1-2"},
	} {
		got := row.p.sourcePackage()
		require.Equal(t, [2]string{row.name, row.version}, [2]string{got.Name, got.Version}, "%+v", row.p)
	}
	for _, name := range []string{"SrcName", "SrcVersion", "SrcRelease", "SrcEpoch"} {
		var p properties
		require.NotNil(t, p.field([]byte("aquasecurity:trivy:"+name)))
	}
	var p properties
	require.Equal(t, &p.sourceVersion, p.field([]byte("syft:metadata:sourceVersion")))
	require.Nil(t, p.field([]byte("syft:metadata:other")))
}

func xmlDocument(inner string) string {
	return `<bom xmlns="http://cyclonedx.org/schema/bom/1.6" xmlns:e="https://example.com/e" serialNumber="urn:uuid:a">` + inner + `</bom>`
}

// Each element and attribute is read, and one of another name or namespace in its place is
// not.
func TestEveryElement(t *testing.T) {
	components := func(inner string) string { return xmlDocument("<components>" + inner + "</components>") }
	const two = `<components><component bom-ref="a"><name>a</name><version>1</version></component><component bom-ref="r"><purl>pkg:npm/n@1</purl></component></components>`
	for _, row := range [][2]string{
		{xmlDocument(`<metadata><component><name>n</name></component></metadata>`), "metadata"},
		{xmlDocument(`<metadata><component><name>n</name></component></metadata>`), "component"},
		{components(`<component><name>n</name></component>`), "components"},
		{components(`<component><name>n</name></component>`), "component"},
		{components(`<component><name>n</name></component>`), "name"},
		{components(`<component bom-ref="r"><purl>pkg:npm/n@1</purl></component>`), " bom-ref"},
		{components(`<component type="file"><name>n</name></component>`), " type"},
		{components(`<component><group>@g</group><name>n</name><version>1</version><properties><property name="syft:package:type">npm</property></properties></component>`), "group"},
		{components(`<component><group>@g</group><name>n</name><version>1</version><properties><property name="syft:package:type">npm</property></properties></component>`), "properties"},
		{components(`<component><group>@g</group><name>n</name><version>1</version><properties><property name="syft:package:type">npm</property></properties></component>`), "property"},
		{components(`<component><group>@g</group><name>n</name><version>1</version><properties><property name="syft:package:type">npm</property></properties></component>`), " name"},
		{components(`<component><version>1</version><purl>pkg:npm/n</purl></component>`), "version"},
		{components(`<component><name>n</name><cpe>c</cpe></component>`), "cpe"},
		{components(`<component><name>n</name><purl>pkg:npm/n@1</purl></component>`), "purl"},
		{components(`<component><purl>pkg:npm/n@1</purl><evidence><occurrences><occurrence><location>l</location></occurrence></occurrences></evidence></component>`), "evidence"},
		{components(`<component><purl>pkg:npm/n@1</purl><evidence><occurrences><occurrence><location>l</location></occurrence></occurrences></evidence></component>`), "occurrences"},
		{components(`<component><purl>pkg:npm/n@1</purl><evidence><occurrences><occurrence><location>l</location></occurrence></occurrences></evidence></component>`), "occurrence"},
		{components(`<component><purl>pkg:npm/n@1</purl><evidence><occurrences><occurrence><location>l</location></occurrence></occurrences></evidence></component>`), "location"},
		{components(`<component><purl>pkg:npm/n@1</purl><evidence><occurrences><occurrence><symbol>s</symbol></occurrence></occurrences></evidence></component>`), "symbol"},
		{components(`<component><purl>pkg:npm/n@1</purl><evidence><occurrences><occurrence symbol="s"/></occurrences></evidence></component>`), " symbol"},
		{components(`<component><purl>pkg:npm/n@1</purl><evidence><callstack><frames><frame><package>p</package></frame></frames></callstack></evidence></component>`), "callstack"},
		{components(`<component><purl>pkg:npm/n@1</purl><evidence><callstack><frames><frame><package>p</package></frame></frames></callstack></evidence></component>`), "frames"},
		{components(`<component><purl>pkg:npm/n@1</purl><evidence><callstack><frames><frame><package>p</package></frame></frames></callstack></evidence></component>`), "frame"},
		{components(`<component><purl>pkg:npm/n@1</purl><evidence><callstack><frames><frame><package>p</package></frame></frames></callstack></evidence></component>`), "package"},
		{components(`<component><purl>pkg:npm/n@1</purl><evidence><callstack><frames><frame><module>m</module></frame></frames></callstack></evidence></component>`), "module"},
		{components(`<component><purl>pkg:npm/n@1</purl><evidence><callstack><frames><frame><function>f</function></frame></frames></callstack></evidence></component>`), "function"},
		{xmlDocument(two + `<dependencies><dependency ref="a"><dependency ref="r"/></dependency><dependency ref="r"/></dependencies>`), "dependencies"},
		{xmlDocument(two + `<dependencies><dependency ref="a"><dependency ref="r"/></dependency><dependency ref="r"/></dependencies>`), " ref"},
		{xmlDocument(two + `<dependencies><dependency ref="r"/><dependency ref="a"><dependency ref="r"/></dependency></dependencies>`), "dependency"},
		{components(`<component bom-ref="r"><purl>pkg:npm/n@1</purl></component>`), " serialNumber"},
	} {
		text, name := row[0], row[1]
		want := content(mustRead(t, text))
		if attribute, ok := strings.CutPrefix(name, " "); ok {
			require.NotEqual(t, want, content(mustRead(t, strings.ReplaceAll(text, name+"=", " x="))), text)
			require.NotEqual(t, want, content(mustRead(t, strings.ReplaceAll(text, name+"=", " e:"+attribute+"="))), text)
			continue
		}
		for _, other := range []string{"x", "e:" + name} {
			renamed := strings.NewReplacer("<"+name+">", "<"+other+">", "<"+name+" ", "<"+other+" ", "</"+name+">", "</"+other+">").Replace(text)
			require.NotEqual(t, want, content(mustRead(t, renamed)), "%s: %s", name, renamed)
		}
		for _, between := range []string{"<x>y<z/></x>", "<e:" + name + ">y</e:" + name + ">", "<!-- c -->", "<?p i?>"} {
			longer := strings.ReplaceAll(text, "</"+name+">", between+"</"+name+">")
			require.Equal(t, want, content(mustRead(t, longer)), longer)
		}
		_, err := Read(strings.NewReader(strings.ReplaceAll(text, "</"+name+">", "<x>&y;</x></"+name+">")), "x")
		require.ErrorContains(t, err, "invalid character entity &y;", text)
	}
}

// A limit or a double that is met deep within is the document's error.
func TestErrorsWithinXML(t *testing.T) {
	long := strings.Repeat("x", MaxText+1)
	within := func(component string) string {
		return xmlDocument(`<components><component><components><component>` + component + `</component></components></component></components>`)
	}
	for _, path := range []string{
		"group", "name", "version", "cpe", "purl", `properties/property name="syft:package:type"`,
		"evidence/occurrences/occurrence/location", "evidence/occurrences/occurrence/symbol",
		"evidence/callstack/frames/frame/package", "evidence/callstack/frames/frame/module", "evidence/callstack/frames/frame/function",
	} {
		text := long
		steps := strings.Split(path, "/")
		for i := range steps {
			step := steps[len(steps)-1-i]
			name, _, _ := strings.Cut(step, " ")
			text = "<" + step + ">" + text + "</" + name + ">"
		}
		for _, document := range []string{within(text), xmlDocument("<metadata><component>" + text + "</component></metadata>")} {
			_, err := Read(strings.NewReader(document), "x")
			require.ErrorContains(t, err, "a string that names something is longer than 65536 bytes", path)
		}
	}
	deep := strings.Repeat("<e:a>", MaxDepth)
	for _, around := range []string{"name", "purl", "properties", "evidence", "x", "components"} {
		_, err := Read(strings.NewReader(within("<"+around+">"+deep)), "x")
		require.ErrorContains(t, err, "nested more than 1000 deep", around)
	}
	frames := `<evidence><callstack><frames>` + strings.Repeat("<frame/>", reach.MaxFrames+1) + `</frames></callstack></evidence>`
	_, err := Read(strings.NewReader(within(frames)), "x")
	require.ErrorContains(t, err, "has more than 10000 frames")
	for _, twice := range []string{
		within(`<components><component bom-ref="r"/><component bom-ref="r"/></components>`),
		xmlDocument(`<metadata><component bom-ref="r"><components><component bom-ref="r"/></components></component></metadata>`),
		xmlDocument(`<metadata><component bom-ref="r"/></metadata><components><component><components><component bom-ref="r"/></components></component></components>`),
	} {
		_, err := Read(strings.NewReader(twice), "x")
		require.ErrorContains(t, err, `two components have the bom-ref or SPDXID "r"`, twice)
	}
}

// Each tag is read, and one of another name in its place is not.
func TestEveryTag(t *testing.T) {
	const head = "SPDXVersion: SPDX-2.3\n"
	for _, row := range [][2]string{
		{head + "DocumentName: d\n", "DocumentName"},
		{head + "PackageName: n\n", "PackageName"},
		{head + "PackageName: n\nSPDXID: i\nExternalRef: PACKAGE-MANAGER purl pkg:npm/n@1\n", "SPDXID"},
		{head + "PackageName: n\nPackageVersion: 1\nExternalRef: PACKAGE-MANAGER purl pkg:npm/n\n", "PackageVersion"},
		{head + "PackageName: n\nPackageVersion: 1\nExternalRef: PACKAGE-MANAGER purl pkg:npm/n\n", "ExternalRef"},
		{head + "PackageName: n\nPrimaryPackagePurpose: FILE\n", "PrimaryPackagePurpose"},
		{head + "PackageName: n\nPackageFileName: f\nExternalRef: PACKAGE-MANAGER purl pkg:npm/n@1\n", "PackageFileName"},
		{head + "PackageName: n\nPackageSourceInfo: built package from: s 1\nExternalRef: PACKAGE-MANAGER purl pkg:deb/debian/n@1?distro=debian-12\n", "PackageSourceInfo"},
		{head + "PackageName: n\nSPDXID: i\nRelationship: SPDXRef-DOCUMENT DESCRIBES i\n", "Relationship"},
		{head + "PackageName: n\nExternalRef: PACKAGE-MANAGER purl pkg:npm/n@1\nFileName: f\nSPDXID: i\n", "FileName"},
		{head + "PackageName: n\nExternalRef: PACKAGE-MANAGER purl pkg:npm/n@1\nSnippetSPDXID: f\nSPDXID: i\n", "SnippetSPDXID"},
		{head + "PackageName: n\nExternalRef: PACKAGE-MANAGER purl pkg:npm/n@1\nLicenseID: f\nSPDXID: i\n", "LicenseID"},
	} {
		text, tag := row[0], row[1]
		want := content(mustRead(t, text))
		require.NotEqual(t, want, content(mustRead(t, strings.ReplaceAll(text, tag+":", "X"+tag+":"))), text)
		for _, same := range []string{
			strings.ReplaceAll(text, "\n", "\r\n"),
			strings.ReplaceAll(text, "\n", "\n\n# PackageName: c\n \t\n"),
			strings.ReplaceAll(text, tag+": ", " "+tag+":\t "),
			strings.TrimRight(text, "\n"),
			strings.ReplaceAll(text, "\nPackageName", "\nPackageComment: <text>PackageName: c\nSPDXID: c</text>\nPackageName"),
			strings.ReplaceAll(text, "PackageName: n", "PackageName: <text> n\n</text> rest"),
		} {
			require.Equal(t, want, content(mustRead(t, same)), same)
		}
	}
	for _, ignored := range []string{"ExternalRef: PACKAGE-MANAGER purl\n", "ExternalRef: x\n", "ExternalRef:\n", "Relationship: SPDXRef-DOCUMENT DESCRIBES\n", "Relationship:\n", "# x\n", "X:\n"} {
		require.Equal(t, []string{"unreadable n: " + noPURL}, brief(mustRead(t, head+"PackageName: n\n"+ignored)), ignored)
	}
	for _, tag := range []string{"a b", "a\tb", "a<b", "a>b", `a"b`, "a{b", "a}b", "a[b", "a]b", "a\xff", "a"} {
		line := tag + ": x"
		if tag == "a" {
			line = tag
		}
		_, err := Read(strings.NewReader(head+line+"\nX: y\n"), "x")
		require.ErrorContains(t, err, `is no line of the form "Tag: value"`, tag)
		require.NotErrorIs(t, err, ErrNotSBOM)
		_, err = Read(strings.NewReader(line+"\nX: y\n"), "x")
		require.ErrorIs(t, err, ErrNotSBOM, tag)
	}
	_, err := Read(strings.NewReader("X: <text>\na"), "x")
	require.ErrorIs(t, err, ErrNotSBOM)
	require.ErrorContains(t, err, "the <text> of line 1 does not end")
}

// A value of several lines is the same wherever the edge of what is in memory falls.
func TestLinesOverTheEdge(t *testing.T) {
	const value = "one\ntwo three\nfour"
	for lead := range 48 {
		text := "SPDXVersion: SPDX-2.3\n#"
		text += strings.Repeat("x", 64<<10-len(text)-48+lead) + "\nPackageName: <text>" + value + "</text>\nX: " + strings.Repeat("y", 64<<10)
		for _, in := range []io.Reader{strings.NewReader(text), iotest.HalfReader(strings.NewReader(text)), iotest.OneByteReader(strings.NewReader(text))} {
			inv, err := Read(in, "x")
			require.NoError(t, err)
			require.Equal(t, value, inv.Unreadable[0].Package, lead)
		}
	}
}
