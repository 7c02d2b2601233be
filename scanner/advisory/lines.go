package advisory

import (
	goversion "go/version"
	"strconv"
	"strings"

	"golang.org/x/mod/module"

	"github.com/stella-ops/stella/scanner/version"
)

// lines finds the bounds of a range whose order against the package's version says
// nothing, since they stand on different lines of versions.
//
// A Go module whose path has no major suffix is at v0 or v1 however far its product has
// come (Go modules reference, "Major version suffixes"), and v0.35.0 of
// github.com/prometheus/prometheus is the product's 2.35 (F-038, F-044, F-231). A
// pseudo-version tells the tag below its commit that the module's line knows, and v0.0.0
// that there was none.
//
// The crate cargo 0.N is the library of Rust 1.N-1, and some advisories of the tool, those
// of RustSec's collection "rust" among them, speak of releases of Rust (F-217).
//
// The standard library 1.22 is that of the language Go 1.22, older than 1.22rc1
// (go.dev/doc/toolchain), and no release: which 1.22.N it is, is not said (F-036). What the
// order finds stays a finding; what it does not find is not safe.
type lines struct {
	of       string // what has the version, for people
	language string // "1.22"
	major    uint64
	pseudo   bool
	noTag    bool // v0.0.0-…
	crate    bool
}

// newLines reports false where every bound can be compared: outside of Go's modules and
// the crate cargo, where the version is of a product that never became a module
// ("+incompatible"), and for a release of Go.
func newLines(a *Affected, v string) (lines, bool) {
	base := version.Base(a.Ecosystem)
	if base == "Go" && (a.Name == "stdlib" || a.Name == "toolchain") {
		language := strings.TrimPrefix(v, "go")
		return lines{of: "Go language", language: language}, isLanguage(language)
	}
	v = "v" + strings.TrimPrefix(v, "v")
	major, ok := majorOf(v)
	switch {
	case !ok:
	case base == "Go" && !strings.HasSuffix(v, "+incompatible"):
		pseudo := module.IsPseudoVersion(v)
		return lines{of: "module", major: major, pseudo: pseudo, noTag: pseudo && strings.HasPrefix(v, "v0.0.0-")}, true
	case base == "crates.io" && a.Name == "cargo":
		return lines{of: "crate", major: major, crate: true}, true
	}
	return lines{}, false
}

// apart reports whether the bound stands on another line.
func (l lines) apart(bound *point) bool {
	if bound == nil || bound.zero {
		return false
	}
	if l.language != "" {
		rest, ok := strings.CutPrefix(strings.TrimPrefix(bound.text, "go"), l.language)
		return ok && rest != "" && (rest[0] < '0' || rest[0] > '9')
	}
	major, ok := majorOf("v" + strings.TrimPrefix(bound.text, "v"))
	switch {
	case !ok || major <= l.major:
		return false
	case l.noTag, l.crate:
		return true
	}
	return major > 1 && (l.pseudo || l.major == 0)
}

// doubt returns a bound that the verdict hangs on and that stands on another line, nil
// where there is none: an end of the interval that holds the version, or any bound where
// no interval does.
func (l lines) doubt(t timeline, in span, held bool) *point {
	if held {
		if l.language != "" {
			return nil
		}
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

// isLanguage reports whether a version of Go is one of the language. Up to 1.20 that was the
// first release, too.
func isLanguage(v string) bool {
	v = "go" + v
	return goversion.Lang(v) == v && goversion.Compare(v, "go1.21") >= 0
}

// majorOf returns the number behind the "v".
func majorOf(v string) (uint64, bool) {
	number, _, _ := strings.Cut(v[1:], ".")
	n, err := strconv.ParseUint(number, 10, 64)
	return n, err == nil
}
