package purl

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// A Pattern is a package URL that means every package it does not rule out: what it
// leaves out it leaves open. A statement without a version is about all versions, one
// with "distro=debian-12" is not about "distro=debian-12.13". The qualifier vers means the
// versions of a range: "pkg:npm/lodash?vers=vers:npm/<4.17.21".
//
// Names are compared by the rules of the type. Those of Go modules keep their case,
// which purl-spec lowers: two modules may differ in nothing else, and what is said of
// one must not count for the other.
type Pattern struct {
	typ, namespace, name, version, subpath string
	qualifiers                             map[string]string
	within                                 *versionRange
}

// foldedTypes are those beside [caseless] whose names purl-spec ("PURL-TYPES") compares
// without case.
var foldedTypes = []string{"alpm", "apk", "bitbucket", "npm", "oci"}

// IsPURL reports whether s is meant for a package URL.
func IsPURL(s string) bool { return len(s) >= 4 && strings.EqualFold(s[:4], "pkg:") }

// ParsePattern reads a package URL. The error says what is wrong with it.
func ParsePattern(s string) (Pattern, error) {
	u, err := parse(s)
	if err != nil {
		return Pattern{}, errors.New(strings.TrimPrefix(err.Error(), "its "))
	}
	p := Pattern{typ: u.typ, namespace: u.namespace, name: u.name, version: u.version, subpath: u.subpath, qualifiers: map[string]string{}}
	_, query, _ := strings.Cut(s, "?")
	query, _, _ = strings.Cut(query, "#")
	switch {
	case p.typ == "oci" && strings.Count(p.version, ":") > 1:
		return Pattern{}, fmt.Errorf("purl %.200q has a digest with two algorithms", s)
	case !p.addQualifiers(query):
		return Pattern{}, fmt.Errorf("purl %.200q has a qualifier that is broken or there twice", s)
	}
	p.fold()
	if text := p.qualifiers["vers"]; text != "" {
		if p.version != "" {
			return Pattern{}, fmt.Errorf("purl %.200q has a version and a range of them", s)
		}
		if p.within, err = parseRange(text, p.typ); err != nil {
			return Pattern{}, fmt.Errorf("purl %.200q: %w", s, err)
		}
		delete(p.qualifiers, "vers")
	}
	return p, nil
}

// keyChars are what the key of a qualifier is made of (purl-spec, "Rules for each purl
// component").
const keyChars = "abcdefghijklmnopqrstuvwxyz0123456789.-_"

func (p *Pattern) addQualifiers(query string) bool {
	for pair := range strings.SplitSeq(query, "&") {
		key, value, _ := strings.Cut(pair, "=")
		key = strings.ToLower(key)
		if _, double := p.qualifiers[key]; strings.Trim(key, keyChars) != "" || decode(&value) != nil || double {
			return false
		}
		if key != "" && value != "" { // purl-spec: an empty value is no qualifier
			p.qualifiers[key] = value
		}
	}
	return true
}

func (p *Pattern) fold() {
	switch {
	case p.typ == "rpm":
		p.namespace = strings.ToLower(p.namespace)
	case caseless[p.typ], slices.Contains(foldedTypes, p.typ):
		p.namespace, p.name = strings.ToLower(p.namespace), strings.ToLower(p.name)
	}
	if p.typ == "pypi" {
		p.name = pep503(p.name)
	}
}

// Version is the version that p names, "" where it is about every version.
func (p Pattern) Version() string { return p.version }

// SameVersion reports whether p names version. Go versions are compared without their
// "v".
func (p Pattern) SameVersion(version string) bool {
	if p.typ == "golang" {
		return strings.TrimPrefix(p.version, "v") == strings.TrimPrefix(version, "v")
	}
	return p.version == version
}

// At is p with another version.
func (p Pattern) At(version string) Pattern {
	p.version = version
	return p
}

// Covers reports whether p means the package that found names.
func (p Pattern) Covers(found Pattern) bool {
	if p.typ != found.typ || p.namespace != found.namespace || p.name != found.name {
		return false
	}
	if p.version != "" && !p.SameVersion(found.version) || p.subpath != "" && p.subpath != found.subpath {
		return false
	}
	for key, value := range p.qualifiers {
		if found.qualifiers[key] != value {
			return false
		}
	}
	return p.within == nil || found.isIn(p.within)
}

// isIn reports whether the version lies in r. The order is that of the ecosystem; a
// package of none is in no range, and nor is another range.
func (p Pattern) isIn(r *versionRange) bool {
	if p.within != nil {
		return p.within.text == r.text
	}
	id, err := Identify(Component{PURL: p.String()})
	return err == nil && p.version != "" && r.contains(id.Ecosystem, p.version)
}

// In is p with the versions of a range in the VERS notation.
func (p Pattern) In(text string) (Pattern, error) {
	var err error
	p.version = ""
	p.within, err = parseRange(text, p.typ)
	return p, err
}

// String spells p as every parser reads it back, with its qualifiers in order.
func (p Pattern) String() string {
	var b strings.Builder
	b.WriteString("pkg:" + p.typ + "/")
	if p.namespace != "" {
		b.WriteString(escapePath(p.namespace) + "/")
	}
	b.WriteString(escape(p.name))
	if p.version != "" {
		b.WriteString("@" + escape(p.version))
	}
	qualifiers := p.qualifiers
	if p.within != nil {
		qualifiers = maps.Clone(qualifiers)
		qualifiers["vers"] = p.within.text
	}
	separator := "?"
	for _, key := range slices.Sorted(maps.Keys(qualifiers)) {
		b.WriteString(separator + key + "=" + escape(qualifiers[key]))
		separator = "&"
	}
	if p.subpath != "" {
		b.WriteString("#" + escapePath(p.subpath))
	}
	return b.String()
}

// escape encodes a part so that every parser of purls reads it back: PathEscape
// leaves '@' and ':', which have a meaning there.
func escape(s string) string {
	return strings.NewReplacer("@", "%40", ":", "%3A", "&", "%26", "=", "%3D", "+", "%2B").Replace(url.PathEscape(s))
}

func escapePath(path string) string {
	elements := strings.Split(path, "/")
	for i, e := range elements {
		elements[i] = escape(e)
	}
	return strings.Join(elements, "/")
}
