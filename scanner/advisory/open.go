package advisory

import (
	"archive/zip"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
)

// Limits bound what opening a set of advisories may cost. The zero value of a field
// stands for its default.
type Limits struct {
	RecordBytes int64 // of one record; 32 MiB, some times the largest of openEuler's
	Records     int   // files that are read; 4,000,000
	TotalBytes  int64 // of all records, unpacked; 16 GiB
}

// ErrLimit is wrapped by the errors of a set that is beyond the [Limits].
var ErrLimit = errors.New("beyond the limit")

// Open opens a set of advisories with the default [Limits].
func Open(path string) (*DB, error) { return Limits{}.Open(path) }

// Open reads a set of OSV records: one .json file, a .zip of them (OSV's all.zip), or a
// directory, at any depth, with both. Other files are left alone. A file that is no
// record is in [DB.Rejected], as is a link to a directory, which is not followed.
//
// It is an error, which names the entry, when a file cannot be read, an archive is
// damaged, or something is beyond the limits (wraps [ErrLimit]); and when no record was
// found at all (wraps [ErrEmpty]).
func (l Limits) Open(path string) (*DB, error) {
	l.RecordBytes = cmp.Or(l.RecordBytes, 32<<20)
	l.Records = cmp.Or(l.Records, 4_000_000)
	l.TotalBytes = cmp.Or(l.TotalBytes, 16<<30)
	s := sources{limits: l}
	defer s.close()
	if err := s.find(path); err != nil {
		return nil, fmt.Errorf("opening advisories %s: %w", path, err)
	}
	records, err := s.parse()
	if err != nil {
		return nil, fmt.Errorf("opening advisories %s: %w", path, err)
	}
	if len(records) == 0 {
		return nil, fmt.Errorf("opening advisories %s: %w; give a directory or zip of OSV JSON files%s", path, ErrEmpty, firstReason(s.rejected))
	}
	return newDB(records, s.rejected), nil
}

func firstReason(rejected []Rejection) string {
	if len(rejected) == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s: %s)", rejected[0].Entry, rejected[0].Reason)
}

// source is a file to read: on disk, or in an archive.
type source struct {
	entry string
	size  int64
	open  func() (io.ReadCloser, error)
}

// sources are the files of a set, in the order of their names.
type sources struct {
	limits   Limits
	list     []source
	total    int64
	archives []*zip.ReadCloser
	rejected []Rejection
}

func (s *sources) close() {
	for _, z := range s.archives {
		_ = z.Close() // only read from
	}
}

// find lists the files of the set.
func (s *sources) find(root string) error {
	info, err := os.Stat(root)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return s.file(root, filepath.Base(root), info)
	}
	return filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		entry := filepath.ToSlash(rel)
		info, err := os.Stat(name) // follows a link to a file
		if err != nil {
			return err
		}
		if info.IsDir() {
			s.rejected = append(s.rejected, Rejection{Entry: entry, Reason: "a link to a directory, which is not followed; name it on its own"})
			return nil
		}
		if !hasExt(entry, ".json") && !hasExt(entry, ".zip") {
			return nil
		}
		return s.file(name, entry, info)
	})
}

func hasExt(name, ext string) bool { return strings.EqualFold(path.Ext(name), ext) }

// file takes one file of the disk.
func (s *sources) file(name, entry string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is neither a file nor a directory", entry)
	}
	if hasExt(name, ".zip") {
		return s.archive(name, entry)
	}
	return s.add(source{entry, info.Size(), func() (io.ReadCloser, error) { return os.Open(name) }})
}

// archive takes the records of a zip. Its entries' names are labels, never paths.
func (s *sources) archive(name, entry string) error {
	z, err := zip.OpenReader(name)
	if err != nil {
		return fmt.Errorf("reading the archive %s: %w", entry, err)
	}
	s.archives = append(s.archives, z)
	for _, f := range z.File {
		if !hasExt(f.Name, ".json") || strings.HasSuffix(f.Name, "/") {
			continue
		}
		if f.UncompressedSize64 > uint64(s.limits.RecordBytes) {
			return s.tooLarge(f.Name)
		}
		if err := s.add(source{f.Name, int64(f.UncompressedSize64), f.Open}); err != nil {
			return err
		}
	}
	return nil
}

func (s *sources) tooLarge(entry string) error {
	return fmt.Errorf("%s is larger than %d bytes: %w", entry, s.limits.RecordBytes, ErrLimit)
}

// add checks a source against the limits by the size that it declares; read holds it to
// that.
func (s *sources) add(src source) error {
	s.total += src.size
	switch {
	case src.size > s.limits.RecordBytes:
		return s.tooLarge(src.entry)
	case len(s.list) == s.limits.Records:
		return fmt.Errorf("at %s: more than %d records: %w", src.entry, s.limits.Records, ErrLimit)
	case s.total > s.limits.TotalBytes:
		return fmt.Errorf("at %s: more than %d bytes in all: %w", src.entry, s.limits.TotalBytes, ErrLimit)
	}
	s.list = append(s.list, src)
	return nil
}

// parse reads the sources on every processor. Records come back in the order of the
// list; so does the error: it is that of the first source which has one, since each
// source before it was handed out earlier and is waited for.
func (s *sources) parse() ([]*Record, error) {
	type result struct {
		rec *Record
		bad error // no record
		err error // cannot be read
	}
	results := make([]result, len(s.list))
	var (
		mu     sync.Mutex // guards next and failed
		next   int
		failed bool
		wg     sync.WaitGroup
	)
	take := func() (int, bool) {
		mu.Lock()
		defer mu.Unlock()
		next++
		return next - 1, !failed && next <= len(s.list)
	}
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			var buf []byte
			for i, ok := take(); ok; i, ok = take() {
				r := &results[i]
				if buf, r.err = s.list[i].read(buf); r.err != nil {
					mu.Lock()
					failed = true
					mu.Unlock()
					return
				}
				r.rec, r.bad = Parse(buf)
			}
		})
	}
	wg.Wait()
	records := make([]*Record, 0, len(results))
	for i, r := range results {
		switch {
		case r.err != nil:
			return nil, fmt.Errorf("reading %s: %w", s.list[i].entry, r.err)
		case r.bad != nil:
			s.rejected = append(s.rejected, Rejection{Entry: s.list[i].entry, Reason: r.bad.Error()})
		case r.rec != nil:
			records = append(records, r.rec)
		}
	}
	return records, nil
}

// read reads a source into buf, which it may grow, and holds it to its declared size.
func (src source) read(buf []byte) (_ []byte, err error) {
	f, err := src.open()
	if err != nil {
		return buf, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	// One byte of room more than declared: it must stay empty.
	if int64(cap(buf)) <= src.size {
		buf = make([]byte, src.size+1)
	}
	buf = buf[:src.size+1]
	// Not io.ReadFull: it makes one error of the end of the file and of an archive
	// that is cut off.
	for n := 0; ; {
		m, err := f.Read(buf[n:])
		n += m
		switch {
		case n == len(buf):
			return buf, fmt.Errorf("it is larger than the %d bytes that it declares: %w", src.size, ErrLimit)
		case err == io.EOF:
			return buf[:n], nil
		case err != nil:
			return buf, err
		}
	}
}
