package imagetest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
)

// sqlitePage is the size of the pages that are written.
const sqlitePage = 4096

// sqliteFile writes headers as rpm's SQLite backend does: the rows of a table Packages. A
// file of SQLite itself would hold its version, and with it every digest would change.
//
// Source: "Database File Format", https://www.sqlite.org/fileformat2.html.
func sqliteFile(blobs [][]byte) ([]byte, error) {
	const create = "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT,blob BLOB NOT NULL)"
	db := &sqliteWriter{pages: make([][]byte, 2)} // the schema and the root of the table
	var rows [][]byte
	for i, b := range blobs {
		rows = append(rows, db.cell(i+1, record(nil, b)))
	}
	root, err := leaf(rows, 0)
	if err != nil {
		return nil, err
	}
	db.pages[1] = root
	schema, err := leaf([][]byte{db.cell(1, record("table", "Packages", "Packages", 2, create))}, 100)
	if err != nil {
		return nil, err
	}
	db.pages[0] = schema
	copy(schema, "SQLite format 3\x00")
	be := binary.BigEndian
	be.PutUint16(schema[16:], sqlitePage)
	copy(schema[18:], []byte{1, 1, 0, 64, 32, 32})
	be.PutUint32(schema[24:], 1)
	be.PutUint32(schema[28:], uint32(len(db.pages)))
	be.PutUint32(schema[40:], 1)
	be.PutUint32(schema[44:], 4) // format of the schema
	be.PutUint32(schema[56:], 1) // UTF-8
	be.PutUint32(schema[92:], 1)
	return bytes.Join(db.pages, nil), nil
}

type sqliteWriter struct{ pages [][]byte }

// cell is a row of a leaf; a long one goes on in pages of its own.
func (db *sqliteWriter) cell(id int, record []byte) []byte {
	cell := append(uvarint(uint64(len(record))), uvarint(uint64(id))...)
	const most, least = sqlitePage - 35, (sqlitePage-12)*32/255 - 23
	if len(record) <= most {
		return append(cell, record...)
	}
	local := least + (len(record)-least)%(sqlitePage-4)
	if local > most {
		local = least
	}
	cell = append(cell, record[:local]...)
	cell = binary.BigEndian.AppendUint32(cell, uint32(len(db.pages)+1))
	for chunk := range slices.Chunk(record[local:], sqlitePage-4) {
		page := make([]byte, sqlitePage)
		copy(page[4:], chunk)
		db.pages = append(db.pages, page)
		if local += len(chunk); local < len(record) {
			binary.BigEndian.PutUint32(page, uint32(len(db.pages)+1))
		}
	}
	return cell
}

// leaf is a page of a table with the cells, after begin bytes of another header.
func leaf(cells [][]byte, begin int) ([]byte, error) {
	page := make([]byte, sqlitePage)
	be := binary.BigEndian
	page[begin] = 13
	be.PutUint16(page[begin+3:], uint16(len(cells)))
	end := len(page)
	for i, c := range cells {
		if end -= len(c); end < begin+8+2*len(cells) {
			return nil, fmt.Errorf("%d rows do not fit on a page; name fewer packages or shorter ones", len(cells))
		}
		copy(page[end:], c)
		be.PutUint16(page[begin+8+2*i:], uint16(end))
	}
	be.PutUint16(page[begin+5:], uint16(end))
	return page, nil
}

// record is a row's columns: nil, text, bytes and small numbers.
func record(columns ...any) []byte {
	var types, body []byte
	for _, c := range columns {
		switch c := c.(type) {
		case nil:
			types = append(types, 0)
		case string:
			types, body = append(types, uvarint(uint64(13+2*len(c)))...), append(body, c...)
		case []byte:
			types, body = append(types, uvarint(uint64(12+2*len(c)))...), append(body, c...)
		case int:
			types, body = append(types, 1), append(body, byte(c))
		}
	}
	return slices.Concat(uvarint(uint64(len(types)+1)), types, body)
}

// uvarint is SQLite's: big-endian, seven bits a byte.
func uvarint(v uint64) []byte {
	b := []byte{byte(v & 0x7f)}
	for v >>= 7; v > 0; v >>= 7 {
		b = append([]byte{byte(v&0x7f) | 0x80}, b...)
	}
	return b
}
