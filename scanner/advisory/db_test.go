package advisory

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// doc makes a record for a package of PyPI.
func doc(id, modified, aliases, name string) string {
	return fmt.Sprintf(`{"id": %q, "modified": %q, "aliases": [%s], "affected": [{"package": {"ecosystem": "PyPI", "name": %q},
		"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2"}]}]}]}`, id, modified, aliases, name)
}

const day = "2026-01-02T00:00:00Z"

func writeDir(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
	}
	return dir
}

func writeZip(t testing.TB, files map[string]string) string {
	t.Helper()
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		w, err := z.Create(name)
		require.NoError(t, err)
		_, err = io.WriteString(w, files[name])
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	path := filepath.Join(t.TempDir(), "all.zip")
	require.NoError(t, os.WriteFile(path, buf.Bytes(), 0o644))
	return path
}

var sample = map[string]string{
	"b/PYSEC-1.json": doc("PYSEC-1", day, `"CVE-2026-1"`, "Pkg"),
	"a/GHSA-1.JSON":  doc("GHSA-1", day, `"CVE-2026-1"`, "pkg"),
	"a/GHSA-2.json":  doc("GHSA-2", day, ``, "other"),
	"bad.json":       `{"id": "BAD`,
	"README.md":      "no record",
}

func TestOpen(t *testing.T) {
	dir, zipped := writeDir(t, sample), writeZip(t, sample)
	for name, path := range map[string]string{"directory": dir, "zip": zipped} {
		t.Run(name, func(t *testing.T) {
			db, err := Open(path)
			require.NoError(t, err)
			require.Equal(t, []string{"GHSA-1", "GHSA-2", "PYSEC-1"}, recordIDs(t, db))
			require.Equal(t, []Rejection{{Entry: "bad.json", Reason: "not an OSV record: unexpected end of JSON input"}}, rejected(t, db))
			require.Equal(t, []string{"GHSA-1", "PYSEC-1"}, ids(lookup(t, db, "PyPI", "PKG")))
			require.Empty(t, lookup(t, db, "PyPI", "pkg2"))
			require.Empty(t, lookup(t, db, "npm", "pkg"))
			require.True(t, db.Has("PyPI"))
			require.False(t, db.Has("npm"), "an ecosystem without advisories is seen")
			require.Regexp(t, "^[0-9a-f]{64}$", db.SHA256())
		})
	}
	one, err := Open(filepath.Join(dir, "b", "PYSEC-1.json"))
	require.NoError(t, err)
	require.Equal(t, []string{"PYSEC-1"}, recordIDs(t, one))

	nested := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(nested, "PyPI"), 0o755))
	content, err := os.ReadFile(zipped)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(nested, "PyPI", "all.zip"), content, 0o644))
	inside, err := Open(nested)
	require.NoError(t, err)
	whole, err := Open(dir)
	require.NoError(t, err)
	require.Equal(t, whole.SHA256(), inside.SHA256())
	require.Equal(t, rejected(t, whole), rejected(t, inside))
}

func ids(records []*Record) (list []string) {
	for _, r := range records {
		list = append(list, r.ID)
	}
	return list
}

// The set does not depend on names, order, doubles, indentation or the order of keys.
func TestSHA256OfTheSet(t *testing.T) {
	open := func(files map[string]string) *DB {
		db, err := Open(writeDir(t, files))
		require.NoError(t, err)
		return db
	}
	a := open(map[string]string{"1.json": doc("A", day, ``, "p"), "2.json": doc("B", day, ``, "q")})
	b := open(map[string]string{"z/1.json": doc("B", day, ``, "q"), "2.json": strings.ReplaceAll(doc("A", day, ``, "p"), " ", "\n\t"), "3.json": doc("A", day, ``, "p")})
	require.Equal(t, a.SHA256(), b.SHA256())
	require.Empty(t, rejected(t, b), "the same record twice is no conflict")
	c := open(map[string]string{"1.json": doc("A", day, ``, "p"), "2.json": doc("B", day, ``, "r")})
	require.NotEqual(t, a.SHA256(), c.SHA256())
}

// Given two different entries claiming to describe the same id field, the one with the
// later modification time is considered authoritative.
func TestDuplicateIDs(t *testing.T) {
	older, newer := doc("A", day, ``, "old"), doc("A", "2026-01-02T02:00:00+01:00", ``, "new")
	twin := doc("A", "2026-01-02T01:00:00Z", ``, "twin")
	var first *DB
	for _, files := range []map[string]string{
		{"1.json": older, "2.json": newer, "3.json": twin},
		{"1.json": twin, "2.json": older, "3.json": newer},
		{"1.json": newer, "2.json": twin, "3.json": older},
	} {
		db, err := Open(writeDir(t, files))
		require.NoError(t, err)
		require.Equal(t, 1, db.Records())
		require.Empty(t, lookup(t, db, "PyPI", "old"))
		require.Len(t, rejected(t, db), 1)
		require.Equal(t, "A", rejected(t, db)[0].ID)
		if first == nil {
			first = db
		}
		require.Equal(t, first.SHA256(), db.SHA256())
	}
}

func TestRejectedNamesProblems(t *testing.T) {
	db, err := Open(writeDir(t, map[string]string{"a.json": strings.Replace(doc("A", day, ``, "p"), `"2"`, `"two"`, 1)}))
	require.NoError(t, err)
	require.Equal(t, 1, db.Records(), "kept with what can be judged")
	require.Len(t, rejected(t, db), 1)
	require.Equal(t, "A", rejected(t, db)[0].ID)
	require.Contains(t, rejected(t, db)[0].Reason, `affected[0].ranges[0]: fixed: PyPI version "two"`)
}

func TestOpenErrors(t *testing.T) {
	big := doc("A", day, ``, strings.Repeat("x", 3000))
	two := map[string]string{"a.json": doc("A", day, ``, "p"), "b.json": doc("B", day, ``, "p")}
	damaged := writeZip(t, map[string]string{"a.json": big})
	content, err := os.ReadFile(damaged)
	require.NoError(t, err)
	cut := filepath.Join(t.TempDir(), "cut.zip")
	require.NoError(t, os.WriteFile(cut, content[:len(content)/2], 0o644))
	flipped := bytes.Clone(content)
	flipped[60] ^= 0xff
	broken := filepath.Join(t.TempDir(), "broken.zip")
	require.NoError(t, os.WriteFile(broken, flipped, 0o644))

	rows := []struct {
		name   string
		path   string
		limits Limits
		is     error
		want   string
	}{
		{name: "nothing there", path: filepath.Join(t.TempDir(), "none"), is: os.ErrNotExist},
		{name: "no record in a directory", path: t.TempDir(), is: ErrEmpty, want: "give a directory or zip of OSV JSON files"},
		{name: "only rejected ones", path: writeDir(t, map[string]string{"x.json": "[]"}), is: ErrEmpty, want: "x.json: not an OSV record"},
		{name: "an empty zip", path: writeZip(t, nil), is: ErrEmpty},
		{name: "a huge record", path: writeDir(t, map[string]string{"big.json": big}), limits: Limits{RecordBytes: 1000}, is: ErrLimit, want: "big.json is larger than 1000 bytes"},
		{name: "a zip bomb", path: writeZip(t, map[string]string{"big.json": big}), limits: Limits{RecordBytes: 1000}, is: ErrLimit, want: "big.json is larger than 1000 bytes"},
		{name: "too many", path: writeDir(t, two), limits: Limits{Records: 1}, is: ErrLimit, want: "at b.json: more than 1 records"},
		{name: "too much in all", path: writeZip(t, two), limits: Limits{TotalBytes: 300}, is: ErrLimit, want: "at b.json: more than 300 bytes"},
		{name: "a truncated zip", path: cut, is: zip.ErrFormat, want: "reading the archive cut.zip"},
		{name: "a damaged zip", path: broken, want: "reading a.json"},
		{name: "a device", path: os.DevNull, want: "neither a file nor a directory"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			_, err := row.limits.Open(row.path)
			require.Error(t, err)
			require.ErrorContains(t, err, "opening advisories "+row.path)
			require.ErrorContains(t, err, row.want)
			if row.is != nil {
				require.ErrorIs(t, err, row.is)
			}
		})
	}
}

// A zip entry that unpacks to more than it declares is cut off.
func TestZipEntryLies(t *testing.T) {
	src := source{"lie.json", 10, func() (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader("0123456789"), neverEnding{})), nil
	}}
	_, err := src.read(nil)
	require.ErrorIs(t, err, ErrLimit)
}

type neverEnding struct{}

func (neverEnding) Read(p []byte) (int, error) { return len(p), nil }

func TestLinks(t *testing.T) {
	target := writeDir(t, map[string]string{"a.json": doc("A", day, ``, "p"), "sub/b.json": doc("B", day, ``, "p")})
	dir := t.TempDir()
	require.NoError(t, os.Symlink(filepath.Join(target, "a.json"), filepath.Join(dir, "link.json")))
	require.NoError(t, os.Symlink(filepath.Join(target, "sub"), filepath.Join(dir, "sub")))
	db, err := Open(dir)
	require.NoError(t, err)
	require.Equal(t, []string{"A"}, recordIDs(t, db))
	require.Equal(t, "sub", rejected(t, db)[0].Entry)
}

func TestGroup(t *testing.T) {
	type rec struct{ id, aliases, extra string }
	rows := []struct {
		name    string
		records []rec
		want    map[string][]string // any id → preferred id, then all
	}{
		{
			"transitive through an id without a record (F-095)",
			[]rec{{"PYSEC-2022-19", `"CVE-2022-22818"`, ""}, {"GHSA-95rw-fx8r-36v6", `"CVE-2022-22818"`, ""}, {"SOME-OTHER-ID", `"GHSA-95rw-fx8r-36v6"`, ""}},
			map[string][]string{"SOME-OTHER-ID": {"CVE-2022-22818", "CVE-2022-22818", "GHSA-95rw-fx8r-36v6", "PYSEC-2022-19", "SOME-OTHER-ID"}},
		},
		{
			"one side is enough: aliases are symmetric (F-123)",
			[]rec{{"GHSA-1", `"CVE-1"`, ""}, {"CVE-1", ``, ""}},
			map[string][]string{"CVE-1": {"CVE-1", "CVE-1", "GHSA-1"}, "GHSA-1": {"CVE-1", "CVE-1", "GHSA-1"}},
		},
		{
			"related and upstream never merge (F-123)",
			[]rec{{"DSA-1", ``, `"related": ["CVE-1"], "upstream": ["CVE-1"],`}, {"GHSA-1", `"CVE-1"`, ""}},
			map[string][]string{"DSA-1": {"DSA-1", "DSA-1"}, "CVE-1": {"CVE-1", "CVE-1", "GHSA-1"}},
		},
		{
			"without a CVE: the ecosystem's own record, then GitHub's, then ids without record",
			[]rec{{"GHSA-1", `"AAA-1"`, ""}, {"RUSTSEC-1", `"GHSA-1"`, ""}, {"GHSA-2", `"AAA-2"`, ""}},
			map[string][]string{"GHSA-1": {"RUSTSEC-1", "AAA-1", "GHSA-1", "RUSTSEC-1"}, "AAA-2": {"GHSA-2", "AAA-2", "GHSA-2"}},
		},
		{
			"a withdrawn record merges nothing",
			[]rec{{"GHSA-1", `"CVE-1", "CVE-2"`, `"withdrawn": "2026-01-01T00:00:00Z",`}, {"GO-1", `"CVE-1"`, ""}},
			map[string][]string{"CVE-1": {"CVE-1", "CVE-1", "GO-1"}, "CVE-2": {"CVE-2", "CVE-2"}, "GHSA-1": {"GHSA-1", "GHSA-1"}},
		},
		{
			"an id that nobody knows",
			[]rec{{"GHSA-1", ``, ""}},
			map[string][]string{"X-1": {"X-1", "X-1"}},
		},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			for seed := range uint64(20) {
				var records []*Record
				for _, r := range row.records {
					parsed, err := Parse([]byte(fmt.Sprintf(`{%s "id": %q, "modified": %q, "aliases": [%s]}`, r.extra, r.id, day, r.aliases)))
					require.NoError(t, err)
					records = append(records, parsed)
				}
				rand.New(rand.NewPCG(seed, 2)).Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
				db := compiled(t, records...)
				for id, want := range row.want {
					g, err := db.Group(id)
					require.NoError(t, err)
					require.Equal(t, want, append([]string{g.ID}, g.IDs...), "group of %s", id)
				}
			}
		})
	}
}
