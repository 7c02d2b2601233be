package advisory

import (
	"regexp"
	"strings"

	"github.com/stella-ops/stella/scanner/purl"
	"github.com/stella-ops/stella/scanner/version"
)

// scope is how a record's ecosystem and a package's relate.
type scope uint8

const (
	scopeOther  scope = iota // the record does not speak of the package's ecosystem
	scopeSame                // it does
	scopeUnsure              // it does if the package is of the record's release
	scopePro                 // it speaks of the packages that Ubuntu Pro has for the release
	scopeBuild               // it speaks of Ubuntu's builds for FIPS 140, real time or BlueField, of the release
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
	case base == "Red Hat" && own != "" && strings.HasPrefix(scoped, own+"::"):
		return scopeSame // a repository of the release: "enterprise_linux:9::baseos"
	case base == "Ubuntu" && own != "" && scoped == "Pro:"+own:
		return scopePro
	case base == "Ubuntu" && own != "" && otherBuild(scoped, own):
		return scopeBuild
	case own != "":
		return scopeOther
	case byRepository[base]:
		return scopeSame
	}
	return scopeUnsure
}

// otherBuild finds the pockets of Ubuntu whose packages are built apart: FIPS,
// FIPS-updates, FIPS-preview, Realtime and BlueField. Of the last two there are two
// spellings each.
func otherBuild(scoped, release string) bool {
	switch scoped {
	case "Pro:Realtime:" + release, "Pro:" + release + ":LTS:Realtime:Kernel",
		"Nvidia-BlueField:" + release, release + ":LTS:for:NVIDIA:BlueField":
		return true
	}
	pocket, ok := strings.CutSuffix(scoped, ":"+release)
	return ok && strings.HasPrefix(pocket, "Pro:FIPS")
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

// proBuild finds in a version that it was built for Ubuntu Pro: "1.0-1ubuntu0.1~esm1",
// "229-4ubuntu21.31+esm1".
var proBuild = regexp.MustCompile(`[+~]esm[0-9]`)

var (
	// fipsBuild finds in a version that it was built for FIPS 140:
	// "1.1.1f-1ubuntu2.fips.2.8", "3.0.2-0ubuntu1.10+Fips1".
	fipsBuild = regexp.MustCompile(`[.+][Ff]ips`)
	// ownName finds in a name that the package is built apart, and that no other build
	// has the name: "linux-aws-fips", "linux-realtime", "linux-bluefield".
	ownName = regexp.MustCompile(`fips|realtime|bluefield`)
)

// nameKey is the name in the form in which equal names are equal, which is
// [purl.CanonicalName]'s. It begins with the ecosystem, without suffix, since the same
// name elsewhere is another package.
func nameKey(ecosystem, name string) string {
	return version.Base(ecosystem) + ":" + purl.CanonicalName(ecosystem, name)
}

// keyName is the name that a key was made of, in its normal form.
func keyName(key string) string {
	_, name, _ := strings.Cut(key, ":")
	return name
}
