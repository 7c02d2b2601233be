package vex

import (
	"net/url"
	"strings"

	"github.com/stella-ops/stella/scanner/purl"
)

// identifier is what a product is known by: a purl, or any other name, which is
// equal only to itself.
type identifier struct {
	purl *purl.Pattern
	name string
	// decoded is a BOM-Link whose bom-ref was percent-encoded, as its specification
	// wants it and not everybody writes it; else "".
	decoded string
}

func parseIdentifier(s string) (identifier, error) {
	if !purl.IsPURL(s) {
		return parseName(s), nil
	}
	p, err := purl.ParsePattern(s)
	if err != nil {
		return identifier{}, err
	}
	return identifier{purl: &p, name: s}, nil
}

func isBOMLink(s string) bool {
	return len(s) >= len(bomLink) && strings.EqualFold(s[:len(bomLink)], bomLink)
}

func parseName(s string) identifier {
	document, ref, ok := strings.Cut(s, "#")
	if !isBOMLink(s) {
		return identifier{name: s}
	}
	document = strings.ToLower(document)
	if !ok {
		return identifier{name: document}
	}
	id := identifier{name: document + "#" + ref}
	if decoded, err := url.PathUnescape(ref); err == nil {
		id.decoded = document + "#" + decoded
	}
	return id
}

func (id identifier) covers(found identifier) bool {
	if id.purl != nil && found.purl != nil {
		return id.purl.Covers(*found.purl)
	}
	return id.name == found.name || id.decoded != "" && id.decoded == found.name
}
