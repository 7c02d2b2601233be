package purl

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// A locator is a parsed purl. Names keep their case: purl-spec lowers the names of
// some types, golang among them, where advisories do not.
type locator struct {
	typ, namespace, name, version, subpath string
	// The qualifiers that identity depends on.
	distro, epoch, upstream, vcsURL string
}

// parse reads a purl by the steps of purl-spec, "How to parse a purl string", and is
// more lenient in what real SBOMs get wrong: "pkg://", an npm scope whose '@' or '/'
// is or is not encoded, a literal '+'.
func parse(s string) (locator, error) {
	if len(s) > MaxLength {
		return locator{}, fmt.Errorf("its purl is longer than %d bytes", MaxLength)
	}
	bad := func(why string) (locator, error) {
		return locator{}, fmt.Errorf("its purl %q cannot be read: %s", s, why)
	}
	if len(s) < len("pkg:") || !strings.EqualFold(s[:len("pkg:")], "pkg:") {
		return bad(`it does not begin with "pkg:"`)
	}
	// The first '?' and '#' end a part: a literal one is encoded in all parts before.
	rest, subpath, _ := strings.Cut(strings.TrimLeft(s[len("pkg:"):], "/"), "#")
	rest, query, _ := strings.Cut(rest, "?")
	typ, rest, ok := strings.Cut(rest, "/")
	if !ok || typ == "" {
		return bad("it has no type or no name")
	}
	u := locator{typ: strings.ToLower(typ)}
	for _, c := range []byte(u.typ) {
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '.' || c == '-' || c == '+') {
			return bad("its type holds a character that no type has")
		}
	}
	rest = strings.Trim(rest, "/")
	// An '@' that begins a segment is an npm scope, not the sign of a version.
	if at := strings.LastIndexByte(rest, '@'); at > 0 && rest[at-1] != '/' {
		u.version = rest[at+1:]
		rest = strings.TrimRight(rest[:at], "/")
	}
	if slash := strings.LastIndexByte(rest, '/'); slash >= 0 {
		u.namespace, rest = strings.Trim(rest[:slash], "/"), rest[slash+1:]
	}
	u.name = rest
	u.subpath = strings.Trim(subpath, "/")
	for _, part := range []*string{&u.namespace, &u.name, &u.version, &u.subpath} {
		if err := decode(part); err != nil {
			return bad(err.Error())
		}
	}
	if u.name == "" {
		return bad("it has no name")
	}
	for query != "" {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		key, value, _ := strings.Cut(pair, "=")
		if err := decode(&value); err != nil {
			return bad("qualifier " + err.Error())
		}
		var field *string
		switch strings.ToLower(key) {
		case "distro":
			field = &u.distro
		case "epoch":
			field = &u.epoch
		case "upstream":
			field = &u.upstream
		case "vcs_url":
			field = &u.vcsURL
		default:
			continue
		}
		// purl-spec: a key is unique. Which of two would be meant?
		if *field != "" && *field != value {
			return bad(fmt.Sprintf("its qualifier %s is given twice", strings.ToLower(key)))
		}
		*field = value
	}
	return u, nil
}

// decode undoes the percent-encoding of one part, as RFC 3986 has it: '+' is a plus.
func decode(part *string) error {
	s := *part
	if strings.IndexByte(s, '%') >= 0 {
		b := make([]byte, 0, len(s))
		for i := 0; i < len(s); i++ {
			if s[i] != '%' {
				b = append(b, s[i])
				continue
			}
			if i+2 >= len(s) {
				return errors.New("ends within a percent-encoded byte")
			}
			high, low := hexDigit(s[i+1]), hexDigit(s[i+2])
			if high < 0 || low < 0 {
				return fmt.Errorf("has %q where two hexadecimal digits follow a '%%'", s[i:i+3])
			}
			b = append(b, byte(high<<4|low))
			i += 2
		}
		s = string(b)
	}
	if !utf8.ValidString(s) {
		return errors.New("is not UTF-8")
	}
	for i := range len(s) {
		if s[i] < 0x20 || s[i] == 0x7f {
			return errors.New("has a control character")
		}
	}
	*part = s
	return nil
}

func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
