package purl

import "strings"

// Format writes the canonical package URL of a package that an inventory names by
// its parts: in a lockfile, in a package database. namespace may have several
// segments ("github.com/gorilla") and may be empty, as may version; name is not. [Identify] reads every
// part back as it was given, with its case.
//
// Source: purl-spec, "How to build purl string from its components" and "Character
// encoding". A name of PyPI is written as purl-spec's type definition wants it, in
// lower case with '-' for '_'; other names are the registry's own.
func Format(typ, namespace, name, version string) string {
	if typ == "pypi" {
		name = strings.ReplaceAll(strings.ToLower(name), "_", "-")
	}
	b := []byte("pkg:" + typ)
	for segment := range strings.SplitSeq(namespace, "/") {
		if segment != "" {
			b = appendEncoded(append(b, '/'), segment)
		}
	}
	b = appendEncoded(append(b, '/'), name)
	if version != "" {
		b = appendEncoded(append(b, '@'), version)
	}
	return string(b)
}

// appendEncoded encodes every byte but those that purl-spec leaves as they are.
func appendEncoded(b []byte, part string) []byte {
	const hex = "0123456789ABCDEF"
	for _, c := range []byte(part) {
		if unencoded(c) {
			b = append(b, c)
		} else {
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return b
}

// unencoded reports whether a byte stands for itself in a purl.
func unencoded(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '-' || c == '_' || c == '~' || c == ':'
}
