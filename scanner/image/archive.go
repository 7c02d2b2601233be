package image

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
)

// A source is the files of an archive or a layout by name.
type source interface {
	// open gives a file's bytes; the error is fs.ErrNotExist's where there is none.
	open(name string) (*section, error)
}

// readAll reads a small file of a source.
func readAll(s source, name string) ([]byte, error) {
	f, err := s.open(name)
	if err != nil {
		return nil, err
	}
	if f.Size() > MaxManifest {
		return nil, fmt.Errorf("%s has %d bytes, more than the %d that are read", name, f.Size(), MaxManifest)
	}
	b := make([]byte, f.Size())
	if _, err := f.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return b, nil
}

// A directory is a source on disk. Nothing outside of it can be reached: os.Root.
type directory struct {
	root  *os.Root
	files []*os.File
}

func openDirectory(name string) (*directory, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	return &directory{root: root}, nil
}

func (d *directory) open(name string) (*section, error) {
	f, err := d.root.Open(name)
	if err != nil {
		return nil, err
	}
	d.files = append(d.files, f)
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", name)
	}
	return io.NewSectionReader(f, 0, info.Size()), nil
}

func (d *directory) close() {
	for _, f := range d.files {
		f.Close()
	}
	d.root.Close()
}

// An archive is a source in a tar.
type archive struct {
	tar   *section
	files map[string]archived
}

type archived struct {
	offset, size int64
	link         string // of a symbolic or hard link: another name in the archive
}

// indexArchive reads the headers of a tar.
func indexArchive(in *section) (*archive, error) {
	a := &archive{tar: in, files: map[string]archived{}}
	err := eachEntry(in, func(h *tar.Header, offset int64) error {
		if len(a.files) >= MaxArchive {
			return fmt.Errorf("the archive has more than %d entries", MaxArchive)
		}
		name, err := cleanName(h.Name)
		if err != nil {
			return err
		}
		switch h.Typeflag {
		case tar.TypeReg:
			a.files[name] = archived{offset: offset, size: h.Size}
		case tar.TypeSymlink:
			// docker save once linked equal layers: ../ID/layer.tar.
			link, err := cleanLink(path.Join(path.Dir(name), h.Linkname))
			if err != nil {
				return err
			}
			a.files[name] = archived{link: link}
		case tar.TypeLink:
			link, err := cleanLink(h.Linkname)
			if err != nil {
				return err
			}
			a.files[name] = archived{link: link}
		case tar.TypeDir:
		default:
			return fmt.Errorf("it is of type %q, which no image archive has", h.Typeflag)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return a, nil
}

func cleanLink(name string) (string, error) {
	link, err := cleanName(name)
	if err != nil {
		return "", fmt.Errorf("its link: %w", err)
	}
	return link, nil
}

func (a *archive) open(name string) (*section, error) {
	at := path.Clean(name)
	for range MaxLinks {
		f, ok := a.files[at]
		if !ok {
			return nil, fmt.Errorf("%s is not in the archive: %w", at, fs.ErrNotExist)
		}
		if f.link == "" {
			return io.NewSectionReader(a.tar, f.offset, f.size), nil
		}
		at = f.link
	}
	return nil, fmt.Errorf("%s: its links go in a circle", name)
}

// eachEntry calls visit for each entry of a tar with the place of its content. Errors
// name the entry.
func eachEntry(in *section, visit func(h *tar.Header, offset int64) error) error {
	in = io.NewSectionReader(in, 0, in.Size())
	r := tar.NewReader(in)
	last := ""
	for n := 0; ; n++ {
		h, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, io.ErrUnexpectedEOF) && last != "":
			return fmt.Errorf("it is cut off in or after its entry %q: %w", last, err)
		case errors.Is(err, io.ErrUnexpectedEOF):
			return fmt.Errorf("it is cut off in its first entry: %w", err)
		case err != nil && n == 0:
			return fmt.Errorf("it is no tar: %w; unpack it first if it is another kind of target, packed", err)
		case err != nil:
			return fmt.Errorf("after its entry %q: %w", last, err)
		}
		last = h.Name
		if h.Typeflag == tar.TypeXGlobalHeader {
			continue // metadata of the archive, as git writes it
		}
		if isSparse(h) {
			return fmt.Errorf("entry %q: it is a sparse file of %d bytes, which OCI layers are not to have; build the image without it", h.Name, h.Size)
		}
		offset, err := in.Seek(0, io.SeekCurrent)
		if err != nil {
			return err
		}
		if h.Typeflag == tar.TypeReg && h.Size > in.Size()-offset {
			return fmt.Errorf("entry %q: it says that it has %d bytes, and the archive ends after %d: it is cut off", h.Name, h.Size, in.Size()-offset)
		}
		if err := visit(h, offset); err != nil {
			return fmt.Errorf("entry %q: %w", h.Name, err)
		}
	}
}

func isSparse(h *tar.Header) bool {
	if h.Typeflag == tar.TypeGNUSparse {
		return true
	}
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}

// cleanName is the name of an entry as a path from the root: "" for the root itself, which
// kaniko calls "/". A name that leads out of it, or means to begin elsewhere, is an error.
func cleanName(name string) (string, error) {
	switch {
	case name == "/":
		return "", nil
	case strings.HasPrefix(name, "/"):
		return "", errors.New("its name is an absolute path, and entries of an image are named from its root: build the image with a tool that does so, or scan an SBOM of it")
	}
	if len(name) > MaxPath {
		return "", fmt.Errorf("its name has %d bytes, more than the %d of a path", len(name), MaxPath)
	}
	depth := 0
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return "", errors.New(`its name has "..", which leads out of the image`)
		}
		depth++
	}
	if depth > MaxDepth {
		return "", fmt.Errorf("its name has %d elements, more than %d", depth, MaxDepth)
	}
	if name = path.Clean(name); name == "." {
		return "", nil
	}
	return name, nil
}
