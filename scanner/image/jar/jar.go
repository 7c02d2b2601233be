// Package jar reads which Maven artifacts a Java archive holds, and the archives within.
//
// # Coordinates
//
// Maven writes META-INF/maven/GROUP/ARTIFACT/pom.properties into what it builds, and a
// shaded archive keeps those of the artifacts that were put into it: each is one. Only
// that place counts, and only if the coordinates in the file are those of the place.
//
// An archive that has none is named by its manifest and its file: the group is
// Implementation-Vendor-Id, the version Implementation-Version, and the artifact what
// stands before "-VERSION.jar" in the file's name. Where one of these is missing the
// archive is listed with that reason, for the rest would be a guess.
//
// # Archives within archives
//
// Whatever in an archive begins as a zip is opened, under any name, up to [MaxDepth] deep;
// its place is "outer.war!/WEB-INF/lib/inner.jar". One that is the same as an archive it
// is in ends there: it can go on for ever, and holds nothing new.
//
// # Python
//
// A wheel or an egg that was not unpacked is a zip too: see [Artifact].
//
// # Limits
//
// See the constants. An archive that unpacks to far more than an honest one is an error
// that wraps [ErrBomb].
//
// Sources: Maven Archiver, "Maven Archive Configuration"; JAR file specification;
// java.util.Properties; APPNOTE.TXT of PKWARE.
package jar

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/stella-ops/stella/scanner/image/python"
)

// Limits of an archive with all that is within it.
const (
	MaxDepth    = 8
	MaxArchives = 20_000
	MaxUnpacked = 8 << 30 // bytes of archives within archives
	MaxRatio    = 300     // of what all files unpack to, once that is over ratioFree
	ratioFree   = 512 << 20
	maxText     = 1 << 20 // of a manifest or of pom.properties
)

// ErrBomb is wrapped by the error of an archive that is made to exhaust who opens it.
var ErrBomb = errors.New("it is a zip bomb, or built like one")

// extensions are those of archives that Java opens.
var extensions = map[string]bool{
	".jar": true, ".war": true, ".ear": true, ".sar": true, ".par": true, ".jpi": true, ".hpi": true, ".lpkg": true,
}

// IsArchive says whether a file is to be opened, by its first bytes, or by its name where
// other bytes (a shell script) stand before the zip.
func IsArchive(name string, head []byte) bool {
	return bytes.HasPrefix(head, []byte(zipMagic)) || extensions[strings.ToLower(path.Ext(name))]
}

const zipMagic = "PK\x03\x04"

// An Artifact is one that an archive holds, or what is known of one that has no name.
type Artifact struct {
	// Path is the archive within the outermost, "" for that itself.
	Path                     string
	Group, Artifact, Version string
	// Python says that it is a Python distribution: Artifact is its name.
	Python bool
	// Reason says why it cannot be judged, "" where it can.
	Reason string
}

// A Spool keeps a stream for as long as Read takes, so that it can be read at any place.
type Spool func(r io.Reader) (*io.SectionReader, error)

// Read lists the artifacts of an archive. name is its file's name. An archive that is no
// zip, or damaged, is an error; within another it is an artifact with that reason.
func Read(r *io.SectionReader, name string, spool Spool) ([]Artifact, error) {
	d := &reader{spool: spool}
	if err := d.archive(r, path.Base(name), "", nil); err != nil {
		return nil, err
	}
	return d.found, nil
}

type reader struct {
	spool    Spool
	found    []Artifact
	archives int
	unpacked int64
}

func (d *reader) archive(r *io.SectionReader, name, at string, above [][sha256.Size]byte) error {
	if d.archives++; d.archives > MaxArchives {
		return fmt.Errorf("%w: it holds more than %d archives", ErrBomb, MaxArchives)
	}
	z, err := zip.NewReader(r, r.Size())
	if err != nil {
		return err
	}
	if err := checkRatio(z, r.Size()); err != nil {
		return err
	}
	a := archive{at: at, name: name}
	for _, f := range z.File {
		a.file(f)
	}
	d.found = append(d.found, a.artifacts()...)
	return d.nested(z, r, at, above)
}

// checkRatio holds what an archive says that it unpacks to against its size.
func checkRatio(z *zip.Reader, size int64) error {
	var total uint64
	for _, f := range z.File {
		if total += f.UncompressedSize64; total < f.UncompressedSize64 {
			total = 1 << 63
		}
		if total > ratioFree && total/MaxRatio > uint64(size) {
			return fmt.Errorf("%w: its %d bytes unpack to more than %d", ErrBomb, size, total)
		}
	}
	return nil
}

// nested opens the archives within an archive.
func (d *reader) nested(z *zip.Reader, r *io.SectionReader, at string, above [][sha256.Size]byte) error {
	hashed := false
	for _, f := range z.File {
		if ok, err := isZip(f); err != nil {
			d.unreadable(join(at, f.Name), err)
			continue
		} else if !ok {
			continue
		}
		if !hashed { // only of archives that hold others
			self, err := digest(r)
			if err != nil {
				return err
			}
			above, hashed = append(above[:len(above):len(above)], self), true
		}
		if err := d.inner(f, join(at, f.Name), above); err != nil {
			return err
		}
	}
	return nil
}

// inner opens one of them. Only a bomb ends it all.
func (d *reader) inner(f *zip.File, at string, above [][sha256.Size]byte) error {
	if len(above) > MaxDepth {
		d.unreadable(at, fmt.Errorf("it is nested more than %d deep, and was not opened", MaxDepth))
		return nil
	}
	content, err := d.content(f)
	if err == nil {
		sum, errSum := digest(content)
		if errSum != nil {
			return errSum
		}
		if slices.Contains(above, sum) {
			return nil
		}
		err = d.archive(content, path.Base(f.Name), at, above)
	}
	if errors.Is(err, ErrBomb) {
		return fmt.Errorf("%s: %w", at, err)
	}
	if err != nil {
		d.unreadable(at, err)
	}
	return nil
}

func (d *reader) content(f *zip.File) (*io.SectionReader, error) {
	in, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	content, err := d.spool(&budget{r: in, left: MaxUnpacked - d.unpacked})
	if err != nil {
		return nil, err
	}
	d.unpacked += content.Size()
	return content, nil
}

// budget ends a stream that is over what is left.
type budget struct {
	r    io.Reader
	left int64
}

func (b *budget) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n, fmt.Errorf("%w: the archives in it have more than %d bytes", ErrBomb, int64(MaxUnpacked))
	}
	return n, err
}

func (d *reader) unreadable(at string, err error) {
	d.found = append(d.found, Artifact{Path: at, Reason: err.Error()})
}

// isZip looks at the first bytes of a file in an archive.
func isZip(f *zip.File) (bool, error) {
	const smallest = 22 // the end of the central directory
	if f.UncompressedSize64 < smallest || strings.HasSuffix(f.Name, ".class") || f.FileInfo().IsDir() {
		return false, nil
	}
	wanted := extensions[strings.ToLower(path.Ext(f.Name))]
	if f.Flags&1 != 0 {
		if wanted {
			return false, errors.New("it is encrypted")
		}
		return false, nil
	}
	r, err := f.Open()
	if err != nil {
		if wanted {
			return false, err
		}
		return false, nil
	}
	defer r.Close()
	head := make([]byte, len(zipMagic))
	if _, err := io.ReadFull(r, head); err != nil && wanted {
		return false, err
	}
	return IsArchive(f.Name, head), nil
}

func digest(r *io.SectionReader) (sum [sha256.Size]byte, err error) {
	h := sha256.New()
	_, err = io.Copy(h, io.NewSectionReader(r, 0, r.Size()))
	h.Sum(sum[:0])
	return sum, err
}

func join(at, name string) string {
	if at == "" {
		return name
	}
	return at + "!/" + name
}

// text reads a small file of an archive.
func text(f *zip.File) ([]byte, error) {
	if f.UncompressedSize64 > maxText {
		return nil, fmt.Errorf("%s has %d bytes, more than %d", f.Name, f.UncompressedSize64, maxText)
	}
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, maxText))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	return b, nil
}

// pythonOf reads the metadata of a wheel or an egg.
func pythonOf(f *zip.File) (python.Distribution, error) {
	b, err := text(f)
	if err != nil {
		return python.Distribution{}, err
	}
	return python.Parse(bytes.NewReader(b))
}
