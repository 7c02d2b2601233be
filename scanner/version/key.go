package version

import "strings"

// A key is a string of bytes that compares as its version does. It is built from
// numbers, texts and marks: a mark is one byte that says what follows, chosen so that
// what sorts first has the lower mark, "nothing more" among them. No two marks that
// can stand at one place have parts of different shape behind the same byte.

// appendNumber appends a decimal number of any size, "" being 0: its length without
// leading zeros, then its digits.
func appendNumber(key []byte, digits string) []byte {
	digits = strings.TrimLeft(digits, "0")
	if len(digits) < 0xff {
		key = append(key, byte(len(digits)))
	} else {
		key = append(key, 0xff, byte(len(digits)>>8), byte(len(digits)))
	}
	return append(key, digits...)
}

// appendText appends a text without NUL, such that a prefix sorts first.
func appendText(key []byte, text string) []byte {
	return append(append(key, text...), 0)
}

// appendFew appends a count such that a smaller one sorts first, appendMany such that
// a greater one does. Counts are below [MaxLength].
func appendFew(key []byte, n int) []byte  { return append(key, byte(n>>8), byte(n)) }
func appendMany(key []byte, n int) []byte { return appendFew(key, 0xffff-n) }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isLower(c byte) bool { return 'a' <= c && c <= 'z' }
func isAlpha(c byte) bool { return isLower(c | 0x20) }

func isNumber(s string) bool { return s != "" && len(digitsOf(s)) == len(s) }

// isZero reports whether a number is 0, however written.
func isZero(digits string) bool { return strings.Trim(digits, "0") == "" }

// digitsOf returns the digits that s begins with.
func digitsOf(s string) string {
	i := 0
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	return s[:i]
}

// alphaOf returns the ASCII letters that s begins with.
func alphaOf(s string) string {
	i := 0
	for i < len(s) && isAlpha(s[i]) {
		i++
	}
	return s[:i]
}

// onlyAlnum reports whether s holds nothing but ASCII letters, digits and bytes of
// extra.
func onlyAlnum(s, extra string) bool {
	for i := range len(s) {
		if c := s[i]; !isDigit(c) && !isAlpha(c) && strings.IndexByte(extra, c) < 0 {
			return false
		}
	}
	return true
}

// hasAlnum reports whether s holds an ASCII letter or digit.
func hasAlnum(s string) bool {
	for i := range len(s) {
		if isDigit(s[i]) || isAlpha(s[i]) {
			return true
		}
	}
	return false
}
