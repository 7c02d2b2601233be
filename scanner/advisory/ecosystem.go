package advisory

import (
	"strings"

	"github.com/stella-ops/stella/scanner/version"
)

// scope is how a record's ecosystem and a package's relate.
type scope uint8

const (
	scopeOther  scope = iota // the record does not speak of the package's ecosystem
	scopeSame                // it does
	scopeUnsure              // it does if the package is of the record's release
)

// byRepository are the ecosystems whose suffix is a repository (OSV schema, "Defined
// ecosystems"); in all others it is a release, or a stream of releases.
var byRepository = map[string]bool{"Maven": true, "Packagist": true, "VSCode": true}

// covers says whether an entry for the ecosystem advisory speaks of packages of the
// ecosystem pkg; see the package's documentation.
func covers(advisory, pkg string) scope {
	if advisory == pkg {
		return scopeSame
	}
	base := version.Base(pkg)
	if version.Base(advisory) != base {
		return scopeOther
	}
	scoped, own := suffix(base, advisory), suffix(base, pkg)
	switch {
	case scoped == own, scoped == "":
		return scopeSame
	case own != "":
		return scopeOther
	case byRepository[base]:
		return scopeSame
	}
	return scopeUnsure
}

// suffix returns what follows the first colon, in the spelling for comparison.
func suffix(base, ecosystem string) string {
	_, s, _ := strings.Cut(ecosystem, ":")
	if base == "Ubuntu" {
		// A mark of the release, not part of its number: older inventories lack it.
		return strings.TrimSuffix(s, ":LTS")
	}
	return s
}

// nameKey is the name in the form in which equal names are equal: PEP 503 for PyPI,
// lower case for NuGet, Packagist and GitHub, the name itself elsewhere. It begins with
// the ecosystem, without suffix, since the same name elsewhere is another package.
func nameKey(ecosystem, name string) string {
	base := version.Base(ecosystem)
	switch base {
	case "PyPI":
		name = pep503(name)
	case "NuGet", "Packagist", "GitHub Actions":
		name = strings.ToLower(name)
	}
	return base + ":" + name
}

// pep503 normalises a name: lower case, each run of "-", "_" and "." one "-".
func pep503(name string) string {
	var b strings.Builder
	b.Grow(len(name))
	run := false
	for i := range len(name) {
		c := name[i]
		if c == '-' || c == '_' || c == '.' {
			run = true
			continue
		}
		if run {
			b.WriteByte('-')
			run = false
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		b.WriteByte(c)
	}
	if run {
		b.WriteByte('-')
	}
	return b.String()
}
