package advisory

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"github.com/stella-ops/stella/scanner/version"
)

// ErrEmpty is wrapped by the error of opening a path that holds no record: a scan with
// it would call everything clean.
var ErrEmpty = errors.New("it holds no OSV record")

// DB is a set of advisories, by ecosystem and package. It does not change.
type DB struct {
	records    []*Record // by id
	byName     map[string][]*Record
	ecosystems map[string][]string // by base: every spelling that entries use
	rejected   []Rejection
	sum        [sha256.Size]byte
	groups     groups
}

// Rejection is an advisory, or a part of one, that was not taken as it stands.
type Rejection struct {
	// ID is the record's, "" where it could not be read; then Entry names the file by
	// its path below what was opened.
	ID    string `json:"id,omitempty"`
	Entry string `json:"entry,omitempty"`
	// Reason says what is wrong. Where the record is kept, the verdicts that depend on
	// it are unknown, with the same reason.
	Reason string `json:"reason"`
}

// newDB makes a set. Of several records with one id the one modified last is kept (OSV
// schema, id and modified fields), and of those modified at once the one with the
// greatest digest, so that the choice does not depend on order.
func newDB(records []*Record, rejected []Rejection) *DB {
	db := &DB{byName: map[string][]*Record{}, ecosystems: map[string][]string{}, rejected: rejected}
	digests := make(map[*Record][sha256.Size]byte, len(records))
	for _, r := range records {
		digests[r] = r.digest()
	}
	slices.SortFunc(records, func(a, b *Record) int {
		da, db := digests[a], digests[b]
		return cmp.Or(strings.Compare(a.ID, b.ID), b.Modified.Compare(a.Modified), bytes.Compare(db[:], da[:]))
	})
	sum := sha256.New()
	for _, r := range records {
		if n := len(db.records); n > 0 && db.records[n-1].ID == r.ID {
			if kept := db.records[n-1]; digests[kept] != digests[r] {
				db.reject(Rejection{ID: r.ID, Reason: "there is another record with this id, modified at the same time or later, which was taken in its place"})
			}
			continue
		}
		d := digests[r]
		sum.Write(d[:])
		db.add(r)
	}
	sum.Sum(db.sum[:0])
	slices.SortFunc(db.rejected, func(a, b Rejection) int {
		return cmp.Or(strings.Compare(a.ID, b.ID), strings.Compare(a.Entry, b.Entry), strings.Compare(a.Reason, b.Reason))
	})
	db.rejected = slices.Compact(db.rejected)
	db.groups = newGroups(db.records)
	return db
}

func (db *DB) reject(r Rejection) { db.rejected = append(db.rejected, r) }

func (db *DB) add(r *Record) {
	db.records = append(db.records, r)
	for _, p := range r.Problems {
		db.reject(Rejection{ID: r.ID, Reason: p})
	}
	for i := range r.Affected {
		a := &r.Affected[i]
		// Records come one after the other: a double can only be the last one.
		if list := db.byName[a.key]; len(list) == 0 || list[len(list)-1] != r {
			db.byName[a.key] = append(list, r)
		}
		base := version.Base(a.Ecosystem)
		if !slices.Contains(db.ecosystems[base], a.Ecosystem) {
			db.ecosystems[base] = append(db.ecosystems[base], a.Ecosystem)
		}
	}
}

// Lookup returns the records that name a package of the ecosystem, by id; the name may
// be spelled in any way that the ecosystem holds for equal. Records for other releases
// of it are left out. Withdrawn ones are among them: [Record.Affects] decides.
func (db *DB) Lookup(ecosystem, name string) []*Record {
	key := nameKey(ecosystem, name)
	var found []*Record
	for _, r := range db.byName[key] {
		if r.names(key, ecosystem) {
			found = append(found, r)
		}
	}
	return found
}

// names reports whether an entry speaks, or may speak, of the package.
func (r *Record) names(key, ecosystem string) bool {
	for i := range r.Affected {
		a := &r.Affected[i]
		if a.key == key && covers(a.Ecosystem, ecosystem) != scopeOther {
			return true
		}
	}
	return false
}

// Has reports whether any record speaks of the ecosystem's packages. Where none does,
// nothing can be said of them: they are not evaluated, rather than safe. "Debian:12" is
// not had by a set for "Debian:11".
func (db *DB) Has(ecosystem string) bool {
	return slices.ContainsFunc(db.ecosystems[version.Base(ecosystem)], func(advisory string) bool {
		return covers(advisory, ecosystem) != scopeOther
	})
}

// Records returns every record, by id. Do not change the list.
func (db *DB) Records() []*Record { return db.records }

// Rejected returns what was not taken as it stands, by id and entry. Do not change the
// list.
func (db *DB) Rejected() []Rejection { return db.rejected }

// SHA256 identifies the set in lower-case hex: the SHA-256 of the records' digests in
// the order of ids. Two sets with the same one give the same findings, however their
// files are named, ordered, indented or packed. Rejected files are not part of it.
func (db *DB) SHA256() string { return hex.EncodeToString(db.sum[:]) }
