package vex

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// cdxSaid is a CycloneDX document with one vulnerability of that analysis.
func cdxSaid(analysis, rest string) string {
	return `{"bomFormat":"CycloneDX","serialNumber":"urn:uuid:1","metadata":{"timestamp":"2024-01-03T00:00:00Z"},"vulnerabilities":[{"id":"CVE-1","analysis":{` + analysis + `},"affects":[{"ref":"pkg:npm/lodash"}]` + rest + `}]}`
}

// Every word that the formats have for a status and a justification, and words that they
// have not.
func TestWords(t *testing.T) {
	for word, want := range map[string]Status{
		"not_affected": NotAffected, "affected": Affected, "fixed": Fixed, "under_investigation": UnderInvestigation, "": "", "Fixed": "", "resolved": "",
	} {
		doc, err := Read(strings.NewReader(openDoc("a", 1, statement("CVE-1", lodash, word, notPresent))), "x")
		require.NoError(t, err)
		require.Equal(t, want != "", len(doc.Statements) == 1, word)
		if want == "" {
			require.Equal(t, []Rejected{{0, "CVE-1", fmt.Sprintf("status %q is none of OpenVEX", word)}}, doc.Rejected)
			continue
		}
		require.Equal(t, want, doc.Statements[0].Status)
	}
	for word, want := range map[string]Status{
		"resolved": Fixed, "resolved_with_pedigree": Fixed, "exploitable": Affected, "in_triage": UnderInvestigation,
		"false_positive": NotAffected, "not_affected": NotAffected, "fixed": "", "Resolved": "",
	} {
		doc, err := Read(strings.NewReader(cdxSaid(`"state":"`+word+`","justification":"code_not_present"`, "")), "x")
		require.NoError(t, err)
		require.Equal(t, want != "", len(doc.Statements) == 1, word)
		if want == "" {
			require.Equal(t, []Rejected{{0, "CVE-1", fmt.Sprintf("analysis state %q is none of CycloneDX", word)}}, doc.Rejected)
			continue
		}
		require.Equal(t, want, doc.Statements[0].Status)
		require.Equal(t, "code_not_present", doc.Statements[0].Justification)
	}
	for _, word := range append(slices.Clone(openVEXJustifications), "code_not_present", "trust me", " ") {
		for _, status := range []string{"not_affected", "affected", "fixed"} {
			doc, err := Read(strings.NewReader(openDoc("a", 1, statement("CVE-1", lodash, status, `,"justification":"`+word+`","impact_statement":"i"`))), "x")
			require.NoError(t, err)
			ok := status != "not_affected" || slices.Contains(openVEXJustifications, word)
			require.Equal(t, ok, len(doc.Statements) == 1, "%s %s", status, word)
			if ok {
				require.Equal(t, word, doc.Statements[0].Justification)
			}
		}
	}
	for _, word := range append(slices.Clone(cdxJustifications), "component_not_present", "trust me") {
		for _, state := range []string{"not_affected", "false_positive", "exploitable"} {
			doc, err := Read(strings.NewReader(cdxSaid(`"state":"`+state+`","justification":"`+word+`"`, "")), "x")
			require.NoError(t, err)
			require.Equal(t, state == "exploitable" || slices.Contains(cdxJustifications, word), len(doc.Statements) == 1, "%s %s", state, word)
		}
	}
}

// What stands for a justification where there is none.
func TestReasons(t *testing.T) {
	for rest, want := range map[string]string{
		`,"impact_statement":"i"`: "i",
		`,"impact_statement":"i","justification":"component_not_present"`: "component_not_present",
		`,"impact_statement":" \t"`:                                       "",
		``:                                                                "",
	} {
		doc, err := Read(strings.NewReader(openDoc("a", 1, statement("CVE-1", lodash, "not_affected", rest))), "x")
		require.NoError(t, err)
		if want == "" {
			require.Contains(t, doc.Rejected[0].Reason, "needs a justification or an impact statement")
			continue
		}
		require.Equal(t, want, doc.Statements[0].Justification)
	}
	for analysis, want := range map[string]string{
		`"state":"not_affected","detail":"d"`:                                    "d",
		`"state":"not_affected","detail":"d","justification":"code_not_present"`: "code_not_present",
		`"state":"false_positive","detail":"d"`:                                  "d",
		`"state":"false_positive"`:                                               "false_positive",
		`"state":"exploitable"`:                                                  "",
	} {
		doc, err := Read(strings.NewReader(cdxSaid(analysis, "")), "x")
		require.NoError(t, err)
		require.Equal(t, want, doc.Statements[0].Justification, analysis)
	}
}

// The time of a statement is the nearest to it that is said.
func TestTimes(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2024, 1, n, 0, 0, 0, 0, time.UTC) }
	for times, want := range map[string]time.Time{
		``:                                      day(3),
		`,"firstIssued":"2024-01-04T00:00:00Z"`: day(4),
		`,"lastUpdated":"2024-01-05T00:00:00Z"`: day(5),
		`,"firstIssued":"2024-01-04T00:00:00Z","lastUpdated":"2024-01-05T00:00:00Z"`: day(5),
	} {
		doc, err := Read(strings.NewReader(cdxSaid(`"state":"resolved"`+times, "")), "x")
		require.NoError(t, err)
		require.Equal(t, want, doc.Statements[0].Time)
	}
	for rest, want := range map[string]time.Time{``: day(9), `,"timestamp":"2024-01-04T00:00:00Z"`: day(4)} {
		doc, err := Read(strings.NewReader(openDoc("a", 9, statement("CVE-1", lodash, "fixed", rest))), "x")
		require.NoError(t, err)
		require.Equal(t, want, doc.Statements[0].Time)
	}
	doc, err := Read(strings.NewReader(cdxSaid(`"state":"resolved","firstIssued":"today"`, "")), "x")
	require.NoError(t, err)
	require.Equal(t, []Rejected{{0, "CVE-1", `timestamp "today" is not of RFC 3339`}}, doc.Rejected)
}

// A statement that is refused is named by its place and its vulnerability, and the others
// remain.
func TestOthersRemain(t *testing.T) {
	bad := statement("CVE-2", "{}", "fixed", "")
	good := statement("CVE-1", lodash, "fixed", "")
	for _, row := range []struct {
		statements []string
		at         []int
	}{
		{[]string{good, good}, nil},
		{[]string{bad, good}, []int{0}},
		{[]string{good, bad, good, bad}, []int{1, 3}},
		{[]string{bad}, []int{0}},
	} {
		doc, err := Read(strings.NewReader(openDoc("a", 1, row.statements...)), "x")
		require.NoError(t, err)
		require.Len(t, doc.Statements, len(row.statements)-len(row.at))
		require.Len(t, doc.Rejected, len(row.at))
		for i, at := range row.at {
			require.Equal(t, Rejected{at, "CVE-2", "a product has no purl and no @id to know it by"}, doc.Rejected[i])
		}
	}
	// So of CycloneDX: vulnerabilities that are no statements take a place, and each of
	// affects stands for itself.
	doc, err := Read(strings.NewReader(`{"bomFormat":"CycloneDX","vulnerabilities":[{"id":"CVE-0","affects":[{"ref":"pkg:npm/a"}]},{"id":"CVE-0","analysis":{}},
		{"id":"CVE-1","references":[{"id":""},{"id":"GHSA-1"}],"analysis":{"state":"resolved"},"affects":[{"ref":"pkg:npm/a"},{"ref":"x"},{"ref":"pkg:npm/b"}]},{"id":"CVE-2","analysis":{"state":"resolved"}}]}`), "x")
	require.NoError(t, err)
	require.Equal(t, []Rejected{{2, "CVE-1", `ref "x" is no component of the document`}, {3, "CVE-2", "affects is empty: it names no product"}}, doc.Rejected)
	require.Len(t, doc.Statements, 2)
	for i, s := range doc.Statements {
		require.Equal(t, []string{"CVE-1", "GHSA-1"}, s.IDs)
		require.Equal(t, []Product{{Identifiers: []string{[]string{"pkg:npm/a", "pkg:npm/b"}[i]}}}, s.Products)
	}
}

// Who speaks, of what is said of it.
func TestAuthor(t *testing.T) {
	for document, want := range map[string][2]string{
		`"serialNumber":"s","metadata":{"authors":[{"name":"a"},{"name":"b"}],"supplier":{"name":"c"}}`: {"s", "a"},
		`"serialNumber":"s","metadata":{"authors":[{"name":""},{"name":"b"}],"supplier":{"name":"c"}}`:  {"s", "c"},
		`"serialNumber":"s","metadata":{"authors":[]}`:                                                  {"s", "s"},
		`"metadata":{"supplier":{"name":"c"}}`:                                                          {"x", "c"},
		`"metadata":{}`:                                                                                 {"x", "x"},
	} {
		doc, err := Read(strings.NewReader(`{"bomFormat":"CycloneDX",`+document+`}`), "x")
		require.NoError(t, err)
		require.Equal(t, want, [2]string{doc.Source, doc.Author}, document)
		source := newEntry(doc, Statement{}).source
		if want[0] == want[1] {
			require.Equal(t, want[0], source)
		} else {
			require.Equal(t, want[0]+" by "+want[1], source)
		}
	}
}

func TestOpenVEXHead(t *testing.T) {
	for context, ok := range map[string]bool{
		"https://openvex.dev/ns": true, "https://openvex.dev/ns/v0.2.0": true, "https://openvex.dev/ns/v0.2.7": true,
		"https://openvex.dev/ns/v0.20": false, "https://openvex.dev/ns/v0.1.0": false, "https://openvex.dev/ns/": false, "https://openvex.dev": false, "": false,
	} {
		_, err := Read(strings.NewReader(strings.Replace(openDoc("a", 1, statement("CVE-1", lodash, "fixed", "")), "https://openvex.dev/ns/v0.2.0", context, 1)), "x")
		require.Equal(t, ok, err == nil, "%s: %v", context, err)
		if !ok {
			require.ErrorContains(t, err, fmt.Sprintf("@context is %q", context))
		}
	}
	for version, ok := range map[string]bool{"-1": false, "0": false, "1": true, "2": true} {
		_, err := Read(strings.NewReader(strings.Replace(openDoc("a", 1, statement("CVE-1", lodash, "fixed", "")), `"version":1`, `"version":`+version, 1)), "x")
		require.Equal(t, ok, err == nil, version)
	}
	_, err := Read(strings.NewReader("\xef\xbb\xbf"+openDoc("a", 1, statement("CVE-1", lodash, "fixed", ""))), "x")
	require.NoError(t, err, "a byte order mark")
}

// Limits hold to the last one, and not before it.
func TestLimits(t *testing.T) {
	for n, ok := range map[int]bool{MaxStatements: true, MaxStatements + 1: false} {
		in := openVEX{Context: openVEXContext, ID: "i", Author: "a", Version: 1, Timestamp: "2024-01-03T00:00:00Z", Statements: make([]openVEXStatement, n)}
		_, err := in.check()
		require.Equal(t, ok, err == nil, err)
		_, err = Read(strings.NewReader(`{"bomFormat":"CycloneDX","vulnerabilities":[{}`+strings.Repeat(",{}", n-1)+`]}`), "x")
		require.Equal(t, ok, err == nil, err)
		if !ok {
			require.ErrorIs(t, err, ErrTooLarge)
		}
	}
	product := func(subs int) Product {
		return Product{Identifiers: []string{"x"}, Subcomponents: slices.Repeat([]string{"y"}, subs)}
	}
	for _, row := range []struct {
		products []Product
		ok       bool
	}{
		{[]Product{product(MaxProducts - 1)}, true},
		{[]Product{product(MaxProducts)}, false},
		{slices.Repeat([]Product{product(0)}, MaxProducts), true},
		{slices.Repeat([]Product{product(0)}, MaxProducts+1), false},
		{slices.Repeat([]Product{product(1)}, MaxProducts/2), true},
		{slices.Repeat([]Product{product(1)}, MaxProducts/2+1), false},
	} {
		err := Statement{IDs: []string{"CVE-1"}, Status: Fixed, Products: row.products}.check()
		if row.ok {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, ErrTooLarge)
	}
	nested := func(n int) string { return strings.Repeat(`{"components":[`, n) + `{}` + strings.Repeat(`]}`, n) }
	for n, ok := range map[int]bool{maxDepth - 1: true, maxDepth: false} { // within n others
		for _, text := range []string{`"components":[` + nested(n) + `]`, `"metadata":{"component":` + nested(n) + `}`} {
			_, err := Read(strings.NewReader(`{"bomFormat":"CycloneDX",`+text+`}`), "x")
			require.Equal(t, ok, err == nil, n)
		}
	}
	for n, ok := range map[int]bool{MaxCommas: true, MaxCommas + 1: false} {
		_, err := Read(strings.NewReader(`{"bomFormat":"CycloneDX","x":"`+strings.Repeat(",", n-1)+`"}`), "x")
		require.Equal(t, ok, err == nil, n)
	}
}

// Of what is said at once, the same is given whatever the order: fixed before not affected,
// then by justification and source.
func TestTies(t *testing.T) {
	no := func(justification string) string {
		return statement("CVE-1", lodash, "not_affected", `,"justification":"`+justification+`"`)
	}
	fixed := statement("CVE-1", lodash, "fixed", "")
	const a, b = "component_not_present", "vulnerable_code_not_present"
	for _, row := range []struct {
		docs []string
		want Suppression
	}{
		{[]string{openDoc("x", 1, no(a)), openDoc("y", 1, fixed)}, Suppression{Fixed, "", "https://vex.example/y/1 by y"}},
		{[]string{openDoc("x", 1, no(b)), openDoc("y", 1, no(a))}, Suppression{NotAffected, a, "https://vex.example/y/1 by y"}},
		{[]string{openDoc("y", 1, no(a)), openDoc("x", 1, no(a))}, Suppression{NotAffected, a, "https://vex.example/x/1 by x"}},
		{[]string{openDoc("x", 1, fixed), openDoc("y", 2, no(b))}, Suppression{NotAffected, b, "https://vex.example/y/2 by y"}},
	} {
		for range 2 {
			require.Equal(t, &row.want, read(t, row.docs...).Suppress(Query{IDs: []string{"CVE-1"}, PURL: "pkg:npm/lodash@4.17.20"}))
			slices.Reverse(row.docs)
		}
	}
}

func TestUnusedSays(t *testing.T) {
	set := read(t, openDoc("b", 1, statement("CVE-2", inProduct("pkg:oci/a", "pkg:npm/b"), "fixed", ""), statement("CVE-1", lodash, "affected", "")))
	require.Equal(t, []string{
		"https://vex.example/b/1 by b: CVE-1 affected for pkg:npm/lodash@4.17.20",
		"https://vex.example/b/1 by b: CVE-2 fixed for pkg:oci/a, pkg:npm/b",
	}, set.Unused())
}

// What a component of a CycloneDX document is known by.
func TestComponentIdentity(t *testing.T) {
	for _, row := range []struct {
		c    cdxComponent
		want string
	}{
		{cdxComponent{PURL: "p", Name: "n", Version: "1"}, "p"},
		{cdxComponent{Name: "n", Version: "1"}, "n@1"},
		{cdxComponent{Name: "n"}, ""},
		{cdxComponent{Version: "1"}, ""},
	} {
		require.Equal(t, row.want, row.c.identifier())
	}
	for _, row := range []struct {
		c    openVEXComponent
		want []string
	}{
		{openVEXComponent{}, nil},
		{openVEXComponent{ID: "a"}, []string{"a"}},
		{func() (c openVEXComponent) { c.ID, c.Identifiers.PURL = "a", "a"; return c }(), []string{"a"}},
		{func() (c openVEXComponent) { c.ID, c.Identifiers.PURL = "a", "b"; return c }(), []string{"a", "b"}},
	} {
		require.Equal(t, row.want, row.c.identifiers())
	}
	for name, want := range map[string]identifier{
		"n@1":              {name: "n@1"},
		"N#R":              {name: "N#R"},
		"urn:cdx":          {name: "urn:cdx"},
		"URN:CDX:AB/1":     {name: "urn:cdx:ab/1"},
		"URN:CDX:AB/1#R%7": {name: "urn:cdx:ab/1#R%7"},
		"urn:cdx:a/1#R%41": {name: "urn:cdx:a/1#R%41", decoded: "urn:cdx:a/1#RA"},
	} {
		require.Equal(t, want, parseName(name), name)
	}
}

// A component that is named in the tree of the subject, and one that only looks so.
func TestRefsWithin(t *testing.T) {
	const document = `{"bomFormat":"CycloneDX","metadata":{"component":{"bom-ref":"r","purl":"pkg:oci/app","components":[{"bom-ref":"in","purl":"pkg:npm/in@1"}]}},
		"components":[{"bom-ref":"a","purl":"pkg:npm/a@1","components":[{"bom-ref":"deep","purl":"pkg:npm/deep@1"}]},{"bom-ref":"twice"},{"components":[{"bom-ref":"twice"}]},{"bom-ref":"thrice"},{"bom-ref":"thrice"},{"bom-ref":"thrice"}],
		"vulnerabilities":[{"id":"CVE-1","analysis":{"state":"resolved"},"affects":[%s]}]}`
	for ref, want := range map[string]Product{
		"r":    {Identifiers: []string{"pkg:oci/app"}},
		"in":   {Identifiers: []string{"pkg:oci/app"}, Subcomponents: []string{"pkg:npm/in@1"}},
		"deep": {Identifiers: []string{"pkg:oci/app"}, Subcomponents: []string{"pkg:npm/deep@1"}},
	} {
		doc, err := Read(strings.NewReader(fmt.Sprintf(document, `{"ref":"`+ref+`"}`)), "x")
		require.NoError(t, err)
		require.Equal(t, []Product{want}, doc.Statements[0].Products, ref)
	}
	for _, ref := range []string{"twice", "thrice"} {
		doc, err := Read(strings.NewReader(fmt.Sprintf(document, `{"ref":"`+ref+`"}`)), "x")
		require.NoError(t, err)
		require.Contains(t, doc.Rejected[0].Reason, "is the bom-ref of several components", ref)
	}
}

// Versions of affects say which are free of it, each by itself.
func TestAffectsVersions(t *testing.T) {
	for _, row := range []struct{ ref, versions, want string }{
		{"pkg:npm/a", `{"version":"1","status":"unaffected"},{"version":"2","status":"unaffected"}`, "pkg:npm/a@1 pkg:npm/a@2"},
		{"pkg:npm/a@1", `{"version":"1","status":"unaffected"}`, "pkg:npm/a@1"},
		{"pkg:npm/a@1", `{"version":"2","status":"unaffected"}`, `is version "1" and lists version "2"`},
		{"pkg:npm/a@1", `{"range":"vers:npm/<2","status":"unaffected"}`, `is version "1" and lists the range "vers:npm/<2"`},
		{"pkg:npm/a", `{"version":"1","status":"unaffected"},{"version":"2","status":"affected"}`, `lists a version as "affected", against the analysis`},
		{"pkg:npm/a", `{"version":"1"}`, `lists a version as "affected", against the analysis`},
		{"pkg:npm/a", `{"version":"1","status":"unknown"}`, `lists a version as "unknown", against the analysis`},
		{"urn:cdx:a/1#r", `{"version":"1","status":"unaffected"}`, "has versions, and no purl to set them in"},
	} {
		text := `{"bomFormat":"CycloneDX","vulnerabilities":[{"id":"CVE-1","analysis":{"state":"%s"},"affects":[{"ref":"` + row.ref + `","versions":[` + row.versions + `]}]}]}`
		doc, err := Read(strings.NewReader(fmt.Sprintf(text, "resolved")), "x")
		require.NoError(t, err)
		if len(doc.Rejected) > 0 {
			require.Contains(t, doc.Rejected[0].Reason, row.want)
			require.Contains(t, row.want, " ")
		} else {
			require.Equal(t, row.want, strings.Join(doc.Statements[0].Products[0].Identifiers, " "))
		}
		// A warning counts for every version.
		doc, err = Read(strings.NewReader(fmt.Sprintf(text, "exploitable")), "x")
		require.NoError(t, err)
		require.Equal(t, []string{row.ref}, doc.Statements[0].Products[0].Identifiers)
	}
}
