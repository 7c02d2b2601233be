package advisory

import (
	"encoding/binary"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/scanner/severity"
)

func TestNumbersOfAnIndex(t *testing.T) {
	for _, n := range []int{0, 1, 127, 128, 16383, 16384, 1<<21 - 1, 1 << 21, 1<<28 - 1, 1 << 28, math.MaxInt32} {
		d := decoder{rest: string(binary.AppendUvarint(nil, uint64(n))) + "x"}
		require.Equal(t, n, d.number())
		require.Equal(t, "x", d.rest, "behind %d", n)
		require.NoError(t, d.err)
	}
	for _, n := range []int64{0, 1, -1, 63, 64, -64, -65, math.MaxInt64, math.MinInt64} {
		d := decoder{rest: string(binary.AppendVarint(nil, n)) + "x"}
		require.Equal(t, n, d.varint())
		require.Equal(t, "x", d.rest, "behind %d", n)
	}
	number := func(d *decoder) any { return d.number() }
	varint := func(d *decoder) any { return int(d.varint()) }
	for _, row := range []struct {
		text string
		read func(*decoder) any
	}{
		{"", number},
		{"\x80", number},
		{"\xff\xff\xff\xff", number},
		{"\x80\x80\x80\x80\x08x", number}, // one more than MaxInt32
		{"\xff\xff\xff\xff\x0fx", number},
		{"\x80\x80\x80\x80\x80\x00x", number}, // longer than it need be
		{"", varint},
		{"\x80", varint},
		{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xffx", varint},
		{"\x02x", func(d *decoder) any { return d.count() }}, // two of one byte
		{"\x02x", func(d *decoder) any { return len(d.str()) }},
		{"\x02\x00", func(d *decoder) any { return len(d.strs()) }},
		{"\x02\x00", func(d *decoder) any { return len(d.severity()) }},
		{"", func(d *decoder) any { return int(d.byte()) }},
	} {
		d := decoder{rest: row.text}
		require.Zero(t, row.read(&d), "%q", row.text)
		require.Empty(t, d.rest, "behind the first error there is nothing")
		require.Zero(t, d.number())
		require.Zero(t, d.varint())
		require.Zero(t, d.byte())
		require.Empty(t, d.str())
		require.ErrorIs(t, d.end(), errWire, "%q", row.text)
	}
	d := decoder{rest: "\x02xy\x00"}
	require.Equal(t, "xy", d.str())
	require.Nil(t, d.strs())
	require.NoError(t, d.end())
}

// wired is an entry as an index gives it back.
func wired(t *testing.T, a Affected) Affected {
	t.Helper()
	var e encoder
	e.entry(&a)
	got, err := decodeEntry(string(e.buf), a.key, a.Ecosystem)
	require.NoError(t, err)
	for n := range e.buf {
		_, err := decodeEntry(string(e.buf[:n]), a.key, a.Ecosystem)
		require.ErrorIs(t, err, errWire, "the first %d bytes", n)
	}
	_, err = decodeEntry(string(e.buf)+"\x00", a.key, a.Ecosystem)
	require.ErrorIs(t, err, errWire, "something behind it")
	return got
}

func TestEntryOfAnIndex(t *testing.T) {
	many := make([]Range, 70)
	for i := range many {
		many[i] = Range{Type: rangeGit, Events: []Event{{Introduced, fmt.Sprint(i)}}}
	}
	whole := Affected{}
	for name, set := range map[string]func(*Affected){
		"nothing":          func(*Affected) {},
		"another spelling": func(a *Affected) { a.Name = "Pkg" },
		"purl":             func(a *Affected) { a.PURL = "pkg:pypi/pkg" },
		"versions":         func(a *Affected) { a.Versions = []string{"1", "2"} },
		"severity": func(a *Affected) {
			a.Severity = []severity.Entry{{Type: "CVSS_V3", Score: "x"}, {Type: "", Score: "y"}}
		},
		"label":       func(a *Affected) { a.Label = "HIGH" },
		"specific":    func(a *Affected) { a.EcosystemSpecific = []byte(`{}`) },
		"partial":     func(a *Affected) { a.partial = "why" },
		"many ranges": func(a *Affected) { a.Ranges = many },
		"all kinds": func(a *Affected) {
			a.Ranges = []Range{{Type: rangeGit, Events: []Event{{Introduced, "a"}, {Fixed, "b"}, {LastAffected, ""}, {Limit, "*"}}}}
		},
		"all types": func(a *Affected) {
			for _, typ := range []string{rangeSemVer, rangeEcosystem, rangeGit, "", "ODD"} {
				a.Ranges = append(a.Ranges, Range{Type: typ, Events: []Event{{Introduced, "1.0.0"}}, partial: "a part"}, Range{Type: typ, broken: "it is broken"})
			}
			for i := range a.Ranges {
				_ = a.Ranges[i].compile(a.Ecosystem) // the error is in it
			}
		},
	} {
		a := Affected{Ecosystem: "PyPI", Name: "pkg", key: "PyPI:pkg"}
		set(&a)
		set(&whole)
		require.Equal(t, a, wired(t, a), name)
	}
	whole.Ecosystem, whole.key = "PyPI", "PyPI:pkg"
	wired(t, whole)
}

// Of what a compiler finds wrong, the texts are made anew; what a parser found is kept.
func TestBrokenRangeOfAnIndex(t *testing.T) {
	unread := Range{Type: "ODD"}
	require.Error(t, unread.compile("PyPI"))
	for _, row := range []struct {
		r    Range
		kept string
	}{{Range{Type: rangeEcosystem, Events: []Event{{Introduced, "0"}}}, ""}, {unread, ""}, {Range{Type: "ODD", broken: "by the parser"}, "by the parser"}} {
		var e encoder
		e.wireRange("PyPI", &row.r)
		d := decoder{rest: string(e.buf)}
		var got Range
		d.wireRange(&got)
		require.NoError(t, d.end())
		require.Equal(t, row.kept, got.broken)
	}
}

func TestRangeThatNoIndexHas(t *testing.T) {
	for text, want := range map[string]error{
		"\x01\x00\x00\x01\x03\x00": nil, // a limit of ""
		"\x01\x00\x00\x01\x04\x00": errWire,
		"\x03\x00\x00\x00":         nil, // GIT
		"\x04\x00\x00\x00":         errWire,
	} {
		d := decoder{rest: text}
		d.wireRange(new(Range))
		require.ErrorIs(t, d.end(), want, "%q", text)
	}
}

func TestHeadOfAnIndex(t *testing.T) {
	for _, r := range []Record{
		{ID: "A", Modified: time.Unix(0, 0).UTC()},
		{
			ID: "A", Modified: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), Withdrawn: "w", Aliases: []string{"B", "C"}, Upstream: []string{"D"},
			Summary: "s", Severity: []severity.Entry{{Type: "t", Score: "s"}}, Label: "l", Problems: []string{"p", "q"},
		},
		{ID: "B", Modified: time.Time{}},
	} {
		var e encoder
		e.head(&r)
		var got Record
		require.NoError(t, decodeHead(string(e.buf), &got))
		require.Equal(t, r, got)
		for n := range e.buf {
			require.ErrorIs(t, decodeHead(string(e.buf[:n]), new(Record)), errWire, "the first %d bytes", n)
		}
		require.ErrorIs(t, decodeHead(string(e.buf)+"\x00", new(Record)), errWire)
	}
}

// The digest tells records apart by all that a scan can depend on.
func TestDigestOfEachField(t *testing.T) {
	base := func() *Record {
		return &Record{ID: "A", Affected: []Affected{
			{Ecosystem: "PyPI", Name: "p", Versions: []string{"1"}, Ranges: []Range{{Type: rangeGit, Events: []Event{{Introduced, "0"}}}, {Type: rangeGit}}},
			{Ecosystem: "PyPI", Name: "q"},
		}}
	}
	seen := map[[32]byte]string{base().digest(): "as it is"}
	for name, set := range map[string]func(r *Record, a *Affected){
		"id":                      func(r *Record, _ *Affected) { r.ID = "B" },
		"modified":                func(r *Record, _ *Affected) { r.Modified = time.Unix(1, 0) },
		"modified by nanoseconds": func(r *Record, _ *Affected) { r.Modified = r.Modified.Add(1) },
		"withdrawn":               func(r *Record, _ *Affected) { r.Withdrawn = "x" },
		"aliases":                 func(r *Record, _ *Affected) { r.Aliases = []string{"x"} },
		"two aliases":             func(r *Record, _ *Affected) { r.Aliases = []string{"x", "y"} },
		"upstream":                func(r *Record, _ *Affected) { r.Upstream = []string{"x"} },
		"summary":                 func(r *Record, _ *Affected) { r.Summary = "x" },
		"severity":                func(r *Record, _ *Affected) { r.Severity = []severity.Entry{{Type: "x"}} },
		"severity's score":        func(r *Record, _ *Affected) { r.Severity = []severity.Entry{{Score: "x"}} },
		"label":                   func(r *Record, _ *Affected) { r.Label = "x" },
		"ecosystem":               func(_ *Record, a *Affected) { a.Ecosystem = "npm" },
		"name":                    func(_ *Record, a *Affected) { a.Name = "x" },
		"purl":                    func(_ *Record, a *Affected) { a.PURL = "x" },
		"versions":                func(_ *Record, a *Affected) { a.Versions = []string{"x"} },
		"severity of an entry":    func(_ *Record, a *Affected) { a.Severity = []severity.Entry{{Type: "x"}} },
		"label of an entry":       func(_ *Record, a *Affected) { a.Label = "x" },
		"specific":                func(_ *Record, a *Affected) { a.EcosystemSpecific = []byte("1") },
		"type":                    func(_ *Record, a *Affected) { a.Ranges[0].Type = "x" },
		"kind":                    func(_ *Record, a *Affected) { a.Ranges[0].Events[0].Kind = Fixed },
		"version":                 func(_ *Record, a *Affected) { a.Ranges[0].Events[0].Version = "x" },
		"no event":                func(_ *Record, a *Affected) { a.Ranges[0].Events = nil },
		"no range":                func(_ *Record, a *Affected) { a.Ranges = a.Ranges[:1] },
		"unread in an entry":      func(_ *Record, a *Affected) { a.partial = "x" },
		"unread, with ranges":     func(_ *Record, a *Affected) { a.partial, a.Versions = "x", nil },
		"unread, with versions":   func(_ *Record, a *Affected) { a.partial, a.Ranges = "x", nil },
		"unread in a range":       func(_ *Record, a *Affected) { a.Ranges[0].partial = "x" },
		"unread in another range": func(_ *Record, a *Affected) { a.Ranges[1].partial = "x" },
		"unread in another entry": func(r *Record, _ *Affected) { r.Affected[1].partial, r.Affected[1].Versions = "x", []string{"1"} },
	} {
		r := base()
		set(r, &r.Affected[0])
		d := r.digest()
		require.Empty(t, seen[d], "%s is not told from it", name)
		seen[d] = name
	}
	// That an entry names no version is seen in the entry.
	none := base()
	none.Affected[1].partial = "it names no version"
	require.Equal(t, base().digest(), none.digest())
}
