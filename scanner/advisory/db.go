package advisory

import (
	"encoding/hex"
	"errors"
	"runtime"
	"slices"

	"github.com/stella-ops/stella/scanner/version"
)

// ErrEmpty is wrapped by the error of opening a path that holds no record: a scan with
// it would call everything clean.
var ErrEmpty = errors.New("it holds no OSV record")

// DB is a set of advisories, by ecosystem and package. It does not change.
//
// Whatever it was opened from, it is a compiled index, mapped or in memory: the errors
// of its methods wrap [ErrIndex], and say that the index is damaged.
type DB struct {
	*index
	ecosystems []Ecosystem         // sorted; entries name them by their place
	byBase     map[string][]string // their spellings, by base
}

// Ecosystem is one that records of a set speak of, as they spell it.
type Ecosystem struct {
	Name    string
	Records int
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

// newDB makes a set of the bytes of an index.
func newDB(data []byte) (*DB, error) {
	x, err := openIndex(data)
	if err != nil {
		return nil, err
	}
	db := &DB{index: x, byBase: map[string][]string{}}
	for i := range x.sections[secEcosystems].n {
		item, err := x.sections[secEcosystems].item(i)
		if err != nil {
			return nil, err
		}
		d := decoder{rest: string(item)}
		e := Ecosystem{d.str(), d.number()}
		if err := d.end(); err != nil {
			return nil, damagedItem(secEcosystems, i, err)
		}
		db.ecosystems = append(db.ecosystems, e)
		base := version.Base(e.Name)
		db.byBase[base] = append(db.byBase[base], e.Name)
	}
	return db, nil
}

func damagedItem(section, item int, err error) error {
	return damaged("item %d of section %s: %v", item, sectionNames[section], err)
}

// Lookup returns the records that name a package of the ecosystem, by id; the name may
// be spelled in any way that the ecosystem holds for equal. Of each, Affected has the
// entries that concern the package, whatever else it affects; records for other releases
// are left out. Withdrawn ones are among them: [Record.Affects] decides.
func (db *DB) Lookup(ecosystem, name string) ([]*Record, error) {
	defer runtime.KeepAlive(db) // its memory may be a mapping, see open
	key := nameKey(ecosystem, name)
	bucket, err := db.sections[secPackages].bucket(key)
	if err != nil {
		return nil, err
	}
	entries, err := findPackage(bucket, key)
	if err != nil {
		return nil, damaged("the packages beside %q: %v", key, err)
	}
	var found []*Record
	last := -1
	for d := (decoder{rest: string(entries)}); d.rest != ""; {
		number, in, entry := d.number(), d.number(), d.str()
		if d.err != nil || in >= len(db.ecosystems) {
			return nil, damaged("the entries of %q: %v", key, errWire)
		}
		if covers(db.ecosystems[in].Name, ecosystem) == scopeOther {
			continue
		}
		if number != last {
			r, err := db.record(number)
			if err != nil {
				return nil, err
			}
			found, last = append(found, r), number
		}
		a, err := decodeEntry(entry, key, db.ecosystems[in].Name)
		if err != nil {
			return nil, damaged("an entry of %q: %v", key, err)
		}
		r := found[len(found)-1]
		r.Affected = append(r.Affected, a)
	}
	return found, nil
}

// findPackage returns the entries of a package in a bucket, nil where it is not there.
func findPackage(bucket []byte, key string) ([]byte, error) {
	for len(bucket) > 0 {
		name, rest, ok := cutBytes(bucket)
		if !ok {
			return nil, errWire
		}
		entries, rest, ok := cutBytes(rest)
		if !ok {
			return nil, errWire
		}
		if string(name) == key {
			return entries, nil
		}
		bucket = rest
	}
	return nil, nil
}

// record reads a record without entries.
func (db *DB) record(number int) (*Record, error) {
	head, err := db.sections[secHeads].item(number)
	if err != nil {
		return nil, err
	}
	r, err := decodeHead(string(head))
	if err != nil {
		return nil, damagedItem(secHeads, number, err)
	}
	return r, nil
}

// Group returns the alias group of an id, which may be one that no record of the set
// has. An id without aliases is a group of its own.
func (db *DB) Group(id string) (Group, error) {
	defer runtime.KeepAlive(db)
	bucket, err := db.sections[secIDs].bucket(id)
	if err != nil {
		return Group{}, err
	}
	for d := (decoder{rest: string(bucket)}); d.rest != ""; {
		name, number := d.str(), d.number()
		switch {
		case d.err != nil:
			return Group{}, damaged("the ids beside %q: %v", id, d.err)
		case name == id:
			return db.group(number)
		}
	}
	return Group{ID: id, IDs: []string{id}}, nil
}

func (db *DB) group(number int) (Group, error) {
	item, err := db.sections[secGroups].item(number)
	if err != nil {
		return Group{}, err
	}
	d := decoder{rest: string(item)}
	preferred, ids := d.number(), d.strs()
	if d.end() != nil || preferred >= len(ids) {
		return Group{}, damagedItem(secGroups, number, errWire)
	}
	return Group{ID: ids[preferred], IDs: ids}, nil
}

// Has reports whether any record speaks of the ecosystem's packages. Where none does,
// nothing can be said of them: they are not evaluated, rather than safe. "Debian:12" is
// not had by a set for "Debian:11".
func (db *DB) Has(ecosystem string) bool {
	return slices.ContainsFunc(db.byBase[version.Base(ecosystem)], func(advisory string) bool {
		return covers(advisory, ecosystem) != scopeOther
	})
}

// Ecosystems returns the ecosystems that records speak of, sorted by name. Do not change
// the list.
func (db *DB) Ecosystems() []Ecosystem { return db.ecosystems }

// Records is how many records there are.
func (db *DB) Records() int { return db.sections[secHeads].n }

// Rejected returns what was not taken as it stands, by id and entry.
func (db *DB) Rejected() ([]Rejection, error) {
	defer runtime.KeepAlive(db)
	s := &db.sections[secRejected]
	list := make([]Rejection, s.n)
	for i := range list {
		item, err := s.item(i)
		if err != nil {
			return nil, err
		}
		d := decoder{rest: string(item)}
		list[i] = Rejection{ID: d.str(), Entry: d.str(), Reason: d.str()}
		if err := d.end(); err != nil {
			return nil, damagedItem(secRejected, i, err)
		}
	}
	return list, nil
}

// SHA256 identifies the set in lower-case hex: the SHA-256 of the records' digests in
// the order of ids. Two sets with the same one give the same findings, however their
// files are named, ordered, indented or packed. Rejected files are not part of it.
func (db *DB) SHA256() string {
	defer runtime.KeepAlive(db)
	return hex.EncodeToString(db.data[atSet:atContent])
}
