package advisory

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// sealed puts the checksums of the whole content and of the header right, as nobody does
// by accident: what else is wrong must be found without them.
func sealed(data []byte) []byte {
	content := sha256.Sum256(data[headerSize:])
	copy(data[atContent:], content[:])
	binary.LittleEndian.PutUint32(data[atCRC:], headerCRC([headerSize]byte(data[:headerSize])))
	return data
}

// remade is an index with other items, whose checksums are right.
func remade(t testing.TB, db *DB, change func(items *[sections][][]byte)) []byte {
	t.Helper()
	var items [sections][][]byte
	for s := range sections {
		for i := range db.sections[s].n {
			require.NoError(t, db.item(s, i, func(item []byte) error {
				items[s] = append(items[s], bytes.Clone(item))
				return nil
			}))
		}
	}
	change(&items)
	body := memory{make([]byte, headerSize)}
	out := newIndexWriter(&body)
	tables := uint64(0)
	for s := range sections {
		if s == firstTable {
			tables = out.at
		}
		for _, item := range items[s] {
			out.enc.buf = append(out.enc.buf, item...)
			out.item()
		}
		out.end(s)
	}
	out.writeEnds()
	header, err := out.header(tables, make([]byte, sha256.Size))
	require.NoError(t, err)
	copy(body.data, header)
	return body.data
}

// few are records of one package each, two of them aliases.
func few(t *testing.T) []*Record {
	t.Helper()
	return []*Record{
		parse(t, doc("A", day, `"CVE-1"`, "p")), parse(t, doc("B", day, ``, "q")),
		parse(t, `{"id": "C", "summary": 1, "upstream": ["B"], "aliases": ["CVE-3"], "modified": "`+day+`"}`),
	}
}

// verified opens an index and verifies it.
func verified(data []byte) error {
	db, err := openMemory(data)
	if err != nil {
		return err
	}
	return db.Verify()
}

func TestVerifyFindsEachByte(t *testing.T) {
	good := compile(t, varied(t)...)
	require.NoError(t, verified(sealed(bytes.Clone(good))))
	for at := headerSize; at < len(good); at++ {
		b := bytes.Clone(good)
		b[at] ^= 0x10
		require.ErrorIs(t, verified(sealed(b)), ErrIndex, "byte %d", at)
	}
}

// An item that ends too early or too late is damage, and said by all who read it.
func TestVerifyFindsItemsOfAnotherLength(t *testing.T) {
	db := compiled(t, few(t)...)
	require.NoError(t, verified(remade(t, db, func(*[sections][][]byte) {})))
	for s := range firstTable {
		for i := range db.sections[s].n {
			var item []byte
			require.NoError(t, db.item(s, i, func(b []byte) error { item = bytes.Clone(b); return nil }))
			for n := range len(item) + 2 {
				if n == len(item) || s == secPackages && n == 1+int(item[0]) {
					continue // as it was, or a package without entries
				}
				err := verified(remade(t, db, func(items *[sections][][]byte) { items[s][i] = append(item, 0)[:n] }))
				require.ErrorIs(t, err, ErrIndex, "%d bytes of item %d of %s", n, i, sectionNames[s])
				require.ErrorContains(t, err, fmt.Sprintf("item %d of section %s: its content is not what an index holds", i, sectionNames[s]))
			}
		}
	}
}

func TestVerifyFindsWhatIsInTheWrongPlace(t *testing.T) {
	db := compiled(t, few(t)...)
	line := func(hash uint64, number uint32) []byte {
		return binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, uint32(hash)), number)
	}
	first := func(key string) func(*[sections][][]byte) []byte { // the item of a package
		return func(items *[sections][][]byte) []byte {
			return items[secPackages][slices.IndexFunc(items[secPackages], func(b []byte) bool { return string(b[1:1+b[0]]) == key })]
		}
	}
	for _, row := range []struct {
		name   string
		change func(items *[sections][][]byte)
		want   string
	}{
		{"records in another order", func(items *[sections][][]byte) {
			items[secHeads][0], items[secHeads][1] = items[secHeads][1], items[secHeads][0]
		}, "record A comes behind B"},
		{"a record twice", func(items *[sections][][]byte) { items[secHeads][1] = items[secHeads][0] }, "record A comes behind A"},
		{"an entry of no record", func(items *[sections][][]byte) { first("PyPI:q")(items)[7] = 3 }, "of section packages: its content"},
		{"an entry of no ecosystem", func(items *[sections][][]byte) { first("PyPI:q")(items)[8] = 1 }, "of section packages: its content"},
		{"a group that prefers no id", func(items *[sections][][]byte) { items[secGroups][0][0] = 2 }, "item 0 of section groups: its content"},
		{"a package that is not found", func(items *[sections][][]byte) { items[secKeys][0] = items[secKeys][0][:8] }, "is not where it would be looked for"},
		{"a package that another hash leads to", func(items *[sections][][]byte) { items[secKeys][0][0] ^= 1 }, "is not where it would be looked for"},
		{"a hash that leads nowhere", func(items *[sections][][]byte) { items[secKeys][0][4] = 2 }, "is not where it would be looked for"},
		{"half a line of a table", func(items *[sections][][]byte) { items[secKeys][0] = items[secKeys][0][:12] }, "item 0 of section keys: its content"},
		{"an id that leads nowhere", func(items *[sections][][]byte) { items[secIDs][0] = line(hashKey("A"), 2) }, "section groups has no item 2"},
		{"an id that leads to no group", func(items *[sections][][]byte) { items[secIDs][0] = line(hashKey("CVE-1"), 0) }, "id A does not lead to its group, that of CVE-1"},
		{"an id by which a group is known, and leads to none", func(items *[sections][][]byte) {
			items[secIDs][0] = slices.Concat(line(hashKey("A"), 0), line(hashKey("C"), 1), line(hashKey("CVE-3"), 1))
		}, "id CVE-1 does not lead to its group, that of CVE-1"},
		{"half a line of the ids", func(items *[sections][][]byte) { items[secIDs][0] = line(0, 0)[:7] }, "item 0 of section ids: its content"},
		{"no block of a table", func(items *[sections][][]byte) { items[secKeys] = nil }, "section keys has 0 items, which is no power of two"},
		{"three blocks of a table", func(items *[sections][][]byte) { items[secIDs] = slices.Repeat(items[secIDs], 3) }, "section ids has 3 items, which is no power of two"},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := verified(remade(t, db, row.change))
			require.ErrorIs(t, err, ErrIndex)
			require.ErrorContains(t, err, row.want)
		})
	}
}

// A header that is whole and says what no file can be.
func TestHeaderSaysWhatCannotBe(t *testing.T) {
	good := compile(t, varied(t)...)
	size, tables := uint64(len(good)), binary.LittleEndian.Uint64(good[atTables:])
	check := func(at int, to uint64, want string) {
		t.Helper()
		b := bytes.Clone(good)
		binary.LittleEndian.PutUint64(b[at:], to)
		_, err := openMemory(sealed(b))
		require.ErrorIs(t, err, ErrIndex, "%d at %d", to, at)
		require.ErrorContains(t, err, want, "%d at %d", to, at)
	}
	for _, to := range []uint64{0, headerSize - 1, size + 1, math.MaxUint64} {
		check(atTables, to, fmt.Sprintf("its tables begin at byte %d of %d", int64(to), size))
	}
	for s := range sections {
		at, want := atSections+32*s, "section "+sectionNames[s]+" does not fit into the file"
		from, to := uint64(headerSize), tables
		if s >= firstTable {
			from, to = tables, size
		}
		offset := binary.LittleEndian.Uint64(good[at:])
		ends, n := binary.LittleEndian.Uint64(good[at+16:]), binary.LittleEndian.Uint64(good[at+24:])
		for _, bad := range []uint64{0, from - 1, to + 1, math.MaxUint64} {
			check(at, bad, want)
		}
		for _, bad := range []uint64{to - offset + 1, math.MaxUint64, 1 << 63, math.MaxInt64} {
			check(at+8, bad, want)
		}
		for _, bad := range []uint64{0, tables - 1, size - 4*n + 1, size + 1, math.MaxUint64} {
			check(at+16, bad, want)
		}
		for _, bad := range []uint64{(size-ends)/4 + 1, math.MaxUint64, 1 << 62, math.MaxInt64} {
			check(at+24, bad, want)
		}
		b := bytes.Clone(good) // as much as there can be
		binary.LittleEndian.PutUint64(b[at+8:], to-offset)
		require.NoError(t, verified(sealed(b)), sectionNames[s])
	}
}

// Ends of items that are not one behind the other.
func TestItemsWithoutPlace(t *testing.T) {
	good := compile(t, few(t)...)
	ends := int(binary.LittleEndian.Uint64(good[atSections+32*secHeads+16:]))
	size := binary.LittleEndian.Uint64(good[atSections+32*secHeads+8:])
	for _, row := range []struct {
		item int
		end  uint32
	}{{0, 0}, {0, 3}, {1, binary.LittleEndian.Uint32(good[ends:]) + 3}, {2, uint32(size) + 1}, {2, math.MaxUint32}} {
		b := bytes.Clone(good)
		binary.LittleEndian.PutUint32(b[ends+4*row.item:], row.end)
		err := verified(sealed(b))
		require.ErrorIs(t, err, ErrIndex)
		require.ErrorContains(t, err, fmt.Sprintf("item %d of section heads has no place", row.item))
	}
	db := compiled(t, few(t)...)
	for _, i := range []int{-1, 3} {
		require.ErrorContains(t, db.item(secHeads, i, func([]byte) error { return nil }), fmt.Sprintf("section heads has no item %d", i))
	}
}

// What cannot be read is an error for whoever asks for it, and nothing is found.
func TestDamageIsNoAbsence(t *testing.T) {
	db := compiled(t, few(t)...)
	a := Group{ID: "CVE-1", IDs: []string{"A", "CVE-1"}}
	lookUp := func(name string) func(*DB) error {
		return func(db *DB) error {
			found, err := db.Lookup("PyPI", name)
			require.Equal(t, err != nil, found == nil)
			return err
		}
	}
	group := func(db *DB) error { _, err := db.Group("A"); return err }
	upstream := func(id string) func(*DB) error {
		return func(db *DB) error { _, err := db.Upstream(a, []string{id}); return err }
	}
	rejections := func(db *DB) error { _, err := db.Rejected(); return err }
	for _, row := range []struct {
		section, item int
		bad, good     []func(*DB) error
	}{
		{secHeads, 0, []func(*DB) error{lookUp("p")}, []func(*DB) error{lookUp("q"), group, rejections}},
		{secHeads, 1, []func(*DB) error{lookUp("q"), upstream("B"), upstream("C")}, []func(*DB) error{lookUp("p"), group, rejections}},
		{secHeads, 2, []func(*DB) error{upstream("C")}, []func(*DB) error{lookUp("p"), lookUp("q"), group, rejections}},
		{secRejected, 0, []func(*DB) error{rejections}, []func(*DB) error{lookUp("p"), lookUp("q"), group, upstream("C")}},
		{secGroups, 0, []func(*DB) error{group}, []func(*DB) error{lookUp("p"), lookUp("q"), rejections, upstream("C")}},
		{secGroups, 1, []func(*DB) error{upstream("C"), upstream("CVE-3")}, []func(*DB) error{lookUp("p"), group, rejections, upstream("B")}},
		{secIDs, 0, []func(*DB) error{group, upstream("B")}, []func(*DB) error{lookUp("p"), lookUp("q"), rejections}},
		{secKeys, 0, []func(*DB) error{lookUp("p"), lookUp("q"), lookUp("r")}, []func(*DB) error{group, rejections, upstream("C")}},
	} {
		broken, err := openMemory(remade(t, db, func(items *[sections][][]byte) { items[row.section][row.item] = []byte{0x80} }))
		require.NoError(t, err)
		for i, ask := range row.bad {
			require.ErrorIs(t, ask(broken), ErrIndex, "%s %d: %d", sectionNames[row.section], row.item, i)
		}
		for i, ask := range row.good {
			require.NoError(t, ask(broken), "%s %d: %d", sectionNames[row.section], row.item, i)
		}
	}
	for i := range db.sections[secPackages].n {
		broken, err := openMemory(remade(t, db, func(items *[sections][][]byte) {
			items[secPackages][i] = append(items[secPackages][i], 0x80)
		}))
		require.NoError(t, err)
		require.NotEqual(t, lookUp("p")(broken) == nil, lookUp("q")(broken) == nil, "one of them is damaged")
	}
}

var errDisk = errors.New("the disk fails")

// failing is a disk that fails behind some bytes.
type failing struct {
	data  []byte
	after int64
}

func (f failing) ReadAt(p []byte, at int64) (int, error) {
	if at+int64(len(p)) > f.after {
		return 0, errDisk
	}
	return copy(p, f.data[at:]), nil
}

func TestDiskFails(t *testing.T) {
	data := compile(t, few(t)...)
	_, err := readHeader(failing{data, 10}, int64(len(data)))
	require.ErrorIs(t, err, errDisk)
	db := compiled(t, few(t)...)
	db.file = failing{data, headerSize}
	require.ErrorIs(t, db.Verify(), errDisk)
	_, err = db.Rejected()
	require.ErrorIs(t, err, errDisk)
	require.ErrorContains(t, err, "reading item 0 of section rejected")
	_, err = db.Lookup("PyPI", "p")
	require.ErrorIs(t, err, errDisk)
	_, err = db.Group("A")
	require.ErrorIs(t, err, errDisk)
	_, err = db.record("A")
	require.ErrorIs(t, err, errDisk)
	found, err := db.Lookup("PyPI", "none")
	require.NoError(t, err, "the tables say so")
	require.Empty(t, found)
}

func TestInfo(t *testing.T) {
	data := compile(t, few(t)...)
	db := compiled(t, few(t)...)
	sum := sha256.Sum256(data[headerSize:])
	require.Equal(t, Info{
		Format: indexFormat, Bytes: int64(len(data)), Records: 3, Packages: 2, Rejected: 1,
		SHA256: db.SHA256(), Content: fmt.Sprintf("%x", sum), Ecosystems: []Ecosystem{{"PyPI", 2}},
	}, db.Info())
}

// Records are found by their ids alone.
func TestRecordByID(t *testing.T) {
	var records []*Record
	for _, id := range []string{"B", "D", "F", "H", "J"} {
		records = append(records, parse(t, doc(id, day, ``, "p")))
	}
	for n := range len(records) + 1 {
		db := compiled(t, records[:n]...)
		for id := 'A'; id <= 'K'; id++ {
			want := slices.IndexFunc(records[:n], func(r *Record) bool { return r.ID == string(id) })
			found, err := db.record(string(id))
			require.NoError(t, err)
			require.Equal(t, want >= 0, found != nil, "%c of %d", id, n)
			if found != nil {
				require.Equal(t, string(id), found.ID)
			}
		}
	}
}
