package advisory

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/bits"
	"slices"
	"sync"
)

// ErrIndex is wrapped by the errors of a compiled index that cannot be used: of another
// format, cut off, or damaged.
var ErrIndex = errors.New("make the index anew with: stella-scan db build -o FILE PATH")

// indexMagic is what an index begins with. Like PNG's, it shows what transfers do to
// binary files: a byte that is not ASCII, and a line end that some rewrite.
const indexMagic = "\x89OSVIDX\n"

// indexFormat is raised whenever the bytes of an index change for the same records, or
// the meaning of its keys: an older index would not be found wrong otherwise.
// TestIndexFormat fails until it is.
const indexFormat = 1

// The sections.
const (
	secEcosystems = iota // a spelling, and how many records use it
	secRejected          // a rejection
	secHeads             // a record without its entries, by id
	secPackages          // a package's key, and its entries by record, in the order of hashes
	secGroups            // an alias group, by its first id
	secKeys              // a block of the table from the hashes of keys to packages
	secIDs               // a block of the table from the hashes of ids to groups
	sections
	firstTable = secKeys // from here on in the tables
)

var sectionNames = [sections]string{"ecosystems", "rejected", "heads", "packages", "groups", "keys", "ids"}

// The header's fields, by their offsets.
const (
	atFormat   = 8
	atCRC      = 12 // of the header with zero here
	atSize     = 16 // of the whole file
	atTables   = 24 // where the tables begin
	atSet      = 32 // see [DB.SHA256]
	atContent  = atSet + sha256.Size
	atSections = atContent + sha256.Size // for each: offset and size of the items, offset of their ends, their number
	headerSize = atSections + sections*32
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// itemCRC is over the item's place too, so that an item in the place of another is
// found out.
func itemCRC(section, number int, payload []byte) uint32 {
	crc := ^uint32(0)
	// By hand: package crc32 would have the eight bytes on the heap.
	place := uint64(uint32(section)) | uint64(number)<<32
	for range 8 {
		crc = castagnoli[byte(crc)^byte(place)] ^ crc>>8
		place >>= 8
	}
	return crc32.Update(^crc, castagnoli, payload)
}

// hashKey is FNV-1a with the finalizer of MurmurHash3, whose high bits are good.
func hashKey(key string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(key) {
		h = (h ^ uint64(key[i])) * 1099511628211
	}
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// section is one section of an index: items of any size, and where each ends.
type section struct {
	number       int
	offset, size int64  // of the items in the file
	ends         []byte // a uint32 for each item, counted from offset
	n            int
}

// index is an open index. The tables are mapped and their pages, which are few, stay in
// memory. Items are read: a page of a mapping brings fifteen others with it, so that
// looking up a few thousand packages would have the whole file in memory.
type index struct {
	header   [headerSize]byte
	file     io.ReaderAt
	size     int64
	tables   []byte // the file from byte base on
	base     int64
	sections [sections]section
	buffers  sync.Pool // of *[]byte
}

// readHeader reads and checks the header of a file of so many bytes.
func readHeader(file io.ReaderAt, size int64) (*index, error) {
	x := &index{file: file, size: size}
	n, err := file.ReadAt(x.header[:min(size, headerSize)], 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if n < atCRC {
		return nil, damaged("it has only %d bytes", n)
	}
	if format := binary.LittleEndian.Uint32(x.header[atFormat:]); format != indexFormat {
		return nil, fmt.Errorf("it is an index of format %d, and this program reads format %d; %w", format, indexFormat, ErrIndex)
	}
	if n < headerSize {
		return nil, damaged("it is cut off after %d bytes", n)
	}
	if headerCRC(x.header) != binary.LittleEndian.Uint32(x.header[atCRC:]) {
		return nil, damaged("the checksum of its header is wrong")
	}
	if whole := binary.LittleEndian.Uint64(x.header[atSize:]); whole != uint64(size) {
		return nil, damaged("it has %d bytes of %d: it was cut off, or something was added", size, whole)
	}
	x.base = x.field(atTables)
	if x.base < headerSize || x.base >= size { // there is a block at least, even of no records
		return nil, damaged("its tables begin at byte %d of %d", x.base, size)
	}
	return x, nil
}

func headerCRC(header [headerSize]byte) uint32 {
	clear(header[atCRC : atCRC+4])
	return crc32.Checksum(header[:], castagnoli)
}

// field reads a number of the header; one that is too great is negative.
func (x *index) field(at int) int64 { return int64(binary.LittleEndian.Uint64(x.header[at:])) }

func damaged(format string, args ...any) error {
	return fmt.Errorf("the index is damaged: %s; %w", fmt.Sprintf(format, args...), ErrIndex)
}

// open takes the tables and checks that the sections are where they can be. Items are
// checked when they are read.
func (x *index) open(tables []byte) error {
	x.tables = tables
	for i := range x.sections {
		at := atSections + 32*i
		s := section{number: i, offset: x.field(at), size: x.field(at + 8)}
		ends, n := x.field(at+16)-x.base, x.field(at+24)
		from, to := int64(headerSize), x.base
		if i >= firstTable {
			from, to = x.base, x.size
		}
		if s.offset < from || s.offset > to || s.size < 0 || s.size > to-s.offset ||
			ends < 0 || ends > int64(len(tables)) || n < 0 || n > (int64(len(tables))-ends)/4 {
			return damaged("section %s does not fit into the file", sectionNames[i])
		}
		s.ends, s.n = tables[ends:ends+4*n], int(n)
		x.sections[i] = s
	}
	for _, i := range []int{secKeys, secIDs} {
		if n := x.sections[i].n; bits.OnesCount(uint(n)) != 1 {
			return damaged("section %s has %d items, which is no power of two", sectionNames[i], n)
		}
	}
	return nil
}

// item calls read with the content of an item, which is gone when read returns.
func (x *index) item(section, i int, read func([]byte) error) error {
	s := &x.sections[section]
	if i < 0 || i >= s.n {
		return damaged("section %s has no item %d", sectionNames[section], i)
	}
	from, to := int64(0), int64(binary.LittleEndian.Uint32(s.ends[4*i:]))
	if i > 0 {
		from = int64(binary.LittleEndian.Uint32(s.ends[4*(i-1):]))
	}
	if from > to-4 || to > s.size {
		return damaged("item %d of section %s has no place", i, sectionNames[section])
	}
	buf, _ := x.buffers.Get().(*[]byte)
	if buf == nil {
		buf = new([]byte)
	}
	defer x.buffers.Put(buf)
	item, err := x.bytes(s.offset+from, int(to-from), buf)
	if err != nil {
		return fmt.Errorf("reading item %d of section %s: %w", i, sectionNames[section], err)
	}
	payload := item[:len(item)-4]
	if itemCRC(section, i, payload) != binary.LittleEndian.Uint32(item[len(payload):]) {
		return damaged("the checksum of item %d of section %s is wrong", i, sectionNames[section])
	}
	if err := read(payload); err != nil {
		return damaged("item %d of section %s: %v", i, sectionNames[section], err)
	}
	return nil
}

// bytes gives a part of the file, in buf where it is not mapped.
func (x *index) bytes(at int64, n int, buf *[]byte) ([]byte, error) {
	if at >= x.base {
		return x.tables[at-x.base:][:n], nil
	}
	*buf = slices.Grow((*buf)[:0], n)[:n]
	_, err := x.file.ReadAt(*buf, at)
	return *buf, err
}

// tableEntry is a line of a table: the low half of a hash, and what it leads to.
const tableEntry = 8

// blockOf gives the block of a table of so many, a power of two, that holds a hash.
// Blocks are in the order of their hashes.
func blockOf(hash uint64, blocks int) int {
	return int(hash >> (64 - bits.TrailingZeros(uint(blocks))))
}

// seek calls visit with what the key's hash leads to, until it is done: rarely, and then
// for other keys, more than once.
func (x *index) seek(table int, key string, visit func(number int) (done bool, err error)) error {
	hash := hashKey(key)
	var room [4]int
	numbers := room[:0]
	err := x.item(table, blockOf(hash, x.sections[table].n), func(block []byte) error {
		if len(block)%tableEntry != 0 {
			return errWire
		}
		for ; len(block) > 0; block = block[tableEntry:] {
			if binary.LittleEndian.Uint32(block) == uint32(hash) {
				numbers = append(numbers, int(binary.LittleEndian.Uint32(block[4:])))
			}
		}
		return nil
	})
	for _, n := range numbers {
		if done, err := visit(n); done || err != nil {
			return err
		}
	}
	return err
}
