package purl

import "strings"

// caseless are the types whose names [CanonicalName] folds, and deb, whose policy has
// them in lower case.
var caseless = map[string]bool{
	"bitnami": true, "composer": true, "deb": true, "github": true, "githubactions": true, "hex": true, "nuget": true,
	"pypi": true, "swift": true, "vscode-extension": true,
}

// Fold returns the one spelling of those in which a purl may name the same package: of
// its type's letters, of a name that the type compares without case (NuGet's
// "Newtonsoft.Json"; not npm's and Go's) or otherwise folds (PyPI's "ruamel_yaml"), and of
// what is percent-encoded in name and version, a scope of npm among it. It is for
// comparing alone, and may be longer than [MaxLength]; qualifiers and subpath stay as
// they are. What is no purl is returned as it is.
func Fold(s string) string {
	if folded(s) {
		return s
	}
	return foldApart(s)
}

// foldApart is Fold by taking the purl apart and putting it together.
func foldApart(s string) string {
	u, err := parse(s)
	if err != nil {
		return s
	}
	if caseless[u.typ] {
		u.namespace, u.name = strings.ToLower(u.namespace), strings.ToLower(u.name)
	}
	switch u.typ {
	case "pypi":
		u.name = pep503(u.name)
	case "npm": // a scope in the name, with one beside it or without: see the rule npm
		scope, name, whole := strings.Cut(u.name, "/")
		if own := strings.TrimPrefix(u.namespace, "@"); whole && strings.HasPrefix(scope, "@") && (own == "" || own == scope[1:]) {
			u.namespace, u.name = scope, name
		}
	}
	rest := ""
	if at := strings.IndexAny(s, "?#"); at >= 0 {
		rest = s[at:]
	}
	return Format(u.typ, u.namespace, u.name, u.version) + rest
}

// folded reports whether s is surely its own fold. Most purls of a large inventory are,
// and this tells so without taking them apart.
func folded(s string) bool {
	if len(s) < len("pkg:") || !strings.EqualFold(s[:len("pkg:")], "pkg:") {
		return true // no purl
	}
	typ, path, ok := strings.Cut(s[len("pkg:"):], "/")
	if !ok || typ == "" || s[:len("pkg:")] != "pkg:" || strings.ToLower(typ) != typ {
		return false
	}
	if end := strings.IndexAny(path, "?#"); end >= 0 {
		path = path[:end]
	}
	path, version, versioned := strings.Cut(path, "@")
	if versioned && !(version != "" && foldedText(version, false)) {
		return false
	}
	for more := true; more; {
		var segment string
		segment, path, more = strings.Cut(path, "/")
		if segment == "" || !foldedText(segment, caseless[typ]) {
			return false
		}
		if typ == "pypi" && (strings.ContainsAny(segment, "_.") || strings.Contains(segment, "--")) {
			return false
		}
	}
	return true
}

// foldedText reports whether a part of a purl is encoded as [Format] does it, and whether
// it has no capital letters where that is asked for.
func foldedText(s string, lower bool) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case unencoded(c):
			if lower && 'A' <= c && c <= 'Z' {
				return false
			}
		case c == '%' && i+2 < len(s):
			high, low := hexDigit(s[i+1]), hexDigit(s[i+2])
			b := byte(high<<4 | low)
			// Of a slash it depends on where it stands.
			if high < 0 || low < 0 || s[i+2] >= 'a' || b >= 0x7f || unencoded(b) || b == '/' {
				return false
			}
			i += 2
		default:
			return false
		}
	}
	return true
}
