package advisory

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/stella-ops/stella/scanner/severity"
)

// What an entry holds beside its ranges, as bits of its first byte. What is not said is
// empty.
const (
	wireName = 1 << iota // spelled otherwise than in the key
	wirePURL
	wireVersions
	wireSeverity
	wireLabel
	wireSpecific
	wirePartial
)

// wireTypes are the types of range that have a number; another is 0 and its text.
var wireTypes = []string{1: rangeSemVer, rangeEcosystem, rangeGit}

// wireKinds are the kinds of event, by number.
var wireKinds = []EventKind{Introduced, Fixed, LastAffected, Limit}

// head appends a record without its entries.
func (e *encoder) head(r *Record) {
	e.str(r.ID)
	e.buf = binary.AppendVarint(e.buf, r.Modified.Unix())
	e.count(r.Modified.Nanosecond())
	e.str(r.Withdrawn)
	e.strs(r.Aliases)
	e.strs(r.Upstream)
	e.str(r.Summary)
	e.severity(r.Severity)
	e.str(r.Label)
	e.strs(r.Problems)
}

// entry appends one entry without its ecosystem. Timelines are not part of it: a range
// is compiled anew when it is read.
func (e *encoder) entry(a *Affected) {
	at := len(e.buf)
	e.buf = append(e.buf, 0)
	has := func(bit byte, there bool) bool {
		if there {
			e.buf[at] |= bit
		}
		return there
	}
	if has(wireName, a.Name != keyName(a.key)) {
		e.str(a.Name)
	}
	if has(wirePURL, a.PURL != "") {
		e.str(a.PURL)
	}
	if has(wireVersions, len(a.Versions) > 0) {
		e.strs(a.Versions)
	}
	if has(wireSeverity, len(a.Severity) > 0) {
		e.severity(a.Severity)
	}
	if has(wireLabel, a.Label != "") {
		e.str(a.Label)
	}
	if has(wireSpecific, len(a.EcosystemSpecific) > 0) {
		e.str(string(a.EcosystemSpecific))
	}
	if has(wirePartial, a.partial != "") {
		e.str(a.partial)
	}
	e.count(len(a.Ranges))
	for i := range a.Ranges {
		e.wireRange(a.Ecosystem, &a.Ranges[i])
	}
}

func (e *encoder) wireRange(ecosystem string, r *Range) {
	if n := slices.Index(wireTypes, r.Type); n > 0 {
		e.count(n)
	} else {
		e.count(0)
		e.str(r.Type)
	}
	// What the compiler found is not kept: a later one may know better.
	broken := Range{Type: r.Type, Events: r.Events}
	if r.broken == "" || broken.compile(ecosystem) != nil && broken.broken == r.broken {
		e.str("")
	} else {
		e.str(r.broken)
	}
	e.str(r.partial)
	e.count(len(r.Events))
	for _, ev := range r.Events {
		e.buf = append(e.buf, byte(slices.Index(wireKinds, ev.Kind)))
		e.str(ev.Version)
	}
}

var errWire = errors.New("its content is not what an index holds")

// decoder reads what encoder wrote. Behind the first error, which stays, everything is
// empty. Texts are parts of what it reads: nothing is copied.
type decoder struct {
	rest string
	err  error
}

func (d *decoder) fail() {
	d.err, d.rest = errWire, ""
}

// number reads a number that an int32 can hold.
func (d *decoder) number() int {
	var v uint64
	for i := range min(len(d.rest), 5) {
		b := d.rest[i]
		v |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			if v > math.MaxInt32 {
				break
			}
			d.rest = d.rest[i+1:]
			return int(v)
		}
	}
	d.fail()
	return 0
}

func (d *decoder) varint() int64 {
	var head [binary.MaxVarintLen64]byte
	v, n := binary.Varint(head[:copy(head[:], d.rest)])
	if n <= 0 {
		d.fail()
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

// count reads how many elements follow. Each has a byte or more, so that a wrong count
// cannot claim memory.
func (d *decoder) count() int {
	n := d.number()
	if n > len(d.rest) {
		d.fail()
		return 0
	}
	return n
}

func (d *decoder) byte() byte {
	if d.rest == "" {
		d.fail()
		return 0
	}
	b := d.rest[0]
	d.rest = d.rest[1:]
	return b
}

func (d *decoder) str() string {
	n := d.count()
	s := d.rest[:n]
	d.rest = d.rest[n:]
	return s
}

// cutBytes is str for bytes that are not to be copied: what is read, and what follows.
func cutBytes(b []byte) (s, rest []byte, ok bool) {
	n, used := binary.Uvarint(b)
	if used <= 0 || n > uint64(len(b)-used) {
		return nil, nil, false
	}
	return b[used : used+int(n)], b[used+int(n):], true
}

// cutEntry reads one entry of a package: the number of its record, that of its
// ecosystem, itself, and what follows.
func cutEntry(b []byte) (record, ecosystem int, entry, rest []byte, ok bool) {
	for _, n := range []*int{&record, &ecosystem} {
		v, used := binary.Uvarint(b)
		if used <= 0 || v > math.MaxInt32 {
			return 0, 0, nil, nil, false
		}
		*n, b = int(v), b[used:]
	}
	entry, rest, ok = cutBytes(b)
	return record, ecosystem, entry, rest, ok
}

func (d *decoder) strs() []string {
	n := d.count()
	if n == 0 {
		return nil
	}
	list := make([]string, n)
	for i := range list {
		list[i] = d.str()
	}
	return list
}

func (d *decoder) severity() []severity.Entry {
	n := d.count()
	if n == 0 {
		return nil
	}
	list := make([]severity.Entry, n)
	for i := range list {
		list[i] = severity.Entry{Type: d.str(), Score: d.str()}
	}
	return list
}

// end demands that everything was read.
func (d *decoder) end() error {
	if d.rest != "" {
		d.fail()
	}
	return d.err
}

// decodeHead reads a record but for its entries.
func decodeHead(head string, r *Record) error {
	d := decoder{rest: head}
	r.ID = d.str()
	seconds := d.varint()
	r.Modified = time.Unix(seconds, int64(d.number())).UTC()
	r.Withdrawn = d.str()
	r.Aliases = d.strs()
	r.Upstream = d.strs()
	r.Summary = d.str()
	r.Severity = d.severity()
	r.Label = d.str()
	r.Problems = d.strs()
	return d.end()
}

// decodeEntry reads an entry for the package of key and compiles its ranges.
func decodeEntry(entry, key, ecosystem string) (Affected, error) {
	d := decoder{rest: entry}
	a := Affected{Ecosystem: ecosystem, Name: keyName(key), key: key}
	has := d.byte()
	if has&wireName != 0 {
		a.Name = d.str()
	}
	if has&wirePURL != 0 {
		a.PURL = d.str()
	}
	if has&wireVersions != 0 {
		a.Versions = d.strs()
	}
	if has&wireSeverity != 0 {
		a.Severity = d.severity()
	}
	if has&wireLabel != 0 {
		a.Label = d.str()
	}
	if has&wireSpecific != 0 {
		a.EcosystemSpecific = json.RawMessage(d.str())
	}
	if has&wirePartial != 0 {
		a.partial = d.str()
	}
	n := d.count()
	if n > 0 {
		a.Ranges = make([]Range, 0, min(n, 64)) // a range takes much more than a byte
	}
	for range n {
		var r Range
		d.wireRange(&r)
		if d.err != nil {
			break
		}
		_ = r.compile(ecosystem) // the same as when the record was read
		a.Ranges = append(a.Ranges, r)
	}
	return a, d.end()
}

func (d *decoder) wireRange(r *Range) {
	switch n := d.number(); {
	case n == 0:
		r.Type = d.str()
	case n < len(wireTypes):
		r.Type = wireTypes[n]
	default:
		d.fail()
	}
	r.broken = d.str()
	r.partial = d.str()
	if n := d.count(); n > 0 {
		r.Events = make([]Event, n)
	}
	for i := range r.Events {
		kind := d.byte()
		if int(kind) >= len(wireKinds) {
			d.fail()
			return
		}
		r.Events[i] = Event{wireKinds[kind], d.str()}
	}
}
