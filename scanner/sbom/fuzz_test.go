package sbom

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var seeds = []string{
	`{"bomFormat":"CycloneDX","specVersion":"1.5","metadata":{"component":{"name":"a","version":"1"}},"components":[{"type":"application","name":"b","components":[{"bom-ref":"r","purl":"pkg:npm/a@1"}]}]}`,
	`{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"type":"operating-system","name":"debian","version":"12"},{"purl":"pkg:deb/debian/a@1?upstream=b"}]}`,
	`{"spdxVersion":"SPDX-2.3","name":"d","packages":[{"SPDXID":"a","name":"a","versionInfo":"1","externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:npm/a@1"}]}],"documentDescribes":["a"]}`,
	`<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components><component type="library" bom-ref="r"><name>a</name><purl>pkg:npm/a@1</purl></component></components></bom>`,
	"SPDXVersion: SPDX-2.3\nPackageName: a\nSPDXID: b\nPackageVersion: 1\nPackageComment: <text>x\ny</text>\nExternalRef: PACKAGE-MANAGER purl pkg:npm/a@1\n",
	placesJSON, placesXML,
	"\xff\xfe{\x00}\x00", "{}", "[]", "", "<", "x: y\n", `{"a":[1e5,-0.1,true,null,"\ud83d\ude00\ud800"]}`,
}

// fuzzRead holds what is accepted to the promises of [Read].
func fuzzRead(t *testing.T, text string) {
	inv, err := Read(strings.NewReader(text), "x")
	if err != nil {
		require.Zero(t, inv)
		return
	}
	for _, p := range inv.Packages {
		require.NotEmpty(t, p.Name)
		require.NotEmpty(t, p.Ecosystem)
	}
	for _, u := range inv.Unreadable {
		require.NotEmpty(t, u.Package)
		require.NotEmpty(t, u.Reason)
	}
	require.NotEmpty(t, inv.Target.Kind)
	again, err := Read(strings.NewReader(text), "x")
	require.NoError(t, err)
	require.Equal(t, inv, again)
	for _, p := range inv.Packages {
		require.NotContains(t, p.Place.Containers(), "")
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range seeds {
		f.Add(seed)
	}
	f.Fuzz(fuzzRead)
}

// parts are what the lists of the two JSON formats may hold.
var parts = []string{
	`{"bom-ref":"r","type":"library","group":"g","name":"n","version":"1","purl":"pkg:maven/n","cpe":"c","properties":[{"value":"v","name":"syft:package:type"}],"evidence":{"occurrences":[{"location":"l"}]},"components":[{"purl":"pkg:npm/a@1"}]}`,
	`{"type":"operating-system","name":"debian","version":"12"},{"purl":"pkg:deb/debian/a@1"}`,
	`{"SPDXID":"SPDXRef-OperatingSystem-1","name":"alpine","versionInfo":"3.19","primaryPackagePurpose":"OPERATING_SYSTEM"}`,
	`{"SPDXID":"r","name":"n","versionInfo":"NONE","packageFileName":"f","sourceInfo":"built package from: s 1","externalRefs":[{"referenceType":"http://spdx.org/rdf/references/purl","referenceLocator":"pkg:npm/a@1"},{"referenceLocator":"c","referenceType":"cpe23Type"}]}`,
	`null`, `{}`, `[]`, `{"name":1e5,"name":null}`, ``,
}

func FuzzCycloneDXJSON(f *testing.F) {
	for _, part := range parts {
		f.Add(part)
	}
	f.Fuzz(func(t *testing.T, components string) {
		fuzzRead(t, `{"bomFormat":"CycloneDX","specVersion":"1.5","components":[`+components+`]}`)
	})
}

func FuzzSPDXJSON(f *testing.F) {
	for _, part := range parts {
		f.Add(part)
	}
	f.Fuzz(func(t *testing.T, packages string) {
		fuzzRead(t, `{"spdxVersion":"SPDX-2.3","documentDescribes":["r"],"packages":[`+packages+`]}`)
	})
}

func FuzzXML(f *testing.F) {
	for _, seed := range seeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, inner string) {
		fuzzRead(t, `<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components>`+inner+`</components></bom>`)
	})
}

func FuzzTagValue(f *testing.F) {
	for _, seed := range seeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, rest string) { fuzzRead(t, "SPDXVersion: SPDX-2.3\n"+rest) })
}

// FuzzJSON holds our reader to encoding/json: the same texts are JSON, and a string
// has the same value.
func FuzzJSON(f *testing.F) {
	for _, seed := range seeds {
		f.Add(seed)
	}
	f.Fuzz(likeEncodingJSON)
}

func likeEncodingJSON(t *testing.T, text string) {
	j := newJSONReader(strings.NewReader(text))
	err := j.skip()
	if err == nil {
		err = j.end()
	}
	if err != nil && strings.Contains(err.Error(), "nested more than") || strings.Contains(text, strings.Repeat("0", 900)) {
		return // our limits
	}
	require.Equal(t, json.Valid([]byte(text)), err == nil, "%q: %v", text, err)
	var theirs any
	if err != nil || json.Unmarshal([]byte(text), &theirs) != nil {
		return
	}
	if theirs, ok := theirs.(string); ok {
		var ours string
		require.NoError(t, newJSONReader(strings.NewReader(text)).string(&ours))
		require.Equal(t, theirs, ours, text)
	}
}
