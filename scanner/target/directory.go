package target

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/lockfile"
	"github.com/stella-ops/stella/scanner/sbom"
)

// MaxFiles is how many files a directory may hold.
const MaxFiles = 1_000_000

// skipped are the names of directories that are not walked; see the package comment.
var skipped = map[string]bool{".git": true, "node_modules": true}

// A part is a format that is looked for below a directory.
type part struct {
	named func(name string) bool // whether the path tells
	marks []string               // what else tells, in the content of a .json or .xml
	// read is given the path within the directory, with which locations begin.
	read func(r io.Reader, name string) (scanner.Inventory, error)
}

// parts are asked in this order.
var parts = []part{
	{named: lockfile.Known, read: lockfile.Read},
	{named: func(name string) bool { return sbom.IsName(path.Base(name)) }, marks: sbomMarks, read: readSBOMWithin},
}

// A walk reads a directory into one inventory.
type walk struct {
	root  fs.FS
	inv   scanner.Inventory
	sums  []sum
	files int // looked at
}

// A sum is what a line of the target's digest says.
type sum struct{ path, digest string }

func readDirectory(dir string) (scanner.Inventory, error) {
	name, err := filepath.Abs(dir)
	if err != nil {
		return scanner.Inventory{}, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return scanner.Inventory{}, err
	}
	defer root.Close()
	w := &walk{root: root.FS()}
	if err := fs.WalkDir(w.root, ".", w.visit); err != nil {
		return scanner.Inventory{}, fmt.Errorf("reading directory %s: %w", dir, err)
	}
	if w.sums == nil && w.inv.Unreadable == nil {
		return scanner.Inventory{}, fmt.Errorf("directory %s holds no SBOM and no lockfile; name one, or an image, as the target", dir)
	}
	w.inv.Target = scanner.Target{Name: filepath.Base(name), Kind: scanner.KindDirectory, SHA256: w.digest()}
	return w.inv, nil
}

func (w *walk) visit(name string, d fs.DirEntry, err error) error {
	switch {
	case err != nil && name == ".":
		return err
	case err != nil:
		w.unreadable(name, err)
		return fs.SkipDir // of a directory that cannot be listed
	case d.IsDir() && (skipped[d.Name()] || w.installedGems(name)):
		return fs.SkipDir
	case d.IsDir():
		return nil
	}
	if w.files++; w.files > MaxFiles {
		return fmt.Errorf("it holds more than %d files; scan its parts", MaxFiles)
	}
	for _, p := range parts {
		switch named := p.named(name); {
		case named && !d.Type().IsRegular():
			w.unreadable(name, errors.New("it is no regular file; links are not followed: scan what it points to by itself"))
			return nil
		case named, p.marks != nil && d.Type().IsRegular() && mayBeSBOM(d.Name()):
			w.file(name, p, named)
			return nil
		}
	}
	return nil
}

// installedGems says whether a directory is where RubyGems unpacks gems: it is called
// gems and has specifications beside it. A Gemfile.lock in a gem says what its authors
// had, not what is installed (F-174).
func (w *walk) installedGems(name string) bool {
	if path.Base(name) != "gems" {
		return false
	}
	beside, err := fs.Stat(w.root, path.Join(path.Dir(name), "specifications"))
	return err == nil && beside.IsDir()
}

// file reads a file that is a part by its name, or else by a mark in it.
func (w *walk) file(name string, p part, named bool) {
	digest, marked, err := w.look(name, p.marks)
	if err != nil {
		w.sums = append(w.sums, sum{name, strings.Repeat("0", 2*sha256.Size)})
		w.unreadable(name, err)
		return
	}
	if !named && !marked {
		return
	}
	w.sums = append(w.sums, sum{name, digest})
	inv, err := w.part(name, p)
	if err != nil {
		w.unreadable(name, err)
		return
	}
	w.inv.Packages = append(w.inv.Packages, inv.Packages...)
	for _, n := range inv.Unreadable {
		w.inv.Unreadable = append(w.inv.Unreadable, scanner.NotEvaluated{Package: n.Package, Reason: name + ": " + n.Reason})
	}
}

// look gives the digest of a file, and whether it holds one of the marks.
func (w *walk) look(name string, marks []string) (digest string, marked bool, err error) {
	f, err := w.root.Open(name)
	if err != nil {
		return "", false, err
	}
	defer f.Close()
	hash, search := sha256.New(), &search{marks: marks}
	if _, err := io.Copy(io.MultiWriter(hash, search), f); err != nil {
		return "", false, err
	}
	return hex.EncodeToString(hash.Sum(nil)), search.found, nil
}

func (w *walk) part(name string, p part) (scanner.Inventory, error) {
	f, err := w.root.Open(name)
	if err != nil {
		return scanner.Inventory{}, err
	}
	defer f.Close()
	return p.read(f, name)
}

func readSBOMWithin(r io.Reader, name string) (scanner.Inventory, error) {
	inv, err := sbom.Read(r, path.Base(name))
	for i, p := range inv.Packages {
		inv.Packages[i] = within(name, p)
	}
	return inv, err
}

// within puts a file's path before the locations of a package that it names.
func within(name string, p scanner.Package) scanner.Package {
	locations := make([]string, max(1, len(p.Locations)))
	locations[0] = name
	for i, l := range p.Locations {
		locations[i] = name + "#" + l
	}
	p.Locations = locations
	return p
}

// unreadable lists a file or a directory by its path. The operating system's error
// would name the path again.
func (w *walk) unreadable(name string, err error) {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = fmt.Errorf("%s: %w", e.Op, e.Err)
	}
	w.inv.Unreadable = append(w.inv.Unreadable, scanner.NotEvaluated{Package: name, Reason: err.Error()})
}

// digest sorts the lines: fs.WalkDir orders the elements of paths, which puts "a/b"
// before "a.b".
func (w *walk) digest() string {
	slices.SortFunc(w.sums, func(a, b sum) int { return cmp.Compare(a.path, b.path) })
	hash := sha256.New()
	for _, s := range w.sums {
		fmt.Fprintf(hash, "%s  %s\n", s.digest, s.path)
	}
	return hex.EncodeToString(hash.Sum(nil))
}
