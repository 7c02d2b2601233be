package version

import "strings"

// Marks of the place behind the numbers.
const (
	semverLanguage   byte = 0 // a Go language version, before its first release candidate
	semverPrerelease byte = 1
	semverRelease    byte = 0xff
)

// Marks of an identifier in a pre-release. A shorter list sorts first.
const (
	identEnd byte = iota
	identNumber
	identText
)

// appendSemVer reads SemVer 2.0.0 with three numbers, or as few as least. Build metadata
// is checked and dropped (item 10).
func appendSemVer(key []byte, v string, least int) ([]byte, string) {
	rest, build, hasBuild := strings.Cut(v, "+")
	core, prerelease, hasPrerelease := strings.Cut(rest, "-")
	for i := range 3 {
		number := digitsOf(core)
		if number == "" {
			return key, "it has not three numbers"
		}
		if len(number) > 1 && number[0] == '0' {
			return key, "a number with a leading zero"
		}
		key = appendNumber(key, number)
		core = core[len(number):]
		if core == "" && i+1 >= least {
			for range 2 - i {
				key = appendNumber(key, "0")
			}
			break
		}
		if i < 2 {
			if !strings.HasPrefix(core, ".") {
				return key, "it has not three numbers"
			}
			core = core[1:]
		}
	}
	if core != "" {
		return key, "something other than - or + behind its three numbers"
	}
	if hasBuild && !validIdentifiers(build, true) {
		return key, "its build metadata is not dot-separated letters, digits and hyphens"
	}
	if !hasPrerelease {
		return append(key, semverRelease), ""
	}
	if !validIdentifiers(prerelease, false) {
		return key, "its pre-release is not dot-separated letters, digits and hyphens, numbers without leading zero"
	}
	return appendIdentifiers(append(key, semverPrerelease), prerelease), ""
}

// withoutRevision cuts off what Bitnami puts behind an upstream version for its own builds
// of it, "2.4.58-3" (github.com/bitnami/go-version, "Version revision"). Its advisories
// speak of upstream versions, and a build has the source of the one before it. A text
// ("-rc.1") is upstream's.
func withoutRevision(v string) string {
	if upstream, revision, ok := strings.Cut(v, "-"); ok && isNumber(revision) {
		return upstream
	}
	return v
}

// validIdentifiers reports whether s is a list of identifiers (items 9 and 10).
func validIdentifiers(s string, zeros bool) bool {
	for ident := range strings.SplitSeq(s, ".") {
		if ident == "" || !onlyAlnum(ident, "-") {
			return false
		}
		if !zeros && len(ident) > 1 && ident[0] == '0' && isNumber(ident) {
			return false
		}
	}
	return true
}

// appendIdentifiers appends a pre-release by item 11: numbers as numbers and before
// texts, texts by their bytes.
func appendIdentifiers(key []byte, s string) []byte {
	for ident := range strings.SplitSeq(s, ".") {
		if isNumber(ident) {
			key = appendNumber(append(key, identNumber), ident)
		} else {
			key = appendText(append(key, identText), ident)
		}
	}
	return append(key, identEnd)
}

// appendPub reads a version of Dart's pub: SemVer, but build metadata counts, by the
// rule of pre-releases and after none (dart.dev, "Pub versioning philosophy";
// pub_semver's Version.compareTo).
func appendPub(key []byte, v string) ([]byte, string) {
	key, why := appendSemVer(key, v, 3)
	if why != "" {
		return key, why
	}
	if _, build, ok := strings.Cut(v, "+"); ok {
		return appendIdentifiers(key, build), ""
	}
	return append(key, identEnd), ""
}
