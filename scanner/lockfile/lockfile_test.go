package lockfile

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/scanner"
)

// A row is a lockfile and what is to be read of it.
type row struct {
	name, file, text string
	want             []string // as brief has it
	err              string   // part of the error, "" where there is none
}

// brief is an inventory's content in a form that is easy to compare.
func brief(inv scanner.Inventory) []string {
	var lines []string
	for _, p := range inv.Packages {
		lines = append(lines, fmt.Sprintf("%s %s %s %s", p.Ecosystem, p.Name, p.Version, strings.Join(p.Locations, " + ")))
	}
	for _, u := range inv.Unreadable {
		lines = append(lines, fmt.Sprintf("- %s: %s", u.Package, u.Reason))
	}
	return lines
}

func run(t *testing.T, rows []row) {
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			inv, err := Read(strings.NewReader(r.text), r.file)
			if r.err != "" {
				require.ErrorContains(t, err, r.err)
				require.ErrorContains(t, err, "reading lockfile "+r.file+": ")
				require.Zero(t, inv)
				return
			}
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(r.want, brief(inv)), "-want +got")
			sum := sha256.Sum256([]byte(r.text))
			require.Equal(t, hex.EncodeToString(sum[:]), inv.Target.SHA256)
		})
	}
}

// fuzz holds what a parser accepts to the promises of [Read]. The rows are the seeds;
// which chooses among their names.
func fuzz(f *testing.F, rows []row) {
	var files []string
	for _, r := range rows {
		if !slices.Contains(files, r.file) {
			files = append(files, r.file)
		}
		f.Add(uint8(slices.Index(files, r.file)), r.text)
	}
	f.Fuzz(func(t *testing.T, which uint8, text string) {
		file := files[int(which)%len(files)]
		inv, err := Read(strings.NewReader(text), file)
		if err != nil {
			require.Zero(t, inv)
			return
		}
		for _, p := range inv.Packages {
			require.NotEmpty(t, p.PURL)
			require.NotEmpty(t, p.Name)
			require.NotEmpty(t, p.Ecosystem)
			require.Len(t, p.Locations, 1)
		}
		for _, u := range inv.Unreadable {
			require.NotEmpty(t, u.Package)
			require.NotEmpty(t, u.Reason)
		}
		require.NotEmpty(t, inv.Target.Kind)
		require.NotEmpty(t, inv.Target.Name)
		again, err := Read(strings.NewReader(text), file)
		require.NoError(t, err)
		require.Equal(t, inv, again)
	})
}

func TestKnown(t *testing.T) {
	for name, want := range map[string]bool{
		"package-lock.json": true, "NPM-Shrinkwrap.json": true, "package.json": false, "": false, "[": false,
		"requirements.txt": true, "dev-requirements.txt": true, "requirements": false, "app.deps.json": true, "Podfile.lock": true,
	} {
		require.Equal(t, want, Known(name), name)
	}
}

// The patterns of the table are well formed, and no name is that of two formats.
func TestFormats(t *testing.T) {
	seen := map[string]string{}
	for _, f := range formats {
		require.NotEmpty(t, f.kind)
		for _, n := range f.names {
			require.Equal(t, strings.ToLower(n), n)
			require.Empty(t, seen[n], n)
			seen[n] = f.kind
			_, err := path.Match(n, "")
			require.NoError(t, err)
			require.Empty(t, unread[n], n)
			example := strings.ReplaceAll(n, "*", "x")
			require.True(t, Known(example), example)
			require.Same(t, find(n), find(example))
		}
	}
}

// A lockfile that is known by name alone is not read as one without packages (F-259).
func TestUnread(t *testing.T) {
	for name, reason := range unread {
		require.Equal(t, strings.ToLower(name), name)
		inv, err := Read(strings.NewReader("\xff"), "web/"+name)
		require.NoError(t, err)
		require.Equal(t, kindUnread, inv.Target.Kind)
		require.Equal(t, []string{"- web/" + name + ": " + reason}, brief(inv))
	}
}

const emptyNPM = `{"lockfileVersion":3,"packages":{}}`

func TestTarget(t *testing.T) {
	inv, err := Read(strings.NewReader(emptyNPM), "web/package-lock.json")
	require.NoError(t, err)
	sum := sha256.Sum256([]byte(emptyNPM))
	require.Equal(t, scanner.Target{Name: "package-lock.json", Kind: "npm", SHA256: hex.EncodeToString(sum[:])}, inv.Target)
	inv, err = Read(strings.NewReader(`{"name":"shop","lockfileVersion":3}`), "package-lock.json")
	require.NoError(t, err)
	require.Equal(t, "shop", inv.Target.Name)
}

func TestReadErrors(t *testing.T) {
	run(t, []row{
		{name: "no lockfile", file: "main.go", text: "x", err: "its name is that of no lockfile"},
		{name: "empty", file: "package-lock.json", text: " \n", err: "it is empty"},
		{name: "not UTF-8", file: "package-lock.json", text: "{\"name\":\"\xff\"}", err: "not UTF-8"},
		{name: "too many entries", file: "yarn.lock", text: strings.Repeat("a@1:\n", MaxEntries+1), err: "more than 1000000 entries"},
		{name: "too large", file: "package-lock.json", text: strings.Repeat(" ", MaxSize+1), err: "larger than 64 MiB"},
	})
	_, err := Read(iotest.ErrReader(errors.New("the disk is gone")), "package-lock.json")
	require.ErrorContains(t, err, "the disk is gone")
}

// utf16le is s with its byte order mark.
func utf16le(s string) string {
	var b strings.Builder
	b.WriteString("\xff\xfe")
	for _, u := range utf16.Encode([]rune(s)) {
		b.WriteByte(byte(u))
		b.WriteByte(byte(u >> 8))
	}
	return b.String()
}

// What a file says is cut where it would fill a report, between two runes.
func TestClip(t *testing.T) {
	require.Equal(t, strings.Repeat("a", 200), clip(strings.Repeat("a", 200)))
	require.Equal(t, strings.Repeat("a", 199)+"…", clip(strings.Repeat("a", 199)+"éé"))
}

// Every format is read in UTF-16 and with UTF-8's byte order mark.
func TestEncodings(t *testing.T) {
	for _, text := range []string{emptyNPM, "\xef\xbb\xbf" + emptyNPM, utf16le(emptyNPM)} {
		_, err := Read(strings.NewReader(text), "package-lock.json")
		require.NoError(t, err)
	}
}
