package rpm

import (
	"encoding/binary"
	"fmt"
	"io"
)

// The format of db_page.h: pages of one size; page 0 describes the hash, the others hold
// items or the parts of an item that is too large for a page.
const (
	bdbMagic      = 0x061561 // of a hash
	bdbHeader     = 26       // bytes of a page's header
	bdbHashOld    = 2        // types of pages
	bdbOverflow   = 7
	bdbHashMeta   = 8
	bdbHash       = 13
	bdbKeyData    = 1 // types of items
	bdbOffPage    = 3
	bdbOffPageLen = 12
)

type bdb struct {
	file *io.SectionReader
	binary.ByteOrder
	pageSize int
}

func readBDB(file *io.SectionReader, order binary.ByteOrder, each func([]byte) error) error {
	meta, err := readAt(file, 0, 72)
	if err != nil {
		return err
	}
	d := bdb{file, order, int(order.Uint32(meta[20:]))}
	if meta[25] != bdbHashMeta || meta[24] != 0 {
		return fmt.Errorf("its first page is of type %d with encryption %d; a plain hash is read", meta[25], meta[24])
	}
	if d.pageSize < 512 || d.pageSize > 64<<10 || d.pageSize&(d.pageSize-1) != 0 {
		return fmt.Errorf("its pages have %d bytes, which Berkeley DB's have not", d.pageSize)
	}
	last := order.Uint32(meta[32:])
	if last > maxPages {
		return fmt.Errorf("it has %d pages, more than %d", last, maxPages)
	}
	for n := uint32(1); n <= last; n++ {
		page, err := d.page(n)
		if err != nil {
			return err
		}
		if page[25] != bdbHash && page[25] != bdbHashOld {
			continue
		}
		if err := d.items(page, each); err != nil {
			return fmt.Errorf("page %d: %w", n, err)
		}
	}
	return nil
}

func (d bdb) page(n uint32) ([]byte, error) {
	return readAt(d.file, int64(n)*int64(d.pageSize), d.pageSize)
}

// items calls each with the values of a page. Keys and values take turns; a key of zero
// holds a counter of rpm's.
func (d bdb) items(page []byte, each func([]byte) error) error {
	count := int(d.Uint16(page[20:]))
	if bdbHeader+2*count > len(page) {
		return fmt.Errorf("it says that it has %d items", count)
	}
	for i := 0; i+1 < count; i += 2 {
		key, err := d.item(page, i)
		if err != nil {
			return err
		}
		if len(key) == 4 && d.Uint32(key) == 0 {
			continue
		}
		value, err := d.item(page, i+1)
		if err != nil {
			return err
		}
		if err := each(value); err != nil {
			return err
		}
	}
	return nil
}

// item is the bytes of an item: it ends where the one before it in the index begins.
func (d bdb) item(page []byte, i int) ([]byte, error) {
	at := func(i int) int { return int(d.Uint16(page[bdbHeader+2*i:])) }
	begin, end := at(i), len(page)
	if i > 0 {
		end = at(i - 1)
	}
	if begin >= end || end > len(page) || begin < bdbHeader {
		return nil, fmt.Errorf("item %d is damaged", i)
	}
	switch item := page[begin:end]; {
	case item[0] == bdbKeyData:
		return item[1:], nil
	case item[0] == bdbOffPage && len(item) >= bdbOffPageLen:
		return d.overflow(d.Uint32(item[4:]), d.Uint32(item[8:]))
	default:
		return nil, fmt.Errorf("item %d is of type %d and %d bytes, which rpm does not write", i, item[0], len(item))
	}
}

// overflow joins an item of size bytes that begins at page n.
func (d bdb) overflow(n, size uint32) ([]byte, error) {
	if size > MaxHeader {
		return nil, fmt.Errorf("an item has %d bytes, more than %d", size, MaxHeader)
	}
	var all []byte
	for uint32(len(all)) < size {
		page, err := d.page(n)
		if err != nil {
			return nil, err
		}
		length := int(d.Uint16(page[22:]))
		if page[25] != bdbOverflow || length == 0 || bdbHeader+length > len(page) {
			return nil, fmt.Errorf("page %d is to go on with an item, and does not: type %d, %d bytes", n, page[25], length)
		}
		all = append(all, page[bdbHeader:bdbHeader+length]...)
		n = d.Uint32(page[16:])
	}
	return all[:size], nil
}
