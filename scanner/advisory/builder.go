package advisory

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"io"
	"math"
	"math/bits"
	"slices"
	"strings"
)

// builder collects records in any order and writes them as an index. What it keeps of a
// record in memory is little and of fixed size beside its ids; the rest waits in spill.
type builder struct {
	spill    spill
	drafts   []draft
	refs     []ref
	numbers  map[string]uint32 // of ecosystems, as they come
	names    []string          // by that number
	rejected []Rejection
}

// spill is where encoded records wait: in memory, or in a file.
type spill interface {
	io.Writer
	io.ReaderAt
}

// memory is a spill in memory.
type memory struct{ data []byte }

func (m *memory) Write(p []byte) (int, error) {
	m.data = append(m.data, p...)
	return len(p), nil
}

func (m *memory) ReadAt(p []byte, off int64) (int, error) {
	return copy(p, m.data[off:]), nil
}

// draft is a record that waits for its number.
type draft struct {
	aliased
	problems []string
	seconds  int64 // Modified
	nanos    int
	digest   [sha256.Size]byte
	wire     [sha256.Size]byte // of all that an index keeps
	at       int64             // of its head in the spill
	size     int               // of its head
	refs     [2]int            // its entries in builder.refs
}

// ref is an entry that waits for its bucket.
type ref struct {
	hash      uint64 // of its key
	at        int64  // in the spill: its key, then the entry
	size      int32
	record    uint32 // its draft, later its number
	ecosystem uint32
}

// encoded is a record on its way into a builder. Making it needs no lock.
type encoded struct {
	draft
	wire []byte // the head, then keys and entries
	refs []ref  // at counts from the beginning of wire
	in   []string
}

func encode(r *Record) encoded {
	var e encoder
	e.head(r)
	x := encoded{draft: draft{
		aliased:  aliased{r.ID, r.Aliases, r.Withdrawn != ""},
		problems: r.Problems,
		seconds:  r.Modified.Unix(), nanos: r.Modified.Nanosecond(),
		digest: r.digest(), size: len(e.buf),
	}}
	for i := range r.Affected {
		a := &r.Affected[i]
		at := len(e.buf)
		e.str(a.key)
		e.entry(a)
		x.refs = append(x.refs, ref{hash: hashKey(a.key), at: int64(at), size: int32(len(e.buf) - at)})
		x.in = append(x.in, a.Ecosystem)
	}
	x.wire = e.buf
	x.draft.wire = sha256.Sum256(e.buf)
	return x
}

func newBuilder(s spill) *builder {
	return &builder{spill: s, numbers: map[string]uint32{}}
}

// add takes a record. at is where the spill stands.
func (b *builder) add(x encoded, at int64) error {
	d := x.draft
	d.at, d.refs = at, [2]int{len(b.refs), len(b.refs) + len(x.refs)}
	for i, r := range x.refs {
		n, ok := b.numbers[x.in[i]]
		if !ok {
			n = uint32(len(b.names))
			b.numbers[x.in[i]] = n
			b.names = append(b.names, x.in[i])
		}
		r.at += at
		r.ecosystem = n
		b.refs = append(b.refs, r)
	}
	b.drafts = append(b.drafts, d)
	_, err := b.spill.Write(x.wire)
	return err
}

// choose sorts the drafts and takes out doubles. Of several records with one id the one
// modified last is kept (OSV schema, id and modified fields), and of those modified at
// once the one with the greatest digest, so that the choice does not depend on order.
func (b *builder) choose() {
	slices.SortFunc(b.drafts, func(x, y draft) int {
		return cmp.Or(strings.Compare(x.id, y.id), cmp.Compare(y.seconds, x.seconds), cmp.Compare(y.nanos, x.nanos),
			bytes.Compare(y.digest[:], x.digest[:]), bytes.Compare(y.wire[:], x.wire[:]))
	})
	kept := b.drafts[:0]
	for _, d := range b.drafts {
		if n := len(kept); n > 0 && kept[n-1].id == d.id {
			if kept[n-1].digest != d.digest {
				b.reject(Rejection{ID: d.id, Reason: "there is another record with this id, modified at the same time or later, which was taken in its place"})
			}
			continue
		}
		for _, p := range d.problems {
			b.reject(Rejection{ID: d.id, Reason: p})
		}
		kept = append(kept, d)
	}
	b.drafts = kept
	slices.SortFunc(b.rejected, func(x, y Rejection) int {
		return cmp.Or(strings.Compare(x.ID, y.ID), strings.Compare(x.Entry, y.Entry), strings.Compare(x.Reason, y.Reason))
	})
	b.rejected = slices.Compact(b.rejected)
}

func (b *builder) reject(r Rejection) { b.rejected = append(b.rejected, r) }

// number gives the entries of the records that were kept the numbers of their records,
// and sorts them by hash; those of one record and package stay as they stand in it.
func (b *builder) number() {
	kept := make([]ref, 0, len(b.refs))
	for i := range b.drafts {
		for _, r := range b.refs[b.drafts[i].refs[0]:b.drafts[i].refs[1]] {
			r.record = uint32(i)
			kept = append(kept, r)
		}
	}
	slices.SortFunc(kept, func(x, y ref) int {
		return cmp.Or(cmp.Compare(x.hash, y.hash), cmp.Compare(x.record, y.record), cmp.Compare(x.at, y.at))
	})
	b.refs = kept
}

// ecosystems counts the records of each ecosystem, sorts them, and numbers them anew.
func (b *builder) ecosystems() []Ecosystem {
	list := make([]Ecosystem, len(b.names))
	for i, name := range b.names {
		list[i].Name = name
	}
	var seen []uint32
	for i := range b.drafts {
		seen = seen[:0]
		for _, r := range b.refs[b.drafts[i].refs[0]:b.drafts[i].refs[1]] {
			if !slices.Contains(seen, r.ecosystem) {
				seen = append(seen, r.ecosystem)
				list[r.ecosystem].Records++
			}
		}
	}
	list = slices.DeleteFunc(list, func(e Ecosystem) bool { return e.Records == 0 })
	slices.SortFunc(list, func(x, y Ecosystem) int { return strings.Compare(x.Name, y.Name) })
	renumbered := make([]uint32, len(b.names))
	for i, e := range list {
		renumbered[b.numbers[e.Name]] = uint32(i)
	}
	for i := range b.refs {
		b.refs[i].ecosystem = renumbered[b.refs[i].ecosystem]
	}
	return list
}

// write writes the index to w but for its header, which it returns: it stands before
// what was written. The builder is used up.
func (b *builder) write(w io.Writer) (header []byte, err error) {
	b.choose()
	ecosystems := b.ecosystems()
	b.number()
	out := newIndexWriter(w)
	for _, e := range ecosystems {
		out.enc.str(e.Name)
		out.enc.count(e.Records)
		out.item()
	}
	out.end(secEcosystems)
	for _, r := range b.rejected {
		out.enc.str(r.ID)
		out.enc.str(r.Entry)
		out.enc.str(r.Reason)
		out.item()
	}
	out.end(secRejected)
	if err := b.writeHeads(out); err != nil {
		return nil, err
	}
	keys, err := b.writePackages(out)
	if err != nil {
		return nil, err
	}
	ids := b.writeGroups(out)
	tables := out.at
	writeTable(out, secKeys, keys)
	writeTable(out, secIDs, ids)
	out.writeEnds()
	set := sha256.New()
	for i := range b.drafts {
		set.Write(b.drafts[i].digest[:])
	}
	return out.header(tables, set.Sum(nil))
}

func (b *builder) writeHeads(out *indexWriter) error {
	for i := range b.drafts {
		d := &b.drafts[i]
		buf := out.enc.grow(d.size)
		if _, err := b.spill.ReadAt(buf, d.at); err != nil {
			return err
		}
		out.item()
	}
	out.end(secHeads)
	return nil
}

// line is a line of a table that is being made.
type line struct {
	hash   uint64
	number uint32
}

// writePackages writes the packages in the order of their hashes, then keys.
func (b *builder) writePackages(out *indexWriter) (lines []line, err error) {
	for refs := b.refs; len(refs) > 0; {
		n := 1
		for n < len(refs) && refs[n].hash == refs[0].hash {
			n++
		}
		packages, err := b.sameHash(refs[:n])
		if err != nil {
			return nil, err
		}
		for _, p := range packages {
			lines = append(lines, line{refs[0].hash, uint32(len(lines))})
			out.enc.str(p.key)
			out.enc.buf = append(out.enc.buf, p.entries.buf...)
			out.item()
		}
		refs = refs[n:]
	}
	out.end(secPackages)
	return lines, nil
}

// keyed is a package that is being written.
type keyed struct {
	key     string
	entries encoder
}

// sameHash reads the packages of one hash, nearly always one, by their keys.
func (b *builder) sameHash(refs []ref) ([]keyed, error) {
	var list []keyed
	var buf []byte
	for _, r := range refs {
		buf = slices.Grow(buf[:0], int(r.size))[:r.size]
		if _, err := b.spill.ReadAt(buf, r.at); err != nil {
			return nil, err
		}
		key, entry, _ := cutBytes(buf)
		at, known := slices.BinarySearchFunc(list, string(key), func(k keyed, key string) int { return strings.Compare(k.key, key) })
		if !known {
			list = slices.Insert(list, at, keyed{key: string(key)})
		}
		e := &list[at].entries
		e.count(int(r.record))
		e.count(int(r.ecosystem))
		e.count(len(entry))
		e.buf = append(e.buf, entry...)
	}
	return list, nil
}

// writeGroups writes the alias groups.
func (b *builder) writeGroups(out *indexWriter) (lines []line) {
	records := make([]aliased, len(b.drafts))
	for i := range b.drafts {
		records[i] = b.drafts[i].aliased
	}
	for i, g := range newGroups(records) {
		out.enc.count(slices.Index(g.IDs, g.ID))
		out.enc.strs(g.IDs)
		out.item()
		for _, id := range g.IDs {
			lines = append(lines, line{hashKey(id), uint32(i)})
		}
	}
	out.end(secGroups)
	return lines
}

// linesPerBlock is how many lines of a table have one checksum, about.
const linesPerBlock = 64

// writeTable writes a table: lines in the order of hashes, in a power of two of blocks.
func writeTable(out *indexWriter, table int, lines []line) {
	slices.SortFunc(lines, func(x, y line) int {
		return cmp.Or(cmp.Compare(x.hash, y.hash), cmp.Compare(x.number, y.number))
	})
	blocks := 1 << bits.Len(uint(len(lines)/linesPerBlock))
	for block := range blocks {
		for ; len(lines) > 0 && blockOf(lines[0].hash, blocks) == block; lines = lines[1:] {
			out.enc.buf = binary.LittleEndian.AppendUint32(out.enc.buf, uint32(lines[0].hash))
			out.enc.buf = binary.LittleEndian.AppendUint32(out.enc.buf, lines[0].number)
		}
		out.item()
	}
	out.end(table)
}

// indexWriter writes sections one after the other, then where their items end. Its first
// error stays.
type indexWriter struct {
	w        io.Writer // the file and its digest
	content  hash.Hash
	at       uint64  // in the file
	enc      encoder // the item that is being made
	number   int     // of the section
	sections [sections]written
	err      error
}

// written is a section that is being written, or was.
type written struct {
	offset, size, endsAt uint64
	ends                 []uint32
}

func newIndexWriter(w io.Writer) *indexWriter {
	content := sha256.New()
	o := &indexWriter{w: io.MultiWriter(w, content), content: content, at: headerSize}
	o.sections[0].offset = o.at
	return o
}

// grow makes room for n bytes in the item.
func (e *encoder) grow(n int) []byte {
	at := len(e.buf)
	e.buf = slices.Grow(e.buf, n)[:at+n]
	return e.buf[at:]
}

// item ends an item.
func (o *indexWriter) item() {
	s := &o.sections[o.number]
	payload := o.enc.buf
	payload = binary.LittleEndian.AppendUint32(payload, itemCRC(o.number, len(s.ends), payload))
	if s.size += uint64(len(payload)); s.size > math.MaxUint32 && o.err == nil {
		o.err = fmt.Errorf("section %s has more than 4 GiB: %w", sectionNames[o.number], ErrLimit)
	}
	s.ends = append(s.ends, uint32(s.size))
	o.write(payload)
	o.enc.buf = payload[:0]
}

// end ends a section; the next one follows.
func (o *indexWriter) end(section int) {
	if section != o.number {
		panic(fmt.Sprintf("advisory: section %d is written as %d", section, o.number))
	}
	if o.number++; o.number < sections {
		o.sections[o.number].offset = o.at
	}
}

// writeEnds writes where the items of all sections end.
func (o *indexWriter) writeEnds() {
	for i := range o.sections {
		s := &o.sections[i]
		s.endsAt = o.at
		buf := make([]byte, 0, 4*len(s.ends))
		for _, end := range s.ends {
			buf = binary.LittleEndian.AppendUint32(buf, end)
		}
		o.write(buf)
	}
}

func (o *indexWriter) write(p []byte) {
	o.at += uint64(len(p))
	if o.err == nil {
		_, o.err = o.w.Write(p)
	}
}

func (o *indexWriter) header(tables uint64, set []byte) ([]byte, error) {
	if o.err != nil {
		return nil, o.err
	}
	var h [headerSize]byte
	copy(h[:], indexMagic)
	binary.LittleEndian.PutUint32(h[atFormat:], indexFormat)
	binary.LittleEndian.PutUint64(h[atSize:], o.at)
	binary.LittleEndian.PutUint64(h[atTables:], tables)
	copy(h[atSet:], set)
	copy(h[atContent:], o.content.Sum(nil))
	for i, s := range o.sections {
		for j, v := range []uint64{s.offset, s.size, s.endsAt, uint64(len(s.ends))} {
			binary.LittleEndian.PutUint64(h[atSections+32*i+8*j:], v)
		}
	}
	binary.LittleEndian.PutUint32(h[atCRC:], headerCRC(h))
	return h[:], nil
}
