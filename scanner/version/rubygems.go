package version

import "strings"

// appendRubyGems reads a Gem::Version by the current rule of RubyGems: a hyphen before
// an identifier with a letter is a dot, and "pre" before a text does not count, so that
// "7.0.0-rc3", "7.0.0.rc3" and "7.0.0.pre.rc3" are equal (F-295). The platform that a
// Gemfile.lock writes behind the version ("1.10.4-java") is to be cut off before (F-087).
//
// A shorter version goes on with zeros, and a text sorts before any number. So behind
// the part that two versions share, zeros and then a text are older than the end, zeros
// and then a number newer; the marks say which, and how many zeros there are.
func appendRubyGems(key []byte, v string) ([]byte, string) {
	const before, end, after = 1, 2, 3
	v = strings.TrimSpace(v)
	core, prerelease, hasPrerelease := strings.Cut(v, "-")
	if digitsOf(core) == "" || !validGemPart(core, "") || hasPrerelease && !validGemPart(prerelease, "-") {
		return key, "it is not dot-separated letters and digits, a number first, and a pre-release behind a hyphen"
	}
	s := dropGemZeros(normalizeGemHyphens(v))
	zeros := 0
	for s != "" {
		switch c := s[0]; {
		case isDigit(c):
			digits := digitsOf(s)
			s = s[len(digits):]
			if isZero(digits) {
				zeros++
				continue
			}
			key = appendNumber(appendMany(append(key, after), zeros), digits)
		case isAlpha(c):
			text := alphaOf(s)
			s = s[len(text):]
			if text == "pre" && textFollows(s) {
				continue
			}
			key = appendText(appendFew(append(key, before), zeros), text)
		default:
			s = s[1:]
			continue
		}
		zeros = 0
	}
	return append(key, end), ""
}

// validGemPart checks one side of the first hyphen of Gem::Version::VERSION_PATTERN.
func validGemPart(s, extra string) bool {
	for segment := range strings.SplitSeq(s, ".") {
		if segment == "" || !onlyAlnum(segment, extra) {
			return false
		}
	}
	return true
}

// normalizeGemHyphens is Gem::Version.normalize_hyphens.
func normalizeGemHyphens(v string) string {
	if strings.IndexByte(v, '-') < 0 {
		return v
	}
	var b strings.Builder
	for i, part := range strings.Split(strings.TrimRight(v, "-"), "-") {
		if i > 0 {
			b.WriteByte('.')
			if first, _, _ := strings.Cut(part, "."); isNumber(first) || first == "" {
				b.WriteString("pre.")
			}
		}
		b.WriteString(part)
	}
	return b.String()
}

// dropGemZeros drops the first run of zeros between a dot and a letter, as
// Gem::Version#canonical_segments does: "1.0.0.a" is "1.a". Only the first, by the
// source; later ones count: "1.a.0.b" is "1.a.b", but "1.0.a.0.b" is "1.a.0.b".
func dropGemZeros(s string) string {
	for i := 0; i < len(s); i++ {
		if i > 0 && s[i-1] != '.' {
			continue
		}
		j := i
		for j < len(s) && (s[j] == '0' || s[j] == '.') {
			j++
		}
		if j > i && j < len(s) && isAlpha(s[j]) {
			return s[:i] + s[j:]
		}
	}
	return s
}

// textFollows reports whether the next segment of s is a text.
func textFollows(s string) bool {
	s = strings.TrimLeft(s, ".")
	return s != "" && isAlpha(s[0])
}
