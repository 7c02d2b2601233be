package advisory

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/stella-ops/stella/scanner/version"
)

// timeline is a range with its events in the order of versions, those of one version
// made into one point.
type timeline struct {
	points   []point
	limits   []version.Version // none: no limit
	semver   bool              // the versions are read by [version.ParseSemVer]
	reversed bool              // an end stands before the first introduced
}

// point is what happens at one version.
type point struct {
	at   version.Version
	zero bool // introduced "0": before every version, at is not set
	text string

	introduced, fixed, last bool
}

// order is how the versions of a range are read.
type order func(string) (version.Version, error)

func byEcosystem(ecosystem string) order {
	return func(v string) (version.Version, error) { return version.Parse(ecosystem, v) }
}

// newTimeline sorts events. The error says which of them cannot be read, or that none
// introduces anything.
func newTimeline(events []Event, parse order) (timeline, error) {
	var t timeline
	introduces, unlimited := false, false
	var unreadable error
	for _, e := range events {
		introduces = introduces || e.Kind == Introduced
		switch {
		case e.Kind == Introduced && e.Version == "0":
			t.points = append(t.points, point{zero: true, text: "0", introduced: true})
			continue
		case e.Kind == Limit && strings.Contains(e.Version, "*"):
			unlimited = true
			continue
		}
		v, err := parse(e.Version)
		if err != nil {
			// Of several, the first in the alphabet: the message must not depend on
			// the order of events.
			err = fmt.Errorf("%s: %w", e.Kind, err)
			if unreadable == nil || err.Error() < unreadable.Error() {
				unreadable = err
			}
			continue
		}
		if e.Kind == Limit {
			t.limits = append(t.limits, v)
			continue
		}
		t.points = append(t.points, point{
			at: v, text: e.Version,
			introduced: e.Kind == Introduced, fixed: e.Kind == Fixed, last: e.Kind == LastAffected,
		})
	}
	if unreadable != nil {
		return timeline{}, unreadable
	}
	if !introduces {
		return timeline{}, errors.New("it has no introduced event")
	}
	if unlimited {
		t.limits = nil
	}
	t.sort()
	return t, nil
}

func (t *timeline) sort() {
	slices.SortFunc(t.points, func(a, b point) int {
		// Spellings of one version are told apart, so that the one that is kept does
		// not depend on the file's order.
		if c := comparePoints(a, b); c != 0 {
			return c
		}
		return strings.Compare(a.text, b.text)
	})
	merged := t.points[:0]
	for _, p := range t.points {
		if n := len(merged); n > 0 && comparePoints(merged[n-1], p) == 0 {
			m := &merged[n-1]
			if p.fixed && !m.fixed {
				m.text = p.text // the text is shown as the fixed version
			}
			m.introduced, m.fixed, m.last = m.introduced || p.introduced, m.fixed || p.fixed, m.last || p.last
			continue
		}
		merged = append(merged, p)
	}
	t.points = slices.Clip(merged)
	t.reversed = !t.points[0].introduced
}

func comparePoints(a, b point) int {
	switch {
	case a.zero && b.zero:
		return 0
	case a.zero:
		return -1
	case b.zero:
		return 1
	}
	return a.at.Compare(b.at)
}

// span is the interval of a timeline that holds a version.
type span struct{ from, fixed, last *point }

func (s span) String() string {
	switch {
	case s.fixed != nil:
		return fmt.Sprintf("from %s, fixed in %s", s.from.text, s.fixed.text)
	case s.last != nil:
		return fmt.Sprintf("from %s to %s", s.from.text, s.last.text)
	}
	return fmt.Sprintf("from %s on", s.from.text)
}

// find returns the interval that holds v. It is the state machine of the schema's
// IncludedInRanges: each point at or before v sets the state, and points behind v tell
// where the interval ends.
func (t timeline) find(v version.Version) (span, bool) {
	if !t.beforeLimits(v) {
		return span{}, false
	}
	var from *point // the introduced of the interval that is open, nil outside
	for i := range t.points {
		p := &t.points[i]
		c := -1
		if !p.zero {
			c = p.at.Compare(v)
		}
		if c > 0 {
			return t.ending(from, i)
		}
		if c == 0 && p.last && (from != nil || p.introduced) && !(p.fixed && !p.introduced) {
			// The last affected version itself. Only an introduced beside it lets an
			// open interval go on.
			if from != nil && p.introduced {
				continue
			}
			if from == nil {
				from = p
			}
			return span{from: from, last: p}, true
		}
		switch {
		case p.introduced && (p.fixed || p.last):
			// They cancel out: the state before goes on.
		case p.introduced && from == nil:
			from = p
		case p.fixed || p.last:
			from = nil
		}
	}
	return t.ending(from, len(t.points))
}

// ending finds where the interval that from opened ends, at or behind the point i.
func (t timeline) ending(from *point, i int) (span, bool) {
	if from == nil {
		return span{}, false
	}
	for ; i < len(t.points); i++ {
		p := &t.points[i]
		switch {
		case p.introduced:
		case p.fixed:
			return span{from: from, fixed: p}, true
		case p.last:
			return span{from: from, last: p}, true
		}
	}
	return span{from: from}, true
}

// everything reports whether the range holds each version, also one that has no place in
// the order: a branch, a text.
func (t timeline) everything() bool {
	return len(t.points) == 1 && t.points[0].zero && len(t.limits) == 0
}

// beforeLimits is the schema's BeforeLimits.
func (t timeline) beforeLimits(v version.Version) bool {
	return len(t.limits) == 0 || slices.ContainsFunc(t.limits, func(l version.Version) bool { return v.Compare(l) < 0 })
}
