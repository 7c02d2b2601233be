package rpm

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReadNDBRefuses(t *testing.T) {
	le := binary.LittleEndian
	word := func(at int, v uint32) func([]byte) { return func(b []byte) { le.PutUint32(b[at:], v) } }
	byteAt := func(at int, v byte) func([]byte) { return func(b []byte) { b[at] = v } }
	const slot, blob = 2 * ndbSlot, 4096
	good := content(t, "rpm-ndb", "Name: a\nVersion: 1\n")
	for _, row := range []struct {
		damage func([]byte)
		want   string
	}{
		{word(4, 1), "it is ndb of version 1; 0 is read"},
		{word(12, 0), "its ndb header names 0 pages of slots"},
		{word(12, ndbMaxPages+1), "its ndb header names 4097 pages of slots"},
		{word(12, ndbMaxPages), "16777184 bytes at 32 are beyond its end, 4208: it is cut off or damaged"},
		{byteAt(slot, 's'), "slot 2 of ndb is damaged"},
		{byteAt(slot+3, 'T'), "slot 2 of ndb is damaged"},
		{byteAt(blob-ndbSlot, 0), "slot 255 of ndb is damaged"},
		{word(slot+4, 2), "package 2 of ndb: at 4096 is no header of it"},
		{word(slot+8, 0), "package 1 of ndb: at 0 is no header of it"},
		{word(slot+8, 1<<31), "package 1 of ndb: 16 bytes at 34359738368 are beyond its end, 4208: it is cut off or damaged"},
		{byteAt(blob+3, 'E'), "package 1 of ndb: at 4096 is no header of it"},
		{word(blob+4, 2), "package 1 of ndb: at 4096 is no header of it"},
		{word(blob+12, MaxHeader+1), "package 1 of ndb: its header has 67108865 bytes, more than 67108864"},
		{word(blob+12, MaxHeader), "package 1 of ndb: 67108864 bytes at 4112 are beyond its end, 4208: it is cut off or damaged"},
		{word(blob+12, uint32(len(good)-blob-16+1)), "package 1 of ndb: 97 bytes at 4112 are beyond its end, 4208: it is cut off or damaged"},
	} {
		b := append([]byte{}, good...)
		row.damage(b)
		packages, _, err := Read(section(b), nil)
		require.EqualError(t, err, row.want)
		require.Empty(t, packages)
	}
	_, _, err := Read(section(good[:31]), nil)
	require.EqualError(t, err, "32 bytes at 0 are beyond its end, 31: it is cut off or damaged")

	free := append([]byte{}, good...)
	word(slot+4, 0)(free) // what was erased keeps its place, and counts no more
	packages, problems, err := Read(section(free), nil)
	require.NoError(t, err)
	require.Empty(t, packages)
	require.Empty(t, problems)
}

// Slots go on over pages, and a slot that is free is between others.
func TestReadSlots(t *testing.T) {
	le := binary.LittleEndian
	const pages = 2
	header := headerOf(text(tagName, "a"), text(tagVersion, "1"))
	b := append([]byte(ndbMagic), make([]byte, 28)...)
	le.PutUint32(b[12:], pages)
	for len(b) < pages*4096 {
		b = append(append(b, ndbSlotMagic...), make([]byte, 12)...)
	}
	at := len(b) / ndbSlot
	for i, slot := range []int{2, pages*ndbPageSlots - 1} {
		n := uint32(i + 1)
		le.PutUint32(b[slot*ndbSlot+4:], n)
		le.PutUint32(b[slot*ndbSlot+8:], uint32(at))
		blob := le.AppendUint32(le.AppendUint32(le.AppendUint32([]byte(ndbBlobMagic), n), 0), uint32(len(header)))
		blob = append(blob, header...)
		blob = append(blob, make([]byte, (ndbSlot-len(blob)%ndbSlot)%ndbSlot)...)
		b, at = append(b, blob...), at+len(blob)/ndbSlot
	}
	packages, problems, err := Read(section(b), nil)
	require.NoError(t, err)
	require.Empty(t, problems)
	require.Equal(t, []Package{{Name: "a", Version: "1"}, {Name: "a", Version: "1"}}, packages)
}
