package advisory

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"runtime"
)

// Info is what an index says of itself.
type Info struct {
	Format     int
	Bytes      int64
	Records    int
	Packages   int
	Rejected   int
	SHA256     string // of the set, see [DB.SHA256]
	Content    string // SHA-256 of the index behind its header
	Ecosystems []Ecosystem
}

// Info says what is in the index.
func (db *DB) Info() Info {
	return Info{
		Format: indexFormat, Bytes: db.size,
		Records: db.Records(), Packages: db.sections[secPackages].n, Rejected: db.sections[secRejected].n,
		SHA256: db.SHA256(), Content: hex.EncodeToString(db.header[atContent:atSections]), Ecosystems: db.ecosystems,
	}
}

// Verify reads everything in the set: the checksum over the whole index, each item's own,
// and whether all of it can be read and is found where it would be looked for. The error
// wraps [ErrIndex] and names the first thing that is wrong.
func (db *DB) Verify() error {
	defer runtime.KeepAlive(db)
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(db.file, headerSize, db.size-headerSize)); err != nil {
		return err
	}
	if !bytes.Equal(sum.Sum(nil), db.header[atContent:atSections]) {
		return damaged("the checksum of its content is wrong")
	}
	if _, err := db.Rejected(); err != nil {
		return err
	}
	for _, verify := range []func() error{db.verifyHeads, db.verifyPackages, db.verifyGroups} {
		if err := verify(); err != nil {
			return err
		}
	}
	return nil
}

func (db *DB) verifyHeads() error {
	previous := ""
	for i := range db.Records() {
		var r Record
		if err := db.head(i, &r); err != nil {
			return err
		}
		if i > 0 && r.ID <= previous {
			return damaged("record %s comes behind %s", r.ID, previous)
		}
		previous = r.ID
	}
	return nil
}

// verifyPackages wants each package to be found, and its entries to be of records.
func (db *DB) verifyPackages() error {
	for i := range db.sections[secPackages].n {
		key := ""
		if err := db.item(secPackages, i, func(item []byte) error {
			_, numbers, err := db.entries(item, "")
			for _, n := range numbers {
				if n >= db.Records() {
					return errWire
				}
			}
			name, _, _ := cutBytes(item)
			key = string(name)
			return err
		}); err != nil {
			return err
		}
		found := false
		if err := db.seek(secKeys, key, func(number int) (bool, error) {
			found = found || number == i
			return found, nil
		}); err != nil {
			return err
		}
		if !found {
			return damaged("package %q is not where it would be looked for", key)
		}
	}
	return nil
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
			if found.ID != g.ID || len(found.IDs) != len(g.IDs) {
				return damaged("id %s does not lead to its group, that of %s", id, g.ID)
			}
		}
	}
	return nil
}
