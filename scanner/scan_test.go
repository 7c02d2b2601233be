package scanner_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/advisory"
	"github.com/stella-ops/stella/scanner/reach"
	"github.com/stella-ops/stella/scanner/sbom"
	"github.com/stella-ops/stella/scanner/vex"
)

// open makes an advisory set of records, a line a record.
func open(t *testing.T, records ...string) *advisory.DB {
	dir := t.TempDir()
	for i, r := range records {
		require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.json", i)), []byte(r), 0o600))
	}
	db, err := advisory.Open(dir)
	require.NoError(t, err)
	return db
}

// record is an OSV record for one package with one interval.
func record(id, aliases, ecosystem, name, introduced, fixed, specific string) string {
	return fmt.Sprintf(`{"id":%q,"modified":"2026-01-01T00:00:00Z","aliases":[%s],"affected":[{"package":{"ecosystem":%q,"name":%q},`+
		`"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":%q},{"fixed":%q}]}],"ecosystem_specific":%s}],`+
		`"severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]}`,
		id, aliases, ecosystem, name, introduced, fixed, specific)
}

func scan(t *testing.T, inv scanner.Inventory, db *advisory.DB, o scanner.Options) scanner.Report {
	r, err := scanner.Scan(t.Context(), inv, db, o)
	require.NoError(t, err)
	return r
}

func npm(name, version string) scanner.Package {
	return scanner.Package{PURL: "pkg:npm/" + name + "@" + version, Ecosystem: "npm", Name: name, Version: version}
}

// F-066: a component inside a component was not seen.
func TestNestedComponentIsFound(t *testing.T) {
	const doc = `{"bomFormat":"CycloneDX","specVersion":"1.5","components":[
		{"type":"application","name":"app.jar","components":[
			{"type":"library","group":"org.apache.logging.log4j","name":"log4j-core","version":"2.14.1","bom-ref":"inner",
			 "purl":"pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1"}]}]}`
	inv, err := sbom.Read(strings.NewReader(doc), "app.cdx.json")
	require.NoError(t, err)
	db := open(t, record("GHSA-jfh8-c2jp-5v3q", `"CVE-2021-44228"`, "Maven", "org.apache.logging.log4j:log4j-core", "2.13.0", "2.15.0", "{}"))
	r := scan(t, inv, db, scanner.Options{})
	require.Len(t, r.Findings, 1)
	f := r.Findings[0]
	require.Equal(t, "CVE-2021-44228", f.ID)
	require.Equal(t, []string{"CVE-2021-44228", "GHSA-jfh8-c2jp-5v3q"}, f.Aliases)
	require.Equal(t, []string{"2.15.0"}, f.FixedVersions)
	require.Equal(t, []string{"inner"}, f.Package.Locations)
	require.EqualValues(t, "critical", f.Severity.Level)

	fixed, err := sbom.Read(strings.NewReader(strings.ReplaceAll(doc, "2.14.1", "2.15.0")), "app.cdx.json")
	require.NoError(t, err)
	require.Empty(t, scan(t, fixed, db, scanner.Options{}).Findings, "the fixed version is not affected")
}

// Records of one vulnerability are one finding: their fixes are united, the worse
// rating wins.
func TestAliasesAreOneFinding(t *testing.T) {
	db := open(t,
		record("GHSA-aaaa-bbbb-cccc", `"CVE-2026-0001"`, "npm", "left", "0", "2.0.0", "{}"),
		record("SNYK-1", `"CVE-2026-0001"`, "npm", "left", "0", "1.10.0", "{}"),
		record("CVE-2026-0002", ``, "npm", "left", "0", "1.9.0", "{}"))
	r := scan(t, scanner.Inventory{Packages: []scanner.Package{npm("left", "1.2.0")}}, db, scanner.Options{})
	require.Len(t, r.Findings, 2)
	require.Equal(t, []string{"CVE-2026-0001", "GHSA-aaaa-bbbb-cccc", "SNYK-1"}, r.Findings[0].Aliases)
	require.Equal(t, []string{"1.10.0", "2.0.0"}, r.Findings[0].FixedVersions, "in the ecosystem's order, not the alphabet's")
	require.Equal(t, "CVE-2026-0002", r.Findings[1].ID)
}

// Nothing is dropped: what cannot be judged is listed with its reason.
func TestNotEvaluated(t *testing.T) {
	db := open(t, record("CVE-2026-0001", ``, "npm", "left", "0", "2.0.0", "{}"),
		`{"id":"CVE-2026-0003","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"odd"},"ranges":[{"type":"NEW","events":[{"introduced":"0"}]}]}]}`)
	for _, test := range []struct {
		name string
		p    scanner.Package
		want string
	}{
		{"no version", npm("left", ""), "no version"},
		{"no name", scanner.Package{PURL: "pkg:npm/x", Ecosystem: "npm", Version: "1.0.0"}, "no name"},
		{"no ecosystem", scanner.Package{Name: "left", Version: "1.0.0"}, "unknown ecosystem"},
		{"no advisories", scanner.Package{Ecosystem: "PyPI", Name: "left", Version: "1.0"}, "no advisories for ecosystem PyPI"},
		{"no version of the ecosystem", npm("left", "latest"), "latest"},
		{"a record that cannot be judged", npm("odd", "1.0.0"), "CVE-2026-0003 cannot be judged"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := scan(t, scanner.Inventory{Packages: []scanner.Package{test.p}}, db, scanner.Options{})
			require.Empty(t, r.Findings)
			require.Len(t, r.NotEvaluated, 1)
			require.Contains(t, r.NotEvaluated[0].Reason, test.want)
		})
	}
	r := scan(t, scanner.Inventory{Packages: []scanner.Package{npm("left", "2.0.0"), npm("right", "1.0.0")}}, db, scanner.Options{})
	require.Empty(t, r.Findings)
	require.Empty(t, r.NotEvaluated, "judged, and not affected")
}

// A version without a place in the order is not evaluated, and found all the same where an
// advisory lists it by its text or concerns every version.
func TestUnreadableVersion(t *testing.T) {
	const listed = `{"id":%q,"modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"odd"},"ranges":[{"type":"SEMVER","events":[%s]}],"versions":[%s]}]}`
	db := open(t,
		fmt.Sprintf(listed, "CVE-2026-0001", `{"introduced":"0"},{"fixed":"1.0.0"}`, `"nightly"`),
		fmt.Sprintf(listed, "CVE-2026-0002", `{"introduced":"0"}`, ``),
		fmt.Sprintf(listed, "CVE-2026-0003", `{"introduced":"0"},{"fixed":"1.0.0"}`, ``))
	r := scan(t, scanner.Inventory{Packages: []scanner.Package{npm("odd", "nightly")}}, db, scanner.Options{})
	require.Len(t, r.Findings, 2)
	require.Equal(t, "CVE-2026-0001", r.Findings[0].ID)
	require.Equal(t, "CVE-2026-0002", r.Findings[1].ID)
	require.Len(t, r.NotEvaluated, 1, "once, not for every record")
	require.Contains(t, r.NotEvaluated[0].Reason, `npm version "nightly"`)
	require.Len(t, scan(t, scanner.Inventory{Packages: []scanner.Package{npm("unknown", "nightly")}}, db, scanner.Options{}).NotEvaluated, 1, "also where no record names the package")
}

// F-028 and its twin F-180: a scanner that always answers "not reachable", or always
// "reachable", must fail one of the two.
func TestReachability(t *testing.T) {
	const specific = `{"imports":[{"path":"example.com/lib/decode","symbols":["Bomb"]}]}`
	db := open(t, record("GO-2026-0001", `"CVE-2026-0001"`, "Go", "example.com/lib", "0", "1.2.0", specific))
	inv := scanner.Inventory{Packages: []scanner.Package{{PURL: "pkg:golang/example.com/lib@v1.1.0", Ecosystem: "Go", Name: "example.com/lib", Version: "v1.1.0"}}}
	graph := func(callee string) reach.Evidence {
		g, err := reach.ReadCallgraph(strings.NewReader(fmt.Sprintf(`{"schema":"stella.callgraph/v1","ecosystem":"Go",
			"nodes":[{"id":"example.com/app.main"},{"id":"example.com/lib/decode.Safe"},{"id":"example.com/lib/decode.Bomb"}],
			"edges":[["example.com/app.main",%q]],"entries":["example.com/app.main"],"covers":["example.com/lib/decode"]}`, callee)))
		require.NoError(t, err)
		return g
	}
	for _, test := range []struct {
		name     string
		evidence []reach.Evidence
		want     reach.Verdict
		path     []string
	}{
		{"called", []reach.Evidence{graph("example.com/lib/decode.Bomb")}, reach.Reachable, []string{"example.com/app.main", "example.com/lib/decode.Bomb"}},
		{"its neighbour is called", []reach.Evidence{graph("example.com/lib/decode.Safe")}, reach.Unreachable, []string{}},
		{"no evidence", nil, reach.Unknown, []string{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := scan(t, inv, db, scanner.Options{Evidence: test.evidence})
			require.Len(t, r.Findings, 1)
			require.Equal(t, test.want, r.Findings[0].Reachability.Verdict, r.Findings[0].Reachability.Why)
			require.Equal(t, test.path, r.Findings[0].Reachability.Path)
		})
	}
}

func TestVEXSuppressesAndShows(t *testing.T) {
	db := open(t, record("GHSA-aaaa-bbbb-cccc", `"CVE-2026-0001"`, "npm", "left", "0", "2.0.0", "{}"))
	doc, err := vex.Read(strings.NewReader(`{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://example.com/vex/1","author":"us",
		"timestamp":"2026-01-01T00:00:00Z","version":1,"statements":[{"vulnerability":{"name":"CVE-2026-0001"},
		"products":[{"@id":"pkg:npm/left@1.2.0"}],"status":"not_affected","justification":"vulnerable_code_not_present"}]}`), "vex.json")
	require.NoError(t, err)
	r := scan(t, scanner.Inventory{Packages: []scanner.Package{npm("left", "1.2.0"), npm("left", "1.3.0")}}, db, scanner.Options{VEX: vex.NewSet(doc)})
	require.Len(t, r.Findings, 2)
	require.NotNil(t, r.Findings[0].Suppressed)
	require.EqualValues(t, "not_affected", r.Findings[0].Suppressed.Status)
	require.Nil(t, r.Findings[1].Suppressed, "the statement is about another version")
}

// The order of packages does not matter, and a package that is met twice is one.
func TestDeterminism(t *testing.T) {
	db := open(t, record("CVE-2026-0001", ``, "npm", "left", "0", "2.0.0", "{}"), record("CVE-2026-0002", ``, "npm", "left", "1.0.0", "1.5.0", "{}"))
	var packages []scanner.Package
	for i := range 200 {
		p := npm("left", fmt.Sprintf("1.%d.0", i%20))
		p.Locations = []string{fmt.Sprintf("ref-%d", i)}
		if i%3 == 0 {
			p.Layer = &scanner.Layer{Index: i % 2, DiffID: "sha256:00"}
		}
		if i%7 == 0 {
			p.Version = ""
		}
		packages = append(packages, p)
	}
	var want []byte
	for seed := range uint64(20) {
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(packages), func(i, j int) { packages[i], packages[j] = packages[j], packages[i] })
		got, err := scan(t, scanner.Inventory{Packages: packages}, db, scanner.Options{}).Encode()
		require.NoError(t, err)
		if want == nil {
			want = got
		}
		require.Equal(t, string(want), string(got))
	}
}

// Of a package that an SBOM lists twice, a statement has to be about both entries. F-078.
func TestStatementOnOneOfTwoEntries(t *testing.T) {
	const doc = `{"bomFormat":"CycloneDX","specVersion":"1.6","components":[
		{"type":"application","name":"a","version":"1","bom-ref":"a","components":[{"type":"library","bom-ref":"a-left","name":"left","version":"1.2.0","purl":"pkg:npm/left@1.2.0"}]},
		{"type":"application","name":"b","version":"1","bom-ref":"b","components":[{"type":"library","bom-ref":"b-left","name":"left","version":"1.2.0","purl":"pkg:npm/left@1.2.0",
			"evidence":{"callstack":{"frames":[{"module":"m","function":"main"},{"module":"left","function":"pad"}]}}}]}]}`
	statement := func(product string) string {
		return fmt.Sprintf(`{"vulnerability":{"name":"CVE-2026-0001"},"products":[{"@id":%q,"subcomponents":[{"@id":"pkg:npm/left"}]}],
			"status":"not_affected","justification":"vulnerable_code_not_present"}`, product)
	}
	db := open(t, record("GHSA-aaaa-bbbb-cccc", `"CVE-2026-0001"`, "npm", "left", "0", "2.0.0", `{"imports":[{"path":"left","symbols":["pad"]}]}`))
	inv, err := sbom.Read(strings.NewReader(doc), "app.cdx.json")
	require.NoError(t, err)
	for _, test := range []struct {
		statements string
		suppressed bool
	}{
		{statement("b@1"), false},
		{statement("a@1"), false},
		{statement("a@1") + "," + statement("b@1"), true},
		{statement("a@1") + "," + statement("b@2"), false},
	} {
		d, err := vex.Read(strings.NewReader(fmt.Sprintf(`{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://example.com/vex/1","author":"us",
			"timestamp":"2026-01-01T00:00:00Z","version":1,"statements":[%s]}`, test.statements)), "vex.json")
		require.NoError(t, err)
		r := scan(t, inv, db, scanner.Options{VEX: vex.NewSet(d)})
		require.Len(t, r.Findings, 1)
		require.Equal(t, test.suppressed, r.Findings[0].Suppressed != nil, test.statements)
		require.Equal(t, reach.Reachable, r.Findings[0].Reachability.Verdict, "the evidence of the second entry")
	}
}
