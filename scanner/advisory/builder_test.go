package advisory

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Of records with one id and one time, the choice is by what they say, then by what was
// wrong with them: the bytes are the same in whatever order they come.
func TestChoiceOfTwins(t *testing.T) {
	at := func(modified, more string) *Record {
		return parse(t, fmt.Sprintf(`{"id": "A", "modified": %q%s}`, modified, more))
	}
	first, second := at(day, `, "summary": "1"`), at(day, `, "summary": "2"`)
	require.NotEqual(t, first.digest(), second.digest())
	require.Equal(t, at(day, `, "summary": 1`).digest(), at(day, ``).digest())
	for name, row := range map[string]struct {
		records  []*Record
		replaced int
	}{
		"by seconds":     {[]*Record{at("2026-01-02T00:00:01Z", `, "summary": "kept"`), at("2026-01-02T00:00:00.9Z", ``)}, 1},
		"by nanoseconds": {[]*Record{at("2026-01-02T00:00:00.2Z", `, "summary": "kept"`), at("2026-01-02T00:00:00.1Z", ``)}, 1},
		"no time":        {[]*Record{at("1970-01-01T00:00:00Z", `, "summary": "kept"`), at("never", ``)}, 1},
		"by content":     {[]*Record{first, second}, 1},
		"by problems":    {[]*Record{at(day, ``), at(day, `, "summary": 1`)}, 0},
	} {
		one := compiled(t, row.records...)
		slices.Reverse(row.records)
		require.Equal(t, compile(t, row.records...), compile(t, row.records[1], row.records[0]), name)
		require.Equal(t, 1, one.Records())
		if kept, err := one.record("A"); row.records[1].Summary == "kept" {
			require.NoError(t, err)
			require.Equal(t, "kept", kept.Summary, name)
		}
		replaced := 0
		for _, r := range rejected(t, one) {
			if strings.HasPrefix(r.Reason, "there is another record with this id") {
				replaced++
			}
		}
		require.Equal(t, row.replaced, replaced, name)
	}
}

// The problems of a record that another one replaces are not told.
func TestProblemsOfReplacedRecords(t *testing.T) {
	db := compiled(t,
		parse(t, `{"id": "A", "modified": "2026-01-01T00:00:00Z", "summary": 1, "affected": [{"package": {"ecosystem": "npm", "name": "p"}, "versions": ["1"]}]}`),
		parse(t, `{"id": "A", "modified": "2026-01-02T00:00:00Z", "upstream": 1, "aliases": 1}`),
		parse(t, `{"id": "B", "modified": "`+day+`", "upstream": 1}`))
	reasons := []Rejection{
		{ID: "A", Reason: "aliases is not an array"},
		{ID: "A", Reason: "there is another record with this id, modified at the same time or later, which was taken in its place"},
		{ID: "A", Reason: "upstream is not an array"},
		{ID: "B", Reason: "upstream is not an array"},
	}
	require.Equal(t, reasons, rejected(t, db))
	require.Empty(t, db.Ecosystems(), "no record that is kept speaks of npm")
	require.Empty(t, lookup(t, db, "npm", "p"))
}

// Rejections are sorted by all that they say, and told once.
func TestRejectionsAreSorted(t *testing.T) {
	var held memory
	b := newBuilder(&held)
	want := []Rejection{{"", "a", "1"}, {"", "a", "2"}, {"", "b", "1"}, {"A", "", "2"}, {"B", "", "1"}}
	for _, i := range []int{4, 1, 3, 2, 0, 3, 1} {
		b.reject(want[i])
	}
	require.NoError(t, b.add(encode(&Record{ID: "A"}), 0))
	out := memory{make([]byte, headerSize)}
	header, err := b.write(&out)
	require.NoError(t, err)
	copy(out.data, header)
	db, err := openMemory(out.data)
	require.NoError(t, err)
	require.Equal(t, want, rejected(t, db))
}

// A record is counted once for each ecosystem that it speaks of.
func TestEcosystemsAreCounted(t *testing.T) {
	in := func(ecosystems ...string) string {
		var list []string
		for i, e := range ecosystems {
			list = append(list, fmt.Sprintf(`{"package": {"ecosystem": %q, "name": "p%d"}, "versions": ["%d"]}`, e, i%2, i))
		}
		return strings.Join(list, ",")
	}
	r := func(id, entries string) *Record {
		return parse(t, fmt.Sprintf(`{"id": %q, "modified": %q, "affected": [%s]}`, id, day, entries))
	}
	records := []*Record{r("A", in("npm", "npm", "Debian:12")), r("B", in("npm")), r("C", in("Debian:11", "Debian:12", "npm", "npm", "Debian:12"))}
	for range 3 {
		records = append(records[1:], records[0])
		db := compiled(t, records...)
		require.Equal(t, []Ecosystem{{"Debian:11", 1}, {"Debian:12", 2}, {"npm", 3}}, db.Ecosystems())
		found := lookup(t, db, "npm", "p0")
		require.Equal(t, []string{"A", "B", "C"}, ids(found))
		found = lookup(t, db, "Debian:12", "p0")
		require.Equal(t, []string{"A", "C"}, ids(found))
		require.Equal(t, []string{"4"}, found[1].Affected[0].Versions)
		require.Len(t, found[1].Affected, 1)
	}
}

// Entries of one package stay in their order, those of other releases apart.
func TestEntriesStayInOrder(t *testing.T) {
	var list []string
	for i := range 6 {
		list = append(list, fmt.Sprintf(`{"package": {"ecosystem": "PyPI", "name": %q}, "versions": ["%d"]}`, []string{"p", "P", "q"}[i%3], i))
	}
	entries := strings.Join(list, ",")
	db := compiled(t, parse(t, `{"id": "B", "modified": "`+day+`", "affected": [`+entries+`]}`), parse(t, `{"id": "A", "modified": "`+day+`", "affected": [`+entries+`]}`))
	found := lookup(t, db, "PyPI", "p")
	require.Equal(t, []string{"A", "B"}, ids(found))
	for _, r := range found {
		var got []string
		for _, a := range r.Affected {
			got = append(got, a.Name+a.Versions[0])
		}
		require.Equal(t, []string{"p0", "P1", "p3", "P4"}, got)
	}
}

// Packages whose keys have one hash are apart, and sorted by their keys.
func TestPackagesOfOneHash(t *testing.T) {
	var held memory
	b := newBuilder(&held)
	for i, name := range []string{"b", "a", "b", "c", "a"} {
		x := encode(parse(t, doc(fmt.Sprint("ID-", i), day, ``, name)))
		x.refs[0].hash = 7
		require.NoError(t, b.add(x, int64(len(held.data))))
	}
	b.choose()
	b.number()
	list, err := b.sameHash(b.refs)
	require.NoError(t, err)
	var got []string
	for _, k := range list {
		for rest := k.entries.buf; len(rest) > 0; {
			var n int
			var ok bool
			n, _, _, rest, ok = cutEntry(rest)
			require.True(t, ok)
			got = append(got, fmt.Sprint(k.key, n))
		}
	}
	require.Equal(t, []string{"PyPI:a1", "PyPI:a4", "PyPI:b0", "PyPI:b2", "PyPI:c3"}, got)
}

// Names whose hashes a table cannot tell apart are told apart by what they lead to.
func TestKeysOfOneLine(t *testing.T) {
	seen := map[uint32]string{}
	var one, other string
	for i := 0; one == ""; i++ {
		name := fmt.Sprint("p", i)
		h := uint32(hashKey(nameKey("PyPI", name)))
		one, other = seen[h], name
		seen[h] = name
	}
	db := compiled(t, parse(t, doc("A", day, ``, one)), parse(t, doc("B", day, ``, other)))
	require.NoError(t, db.Verify())
	require.Equal(t, []string{"A"}, ids(lookup(t, db, "PyPI", one)))
	require.Equal(t, []string{"B"}, ids(lookup(t, db, "PyPI", other)))
	for alone, absent := range map[string]string{one: other, other: one} {
		db := compiled(t, parse(t, doc("A", day, ``, alone)))
		require.Empty(t, lookup(t, db, "PyPI", absent))
	}
}

// Tables of every size lead to all that they hold, and to nothing else.
func TestTablesOfAnySize(t *testing.T) {
	for _, n := range []int{0, 1, 63, 64, 65, 127, 128, 129, 500} {
		var records []*Record
		for i := range n {
			records = append(records, parse(t, doc(fmt.Sprint("ID-", i), day, fmt.Sprintf(`"CVE-%d"`, i), fmt.Sprint("p", i))))
		}
		db := compiled(t, records...)
		require.NoError(t, db.Verify(), n)
		blocks := db.sections[secKeys].n
		require.LessOrEqual(t, n/blocks, linesPerBlock)
		require.GreaterOrEqual(t, n, (blocks-1)*linesPerBlock/2)
		for i := range n + 3 {
			require.Equal(t, i < n, len(lookup(t, db, "PyPI", fmt.Sprint("p", i))) == 1)
			g, err := db.Group(fmt.Sprint("ID-", i))
			require.NoError(t, err)
			require.Equal(t, i < n, g.ID == fmt.Sprint("CVE-", i))
		}
	}
}

func TestSectionBeyondFourGiB(t *testing.T) {
	for over, want := range map[uint64]error{0: nil, 1: ErrLimit} {
		o := newIndexWriter(io.Discard)
		o.sections[0].size = math.MaxUint32 - 5 + over
		o.enc.buf = append(o.enc.buf, 'x') // and four of its checksum
		o.item()
		_, err := o.header(0, nil)
		require.ErrorIs(t, err, want)
		if want != nil {
			require.ErrorContains(t, err, "section ecosystems has more than 4 GiB")
			o.item()
			_, again := o.header(0, nil)
			require.Equal(t, err, again, "the first error stays")
		}
	}
}

// fussy is a spill, and a file, that fails once, after some calls.
type fussy struct {
	memory
	writes, reads int
}

func (f *fussy) Write(p []byte) (int, error) {
	if f.writes--; f.writes == -1 {
		return 0, errDisk
	}
	return f.memory.Write(p)
}

func (f *fussy) ReadAt(p []byte, at int64) (int, error) {
	if f.reads--; f.reads == -1 {
		return 0, errDisk
	}
	return f.memory.ReadAt(p, at)
}

// Each write and each read that fails is an error of the build.
func TestBuilderOnAFailingDisk(t *testing.T) {
	const enough = math.MaxInt
	build := func(spill, out *fussy) error {
		b := newBuilder(spill)
		for _, r := range few(t) {
			if err := b.add(encode(r), int64(len(spill.data))); err != nil {
				return err
			}
		}
		_, err := b.write(out)
		return err
	}
	whole := fussy{writes: enough, reads: enough}
	spill := whole
	require.NoError(t, build(&spill, &whole))
	for n := range enough - spill.writes {
		require.ErrorIs(t, build(&fussy{writes: n, reads: enough}, &fussy{writes: enough}), errDisk, "write %d of the spill", n)
	}
	for n := range enough - spill.reads {
		require.ErrorIs(t, build(&fussy{writes: enough, reads: n}, &fussy{writes: enough}), errDisk, "read %d of the spill", n)
	}
	for n := range enough - whole.writes {
		require.ErrorIs(t, build(&fussy{writes: enough, reads: enough}, &fussy{writes: n}), errDisk, "write %d", n)
	}
	s := sources{limits: Limits{}.withDefaults()}
	require.NoError(t, s.find(writeDir(t, sample)))
	err := s.parse(t.Context(), newBuilder(&fussy{}), nil)
	require.ErrorIs(t, err, errDisk)
	require.ErrorContains(t, err, "reading a/GHSA-", "which of the records meets it first is chance")
}

// countdown is a context that ends when it was asked so often.
type countdown struct {
	context.Context
	asked, end int
}

func (c *countdown) Err() error {
	if c.asked++; c.asked > c.end {
		return context.Canceled
	}
	return nil
}

// Wherever a build is stopped, it says so and leaves nothing.
func TestBuildStopsAnywhere(t *testing.T) {
	dir := writeDir(t, map[string]string{"a.json": doc("A", day, ``, "p")})
	out := filepath.Join(t.TempDir(), "osv.index")
	ctx := &countdown{Context: t.Context()}
	for ; ; ctx.end++ {
		ctx.asked = 0
		err := Builder{}.Build(ctx, out, dir)
		left, readErr := os.ReadDir(filepath.Dir(out))
		require.NoError(t, readErr)
		if err == nil {
			require.Len(t, left, 1)
			break
		}
		require.ErrorIs(t, err, context.Canceled)
		require.Empty(t, left, "after %d", ctx.end)
	}
	require.Greater(t, ctx.end, sections, "each section is a chance to stop")
	info, err := os.Stat(out)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o644), info.Mode(), "for everybody to read")
}

// What is written late, from a buffer, may fail as well.
func TestWriteFileFails(t *testing.T) {
	compiler := func() *builder {
		b := newBuilder(new(memory))
		require.NoError(t, b.add(encode(&Record{ID: "A"}), 0))
		return b
	}
	dir := t.TempDir()
	f, err := os.OpenFile(filepath.Join(dir, "append"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	require.NoError(t, err)
	defer f.Close()
	require.Error(t, compiler().writeFile(t.Context(), &temp{f, bufio.NewWriter(io.Discard)}), "its header cannot be written behind the rest")
	f, err = os.Create(filepath.Join(dir, "whole"))
	require.NoError(t, err)
	defer f.Close()
	for n := range 2 { // the header's place, and what the buffer held at the end
		out := bufio.NewWriterSize(&fussy{writes: n}, headerSize)
		require.ErrorIs(t, compiler().writeFile(t.Context(), &temp{f, out}), errDisk, "write %d", n)
	}
	require.NoError(t, compiler().writeFile(t.Context(), &temp{f, bufio.NewWriter(f)}))
	db, err := Open(f.Name())
	require.NoError(t, err)
	require.NoError(t, db.Verify())
}

func TestBuildWhereNothingCanBe(t *testing.T) {
	dir := writeDir(t, sample)
	err := Builder{}.Build(t.Context(), filepath.Join(t.TempDir(), "none", "osv.index"), dir)
	require.ErrorIs(t, err, os.ErrNotExist)
	taken := t.TempDir()
	require.Error(t, Builder{}.Build(t.Context(), taken, dir), "a directory")
	left, err := os.ReadDir(filepath.Dir(taken))
	require.NoError(t, err)
	require.False(t, slices.ContainsFunc(left, func(e os.DirEntry) bool { return strings.HasPrefix(e.Name(), filepath.Base(taken)+".") }), "%v", left)
}

// Each file is told once, in order of their number.
func TestProgress(t *testing.T) {
	var seen [][2]int
	b := Builder{Progress: func(done, total int) { seen = append(seen, [2]int{done, total}) }}
	require.NoError(t, b.Build(t.Context(), filepath.Join(t.TempDir(), "osv.index"), writeDir(t, sample)))
	require.Equal(t, [][2]int{{1, 4}, {2, 4}, {3, 4}, {4, 4}}, seen)
}

// The error is that of the first file that has one, however many there are.
func TestFirstErrorOfTheSources(t *testing.T) {
	for first := range 4 {
		s := sources{limits: Limits{}.withDefaults()}
		for i := range 6 {
			s.list = append(s.list, source{fmt.Sprint("file ", i), 100, func() (io.ReadCloser, error) {
				if i >= first {
					return nil, fmt.Errorf("no %d", i)
				}
				return io.NopCloser(strings.NewReader(`{"id": "A"}`)), nil
			}})
		}
		require.EqualError(t, s.parse(t.Context(), newBuilder(new(memory)), nil), fmt.Sprintf("reading file %d: no %d", first, first))
	}
}

var errClose = errors.New("it does not close")

type badClose struct{ io.Reader }

func (badClose) Close() error { return errClose }

func TestReadOfASource(t *testing.T) {
	src := func(size int64, r io.ReadCloser) source {
		return source{"x", size, func() (io.ReadCloser, error) { return r, nil }}
	}
	for content, size := range map[string]int64{"": 0, "abc": 3, "ab": 3} { // it may be shorter than it declares
		for _, room := range []int{0, 1, 3, 4, 100} {
			got, err := src(size, io.NopCloser(strings.NewReader(content))).read(make([]byte, room))
			require.NoError(t, err)
			require.Equal(t, content, string(got))
		}
	}
	_, err := src(2, io.NopCloser(strings.NewReader("abc"))).read(nil)
	require.ErrorIs(t, err, ErrLimit)
	require.ErrorContains(t, err, "it is larger than the 2 bytes that it declares")
	_, err = src(3, badClose{strings.NewReader("abc")}).read(nil)
	require.ErrorIs(t, err, errClose)
	_, err = src(3, io.NopCloser(io.MultiReader(strings.NewReader("a"), badRead{}))).read(nil)
	require.ErrorIs(t, err, errDisk)
}

type badRead struct{}

func (badRead) Read([]byte) (int, error) { return 0, errDisk }
