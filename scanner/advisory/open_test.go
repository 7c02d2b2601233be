package advisory

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDefaultLimits(t *testing.T) {
	whole := Limits{RecordBytes: 33554432, Records: 4000000, TotalBytes: 17179869184}
	require.Equal(t, whole, Limits{}.withDefaults())
	for _, l := range []Limits{{RecordBytes: 1}, {Records: 1}, {TotalBytes: 1}} {
		got := l.withDefaults()
		set := 0
		for _, same := range []bool{got.RecordBytes == whole.RecordBytes, got.Records == whole.Records, got.TotalBytes == whole.TotalBytes} {
			if same {
				set++
			}
		}
		require.Equal(t, 2, set, "%+v", got)
	}
}

// What is as large as a limit allows is read, and what has one byte or file more is not.
func TestLimitsAreInclusive(t *testing.T) {
	files := map[string]string{"a.json": doc("A", day, ``, "p"), "b.json": doc("B", day, ``, "p"), "c.txt": strings.Repeat("x", 10_000)}
	one := int64(len(files["a.json"]))
	zipped := writeZip(t, files)
	both := map[string]string{"all.zip": "", "c.json": doc("C", day, ``, "p")} // in an archive and beside it
	dir := writeDir(t, both)
	content, err := os.ReadFile(zipped)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "all.zip"), content, 0o600))
	for _, row := range []struct {
		path    string
		records int
		first   string // that has no room
	}{{writeDir(t, files), 2, "b.json"}, {zipped, 2, "b.json"}, {dir, 3, "c.json"}} {
		n := row.records
		fits := Limits{RecordBytes: one, Records: n, TotalBytes: int64(n) * one}
		db, err := fits.Open(row.path)
		require.NoError(t, err)
		require.Equal(t, n, db.Records())
		for _, l := range []Limits{{RecordBytes: one - 1}, {Records: n - 1}, {TotalBytes: int64(n)*one - 1}} {
			_, err := l.Open(row.path)
			require.ErrorIs(t, err, ErrLimit, "%+v", l)
			if l.RecordBytes == 0 {
				require.ErrorContains(t, err, "at "+row.first+": more than")
			}
		}
	}
}

// A file that is shorter than what an index begins with is read as a record.
func TestOpenOfAShortFile(t *testing.T) {
	for content, want := range map[string]string{
		"":                 "(x.json: not an OSV record: unexpected end of JSON input)",
		"{}":               "(x.json: not an OSV record: it has no id)",
		indexMagic[:7]:     "(x.json: not an OSV record: it is not UTF-8)",
		"\x89OSVIDY\n....": "(x.json: not an OSV record: it is not UTF-8)",
	} {
		path := filepath.Join(writeDir(t, map[string]string{"x.json": content}), "x.json")
		_, err := Open(path)
		require.ErrorIs(t, err, ErrEmpty, "%q", content)
		require.ErrorContains(t, err, want, "%q", content)
		_, err = Open(filepath.Dir(path))
		require.ErrorContains(t, err, want, "%q", content)
	}
	db, err := Open(filepath.Join(writeDir(t, map[string]string{"x": `{"id":"A"}`}), "x"))
	require.NoError(t, err, "a file that is named is read, whatever its name")
	require.Equal(t, 1, db.Records())
}

// Which files of a directory, and of an archive, are records.
func TestFilesOfASet(t *testing.T) {
	a := doc("A", day, ``, "p")
	for name, want := range map[string]bool{
		"a.json": true, "a.JSON": true, "x/y/a.json": true, "x.zip/a.json": true, ".json": true,
		"a.json5": false, "json": false, "a.json.bak": false, "a.json.gz": false, "x.json/a": false,
	} {
		files := map[string]string{name: a, "b.json": doc("B", day, ``, "q")}
		for _, path := range []string{writeDir(t, files), writeZip(t, files)} {
			db, err := Open(path)
			require.NoError(t, err)
			require.Equal(t, want, db.Records() == 2, "%s of %s", name, path)
			require.Empty(t, rejected(t, db))
		}
	}
	content, err := os.ReadFile(writeZip(t, map[string]string{"a.json": a, "d.json/": "", "inner.zip": "x"}))
	require.NoError(t, err)
	for _, name := range []string{"x.zip", "x.ZIP", "y/x.Zip"} {
		dir := writeDir(t, map[string]string{name: string(content)})
		for _, path := range []string{dir, filepath.Join(dir, filepath.FromSlash(name))} {
			db, err := Open(path)
			require.NoError(t, err)
			require.Equal(t, []string{"A"}, recordIDs(t, db))
			require.Empty(t, rejected(t, db))
		}
	}
}

// What in a directory cannot be read is an error that names it.
func TestFilesThatCannotBeRead(t *testing.T) {
	dir := writeDir(t, map[string]string{"a.json": doc("A", day, ``, "p")})
	require.NoError(t, os.Symlink("nowhere", filepath.Join(dir, "b.json")))
	_, err := Open(dir)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "b.json")

	dir = writeDir(t, map[string]string{"a.json": doc("A", day, ``, "p"), "x/bad.zip": "PK"})
	_, err = Open(dir)
	require.ErrorContains(t, err, "reading the archive x/bad.zip: ")

	dir = writeDir(t, map[string]string{"a.json": doc("A", day, ``, "p")})
	require.NoError(t, os.Symlink(os.DevNull, filepath.Join(dir, "b.json")))
	_, err = Open(dir)
	require.ErrorContains(t, err, "b.json is neither a file nor a directory")
	require.NoError(t, os.Symlink(os.DevNull, filepath.Join(dir, "b.txt")))
	require.NoError(t, os.Remove(filepath.Join(dir, "b.json")))
	_, err = Open(dir)
	require.NoError(t, err, "what is no record's name is left alone")
}

// Links to directories are told with their whole names, those to files followed.
func TestLinksBelow(t *testing.T) {
	dir := writeDir(t, map[string]string{"x/a.json": doc("A", day, ``, "p"), "y/b.json": doc("B", day, ``, "p")})
	require.NoError(t, os.Symlink("../y", filepath.Join(dir, "x", "y")))
	require.NoError(t, os.Symlink("..", filepath.Join(dir, "x", "up.json")))
	db, err := Open(dir)
	require.NoError(t, err)
	require.Equal(t, 2, db.Records())
	const why = "a link to a directory, which is not followed; name it on its own"
	require.Equal(t, []Rejection{{"", "x/up.json", why}, {"", "x/y", why}}, rejected(t, db))
}

// A set has an ecosystem when its records speak of the package's release.
func TestHas(t *testing.T) {
	db := compiled(t, record(t, `[{"package": {"ecosystem": "Debian:12", "name": "p"}, "versions": ["1"]}, {"package": {"ecosystem": "Ubuntu:Pro:22.04:LTS", "name": "p"}, "versions": ["1"]},
		{"package": {"ecosystem": "Ubuntu:Pro:FIPS:20.04:LTS", "name": "p"}, "versions": ["1"]}, {"package": {"ecosystem": "Debian:13", "name": "p"}, "versions": ["1"]}]`))
	for ecosystem, want := range map[string]bool{
		"Debian:12": true, "Debian:13": true, "Debian:11": false, "Debian": true, "Debian:1": false, "debian:12": false,
		"Ubuntu:22.04:LTS": true, "Ubuntu:22.04": true, "Ubuntu:20.04:LTS": false, "Ubuntu": true, "npm": false, "": false,
	} {
		require.Equal(t, want, db.Has(ecosystem), ecosystem)
	}
	require.False(t, compiled(t).Has("npm"))
}
