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
	if !foldable(s) {
		return s
	}
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

// foldable reports whether s may have another spelling. Most purls of a large inventory
// are quickly told to have none.
func foldable(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'A' <= c && c <= 'Z', c == '%', c == '+', c == '_':
			return true
		case c == '@':
			if i > 0 && s[i-1] == '/' { // an npm scope that is not encoded
				return true
			}
		case c == '?', c == '#':
			return false
		}
	}
	return strings.HasPrefix(s, "pkg:/") || strings.HasPrefix(s, "pkg:pypi/")
}
