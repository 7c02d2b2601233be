package advisory

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"runtime"
)

// Info is what an index says of itself.
type Info struct {
	Format     int
	Bytes      int
	Records    int
	Packages   int
	Rejected   int
	SHA256     string // of the set, see [DB.SHA256]
	Content    string // SHA-256 of the index behind its header
	Ecosystems []Ecosystem
}

// Info counts what is in the index. The error is that of a damaged one.
func (db *DB) Info() (Info, error) {
	defer runtime.KeepAlive(db)
	info := Info{
		Format: indexFormat, Bytes: len(db.data), Records: db.Records(), Rejected: db.sections[secRejected].n,
		SHA256: db.SHA256(), Content: hex.EncodeToString(db.data[atContent:atSections]), Ecosystems: db.ecosystems,
	}
	err := db.packages(func(string, []byte) error { info.Packages++; return nil })
	return info, err
}

// packages calls visit with the key and the entries of every package.
func (db *DB) packages(visit func(key string, entries []byte) error) error {
	s := &db.sections[secPackages]
	for i := range s.n {
		bucket, err := s.item(i)
		if err != nil {
			return err
		}
		for len(bucket) > 0 {
			key, rest, ok := cutBytes(bucket)
			entries, rest, ok2 := cutBytes(rest)
			switch {
			case !ok || !ok2:
				return damagedItem(secPackages, i, errWire)
			case bucketOf(hashKey(string(key)), s.n) != i:
				return damaged("package %q is not where it would be looked for", key)
			}
			if err := visit(string(key), entries); err != nil {
				return err
			}
			bucket = rest
		}
	}
	return nil
}

// Verify reads everything in the set: the checksum over the whole index, each item's own,
// and whether all of it can be read and is found where it would be looked for. The error
// wraps [ErrIndex] and names the first thing that is wrong.
func (db *DB) Verify() error {
	defer runtime.KeepAlive(db)
	if sum := sha256.Sum256(db.data[headerSize:]); !bytes.Equal(sum[:], db.data[atContent:atSections]) {
		return damaged("the checksum of its content is wrong")
	}
	if _, err := db.Rejected(); err != nil {
		return err
	}
	previous := ""
	for i := range db.Records() {
		r, err := db.record(i)
		switch {
		case err != nil:
			return err
		case i > 0 && r.ID <= previous:
			return damaged("record %s comes behind %s", r.ID, previous)
		}
		previous = r.ID
	}
	if err := db.packages(db.verifyPackage); err != nil {
		return err
	}
	return db.verifyGroups()
}

// verifyPackage reads the entries of a package for every ecosystem.
func (db *DB) verifyPackage(key string, entries []byte) error {
	d := decoder{rest: string(entries)}
	for d.rest != "" {
		number, in, entry := d.number(), d.number(), d.str()
		if d.err != nil || number >= db.Records() || in >= len(db.ecosystems) {
			return damaged("the entries of %q: %v", key, errWire)
		}
		if _, err := decodeEntry(entry, key, db.ecosystems[in].Name); err != nil {
			return damaged("an entry of %q: %v", key, err)
		}
	}
	return d.err
}

// verifyGroups wants each id of a group to lead to it.
func (db *DB) verifyGroups() error {
	for i := range db.sections[secGroups].n {
		g, err := db.group(i)
		if err != nil {
			return err
		}
		for _, id := range g.IDs {
			found, err := db.Group(id)
			if err != nil {
				return err
			}
			if found.ID != g.ID {
				return damaged("id %s leads to the group of %s, not of %s", id, found.ID, g.ID)
			}
		}
	}
	return nil
}
