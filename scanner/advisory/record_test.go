package advisory

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/scanner/severity"
)

const whole = `{
	"schema_version": "1.9.0",
	"id": "GHSA-aaaa-bbbb-cccc",
	"modified": "2026-01-02T03:04:05.6+01:00",
	"published": "2025-01-01T00:00:00Z",
	"aliases": ["CVE-2026-1", "GO-2026-1", "CVE-2026-1", "GHSA-aaaa-bbbb-cccc"],
	"upstream": ["CVE-2026-2"],
	"related": ["CVE-2026-3"],
	"summary": "a \"quoted\" ☃ summary",
	"details": "not kept",
	"newField": {"fixed": "1"},
	"ID": "not the id",
	"severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:L/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H"}],
	"affected": [{
		"package": {"ecosystem": "Go", "name": "example.com/m", "purl": "pkg:golang/example.com/m", "epoch": 4},
		"ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.2.3"}], "database_specific": [1, {"x": "}"}]}],
		"versions": ["1.0.0"],
		"ecosystem_specific": {"imports": [{"symbols": ["A.B"], "path": "example.com/m/p"}], "n": 1.50},
		"database_specific": {"severity": "HIGH"}
	}],
	"references": [{"type": "NEW", "url": "https://example.com/"}],
	"database_specific": {"severity": "MODERATE", "nested": {"severity": "no"}}
}`

func TestParse(t *testing.T) {
	r, err := Parse([]byte("\xef\xbb\xbf" + whole))
	require.NoError(t, err)
	require.Empty(t, r.Problems, "fields that are not known are no problem")
	require.Equal(t, "GHSA-aaaa-bbbb-cccc", r.ID)
	require.Equal(t, time.Date(2026, 1, 2, 2, 4, 5, 6e8, time.UTC), r.Modified)
	require.Empty(t, r.Withdrawn)
	require.Equal(t, []string{"CVE-2026-1", "GO-2026-1"}, r.Aliases)
	require.Equal(t, []string{"CVE-2026-2"}, r.Upstream)
	require.Equal(t, `a "quoted" ☃ summary`, r.Summary)
	require.Equal(t, []severity.Entry{{Type: "CVSS_V3", Score: "CVSS:3.1/AV:L/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H"}}, r.Severity)
	require.Equal(t, "MODERATE", r.Label)
	require.Len(t, r.Affected, 1)
	a := r.Affected[0]
	require.Equal(t, []string{"Go", "example.com/m", "pkg:golang/example.com/m", "HIGH"}, []string{a.Ecosystem, a.Name, a.PURL, a.Label})
	require.Equal(t, []string{"1.0.0"}, a.Versions)
	require.JSONEq(t, `{"imports":[{"path":"example.com/m/p","symbols":["A.B"]}],"n":1.50}`, string(a.EcosystemSpecific))
	require.Equal(t, "SEMVER", a.Ranges[0].Type)
	require.Equal(t, []Event{{Introduced, "0"}, {Fixed, "1.2.3"}}, a.Ranges[0].Events)
}

func TestParseRejects(t *testing.T) {
	for name, row := range map[string]struct{ doc, want string }{
		"empty":                            {"", "unexpected end of JSON input"},
		"truncated":                        {whole[:200], "unexpected end of JSON input"},
		"two documents":                    {`{"id":"A"}{"id":"B"}`, "after top-level value"},
		"not UTF-8":                        {"{\"id\":\"\xff\"}", "not UTF-8"},
		"an array":                         {`[{"id": "A"}]`, "no object"},
		"null":                             {`null`, "no object"},
		"no id":                            {`{"modified": "2026-01-01T00:00:00Z"}`, "no id"},
		"an id to be shown":                {`{"id": "A\u001b[2J"}`, "not printable"},
		"a long id":                        {`{"id": "` + strings.Repeat("A", 300) + `"}`, "longer than 256 bytes"},
		"an id of numbers":                 {`{"id": 7}`, "no id"},
		"a key twice":                      {`{"id": "A", "affected": [], "affected": null}`, `key "affected" stands twice`},
		"a key twice, one of them escaped": {`{"id": "A", "\u0069d": "B"}`, `key "id" stands twice`},
		"a key twice, deep":                {`{"id": "A", "affected": [{"package": {"name": "a", "name": "b"}}]}`, `key "name" stands twice`},
		"deep nesting":                     {strings.Repeat("[", 20_000_000), "exceeded max depth"},
		"deep and closed":                  {`{"id": "A", "x": ` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`, "exceeded max depth"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse([]byte(row.doc))
			require.ErrorIs(t, err, ErrRecord)
			require.ErrorContains(t, err, row.want)
		})
	}
}

// What is wrong in one place leaves the rest, and is said.
func TestParseKeepsWhatItCan(t *testing.T) {
	good := `{"package": {"ecosystem": "PyPI", "name": "good"}, "versions": ["1"]}`
	for name, row := range map[string]struct{ doc, want string }{
		"aliases are a string":      {`"aliases": "CVE-2026-1"`, "aliases is not an array"},
		"an alias is a number":      {`"aliases": ["CVE-2026-1", 4]`, "aliases[1] is not a string, or empty"},
		"an alias with spaces":      {`"aliases": ["see CVE-2026-1"]`, `aliases: "see CVE-2026-1" is no id`},
		"withdrawn is a boolean":    {`"withdrawn": true`, "withdrawn is not a string"},
		"summary is an object":      {`"summary": {"a": "}"}`, "summary is not a string"},
		"severity cannot be read":   {`"severity": [{"type": "CVSS_V3", "score": "9.8"}]`, "no severity can be told"},
		"severity is a string":      {`"severity": "HIGH"`, "severity is not an array"},
		"database_specific is odd":  {`"database_specific": [1]`, ""},
		"an entry is a string":      {`"affected": ["x", ` + good + `]`, "affected[0] is not an object"},
		"an entry has no package":   {`"affected": [{"versions": ["1"]}, ` + good + `]`, "affected[0].package has no ecosystem or no name"},
		"an entry of a repository":  {`"affected": [{"ranges": [{"type": "GIT", "repo": "https://example.com/r", "events": [{"introduced": "0"}]}]}, ` + good + `]`, ""},
		"a package has no name":     {`"affected": [{"package": {"ecosystem": "PyPI", "name": null}}, ` + good + `]`, "affected[0].package has no ecosystem or no name"},
		"a package is a string":     {`"affected": [{"package": "pkg:pypi/x"}, ` + good + `]`, "affected[0].package is not an object"},
		"modified is no time":       {`"modified": "yesterday"`, "not a time of RFC 3339"},
		"an unknown ecosystem":      {`"affected": [{"package": {"ecosystem": "CP/M", "name": "pip"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}]}, ` + good + `]`, ""},
		"an unknown severity type":  {`"severity": [{"type": "SSVC", "score": "act"}]`, "no severity can be told"},
		"affected is an object":     {`"affected": {}`, "affected is not an array"},
		"many problems are counted": {`"aliases": [` + strings.Repeat("1,", 1000) + `1]`, "and 981 problems more"},
	} {
		t.Run(name, func(t *testing.T) {
			doc := `{"id": "TEST-1", ` + row.doc
			if !strings.Contains(row.doc, `"modified"`) {
				doc += `, "modified": "2026-01-01T00:00:00Z"`
			}
			r, err := Parse([]byte(doc + `}`))
			require.NoError(t, err)
			if row.want != "" {
				require.Contains(t, strings.Join(r.Problems, "\n"), row.want)
			}
			require.LessOrEqual(t, len(r.Problems), maxProblems+1)
			require.Empty(t, r.Withdrawn, "what cannot be read withdraws nothing")
			if strings.Contains(row.doc, good) {
				require.Equal(t, IsAffected, r.Affects(Query{Ecosystem: "PyPI", Name: "good", Version: "1"}).Status)
			}
		})
	}
}

// Each problem says where it is, and is the only one.
func TestProblems(t *testing.T) {
	const (
		versions = `"versions": ["1"]`
		pkg      = `"package": {"ecosystem": "PyPI", "name": "p"}, `
	)
	events := func(list string) string {
		return `"affected": [{` + pkg + `"ranges": [{"type": "GIT", "events": []}, {"type": "ECOSYSTEM", "events": [` + list + `]}]}]`
	}
	for fields, want := range map[string]string{
		`"id": "B"`:                 "",
		`"upstream": "x"`:           "upstream is not an array",
		`"upstream": ["CVE-1", ""]`: "upstream[1] is not a string, or empty",
		`"upstream": ["é"]`:         `upstream: "é" is no id`,
		`"aliases": ["A", "é"]`:     `aliases: "é" is no id`,
		`"aliases": {}`:             "aliases is not an array",
		`"aliases": null, "upstream": null, "affected": null, "severity": null, "summary": null, "withdrawn": null, "database_specific": null`: "",
		`"withdrawn": 1`:             "withdrawn is not a string",
		`"summary": []`:              "summary is not a string",
		`"severity": [7]`:            "severity has an element that is not an object",
		`"severity": [null, {}]`:     "",
		`"severity": [{"type": 1}]`:  "severity[].type is not a string",
		`"severity": [{"score": 1}]`: "severity[].score is not a string",
		`"severity": [{"type": "CVSS_V3", "x": {"type": 1}}]`: `severity: rating CVSS_V3 "": neither a CVSS vector of version 2.0 to 4.0 nor an Ubuntu priority: no severity can be told`,
		`"affected": 1`:   "affected is not an array",
		`"affected": [1]`: "affected[0] is not an object",
		`"affected": [{` + pkg + versions + `}, []]`: "affected[1] is not an object",
		`"affected": [{}]`:                           "affected[0].package has no ecosystem or no name",
		`"affected": [null]`:                         "affected[0].package has no ecosystem or no name",
		`"affected": [{"package": {"ecosystem": "PyPI"}, ` + versions + `}]`:                         "affected[0].package has no ecosystem or no name",
		`"affected": [{"package": {"name": "p"}, ` + versions + `}]`:                                 "affected[0].package has no ecosystem or no name",
		`"affected": [{"package": {"ecosystem": 1, "name": "p"}, ` + versions + `}]`:                 "affected[0].package has no ecosystem or no name\naffected[0].package.ecosystem is not a string",
		`"affected": [{"package": {"ecosystem": "PyPI", "name": 1}, ` + versions + `}]`:              "affected[0].package has no ecosystem or no name\naffected[0].package.name is not a string",
		`"affected": [{"package": {"ecosystem": "PyPI", "name": "p", "purl": 1}, ` + versions + `}]`: "affected[0].package.purl is not a string",
		`"affected": [{"package": 1}]`:                                                               "affected[0].package has no ecosystem or no name\naffected[0].package is not an object",
		`"affected": [{` + pkg + `"versions": [1], "ranges": []}]`:                                   "affected[0] names p and no version\naffected[0].versions[0] is not a string, or empty",
		`"affected": [{` + pkg + `"versions": {}}]`:                                                  "affected[0] names p and no version\naffected[0].versions is not an array",
		`"affected": [{` + pkg + `"ranges": {}, ` + versions + `}]`:                                  "affected[0].ranges is not an array",
		`"affected": [{` + pkg + `"ranges": [{"type": "GIT"}, 1]}]`:                                  "affected[0].ranges[1] is not an object",
		`"affected": [{` + pkg + `"ranges": [{"type": 1}]}]`:                                         `affected[0].ranges[0].type is not a string` + "\n" + `affected[0].ranges[0]: its type "" is not known`,
		`"affected": [{` + pkg + `"ranges": [{"type": "ECOSYSTEM"}]}]`:                               "affected[0].ranges[0]: it has no introduced event",
		`"affected": [{` + pkg + `"ranges": [{"type": "ECOSYSTEM", "events": {}}]}]`:                 "affected[0].ranges[0].events is not an array",
		`"affected": [{` + pkg + versions + `, "severity": 1}]`:                                      "affected[0].severity is not an array",
		`"affected": [{` + pkg + versions + `, "severity": [1]}]`:                                    "affected[0].severity has an element that is not an object",
		`"affected": [{` + pkg + versions + `, "severity": [{"type": "CVSS_V3", "score": "9.8"}]}]`:  `affected[0].severity: rating CVSS_V3 "9.8": neither a CVSS vector of version 2.0 to 4.0 nor an Ubuntu priority: no severity can be told`,
		`"affected": [{` + pkg + versions + `, "ecosystem_specific": 1, "database_specific": 1}]`:    "",
		`"affected": [{` + pkg + versions + `, "database_specific": {"severity": 1, "x": {}}}]`:      "",
		events(`{"introduced": "0"}, 1`):                                                             "affected[0].ranges[1].events[1] has no kind of event that is known",
		events(`{"introduced": "0"}, null`):                                                          "affected[0].ranges[1].events[1] has no kind of event that is known",
		events(`{"introduced": "0"}, {"fixed": null}`):                                               "affected[0].ranges[1].events[1] has no kind of event that is known",
		events(`{"introduced": "0"}, {"odd": "1"}`):                                                  "affected[0].ranges[1].events[1] has no kind of event that is known",
		events(`{"introduced": "0", "odd": 1}`):                                                      "",
		events(`{"introduced": "0"}, {"fixed": 1}`):                                                  "affected[0].ranges[1].events[1].fixed is not a string",
		events(`{"introduced": 0}`):                                                                  "affected[0].ranges[1].events[0].introduced is not a string",
		events(`{"introduced": "0"}, {"last_affected": {}}`):                                         "affected[0].ranges[1].events[1].last_affected is not a string",
		events(`{"introduced": "0"}, {"limit": []}`):                                                 "affected[0].ranges[1].events[1].limit is not a string",
		events(`{"fixed": "2", "introduced": "0"}`):                                                  "affected[0].ranges[1].events[0] has 2 kinds of event, read as one event each",
		events(`{"introduced": "2"}, {"fixed": "1"}`):                                                "affected[0].ranges[1]: an end comes before the first introduced",
		events(`{"fixed": "1"}`):                                                                     "affected[0].ranges[1]: it has no introduced event",
	} {
		t.Run(fields, func(t *testing.T) {
			base := map[bool]string{true: "", false: `"id": "A", `}[strings.Contains(fields, `"id"`)]
			r := parse(t, `{`+base+`"modified": "`+day+`", `+fields+`}`)
			require.Equal(t, want, strings.Join(r.Problems, "\n"))
		})
	}
}

// Which ranges without a package are those of a repository alone.
func TestEntriesWithoutAPackage(t *testing.T) {
	git, other := `{"type": "GIT", "events": [{"introduced": "0"}]}`, `{"type": "SEMVER", "events": [{"introduced": "0"}]}`
	for fields, problems := range map[string]int{
		`"ranges": [` + git + `]`:                                  0,
		`"ranges": [` + git + `, ` + git + `], "versions": ["v1"]`: 0,
		`"package": null, "ranges": [` + git + `]`:                 0,
		`"package": {}, "ranges": [` + git + `]`:                   1,
		`"package": {"name": "p"}, "ranges": [` + git + `]`:        1,
		`"ranges": [` + git + `, ` + other + `]`:                   1,
		`"ranges": [` + other + `]`:                                1,
		`"ranges": []`:                                             1,
		`"versions": ["v1"]`:                                       1,
	} {
		r := record(t, `[{`+fields+`}]`)
		require.Len(t, r.Problems, problems, fields)
		require.Empty(t, r.Affected, fields)
	}
}

// So many problems are told, and of the others how many there are.
func TestManyProblems(t *testing.T) {
	for n, want := range map[int]string{maxProblems: "", maxProblems + 1: "and 1 problems more", maxProblems + 2: "and 2 problems more"} {
		r := parse(t, `{"id": "A", "modified": "`+day+`", "aliases": [`+strings.Repeat("1,", n-1)+`1]}`)
		require.Equal(t, min(n, maxProblems+1), len(r.Problems))
		last := r.Problems[len(r.Problems)-1]
		require.Equal(t, want, strings.Repeat(last, min(1, n-maxProblems)))
		require.True(t, slices.IsSorted(r.Problems[:maxProblems]))
	}
}

// Ids are sorted, each once, without the record's own and what is none.
func TestIDsOfARecord(t *testing.T) {
	r := parse(t, `{"id": "B", "modified": "`+day+`", "aliases": ["C", "é", "A", "B", "C", "a b"], "upstream": ["Z", "B", "Y", "\u0000", "Z"]}`)
	require.Equal(t, []string{"A", "C"}, r.Aliases)
	require.Equal(t, []string{"Y", "Z"}, r.Upstream)
	require.Equal(t, []string{`aliases: "a b" is no id`, `aliases: "é" is no id`, `upstream: "\x00" is no id`}, r.Problems)
}

// An entry keeps what of it can be read, and says what it may have said more.
func TestEntryKeepsWhatItCan(t *testing.T) {
	for fields, want := range map[string]Affected{
		`"versions": ["1", 2, "3"]`:      {Versions: []string{"1", "3"}, partial: "its versions cannot be read"},
		`"versions": "1"`:                {partial: "it names no version"},
		`"ranges": 1, "versions": ["1"]`: {Versions: []string{"1"}, partial: "its ranges cannot be read"},
		`"versions": ["1"], "severity": [{"type": "SSVC", "score": 1}, {"score": "x"}, {"type": "CVSS_V3"}, {}]`: {
			Versions: []string{"1"}, Severity: []severity.Entry{{Type: "SSVC"}, {Score: "x"}, {Type: "CVSS_V3"}},
		},
		`"versions": ["1"], "database_specific": {"a": {"severity": "LOW"}, "severity": "HIGH", "z": 1}`: {Versions: []string{"1"}, Label: "HIGH"},
		`"versions": ["1"], "ecosystem_specific": {"b": 1.0, "a": [ true ]}`:                             {Versions: []string{"1"}, EcosystemSpecific: json.RawMessage(`{"a":[true],"b":1.0}`)},
		`"versions": ["1"], "ecosystem_specific": "nothing"`:                                             {Versions: []string{"1"}, EcosystemSpecific: json.RawMessage(`"nothing"`)},
		`"versions": ["1"], "ecosystem_specific": null`:                                                  {Versions: []string{"1"}},
		`"ranges": [1]`: {Ranges: []Range{{broken: "it is not an object"}}},
		`"ranges": [{"type": "GIT", "events": 1}]`: {Ranges: []Range{{Type: rangeGit, broken: "its events cannot be read"}}},
		`"ranges": [{"type": "GIT", "events": [{"limit": 1, "fixed": "a", "introduced": "b", "last_affected": "c"}]}]`: {
			Ranges: []Range{{Type: rangeGit, Events: []Event{{Limit, ""}, {LastAffected, "c"}, {Introduced, "b"}, {Fixed, "a"}}, broken: "an event's limit is not a string"}},
		},
		`"ranges": [{"type": "GIT", "events": [{"fixed": "z"}, {"odd": "a"}, {"introduced": "b"}]}]`: {
			Ranges: []Range{{Type: rangeGit, Events: []Event{{Fixed, "z"}, {Introduced, "b"}}, partial: "it has an event of unknown kind"}},
		},
	} {
		want.Ecosystem, want.Name, want.key = "PyPI", "p", "PyPI:p"
		r := record(t, `[{`+fields+`, "package": {"ecosystem": "PyPI", "name": "p"}}]`)
		require.Equal(t, []Affected{want}, r.Affected, fields)
	}
}

// Entries that could not be read in part are never "not affected".
func TestUnreadableEntryIsUnknown(t *testing.T) {
	for name, fields := range map[string]string{
		"ranges are a string":       `"ranges": "< 2", "versions": ["9"]`,
		"versions are a string":     `"versions": "1.0"`,
		"a version is a number":     `"versions": ["9", 1.0]`,
		"a range is null":           `"ranges": [null], "versions": ["9"]`,
		"events are an object":      `"ranges": [{"type": "ECOSYSTEM", "events": {"introduced": "0"}}]`,
		"events are missing":        `"ranges": [{"type": "ECOSYSTEM"}]`,
		"an event is a number":      `"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "5"}, 1]}]`,
		"an event's version is one": `"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": 0}]}]`,
		"the type is missing":       `"ranges": [{"events": [{"introduced": "0"}]}]`,
		"the events are null":       `"ranges": [{"type": "ECOSYSTEM", "events": null}]`,
	} {
		t.Run(name, func(t *testing.T) {
			r := record(t, `[{"package": {"ecosystem": "PyPI", "name": "pkg"}, `+fields+`}]`)
			require.NotEmpty(t, r.Problems)
			v := r.Affects(Query{Ecosystem: "PyPI", Name: "pkg", Version: "1.0"})
			require.Equal(t, Unknown, v.Status)
			require.NotEmpty(t, v.Reason)
		})
	}
}

// An entry of no version is told from one of commits alone.
func TestEntryWithoutVersions(t *testing.T) {
	r := record(t, `[{"package": {"ecosystem": "PyPI", "name": "pkg"}, "versions": []}]`)
	require.Len(t, r.Problems, 1)
	v := r.Affects(Query{Ecosystem: "PyPI", Name: "pkg", Version: "1.0"})
	require.Equal(t, Unknown, v.Status)
	require.Equal(t, "the record's entry cannot be judged: it names no version", v.Reason)
}

func TestValidID(t *testing.T) {
	for id, want := range map[string]bool{
		"!": true, "CVE-2099-1": true, "~": true, "A B": false, "A\x7f": false, "A\u00e9": false, "A\n": false,
		strings.Repeat("a", maxID): true, strings.Repeat("a", maxID+1): false,
	} {
		require.Equal(t, want, validID(id), "%.20q", id)
	}
}

// F-245: a record of npm that says GitHub Actions.
func TestNameOfAnotherEcosystem(t *testing.T) {
	for _, row := range []struct {
		ecosystem, name string
		problems        int
	}{
		{"GitHub Actions", "word-wrap", 1},
		{"GitHub Actions", "tj-actions/changed-files", 0},
		{"Maven", "log4j-core", 1},
		{"Maven:https://repo.example", "org.apache.logging.log4j:log4j-core", 0},
		{"Packagist", "phpmailer", 1},
		{"npm", "word-wrap", 0},
	} {
		r := record(t, `[{"package": {"ecosystem": "`+row.ecosystem+`", "name": "`+row.name+`"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}]}]`)
		require.Len(t, r.Problems, row.problems, "%s %s: %q", row.ecosystem, row.name, r.Problems)
	}
}

func TestSeverityOf(t *testing.T) {
	r, err := Parse([]byte(whole))
	require.NoError(t, err)
	entries := []*Affected{&r.Affected[0]}
	const vector = "CVSS:3.1/AV:L/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H"
	require.Equal(t, severity.Severity{Level: severity.High, Score: 7.8, Vector: vector, Source: "GHSA-aaaa-bbbb-cccc#severity"}, r.SeverityOf(entries))

	r.Affected[0].Severity = []severity.Entry{{Type: "CVSS_V2", Score: "AV:L/AC:H/Au:N/C:C/I:C/A:C"}}
	require.Equal(t, severity.Severity{Level: severity.Medium, Score: 6.2, Vector: "AV:L/AC:H/Au:N/C:C/I:C/A:C", Source: "GHSA-aaaa-bbbb-cccc#affected.severity"}, r.SeverityOf(entries), "the package's own")

	r.Affected[0].Severity, r.Severity = nil, nil
	require.Equal(t, severity.Severity{Level: severity.High, Source: "GHSA-aaaa-bbbb-cccc#affected.database_specific.severity"}, r.SeverityOf(entries))
	require.Equal(t, severity.Severity{Level: severity.Medium, Source: "GHSA-aaaa-bbbb-cccc#database_specific.severity"}, r.SeverityOf(nil), "F-134: a label, no score")

	r.Label = ""
	require.Equal(t, severity.Severity{Level: severity.Unknown}, r.SeverityOf(nil), "F-138: never low")
}

// The cursor reads what encoding/json reads, and never leaves the text.
func FuzzParse(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte(`{"id":"A","affected":[{"package":{"ecosystem":"PyPI","name":"p"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1\u002e0"}]}]}]}`))
	f.Add([]byte(`{"id":"A","x":[-1.5e3,true,null,"\\\""],"affected":[null,[],{"versions":[null]}]}`))
	f.Add([]byte(` { "id" : "A" , "aliases" : [ ] , "y" : { } } `))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Parse(data)
		if err != nil {
			require.ErrorIs(t, err, ErrRecord)
			return
		}
		var plain map[string]any
		d := json.NewDecoder(strings.NewReader(strings.TrimPrefix(string(data), "\xef\xbb\xbf")))
		d.UseNumber()
		require.NoError(t, d.Decode(&plain))
		require.Equal(t, plain["id"], r.ID)
		if s, ok := plain["summary"].(string); ok {
			require.Equal(t, s, r.Summary)
		}
		for i := range r.Affected {
			a := &r.Affected[i]
			v := r.Affects(Query{Ecosystem: a.Ecosystem, Name: a.Name, Version: "1.0.0", Withdrawn: true})
			require.NotEmpty(t, v.Reason)
			require.Equal(t, v.Status == IsAffected, len(v.Entries) > 0)
		}
		// A record is the same however its JSON is laid out.
		again, err := json.MarshalIndent(plain, "", "\t")
		require.NoError(t, err)
		r2, err := Parse(again)
		require.NoError(t, err)
		require.Equal(t, r.digest(), r2.digest())
	})
}

// A key twice is an error however many keys stand between.
func TestKeyTwiceBehindMany(t *testing.T) {
	for _, n := range []int{0, 23, 24, 25, 100} {
		var unknown strings.Builder
		for i := range n {
			fmt.Fprintf(&unknown, `"x%d":0,`, i)
		}
		_, err := Parse([]byte(`{` + unknown.String() + `"id":"A-1","modified":"2026-01-01T00:00:00Z","id":"A-2"}`))
		require.ErrorContains(t, err, `key "id" stands twice`, "%d keys before", n)
	}
}
