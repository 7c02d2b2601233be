package purl

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/stella-ops/stella/scanner/version"
)

// maxConstraints bounds the parts of one version range.
const maxConstraints = 1000

// A versionRange is a range in the VERS notation ("vers:npm/>=1.0.0|<2.0.0"). Source:
// purl-spec, "VERSION-RANGE-SPEC".
type versionRange struct {
	text        string
	constraints []constraint
}

type constraint struct{ comparator, version string }

// comparators in the order in which they are looked for; "=" may be left out.
var comparators = []string{">=", "<=", "!=", "<", ">", "="}

// parseRange reads a range of the versions of purl type typ.
func parseRange(s, typ string) (*versionRange, error) {
	bad := func(why string) (*versionRange, error) { return nil, fmt.Errorf("version range %.200q %s", s, why) }
	rest, ok := strings.CutPrefix(s, "vers:")
	scheme, list, slash := strings.Cut(rest, "/")
	switch {
	case !ok || !slash:
		return bad("does not begin with vers:TYPE/")
	case !strings.EqualFold(scheme, typ):
		return bad("is of versions of another type than " + typ)
	}
	r := &versionRange{text: s}
	for part := range strings.SplitSeq(strings.Trim(list, "|"), "|") {
		c, err := parseConstraint(strings.TrimSpace(part))
		if err != nil {
			return bad(err.Error())
		}
		if r.constraints = append(r.constraints, c); len(r.constraints) > maxConstraints {
			return bad(fmt.Sprintf("has more than %d parts", maxConstraints))
		}
	}
	if len(r.constraints) > 1 && slices.ContainsFunc(r.constraints, func(c constraint) bool { return c.comparator == "*" }) {
		return bad(`has other parts beside "*"`)
	}
	return r, nil
}

func parseConstraint(part string) (constraint, error) {
	if part == "*" {
		return constraint{comparator: "*"}, nil
	}
	c := constraint{comparator: "=", version: part}
	for _, comparator := range comparators {
		if v, ok := strings.CutPrefix(part, comparator); ok {
			c = constraint{comparator, strings.TrimSpace(v)}
			break
		}
	}
	if err := decode(&c.version); err != nil {
		return c, err
	}
	if c.version == "" {
		return c, errors.New("has a part without a version")
	}
	return c, nil
}

// A bound is a constraint beside the version that is asked about.
type bound struct {
	comparator string
	order      int // of the version beside the bound
	version.Version
}

// contains reports whether v, a version of an ecosystem, lies in the range, by the
// specification's steps. One that cannot be compared lies in none.
func (r *versionRange) contains(ecosystem, v string) bool {
	at, err := version.Parse(ecosystem, v)
	if err != nil {
		return false
	}
	if r.constraints[0].comparator == "*" {
		return true
	}
	var bounds []bound
	points := false
	for _, c := range r.constraints {
		parsed, err := version.Parse(ecosystem, c.version)
		if err != nil {
			return false
		}
		b := bound{c.comparator, at.Compare(parsed), parsed}
		switch {
		case b.order == 0 && c.comparator == "!=":
			return false
		case strings.Trim(c.comparator, "<>") != c.comparator:
			bounds = append(bounds, b)
		}
		points = points || c.comparator == "="
	}
	slices.SortStableFunc(bounds, func(a, b bound) int { return a.Compare(b.Version) })
	return r.isBound(at, ecosystem) || len(bounds) == 0 && !points || between(bounds)
}

// isBound reports whether v is a bound that is in the range itself.
func (r *versionRange) isBound(v version.Version, ecosystem string) bool {
	return slices.ContainsFunc(r.constraints, func(c constraint) bool {
		parsed, err := version.Parse(ecosystem, c.version)
		return err == nil && v.Compare(parsed) == 0 && strings.HasSuffix(c.comparator, "=") && c.comparator != "!="
	})
}

// between reports whether the version lies below the first bound, above the last, or
// in one of the intervals, where these are open to it. bounds are sorted.
func between(bounds []bound) bool {
	last := len(bounds) - 1
	for i, b := range bounds {
		opens := b.comparator[0] == '>'
		switch {
		case i == 0 && !opens && b.order < 0:
			return true
		case i == last && opens && b.order > 0:
			return true
		case i < last && opens && b.order > 0 && bounds[i+1].comparator[0] == '<' && bounds[i+1].order < 0:
			return true
		}
	}
	return false
}
