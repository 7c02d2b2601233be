package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/stella-ops/stella/attest"
)

// errExists says that an output is there and holds something else.
var errExists = errors.New("it exists and differs: name another place, or replace it with -force")

// readFile reads a file of at most limit bytes.
func readFile(path string, limit int) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	switch {
	case info.IsDir():
		return nil, fmt.Errorf("%s is a directory: name the files in it", path)
	case info.Size() > int64(limit):
		return nil, tooLarge(path, limit)
	}
	return readAll(f, path, limit)
}

// readAll reads what is not known to be short, such as a pipe.
func readAll(r io.Reader, name string, limit int) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	if len(data) > limit {
		return nil, tooLarge(name, limit)
	}
	return data, nil
}

func tooLarge(name string, limit int) error {
	return fmt.Errorf("%s: %w: it may have %d bytes", name, attest.ErrTooLarge, limit)
}

// writeFile writes a file that appears with all its bytes or not at all. One that
// is there already with these bytes is left, with other bytes it is errExists
// unless force is set. What is no regular file, such as a device, is written to.
func writeFile(path string, data []byte, force bool) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return replace(path, data)
	case err != nil:
		return err
	case info.IsDir():
		return fmt.Errorf("%s is a directory", path)
	case !info.Mode().IsRegular():
		return writeTo(path, os.O_WRONLY, data)
	case info.Size() == int64(len(data)):
		old, err := os.ReadFile(path)
		if err == nil && bytes.Equal(old, data) {
			return nil
		}
	}
	if !force {
		return fmt.Errorf("%s: %w", path, errExists)
	}
	return replace(path, data)
}

func replace(path string, data []byte) error {
	// A name that nobody knows beforehand: in a shared directory somebody could
	// otherwise have put a link there.
	tmp := fmt.Sprintf("%s.%s.tmp", path, rand.Text())
	err := writeTo(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, data)
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		os.Remove(tmp)
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

func writeTo(path string, mode int, data []byte) error {
	f, err := os.OpenFile(path, mode, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if info, statErr := f.Stat(); err == nil && statErr == nil && info.Mode().IsRegular() {
		err = f.Sync() // a full disk may only say so now
	}
	return errors.Join(err, f.Close())
}

// outputs says where the output of each input goes: beside it, into the directory
// out, or for a single input into the file out. The input's suffix is replaced.
func outputs(inputs []string, out string, old []string, suffix string) ([]string, error) {
	dir := ""
	if out != "" {
		info, err := os.Stat(out)
		switch {
		case err == nil && info.IsDir():
			dir = out
		case len(inputs) == 1 && !os.IsPathSeparator(out[len(out)-1]):
			return []string{out}, nil
		default:
			return nil, fmt.Errorf("-o %s is no directory: make it first", out)
		}
	}
	from := make(map[string]string)
	paths := make([]string, len(inputs))
	for i, in := range inputs {
		name := filepath.Base(in)
		for _, o := range old {
			if cut, ok := strings.CutSuffix(name, o); ok {
				name = cut
				break
			}
		}
		parent := dir
		if parent == "" {
			parent = filepath.Dir(in)
		}
		paths[i] = filepath.Join(parent, name+suffix)
		if other, ok := from[paths[i]]; ok {
			return nil, fmt.Errorf("%s and %s would both become %s: submit or sign them apart", other, in, paths[i])
		}
		from[paths[i]] = in
	}
	return paths, nil
}
