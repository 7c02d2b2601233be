package imagetest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// rpmHeader is one package of an rpm database in a recipe.
type rpmHeader struct {
	text  map[uint32]string
	epoch string
	files []string
}

// rpmTags are the fields of a recipe that are strings of a header.
var rpmTags = map[string]uint32{"Name": 1000, "Version": 1001, "Release": 1002, "Arch": 1022, "Source": 1044, "Module": 5096}

// rpmHeaders reads blocks of fields, a blank line between them, into headers as rpm's
// headerExport writes them.
func rpmHeaders(text []byte) ([][]byte, error) {
	var blobs [][]byte
	for block := range strings.SplitSeq(strings.TrimSpace(string(text)), "\n\n") {
		h := rpmHeader{text: map[uint32]string{}}
		for line := range strings.SplitSeq(block, "\n") {
			name, value, ok := strings.Cut(line, ": ")
			tag, known := rpmTags[name]
			switch {
			case ok && known:
				h.text[tag] = value
			case ok && name == "Epoch":
				h.epoch = value
			case ok && name == "File":
				h.files = append(h.files, value)
			default:
				return nil, fmt.Errorf("%q is no field of an rpm header: want NAME: VALUE with Epoch, File or one of %v", line, rpmTags)
			}
		}
		blob, err := h.blob()
		if err != nil {
			return nil, err
		}
		blobs = append(blobs, blob)
	}
	return blobs, nil
}

// rpmEntry is one tag of a header.
type rpmEntry struct {
	tag, kind, count uint32
	data             []byte
	align            int
}

func (h rpmHeader) blob() ([]byte, error) {
	var entries []rpmEntry
	for tag, value := range h.text {
		entries = append(entries, rpmEntry{tag, 6, 1, append([]byte(value), 0), 1})
	}
	if h.epoch != "" {
		n, err := strconv.ParseUint(h.epoch, 10, 32)
		if err != nil {
			return nil, err
		}
		entries = append(entries, rpmEntry{1003, 4, 1, binary.BigEndian.AppendUint32(nil, uint32(n)), 4})
	}
	if len(h.files) > 0 {
		entries = append(entries, h.fileEntries()...)
	}
	slices.SortFunc(entries, func(a, b rpmEntry) int { return int(a.tag) - int(b.tag) })
	return exportHeader(entries), nil
}

// fileEntries splits paths into directories, base names and which belongs to which.
func (h rpmHeader) fileEntries() []rpmEntry {
	var dirs []string
	var indexes, bases []byte
	for _, f := range h.files {
		dir, base := path.Split(f)
		i := slices.Index(dirs, dir)
		if i < 0 {
			i, dirs = len(dirs), append(dirs, dir)
		}
		indexes = binary.BigEndian.AppendUint32(indexes, uint32(i))
		bases = append(append(bases, base...), 0)
	}
	n := uint32(len(h.files))
	return []rpmEntry{
		{1116, 4, n, indexes, 4},
		{1117, 8, n, bases, 1},
		{1118, 8, uint32(len(dirs)), []byte(strings.Join(dirs, "\x00") + "\x00"), 1},
	}
}

// exportHeader puts the entries into the immutable region, as rpm does: an entry before
// the others whose data is a trailer after theirs.
func exportHeader(entries []rpmEntry) []byte {
	const regionTag, regionType, entrySize = 63, 7, 16
	var index, data []byte
	be := binary.BigEndian
	add := func(to []byte, tag, kind, offset, count uint32) []byte {
		return be.AppendUint32(be.AppendUint32(be.AppendUint32(be.AppendUint32(to, tag), kind), offset), count)
	}
	for _, e := range entries {
		for len(data)%e.align != 0 {
			data = append(data, 0)
		}
		index = add(index, e.tag, e.kind, uint32(len(data)), e.count)
		data = append(data, e.data...)
	}
	total := len(entries) + 1
	region := add(nil, regionTag, regionType, uint32(len(data)), entrySize)
	data = add(data, regionTag, regionType, uint32(-int32(total*entrySize)), entrySize)
	blob := be.AppendUint32(be.AppendUint32(nil, uint32(total)), uint32(len(data)))
	return slices.Concat(blob, region, index, data)
}

// ndbFile writes headers as rpm's ndb backend does.
func ndbFile(blobs [][]byte) []byte {
	const page, block = 4096, 16
	le := binary.LittleEndian
	head := append([]byte("RpmP"), make([]byte, 28)...)
	le.PutUint32(head[8:], 1)  // generation
	le.PutUint32(head[12:], 1) // pages of slots
	le.PutUint32(head[16:], uint32(len(blobs)+1))
	var slots, body []byte
	for i, b := range blobs {
		at := page + len(body)
		n := uint32(i + 1)
		item := append([]byte("BlbS"), make([]byte, 12)...)
		le.PutUint32(item[4:], n)
		le.PutUint32(item[8:], 1)
		le.PutUint32(item[12:], uint32(len(b)))
		item = append(item, b...)
		for (len(item)+12)%block != 0 {
			item = append(item, 0)
		}
		item = le.AppendUint32(item, adler(item))
		item = append(le.AppendUint32(item, uint32(len(b))), "BlbE"...)
		slots = append(slots, "Slot"...)
		slots = le.AppendUint32(le.AppendUint32(le.AppendUint32(slots, n), uint32(at/block)), uint32(len(item)/block))
		body = append(body, item...)
	}
	for len(head)+len(slots) < page {
		slots = append(append(slots, "Slot"...), make([]byte, 12)...)
	}
	return slices.Concat(head, slots, body)
}

func adler(b []byte) uint32 {
	s1, s2 := uint32(1), uint32(0)
	for _, c := range b {
		s1 = (s1 + uint32(c)) % 65521
		s2 = (s2 + s1) % 65521
	}
	return s2<<16 | s1
}

// bdbFile writes headers as a Berkeley DB hash of one bucket, little-endian, each value
// in pages of its own.
func bdbFile(blobs [][]byte) []byte {
	const size, head = 4096, 26
	le := binary.LittleEndian
	pages := [][]byte{make([]byte, size), make([]byte, size)}
	meta, bucket := pages[0], pages[1]
	end, count := size, 0
	item := func(b []byte) {
		end -= len(b)
		copy(bucket[end:], b)
		le.PutUint16(bucket[head+2*count:], uint16(end))
		count++
	}
	for i, b := range blobs {
		item(le.AppendUint32([]byte{1}, uint32(i+1)))
		item(le.AppendUint32(le.AppendUint32([]byte{3, 0, 0, 0}, uint32(len(pages))), uint32(len(b))))
		for chunk := range slices.Chunk(b, size-head) {
			p := make([]byte, size)
			le.PutUint32(p[8:], uint32(len(pages)))
			le.PutUint16(p[20:], 1)
			le.PutUint16(p[22:], uint16(len(chunk)))
			p[25] = 7
			copy(p[head:], chunk)
			pages = append(pages, p)
			if len(b) > len(chunk) {
				le.PutUint32(p[16:], uint32(len(pages)))
			}
			b = b[len(chunk):]
		}
	}
	le.PutUint32(bucket[8:], 1)
	le.PutUint16(bucket[20:], uint16(count))
	le.PutUint16(bucket[22:], uint16(end))
	bucket[25] = 13
	le.PutUint32(meta[12:], 0x061561)
	le.PutUint32(meta[16:], 9) // version
	le.PutUint32(meta[20:], size)
	meta[25] = 8
	le.PutUint32(meta[32:], uint32(len(pages)-1))
	return bytes.Join(pages, nil)
}
