package advisory

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/stella-ops/stella/scanner/version"
)

// Status is what a record says of a package version.
type Status string

// The statuses.
const (
	IsAffected  Status = "affected"
	NotAffected Status = "not affected"
	Unknown     Status = "unknown"
)

// Query is a package version to be judged.
type Query struct {
	// Ecosystem is OSV's, with its suffix; Name the name in its advisories, in any of
	// the spellings that the ecosystem holds for equal (PyPI, NuGet, Packagist).
	Ecosystem, Name, Version string
	// Withdrawn asks for the verdict of withdrawn records too.
	Withdrawn bool
}

// Verdict is a record's judgement of a [Query].
type Verdict struct {
	Status Status
	// Reason is for people: which statement of the record decided, or what could not
	// be read.
	Reason string
	// Fixed are the versions that end the intervals which hold the queried one, oldest
	// first, where the record states them. Intervals that end with last_affected, and
	// enumerated versions, have none.
	Fixed []string
	// Entries are the entries by which the version is affected.
	Entries []*Affected
}

// Affects judges a package version by the rules in the package's documentation (OSV
// schema, section "Evaluation"). A withdrawn record affects nothing unless q asks for
// it. A version that the ecosystem's order cannot read is affected where it is
// enumerated or every version is, and otherwise unknown.
func (r *Record) Affects(q Query) Verdict {
	if r.Withdrawn != "" && !q.Withdrawn {
		return Verdict{Status: NotAffected, Reason: "withdrawn " + r.Withdrawn}
	}
	e := evaluation{query: q}
	var plain, pro, builds []*Affected
	key := nameKey(q.Ecosystem, q.Name)
	for i := range r.Affected {
		a := &r.Affected[i]
		if a.key != key {
			continue
		}
		switch covers(a.Ecosystem, q.Ecosystem) {
		case scopeSame:
			plain = append(plain, a)
		case scopePro:
			pro = append(pro, a)
		case scopeBuild:
			builds = append(builds, a)
		case scopeUnsure:
			e.named = true
			e.doubt(fmt.Sprintf("it concerns %s, and the package's release is not known", a.Ecosystem))
		case scopeOther:
		}
	}
	switch ubuntu := version.Base(q.Ecosystem) == "Ubuntu"; {
	case ubuntu && fipsBuild.MatchString(q.Version):
		e.fipsBuild(builds, append(plain, pro...))
	case ubuntu && ownName.MatchString(q.Name):
		e.pockets(plain, append(pro, builds...))
	default:
		e.pockets(plain, pro)
	}
	return e.verdict()
}

// pockets judges the entries of a release, and those of what Ubuntu Pro adds to it. A
// build for Pro is judged by Pro's entries alone where there are any. Another build is
// not affected where the release itself says so; and where it does not, Pro's entries
// count: that its fix is sold does not make the package sound.
func (e *evaluation) pockets(plain, pro []*Affected) {
	if len(pro) > 0 && proBuild.MatchString(e.query.Version) {
		plain = nil
	}
	for _, a := range plain {
		e.entry(a)
	}
	if len(plain) == 0 || len(e.entries) > 0 || len(e.doubts) > 0 {
		for _, a := range pro {
			e.entry(a)
		}
	}
}

// fipsBuild judges a build for FIPS 140 by the entries for such builds alone. Its
// versions are numbered apart, so that the release's order says nothing of them: "2.fips.8"
// is newer than every "2.16". What FIPS once certified is never mended, and its updates
// are another pocket: one that calls the build sound decides. Where there is no such entry,
// others count if they have no end.
func (e *evaluation) fipsBuild(entries, others []*Affected) {
	if len(entries) == 0 {
		for _, a := range others {
			if e.named = true; a.everything() {
				e.entry(a)
			} else {
				e.doubt("it is a build for FIPS 140, and the record speaks of other builds alone")
			}
		}
		return
	}
	sound := false
	for _, a := range entries {
		one := evaluation{query: e.query}
		one.entry(a)
		sound = sound || len(one.entries) == 0 && len(one.doubts) == 0
		e.entry(a)
	}
	if sound {
		*e = evaluation{query: e.query, named: true}
	}
}

// evaluation collects what the entries of one record say of one query.
type evaluation struct {
	query   Query
	named   bool     // whether an entry speaks of the package
	reasons []string // why affected
	doubts  []string // why it cannot be told
	fixed   []fixedVersion
	entries []*Affected
}

// fixedVersion is the version of a fixed event in the ecosystem's order, which all
// entries of one package share whatever the types of their ranges; readable is false
// where that order cannot read it.
type fixedVersion struct {
	at       version.Version
	readable bool
	text     string
}

func (e *evaluation) doubt(why string) { e.doubts = append(e.doubts, why) }

func (e *evaluation) verdict() Verdict {
	switch {
	case len(e.entries) > 0:
		return Verdict{IsAffected, join(e.reasons), e.fixedTexts(), e.entries}
	case len(e.doubts) > 0:
		return Verdict{Status: Unknown, Reason: join(e.doubts)}
	case !e.named:
		return Verdict{Status: NotAffected, Reason: "the record does not name the package"}
	}
	return Verdict{Status: NotAffected, Reason: "in no range and not enumerated"}
}

// fixedTexts sorts the fixed versions, those that cannot be read last.
func (e *evaluation) fixedTexts() []string {
	slices.SortFunc(e.fixed, func(a, b fixedVersion) int {
		switch {
		case a.readable && b.readable:
			return cmp.Or(a.at.Compare(b.at), strings.Compare(a.text, b.text))
		case a.readable:
			return -1
		case b.readable:
			return 1
		}
		return strings.Compare(a.text, b.text)
	})
	var texts []string
	for _, f := range e.fixed {
		if !slices.Contains(texts, f.text) {
			texts = append(texts, f.text)
		}
	}
	return texts
}

// join makes one sentence of reasons, whatever the order of entries and ranges.
func join(reasons []string) string {
	slices.Sort(reasons)
	return strings.Join(slices.Compact(reasons), "; ")
}

// entry judges one entry that concerns the package. All its ranges are asked, also
// when one has said yes: each may know a fixed version.
func (e *evaluation) entry(a *Affected) {
	e.named = true
	if e.query.Version == "" {
		e.doubt("the package has no version")
		return
	}
	hit, judged := false, false
	var doubts []string
	for i := range a.Ranges {
		r := &a.Ranges[i]
		if r.Type == rangeGit && r.broken == "" {
			continue
		}
		judged = true
		in, why := e.inRange(a, r)
		hit = hit || in
		if why != "" {
			doubts = append(doubts, why)
		}
	}
	if e.enumerated(a) {
		hit = true
		e.reasons = append(e.reasons, "enumerated in versions")
	}
	switch {
	case hit:
		e.entries = append(e.entries, a)
	case len(doubts) > 0:
		e.doubts = append(e.doubts, doubts...)
	case a.partial != "":
		e.doubt("the record's entry cannot be judged: " + a.partial)
	case !judged && len(a.Versions) == 0:
		e.doubt("the record has only commits, and the package only a version")
	}
}

// inRange judges one range: whether it holds the version, or why it cannot be told.
func (e *evaluation) inRange(a *Affected, r *Range) (in bool, doubt string) {
	if r.broken != "" {
		return false, fmt.Sprintf("a %s range cannot be judged: %s", r.Type, r.broken)
	}
	line, v, err := e.onLine(a, r)
	if err != nil && r.partial == "" && r.line.everything() {
		e.reasons = append(e.reasons, r.Type+" range of every version")
		return true, ""
	}
	if err != nil {
		return false, fmt.Sprintf("the package's version cannot be compared: %v", err)
	}
	span, ok := line.find(v)
	if lines, apply := newLines(a, e.query.Version); apply {
		if bound := lines.doubt(line, span, ok); bound != nil {
			return false, fmt.Sprintf("the %s's version and %s of the record are of different lines of versions", lines.of, bound.text)
		}
	}
	switch {
	case ok:
		e.reasons = append(e.reasons, r.Type+" range "+span.String())
		if span.fixed != nil {
			at, err := version.Parse(a.Ecosystem, span.fixed.text)
			e.fixed = append(e.fixed, fixedVersion{at, err == nil, span.fixed.text})
		}
		return true, ""
	case r.partial != "":
		return false, fmt.Sprintf("a %s range cannot be judged in full: %s", r.Type, r.partial)
	}
	return false, ""
}

// onLine reads the queried version in the order of the range's timeline.
func (e *evaluation) onLine(a *Affected, r *Range) (timeline, version.Version, error) {
	if !r.line.semver || version.UsesSemVer(a.Ecosystem) {
		v, err := version.Parse(a.Ecosystem, e.query.Version)
		return r.line, v, err
	}
	// Module versions of Go have a "v" that SEMVER events have not (OSV schema, SEMVER).
	v, err := version.ParseSemVer(strings.TrimPrefix(e.query.Version, "v"))
	if err == nil {
		return r.line, v, nil
	}
	if v, err = version.Parse(a.Ecosystem, e.query.Version); err != nil {
		return timeline{}, v, err
	}
	// The standard library's "go1.21rc2" is no SemVer, and Go's order knows its place.
	line, err := newTimeline(r.Events, byEcosystem(a.Ecosystem))
	return line, v, err
}

// everything reports whether a range holds every version.
func (a *Affected) everything() bool {
	return slices.ContainsFunc(a.Ranges, func(r Range) bool {
		return r.Type != rangeGit && r.broken == "" && r.partial == "" && r.line.everything()
	})
}

// enumerated reports whether the entry lists the version: by its text (OSV schema,
// IncludedInVersions) or by one that the ecosystem holds for equal.
func (e *evaluation) enumerated(a *Affected) bool {
	if slices.Contains(a.Versions, e.query.Version) {
		return true
	}
	if len(a.Versions) == 0 {
		return false
	}
	v, err := version.Parse(a.Ecosystem, e.query.Version)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(a.Versions, func(s string) bool {
		listed, err := version.Parse(a.Ecosystem, s)
		return err == nil && listed.Compare(v) == 0
	})
}
