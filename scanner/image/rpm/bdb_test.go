package rpm

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// bdbOf is a hash of two pages, the items of which are on the second one.
func bdbOf(order binary.ByteOrder, pageSize int, items ...string) []byte {
	b := make([]byte, 2*pageSize)
	order.PutUint32(b[12:], bdbMagic)
	order.PutUint32(b[20:], uint32(pageSize))
	b[25] = bdbHashMeta
	order.PutUint32(b[32:], 1)
	page := b[pageSize:]
	page[25] = bdbHash
	order.PutUint16(page[20:], uint16(len(items)))
	end := pageSize
	for i, item := range items {
		end -= len(item)
		copy(page[end:], item)
		order.PutUint16(page[bdbHeader+2*i:], uint16(end))
	}
	return b
}

// offPage is an item that stands on pages of its own.
func offPage(order binary.AppendByteOrder, page, size uint32) string {
	return string(order.AppendUint32(order.AppendUint32([]byte{bdbOffPage, 0, 0, 0}, page), size))
}

func TestReadBDB(t *testing.T) {
	a := "\x01" + string(headerOf(text(tagName, "a"), text(tagVersion, "1")))
	b := "\x01" + string(headerOf(text(tagName, "b"), text(tagVersion, "2")))
	want := []Package{{Name: "a", Version: "1"}, {Name: "b", Version: "2"}}
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		for _, size := range []int{512, 1024, 64 << 10 / 2} {
			key := func(n byte) string { return "\x01" + string([]byte{n, 0, 0, n}) }
			packages, problems, err := Read(section(bdbOf(order, size, key(1), a, key(0), "\x01counter", key(2), b, key(3))), nil)
			require.NoError(t, err)
			require.Empty(t, problems)
			require.Equal(t, want, packages, "%v %d", order, size)
		}
	}
	// A key of another length is no counter, whatever is in it.
	packages, _, err := Read(section(bdbOf(binary.LittleEndian, 512, "\x01\x00\x00\x00\x00\x00", a)), nil)
	require.NoError(t, err)
	require.Len(t, packages, 1)
	// Offsets in a page of the largest size end before its last byte.
	large := bdbOf(binary.LittleEndian, 64<<10, "\x01keys", a)
	packages, _, err = Read(section(large), nil)
	require.NoError(t, err)
	require.Len(t, packages, 1)
}

// A header goes on over pages by their numbers, wherever these are.
func TestReadOverflow(t *testing.T) {
	const size = 512
	header := headerOf(text(tagName, "a"), text(tagVersion, "1"), texts(tagOldFilenames, string(bytes.Repeat([]byte("x"), 700))))
	for _, order := range []interface {
		binary.ByteOrder
		binary.AppendByteOrder
	}{binary.LittleEndian, binary.BigEndian} {
		b := bdbOf(order, size, "\x01keys", offPage(order, 4, uint32(len(header))))
		b = append(b, make([]byte, 3*size)...)
		order.PutUint32(b[32:], 4)
		rest := header
		for _, at := range []struct{ page, next uint32 }{{4, 2}, {2, 3}} {
			page := b[at.page*size:][:size]
			page[25] = bdbOverflow
			n := copy(page[bdbHeader:], rest)
			rest = rest[n:]
			order.PutUint16(page[22:], uint16(n))
			order.PutUint32(page[16:], at.next)
		}
		require.Empty(t, rest)
		// The hash goes on behind pages of another type.
		b = append(b, bdbOf(order, size, "\x01keys", "\x01"+string(headerOf(text(tagName, "b"), text(tagVersion, "1"))))[size:]...)
		order.PutUint32(b[32:], 5)
		packages, _, err := Read(section(b), nil)
		require.NoError(t, err)
		require.Len(t, packages, 2)
		require.Len(t, packages[0].Files[0], 700)
		require.Equal(t, "b", packages[1].Name)
	}
}

func TestReadBDBRefuses(t *testing.T) {
	le := binary.LittleEndian
	const size = 512
	good := func() []byte {
		b := bdbOf(le, size, "\x01keys", offPage(le, 2, 100))
		b = append(b, make([]byte, size)...)
		le.PutUint32(b[32:], 2)
		b[2*size+25] = bdbOverflow
		le.PutUint16(b[2*size+22:], 100)
		return b
	}
	byteAt := func(at int, v byte) func([]byte) { return func(b []byte) { b[at] = v } }
	short := func(at int, v uint16) func([]byte) { return func(b []byte) { le.PutUint16(b[at:], v) } }
	word := func(at int, v uint32) func([]byte) { return func(b []byte) { le.PutUint32(b[at:], v) } }
	const page, overflow = size, 2 * size
	item := page + size - 5 - 12 // the value
	for _, row := range []struct {
		damage func([]byte)
		want   string
	}{
		{byteAt(25, 9), "its first page is of type 9 with encryption 0; a plain hash is read"},
		{byteAt(24, 1), "its first page is of type 8 with encryption 1; a plain hash is read"},
		{word(20, 256), "its pages have 256 bytes, which Berkeley DB's have not"},
		{word(20, 128<<10), "its pages have 131072 bytes, which Berkeley DB's have not"},
		{word(20, 1000), "its pages have 1000 bytes, which Berkeley DB's have not"},
		{word(32, maxPages+1), "it has 16777217 pages, more than 16777216"},
		{word(32, maxPages), "512 bytes at 1536 are beyond its end, 1536: it is cut off or damaged"},
		{word(32, 3), "512 bytes at 1536 are beyond its end, 1536: it is cut off or damaged"},
		{short(page+20, (size-bdbHeader)/2+1), "page 1: it says that it has 244 items"},
		{short(page+20, (size-bdbHeader)/2), "page 1: item 2 is damaged"},
		{short(page+bdbHeader, size), "page 1: item 0 is damaged"},
		{short(page+bdbHeader, size+1), "page 1: item 0 is damaged"},
		{short(page+bdbHeader, bdbHeader-1), "page 1: item 0 is damaged"},
		{short(page+bdbHeader+2, size-5), "page 1: item 1 is damaged"},
		{byteAt(page+size-5, 2), "page 1: item 0 is of type 2 and 5 bytes, which rpm does not write"},
		{byteAt(page+size-5, bdbOffPage), "page 1: item 0 is of type 3 and 5 bytes, which rpm does not write"},
		{byteAt(item, 9), "page 1: item 1 is of type 9 and 12 bytes, which rpm does not write"},
		{word(item+8, MaxHeader+1), "page 1: an item has 67108865 bytes, more than 67108864"},
		{word(item+8, MaxHeader), "page 1: page 0 is to go on with an item, and does not: type 8, 0 bytes"},
		{word(item+4, 3), "page 1: 512 bytes at 1536 are beyond its end, 1536: it is cut off or damaged"},
		{word(item+8, 101), "page 1: page 0 is to go on with an item, and does not: type 8, 0 bytes"},
		{byteAt(overflow+25, bdbHash), "page 1: page 2 is to go on with an item, and does not: type 13, 100 bytes"},
		{short(overflow+22, 0), "page 1: page 2 is to go on with an item, and does not: type 7, 0 bytes"},
		{short(overflow+22, size-bdbHeader+1), "page 1: page 2 is to go on with an item, and does not: type 7, 487 bytes"},
	} {
		b := good()
		row.damage(b)
		packages, problems, err := Read(section(b), nil)
		require.EqualError(t, err, row.want)
		require.Empty(t, packages)
		require.Empty(t, problems)
	}
	_, problems, err := Read(section(good()), nil)
	require.NoError(t, err)
	require.Len(t, problems, 1, "the item is of zeros, and no header")

	// A page that is full, and an item that fills its page, are whole.
	items := []string{}
	for i := range (size - bdbHeader) / 4 {
		items = append(items, fmt.Sprintf("\x01%c", 'a'+i%26))
	}
	full := bdbOf(le, size, items...)
	_, problems, err = Read(section(full), nil)
	require.NoError(t, err)
	require.Len(t, problems, len(items)/2)
	fills := good()
	short(overflow+22, size-bdbHeader)(fills)
	word(item+8, size-bdbHeader)(fills)
	_, problems, err = Read(section(fills), nil)
	require.NoError(t, err)
	require.Len(t, problems, 1)
	_, _, err = Read(section(good()[:71]), nil)
	require.EqualError(t, err, "72 bytes at 0 are beyond its end, 71: it is cut off or damaged")
}
