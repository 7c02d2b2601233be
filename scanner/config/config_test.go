package config

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/scanner/vex"
)

var today = time.Date(2026, 11, 26, 21, 0, 0, 0, time.UTC)

func configText(rules ...string) string {
	return fmt.Sprintf(`{"schema":"stella.config/v1","ignore":[%s]}`, strings.Join(rules, ","))
}

func rules(t *testing.T, texts ...string) *Rules {
	t.Helper()
	c, err := Read(strings.NewReader(configText(texts...)), "config.json", today)
	require.NoError(t, err)
	return NewRules(c)
}

// Each rule that ignores stands beside the one that must not.
func TestSuppress(t *testing.T) {
	ssl := Query{
		IDs: []string{"CVE-2026-1", "GHSA-x"}, PURL: "pkg:apk/alpine/libssl3@3.1.4-r2?arch=x86_64&distro=alpine-3.19.1",
		Ecosystem: "Alpine:v3.19", Name: "openssl", Version: "3.1.4-r2",
	}
	py := Query{IDs: []string{"CVE-2026-1"}, PURL: "pkg:pypi/Zope.Interface", Ecosystem: "PyPI", Name: "zope-interface", Version: "5.0"}
	bare := Query{IDs: []string{"CVE-2026-1"}, Ecosystem: "PyPI", Name: "zope-interface", Version: "5.0"}
	for _, test := range []struct {
		name, rule string
		q          Query
		want       bool
	}{
		{"id and purl", `{"id":"CVE-2026-1","package":"pkg:apk/alpine/libssl3","reason":"r"}`, ssl, true},
		{"F-264: an alias", `{"id":"GHSA-x","package":"pkg:apk/alpine/libssl3","reason":"r"}`, ssl, true},
		{"an id in another case", `{"id":"ghsa-X","package":"pkg:apk/alpine/libssl3","reason":"r"}`, ssl, true},
		{"another id", `{"id":"CVE-2026-11","package":"pkg:apk/alpine/libssl3","reason":"r"}`, ssl, false},
		{"F-209: another package", `{"id":"CVE-2026-1","package":"pkg:apk/alpine/libcrypto3","reason":"r"}`, ssl, false},
		{"the version", `{"id":"CVE-2026-1","package":"pkg:apk/alpine/libssl3@3.1.4-r2","reason":"r"}`, ssl, true},
		{"another version", `{"id":"CVE-2026-1","package":"pkg:apk/alpine/libssl3@3.1.4-r1","reason":"r"}`, ssl, false},
		{"another architecture", `{"id":"CVE-2026-1","package":"pkg:apk/alpine/libssl3?arch=aarch64","reason":"r"}`, ssl, false},
		{"every package", `{"id":"CVE-2026-1","package":"*","reason":"r"}`, ssl, true},
		{"the ecosystem's name", `{"id":"CVE-2026-1","ecosystem":"Alpine","package":"openssl","reason":"r"}`, ssl, true},
		{"its release", `{"id":"CVE-2026-1","ecosystem":"Alpine:v3.19","package":"openssl","reason":"r"}`, ssl, true},
		{"another release", `{"id":"CVE-2026-1","ecosystem":"Alpine:v3.1","package":"openssl","reason":"r"}`, ssl, false},
		{"another ecosystem", `{"id":"CVE-2026-1","ecosystem":"Alp","package":"openssl","reason":"r"}`, ssl, false},
		{"another name", `{"id":"CVE-2026-1","ecosystem":"Alpine","package":"libssl3","reason":"r"}`, ssl, false},
		{"F-206: another spelling of the purl", `{"id":"CVE-2026-1","package":"pkg:PyPI/zope_interface@5.0","reason":"r"}`, py, true},
		{"F-206: another spelling of the name", `{"id":"CVE-2026-1","ecosystem":"PyPI","package":"zope_Interface","reason":"r"}`, py, true},
		{"no purl", `{"id":"CVE-2026-1","package":"pkg:pypi/zope-interface","reason":"r"}`, bare, false},
		{"no purl, by name", `{"id":"CVE-2026-1","ecosystem":"PyPI","package":"zope.interface","reason":"r"}`, bare, true},
		{"its last day", `{"id":"CVE-2026-1","package":"*","reason":"r","until":"2026-11-26"}`, ssl, true},
		{"past its last day", `{"id":"CVE-2026-1","package":"*","reason":"r","until":"2026-11-25"}`, ssl, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			set := rules(t, test.rule)
			got := set.Suppress(test.q)
			if !test.want {
				require.Nil(t, got)
				require.Len(t, set.Unused(), 1)
				return
			}
			require.Equal(t, &vex.Suppression{Status: Ignored, Justification: "r", Source: "config.json"}, got)
			require.Empty(t, set.Unused())
		})
	}
}

// A rule that is about another package does not end the search, and the version of a
// binary package is its own, not that of its source.
func TestEachRuleIsAsked(t *testing.T) {
	set := rules(t,
		`{"id":"CVE-1","package":"pkg:deb/debian/b@9","reason":"the source's version"}`,
		`{"id":"CVE-1","package":"pkg:deb/debian/b@1.2-3","reason":"its own"}`)
	got := set.Suppress(Query{IDs: []string{"CVE-1"}, PURL: "pkg:deb/debian/b@1.2-3?upstream=a%409", Ecosystem: "Debian:12", Name: "a", Version: "9"})
	require.NotNil(t, got)
	require.Equal(t, "its own", got.Justification)
}

func TestUnusedSays(t *testing.T) {
	set := rules(t,
		`{"id":"CVE-2","ecosystem":"npm","package":"left","reason":"r"}`,
		`{"id":"CVE-1","package":"*","reason":"r","until":"2026-01-31"}`)
	set.Suppress(Query{IDs: []string{"CVE-1"}})
	require.Equal(t, []string{
		"config.json: ignore CVE-1 in *: it ended on 2026-01-31",
		"config.json: ignore CVE-2 in npm left: it matches no finding",
	}, set.Unused())
}

// Whatever the order of files and rules, one reason is shown, and all rules count as
// used.
func TestSeveralRules(t *testing.T) {
	texts := []string{
		`{"id":"CVE-1","package":"*","reason":"b"}`, `{"id":"GHSA-1","package":"*","reason":"a"}`, `{"id":"CVE-1","package":"pkg:npm/x","reason":"c"}`,
	}
	for range texts {
		texts = append(texts[1:], texts[0])
		set := rules(t, texts...)
		got := set.Suppress(Query{IDs: []string{"CVE-1", "GHSA-1"}, PURL: "pkg:npm/x@1"})
		require.Equal(t, "a", got.Justification)
		require.Empty(t, set.Unused())
	}
}

func TestReadErrors(t *testing.T) {
	rule := func(fields string) string { return configText(`{"id":"CVE-1",` + fields + `}`) }
	for _, test := range []struct{ in, want string }{
		{"", "not JSON"},
		{"[]", "not JSON"},
		{"{}", `schema is ""`},
		{strings.Repeat("[", 1<<20), "not JSON"},
		{`{"schema":"stella.config/v2"}`, `schema is "stella.config/v2"`},
		{configText() + "x", "something follows"},
		{`{"schema":"stella.config/v1","ignored":[]}`, "unknown field"},
		{rule(`"package":"*","reason":"r","expires":"x"`), "unknown field"},
		{configText(`{"package":"*","reason":"r"}`), "ignore[0]: id is missing"},
		{configText(`{"id":" CVE-1","package":"*","reason":"r"}`), "white space"},
		{rule(`"reason":"r"`), `"*" ignores CVE-1 in every package`},
		{rule(`"package":"*"`), "reason is missing"},
		{rule(`"package":"*","reason":" "`), "reason is missing"},
		{rule(`"package":"left","reason":"r"`), "is no purl"},
		{rule(`"package":"*","ecosystem":"npm","reason":"r"`), "would not look at"},
		{rule(`"package":"pkg:npm/a","ecosystem":"npm","reason":"r"`), "remove ecosystem"},
		{rule(`"package":"pkg:npm/a?b=1&b=2","reason":"r"`), "there twice"},
		{rule(`"package":"*","reason":"r","until":"31.12.2026"`), "no date like"},
	} {
		_, err := Read(strings.NewReader(test.in), "config.json", today)
		require.ErrorContains(t, err, test.want)
		require.ErrorContains(t, err, "reading configuration config.json: ")
	}
	_, err := Read(strings.NewReader(rule(`"package":"*","reason":"r","until":"2026-12-31"`)), "config.json", time.Time{})
	require.ErrorContains(t, err, "give it the day with -now")
	_, err = Read(strings.NewReader(strings.Repeat(" ", MaxBytes+1)), "config.json", today)
	require.ErrorIs(t, err, ErrTooLarge)
	_, err = Read(strings.NewReader(configText(slices.Repeat([]string{"{}"}, MaxRules+1)...)), "config.json", today)
	require.ErrorIs(t, err, ErrTooLarge)
}

// docExample is the indented text of the package comment.
func docExample(t *testing.T) string {
	t.Helper()
	source, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	var example strings.Builder
	for line := range strings.SplitSeq(string(source), "\n") {
		if text, ok := strings.CutPrefix(line, "//\t"); ok {
			example.WriteString(text + "\n")
		}
	}
	return example.String()
}

// The example of the package comment is one.
func TestDocExample(t *testing.T) {
	text := docExample(t)
	c, err := Read(strings.NewReader(text), "config.json", today)
	require.NoError(t, err)
	require.Len(t, c.Ignore, 3)
}

// What is accepted has an id, a package and a reason, and can be matched.
func FuzzRead(f *testing.F) {
	f.Add([]byte(configText(`{"id":"CVE-1","package":"pkg:npm/%40a/b@1?arch=x","reason":"r","until":"2026-12-31"}`, `{"id":"GHSA-1","ecosystem":"PyPI","package":"A_b","reason":"r"}`)))
	f.Add([]byte(configText(`{"id":"CVE-1","package":"*","reason":"r"}`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Read(strings.NewReader(string(data)), "config.json", today)
		if err != nil {
			return
		}
		set := NewRules(c)
		for _, r := range c.Ignore {
			if r.ID == "" || r.Package == "" || strings.TrimSpace(r.Reason) == "" {
				t.Errorf("accepted %+v", r)
			}
			set.Suppress(Query{IDs: []string{r.ID}, PURL: r.Package, Ecosystem: r.Ecosystem, Name: r.Package})
		}
		set.Unused()
	})
}

// Limits hold to the last byte and rule, and not before it.
func TestLimits(t *testing.T) {
	text := configText(`{"id":"CVE-1","package":"*","reason":"r"}`)
	_, err := Read(strings.NewReader(text+strings.Repeat(" ", MaxBytes-len(text))), "config.json", today)
	require.NoError(t, err)
	_, err = Read(strings.NewReader(text+strings.Repeat(" ", MaxBytes-len(text)+1)), "config.json", today)
	require.ErrorIs(t, err, ErrTooLarge)
	c, err := Read(strings.NewReader(configText(slices.Repeat([]string{`{"id":"a","package":"*","reason":"r"}`}, MaxRules)...)), "config.json", today)
	require.NoError(t, err)
	require.Len(t, c.Ignore, MaxRules)
	_, err = Read(strings.NewReader("\xef\xbb\xbf"+text), "config.json", today)
	require.NoError(t, err, "a byte order mark")
}

// A file that cannot be read to its end is no configuration, though it looks whole.
func TestBrokenReader(t *testing.T) {
	text := configText(`{"id":"CVE-1","package":"*","reason":"r"}`)
	for n := range len(text) + 1 {
		c, err := Read(io.MultiReader(strings.NewReader(text[:n]), iotest.ErrReader(io.ErrClosedPipe)), "config.json", today)
		require.ErrorIs(t, err, io.ErrClosedPipe)
		require.Nil(t, c)
		_, err = Read(strings.NewReader(text[:n]), "config.json", today)
		require.Equal(t, n == len(text), err == nil, text[:n])
	}
}

// The rule that is wrong is named by its place.
func TestWhichRule(t *testing.T) {
	good := `{"id":"CVE-1","package":"*","reason":"r"}`
	for at := range 3 {
		list := slices.Insert([]string{good, good}, at, `{"id":"CVE-2","package":"*"}`)
		_, err := Read(strings.NewReader(configText(list...)), "config.json", today)
		require.EqualError(t, err, fmt.Sprintf("reading configuration config.json: ignore[%d]: reason is missing: why is CVE-2 ignored?; the format is stella.config/v1", at))
	}
	for _, id := range []string{"", " CVE-1", "CVE-1 ", "\tCVE-1", "CVE-1\u00a0"} {
		_, err := Read(strings.NewReader(configText(fmt.Sprintf(`{"id":%q,"package":"*","reason":"r"}`, id))), "config.json", today)
		require.ErrorContains(t, err, "id is missing or has white space around it", id)
	}
}

// A rule holds through the last second of its day, in UTC, and a rule without a day always.
func TestUntil(t *testing.T) {
	day := func(hour, minute, second int, zone int) time.Time {
		return time.Date(2026, 11, 26, hour, minute, second, 0, time.FixedZone("", zone*3600))
	}
	for _, row := range []struct {
		now   time.Time
		until string
		holds bool
	}{
		{day(0, 0, 0, 0), "2026-11-26", true},
		{day(23, 59, 59, 0), "2026-11-26", true},
		{day(24, 0, 0, 0), "2026-11-26", false},
		{day(23, 0, 0, -5), "2026-11-26", false},
		{day(3, 0, 0, 5), "2026-11-25", true},
		{day(0, 0, 0, 0), "2026-11-25", false},
		{day(0, 0, 0, 0), "", true},
		{time.Time{}, "", true},
	} {
		c, err := Read(strings.NewReader(configText(`{"id":"CVE-1","package":"*","reason":"r","until":"`+row.until+`"}`)), "config.json", row.now)
		require.NoError(t, err)
		require.Equal(t, row.holds, NewRules(c).Suppress(Query{IDs: []string{"CVE-1"}}) != nil, row)
	}
}

// Of rules with one reason, the file that is first by name is shown; the version of the
// inventory is asked where the purl has none.
func TestWhichSource(t *testing.T) {
	for _, sources := range [][]string{{"a.json", "b.json"}, {"b.json", "a.json"}} {
		var configs []*Config
		for _, source := range sources {
			c, err := Read(strings.NewReader(configText(`{"id":"CVE-1","package":"pkg:npm/x@1","reason":"r"}`)), source, today)
			require.NoError(t, err)
			configs = append(configs, c)
		}
		set := NewRules(configs...)
		require.Equal(t, "a.json", set.Suppress(Query{IDs: []string{"CVE-1"}, PURL: "pkg:npm/x@1"}).Source)
		require.NotNil(t, set.Suppress(Query{IDs: []string{"CVE-1"}, PURL: "pkg:npm/x", Version: "1"}))
		require.Nil(t, set.Suppress(Query{IDs: []string{"CVE-1"}, PURL: "pkg:npm/x", Version: "2"}))
		require.Nil(t, set.Suppress(Query{IDs: []string{"CVE-1"}, PURL: "pkg:npm/x@2", Version: "1"}))
		require.Nil(t, set.Suppress(Query{}))
	}
}
