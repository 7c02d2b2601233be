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

// newDB makes a set of an index whose tables have been mapped.
func newDB(x *index) (*DB, error) {
	db := &DB{index: x, byBase: map[string][]string{}}
	for i := range x.sections[secEcosystems].n {
		if err := x.item(secEcosystems, i, func(item []byte) error {
			d := decoder{rest: string(item)}
			e := Ecosystem{d.str(), d.number()}
			db.ecosystems = append(db.ecosystems, e)
			base := version.Base(e.Name)
			db.byBase[base] = append(db.byBase[base], e.Name)
			return d.end()
		}); err != nil {
			return nil, err
		}
	}
	return db, nil
}

// Lookup returns the records that name a package of the ecosystem, by id; the name may
// be spelled in any way that the ecosystem holds for equal. Of each, Affected has the
// entries that concern the package, whatever else it affects; records for other releases
// are left out. Withdrawn ones are among them: [Record.Affects] decides.
func (db *DB) Lookup(ecosystem, name string) ([]*Record, error) {
	defer runtime.KeepAlive(db) // its tables may be a mapping, see openFile
	key := nameKey(ecosystem, name)
	var found []*Record
	err := db.seek(secKeys, key, func(number int) (there bool, err error) {
		var numbers []int
		err = db.item(secPackages, number, func(item []byte) error {
			if name, _, _ := cutBytes(item); string(name) != key {
				return nil
			}
			there = true
			found, numbers, err = db.entries(item, ecosystem)
			return err
		})
		for i := 0; i < len(numbers) && err == nil; i++ {
			err = db.head(numbers[i], found[i])
		}
		return there, err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// entries makes records, and their numbers, of the entries of a package that concern an
// ecosystem. The records have nothing else yet.
func (db *DB) entries(item []byte, ecosystem string) (found []*Record, numbers []int, err error) {
	name, rest, ok := cutBytes(item)
	if !ok {
		return nil, nil, errWire
	}
	key := string(name)
	for len(rest) > 0 {
		number, in, entry, next, ok := cutEntry(rest)
		if !ok || in >= len(db.ecosystems) {
			return nil, nil, errWire
		}
		rest = next
		if ecosystem != "" && covers(db.ecosystems[in].Name, ecosystem) == scopeOther {
			continue
		}
		if n := len(numbers); n == 0 || numbers[n-1] != number {
			found, numbers = append(found, new(Record)), append(numbers, number)
		}
		a, err := decodeEntry(string(entry), key, db.ecosystems[in].Name)
		if err != nil {
			return nil, nil, err
		}
		r := found[len(found)-1]
		r.Affected = append(r.Affected, a)
	}
	return found, numbers, nil
}

// head reads what a record says beside its entries.
func (db *DB) head(number int, r *Record) error {
	return db.item(secHeads, number, func(item []byte) error { return decodeHead(string(item), r) })
}

// Group returns the alias group of an id, which may be one that no record of the set
// has. An id without aliases is a group of its own.
func (db *DB) Group(id string) (Group, error) {
	defer runtime.KeepAlive(db)
	group := Group{ID: id, IDs: []string{id}}
	err := db.seek(secIDs, id, func(number int) (there bool, err error) {
		g, err := db.group(number)
		if there = slices.Contains(g.IDs, id); there {
			group = g
		}
		return there, err
	})
	return group, err
}

func (db *DB) group(number int) (g Group, err error) {
	err = db.item(secGroups, number, func(item []byte) error {
		d := decoder{rest: string(item)}
		preferred, ids := d.number(), d.strs()
		if d.end() != nil || preferred >= len(ids) {
			return errWire
		}
		g = Group{ID: ids[preferred], IDs: ids}
		return nil
	})
	return g, err
}

// Has reports whether any record speaks of the ecosystem's packages. Where none does,
// nothing can be said of them: they are not evaluated, rather than safe. "Debian:12" is
// not had by a set for "Debian:11", nor is "Ubuntu:22.04:LTS" by one for its builds for
// FIPS 140 alone.
func (db *DB) Has(ecosystem string) bool {
	return slices.ContainsFunc(db.byBase[version.Base(ecosystem)], func(advisory string) bool {
		scope := covers(advisory, ecosystem)
		return scope != scopeOther && scope != scopeBuild
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
	list := make([]Rejection, db.sections[secRejected].n)
	for i := range list {
		if err := db.item(secRejected, i, func(item []byte) error {
			d := decoder{rest: string(item)}
			list[i] = Rejection{ID: d.str(), Entry: d.str(), Reason: d.str()}
			return d.end()
		}); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// SHA256 identifies the set in lower-case hex: the SHA-256 of the records' digests in
// the order of ids. Two sets with the same one give the same findings, however their
// files are named, ordered, indented or packed. Rejected files are not part of it.
func (db *DB) SHA256() string {
	return hex.EncodeToString(db.header[atSet:atContent])
}
