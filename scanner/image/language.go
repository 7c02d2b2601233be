package image

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/image/binary"
	"github.com/stella-ops/stella/scanner/image/gem"
	"github.com/stella-ops/stella/scanner/image/jar"
	"github.com/stella-ops/stella/scanner/image/node"
	"github.com/stella-ops/stella/scanner/image/python"
	"github.com/stella-ops/stella/scanner/purl"
	"github.com/stella-ops/stella/scanner/sbom"
)

// A piece is a package of a language, or something like one, that a file holds.
type piece struct {
	as  purl.Component
	pkg *scanner.Package // of an SBOM, which says what it is
	at  string           // where in the file, "" for all of it
	// reason says why it cannot be judged, "" where it can.
	reason string
}

// label names a piece in a report.
func (p piece) label(file string) string {
	switch {
	case p.pkg != nil && p.pkg.PURL != "":
		return p.pkg.PURL
	case p.pkg != nil && p.pkg.Name != "":
		return p.pkg.Name
	case p.as.PURL != "":
		return p.as.PURL
	case p.as.Name != "":
		return p.as.Name
	}
	return p.location(file)
}

func (p piece) location(file string) string {
	if p.at == "" {
		return file
	}
	return file + p.at
}

// A finder reads one kind of file.
type finder struct {
	wants func(name string, head []byte) bool
	read  func(s *store, name string, r *section) ([]piece, error)
}

// headSize is how much of a file its finder is chosen by.
const headSize = 16

// finders are asked in this order, and the first that wants a file reads it.
var finders = []finder{
	{func(name string, _ []byte) bool { return python.IsMetadata(name) }, readPython},
	{func(name string, _ []byte) bool { return node.IsInstalled(name) }, readNode},
	{func(name string, _ []byte) bool { return node.IsAlone(name) }, readNodeAlone},
	{func(name string, _ []byte) bool { return gem.IsSpecification(name) }, readGem},
	{func(name string, _ []byte) bool { return sbom.IsName(path.Base(name)) }, readSBOM},
	{jar.IsArchive, readJar},
	{func(_ string, head []byte) bool { return binary.IsProgram(head) }, readProgram},
}

// finderOf chooses the finder of a file, nil where none wants it.
func finderOf(name string, n *treeNode) (*finder, error) {
	head, err := headOf(n.open(), headSize)
	if err != nil {
		return nil, fmt.Errorf("entry %q: %w", name, err)
	}
	for i := range finders {
		if finders[i].wants(name, head) {
			return &finders[i], nil
		}
	}
	return nil, nil
}

// languages adds what the files of the tree hold beside the operating system's packages.
func (c *collector) languages(owners map[string]owner) error {
	return c.tree.each(func(name string, n *treeNode) error {
		f, err := finderOf(name, n)
		if f == nil || err != nil {
			return err
		}
		pieces, err := f.read(c.store, name, n.open())
		switch {
		case errors.Is(err, jar.ErrBomb):
			return fmt.Errorf("layer %d (%s): entry %q: %w", n.layer, c.layers[n.layer].DiffID, name, err)
		case err != nil:
			c.unreadable(name, err.Error())
			return nil
		}
		lower := &lowerFiles{finder: f, store: c.store, name: name, at: n}
		for _, p := range pieces {
			c.addPiece(p, name, owners[name], lower.since(p))
		}
		return nil
	})
}

// addPiece lists a piece: as a package, or with the reason why not. What belongs to a
// package of the operating system is that: a distribution fixes what it ships without
// giving it the version in which the upstream project did. What came to the same path in a
// layer above the package's is not the distribution's.
func (c *collector) addPiece(p piece, file string, by owner, layer int) {
	switch {
	case by.name != "" && layer <= by.layer:
		c.unreadable(p.label(file), fmt.Sprintf("%s is a file of the operating system's package %s: advisories for that decide, and not those of the upstream project", p.location(file), by.name))
	case p.reason != "":
		c.unreadable(p.label(file), p.location(file)+": "+p.reason)
	case p.pkg != nil:
		pkg := *p.pkg
		pkg.Layer = &c.layers[layer]
		pkg.Locations = []string{file}
		for i, l := range p.pkg.Locations {
			if i == 0 {
				pkg.Locations = nil
			}
			pkg.Locations = append(pkg.Locations, file+"#"+l)
		}
		c.inv.Packages = append(c.inv.Packages, pkg)
	default:
		c.add(p.as, p.location(file), layer)
	}
}

// lowerFiles looks for pieces in the files that were at the path of one in lower layers.
type lowerFiles struct {
	*finder
	store  *store
	name   string
	at     *treeNode
	labels []map[string]bool // labels by how many layers down
}

// since is the layer since which the path has held a file with the piece.
func (l *lowerFiles) since(p piece) int {
	since := l.at.layer
	for i, n := 0, l.at.before; n != nil; i, n = i+1, n.before {
		if i == len(l.labels) {
			l.labels = append(l.labels, l.labelsOf(n))
		}
		if !l.labels[i][p.at+"\x00"+p.label(l.name)] {
			break
		}
		since = n.layer
	}
	return since
}

func (l *lowerFiles) labelsOf(n *treeNode) map[string]bool {
	labels := map[string]bool{}
	pieces, err := l.read(l.store, l.name, n.open())
	if err != nil {
		return labels // another file, as far as one can tell
	}
	for _, p := range pieces {
		labels[p.at+"\x00"+p.label(l.name)] = true
	}
	return labels
}

func readPython(_ *store, _ string, r *section) ([]piece, error) {
	d, err := python.Parse(r)
	if err != nil {
		return nil, err
	}
	return []piece{pythonPiece(d)}, nil
}

func pythonPiece(d python.Distribution) piece {
	return piece{as: purl.Component{PURL: purlOf("pypi", "", purl.CanonicalName("PyPI", d.Name), d.Version, nil)}}
}

func readNode(_ *store, _ string, r *section) ([]piece, error) {
	p, err := node.Parse(r)
	if err != nil {
		return nil, err
	}
	if p.Name == "" {
		return nil, errors.New("it names no package")
	}
	return []piece{nodePiece(p)}, nil
}

// readNodeAlone leaves out what is no package but a project's settings.
func readNodeAlone(_ *store, _ string, r *section) ([]piece, error) {
	p, err := node.Parse(r)
	if err != nil || p.Name == "" || p.Version == "" {
		return nil, err
	}
	return []piece{nodePiece(p)}, nil
}

func nodePiece(p node.Package) piece {
	scope, name, scoped := strings.Cut(p.Name, "/")
	if !scoped {
		scope, name = "", p.Name
	}
	return piece{as: purl.Component{PURL: purlOf("npm", scope, name, p.Version, nil)}}
}

func readGem(_ *store, _ string, r *section) ([]piece, error) {
	s, err := gem.Parse(r)
	if err != nil {
		return nil, err
	}
	return []piece{{as: purl.Component{PURL: purlOf("gem", "", s.Name, s.Version, nil)}}}, nil
}

func readProgram(_ *store, _ string, r *section) ([]piece, error) {
	modules, err := binary.Read(r)
	var pieces []piece
	for _, m := range modules {
		dir, base := path.Split(m.Name)
		p := piece{as: purl.Component{PURL: purlOf(m.Type, strings.TrimSuffix(dir, "/"), base, m.Version, nil)}, reason: m.Reason}
		pieces = append(pieces, p)
	}
	return pieces, err
}

func readJar(s *store, name string, r *section) ([]piece, error) {
	artifacts, err := jar.Read(r, name, s.spool)
	var pieces []piece
	for _, a := range artifacts {
		p := piece{reason: a.Reason}
		switch {
		case a.Python && a.Artifact != "":
			p = pythonPiece(python.Distribution{Name: a.Artifact, Version: a.Version})
		case a.Group != "" && a.Artifact != "":
			p.as = purl.Component{PURL: purlOf("maven", a.Group, a.Artifact, a.Version, nil)}
		}
		if a.Path != "" {
			p.at = "!/" + a.Path
		}
		pieces = append(pieces, p)
	}
	return pieces, err
}

// readSBOM reads an SBOM that the image brings along.
func readSBOM(_ *store, name string, r *section) ([]piece, error) {
	inv, err := sbom.Read(r, path.Base(name))
	var pieces []piece
	for _, p := range inv.Packages {
		pieces = append(pieces, piece{pkg: &p})
	}
	for _, u := range inv.Unreadable {
		pieces = append(pieces, piece{as: purl.Component{Name: u.Package}, reason: u.Reason})
	}
	return pieces, err
}

// maxInMemory is the most bytes of an archive within another that are not put into a file.
const maxInMemory = 16 << 20

// spool keeps a stream in memory, or in a file where it is long.
func (s *store) spool(r io.Reader) (*section, error) {
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(r, maxInMemory+1))
	if err != nil {
		return nil, err
	}
	if n <= maxInMemory {
		return io.NewSectionReader(bytes.NewReader(b.Bytes()), 0, n), nil
	}
	f, err := s.create()
	if err != nil {
		return nil, err
	}
	n, err = io.Copy(f, io.MultiReader(&b, r))
	return io.NewSectionReader(f, 0, n), err
}
