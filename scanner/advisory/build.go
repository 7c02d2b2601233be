package advisory

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Builder makes index files. The zero value is ready.
type Builder struct {
	Limits Limits
	// Progress is called, where it is not nil, whenever a file was read: how many are
	// done, and of how many. It is called by one goroutine at a time and must not wait.
	Progress func(done, total int)
}

// Build compiles the OSV records below the paths, which are read as [Limits.Open] reads
// one, into the index file out. The same records give the same bytes, whatever their
// order. The file is there whole or not at all: until it is whole it has another name,
// and an index of that name that is in use stays as it is for those who use it. Records
// wait in a second file beside it, so that memory grows with their number alone.
//
// When ctx ends, so does Build, and leaves nothing. Errors are those of [Limits.Open],
// and of writing.
func (b Builder) Build(ctx context.Context, out string, paths ...string) error {
	if err := b.build(ctx, out, paths); err != nil {
		return fmt.Errorf("building the index %s: %w", out, err)
	}
	return nil
}

func (b Builder) build(ctx context.Context, out string, paths []string) (err error) {
	held, err := newTemp(out, "spill")
	if err != nil {
		return err
	}
	defer held.discard()
	compiler := newBuilder(held)
	if err := compiler.compile(ctx, b.Limits.withDefaults(), paths, b.Progress); err != nil {
		return err
	}
	index, err := newTemp(out, "tmp")
	if err != nil {
		return err
	}
	defer index.discard()
	if err := compiler.writeFile(ctx, index); err != nil {
		return err
	}
	if err := errors.Join(index.file.Chmod(0o644), index.file.Sync(), index.file.Close()); err != nil {
		return err
	}
	return os.Rename(index.file.Name(), out)
}

// writeFile writes the index with its header.
func (b *builder) writeFile(ctx context.Context, t *temp) error {
	w := &withContext{ctx, t}
	if _, err := w.Write(make([]byte, headerSize)); err != nil {
		return err
	}
	header, err := b.write(w)
	if err != nil {
		return err
	}
	if err := t.out.Flush(); err != nil {
		return err
	}
	_, err = t.file.WriteAt(header, 0)
	return err
}

// withContext stops writing when the context ends.
type withContext struct {
	ctx context.Context
	w   io.Writer
}

func (w *withContext) Write(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.w.Write(p)
}

// temp is a file that is being written.
type temp struct {
	file *os.File
	out  *bufio.Writer
}

// newTemp creates a file beside out.
func newTemp(out, what string) (*temp, error) {
	f, err := os.CreateTemp(filepath.Dir(out), filepath.Base(out)+".*."+what)
	if err != nil {
		return nil, err
	}
	return &temp{f, bufio.NewWriterSize(f, 256<<10)}, nil
}

// discard removes the file, unless it has got its name.
func (t *temp) discard() {
	_ = t.file.Close()
	_ = os.Remove(t.file.Name())
}

func (t *temp) Write(p []byte) (int, error) { return t.out.Write(p) }

// ReadAt reads what was written.
func (t *temp) ReadAt(p []byte, at int64) (int, error) {
	if t.out.Buffered() > 0 {
		if err := t.out.Flush(); err != nil {
			return 0, err
		}
	}
	return t.file.ReadAt(p, at)
}
