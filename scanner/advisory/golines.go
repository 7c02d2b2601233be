package advisory

import (
	"strconv"
	"strings"

	"golang.org/x/mod/module"

	"github.com/stella-ops/stella/scanner/version"
)

// goLines finds the bounds of a Go module's range whose order against the module's
// version says nothing, since they stand on different lines of versions (F-038, F-044,
// F-231). A module whose path has no major suffix is at v0 or v1 however far its product
// has come (Go modules reference, "Major version suffixes"), and v0.35.0 of
// github.com/prometheus/prometheus is the product's 2.35. A pseudo-version tells the tag
// below its commit that the module's line knows, and v0.0.0 that there was none.
type goLines struct {
	major  uint64
	pseudo bool
	noTag  bool // v0.0.0-…
}

// newGoLines reports false where every bound can be compared: outside of Go's modules,
// and where the version is of a product that never became a module ("+incompatible").
func newGoLines(a *Affected, v string) (goLines, bool) {
	v = "v" + strings.TrimPrefix(v, "v")
	major, ok := majorOf(v)
	if version.Base(a.Ecosystem) != "Go" || a.Name == "stdlib" || a.Name == "toolchain" || !ok || strings.HasSuffix(v, "+incompatible") {
		return goLines{}, false
	}
	pseudo := module.IsPseudoVersion(v)
	return goLines{major, pseudo, pseudo && strings.HasPrefix(v, "v0.0.0-")}, true
}

// apart reports whether the bound stands on another line.
func (l goLines) apart(bound *point) bool {
	if bound == nil || bound.zero {
		return false
	}
	major, ok := majorOf("v" + strings.TrimPrefix(bound.text, "v"))
	switch {
	case !ok || major <= l.major:
		return false
	case l.noTag:
		return true
	}
	return major > 1 && (l.pseudo || l.major == 0)
}

// doubt returns a bound that the verdict hangs on and that stands on another line, nil
// where there is none: an end of the interval that holds the version, or any bound where
// no interval does.
func (l goLines) doubt(t timeline, in span, held bool) *point {
	if held {
		for _, p := range []*point{in.from, in.fixed, in.last} {
			if l.apart(p) {
				return p
			}
		}
		return nil
	}
	for i := range t.points {
		if l.apart(&t.points[i]) {
			return &t.points[i]
		}
	}
	return nil
}

// majorOf returns the number behind the "v".
func majorOf(v string) (uint64, bool) {
	number, _, _ := strings.Cut(v[1:], ".")
	n, err := strconv.ParseUint(number, 10, 64)
	return n, err == nil
}
