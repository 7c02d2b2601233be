package vex

import (
	"cmp"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// Query asks about one finding.
type Query struct {
	// IDs are all ids of the vulnerability: those of the finding's alias group, and of
	// what its record comes from.
	IDs []string
	// PURL is the package's, as the inventory spells it; "" where it has none.
	PURL string
	// Version is the package's, for a PURL that has none.
	Version string
	// Refs are other exact names of the package, such as its BOM-Link.
	Refs []string
	// Products are what contains the package: the scanned target, and each component
	// that every route from the target to the package goes through. One that only
	// some routes pass must not be here: the package would still be there by the
	// others. Purls, or "name@version" for a component without one.
	Products []string
}

// Suppression is why a finding is not shown as one. Its JSON is the field
// "suppressed" of stella.findings/v1.
type Suppression struct {
	Status        Status `json:"status"`
	Justification string `json:"justification"` // "" where the status is Fixed
	Source        string `json:"source"`        // the document, and its author
}

// Set is the statements of several documents, by vulnerability. Goroutines may
// share it.
type Set struct {
	statements []*entry
	byID       map[string][]*entry
}

// An entry is a statement as it is matched.
type entry struct {
	Statement
	author, source string
	products       []entryProduct
	used           atomic.Bool
}

type entryProduct struct {
	identifiers, subcomponents []identifier
	key                        string // equal for the same product
}

// NewSet joins documents that [Read] made; their order does not matter.
func NewSet(documents ...*Document) *Set {
	set := &Set{byID: map[string][]*entry{}}
	for _, d := range documents {
		for _, s := range d.Statements {
			e := newEntry(d, s)
			set.statements = append(set.statements, e)
			for _, id := range foldIDs(s.IDs) {
				set.byID[id] = append(set.byID[id], e)
			}
		}
	}
	return set
}

func newEntry(d *Document, s Statement) *entry {
	e := &entry{Statement: s, author: d.Author, source: d.Source}
	if d.Author != d.Source {
		e.source += " by " + d.Author
	}
	for _, p := range s.Products {
		product := entryProduct{identifiers: parseIdentifiers(p.Identifiers), subcomponents: parseIdentifiers(p.Subcomponents)}
		product.key = productKey(p)
		e.products = append(e.products, product)
	}
	return e
}

// parseIdentifiers leaves out what is malformed: a package whose purl cannot be read
// matches nothing. Documents that [Read] made have none of those.
func parseIdentifiers(names []string) []identifier {
	var ids []identifier
	for _, name := range names {
		if id, err := parseIdentifier(name); err == nil && name != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

// productKey is the same for two spellings of the order in which things are listed.
func productKey(p Product) string {
	ids, subs := slices.Sorted(slices.Values(p.Identifiers)), slices.Sorted(slices.Values(p.Subcomponents))
	return strings.Join(ids, "\n") + "\n\n" + strings.Join(subs, "\n")
}

func foldIDs(ids []string) []string {
	var folded []string
	for _, id := range ids {
		if id = strings.ToUpper(id); id != "" && !slices.Contains(folded, id) {
			folded = append(folded, id)
		}
	}
	return folded
}

// Suppress says why the finding that q describes is suppressed, or nil: no
// statement is about it, one of them warns of it, or they conflict.
func (s *Set) Suppress(q Query) *Suppression {
	claims := s.claims(q)
	newest := newestOf(claims)
	var standing []claim
	for _, c := range claims {
		if newest.supersedes(c) {
			continue
		}
		if !c.Status.suppresses() {
			return nil
		}
		standing = append(standing, c)
	}
	if len(standing) == 0 {
		return nil
	}
	best := slices.MinFunc(standing, compareClaims)
	suppression := &Suppression{Status: best.Status, Source: best.source}
	if best.Status == NotAffected {
		suppression.Justification = best.Justification
	}
	return suppression
}

// A claim is a statement by one of its products that is about the query.
type claim struct {
	*entry
	product string
}

// newest is when claims were last made, by author and by product.
type newest struct{ byAuthor, byProduct map[string]time.Time }

// newestOf goes through the claims once: a document may have as many of one vulnerability
// as it has statements.
func newestOf(claims []claim) newest {
	n := newest{map[string]time.Time{}, map[string]time.Time{}}
	keep := func(times map[string]time.Time, who string, at time.Time) {
		if last, ok := times[who]; !ok || at.After(last) {
			times[who] = at
		}
	}
	for _, c := range claims {
		keep(n.byAuthor, c.author, c.Time)
		keep(n.byProduct, c.product, c.Time)
	}
	return n
}

// supersedes leaves out what has no time: it may be the newest of all.
func (n newest) supersedes(c claim) bool {
	return !c.Time.IsZero() && (n.byAuthor[c.author].After(c.Time) || n.byProduct[c.product].After(c.Time))
}

// compareClaims puts the latest first, then goes by what is shown.
func compareClaims(a, b claim) int {
	return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(a.Status, b.Status),
		cmp.Compare(a.Justification, b.Justification), cmp.Compare(a.source, b.source))
}

func (s *Set) claims(q Query) []claim {
	entries := map[*entry]bool{}
	for _, id := range foldIDs(q.IDs) {
		for _, e := range s.byID[id] {
			entries[e] = true
		}
	}
	if len(entries) == 0 {
		return nil
	}
	self, products := q.self(), parseIdentifiers(q.Products)
	var claims []claim
	for e := range entries {
		for _, p := range e.products {
			if p.about(self, products) {
				claims = append(claims, claim{e, p.key})
				e.used.Store(true)
			}
		}
	}
	return claims
}

// self is what the package itself is known by.
func (q Query) self() []identifier {
	self := parseIdentifiers(append([]string{q.PURL}, q.Refs...))
	for _, id := range self {
		if id.purl != nil && id.purl.Version() == "" {
			*id.purl = id.purl.At(q.Version)
		}
	}
	return self
}

// about reports whether the product, or the part of it that is meant, is the
// package. A product with subcomponents is what contains it, never the package.
func (p entryProduct) about(self, products []identifier) bool {
	if len(p.subcomponents) == 0 {
		return anyCovers(p.identifiers, self) || anyCovers(p.identifiers, products)
	}
	return anyCovers(p.identifiers, products) && anyCovers(p.subcomponents, self)
}

func anyCovers(ids, found []identifier) bool {
	return slices.ContainsFunc(ids, func(id identifier) bool { return slices.ContainsFunc(found, id.covers) })
}

// Unused describes the statements that matched no query so far, sorted: a statement
// that never matches is often a misspelt one.
func (s *Set) Unused() []string {
	var unused []string
	for _, e := range s.statements {
		if e.used.Load() {
			continue
		}
		product := e.Products[0].Identifiers[0]
		if subs := e.Products[0].Subcomponents; len(subs) > 0 {
			product += ", " + subs[0]
		}
		unused = append(unused, e.source+": "+e.IDs[0]+" "+string(e.Status)+" for "+product)
	}
	slices.Sort(unused)
	return unused
}
