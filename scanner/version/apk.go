package version

import "strings"

// Parts of an apk version, as marks of its key. Where one version has a part and the
// other has another, apk-tools takes the one whose part stands earlier in the grammar
// for the newer one, except for a suffix that means "before the release".
const (
	apkPre byte = iota + 1 // _alpha _beta _pre _rc
	apkEnd
	apkRevision
	apkHash
	apkSuffixNumber
	apkPost // _cvs _svn _git _hg _p
	apkLetter
	apkDigit
)

var apkSuffixes = [...]struct {
	name string
	mark byte
}{
	{"alpha", apkPre},
	{"beta", apkPre},
	{"pre", apkPre},
	{"rc", apkPre},
	{"cvs", apkPost},
	{"svn", apkPost},
	{"git", apkPost},
	{"hg", apkPost},
	{"p", apkPost},
}

// appendApk reads digits{.digits}{letter{digits}}{_suffix{number}}{~hash}{-r#}, the
// grammar of version.c in apk-tools.
func appendApk(key []byte, v string) ([]byte, string) {
	digits := digitsOf(v)
	if digits == "" {
		return key, "it does not begin with a digit"
	}
	key, rest := appendNumber(key, digits), v[len(digits):]
	for rest != "" && (rest[0] == '.' || isLower(rest[0])) {
		separator := rest[0]
		digits, rest = digitsOf(rest[1:]), rest[1:]
		rest = rest[len(digits):]
		switch {
		case separator != '.':
			key = append(key, apkLetter, separator)
			if digits == "" {
				return appendApkSuffixes(key, rest)
			}
			// Releases of apk-tools before 2.14 read digits behind the letter, and
			// Alpaquita's OpenJDK needs it: 8u372_p7-r0.
			key = appendNumber(append(key, apkDigit), digits)
		case digits == "":
			return key, "a dot without a number behind it"
		// With a leading zero on either side the digits compare as text, so such a
		// number sorts before all others.
		case digits[0] == '0':
			key = appendText(append(key, apkDigit, 0), digits)
		default:
			key = appendNumber(append(key, apkDigit), digits)
		}
	}
	return appendApkSuffixes(key, rest)
}

// appendApkSuffixes reads {_suffix{number}}{~hash}{-r#}.
func appendApkSuffixes(key []byte, rest string) ([]byte, string) {
	for strings.HasPrefix(rest, "_") {
		name := alphaOf(rest[1:])
		i := 0
		for i < len(apkSuffixes) && apkSuffixes[i].name != name {
			i++
		}
		if i == len(apkSuffixes) {
			return key, "an unknown suffix"
		}
		key = append(key, apkSuffixes[i].mark, byte(i))
		rest = rest[1+len(name):]
		if digits := digitsOf(rest); digits != "" {
			key = appendNumber(append(key, apkSuffixNumber), digits)
			rest = rest[len(digits):]
		}
	}
	if hash, ok := strings.CutPrefix(rest, "~"); ok {
		n := 0
		for n < len(hash) && (isDigit(hash[n]) || 'a' <= hash[n] && hash[n] <= 'f') {
			n++
		}
		if n == 0 {
			return key, "a ~ without a hexadecimal commit behind it"
		}
		key = appendText(append(key, apkHash), hash[:n])
		rest = hash[n:]
	}
	if revision, ok := strings.CutPrefix(rest, "-r"); ok {
		if !isNumber(revision) {
			return key, "its revision is not -r and a number"
		}
		key, rest = appendNumber(append(key, apkRevision), revision), ""
	}
	if rest != "" {
		return key, "it does not fit digits{.digits}{letter}{_suffix{number}}{~hash}{-r#}"
	}
	return append(key, apkEnd), ""
}
