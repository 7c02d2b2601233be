// Package rpm reads the package database of rpm.
//
// # Files
//
// The database is one file below var/lib/rpm, usr/lib/sysimage/rpm or usr/share/rpm, in
// the format of one of rpm's backends: Packages (Berkeley DB, a hash), Packages.db (ndb)
// or rpmdb.sqlite. [Read] tells them apart by content. Each holds the headers of packages,
// in the form that rpm's headerExport gives: without the magic number of a package file.
// SQLite may keep the last changes in a write-ahead log beside the database, which [Read]
// takes into account.
//
// # What is read of a header
//
// Name, epoch, version, release, architecture, source package, module and the paths of
// files. A tag that a header holds twice counts the last time: rpm appends what it changes
// after the signed region. gpg-pubkey, which stands for a key, is no package.
//
// # Why not a library
//
// anchore/go-rpmdb reads the same formats. It writes to standard output when a slot is
// damaged, and reads pages in a goroutine of its own, where a damaged one panics and ends
// the process; its SQLite takes most of a minute to compile for reading one table.
//
// Sources: rpm, lib/header.c, lib/backend/ndb/rpmpkg.c and include/rpm/rpmtag.h; SQLite,
// "Database File Format" (https://www.sqlite.org/fileformat2.html); Berkeley DB,
// src/dbinc/db_page.h.
package rpm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Dirs are where the database may be, and Names what its file may be called, that of the
// backend which replaced the others first.
var (
	Dirs  = []string{"var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm"}
	Names = []string{"rpmdb.sqlite", "Packages.db", "Packages"}
)

// LogSuffix is added to the name of an SQLite database to name its write-ahead log.
const LogSuffix = "-wal"

// Limits of a database.
const (
	MaxHeader   = 64 << 20 // bytes of one package's header
	maxPackages = 1_000_000
	maxPages    = 1 << 24
)

// A Package is an installed binary package.
type Package struct {
	Name, Version, Release, Arch string
	Epoch                        string // decimal, "" where the header has none
	SourceRPM                    string // "bash-5.1.8-6.el9.src.rpm", "" where it is not said
	Module                       string // "nodejs:18:…", the label of the module it came with
	Files                        []string
}

// A Problem is a header that cannot be made a package of.
type Problem struct {
	Package string // its name, or "header N" in the order of the database
	Reason  string
}

// Read reads a database. log is SQLite's write-ahead log beside it, nil where there is
// none. A header without a name or a version is a problem; the rest are read. The error
// is of the whole.
func Read(db, log *io.SectionReader) ([]Package, []Problem, error) {
	var packages []Package
	var problems []Problem
	n, room := 0, db.Size()
	if log != nil {
		room += log.Size()
	}
	err := blobs(db, log, func(blob []byte) error {
		if n++; n > maxPackages {
			return fmt.Errorf("it holds more than %d headers", maxPackages)
		}
		// No two headers have bytes in common, unless somebody wants to keep us busy.
		if room -= int64(len(blob)); room < 0 {
			return fmt.Errorf("its headers have more bytes than the %d of the file: it is damaged", db.Size())
		}
		p, err := parseHeader(blob)
		switch {
		case err != nil:
			name := p.Name
			if name == "" {
				name = fmt.Sprintf("header %d", n)
			}
			problems = append(problems, Problem{Package: name, Reason: err.Error()})
		case p.Name != "gpg-pubkey":
			packages = append(packages, p)
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	return packages, problems, nil
}

// blobs calls each with every header of a database.
func blobs(db, log *io.SectionReader, each func([]byte) error) error {
	head := make([]byte, 16)
	if _, err := db.ReadAt(head, 0); err != nil {
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("it has %d bytes, fewer than any database", db.Size())
		}
		return err
	}
	switch {
	case string(head) == sqliteMagic:
		return readSQLite(db, log, each)
	case string(head[:4]) == ndbMagic:
		return readNDB(db, each)
	case binary.LittleEndian.Uint32(head[12:]) == bdbMagic:
		return readBDB(db, binary.LittleEndian, each)
	case binary.BigEndian.Uint32(head[12:]) == bdbMagic:
		return readBDB(db, binary.BigEndian, each)
	}
	return errors.New("it is none of SQLite, ndb and Berkeley DB hash, in which rpm keeps packages")
}

// readAt reads n bytes at an offset, all of them. Neither is negative: they are made of
// numbers without a sign.
func readAt(r *io.SectionReader, offset int64, n int) ([]byte, error) {
	if int64(n) > r.Size()-offset {
		return nil, fmt.Errorf("%d bytes at %d are beyond its end, %d: it is cut off or damaged", n, offset, r.Size())
	}
	b := make([]byte, n)
	_, err := r.ReadAt(b, offset)
	if errors.Is(err, io.EOF) {
		err = nil // all were read, up to the end
	}
	return b, err
}
