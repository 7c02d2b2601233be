package target

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/image"
	"github.com/stella-ops/stella/scanner/lockfile"
	"github.com/stella-ops/stella/scanner/sbom"
)

// A reader reads one kind of target.
type reader struct {
	what  string // for people
	knows func(file) bool
	read  func(path string) (scanner.Inventory, error)
}

// A file is what a reader is chosen by.
type file struct {
	path string
	dir  bool
	head []byte // the first bytes of a file, up to headSize
}

const headSize = 512 // holds the magic number of a tar

// readers are asked in this order, and the first that knows a target reads it. What
// none of them knows is read as a directory or as an SBOM.
var readers = []reader{
	{what: "a lockfile", knows: func(f file) bool { return !f.dir && lockfile.Known(filepath.Base(f.path)) }, read: readLockfile},
	{what: "an image", knows: func(f file) bool { return !f.dir && image.IsArchive(f.head) || f.dir && image.IsLayout(f.path) }, read: image.Read},
}

// Read reads what path names. Its error names path or the part of it that is to
// blame; with an error, the inventory is empty.
func Read(path string) (scanner.Inventory, error) {
	info, err := os.Stat(path)
	if err != nil {
		return scanner.Inventory{}, fmt.Errorf("the target cannot be read: %w%s", err, hint(path, err))
	}
	f := file{path: path, dir: info.IsDir()}
	if info.Mode().IsRegular() {
		if f.head, err = head(path); err != nil {
			return scanner.Inventory{}, err
		}
	}
	for _, r := range readers {
		if r.knows(f) {
			inv, err := r.read(path)
			if err != nil {
				return scanner.Inventory{}, fmt.Errorf("%s, read as %s: %w", path, r.what, err)
			}
			return inv, nil
		}
	}
	if f.dir {
		return readDirectory(path)
	}
	return readSBOM(path)
}

// hint is for those who name an image as they would to docker run.
func hint(path string, err error) string {
	if !errors.Is(err, os.ErrNotExist) || !strings.ContainsAny(path, ":@") {
		return ""
	}
	return "; if it is the name of an image, images are not fetched: docker save " + path + " -o image.tar, and scan that file"
}

func head(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := make([]byte, headSize)
	n, err := io.ReadFull(f, b)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	return b[:n], nil
}

func readLockfile(path string) (scanner.Inventory, error) {
	f, err := os.Open(path)
	if err != nil {
		return scanner.Inventory{}, err
	}
	defer f.Close()
	return lockfile.Read(f, filepath.Base(path))
}

func readSBOM(path string) (scanner.Inventory, error) {
	f, err := os.Open(path)
	if err != nil {
		return scanner.Inventory{}, err
	}
	defer f.Close()
	inv, err := sbom.Read(f, filepath.Base(path))
	if errors.Is(err, sbom.ErrNotSBOM) {
		return inv, fmt.Errorf("%w; nor does it have the name of a lockfile or the content of an image", err)
	}
	return inv, err
}
