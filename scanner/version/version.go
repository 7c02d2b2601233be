// Package version knows the version order of each ecosystem: which of two versions
// of a package is the newer one, by the rules of the tool that installs it.
//
// # Terms
//
// An ecosystem is OSV's, with or without its suffix: "Debian:12", "npm". An order is
// the rule that one or more ecosystems share; Debian and Ubuntu share dpkg's.
//
//	order      grammar and order by                         ecosystems
//	dpkg       deb-version(7)                               Debian, Ubuntu, Echo
//	rpm        rpm-version(7), rpmvercmp                    Red Hat, AlmaLinux, Rocky Linux, SUSE, openSUSE, …
//	apk        apk-tools 2.14 and later, version.c          Alpine, Wolfi, Chainguard, Alpaquita, MinimOS, …
//	PEP 440    PEP 440, appendix B and its summary          PyPI
//	Maven      POM reference, "Version Order Specification" Maven
//	SemVer     SemVer 2.0.0, items 2, 9, 10 and 11          npm, crates.io, Hex, GitHub Actions, SwiftURL, …
//	           without Bitnami's revision of the package    Bitnami
//	Go         SemVer; go.dev/doc/toolchain for the         Go
//	           standard library's versions
//	Pub        SemVer with ordered build metadata           Pub
//	NuGet      NuGet package versioning                     NuGet
//	RubyGems   Gem::Version                                 RubyGems
//	Composer   VersionParser::normalize, version_compare    Packagist
//	Conan      Conan 2 version order                        ConanCenter
//	numeric    lists of numbers, the longer one wins        CRAN, Bioconductor, Hackage, GHC
//
// # Guarantees
//
// What does not fit the ecosystem's grammar is an error, never a version that sorts
// below everything: the scan then lists the package as not evaluated.
//
// Each order is total. [Parse] turns a version into a key, a string of bytes, and
// [Version.Compare] compares keys byte for byte, so that antisymmetry and transitivity
// hold by construction, and a comparison allocates nothing.
//
// # What is not guaranteed
//
// A version says nothing of the package: whether a Debian version is the source
// package's, whether a gem's "-java" is its platform, whether a file's "3.4.0.min" is a
// version at all is for the reader of the inventory to know. OSV's event "0", below
// every version, is for the caller too.
//
// # Example
//
//	installed, err := version.Parse("Debian:12", "1:2.47.3-0+deb13u1")
//	…
//	fixed, err := version.Parse("Debian:12", "1:2.47.3-0+deb13u2")
//	…
//	affected := installed.Compare(fixed) < 0
//
// # Why not osv-scalibr alone
//
// github.com/google/osv-scalibr/semantic accepts any string in most ecosystems and
// differs from the specifications in places, and deps.dev/util/semver in others; the tests
// use both as second opinions and list each kind of difference with its reason.
package version

import (
	"errors"
	"fmt"
	"strings"
)

// MaxLength is the length in bytes from which a version is refused. Real ones are
// below 200.
const MaxLength = 1024

var (
	// ErrVersion says that a version does not fit its ecosystem's grammar. The errors
	// that wrap it are of type [*Error].
	ErrVersion = errors.New("not a version")
	// ErrEcosystem says that the ecosystem's order is not known here.
	ErrEcosystem = errors.New("no version order known for ecosystem")
)

// Error is a version that cannot be compared. It wraps [ErrVersion].
type Error struct {
	Ecosystem string // as given, "SemVer" for [ParseSemVer]
	Version   string // shortened to 64 bytes
	Reason    string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s version %q: %s", e.Ecosystem, e.Version, e.Reason)
}

func (e *Error) Unwrap() error { return ErrVersion }

// Version is a parsed version of some ecosystem. The zero Version is none.
type Version struct {
	order order
	key   string // compares as the versions do; see key.go
}

// Compare returns -1, 0 or +1 as v is older than w, its equal in the ecosystem's order,
// or newer. Equal versions may be spelled differently ("1.0" and "1.0.0" of PyPI).
// Both must be of ecosystems that share an order; Compare panics where they are not,
// since no answer would be right.
func (v Version) Compare(w Version) int {
	if v.order != w.order {
		panic(fmt.Sprintf("version: comparing %s with %s", v.order, w.order))
	}
	return strings.Compare(v.key, w.key)
}

// Base returns the ecosystem without its suffix: "Debian" for "Debian:12".
func Base(ecosystem string) string {
	base, _, _ := strings.Cut(ecosystem, ":")
	return base
}

// UsesSemVer reports whether the ecosystem's versions compare with those of [ParseSemVer].
func UsesSemVer(ecosystem string) bool {
	switch orders[Base(ecosystem)] {
	case semver, semverV, semverPartial, semverRevision:
		return true
	}
	return false
}

// Parse reads a version of the ecosystem. The error wraps [ErrEcosystem] where the
// ecosystem has no order here and [ErrVersion] where v does not fit its grammar.
func Parse(ecosystem, v string) (Version, error) {
	o, ok := orders[Base(ecosystem)]
	if !ok {
		return Version{}, fmt.Errorf("%w %q", ErrEcosystem, ecosystem)
	}
	return parse(o, ecosystem, v)
}

// ParseSemVer reads a version for OSV's SEMVER ranges: SemVer 2.0.0 without a leading
// "v". It compares with those of npm, crates.io and other ecosystems of SemVer.
func ParseSemVer(v string) (Version, error) { return parse(semver, "SemVer", v) }

type order uint8

const (
	none order = iota
	dpkg
	rpm
	apk
	pep440
	maven
	semver // strict, or with the leniency of its spelling: see semverSpelling
	golang
	pub
	nuget
	rubygems
	composer
	conan
	numeric
	numericDash // numeric, where "-" separates as "." does

	// Spellings of SemVer. Their versions are of the order semver.
	semverV        // "v" may lead
	semverPartial  // "v" may lead, and the patch may be missing
	semverRevision // a revision of the package may follow
)

var orderNames = [...]string{
	"none", "dpkg", "rpm", "apk", "PEP 440", "Maven", "SemVer", "Go", "Pub", "NuGet",
	"RubyGems", "Composer", "Conan", "numeric", "numeric", "SemVer", "SemVer", "SemVer",
}

func (o order) String() string { return orderNames[o] }

// orders by ecosystem (OSV schema 1.7, "Defined ecosystems"). Left out are those that
// publish no order of their versions (Android, Linux, OSS-Fuzz, Root) and those that no
// reader of ours finds (opam, CleanStart).
var orders = map[string]order{
	"Debian": dpkg,
	"Echo":   dpkg,
	"Ubuntu": dpkg,

	"AlmaLinux":   rpm,
	"Azure Linux": rpm,
	"Mageia":      rpm,
	"Photon OS":   rpm,
	"Red Hat":     rpm,
	"Rocky Linux": rpm,
	"SUSE":        rpm,
	"openEuler":   rpm,
	"openSUSE":    rpm,

	"Alpaquita":                    apk,
	"Alpine":                       apk,
	"BellSoft Hardened Containers": apk,
	"Chainguard":                   apk,
	"MinimOS":                      apk,
	"Wolfi":                        apk,

	"Docker Hardened Images": semver,
	"Hex":                    semver,
	"crates.io":              semver,

	"GitHub Actions": semverV, // tags; "v4" alone moves and is no version
	"Julia":          semverV,
	"Kubernetes":     semverV,
	"VSCode":         semverV,
	"npm":            semverV, // node-semver takes and drops the "v"

	"Bitnami": semverRevision,

	"SwiftURL": semverPartial, // tags; SwiftPM reads "v1.2" as 1.2.0

	"Bioconductor": numericDash,
	"CRAN":         numericDash,
	"GHC":          numeric,
	"Hackage":      numeric,

	"ConanCenter": conan,
	"Go":          golang,
	"Maven":       maven,
	"NuGet":       nuget,
	"Packagist":   composer,
	"Pub":         pub,
	"PyPI":        pep440,
	"RubyGems":    rubygems,
}

func parse(o order, ecosystem, v string) (Version, error) {
	var buf [96]byte
	key, why := buf[:0], ""
	switch {
	case v == "":
		why = "it is empty"
	case len(v) > MaxLength:
		why = fmt.Sprintf("it has %d bytes, more than %d", len(v), MaxLength)
	default:
		key, why = appendKey(key, o, v)
	}
	if why != "" {
		return Version{}, &Error{ecosystem, shorten(v), why}
	}
	if o == semverV || o == semverPartial || o == semverRevision {
		o = semver
	}
	return Version{o, string(key)}, nil
}

// appendKey appends the key of v, or says why v has none. It is a switch, not a table
// of functions, so that the caller's buffer stays on the stack.
func appendKey(key []byte, o order, v string) ([]byte, string) {
	switch o {
	case dpkg:
		return appendDpkg(key, v)
	case rpm:
		return appendRPM(key, v)
	case apk:
		return appendApk(key, v)
	case pep440:
		return appendPEP440(key, v)
	case maven:
		return appendMaven(key, v)
	case semver:
		return appendSemVer(key, v, 3)
	case semverV:
		return appendSemVer(key, strings.TrimPrefix(v, "v"), 3)
	case semverPartial:
		return appendSemVer(key, strings.TrimPrefix(v, "v"), 2)
	case semverRevision:
		return appendSemVer(key, withoutRevision(v), 3)
	case golang:
		return appendGo(key, v)
	case pub:
		return appendPub(key, v)
	case nuget:
		return appendNuGet(key, v)
	case rubygems:
		return appendRubyGems(key, v)
	case composer:
		return appendComposer(key, v)
	case conan:
		return appendConan(key, v)
	case numeric:
		return appendNumeric(key, v, ".")
	default: // numericDash
		return appendNumeric(key, v, ".-")
	}
}

func shorten(v string) string {
	const limit = 64
	if len(v) <= limit {
		return v
	}
	return strings.ToValidUTF8(v[:limit], "") + "…"
}
