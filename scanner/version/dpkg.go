package version

import "strings"

// appendDpkg reads [epoch:]upstream[-revision] by deb-version(7). A missing epoch is 0
// and a missing revision is equal to "0".
func appendDpkg(key []byte, v string) ([]byte, string) {
	epoch, rest, ok := strings.Cut(v, ":")
	if !ok {
		epoch, rest = "0", v
	}
	if !isNumber(epoch) {
		return key, "its epoch is not a number"
	}
	upstream, revision := rest, "0"
	if i := strings.LastIndexByte(rest, '-'); i >= 0 {
		upstream, revision = rest[:i], rest[i+1:]
	}
	switch {
	case !hasAlnum(upstream):
		return key, "its upstream version has neither letter nor digit"
	case revision == "":
		return key, "its revision is empty"
	case !onlyAlnum(upstream, ".+-~:"):
		return key, "its upstream version holds other characters than letters, digits and . + - ~ :"
	case !onlyAlnum(revision, ".+~"):
		return key, "its revision holds other characters than letters, digits and . + ~"
	}
	key = appendNumber(key, epoch)
	key = appendDpkgPart(key, upstream)
	return appendDpkgPart(key, revision), ""
}

// appendDpkgPart appends runs of non-digits and digits in turn. In a run of
// non-digits "~" sorts before its end, its end before letters, and those before the
// rest. The part ends as a run of no characters does.
func appendDpkgPart(key []byte, s string) []byte {
	const tilde, end, others = 1, 2, 0x80
	for s != "" {
		for s != "" && !isDigit(s[0]) {
			switch c := s[0]; {
			case c == '~':
				key = append(key, tilde)
			case isAlpha(c):
				key = append(key, c)
			default:
				key = append(key, c+others)
			}
			s = s[1:]
		}
		number := digitsOf(s)
		key = appendNumber(append(key, end), number)
		s = s[len(number):]
	}
	return append(key, end)
}
