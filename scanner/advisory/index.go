package advisory

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math/bits"
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

// The sections, in the order of the file.
const (
	secEcosystems = iota // a spelling, and how many records use it
	secRejected          // a rejection
	secHeads             // a record without its entries, by id
	secPackages          // a bucket of packages with their entries
	secGroups            // an alias group, by its first id
	secIDs               // a bucket of ids with the number of their group
	sections
)

var sectionNames = [sections]string{"ecosystems", "rejected", "heads", "packages", "groups", "ids"}

// The header's fields, by their offsets.
const (
	atFormat   = 8
	atCRC      = 12 // of the header with zero here
	atSize     = 16 // of the whole file
	atSet      = 24 // see [DB.SHA256]
	atContent  = atSet + sha256.Size
	atSections = atContent + sha256.Size // for each: offset, size, number of items
	headerSize = atSections + sections*24
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// itemCRC is over the item's place too, so that an item in the place of another is
// found out.
func itemCRC(section, number int, payload []byte) uint32 {
	var place [8]byte
	binary.LittleEndian.PutUint32(place[:], uint32(section))
	binary.LittleEndian.PutUint32(place[4:], uint32(number))
	return crc32.Update(crc32.Checksum(place[:], castagnoli), castagnoli, payload)
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

// bucketOf gives the place of a hash among a power of two of buckets. Buckets are in
// the order of their hashes.
func bucketOf(hash uint64, buckets int) int {
	return int(hash >> (64 - bits.TrailingZeros(uint(buckets))))
}

// section is one section of an index: items of any size, then where each ends.
type section struct {
	number int
	items  []byte // each with its CRC
	ends   []byte // a uint32 for each item
	n      int
}

// index is a mapped index.
type index struct {
	data     []byte
	sections [sections]section
}

// openIndex checks the header and the places of the sections. Items are checked when
// they are read. data is kept.
func openIndex(data []byte) (*index, error) {
	if len(data) < len(indexMagic)+4 {
		return nil, damaged("it has only %d bytes", len(data))
	}
	if format := binary.LittleEndian.Uint32(data[atFormat:]); format != indexFormat {
		return nil, fmt.Errorf("it is an index of format %d, and this program reads format %d; %w", format, indexFormat, ErrIndex)
	}
	if len(data) < headerSize {
		return nil, damaged("it is cut off after %d bytes", len(data))
	}
	header := [headerSize]byte(data)
	want := binary.LittleEndian.Uint32(header[atCRC:])
	clear(header[atCRC : atCRC+4])
	if crc32.Checksum(header[:], castagnoli) != want {
		return nil, damaged("the checksum of its header is wrong")
	}
	if size := binary.LittleEndian.Uint64(header[atSize:]); size != uint64(len(data)) {
		return nil, damaged("it has %d bytes of %d: it was cut off, or something was added", len(data), size)
	}
	x := &index{data: data}
	next := uint64(headerSize)
	for i := range x.sections {
		if err := x.sections[i].open(i, header[atSections+24*i:], data, &next); err != nil {
			return nil, err
		}
	}
	if next != uint64(len(data)) {
		return nil, damaged("its sections end at byte %d of %d", next, len(data))
	}
	for _, i := range []int{secPackages, secIDs} {
		if n := x.sections[i].n; bits.OnesCount(uint(n)) != 1 {
			return nil, damaged("section %s has %d items, which is no power of two", sectionNames[i], n)
		}
	}
	return x, nil
}

func damaged(format string, args ...any) error {
	return fmt.Errorf("the index is damaged: %s; %w", fmt.Sprintf(format, args...), ErrIndex)
}

// open reads a section's line of the header; next is where it has to begin, and then
// where it ends.
func (s *section) open(number int, line, data []byte, next *uint64) error {
	offset, size, n := binary.LittleEndian.Uint64(line), binary.LittleEndian.Uint64(line[8:]), binary.LittleEndian.Uint64(line[16:])
	left := uint64(len(data)) - *next
	if offset != *next || size > left || n > size/4 {
		return damaged("section %s does not fit into the file", sectionNames[number])
	}
	ends := offset + size - 4*n
	*s = section{number: number, items: data[offset:ends], ends: data[ends : offset+size], n: int(n)}
	*next = offset + size
	return nil
}

// item returns the content of an item.
func (s *section) item(i int) ([]byte, error) {
	if i < 0 || i >= s.n {
		return nil, damaged("section %s has no item %d", sectionNames[s.number], i)
	}
	from, to := uint32(0), binary.LittleEndian.Uint32(s.ends[4*i:])
	if i > 0 {
		from = binary.LittleEndian.Uint32(s.ends[4*(i-1):])
	}
	if from > to || to-from < 4 || uint64(to) > uint64(len(s.items)) {
		return nil, damaged("item %d of section %s has no place", i, sectionNames[s.number])
	}
	item := s.items[from:to]
	payload := item[:len(item)-4]
	if itemCRC(s.number, i, payload) != binary.LittleEndian.Uint32(item[len(payload):]) {
		return nil, damaged("the checksum of item %d of section %s is wrong", i, sectionNames[s.number])
	}
	return payload, nil
}

// bucket returns the bucket that a key would be in.
func (s *section) bucket(key string) ([]byte, error) {
	return s.item(bucketOf(hashKey(key), s.n))
}
