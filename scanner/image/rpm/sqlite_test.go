package rpm

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// uvarint is the shortest varint of a number below 1<<56.
func uvarint(v uint64) string {
	b := []byte{byte(v & 0x7f)}
	for v >>= 7; v > 0; v >>= 7 {
		b = append([]byte{byte(v) | 0x80}, b...)
	}
	return string(b)
}

// recordOf is a record of texts, and of numbers of four bytes.
func recordOf(columns ...any) string {
	var types, body string
	for _, c := range columns {
		switch c := c.(type) {
		case string:
			types, body = types+uvarint(uint64(13+2*len(c))), body+c
		case uint32:
			types, body = types+"\x04", body+string(binary.BigEndian.AppendUint32(nil, c))
		}
	}
	return uvarint(uint64(len(types)+1)) + types + body
}

// rowOf is the cell of a record that is wholly on its page.
func rowOf(record string) string { return uvarint(uint64(len(record))) + "\x01" + record }

func packageRow(name string) string {
	return rowOf(recordOf(uint32(1), string(headerOf(text(tagName, name), text(tagVersion, "1")))))
}

// treePage is a page of a table's tree: with children, those and then the right one.
func treePage(size, begin int, cells []string, right uint32) []byte {
	page := make([]byte, size)
	be := binary.BigEndian
	page[begin] = sqliteLeaf
	be.PutUint16(page[begin+3:], uint16(len(cells)))
	index := begin + 8
	if right > 0 {
		page[begin] = sqliteInterior
		be.PutUint32(page[index:], right)
		index += 4
	}
	end := size
	for i, c := range cells {
		end -= len(c)
		copy(page[end:], c)
		be.PutUint16(page[index+2*i:], uint16(end))
	}
	return page
}

func leafPage(size int, cells ...string) []byte { return treePage(size, 0, cells, 0) }

func childOf(page uint32) string {
	return string(binary.BigEndian.AppendUint32(nil, page)) + "\x01"
}

func schemaRow(kind, name string, root uint32) string {
	return rowOf(recordOf(kind, name, name, root, "CREATE"))
}

// sqliteOf puts the header of a database before its pages, the first of which has room.
func sqliteOf(size int, pages ...[]byte) []byte {
	b := bytes.Join(pages, nil)
	copy(b, sqliteMagic)
	if size == 64<<10 {
		size = 1
	}
	binary.BigEndian.PutUint16(b[16:], uint16(size))
	return b
}

func TestReadTree(t *testing.T) {
	for _, size := range []int{512, 1024, 64 << 10} {
		b := sqliteOf(size,
			treePage(size, 100, []string{childOf(7)}, 8), // the schema goes on over pages, too
			treePage(size, 0, []string{childOf(3), childOf(4)}, 5),
			leafPage(size, packageRow("a"), packageRow("b")),
			leafPage(size, packageRow("c")),
			treePage(size, 0, nil, 6),
			leafPage(size, packageRow("d")),
			leafPage(size, schemaRow("table", "Name", 3), schemaRow("index", "Packages", 4)),
			leafPage(size, schemaRow("table", "Packages", 2), schemaRow("view", "Packages", 0), schemaRow("table", "Basenames", 3)),
		)
		packages, problems, err := Read(section(b), nil)
		require.NoError(t, err, size)
		require.Empty(t, problems)
		names := ""
		for _, p := range packages {
			names += p.Name
		}
		require.Equal(t, "abcd", names, size)
	}
}

// A database of one page of the table, which is page 2.
func table(page []byte) []byte {
	return sqliteOf(len(page), treePage(len(page), 100, []string{schemaRow("table", "Packages", 2)}, 0), page)
}

func TestReadSQLiteRefuses(t *testing.T) {
	const size = 512
	be := binary.BigEndian
	good := table(leafPage(size, packageRow("a")))
	patched := func(at int, v ...byte) []byte {
		b := bytes.Clone(good)
		copy(b[at:], v)
		return b
	}
	short := func(at int, v uint16) []byte { return patched(at, be.AppendUint16(nil, v)...) }
	interior := func(right uint32, children ...uint32) []byte {
		var cells []string
		for _, c := range children {
			cells = append(cells, childOf(c))
		}
		return table(treePage(size, 0, cells, right))
	}
	long := strings.Repeat("x", 5)
	for _, row := range []struct {
		b    []byte
		want string
	}{
		{good[:99], "100 bytes at 0 are beyond its end, 99: it is cut off or damaged"},
		{good[:100], "the schema of SQLite: 512 bytes at 0 are beyond its end, 100: it is cut off or damaged"},
		{good[:size], "512 bytes at 512 are beyond its end, 512: it is cut off or damaged"},
		{short(16, 256), "its pages have 256 bytes, 256 of them used, which SQLite's have not"},
		{short(16, 1000), "its pages have 1000 bytes, 1000 of them used, which SQLite's have not"},
		{short(16, 0), "its pages have 0 bytes, 0 of them used, which SQLite's have not"},
		{patched(20, 33), "its pages have 512 bytes, 479 of them used, which SQLite's have not"},
		{patched(100, 10), "the schema of SQLite: page 1 is of type 10 and not of a table"},
		{patched(size, 2), "page 2 is of type 2 and not of a table"},
		{short(103, (size-108)/2+1), "the schema of SQLite: page 1 says that it has 203 cells"},
		{short(size+3, (size-8)/2+1), "page 2 says that it has 253 cells"},
		{short(size+8, size-3), "page 2: cell 0 is beyond its end"},
		{short(size+8, size-4), "page 2: a row is beyond the end of its page"},
		{interior(0xffffff00), "it names page 4294967040"},
		{interior(maxPages + 1), "it names page 16777217"},
		{interior(maxPages), "512 bytes at 8589934080 are beyond its end, 1024: it is cut off or damaged"},
		{interior(3, 0), "page 2: it names page 0"},
		{interior(3, 2), "page 2: page 2 is twice in a tree, or the tree is too deep"},
		{interior(2), "page 2 is twice in a tree, or the tree is too deep"},
		{interior(1), "page 1 is twice in a tree, or the tree is too deep"},
		{sqliteOf(size, treePage(size, 100, []string{schemaRow("index", "Packages", 2)}, 0)), "its SQLite has no table Packages"},
		{sqliteOf(size, treePage(size, 100, []string{schemaRow("table", "packages", 2)}, 0)), "its SQLite has no table Packages"},
		{sqliteOf(size, treePage(size, 100, nil, 0)), "its SQLite has no table Packages"},
		{sqliteOf(size, treePage(size, 100, []string{rowOf(recordOf("table", "Packages", "Packages"))}, 0)), "the schema of SQLite: page 1: a row has 3 columns, fewer than the 4 of its table"},
		{table(leafPage(size, rowOf(recordOf(uint32(1))))), "page 2: a row has 1 columns, fewer than the 2 of its table"},
		{table(leafPage(size, rowOf("\x09\x01"+long))), "page 2: a row's record is damaged"},
		{table(leafPage(size, rowOf("\x03\x01\x17"+long))), "page 2: a row's column is beyond its end"},
		{table(leafPage(size, uvarint(MaxHeader+1)+"\x01"+long)), "page 2: a row has 67108865 bytes, more than 67108864"},
		{table(leafPage(size, uvarint(MaxHeader)+"\x01"+long)), "page 2: a row is beyond the end of its page"},
		{table(leafPage(size, "\xff\xff\xff\xff")), "page 2: a row has 0 bytes, more than 67108864"},
		{table(leafPage(size, "\x05\xff\xff\xff")), "page 2: a row has 5 bytes, more than 67108864"},
		{table(leafPage(size, "\x05\x01abcd")), "page 2: a row is beyond the end of its page"},
		{table(leafPage(size, uvarint(478)+"\x01"+strings.Repeat("x", 39)+"\x00\x00\x00\x00")), "page 2: it names page 0"},
		{table(leafPage(size, uvarint(478)+"\x01"+strings.Repeat("x", 39)+"\x00\x00\x00\x03")), "page 2: 512 bytes at 1024 are beyond its end, 1024: it is cut off or damaged"},
		{table(leafPage(size, uvarint(478)+"\x01"+strings.Repeat("x", 39)+"\x00\x00\x00")), "page 2: a row is beyond the end of its page"},
	} {
		packages, problems, err := Read(section(row.b), nil)
		require.EqualError(t, err, row.want)
		require.Empty(t, packages)
		require.Empty(t, problems)
	}
	packages, _, err := Read(section(good), nil)
	require.NoError(t, err)
	require.Len(t, packages, 1)
}

// A tree may be as deep as SQLite's can be, and no deeper.
func TestReadDeepTree(t *testing.T) {
	const size = 512
	for depth, want := range map[int]string{
		sqliteMaxDepth:     "",
		sqliteMaxDepth + 1: "page 23 is twice in a tree, or the tree is too deep",
	} {
		for _, left := range []bool{false, true} {
			pages := [][]byte{treePage(size, 100, []string{schemaRow("table", "Packages", 2)}, 0)}
			leaf := uint32(depth + 3)
			for range depth {
				next := uint32(len(pages) + 2)
				page := treePage(size, 0, nil, next)
				if left {
					page = treePage(size, 0, []string{childOf(next)}, leaf)
					leaf++
				}
				pages = append(pages, page)
			}
			for range 1 + depth {
				pages = append(pages, leafPage(size, packageRow("a")))
			}
			_, _, err := Read(section(sqliteOf(size, pages...)), nil)
			if want == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, want)
			}
		}
	}
}

// Bytes at the end of each page that are kept for an extension hold no part of a row.
func TestReadReserved(t *testing.T) {
	const size, reserved = 512, 32
	record := recordOf(uint32(1), string(headerOf(text(tagName, "a"), text(tagVersion, "1"), texts(tagOldFilenames, strings.Repeat("x", 1000)))))
	s := sqlite{usable: size - reserved}
	keep := s.local(len(record))
	cell := uvarint(uint64(len(record))) + "\x01" + record[:keep] + "\x00\x00\x00\x03"
	pages := [][]byte{leafPage(size-reserved, cell)}
	for rest := record[keep:]; rest != ""; {
		page := make([]byte, size-reserved)
		n := copy(page[4:], rest)
		if rest = rest[n:]; rest != "" {
			binary.BigEndian.PutUint32(page, uint32(len(pages)+3))
		}
		pages = append(pages, page)
	}
	for i := range pages {
		pages[i] = append(pages[i], bytes.Repeat([]byte{0xff}, reserved)...)
	}
	schema := append(treePage(size-reserved, 100, []string{schemaRow("table", "Packages", 2)}, 0), make([]byte, reserved)...)
	b := sqliteOf(size, append([][]byte{schema}, pages...)...)
	b[20] = reserved
	packages, problems, err := Read(section(b), nil)
	require.NoError(t, err)
	require.Empty(t, problems)
	require.Len(t, packages, 1)
	require.Equal(t, []string{strings.Repeat("x", 1000)}, packages[0].Files)
}

// "Cell Payload Overflow Pages": with U usable bytes, X is U-35 and M ((U-12)*32/255)-23.
func TestLocal(t *testing.T) {
	for usable, rows := range map[int][][2]int{
		512: { // X is 477, M 39
			{0, 0}, {476, 476}, {477, 477}, {478, 39}, {546, 39}, {547, 39}, {548, 40}, {985, 477}, {986, 39},
		},
		4096: { // X is 4061, M 489
			{4061, 4061}, {4062, 489}, {4581, 489}, {4582, 490}, {8153, 4061}, {8154, 489},
		},
	} {
		s := sqlite{usable: usable}
		for _, row := range rows {
			require.Equal(t, row[1], s.local(row[0]), "%d bytes of %d", row[0], usable)
		}
	}
}

func TestVarint(t *testing.T) {
	for text, want := range map[string][2]uint64{
		"":                                     {0, 0},
		"\x00":                                 {0, 1},
		"\x7f":                                 {127, 1},
		"\x7f\x01":                             {127, 1},
		"\x80":                                 {0, 0},
		"\x81\x00":                             {128, 2},
		"\x82\x01":                             {257, 2},
		"\xff\x7f":                             {1<<14 - 1, 2},
		"\x80\x80":                             {0, 0},
		"\x81\x80\x00":                         {1 << 14, 3},
		"\xff\xff\xff\xff\xff\xff\xff\x7f":     {1<<56 - 1, 8},
		"\xff\xff\xff\xff\xff\xff\xff\xff":     {0, 0},
		"\x80\xc0\x80\x80\x80\x80\x80\x80\x01": {1<<56 | 1, 9},
		"\xff\xff\xff\xff\xff\xff\xff\xff\xff": {1<<64 - 1, 9},
		"\xff\xff\xff\xff\xff\xff\xff\xff\x7f": {1<<64 - 129, 9},
	} {
		v, n := varint([]byte(text))
		require.Equal(t, want, [2]uint64{v, uint64(n)}, "%q", text)
	}
}

// "Record Format", the table of serial types.
func TestColumnSize(t *testing.T) {
	for kind, want := range []uint64{0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0, 0, 0, 1, 1, 2, 2} {
		require.Equal(t, want, columnSize(uint64(kind)), fmt.Sprint(kind))
	}
}
