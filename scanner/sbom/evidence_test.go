package sbom

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/reach"
)

// The same document as JSON and as XML.
const (
	placesJSON = `{"bomFormat":"CycloneDX","specVersion":"1.6","serialNumber":"urn:uuid:3E671687-395B-41F5-A30F-A58921A69B79","version":2,
		"dependencies":[{"dependsOn":["b","n"],"ref":"image"},{"ref":"b","dependsOn":["lib"]},{"ref":"lib"},{"ref":"n"},{"ref":"in","dependsOn":[]}],
		"metadata":{"component":{"type":"container","bom-ref":"image","name":"shop","version":"1","purl":"pkg:oci/shop@sha256%3Aab"}},
		"components":[
			{"bom-ref":"b","type":"application","name":"b","version":"2"},
			{"bom-ref":"n","type":"library","name":"n","version":"1","purl":"pkg:npm/n@1","components":[{"bom-ref":"in","type":"library","name":"in","version":"1","purl":"pkg:npm/in@1"}]},
			{"bom-ref":"lib","type":"library","name":"lib","version":"1","purl":"pkg:golang/example.com/lib@v1","evidence":{
				"occurrences":[{"location":"/app","symbol":"lib.F"},{"symbol":null}],
				"callstack":{"frames":[{"package":"example.com/app","module":"","function":"main","line":3},{"package":"example.com/lib","module":"T","function":"M"}]}}}]}`
	placesXML = `<bom xmlns="http://cyclonedx.org/schema/bom/1.6" serialNumber="urn:uuid:3E671687-395B-41F5-A30F-A58921A69B79" version="2">
		<metadata><component type="container" bom-ref="image"><name>shop</name><version>1</version><purl>pkg:oci/shop@sha256%3Aab</purl></component></metadata>
		<components>
			<component bom-ref="b" type="application"><name>b</name><version>2</version></component>
			<component bom-ref="n" type="library"><name>n</name><version>1</version><purl>pkg:npm/n@1</purl>
				<components><component bom-ref="in" type="library"><name>in</name><version>1</version><purl>pkg:npm/in@1</purl></component></components></component>
			<component bom-ref="lib" type="library"><name>lib</name><version>1</version><purl>pkg:golang/example.com/lib@v1</purl><evidence>
				<occurrences><occurrence><location>/app</location><symbol>lib.F</symbol></occurrence></occurrences>
				<callstack><frames><frame><package>example.com/app</package><module/><function>main</function><line>3</line></frame>
					<frame><package>example.com/lib</package><module>T</module><function>M</function></frame></frames></callstack></evidence></component>
		</components>
		<dependencies><dependency ref="image"><dependency ref="b"/><dependency ref="n"/></dependency><dependency ref="b"><dependency ref="lib"/></dependency>
			<dependency ref="lib"/><dependency ref="n"/><dependency ref="in"/></dependencies></bom>`
)

func byName(t *testing.T, inv scanner.Inventory, name string) scanner.Package {
	t.Helper()
	for _, p := range inv.Packages {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("no package %q", name)
	return scanner.Package{}
}

func TestPlacesAndEvidence(t *testing.T) {
	const link = "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/2"
	target := []string{"pkg:oci/shop@sha256%3Aab", link + "#image", link}
	for format, text := range map[string]string{"JSON": placesJSON, "XML": placesXML} {
		t.Run(format, func(t *testing.T) {
			inv := mustRead(t, text)
			lib := byName(t, inv, "example.com/lib")
			require.Equal(t, link+"#lib", lib.Place.Link())
			require.Equal(t, append([]string{"b@2", link + "#b"}, target...), lib.Place.Containers())
			require.Equal(t, append([]string{"pkg:npm/n@1", link + "#n"}, target...), byName(t, inv, "in").Place.Containers())
			require.Equal(t, target, byName(t, inv, "n").Place.Containers())
			require.Equal(t, &reach.ComponentEvidence{
				Ecosystem: "Go",
				Callstack: []reach.Frame{{Package: "example.com/app", Function: "main"}, {Package: "example.com/lib", Module: "T", Function: "M"}},
				Symbols:   []string{"lib.F"},
			}, lib.Evidence)
			require.Nil(t, byName(t, inv, "n").Evidence)
		})
	}
	inv := mustRead(t, strings.ReplaceAll(placesXML, `<occurrence><location>/app</location><symbol>lib.F</symbol>`, `<occurrence symbol="lib.F"><location>/app</location>`))
	require.Equal(t, []string{"lib.F"}, byName(t, inv, "example.com/lib").Evidence.Symbols)
	inv = mustRead(t, strings.ReplaceAll(placesJSON, `{"ref":"n"},`, ""))
	require.Equal(t, target, byName(t, inv, "example.com/lib").Place.Containers(), "n may need it")
}

func TestCallStackLimit(t *testing.T) {
	frames := strings.Repeat(`{"function":"f"},`, reach.MaxFrames) + `{"function":"f"}`
	_, err := Read(strings.NewReader(fmt.Sprintf(`{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"name":"x","evidence":{"callstack":{"frames":[%s]}}}]}`, frames)), "a.json")
	require.ErrorContains(t, err, `component "x" has more than 10000 frames`)
}
