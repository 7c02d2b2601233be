package rpm

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A frame is what a log says of one page.
type frame struct {
	page uint32
	ends bool // a transaction
	body []byte
	salt string
}

// logOf is a log of frames with checksums in an order of bytes.
func logOf(order binary.ByteOrder, pageSize int, frames ...frame) []byte {
	be := binary.BigEndian
	magic := uint32(walMagic)
	if order == binary.BigEndian {
		magic |= 1
	}
	b := be.AppendUint32(be.AppendUint32(nil, magic), 3007000)
	b = append(be.AppendUint32(be.AppendUint32(b, uint32(pageSize)), 0), "saltSALT"...)
	sum := walSum{order: order}
	sum.add(b)
	b = be.AppendUint32(be.AppendUint32(b, sum.s0), sum.s1)
	for _, f := range frames {
		size := uint32(0)
		if f.ends {
			size = f.page
		}
		head := be.AppendUint32(be.AppendUint32(nil, f.page), size)
		sum.add(head)
		sum.add(f.body)
		head = append(head, f.salt...)
		b = slices.Concat(b, be.AppendUint32(be.AppendUint32(head, sum.s0), sum.s1), f.body)
	}
	return b
}

// "Checksum Algorithm" on four words, done by hand.
func TestWALSum(t *testing.T) {
	for _, order := range []interface {
		binary.ByteOrder
		binary.AppendByteOrder
	}{binary.BigEndian, binary.LittleEndian} {
		var words []byte
		for n := uint32(1); n <= 4; n++ {
			words = order.AppendUint32(words, n)
		}
		sum := walSum{order: order}
		sum.add(words)
		require.Equal(t, [2]uint32{7, 14}, [2]uint32{sum.s0, sum.s1})
		require.True(t, sum.is([]byte{0, 0, 0, 7, 0, 0, 0, 14}))
		require.False(t, sum.is([]byte{0, 0, 0, 7, 0, 0, 0, 15}))
		require.False(t, sum.is([]byte{0, 0, 0, 8, 0, 0, 0, 14}))
	}
}

// The log's last word on a page counts, up to the last transaction that ended.
func TestReadLogInOrder(t *testing.T) {
	const size = 512
	base := table(leafPage(size))
	of := func(page uint32, ends bool, names ...string) frame {
		var rows []string
		for _, n := range names {
			rows = append(rows, packageRow(n))
		}
		return frame{page, ends, leafPage(size, rows...), "saltSALT"}
	}
	older := of(2, true, "old")
	older.salt = "saltsalt"
	first := of(2, true, "a")
	for _, order := range []binary.ByteOrder{binary.BigEndian, binary.LittleEndian} {
		for _, row := range []struct {
			name   string
			frames []frame
			want   string
		}{
			{"nothing", nil, ""},
			{"one", []frame{first}, "a"},
			{"twice in a transaction", []frame{of(2, false, "a"), of(2, true, "b")}, "b"},
			{"two transactions", []frame{first, of(2, true, "b")}, "b"},
			{"two pages", []frame{{2, false, treePage(size, 0, []string{childOf(3)}, 4), "saltSALT"}, of(4, false, "d"), of(3, true, "c")}, "cd"},
			{"a transaction that did not end", []frame{first, of(2, false, "b")}, "a"},
			{"of older use", []frame{first, older, of(2, true, "b")}, "a"},
		} {
			packages, problems, err := Read(section(base), section(logOf(order, size, row.frames...)))
			require.NoError(t, err, row.name)
			require.Empty(t, problems, row.name)
			names := ""
			for _, p := range packages {
				names += p.Name
			}
			require.Equal(t, row.want, names, "%s, %v", row.name, order)
		}
	}
}

// Headers that stand in the log need not have room in the database.
func TestReadLongLog(t *testing.T) {
	const size, names = 1024, 12
	header := packageRow(strings.Repeat("n", 250))
	var frames []frame
	var children []string
	for n := uint32(3); n < 3+names; n++ {
		children = append(children, childOf(n))
		frames = append(frames, frame{n, false, leafPage(size, header, header, header), "saltSALT"})
	}
	last := frame{2, true, treePage(size, 0, children[1:], 3), "saltSALT"}
	packages, _, err := Read(section(table(leafPage(size))), section(logOf(binary.BigEndian, size, append(frames, last)...)))
	require.NoError(t, err)
	require.Len(t, packages, 3*names)
}

func TestReadLogRefuses(t *testing.T) {
	const size = 512
	base := table(leafPage(size))
	good := logOf(binary.BigEndian, size)
	magic := slices.Clone(good)
	magic[0] = 0
	for _, row := range []struct {
		log  []byte
		want string
	}{
		{good[:1], "its write-ahead log: 32 bytes at 0 are beyond its end, 1: it is cut off or damaged"},
		{good[:31], "its write-ahead log: 32 bytes at 0 are beyond its end, 31: it is cut off or damaged"},
		{magic, "its write-ahead log: its magic number is 0x7f0683 and its pages have 512 bytes"},
		{logOf(binary.LittleEndian, 1024), "its write-ahead log: its magic number is 0x377f0682 and its pages have 1024 bytes"},
	} {
		_, _, err := Read(section(base), section(row.log))
		require.EqualError(t, err, row.want)
	}
	_, _, err := Read(section(base), section(good))
	require.NoError(t, err)
}
