package version

import "strings"

// appendGo reads a module's version (go.dev/ref/mod#versions: SemVer behind a "v",
// which OSV leaves out; "+incompatible" is metadata) or one of the standard library:
// "1.22.3", "1.22rc1", "go1.22.3".
func appendGo(key []byte, v string) ([]byte, string) {
	// GOEXPERIMENTs that a toolchain was built with. To SemVer they look like a
	// pre-release, which would make a fixed release look unfixed (F-227).
	v, _, experiment := strings.Cut(v, "-X:")
	if !experiment {
		v, _, _ = strings.Cut(v, " X:")
	}
	if toolchain, ok := strings.CutPrefix(v, "go"); ok {
		// go.dev/doc/toolchain: "go1.21.3-bigcorp" is a build of 1.21.3. Something like
		// "-rc.1" is no such name: it says pre-release in another spelling.
		release, suffix, _ := strings.Cut(toolchain, "-")
		if strings.HasPrefix(suffix, "rc") || strings.HasPrefix(suffix, "beta") || digitsOf(suffix) != "" {
			return key, "its suffix is neither a toolchain's name nor rcN or betaN"
		}
		return appendToolchain(key, release)
	}
	if module, ok := strings.CutPrefix(v, "v"); ok {
		return appendSemVer(key, module, 3)
	}
	semver, why := appendSemVer(key, v, 3)
	if why == "" {
		return semver, ""
	}
	if toolchain, ok := appendToolchain(key, v); ok == "" {
		return toolchain, ""
	}
	return key, why
}

// appendToolchain reads 1.N, 1.NrcN, 1.NbetaN or 1.N.N (go.dev/doc/toolchain#version).
// 1.20 is the release that came before 1.20.1. From 1.21 on the first release is 1.21.0
// and 1.21 is the language, older than 1.21rc1 (F-036).
func appendToolchain(key []byte, v string) ([]byte, string) {
	const why = "it is neither a module's version nor a Go release"
	major, rest, _ := strings.Cut(v, ".")
	minor := digitsOf(rest)
	rest = rest[len(minor):]
	patch, dotted := strings.CutPrefix(rest, ".")
	kind := alphaOf(rest)
	number := rest[len(kind):]
	if !isPlainNumber(major) || !isPlainNumber(minor) {
		return key, why
	}
	key = appendNumber(appendNumber(key, major), minor)
	switch {
	case dotted && isPlainNumber(patch):
		return append(appendNumber(key, patch), semverRelease), ""
	case rest == "":
		key = appendNumber(key, "0")
		if major == "1" && (len(minor) == 1 || len(minor) == 2 && minor < "21") {
			return append(key, semverRelease), ""
		}
		return append(key, semverLanguage), ""
	case (kind == "rc" || kind == "beta") && isPlainNumber(number):
		// As OSV spells it: 1.22.0-rc.1.
		key = appendText(append(appendNumber(key, "0"), semverPrerelease, identText), kind)
		return append(appendNumber(append(key, identNumber), number), identEnd), ""
	}
	return key, why
}

func isPlainNumber(s string) bool { return isNumber(s) && (s == "0" || s[0] != '0') }
