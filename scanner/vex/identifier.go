package vex

import "github.com/stella-ops/stella/scanner/purl"

// identifier is what a product is known by: a purl, or any other name, which is
// equal only to itself.
type identifier struct {
	purl *purl.Pattern
	name string
}

func parseIdentifier(s string) (identifier, error) {
	if !purl.IsPURL(s) {
		return identifier{name: s}, nil
	}
	p, err := purl.ParsePattern(s)
	if err != nil {
		return identifier{}, err
	}
	return identifier{purl: &p, name: s}, nil
}

func (id identifier) covers(found identifier) bool {
	if id.purl != nil && found.purl != nil {
		return id.purl.Covers(*found.purl)
	}
	return id.name == found.name
}
