package advisory

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/stella-ops/stella/scanner/severity"
)

// encoder writes records in a form that has one reading: each string with its length,
// each list with its count.
type encoder struct{ buf []byte }

func (e *encoder) count(n int) { e.buf = binary.AppendUvarint(e.buf, uint64(n)) }

func (e *encoder) str(s string) {
	e.count(len(s))
	e.buf = append(e.buf, s...)
}

func (e *encoder) strs(list []string) {
	e.count(len(list))
	for _, s := range list {
		e.str(s)
	}
}

func (e *encoder) severity(list []severity.Entry) {
	e.count(len(list))
	for _, s := range list {
		e.str(s.Type)
		e.str(s.Score)
	}
}

// record leaves out what is made of the other fields: problems, keys, timelines.
// What could not be read is at the end, where there is any.
func (e *encoder) record(r *Record) {
	e.str(r.ID)
	e.str(r.Modified.Format(time.RFC3339Nano))
	e.str(r.Withdrawn)
	e.strs(r.Aliases)
	e.strs(r.Upstream)
	e.str(r.Summary)
	e.severity(r.Severity)
	e.str(r.Label)
	e.count(len(r.Affected))
	for i := range r.Affected {
		e.affected(&r.Affected[i])
	}
	for i := range r.Affected {
		e.unread(i, &r.Affected[i])
	}
}

// unread says where an entry may say more than its fields do.
func (e *encoder) unread(i int, a *Affected) {
	if a.partial != "" && len(a.Ranges)+len(a.Versions) > 0 {
		e.count(i)
		e.count(0)
		e.str(a.partial)
	}
	for j := range a.Ranges {
		if partial := a.Ranges[j].partial; partial != "" {
			e.count(i)
			e.count(j + 1)
			e.str(partial)
		}
	}
}

func (e *encoder) affected(a *Affected) {
	e.str(a.Ecosystem)
	e.str(a.Name)
	e.str(a.PURL)
	e.strs(a.Versions)
	e.severity(a.Severity)
	e.str(a.Label)
	e.str(string(a.EcosystemSpecific))
	e.count(len(a.Ranges))
	for _, r := range a.Ranges {
		e.str(r.Type)
		e.count(len(r.Events))
		for _, ev := range r.Events {
			e.str(string(ev.Kind))
			e.str(ev.Version)
		}
	}
}

// digest identifies all of a record that a scan can depend on. Records that differ only
// in spaces, the order of keys, or fields that are not kept have the same one.
func (r *Record) digest() [sha256.Size]byte {
	var e encoder
	e.record(r)
	return sha256.Sum256(e.buf)
}
