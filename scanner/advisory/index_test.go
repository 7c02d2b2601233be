package advisory

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// compiled makes a set of records.
func compiled(t testing.TB, records ...*Record) *DB {
	t.Helper()
	db, err := openMemory(compile(t, records...))
	require.NoError(t, err)
	return db
}

func compile(t testing.TB, records ...*Record) []byte {
	t.Helper()
	var held memory
	b := newBuilder(&held)
	for _, r := range records {
		require.NoError(t, b.add(encode(r), int64(len(held.data))))
	}
	out := memory{make([]byte, headerSize)}
	header, err := b.write(&out)
	require.NoError(t, err)
	copy(out.data, header)
	return out.data
}

// lookup is Lookup on an index that is whole.
func lookup(t testing.TB, db *DB, ecosystem, name string) []*Record {
	t.Helper()
	found, err := db.Lookup(ecosystem, name)
	require.NoError(t, err)
	return found
}

func rejected(t testing.TB, db *DB) []Rejection {
	t.Helper()
	list, err := db.Rejected()
	require.NoError(t, err)
	return list
}

// recordIDs are the ids of all records of a set, in its order.
func recordIDs(t testing.TB, db *DB) []string {
	t.Helper()
	var list []*Record
	for i := range db.Records() {
		var r Record
		require.NoError(t, db.head(i, &r))
		list = append(list, &r)
	}
	return ids(list)
}

// varied are records that use everything that an index keeps.
func varied(t testing.TB) []*Record {
	t.Helper()
	var records []*Record
	for _, text := range []string{
		whole,
		doc("PYSEC-1", day, `"CVE-2026-1"`, "Some.Pkg"),
		doc("GHSA-1", day, `"CVE-2026-1"`, "some-pkg"),
		doc("GHSA-2", day, ``, "other"),
		strings.Replace(doc("GHSA-3", day, ``, "broken"), `"2"`, `"two"`, 1),
		`{"id": "DSA-1", "modified": "2026-01-02T00:00:00Z", "withdrawn": "2026-02-01T00:00:00Z", "affected": [
			{"package": {"ecosystem": "Debian:12", "name": "linux"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1:6.1-1"}]}]},
			{"package": {"ecosystem": "Debian:11", "name": "linux"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"last_affected": "5"}, {"limit": "*"}]}]},
			{"package": {"ecosystem": "Debian:12", "name": "linux"}, "versions": ["7", "8"]},
			{"package": {"ecosystem": "Debian:12", "name": "linux-tools"}, "versions": 3, "ranges": [{"type": "WEIRD", "events": [{"introduced": "0"}, {"odd": "1"}]}]}]}`,
		`{"id": "OSV-1", "affected": [{"package": {"ecosystem": "Maven", "name": "a:b"}, "severity": [{"type": "CVSS_V3", "score": "x"}],
			"ranges": [{"type": "GIT", "repo": "r", "events": [{"introduced": "0"}]}, {"events": 1}]}]}`,
	} {
		r, err := Parse([]byte(text))
		require.NoError(t, err)
		records = append(records, r)
	}
	return records
}

// What an index gives for a package is what was read, but for the entries of others.
func TestIndexKeepsRecords(t *testing.T) {
	records := varied(t)
	db := compiled(t, records...)
	require.NoError(t, db.Verify())
	for _, r := range records {
		for i := range r.Affected {
			a := &r.Affected[i]
			want := *r
			want.Affected = nil
			for _, other := range r.Affected {
				if other.key == a.key && covers(other.Ecosystem, a.Ecosystem) != scopeOther {
					want.Affected = append(want.Affected, other)
				}
			}
			found := lookup(t, db, a.Ecosystem, a.Name)
			at := slices.IndexFunc(found, func(f *Record) bool { return f.ID == r.ID })
			require.GreaterOrEqual(t, at, 0, "%s for %s", r.ID, a.Name)
			require.Equal(t, &want, found[at])
		}
	}
}

// The same records give the same bytes in whatever order they come.
func TestIndexIsDeterministic(t *testing.T) {
	records := varied(t)
	want := compile(t, records...)
	for seed := range uint64(20) {
		shuffled := slices.Concat(records, records[:3])
		rand.New(rand.NewPCG(seed, 1)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		require.Equal(t, want, compile(t, shuffled...))
	}
}

// TestIndexFormat fails when an index of the same records has other bytes than before.
// Raise indexFormat then, and put the new digest here. Records with problems are left
// out: they hold texts for people, which may change.
func TestIndexFormat(t *testing.T) {
	sound := slices.DeleteFunc(varied(t), func(r *Record) bool { return len(r.Problems) > 0 })
	require.Len(t, sound, 4)
	sum := sha256.Sum256(compile(t, sound...))
	require.Equal(t, "1 1caec6857bc4cb9a63a8c423b2f8d91db33a343a26ac49d2f748655f8858318f", fmt.Sprintf("%d %x", indexFormat, sum))
}

// Directory, zip and index are the same set.
func TestBuildIsTheSameSet(t *testing.T) {
	dir := writeDir(t, sample)
	fromDir, err := Open(dir)
	require.NoError(t, err)
	var first []byte
	for _, paths := range [][]string{{dir}, {writeZip(t, sample)}, {filepath.Join(dir, "b"), dir}} {
		out := filepath.Join(t.TempDir(), "osv.index")
		var done, total int
		b := Builder{Progress: func(d, n int) { done, total = d, n }}
		require.NoError(t, b.Build(t.Context(), out, paths...))
		require.Equal(t, total, done)
		require.NotZero(t, done)
		left, err := os.ReadDir(filepath.Dir(out))
		require.NoError(t, err)
		require.Len(t, left, 1, "a temporary file is left")
		db, err := Open(out)
		require.NoError(t, err)
		require.NoError(t, db.Verify())
		require.Equal(t, fromDir.SHA256(), db.SHA256())
		require.Equal(t, fromDir.Records(), db.Records())
		require.Equal(t, rejected(t, fromDir), rejected(t, db))
		require.Equal(t, fromDir.Ecosystems(), db.Ecosystems())
		require.Equal(t, lookup(t, fromDir, "PyPI", "PKG"), lookup(t, db, "PyPI", "PKG"))
		content, err := os.ReadFile(out)
		require.NoError(t, err)
		if first == nil {
			first = content
		}
		require.Equal(t, first, content)
	}
}

// A build that fails or is stopped leaves what was there, and nothing else.
func TestBuildLeavesNothing(t *testing.T) {
	dir := writeDir(t, sample)
	stopped, stop := context.WithCancel(t.Context())
	for _, row := range []struct {
		name  string
		build func(out string) error
		is    error
	}{
		{"stopped while reading", func(out string) error {
			return Builder{Progress: func(int, int) { stop() }}.Build(stopped, out, dir)
		}, context.Canceled},
		{"beyond a limit", func(out string) error {
			return Builder{Limits: Limits{RecordBytes: 10}}.Build(t.Context(), out, dir)
		}, ErrLimit},
		{"no record", func(out string) error { return Builder{}.Build(t.Context(), out, t.TempDir()) }, ErrEmpty},
		{"no such path", func(out string) error {
			return Builder{}.Build(t.Context(), out, filepath.Join(dir, "none"))
		}, os.ErrNotExist},
	} {
		t.Run(row.name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "osv.index")
			require.NoError(t, os.WriteFile(out, []byte("old"), 0o600))
			err := row.build(out)
			require.ErrorIs(t, err, row.is)
			require.ErrorContains(t, err, "building the index "+out)
			left, err := os.ReadDir(filepath.Dir(out))
			require.NoError(t, err)
			require.Len(t, left, 1)
			content, err := os.ReadFile(out)
			require.NoError(t, err)
			require.Equal(t, "old", string(content))
		})
	}
}

func TestIndexErrors(t *testing.T) {
	good := compile(t, varied(t)...)
	change := func(at int, to byte) []byte {
		b := bytes.Clone(good)
		b[at] = to
		return b
	}
	// A header that is right, of an index whose tables begin somewhere else.
	tablesAt := func(at int) []byte {
		b := bytes.Clone(good)
		binary.LittleEndian.PutUint64(b[atTables:], uint64(at))
		binary.LittleEndian.PutUint32(b[atCRC:], headerCRC([headerSize]byte(b)))
		return b
	}
	for _, row := range []struct {
		name string
		data []byte
		want string
	}{
		{"tables in the header", tablesAt(headerSize - 1), "its tables begin at byte"},
		{"no room for tables", tablesAt(len(good)), "its tables begin at byte"},
		{"tables behind the end", tablesAt(len(good) + 1), "its tables begin at byte"},
		{"tables within a section", tablesAt(len(good) - 1), "does not fit into the file"},
		{"another format", change(atFormat, 9), "it is an index of format 9, and this program reads format 1"},
		{"cut off in the header", good[:100], "cut off after 100 bytes"},
		{"nothing but the magic", good[:8], "it has only 8 bytes"},
		{"cut off in its format", good[:11], "it has only 11 bytes"},
		{"cut off behind its format", good[:12], "cut off after 12 bytes"},
		{"cut off before its end", good[:headerSize-1], fmt.Sprintf("cut off after %d bytes", headerSize-1)},
		{"its header alone", good[:headerSize], fmt.Sprintf("it has %d bytes of %d", headerSize, len(good))},
		{"cut off", good[:len(good)-1], fmt.Sprintf("it has %d bytes of %d", len(good)-1, len(good))},
		{"something added", append(bytes.Clone(good), 0), "something was added"},
		{"a damaged header", change(atSections+3, 7), "the checksum of its header is wrong"},
		{"an ecosystem damaged", change(headerSize+1, 'x'), "the checksum of item 0 of section ecosystems is wrong"},
	} {
		t.Run(row.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "osv.index")
			require.NoError(t, os.WriteFile(path, row.data, 0o600))
			_, err := Open(path)
			require.ErrorIs(t, err, ErrIndex)
			require.ErrorContains(t, err, "opening advisories "+path)
			require.ErrorContains(t, err, row.want)
			require.ErrorContains(t, err, "stella-scan db build")
		})
	}
}

// Whatever byte is damaged, reading all of the index finds it, and no answer is wrong:
// it is the same as before, or an error.
func TestIndexFindsDamage(t *testing.T) {
	records := varied(t)
	good := compile(t, records...)
	sound := compiled(t, records...)
	for at := range good {
		b := bytes.Clone(good)
		b[at] ^= 0x10
		db, err := openMemory(b)
		if err != nil {
			require.ErrorIs(t, err, ErrIndex)
			continue
		}
		require.ErrorIs(t, db.Verify(), ErrIndex, "byte %d", at)
		for _, r := range records {
			for i := range r.Affected {
				a := &r.Affected[i]
				found, err := db.Lookup(a.Ecosystem, a.Name)
				if err == nil {
					require.Equal(t, lookup(t, sound, a.Ecosystem, a.Name), found, "byte %d", at)
				}
			}
			if g, err := db.Group(r.ID); err == nil {
				want, err := sound.Group(r.ID)
				require.NoError(t, err)
				require.Equal(t, want, g)
			}
		}
	}
}

// FuzzOpenIndex reads damaged indexes whole: nothing may panic.
func FuzzOpenIndex(f *testing.F) {
	good := compile(f, varied(f)...)
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Add(good[:headerSize])
	f.Add(compile(f))
	f.Fuzz(func(t *testing.T, data []byte) {
		db, err := openMemory(data)
		if err != nil {
			require.ErrorIs(t, err, ErrIndex)
			return
		}
		if db.Verify() == nil {
			require.NotZero(t, db.Info().Bytes)
			lookup(t, db, "PyPI", "some-pkg")
		}
	})
}

// FuzzIndexItem reads items that have the right checksum and any content: an index may
// be made by somebody else.
func FuzzIndexItem(f *testing.F) {
	good := compile(f, varied(f)...)
	db, err := openMemory(good)
	require.NoError(f, err)
	for s := range sections {
		for i := range db.sections[s].n {
			require.NoError(f, db.item(s, i, func(item []byte) error {
				f.Add(s, bytes.Clone(item))
				return nil
			}))
		}
	}
	f.Fuzz(func(t *testing.T, s int, item []byte) {
		if s < 0 || s >= sections {
			return
		}
		body := memory{make([]byte, headerSize)}
		out := newIndexWriter(&body)
		tables := uint64(0)
		for i := range sections {
			if i == firstTable {
				tables = out.at
			}
			switch {
			case i == s:
				out.enc.buf = append(out.enc.buf, item...)
			case i == secKeys:
				out.enc.buf = binary.LittleEndian.AppendUint64(out.enc.buf, hashKey("PyPI:some-pkg")&math.MaxUint32)
			case i == secIDs:
				out.enc.buf = binary.LittleEndian.AppendUint64(out.enc.buf, hashKey("GHSA-1")&math.MaxUint32)
			default:
				require.NoError(t, db.item(i, 0, func(item []byte) error {
					out.enc.buf = append(out.enc.buf, item...)
					return nil
				}))
			}
			out.item()
			out.end(i)
		}
		out.writeEnds()
		header, err := out.header(tables, make([]byte, sha256.Size))
		require.NoError(t, err)
		copy(body.data, header)
		db, err := openMemory(body.data)
		if err != nil {
			require.ErrorIs(t, err, ErrIndex)
			return
		}
		if err := db.Verify(); err != nil {
			require.ErrorIs(t, err, ErrIndex)
		}
		_, _ = db.Lookup("PyPI", "some-pkg")
		_, _ = db.Group("GHSA-1")
	})
}

// Numbers of an entry that no index has are damage, whatever follows them.
func TestCutEntry(t *testing.T) {
	entry := func(record, ecosystem uint64) []byte {
		b := binary.AppendUvarint(nil, record)
		return append(binary.AppendUvarint(b, ecosystem), 1, 'e', 'r')
	}
	record, ecosystem, one, rest, ok := cutEntry(entry(math.MaxInt32, 7))
	require.True(t, ok)
	require.Equal(t, []any{math.MaxInt32, 7, "e", "r"}, []any{record, ecosystem, string(one), string(rest)})
	for _, b := range [][]byte{entry(math.MaxInt32+1, 7), entry(7, math.MaxInt32+1), entry(7, 7)[:3], {7}, {0x80}, nil} {
		_, _, _, _, ok = cutEntry(b)
		require.False(t, ok, "%x", b)
	}
}

func TestGroupsAreSorted(t *testing.T) {
	var records []aliased
	var want []string
	for i := range 50 {
		id := fmt.Sprintf("CVE-2099-%04d", i)
		records = append(records, aliased{id: fmt.Sprintf("GHSA-%d", i), aliases: []string{id}})
		want = append(want, id)
	}
	var got []string
	for _, g := range newGroups(records) {
		got = append(got, g.IDs[0])
	}
	require.Equal(t, want, got)
}
