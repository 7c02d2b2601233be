package vex

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const notCalled = `"analysis":{"state":"not_affected","justification":"code_not_present"}`

// What a document says of itself, and what of it is refused.
func TestDocument(t *testing.T) {
	for _, row := range []struct {
		name, text string
		author     string
		statements int
		rejected   []string
	}{
		{
			"a rejected statement is no statement",
			openDoc("a", 1, `{"vulnerability":"CVE-1","products":[`+lodash+`],"status":"fixed"}`, statement("CVE-2", lodash, "fixed", "")),
			"a", 1,
			[]string{"vulnerability is not an object with a name"},
		},
		{
			"the first author",
			`{"bomFormat":"CycloneDX","serialNumber":"urn:uuid:1","metadata":{"authors":[{"name":"jo"},{"name":"al"}],"supplier":{"name":"shop"}},
			  "vulnerabilities":[{"id":"CVE-1",` + notCalled + `,"affects":[{"ref":"pkg:npm/a@1"}]}]}`,
			"jo", 1, nil,
		},
		{
			"the supplier",
			`{"bomFormat":"CycloneDX","metadata":{"authors":[{"name":""}],"supplier":{"name":"shop"}},"vulnerabilities":[]}`,
			"shop", 0, nil,
		},
		{
			"affects without a ref",
			`{"bomFormat":"CycloneDX","vulnerabilities":[{"id":"CVE-1",` + notCalled + `,"affects":[{},{"ref":"pkg:npm/a@1"}]}]}`,
			"doc.json", 1,
			[]string{"affects has no ref"},
		},
		{
			"a component of neither purl nor version",
			`{"bomFormat":"CycloneDX","components":[{"bom-ref":"x","name":"a"}],
			  "vulnerabilities":[{"id":"CVE-1",` + notCalled + `,"affects":[{"ref":"x"}]}]}`,
			"doc.json", 0,
			[]string{"without a purl, and without name and version"},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			doc, err := Read(strings.NewReader(row.text), "doc.json")
			require.NoError(t, err)
			require.Equal(t, row.author, doc.Author)
			require.Len(t, doc.Statements, row.statements)
			require.Len(t, doc.Rejected, len(row.rejected))
			for i, want := range row.rejected {
				require.Contains(t, doc.Rejected[i].Reason, want)
			}
		})
	}
}

func TestDocumentIsRefused(t *testing.T) {
	deep := strings.Repeat(`{"components":[`, 2000) + strings.Repeat(`]}`, 2000)
	for text, want := range map[string]string{
		`{"bomFormat":"CycloneDX","vulnerabilities":{}}`:                  "not CycloneDX",
		`{"bomFormat":"CycloneDX","components":[` + deep + `]}`:           "nested",
		`{"bomFormat":"CycloneDX","metadata":{"component":` + deep + `}}`: "nested",
	} {
		_, err := Read(strings.NewReader(text), "doc.json")
		require.ErrorContains(t, err, want)
	}
}

// Ids are compared without their case, each once.
func TestFoldIDs(t *testing.T) {
	require.Equal(t, []string{"CVE-1", "GHSA-A"}, foldIDs([]string{"cve-1", "", "CVE-1", "GHSA-a"}))
}
