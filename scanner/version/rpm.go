package version

import "strings"

// appendRPM reads [epoch:]version-release by rpm-version(7). A missing epoch is 0 (F-003).
// A package has a release: where it was lost (F-112), "4.4.20" would be older than every
// build of 4.4.20, the fixed one too.
func appendRPM(key []byte, v string) ([]byte, string) {
	epoch, rest, ok := strings.Cut(v, ":")
	if !ok {
		epoch, rest = "0", v
	}
	if !isNumber(epoch) {
		return key, "its epoch is not a number"
	}
	version, release, hasRelease := strings.Cut(rest, "-")
	switch {
	case !hasAlnum(version):
		return key, "its version has neither letter nor digit"
	case !hasRelease:
		return key, "its release is missing, which tells a fixed build from the one before"
	case !hasAlnum(release):
		return key, "its release has neither letter nor digit"
	case !onlyAlnum(version, "._+~^") || !onlyAlnum(release, "._+~^"):
		return key, "it holds other characters than letters, digits and . _ + ~ ^ around one hyphen"
	}
	key = appendNumber(key, epoch)
	return appendRPMPart(appendRPMPart(key, version), release), ""
}

// appendRPMPart appends the segments that rpmvercmp finds: "~" sorts before the end,
// "^" after the end and before any segment, letters before numbers. What is none of
// these only separates.
func appendRPMPart(key []byte, s string) []byte {
	const tilde, end, caret, letters, number = 1, 2, 3, 4, 5
	for s != "" {
		switch c := s[0]; {
		case c == '~':
			key, s = append(key, tilde), s[1:]
		case c == '^':
			key, s = append(key, caret), s[1:]
		case isDigit(c):
			digits := digitsOf(s)
			key, s = appendNumber(append(key, number), digits), s[len(digits):]
		case isAlpha(c):
			text := alphaOf(s)
			key, s = appendText(append(key, letters), text), s[len(text):]
		default:
			s = s[1:]
		}
	}
	return append(key, end)
}
