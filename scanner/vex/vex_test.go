package vex

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// openDoc is an OpenVEX document by author at a day of January 2024.
func openDoc(author string, day int, statements ...string) string {
	return fmt.Sprintf(`{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://vex.example/%s/%d","author":%q,`+
		`"timestamp":"2024-01-%02dT00:00:00Z","version":1,"statements":[%s]}`, author, day, author, day, strings.Join(statements, ","))
}

func statement(id, product, status, rest string) string {
	return fmt.Sprintf(`{"vulnerability":{"name":%q},"products":[%s],"status":%q%s}`, id, product, status, rest)
}

const (
	notPresent = `,"justification":"component_not_present"`
	lodash     = `{"@id":"pkg:npm/lodash@4.17.20"}`
)

func inProduct(product, sub string) string {
	return fmt.Sprintf(`{"@id":%q,"subcomponents":[{"@id":%q}]}`, product, sub)
}

func read(t *testing.T, inputs ...string) *Set {
	t.Helper()
	var docs []*Document
	for i, in := range inputs {
		d, err := Read(strings.NewReader(in), fmt.Sprintf("vex-%d.json", i))
		require.NoError(t, err)
		docs = append(docs, d)
	}
	return NewSet(docs...)
}

// Each row that suppresses stands beside the one that must not.
func TestSuppress(t *testing.T) {
	find := func(ids, purl string, products ...string) Query {
		return Query{IDs: strings.Fields(ids), PURL: purl, Products: products}
	}
	const c, lib, image = "CVE-2024-1", "pkg:npm/lodash@4.17.20", "pkg:oci/app@sha256%3Aab12"
	na := func(product string) string { return statement(c, product, "not_affected", notPresent) }
	for _, test := range []struct {
		name string
		docs []string
		q    Query
		want Status // "" for none
	}{
		{"F-077: the package is the product", []string{openDoc("a", 1, statement(c, lodash, "fixed", ""))}, find(c, lib), Fixed},
		{"another version", []string{openDoc("a", 1, na(lodash))}, find(c, "pkg:npm/lodash@4.17.21"), ""},
		{"another name", []string{openDoc("a", 1, na(lodash))}, find(c, "pkg:npm/lodash-es@4.17.20"), ""},
		{"another scope", []string{openDoc("a", 1, na(lodash))}, find(c, "pkg:npm/%40x/lodash@4.17.20"), ""},
		{"another type", []string{openDoc("a", 1, na(lodash))}, find(c, "pkg:gem/lodash@4.17.20"), ""},
		{"another vulnerability", []string{openDoc("a", 1, na(lodash))}, find("CVE-2024-2", lib), ""},
		{"a longer id", []string{openDoc("a", 1, na(lodash))}, find("CVE-2024-11", lib), ""},
		{"F-249: an alias of the group", []string{openDoc("a", 1, na(lodash))}, find("GHSA-x cve-2024-1", lib), NotAffected},
		{
			"an alias of the statement",
			[]string{openDoc("a", 1, `{"vulnerability":{"name":"X","aliases":["GHSA-x"]},"products":[`+lodash+`],"status":"fixed"}`)},
			find("GHSA-x", lib), Fixed,
		},
		{"no version means all", []string{openDoc("a", 1, na(`{"@id":"pkg:npm/lodash"}`))}, find(c, lib), NotAffected},
		{"version beside the purl", []string{openDoc("a", 1, na(lodash))}, Query{IDs: []string{c}, PURL: "pkg:npm/lodash", Version: "4.17.20"}, NotAffected},
		{"version not known", []string{openDoc("a", 1, na(lodash))}, find(c, "pkg:npm/lodash"), ""},
		{"F-252: Go versions with and without v", []string{openDoc("a", 1, na(`{"@id":"pkg:golang/x.org/opa@v0.44.0"}`))}, find(c, "pkg:golang/x.org/opa@0.44.0"), NotAffected},
		{"Go names keep their case", []string{openDoc("a", 1, na(`{"@id":"pkg:golang/x.org/Opa@v0.44.0"}`))}, find(c, "pkg:golang/x.org/opa@v0.44.0"), ""},
		{"PyPI names do not", []string{openDoc("a", 1, na(`{"@id":"pkg:pypi/My_Pkg@1"}`))}, find(c, "pkg:pypi/my-pkg@1"), NotAffected},
		{"F-250: another release", []string{openDoc("a", 1, na(`{"@id":"pkg:deb/debian/libssl3@3?distro=debian-12"}`))}, find(c, "pkg:deb/debian/libssl3@3?arch=amd64&distro=debian-12.13"), ""},
		{"F-250: qualifiers left out", []string{openDoc("a", 1, na(`{"@id":"pkg:deb/debian/libssl3@3"}`))}, find(c, "pkg:deb/debian/libssl3@3?arch=amd64&distro=debian-12.13"), NotAffected},
		{"purl identifier", []string{openDoc("a", 1, na(`{"identifiers":{"purl":"pkg:npm/lodash@4.17.20"}}`))}, find(c, lib), NotAffected},
		{"F-076: subcomponent in the image", []string{openDoc("a", 1, na(inProduct("pkg:oci/app@sha256:ab12", lib)))}, find(c, lib, image), NotAffected},
		{"F-076: a digest of two algorithms", []string{openDoc("a", 1, na(inProduct("pkg:oci/app@sha256:sha256:ab12", lib)))}, find(c, lib, image), ""},
		{"the same in another image", []string{openDoc("a", 1, na(inProduct("pkg:oci/app@sha256:ab12", lib)))}, find(c, lib, "pkg:oci/app@sha256%3Acd34"), ""},
		{"F-078: the product is not around", []string{openDoc("a", 1, na(inProduct("pkg:golang/b@v1", lib)))}, find(c, lib, image), ""},
		{"F-078: it is", []string{openDoc("a", 1, na(inProduct("pkg:golang/b@v1", lib)))}, find(c, lib, image, "pkg:golang/b@v1"), NotAffected},
		{"another subcomponent", []string{openDoc("a", 1, na(inProduct(image, "pkg:npm/left-pad@1")))}, find(c, lib, image), ""},
		{"the product itself is not its part", []string{openDoc("a", 1, na(inProduct(lib, "pkg:npm/left-pad@1")))}, find(c, lib, image), ""},
		{"the whole product", []string{openDoc("a", 1, na(`{"@id":"`+image+`"}`))}, find(c, lib, image), NotAffected},
		{"affected", []string{openDoc("a", 1, statement(c, lodash, "affected", ""))}, find(c, lib), ""},
		{"not_affected without a reason", []string{openDoc("a", 1, statement(c, lodash, "not_affected", ""))}, find(c, lib), ""},
		{"impact statement", []string{openDoc("a", 1, statement(c, lodash, "not_affected", `,"impact_statement":"not built in"`))}, find(c, lib), NotAffected},
		{"unknown justification", []string{openDoc("a", 1, statement(c, lodash, "not_affected", `,"justification":"trust_me"`))}, find(c, lib), ""},
		{"F-314: the later document", []string{openDoc("a", 1, statement(c, lodash, "under_investigation", "")), openDoc("b", 2, na(lodash))}, find(c, lib), NotAffected},
		{"the later one warns", []string{openDoc("a", 1, na(lodash)), openDoc("b", 2, statement(c, lodash, "affected", ""))}, find(c, lib), ""},
		{"a conflict at one instant", []string{openDoc("a", 1, na(lodash)), openDoc("b", 1, statement(c, lodash, "affected", ""))}, find(c, lib), ""},
		{"authors differ on scope", []string{openDoc("a", 1, statement(c, inProduct(image, lib), "affected", "")), openDoc("b", 2, na(lodash))}, find(c, lib, image), ""},
		{"an author supersedes himself", []string{openDoc("a", 1, statement(c, inProduct(image, lib), "affected", "")), openDoc("a", 2, na(lodash))}, find(c, lib, image), NotAffected},
		{"F-080: silence has no precedence", []string{openDoc("a", 9, statement("CVE-9", lodash, "affected", "")), openDoc("b", 1, na(lodash))}, find(c, lib), NotAffected},
		{"a statement's own time", []string{openDoc("a", 9, statement(c, lodash, "affected", `,"timestamp":"2023-01-01T00:00:00+02:00"`)), openDoc("b", 1, na(lodash))}, find(c, lib), NotAffected},
		{
			"a warning needs no good words",
			[]string{openDoc("a", 1, na(lodash)), openDoc("b", 2, statement(c, lodash, "affected", `,"justification":"?"`))},
			find(c, lib), "",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := read(t, test.docs...).Suppress(test.q)
			slices.Reverse(test.docs)
			require.Equal(t, got, read(t, test.docs...).Suppress(test.q), "in the other order")
			if test.want == "" {
				require.Nil(t, got)
				return
			}
			require.NotNil(t, got)
			require.Equal(t, test.want, got.Status)
		})
	}
}

func TestSuppressionSays(t *testing.T) {
	set := read(t, openDoc("acme", 1, statement("CVE-1", lodash, "not_affected", notPresent), statement("CVE-2", lodash, "fixed", "")))
	require.Len(t, set.Unused(), 2)
	got := set.Suppress(Query{IDs: []string{"CVE-1"}, PURL: "pkg:npm/lodash@4.17.20"})
	require.Equal(t, &Suppression{NotAffected, "component_not_present", "https://vex.example/acme/1 by acme"}, got)
	require.Equal(t, []string{"https://vex.example/acme/1 by acme: CVE-2 fixed for pkg:npm/lodash@4.17.20"}, set.Unused())
}

// cdxDoc has lib and a component without identity, within root.
func cdxDoc(root, affects, analysis string) string {
	return fmt.Sprintf(`{"bomFormat":"CycloneDX","specVersion":"1.6","serialNumber":"urn:uuid:1","metadata":{"timestamp":"2024-01-02T00:00:00Z"%s},`+
		`"components":[{"bom-ref":"l","purl":"pkg:npm/lodash@4.17.20"},{"bom-ref":"n","name":"n"},{"bom-ref":"u","purl":"pkg:npm/u"},{"bom-ref":"d","purl":"pkg:npm/lodash"},{"bom-ref":"d"}],`+
		`"vulnerabilities":[{"id":"CVE-2024-1","references":[{"id":"GHSA-x"}],"affects":[%s]%s}]}`, root, affects, analysis)
}

func TestSuppressCycloneDX(t *testing.T) {
	const (
		no     = `,"analysis":{"state":"not_affected","justification":"code_not_reachable"}`
		root   = `,"component":{"bom-ref":"r","purl":"pkg:oci/app@sha256%3Aab12"}`
		byName = `,"component":{"bom-ref":"r","name":"app","version":"1"}`
		lib    = "pkg:npm/lodash@4.17.20"
		image  = "pkg:oci/app@sha256%3Aab12"
	)
	for _, test := range []struct {
		name, doc string
		q         Query
		want      Status
		reason    string // of the rejected statement
	}{
		{"a component", cdxDoc("", `{"ref":"l"}`, no), Query{PURL: lib}, NotAffected, ""},
		{"by reference id", cdxDoc("", `{"ref":"l"}`, no), Query{IDs: []string{"GHSA-x"}, PURL: lib}, NotAffected, ""},
		{"another version", cdxDoc("", `{"ref":"l"}`, no), Query{PURL: "pkg:npm/lodash@4.17.21"}, "", ""},
		{"in its product", cdxDoc(root, `{"ref":"l"}`, no), Query{PURL: lib, Products: []string{image}}, NotAffected, ""},
		{"in another product", cdxDoc(root, `{"ref":"l"}`, no), Query{PURL: lib, Products: []string{"pkg:oci/b"}}, "", ""},
		{"a product by name", cdxDoc(byName, `{"ref":"l"}`, no), Query{PURL: lib, Products: []string{"app@1"}}, NotAffected, ""},
		{"another by name", cdxDoc(byName, `{"ref":"l"}`, no), Query{PURL: lib, Products: []string{"app@2"}}, "", ""},
		{"the product as a whole", cdxDoc(root, `{"ref":"r"}`, no), Query{PURL: lib, Products: []string{image}}, NotAffected, ""},
		{"F-205: a ref to nothing", cdxDoc("", `{"ref":"urn:cbt:1/acme#product:1.0"}`, no), Query{PURL: lib}, "", "no component of the document"},
		{"a ref that is a purl", cdxDoc("", `{"ref":"pkg:npm/lodash@4.17.20"}`, no), Query{PURL: lib}, NotAffected, ""},
		{"a BOM-Link", cdxDoc(root, `{"ref":"urn:cdx:2/1#l"}`, no), Query{PURL: lib, Refs: []string{"urn:cdx:2/1#l"}}, NotAffected, ""},
		{"a BOM-Link that is encoded", cdxDoc(root, `{"ref":"urn:cdx:AB/1#pkg%3Anpm%2F%2540x"}`, no), Query{PURL: lib, Refs: []string{"urn:cdx:ab/1#pkg:npm/%40x"}}, NotAffected, ""},
		{"a BOM-Link that is not, and should be", cdxDoc(root, `{"ref":"urn:cdx:ab/1#pkg:npm/%40x"}`, no), Query{PURL: lib, Refs: []string{"urn:cdx:ab/1#pkg:npm/%40x"}}, NotAffected, ""},
		{"a BOM-Link to a whole document", cdxDoc(root, `{"ref":"urn:cdx:ab/1"}`, no), Query{PURL: lib, Products: []string{"urn:cdx:ab/1"}}, NotAffected, ""},
		{"another component of the document", cdxDoc(root, `{"ref":"urn:cdx:ab/1#l"}`, no), Query{PURL: lib, Refs: []string{"urn:cdx:ab/1#m"}}, "", ""},
		{"another version of the document", cdxDoc(root, `{"ref":"urn:cdx:ab/1#l"}`, no), Query{PURL: lib, Refs: []string{"urn:cdx:ab/2#l"}}, "", ""},
		{"another BOM-Link", cdxDoc(root, `{"ref":"urn:cdx:2/1#l"}`, no), Query{PURL: lib, Refs: []string{"urn:cdx:3/1#l"}}, "", ""},
		{"a double bom-ref", cdxDoc("", `{"ref":"d"}`, no), Query{PURL: lib}, "", "several components"},
		{"no identity", cdxDoc("", `{"ref":"n"}`, no), Query{PURL: lib}, "", "without a purl"},
		{"no affects", cdxDoc("", ``, no), Query{PURL: lib}, "", "names no product"},
		{"no analysis", cdxDoc("", `{"ref":"l"}`, ""), Query{PURL: lib}, "", ""},
		{"no reason", cdxDoc("", `{"ref":"l"}`, `,"analysis":{"state":"not_affected"}`), Query{PURL: lib}, "", "needs a justification"},
		{"false positive is one", cdxDoc("", `{"ref":"l"}`, `,"analysis":{"state":"false_positive"}`), Query{PURL: lib}, NotAffected, ""},
		{"resolved", cdxDoc("", `{"ref":"l"}`, `,"analysis":{"state":"resolved"}`), Query{PURL: lib}, Fixed, ""},
		{"exploitable", cdxDoc("", `{"ref":"l"}`, `,"analysis":{"state":"exploitable"}`), Query{PURL: lib}, "", ""},
		{"unknown state", cdxDoc("", `{"ref":"l"}`, `,"analysis":{"state":"fine"}`), Query{PURL: lib}, "", "none of CycloneDX"},
		{"a version", cdxDoc("", `{"ref":"u","versions":[{"version":"1","status":"unaffected"}]}`, no), Query{PURL: "pkg:npm/u@1"}, NotAffected, ""},
		{"not that version", cdxDoc("", `{"ref":"u","versions":[{"version":"1","status":"unaffected"}]}`, no), Query{PURL: "pkg:npm/u@2"}, "", ""},
		{"a version that is affected", cdxDoc("", `{"ref":"u","versions":[{"version":"1"}]}`, no), Query{PURL: "pkg:npm/u@1"}, "", "against the analysis"},
		{"a range", cdxDoc("", `{"ref":"u","versions":[{"range":"vers:npm/<2.0.0","status":"unaffected"}]}`, no), Query{PURL: "pkg:npm/u@1.9.0"}, NotAffected, ""},
		{"not in the range", cdxDoc("", `{"ref":"u","versions":[{"range":"vers:npm/<2.0.0","status":"unaffected"}]}`, no), Query{PURL: "pkg:npm/u@2.0.0"}, "", ""},
		{"a version without the purl's, in the range", cdxDoc("", `{"ref":"u","versions":[{"range":"vers:npm/<2.0.0","status":"unaffected"}]}`, no), Query{PURL: "pkg:npm/u", Version: "1.0.0"}, NotAffected, ""},
		{"a range of others", cdxDoc("", `{"ref":"u","versions":[{"range":"vers:pypi/<2.0.0","status":"unaffected"}]}`, no), Query{PURL: "pkg:npm/u@1.0.0"}, "", "of another type"},
		{"a range of one version", cdxDoc("", `{"ref":"l","versions":[{"range":"vers:npm/<5","status":"unaffected"}]}`, no), Query{PURL: lib}, "", "lists the range"},
		{"a version that is none", cdxDoc("", `{"ref":"u","versions":[{"status":"unaffected"}]}`, no), Query{PURL: "pkg:npm/u@1.0.0"}, "", "does not begin with vers:"},
	} {
		t.Run(test.name, func(t *testing.T) {
			doc, err := Read(strings.NewReader(test.doc), "bom.json")
			require.NoError(t, err)
			if test.q.IDs == nil {
				test.q.IDs = []string{"CVE-2024-1"}
			}
			got := NewSet(doc).Suppress(test.q)
			require.Equal(t, test.want != "", got != nil, "%+v", got)
			if got != nil {
				require.Equal(t, test.want, got.Status)
			}
			require.Equal(t, test.reason != "", len(doc.Rejected) == 1, "%+v", doc.Rejected)
			if test.reason != "" {
				require.Contains(t, doc.Rejected[0].Reason, test.reason)
				require.Equal(t, "CVE-2024-1", doc.Rejected[0].Vulnerability)
			}
		})
	}
}

func TestReadErrors(t *testing.T) {
	whole := openDoc("a", 1, statement("CVE-1", lodash, "fixed", ""))
	without := func(old, replacement string) string {
		require.Contains(t, whole, old)
		return strings.Replace(whole, old, replacement, 1)
	}
	for _, test := range []struct{ in, want string }{
		{"", "not a JSON object"},
		{"[]", "not a JSON object"},
		{"{}", "neither OpenVEX"},
		{whole + "x", "not a JSON object"},
		{strings.Repeat("[", 1<<20), "not a JSON object"},
		{`{"@context":"https://openvex.dev/ns/v0.2.0"}`, "@id is missing"},
		{without("/v0.2.0", "/v1.0.0"), "@context is"},
		{without(`"author":"a",`, ""), "author is missing"},
		{without(`"version":1,`, ""), "version is missing"},
		{without(`"timestamp":"2024-01-01T00:00:00Z",`, ""), "timestamp is missing"},
		{without("2024-01-01T", "2024-13-01T"), "not of RFC 3339"},
		{openDoc("a", 1), "no statements"},
		{without(`"status":"fixed"`, `"status":"fixed","status":"not_affected"`), "duplicate object member"},
		{`{"bomFormat":"CycloneDX","vulnerabilities":[{"id":"CVE-1","id":"CVE-2"}]}`, "duplicate object member"},
		{`{"bomFormat":"SPDX"}`, "bomFormat is"},
	} {
		_, err := Read(strings.NewReader(test.in), "in.json")
		require.ErrorContains(t, err, test.want)
		require.ErrorContains(t, err, "reading VEX document in.json: ")
	}
	for _, in := range []string{
		strings.Repeat(" ", MaxBytes+1),
		// Each is a statement, or a component, of a hundred bytes.
		`{"@context":"https://openvex.dev/ns","statements":[{}` + strings.Repeat(",{}", MaxCommas) + `]}`,
		`{"bomFormat":"CycloneDX","vulnerabilities":[],"components":[{}` + strings.Repeat(",{}", MaxCommas) + `]}`,
	} {
		_, err := Read(strings.NewReader(in), "in.json")
		require.ErrorIs(t, err, ErrTooLarge)
		require.Less(t, len(err.Error()), 200)
	}
}

// What has no time may be the newest: it supersedes nothing, and nothing supersedes it.
func TestSuppressWithoutTime(t *testing.T) {
	said := func(state, times string) string {
		return `{"bomFormat":"CycloneDX","serialNumber":"urn:uuid:1","vulnerabilities":[{"id":"CVE-1",` +
			`"analysis":{"state":"` + state + `"` + times + `},"affects":[{"ref":"pkg:npm/lodash"}]}]}`
	}
	const old = `,"firstIssued":"2020-01-01T00:00:00Z"`
	for _, row := range []struct {
		one, other string
		suppressed bool
	}{
		{said("exploitable", ""), said("resolved", old), false},
		{said("exploitable", old), said("resolved", ""), false},
		{said("resolved", ""), said("false_positive", old), true},
		{said("exploitable", old), said("resolved", `,"lastUpdated":"2021-01-01T00:00:00Z"`), true},
	} {
		got := read(t, row.one, row.other).Suppress(Query{IDs: []string{"CVE-1"}, PURL: "pkg:npm/lodash@4.17.20"})
		require.Equal(t, row.suppressed, got != nil, "%s %s", row.one, row.other)
	}
}

// A document may say the same of one package as often as it likes.
func TestSuppressMany(t *testing.T) {
	once := Statement{IDs: []string{"CVE-1"}, Products: []Product{{Identifiers: []string{"pkg:npm/lodash"}}}, Status: Fixed}
	set := NewSet(&Document{Author: "a", Statements: slices.Repeat([]Statement{once}, MaxStatements/4)})
	answered := make(chan *Suppression, 1)
	go func() { answered <- set.Suppress(Query{IDs: once.IDs, PURL: "pkg:npm/lodash@4.17.20"}) }()
	select {
	case got := <-answered:
		require.NotNil(t, got)
	case <-time.After(20 * time.Second): // each claim beside each other takes minutes
		require.Fail(t, "it does not come to an end")
	}
}

// Time before the first year of time.Time is no absence.
func TestSuppressYearZero(t *testing.T) {
	old := `,"timestamp":"0000-01-01T00:00:00Z"`
	q := Query{IDs: []string{"CVE-1"}, PURL: "pkg:npm/lodash@4.17.20"}
	require.NotNil(t, read(t, openDoc("a", 1, statement("CVE-1", lodash, "fixed", old))).Suppress(q))
	warned := openDoc("a", 1, statement("CVE-1", `{"@id":"pkg:npm/lodash"}`, "affected", old))
	require.Nil(t, read(t, warned, openDoc("b", 1, statement("CVE-1", lodash, "fixed", ""))).Suppress(q))
}

func TestRejected(t *testing.T) {
	for _, test := range []struct{ statement, want string }{
		{statement("", lodash, "fixed", ""), "names no vulnerability"},
		{statement("CVE-1", "", "fixed", ""), "names no product"},
		{statement("CVE-1", "{}", "fixed", ""), "no purl and no @id"},
		{statement("CVE-1", `{"@id":"pkg:npm"}`, "fixed", ""), "no type or no name"},
		{statement("CVE-1", `{"@id":"pkg:npm/a%zz"}`, "fixed", ""), "hexadecimal digits"},
		{statement("CVE-1", `{"@id":"pkg:npm/a?b=1&b=2"}`, "fixed", ""), "there twice"},
		{statement("CVE-1", `{"@id":"pkg:npm/a","subcomponents":[{}]}`, "fixed", ""), "a subcomponent"},
		{statement("CVE-1", lodash, "mended", ""), "status"},
		{statement("CVE-1", lodash, "fixed", `,"timestamp":"today"`), "RFC 3339"},
		{`{"vulnerability":"CVE-1","products":[` + lodash + `],"status":"fixed"}`, "not an object"},
		{`{"products":[` + lodash + `],"status":"fixed"}`, "not an object"},
	} {
		doc, err := Read(strings.NewReader(openDoc("a", 1, test.statement)), "in.json")
		require.NoError(t, err)
		require.Empty(t, doc.Statements)
		require.Len(t, doc.Rejected, 1)
		require.Contains(t, doc.Rejected[0].Reason, test.want)
	}
}

// What is accepted can be matched; a statement without a reason never is accepted.
func fuzz(f *testing.F, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := Read(strings.NewReader(string(data)), "in.json")
		if err != nil {
			return
		}
		set := NewSet(doc)
		for _, s := range doc.Statements {
			if s.Status == NotAffected && strings.TrimSpace(s.Justification) == "" {
				t.Errorf("accepted %+v", s)
			}
			for _, p := range s.Products {
				set.Suppress(Query{IDs: s.IDs, PURL: p.Identifiers[0], Products: p.Identifiers})
			}
		}
		set.Unused()
	})
}

func FuzzReadOpenVEX(f *testing.F) {
	fuzz(f, openDoc("a", 1, statement("CVE-1", lodash, "fixed", ""), statement("CVE-2", inProduct("pkg:oci/a@sha256:1", "pkg:npm/b"), "not_affected", notPresent)), "{}")
}

func FuzzReadCycloneDX(f *testing.F) {
	fuzz(f, cdxDoc(`,"component":{"bom-ref":"r","name":"a","version":"1"}`, `{"ref":"l"},{"ref":"u","versions":[{"version":"1","status":"unaffected"},{"range":"vers:npm/>=1.0.0|<2.0.0","status":"unaffected"}]},{"ref":"urn:cdx:u/1#pkg%3Anpm%2Fa"}`,
		`,"analysis":{"state":"not_affected","justification":"code_not_reachable"}`))
}
