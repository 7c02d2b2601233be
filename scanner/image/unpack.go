package image

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"
)

// A store keeps unpacked streams in files below one temporary directory.
type store struct {
	dir    string // made when it is first needed
	files  []*os.File
	limits limits
	used   int64
}

func (s *store) close() {
	for _, f := range s.files {
		f.Close()
	}
	if s.dir != "" {
		os.RemoveAll(s.dir)
	}
}

// create makes a file that lives as long as the store.
func (s *store) create() (*os.File, error) {
	if s.dir == "" {
		dir, err := os.MkdirTemp("", "stella-image-")
		if err != nil {
			return nil, fmt.Errorf("a place for unpacked layers is needed (TMPDIR names another): %w", err)
		}
		s.dir = dir
	}
	f, err := os.CreateTemp(s.dir, "")
	if err == nil {
		s.files = append(s.files, f)
	}
	return f, err
}

// Magic numbers of streams.
var (
	gzipMagic = []byte{0x1f, 0x8b}
	zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}
	// Formats that are known, to say so, and not read: OCI layers have none of them.
	foreignMagic = map[string][]byte{"bzip2": []byte("BZh"), "xz": {0xfd, '7', 'z', 'X', 'Z', 0}, "lz4": {0x04, 0x22, 0x4d, 0x18}}
)

// A section is a run of bytes that can be read at any place.
type section = io.SectionReader

// plain gives the bytes of a stream unpacked. One that is not packed stays where it is.
func (s *store) plain(in *section) (*section, error) {
	head, err := headOf(in, 6)
	if err != nil {
		return nil, err
	}
	for name, magic := range foreignMagic {
		if bytes.HasPrefix(head, magic) {
			return nil, fmt.Errorf("it is packed with %s; gzip, zstd and plain tar are read: unpack it first", name)
		}
	}
	packed := bufio.NewReaderSize(io.NewSectionReader(in, 0, in.Size()), 64<<10)
	switch {
	case bytes.HasPrefix(head, gzipMagic):
		z, err := gzip.NewReader(packed)
		if err != nil {
			return nil, fmt.Errorf("gzip: %w", err)
		}
		return s.keep(z, in.Size())
	case bytes.HasPrefix(head, zstdMagic):
		z, err := zstd.NewReader(packed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(256<<20))
		if err != nil {
			return nil, fmt.Errorf("zstd: %w", err)
		}
		defer z.Close()
		return s.keep(z, in.Size())
	}
	return in, nil
}

// keep writes a stream to a file of the store. packed is how large the stream is before
// it is unpacked.
func (s *store) keep(r io.Reader, packed int64) (*section, error) {
	f, err := s.create()
	if err != nil {
		return nil, err
	}
	size, err := io.Copy(f, &bombGuard{r: r, store: s, packed: packed})
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("it is cut off after %d bytes unpacked: %w", size, err)
	}
	if err != nil {
		return nil, err
	}
	return io.NewSectionReader(f, 0, size), nil
}

// headOf is the first n bytes, or all where there are fewer.
func headOf(in *section, n int) ([]byte, error) {
	head := make([]byte, n)
	n, err := in.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return head[:n], nil
}

func digestOf(in *section) (string, error) {
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(in, 0, in.Size())); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// bombGuard ends a stream that unpacks to more than an honest one would.
type bombGuard struct {
	r      io.Reader
	store  *store
	packed int64
	out    int64
}

func (g *bombGuard) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	g.out += int64(n)
	g.store.used += int64(n)
	l := g.store.limits
	if g.store.used > l.unpacked {
		return n, fmt.Errorf("the image unpacks to more than %d bytes; %s", l.unpacked, unpackedNote)
	}
	if g.out > l.ratioFree && g.out/l.ratio > g.packed {
		return n, fmt.Errorf("%d bytes unpack to more than %d, which only a bomb does; %s", g.packed, g.out, unpackedNote)
	}
	return n, err
}
