package rpm

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/scanner/image/imagetest"
)

const two = `Name: perl-ExtUtils-Embed
Epoch: 4
Version: 1.34
Release: 422.el8
Arch: noarch
Source: perl-5.26.3-422.el8.src.rpm
Module: perl:5.26
File: /usr/share/perl5/ExtUtils/Embed.pm
File: /usr/share/perl5/ExtUtils
File: /README

Name: gpg-pubkey
Version: 6d745a60
Release: 60287f36

Name: bash
Version: 5.1.8
Release: 6.el9
Arch: x86_64
Source: (none)
`

func section(b []byte) *io.SectionReader {
	return io.NewSectionReader(bytes.NewReader(b), 0, int64(len(b)))
}

func content(t testing.TB, form, text string) []byte {
	b, err := imagetest.Content(form, []byte(text))
	require.NoError(t, err)
	return b
}

// Many slots may name one blob: reading each would take hours.
func TestSharedBlobs(t *testing.T) {
	b := content(t, "rpm-ndb", "Name: a\nVersion: 1\n")
	slot := bytes.Clone(b[2*ndbSlot:][:ndbSlot])
	for i := 3 * ndbSlot; i < 4096; i += ndbSlot {
		copy(b[i:], slot)
	}
	blob, err := ndbBlob(section(b), binary.LittleEndian.Uint32(slot[4:]), int64(binary.LittleEndian.Uint32(slot[8:]))*ndbSlot)
	require.NoError(t, err)
	require.Greater(t, 250*len(blob), len(b), "the copies are more than the file")
	_, _, err = Read(section(b), nil)
	require.ErrorContains(t, err, "its headers have more bytes than")
}

var forms = []string{"rpm-sqlite", "rpm-ndb", "rpm-bdb"}

func TestRead(t *testing.T) {
	for _, form := range forms {
		packages, problems, err := Read(section(content(t, form, two)), nil)
		require.NoError(t, err, form)
		require.Empty(t, problems)
		require.Equal(t, []Package{
			{
				Name: "perl-ExtUtils-Embed", Version: "1.34", Release: "422.el8", Arch: "noarch", Epoch: "4",
				SourceRPM: "perl-5.26.3-422.el8.src.rpm", Module: "perl:5.26",
				Files: []string{"usr/share/perl5/ExtUtils/Embed.pm", "usr/share/perl5/ExtUtils", "README"},
			},
			{Name: "bash", Version: "5.1.8", Release: "6.el9", Arch: "x86_64"},
		}, packages, form)
	}
}

// log is a write-ahead log of one transaction that writes page n.
func log(n uint32, page []byte) []byte {
	be := binary.BigEndian
	head := be.AppendUint32(be.AppendUint32(nil, walMagic|1), 3007000)
	head = be.AppendUint32(be.AppendUint32(head, uint32(len(page))), 0)
	head = append(head, "saltSALT"...)
	sum := walSum{order: be}
	sum.add(head)
	head = be.AppendUint32(be.AppendUint32(head, sum.s0), sum.s1)
	frame := be.AppendUint32(be.AppendUint32(nil, n), n)
	sum.add(frame)
	sum.add(page)
	frame = append(frame, "saltSALT"...)
	frame = be.AppendUint32(be.AppendUint32(frame, sum.s0), sum.s1)
	return slices.Concat(head, frame, page)
}

// What SQLite has written to its log alone counts, and only once it is whole.
func TestReadLog(t *testing.T) {
	whole := content(t, "rpm-sqlite", two)
	table := bytes.Clone(whole[4096:8192])
	empty := bytes.Clone(whole)
	binary.BigEndian.PutUint16(empty[4096+3:], 0) // the table has no rows yet
	good := log(2, table)
	for _, row := range []struct {
		name string
		log  func() []byte
		want int
	}{
		{"none", func() []byte { return nil }, 0},
		{"whole", func() []byte { return good }, 2},
		{"cut off", func() []byte { return good[:len(good)-1] }, 0},
		{"other bytes", func() []byte { b := bytes.Clone(good); b[len(b)-1] ^= 1; return b }, 0},
		{"of older use", func() []byte { b := bytes.Clone(good); b[walHeader+8] ^= 1; return b }, 0},
		{"no end of a transaction", func() []byte { b := bytes.Clone(good); copy(b[walHeader+4:], "\x00\x00\x00\x00"); return b }, 0},
		{"another header", func() []byte { b := bytes.Clone(good); b[12] ^= 1; return b }, 0},
	} {
		packages, _, err := Read(section(empty), section(row.log()))
		require.NoError(t, err, row.name)
		require.Len(t, packages, row.want, row.name)
	}
	_, _, err := Read(section(empty), section([]byte(strings.Repeat("x", 100))))
	require.ErrorContains(t, err, "write-ahead log")
}

// A header of many pages, and rows of several sizes around what a page holds.
func TestReadLong(t *testing.T) {
	for _, form := range forms {
		for files := 1; files < 4000; files += 97 {
			var b strings.Builder
			b.WriteString("Name: a\nVersion: 1\nRelease: 1\n")
			for i := range files {
				fmt.Fprintf(&b, "File: /usr/share/a/file-%d\n", i)
			}
			packages, _, err := Read(section(content(t, form, b.String())), nil)
			require.NoError(t, err, form)
			require.Len(t, packages, 1)
			require.Len(t, packages[0].Files, files)
			require.Equal(t, fmt.Sprintf("usr/share/a/file-%d", files-1), packages[0].Files[files-1])
		}
	}
}

func TestReadProblems(t *testing.T) {
	for _, form := range forms {
		packages, problems, err := Read(section(content(t, form, "Version: 1\n\nName: b\nRelease: 1\n\nName: c\nVersion: 1\nRelease: 1\n")), nil)
		require.NoError(t, err)
		require.Len(t, packages, 1)
		require.Equal(t, []Problem{{"header 1", "its header has no name"}, {"b", "its header has no version"}}, problems)
	}
}

// Whatever byte is cut off or turned, nothing panics, and no package is made of nothing.
func TestReadDamaged(t *testing.T) {
	for _, form := range forms {
		whole := content(t, form, two)
		for cut := 0; cut < len(whole); cut += 61 {
			packages, _, err := Read(section(whole[:cut]), nil)
			require.True(t, err != nil || len(packages) == 2, "%s cut at %d: %d packages and no error", form, cut, len(packages))
		}
		for i := range min(len(whole), 6000) {
			turned := bytes.Clone(whole)
			turned[i] ^= 0xff
			_, _, _ = Read(section(turned), nil)
		}
	}
	_, _, err := Read(section([]byte("something of another kind")), nil)
	require.ErrorContains(t, err, "none of SQLite, ndb and Berkeley DB")
}

func FuzzRead(f *testing.F) {
	for _, form := range forms {
		f.Add(content(f, form, two))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		packages, _, err := Read(section(b), section(b))
		require.True(t, err == nil || packages == nil)
		for _, p := range packages {
			require.NotEmpty(t, p.Name)
			require.NotEmpty(t, p.Version)
		}
	})
}

func FuzzHeader(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 3, 0xe8, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 1, 'a', 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := parseHeader(b); err == nil {
			require.NotEmpty(t, p.Name)
		}
	})
}

// Pages of the type that Berkeley DB wrote before 4.6 have the same form.
func TestReadOldHash(t *testing.T) {
	b := content(t, "rpm-bdb", two)
	want, _, err := Read(section(b), nil)
	require.NoError(t, err)
	size, changed := int(binary.LittleEndian.Uint32(b[20:])), 0
	for page := size; page < len(b); page += size {
		if b[page+25] == bdbHash {
			b[page+25] = bdbHashOld
			changed++
		}
	}
	require.Positive(t, changed)
	got, problems, err := Read(section(b), nil)
	require.NoError(t, err)
	require.Empty(t, problems)
	require.Equal(t, want, got)
}

func TestTexts(t *testing.T) {
	for _, row := range []struct {
		data string
		n    uint32
		want []string
		err  string
	}{
		{"a\x00bc\x00", 2, []string{"a", "bc"}, ""},
		{"\x00\x00", 2, []string{"", ""}, ""},
		{"\x00", 2, nil, "has 2 strings in 1 bytes"},
		{"a\x00b", 2, nil, "without an end"},
	} {
		h := header{entries: map[uint32]headerEntry{tagName: {kind: typeString, count: row.n}}, data: []byte(row.data)}
		got, err := h.texts(tagName, typeString)
		if row.err == "" {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, row.err)
		}
		require.Equal(t, row.want, got, "%q", row.data)
	}
}

func TestColumns(t *testing.T) {
	row, err := columns([]byte{3, 1, 15, 7, 'a'}, 2) // an integer of one byte, a text of one
	require.NoError(t, err)
	require.Equal(t, [][]byte{{7}, {'a'}}, row)
	for want, record := range map[string][]byte{
		"a row has 1 columns, fewer than the 2 of its table": {2, 1, 7},
		"a row's column is beyond its end":                   {3, 1, 15, 7},
		"a row's record is damaged":                          {9, 1},
	} {
		_, err := columns(record, 2)
		require.EqualError(t, err, want)
	}
}

// A page that counts more items than it can hold is damage, and no empty page.
func TestReadTooManyItems(t *testing.T) {
	b := content(t, "rpm-bdb", two)
	size := int(binary.LittleEndian.Uint32(b[20:]))
	for page := size; page < len(b); page += size {
		if b[page+25] == bdbHash {
			copy(b[page+20:], "\xff\xff")
		}
	}
	_, _, err := Read(section(b), nil)
	require.ErrorContains(t, err, "it says that it has 65535 items")
}

// SQLite's file format, 1.3.4: a page has 480 usable bytes or more.
func TestSmallestPage(t *testing.T) {
	for reserved, ok := range map[byte]bool{32: true, 33: false} {
		b := content(t, "rpm-sqlite", two)
		binary.BigEndian.PutUint16(b[16:], 512)
		b[20] = reserved
		_, err := openSQLite(section(b), nil)
		require.Equal(t, ok, err == nil, "%d bytes of 512 reserved: %v", reserved, err)
	}
}

// A file that is too short for any database, or of none, says so.
func TestReadOther(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "it has 0 bytes, fewer than any database",
		strings.Repeat("x", 15):        "it has 15 bytes, fewer than any database",
		strings.Repeat("x", 16):        "it is none of SQLite, ndb and Berkeley DB hash, in which rpm keeps packages",
		sqliteMagic:                    "100 bytes at 0 are beyond its end, 16: it is cut off or damaged",
		"SQLite format 4\x00":          "it is none of SQLite, ndb and Berkeley DB hash, in which rpm keeps packages",
		"RpmP            ":             "32 bytes at 0 are beyond its end, 16: it is cut off or damaged",
		"RpmX            ":             "it is none of SQLite, ndb and Berkeley DB hash, in which rpm keeps packages",
		"            \x61\x15\x06\x00": "72 bytes at 0 are beyond its end, 16: it is cut off or damaged",
		"            \x00\x06\x15\x61": "72 bytes at 0 are beyond its end, 16: it is cut off or damaged",
	} {
		_, _, err := Read(section([]byte(text)), nil)
		require.EqualError(t, err, want, "%q", text)
	}
}

// gone is a disk that cannot be read.
type gone struct{}

func (gone) ReadAt([]byte, int64) (int, error) { return 0, errors.New("the disk is gone") }

func TestReadOfDisk(t *testing.T) {
	_, _, err := Read(io.NewSectionReader(gone{}, 0, 4096), nil)
	require.EqualError(t, err, "the disk is gone")
	_, err = readAt(io.NewSectionReader(gone{}, 0, 4096), 0, 1)
	require.EqualError(t, err, "the disk is gone")
	_, err = readAt(section([]byte("x")), 0, 1)
	require.NoError(t, err)
}
