package advisory

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/scanner/version"
)

// What a verdict says of itself, whichever way it came about.
func TestReasons(t *testing.T) {
	const (
		pkg  = `{"package": {"ecosystem": "PyPI", "name": "pkg"}, `
		from = `"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "1"}`
	)
	for _, row := range []struct{ affected, version, want string }{
		{pkg + from + `, {"fixed": "2"}]}]}`, "1.5", "ECOSYSTEM range from 1, fixed in 2"},
		{pkg + from + `, {"last_affected": "2"}]}]}`, "1.5", "ECOSYSTEM range from 1 to 2"},
		{pkg + from + `, {"last_affected": "2"}]}]}`, "2", "ECOSYSTEM range from 1 to 2"},
		{pkg + from + `]}]}`, "1.5", "ECOSYSTEM range from 1 on"},
		{pkg + from + `, {"limit": "2"}]}]}`, "1.5", "ECOSYSTEM range from 1 on"},
		{pkg + `"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}]}`, "a snapshot", "ECOSYSTEM range of every version"},
		{pkg + `"versions": ["1.0"]}`, "1", "enumerated in versions"},
		{pkg + from + `]}, {"type": "SEMVER", "events": [{"introduced": "0"}]}], "versions": ["3"]}`, "3.0", "ECOSYSTEM range from 1 on; SEMVER range from 0 on; enumerated in versions"},
		{pkg + from + `]}]}, ` + pkg + from + `]}]}`, "3.0", "ECOSYSTEM range from 1 on"},
		{pkg + from + `]}]}`, "0.5", "in no range and not enumerated"},
		{pkg + `"versions": ["2"]}`, "1", "in no range and not enumerated"},
		{pkg + from + `]}]}`, "", "the package has no version"},
		{`{"package": {"ecosystem": "PyPI", "name": "other"}, "versions": ["1"]}`, "1", "the record does not name the package"},
		{`{"package": {"ecosystem": "PyPI:x", "name": "pkg"}, "versions": ["1"]}`, "1", "it concerns PyPI:x, and the package's release is not known"},
		{pkg + `"ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]}`, "1", "the record has only commits, and the package only a version"},
		{pkg + `"ranges": [{"type": "GIT", "events": 1}]}`, "1", "a GIT range cannot be judged: its events cannot be read"},
		{pkg + `"ranges": [{"type": "ODD"}]}`, "1", `a ODD range cannot be judged: its type "ODD" is not known`},
		{pkg + `"ranges": [{"type": "ODD"}], "versions": ["1"]}`, "1", "enumerated in versions"},
		{pkg + `"ranges": 1, "versions": ["2"]}`, "1", "the record's entry cannot be judged: its ranges cannot be read"},
		{pkg + from + `, {"fixed": "2"}, {"odd": "3"}]}]}`, "2.5", "a ECOSYSTEM range cannot be judged in full: it has an event of unknown kind"},
		{pkg + from + `, {"fixed": "2"}, {"odd": "3"}]}]}`, "1.5", "ECOSYSTEM range from 1, fixed in 2"},
		{`{"package": {"ecosystem": "Go", "name": "pkg"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "2.7.1"}]}]}`, "v0.35.0", "the module's version and 2.7.1 of the record are of different lines of versions"},
	} {
		r := record(t, `[`+row.affected+`]`)
		ecosystem := r.Affected[0].Ecosystem
		if ecosystem == "PyPI:x" {
			ecosystem = "PyPI"
		}
		v := r.Affects(Query{Ecosystem: ecosystem, Name: "pkg", Version: row.version})
		require.Equal(t, row.want, v.Reason, "%s of %s", row.version, row.affected)
	}
	r := record(t, `[`+pkg+from+`, {"fixed": "2"}]}]}]`)
	require.Regexp(t, "^the package's version cannot be compared: PyPI version \"x y\"", r.Affects(Query{Ecosystem: "PyPI", Name: "pkg", Version: "x y"}).Reason)
}

// The entries of a verdict are those by which the version is affected, and no others.
func TestEntriesOfAVerdict(t *testing.T) {
	entry := func(version string) string {
		return `{"package": {"ecosystem": "PyPI", "name": "pkg"}, "versions": ["` + version + `"]}`
	}
	r := record(t, `[`+entry("1")+`,`+entry("2")+`,`+entry("1.0")+`]`)
	v := r.Affects(Query{Ecosystem: "PyPI", Name: "pkg", Version: "1"})
	require.Equal(t, []*Affected{&r.Affected[0], &r.Affected[2]}, v.Entries)
	require.Empty(t, v.Fixed)
}

// A release's doubt is no word that a build is sound: Pro's entries count.
func TestUbuntuProWhereTheReleaseIsInDoubt(t *testing.T) {
	const release, pro = "Ubuntu:24.04:LTS", "Ubuntu:Pro:24.04:LTS"
	entry := func(ecosystem, events string) string {
		return `{"package": {"ecosystem": "` + ecosystem + `", "name": "p"}, "ranges": [{"type": "ECOSYSTEM", "events": [` + events + `]}]}`
	}
	zero := `{"introduced": "0"}`
	for _, row := range []struct{ plain, pro, version, want string }{
		{zero + `, {"fixed": "?"}`, zero + `, {"fixed": "2"}`, "1", "yes 2"},
		{zero + `, {"fixed": "?"}`, zero + `, {"fixed": "2"}`, "3", "unknown"},
		{zero + `, {"fixed": "1"}`, zero + `, {"fixed": "?"}`, "1", "no"},
		{zero + `, {"fixed": "2"}`, zero + `, {"fixed": "?"}`, "1", "yes 2"},
		{zero + `, {"fixed": "2"}`, zero + `, {"fixed": "?"}`, "1~esm1", "unknown"},
		{zero + `, {"fixed": "2"}`, zero + `, {"fixed": "1+esm2"}`, "1+esm2", "no"},
		{zero + `, {"fixed": "2"}`, zero + `, {"fixed": "1+esm2"}`, "1+esm", "yes 1+esm2 2"}, // no build of Pro without a number
	} {
		r := record(t, `[`+entry(pro, row.pro)+`,`+entry(release, row.plain)+`]`)
		require.Equal(t, row.want, judge(r, Query{Ecosystem: release, Name: "p", Version: row.version}), "%v", row)
	}
}

// Fixed versions come in the ecosystem's order, those that it cannot read behind them.
func TestFixedVersionsAreSorted(t *testing.T) {
	want := []string{"1.0", "1.0.0", "1.2", "1.10", "a", "b", "c"}
	for i := range 2 * len(want) {
		texts := slices.Concat(want[i%len(want):], want[:i%len(want)], want[:1])
		if i >= len(want) {
			slices.Reverse(texts)
		}
		var e evaluation
		for _, s := range texts {
			v, err := version.Parse("PyPI", s)
			e.fixed = append(e.fixed, fixedVersion{v, err == nil, s})
		}
		require.Equal(t, want, e.fixedTexts(), "%q", texts)
	}
}

// Of a SEMVER range whose fix the ecosystem cannot read, the fix is told all the same.
func TestFixThatTheEcosystemCannotRead(t *testing.T) {
	r := record(t, `[{"package": {"ecosystem": "PyPI", "name": "pkg"}, "ranges": [
		{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.0.0-canary.1"}]},
		{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3"}]}, {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2"}]}]}]`)
	require.Equal(t, "yes 2 3 1.0.0-canary.1", judge(r, Query{Ecosystem: "PyPI", Name: "pkg", Version: "0.5.0"}))
}

// Zero stands before every version, also one whose text comes before "0".
func TestZeroComesFirst(t *testing.T) {
	zero, one := point{zero: true}, point{}
	one.at, _ = version.Parse("PyPI", "0")
	require.Equal(t, []int{0, -1, 1, 0}, []int{comparePoints(zero, zero), comparePoints(zero, one), comparePoints(one, zero), comparePoints(one, one)})
}

// The message does not depend on the order of events.
func TestUnreadableEvents(t *testing.T) {
	events := []Event{{Introduced, "0"}, {Fixed, "b ?"}, {Fixed, "a ?"}, {LastAffected, "a ?"}, {Limit, "c ?"}, {Limit, "*"}}
	parse := func(s string) (version.Version, error) { return version.Version{}, errors.New(s) }
	for range events {
		events = append(events[1:], events[0])
		_, err := newTimeline(events, parse)
		require.EqualError(t, err, "fixed: a ?")
	}
	_, err := newTimeline(nil, parse)
	require.EqualError(t, err, "it has no introduced event")
}

// What each kind of event at a version means beside another one at the same version.
func TestEventsAtOneVersion(t *testing.T) {
	const i, f, l = "introduced", "fixed", "last_affected"
	for _, row := range []struct {
		kinds  []string
		inside string // of versions 1 to 4, with introduced 1 and fixed 4 around the events at 2
		open   string // with nothing before
	}{
		{[]string{i}, "123", "2345"},
		{[]string{f}, "1", ""},
		{[]string{l}, "12", ""},
		{[]string{i, f}, "123", ""},
		{[]string{i, l}, "123", "2"},
		{[]string{f, l}, "1", ""},
	} {
		for _, spellings := range [][]string{{"2", "2.0"}, {"2.0", "2"}} { // the order of texts says nothing
			around, alone := `{"introduced": "1"}, {"fixed": "4"}`, ""
			for n, k := range row.kinds {
				event := fmt.Sprintf(`{%q: %q}`, k, spellings[n])
				around, alone = event+", "+around, alone+", "+event
			}
			for events, want := range map[string]string{around: row.inside, alone[2:]: row.open} {
				r, got := record(t, pypiRange(events)), ""
				for v := '1'; v <= '5'; v++ {
					if r.Affects(Query{Ecosystem: "PyPI", Name: "pkg", Version: string(v)}).Status == IsAffected {
						got += string(v)
					}
				}
				require.Equal(t, want, got, events)
			}
		}
	}
}

// Behind the number of a language, a digit makes it another number.
func TestReleasesOfALanguage(t *testing.T) {
	l, ok := newLines(&Affected{Ecosystem: "Go", Name: "stdlib"}, "go1.22")
	require.True(t, ok)
	for c := byte(0); c < 0x80; c++ {
		digit := c >= '0' && c <= '9'
		for _, text := range []string{"1.22" + string(c), "go1.22" + string(c)} {
			require.Equal(t, !digit, l.apart(&point{text: text}), "%q", text)
		}
	}
	for _, text := range []string{"1.22", "1.2", "1.21.9", "2", ""} {
		require.False(t, l.apart(&point{text: text}), "%q", text)
	}
	require.False(t, l.apart(nil))
	require.False(t, l.apart(&point{zero: true, text: "1.22.1"}))
	for v, want := range map[string]bool{"1.20": false, "1.21": true, "1.22": true, "go1.22": true, "1.22.0": false, "1.22rc1": false, "1": false, "": false, "x": false} {
		_, got := newLines(&Affected{Ecosystem: "Go", Name: "toolchain"}, v)
		require.Equal(t, want, got, "%q", v)
	}
}

// Which bounds are of another line than a version.
func TestLinesApart(t *testing.T) {
	for _, row := range []struct {
		ecosystem, name, version string
		apart                    string // of the bounds 0.9.0, 1.9.0, 2.9.0 and 3.9.0 the majors
	}{
		{"Go", "m", "v0.1.0", "23"},
		{"Go", "m", "0.1.0", "23"},
		{"Go", "m", "v1.0.0", ""},
		{"Go", "m", "v2.0.0", ""},
		{"Go", "m", "v2.0.0+incompatible", ""},
		{"Go", "m", "v0.0.0-20240510151258-abcdefabcdef", "123"},
		{"Go", "m", "v0.0.1-0.20240510151258-abcdefabcdef", "23"},
		{"Go", "m", "v1.6.1-0.20230608160752-b14acb611a79", "23"},
		{"Go", "m", "v2.6.1-0.20230608160752-b14acb611a79", "3"},
		{"Go", "m", "v0.0.0-alpha", "23"},
		{"Go", "m", "x", ""},
		{"Go", "m", "", ""},
		{"crates.io", "cargo", "0.57.0", "123"},
		{"crates.io", "cargo", "1.57.0", "23"},
		{"crates.io", "other", "0.57.0", ""},
		{"npm", "cargo", "0.57.0", ""},
	} {
		l, apply := newLines(&Affected{Ecosystem: row.ecosystem, Name: row.name}, row.version)
		got := ""
		for _, major := range []string{"0", "1", "2", "3"} {
			apart := l.apart(&point{text: major + ".9.0"})
			require.Equal(t, apart, l.apart(&point{text: "v" + major + ".9.0"}))
			if apply && apart {
				got += major
			}
		}
		require.Equal(t, row.apart, got, "%v", row)
		if apply {
			require.False(t, l.apart(&point{text: "x"}), "what has no number is on no line")
		}
	}
}
