package version

import "strings"

// appendNumeric reads numbers between separators: Hackage and GHC (the Haskell package
// versioning policy, Data.Version) and R (package_version, where "-" is "."). A longer
// list is the newer one where the rest is equal: 1.0 before 1.0.0.
func appendNumeric(key []byte, v, separators string) ([]byte, string) {
	const end, number = 0, 1
	for {
		digits := digitsOf(v)
		if digits == "" {
			return key, "it is not numbers between separators"
		}
		key = appendNumber(append(key, number), digits)
		v = v[len(digits):]
		if v == "" {
			return append(key, end), ""
		}
		if strings.IndexByte(separators, v[0]) < 0 {
			return key, "it is not numbers between separators"
		}
		v = v[1:]
	}
}

// appendConan reads a version of Conan 2: dot-separated items, then a pre-release behind
// "-" and a build behind "+", both ordered (docs.conan.io, "Version ranges"; trailing
// zeros do not count). Conan compares an item such as "1t" with numbers as text, which
// is no order (2 < 10 < 1t < 2); here its number decides first, then what follows it.
func appendConan(key []byte, v string) ([]byte, string) {
	const absent, present = 0, 1
	rest, build, hasBuild := strings.Cut(v, "+")
	core, prerelease, hasPrerelease := strings.Cut(rest, "-")
	if hasBuild && !onlyAlnum(build, "._-+") || hasPrerelease && !onlyAlnum(prerelease, "._-") {
		return key, "it holds other characters than letters, digits and . _ - +"
	}
	if !onlyAlnum(core, "._") || strings.Trim(core, ".") == "" {
		return key, "it does not begin with dot-separated letters, digits and _"
	}
	key = appendConanItems(key, core)
	if hasPrerelease {
		key = appendConanItems(append(key, semverPrerelease), prerelease)
	} else {
		key = append(key, semverRelease)
	}
	if hasBuild {
		return appendConanItems(append(key, present), build), ""
	}
	return append(key, absent), ""
}

func appendConanItems(key []byte, s string) []byte {
	const end, number, text = 0, 1, 2
	last := len(key)
	for item := range strings.SplitSeq(s, ".") {
		digits := digitsOf(item)
		if digits != "" {
			key = appendNumber(append(key, number), digits)
		} else {
			key = append(key, text)
		}
		key = appendText(key, item[len(digits):])
		if !isZero(item) {
			last = len(key)
		}
	}
	return append(key[:last], end)
}
