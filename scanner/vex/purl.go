package vex

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// purl is a parsed package URL. Names of Go modules keep their case, which purl-spec
// lowers: two modules may differ in nothing else, and a statement on one must not
// suppress the other.
type purl struct {
	typ, namespace, name, version, subpath string
	qualifiers                             map[string]string
}

// foldedTypes are those whose names purl-spec ("PURL-TYPES") compares without case.
var foldedTypes = []string{
	"alpm", "apk", "bitbucket", "composer", "deb", "github", "hex", "npm", "nuget", "oci", "pypi",
}

func isPURL(s string) bool { return len(s) >= 4 && strings.EqualFold(s[:4], "pkg:") }

// parsePURL reads a purl by purl-spec, "How to parse a purl string".
func parsePURL(s string) (purl, error) {
	bad := func(why string) (purl, error) { return purl{}, fmt.Errorf("purl %.200q %s", s, why) }
	if !isPURL(s) {
		return bad(`does not begin with "pkg:"`)
	}
	rest, subpath, _ := strings.Cut(strings.TrimLeft(s[len("pkg:"):], "/"), "#")
	rest, query, _ := strings.Cut(rest, "?")
	typ, rest, _ := strings.Cut(rest, "/")
	p := purl{typ: strings.ToLower(typ), subpath: strings.Trim(subpath, "/"), qualifiers: map[string]string{}}
	rest = strings.Trim(rest, "/")
	// An '@' that begins a segment is an npm scope, not the sign of a version.
	if at := strings.LastIndexByte(rest, '@'); at > 0 && rest[at-1] != '/' {
		rest, p.version = rest[:at], rest[at+1:]
	}
	slash := strings.LastIndexByte(rest, '/')
	p.name = rest[slash+1:]
	if slash > 0 {
		p.namespace = rest[:slash]
	}
	for _, part := range []*string{&p.namespace, &p.name, &p.version, &p.subpath} {
		decoded, err := url.PathUnescape(*part)
		if err != nil {
			return bad("has a broken percent-encoding")
		}
		*part = decoded
	}
	switch {
	case p.typ == "" || p.name == "":
		return bad("has no type or no name")
	case p.typ == "oci" && strings.Count(p.version, ":") > 1:
		return bad("has a digest with two algorithms")
	case !p.addQualifiers(query):
		return bad("has a qualifier that is broken or there twice")
	}
	p.fold()
	return p, nil
}

func (p *purl) addQualifiers(query string) bool {
	for pair := range strings.SplitSeq(query, "&") {
		key, value, _ := strings.Cut(pair, "=")
		value, err := url.PathUnescape(value)
		key = strings.ToLower(key)
		if _, double := p.qualifiers[key]; err != nil || double {
			return false
		}
		if key != "" && value != "" { // purl-spec: an empty value is no qualifier
			p.qualifiers[key] = value
		}
	}
	return true
}

func (p *purl) fold() {
	switch {
	case p.typ == "rpm":
		p.namespace = strings.ToLower(p.namespace)
	case slices.Contains(foldedTypes, p.typ):
		p.namespace, p.name = strings.ToLower(p.namespace), strings.ToLower(p.name)
	}
	if p.typ == "pypi" {
		p.name = strings.NewReplacer("_", "-", ".", "-").Replace(p.name)
	}
}

func (p purl) sameVersion(version string) bool {
	if p.typ == "golang" {
		return strings.TrimPrefix(p.version, "v") == strings.TrimPrefix(version, "v")
	}
	return p.version == version
}

// covers reports whether the statement's purl p means the package found. What p
// leaves out it leaves open.
func (p purl) covers(found purl) bool {
	if p.typ != found.typ || p.namespace != found.namespace || p.name != found.name {
		return false
	}
	if p.version != "" && !p.sameVersion(found.version) || p.subpath != "" && p.subpath != found.subpath {
		return false
	}
	for key, value := range p.qualifiers {
		if found.qualifiers[key] != value {
			return false
		}
	}
	return true
}

// at spells p with another version.
func (p purl) at(version string) string {
	var b strings.Builder
	b.WriteString("pkg:" + p.typ + "/")
	if p.namespace != "" {
		for element := range strings.SplitSeq(p.namespace, "/") {
			b.WriteString(escape(element) + "/")
		}
	}
	b.WriteString(escape(p.name) + "@" + escape(version))
	separator := "?"
	keys := make([]string, 0, len(p.qualifiers))
	for key := range p.qualifiers {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		b.WriteString(separator + key + "=" + escape(p.qualifiers[key]))
		separator = "&"
	}
	if p.subpath != "" {
		b.WriteString("#" + p.subpath)
	}
	return b.String()
}

// identifier is what a product is known by: a purl, or any other name, which is
// equal only to itself.
type identifier struct {
	purl *purl
	name string
}

func parseIdentifier(s string) (identifier, error) {
	if !isPURL(s) {
		return identifier{name: s}, nil
	}
	p, err := parsePURL(s)
	if err != nil {
		return identifier{}, err
	}
	return identifier{purl: &p, name: s}, nil
}

func (id identifier) covers(found identifier) bool {
	if id.purl != nil && found.purl != nil {
		return id.purl.covers(*found.purl)
	}
	return id.name == found.name
}

// escape encodes a part so that every parser of purls reads it back: PathEscape
// leaves '@' and ':', which have a meaning there.
func escape(s string) string {
	return strings.NewReplacer("@", "%40", ":", "%3A", "&", "%26", "=", "%3D", "+", "%2B").Replace(url.PathEscape(s))
}
