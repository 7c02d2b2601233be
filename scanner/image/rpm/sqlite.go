package rpm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

const (
	sqliteMagic    = "SQLite format 3\x00"
	sqliteInterior = 5 // types of pages of a table's tree
	sqliteLeaf     = 13
	sqliteMaxDepth = 20
)

// A sqlite is a database that tables are read of.
type sqlite struct {
	file     *io.SectionReader
	pageSize int
	usable   int
	// changed has the pages of the write-ahead log by number: where in the log they are.
	log     *io.SectionReader
	changed map[uint32]int64
	visited map[uint32]bool // pages of trees: no tree has one twice
}

// readSQLite calls each with the blob of every row of the table Packages.
func readSQLite(file, log *io.SectionReader, each func([]byte) error) error {
	s, err := openSQLite(file, log)
	if err != nil {
		return err
	}
	root := uint32(0)
	err = s.rows(1, 0, func(record []byte) error { // sqlite_schema: type, name, tbl_name, rootpage, sql
		row, err := columns(record, 4)
		if err != nil {
			return err
		}
		if string(row[0]) == "table" && string(row[1]) == "Packages" {
			for _, b := range row[3] {
				root = root<<8 | uint32(b)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("the schema of SQLite: %w", err)
	}
	if root == 0 {
		return errors.New("its SQLite has no table Packages")
	}
	return s.rows(root, 0, func(record []byte) error { // hnum, blob
		row, err := columns(record, 2)
		if err != nil {
			return err
		}
		return each(row[1])
	})
}

func openSQLite(file, log *io.SectionReader) (*sqlite, error) {
	head, err := readAt(file, 0, 100)
	if err != nil {
		return nil, err
	}
	s := &sqlite{file: file, log: log, pageSize: int(binary.BigEndian.Uint16(head[16:])), visited: map[uint32]bool{}}
	if s.pageSize == 1 {
		s.pageSize = 64 << 10
	}
	s.usable = s.pageSize - int(head[20])
	if s.pageSize < 512 || s.pageSize&(s.pageSize-1) != 0 || s.usable < 480 {
		return nil, fmt.Errorf("its pages have %d bytes, %d of them used, which SQLite's have not", s.pageSize, s.usable)
	}
	if log != nil && log.Size() > 0 {
		if s.changed, err = readLog(log, s.pageSize); err != nil {
			return nil, fmt.Errorf("its write-ahead log: %w", err)
		}
	}
	return s, nil
}

func (s *sqlite) page(n uint32) ([]byte, error) {
	if n == 0 || n > maxPages {
		return nil, fmt.Errorf("it names page %d", n)
	}
	if offset, ok := s.changed[n]; ok {
		return readAt(s.log, offset, s.pageSize)
	}
	return readAt(s.file, int64(n-1)*int64(s.pageSize), s.pageSize)
}

// rows calls each with the record of every row of the tree at page n, in the order of
// their ids.
func (s *sqlite) rows(n uint32, depth int, each func(record []byte) error) error {
	if depth > sqliteMaxDepth || s.visited[n] {
		return fmt.Errorf("page %d is twice in a tree, or the tree is too deep", n)
	}
	s.visited[n] = true
	page, err := s.page(n)
	if err != nil {
		return err
	}
	begin := 0
	if n == 1 {
		begin = 100 // after the header of the database
	}
	kind, count := page[begin], int(binary.BigEndian.Uint16(page[begin+3:]))
	cells := begin + 8
	if kind == sqliteInterior {
		cells += 4
	} else if kind != sqliteLeaf {
		return fmt.Errorf("page %d is of type %d and not of a table", n, kind)
	}
	if cells+2*count > s.usable {
		return fmt.Errorf("page %d says that it has %d cells", n, count)
	}
	for i := range count {
		at := int(binary.BigEndian.Uint16(page[cells+2*i:]))
		if at+4 > s.usable {
			return fmt.Errorf("page %d: cell %d is beyond its end", n, i)
		}
		if kind == sqliteInterior {
			err = s.rows(binary.BigEndian.Uint32(page[at:]), depth+1, each)
		} else {
			err = s.cell(page[at:s.usable], each)
		}
		if err != nil {
			return fmt.Errorf("page %d: %w", n, err)
		}
	}
	if kind == sqliteInterior {
		return s.rows(binary.BigEndian.Uint32(page[begin+8:]), depth+1, each)
	}
	return nil
}

// cell reads a row: the size of its record, its id, and the record, which goes on in
// overflow pages where it is long.
func (s *sqlite) cell(cell []byte, each func([]byte) error) error {
	size, n := varint(cell)
	_, m := varint(cell[n:])
	cell = cell[n+m:]
	if size > MaxHeader || n == 0 || m == 0 {
		return fmt.Errorf("a row has %d bytes, more than %d", size, MaxHeader)
	}
	local := s.local(int(size))
	if local == int(size) && local <= len(cell) {
		return each(cell[:local])
	}
	if local+4 > len(cell) {
		return errors.New("a row is beyond the end of its page")
	}
	record := append([]byte{}, cell[:local]...)
	next := binary.BigEndian.Uint32(cell[local:])
	for uint64(len(record)) < size {
		page, err := s.page(next)
		if err != nil {
			return err
		}
		next = binary.BigEndian.Uint32(page)
		record = append(record, page[4:min(s.usable, 4+int(size)-len(record))]...)
	}
	return each(record)
}

// local is how much of a record is on the page of its cell: "Cell Payload Overflow Pages".
func (s *sqlite) local(size int) int {
	most := s.usable - 35
	if size <= most {
		return size
	}
	least := (s.usable-12)*32/255 - 23
	if k := least + (size-least)%(s.usable-4); k <= most {
		return k
	}
	return least
}

// columns are the first values of a record, as bytes: integers are big-endian.
func columns(record []byte, want int) ([][]byte, error) {
	size, n := varint(record)
	if n == 0 || size < uint64(n) || size > uint64(len(record)) {
		return nil, errors.New("a row's record is damaged")
	}
	types, body := record[n:size], record[size:]
	var all [][]byte
	for len(all) < want {
		kind, n := varint(types)
		if n == 0 {
			return nil, fmt.Errorf("a row has %d columns, fewer than the %d of its table", len(all), want)
		}
		types = types[n:]
		length := columnSize(kind)
		if length > uint64(len(body)) {
			return nil, errors.New("a row's column is beyond its end")
		}
		all, body = append(all, body[:length]), body[length:]
	}
	return all, nil
}

// columnSize is the length of a column by its serial type: "Record Format".
func columnSize(kind uint64) uint64 {
	switch {
	case kind >= 12:
		return (kind - 12) / 2
	case kind == 5:
		return 6
	case kind == 6 || kind == 7:
		return 8
	case kind <= 4:
		return kind
	}
	return 0 // the constants 0 and 1
}

// varint reads SQLite's own kind: up to nine bytes, big-endian, seven bits each and all
// eight of the ninth. n is 0 where b ends early.
func varint(b []byte) (v uint64, n int) {
	for i := range min(9, len(b)) {
		if i == 8 {
			return v<<8 | uint64(b[i]), 9
		}
		v = v<<7 | uint64(b[i]&0x7f)
		if b[i] < 0x80 {
			return v, i + 1
		}
	}
	return 0, 0
}
