package image

import (
	"archive/tar"
	"errors"
	"fmt"
	"path"
	"strings"
)

// A layer is the entries of one layer's tar, and where its bytes are.
type layer struct {
	content *section
	entries []entry
	// Whiteouts, which concern only what lower layers hold: names of paths that are
	// gone, and of directories whose content is.
	gone, opaque []string
}

type entry struct {
	name   string
	kind   kind
	link   string
	offset int64
	size   int64
}

type kind uint8

const (
	isDir kind = iota
	isFile
	isSymlink
	isHardLink
	isOther // a device, a pipe: it hides what was at its path
)

// Names of whiteouts, of the OCI image specification, "Layer".
const (
	whiteoutPrefix = ".wh."
	whiteoutOpaque = ".wh..wh..opq"
	whiteoutMeta   = ".wh..wh." // AUFS's own files
)

// readLayer reads the headers of a layer's tar. count is that of all the entries so far.
func readLayer(content *section, count *int, limit int) (*layer, error) {
	l := &layer{content: content}
	err := eachEntry(content, func(h *tar.Header, offset int64) error {
		if *count++; *count > limit {
			return fmt.Errorf("the image's layers have more than %d entries", limit)
		}
		return l.add(h, offset)
	})
	return l, err
}

func (l *layer) add(h *tar.Header, offset int64) error {
	name, err := cleanName(h.Name)
	if err != nil {
		return err
	}
	dir, base := path.Split(name)
	dir = strings.TrimSuffix(dir, "/")
	switch {
	case name == "":
		if h.Typeflag != tar.TypeDir {
			return errors.New("it stands for the root of the image, and is no directory")
		}
		return nil
	case base == whiteoutOpaque:
		l.opaque = append(l.opaque, dir)
		return nil
	case strings.HasPrefix(base, whiteoutMeta):
		return nil
	case strings.HasPrefix(base, whiteoutPrefix):
		victim := strings.TrimPrefix(base, whiteoutPrefix)
		if victim == "" || victim == "." || victim == ".." {
			return errors.New("it is a whiteout of no name")
		}
		l.gone = append(l.gone, path.Join(dir, victim))
		return nil
	}
	e := entry{name: name, offset: offset, size: h.Size}
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeCont:
		e.kind = isFile
	case tar.TypeDir:
		e.kind = isDir
	case tar.TypeSymlink:
		e.kind, e.link = isSymlink, h.Linkname
	case tar.TypeLink:
		e.kind = isHardLink
		if e.link, err = cleanLink(h.Linkname); err != nil {
			return err
		}
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		e.kind = isOther
	default:
		return fmt.Errorf("it is of type %q, which no layer has", h.Typeflag)
	}
	if len(e.link) > MaxPath {
		return fmt.Errorf("its link has %d bytes, more than the %d of a path", len(e.link), MaxPath)
	}
	l.entries = append(l.entries, e)
	return nil
}
