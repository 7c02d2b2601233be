package version

import "strings"

// mavenToken is a number or a qualifier, and whether a hyphen stands before it.
type mavenToken struct {
	dash   bool
	number bool
	text   string // digits, or a qualifier: lower case, aliases replaced
}

// null reports whether the token says nothing: 0, "final", "ga", "release".
func (t mavenToken) null() bool {
	if t.number {
		return isZero(t.text)
	}
	return t.text == ""
}

// mavenBefore are the qualifiers of a version older than its release, oldest first.
var mavenBefore = [...]string{"alpha", "beta", "milestone", "rc", "snapshot"}

func (t mavenToken) rank() int {
	for i, q := range mavenBefore {
		if t.text == q {
			return i
		}
	}
	return -1
}

// appendMaven reads a version by the POM reference, "Version Order Specification", in
// its current form: ".qualifier" and "-qualifier" are alike (MNG-7644, so that 1.0.0.RC1
// is older than 1.0.0-RC2, F-047), "-number" is newer, ".number" newer still. As in
// Maven 4, zeros before a qualifier do not count (1.0.alpha is 1-alpha): without that
// rule 1.0.alpha < 1 < 1-foo < 1.0.alpha, which is no order.
//
// Maven itself reads any string. Here an error is what Maven forbids in coordinates
// (model validation's ILLEGAL_VERSION_CHARS), unresolved properties among it, white
// space, what is not ASCII, what has neither letter nor digit, and the words LATEST and RELEASE, which name no version.
func appendMaven(key []byte, v string) ([]byte, string) {
	if v == "LATEST" || v == "RELEASE" {
		return key, "it names whatever version is the newest"
	}
	for i := range len(v) {
		if c := v[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`\/:"<>|?*[](){},$`, c) >= 0 {
			return key, "it holds characters that a Maven version cannot"
		}
	}
	if !hasAlnum(v) {
		return key, "it has neither letter nor digit"
	}
	var buf [16]mavenToken
	return appendMavenTokens(key, mavenTokens(buf[:0], strings.ToLower(v))), ""
}

// mavenTokens splits at dots, hyphens and between digits and other characters, which
// counts as a hyphen, and drops the tokens that say nothing.
func mavenTokens(tokens []mavenToken, v string) []mavenToken {
	dash := false
	for i := 0; ; {
		start := i
		for i < len(v) && v[i] != '.' && v[i] != '-' && (i == start || isDigit(v[i]) == isDigit(v[start])) {
			i++
		}
		t := mavenToken{dash: dash, number: true, text: "0"} // an empty token is 0
		if i > start {
			t.text, t.number = v[start:i], isDigit(v[start])
			if !t.number {
				t.text = mavenQualifier(t.text, i < len(v) && isDigit(v[i]))
			}
		}
		tokens = append(dropMavenNulls(tokens, t), t)
		if i == len(v) {
			return dropMavenNulls(tokens, mavenToken{dash: true})
		}
		dash = true
		if v[i] == '.' || v[i] == '-' {
			dash = v[i] == '-'
			i++
		}
	}
}

// mavenQualifier replaces the aliases; a, b and m are words only before a digit.
func mavenQualifier(q string, beforeDigit bool) string {
	switch q {
	case "ga", "final", "release":
		return ""
	case "cr":
		return "rc"
	}
	if beforeDigit {
		switch q {
		case "a":
			return "alpha"
		case "b":
			return "beta"
		case "m":
			return "milestone"
		}
	}
	return q
}

// dropMavenNulls drops the tokens without meaning that next makes trailing: all of them
// before a hyphen or the end, zeros before a qualifier. The first token stays.
func dropMavenNulls(tokens []mavenToken, next mavenToken) []mavenToken {
	for len(tokens) > 1 {
		last := tokens[len(tokens)-1]
		if !last.null() || !next.dash && (next.number || !last.number) {
			break
		}
		tokens = tokens[:len(tokens)-1]
	}
	return tokens
}

// appendMavenTokens appends the tokens. Where one version has ended the other's token
// is compared with one that says nothing, so runs of such tokens are counted: what
// follows a run decides on which side of the end it is.
func appendMavenTokens(key []byte, tokens []mavenToken) []byte {
	const (
		before     = iota + 1 // alpha … snapshot
		nullBefore            // "final", and then something older than the release
		end
		nullAfter // "final", and then something newer
		after     // sp, then unknown qualifiers
		dashNumber
		dotNumber
	)
	first := true
	for len(tokens) > 0 {
		t := tokens[0]
		run := 0
		switch {
		case t.number && t.dash:
			key = appendNumber(append(key, dashNumber), t.text)
		case t.number:
			for !first && tokens[run].null() && !tokens[run].dash && tokens[run].number && run+1 < len(tokens) {
				run++
			}
			key = appendNumber(appendMany(append(key, dotNumber), run), tokens[run].text)
		case t.null():
			for run+1 < len(tokens) && !tokens[run+1].number && tokens[run+1].null() {
				run++
			}
			if next := run + 1; next < len(tokens) && !tokens[next].number && tokens[next].rank() >= 0 {
				key = appendFew(append(key, nullBefore), run)
			} else {
				key = appendMany(append(key, nullAfter), run)
			}
		case t.rank() >= 0:
			key = append(key, before, byte(t.rank()))
		case t.text == "sp":
			key = append(key, after, 0)
		default:
			key = appendText(append(key, after, 1), t.text)
		}
		tokens = tokens[run+1:]
		first = false
	}
	return append(key, end)
}
