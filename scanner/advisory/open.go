package advisory

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
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

// withDefaults fills what is zero.
func (l Limits) withDefaults() Limits {
	l.RecordBytes = cmp.Or(l.RecordBytes, 32<<20)
	l.Records = cmp.Or(l.Records, 4_000_000)
	l.TotalBytes = cmp.Or(l.TotalBytes, 16<<30)
	return l
}

// Open opens a set of advisories with the default [Limits].
func Open(path string) (*DB, error) { return Limits{}.Open(path) }

// Open opens a compiled index, or compiles one in memory of OSV records: one .json file,
// a .zip of them (OSV's all.zip), or a directory, at any depth, with both. Other files
// are left alone. A file that is no record is in [DB.Rejected], as is a link to a
// directory, which is not followed.
//
// It is an error, which names the entry, when a file cannot be read, an archive is
// damaged, or something is beyond the limits (wraps [ErrLimit]); when an index cannot
// be used (wraps [ErrIndex]); and when no record was found at all (wraps [ErrEmpty]).
func (l Limits) Open(path string) (*DB, error) {
	db, err := l.open(path)
	if err != nil {
		return nil, fmt.Errorf("opening advisories %s: %w", path, err)
	}
	return db, nil
}

func (l Limits) open(path string) (*DB, error) {
	if db, err := openFile(path); db != nil || err != nil {
		return db, err
	}
	var held memory
	b := newBuilder(&held)
	if err := b.compile(context.Background(), l.withDefaults(), []string{path}, nil); err != nil {
		return nil, err
	}
	data := memory{make([]byte, headerSize)}
	header, err := b.write(&data)
	if err != nil {
		return nil, err
	}
	copy(data.data, header)
	return openMemory(data.data)
}

// openMemory opens the bytes of an index.
func openMemory(data []byte) (*DB, error) {
	x, err := readHeader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	if err := x.open(data[x.base:]); err != nil {
		return nil, err
	}
	return newDB(x)
}

// openFile opens a file that begins as an index does; it returns nil for any other.
func openFile(path string) (*DB, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	magic := make([]byte, len(indexMagic))
	if err == nil && info.Mode().IsRegular() {
		_, err = io.ReadFull(f, magic)
	}
	if err != nil || string(magic) != indexMagic {
		f.Close() // only read from, as below
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			err = nil
		}
		return nil, err
	}
	release := func() { f.Close() }
	db, err := func() (*DB, error) {
		x, err := readHeader(f, info.Size())
		if err != nil {
			return nil, err
		}
		tables, unmap, err := mapFile(f, x.base, int(x.size-x.base))
		if err != nil {
			return nil, err
		}
		release = func() { unmap(); f.Close() }
		if err := x.open(tables); err != nil {
			return nil, err
		}
		return newDB(x)
	}()
	if err != nil {
		release()
		return nil, err
	}
	// Whatever is given out is a copy: nothing points into the mapping behind it.
	runtime.AddCleanup(db, func(release func()) { release() }, release)
	return db, nil
}

// compile reads the records below the paths into the builder. progress may be nil.
func (b *builder) compile(ctx context.Context, l Limits, paths []string, progress func(done, total int)) error {
	s := sources{limits: l}
	defer s.close()
	for _, path := range paths {
		if err := s.find(path); err != nil {
			return err
		}
	}
	b.rejected = s.rejected
	if err := s.parse(ctx, b, progress); err != nil {
		return err
	}
	if len(b.drafts) == 0 {
		return fmt.Errorf("%w; give a directory or zip of OSV JSON files%s", ErrEmpty, firstReason(b.rejected))
	}
	return nil
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

// parse reads the sources on every processor into b. The error is that of the first
// source which has one, since each source before it was handed out earlier and is waited
// for.
func (s *sources) parse(ctx context.Context, b *builder, progress func(done, total int)) error {
	var (
		mu     sync.Mutex // guards what follows, and b
		at     int64      // where b's spill stands
		next   int
		done   int
		failed = len(s.list) // the first source with an error
		err    error
		wg     sync.WaitGroup
	)
	take := func() (int, bool) {
		mu.Lock()
		defer mu.Unlock()
		next++
		return next - 1, next <= failed && ctx.Err() == nil
	}
	fail := func(i int, e error) {
		if i < failed {
			failed, err = i, fmt.Errorf("reading %s: %w", s.list[i].entry, e)
		}
	}
	give := func(i int, x encoded, bad error) {
		mu.Lock()
		defer mu.Unlock()
		if bad != nil {
			b.reject(Rejection{Entry: s.list[i].entry, Reason: bad.Error()})
		} else if e := b.add(x, at); e != nil {
			fail(i, e)
		}
		at += int64(len(x.wire))
		if done++; progress != nil {
			progress(done, len(s.list))
		}
	}
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			var buf []byte
			for i, ok := take(); ok; i, ok = take() {
				var e error
				if buf, e = s.list[i].read(buf); e != nil {
					mu.Lock()
					fail(i, e)
					mu.Unlock()
					return
				}
				r, bad := Parse(buf)
				if bad != nil {
					give(i, encoded{}, bad)
					continue
				}
				give(i, encode(r), nil)
			}
		})
	}
	wg.Wait()
	return cmp.Or(err, ctx.Err())
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
