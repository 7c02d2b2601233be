package image

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// A tree is the files of an image after some of its layers.
type tree struct {
	root    *treeNode
	removed map[string]*treeNode // by path: what the layer at work took out of those below
}

// A treeNode is a file of a tree. Only directories change, by getting other children.
type treeNode struct {
	kind     kind
	layer    int // that brought it
	name     string
	children map[string]*treeNode // of a directory
	link     string               // of a symbolic link
	content  *section             // of the layer
	offset   int64
	size     int64
	// before is the file that was at this path below this file's layer: with it, the
	// path has held a file since before.layer, without a break.
	before *treeNode
}

func (n *treeNode) open() *section { return io.NewSectionReader(n.content, n.offset, n.size) }

func newTree() *tree { return &tree{root: &treeNode{kind: isDir, children: map[string]*treeNode{}}} }

// An entryError is a fault of one entry of a layer.
func entryError(name string, err error) error { return fmt.Errorf("entry %q: %w", name, err) }

var errLoop = errors.New("its symbolic links go in a circle, or on for too long")

// apply puts layer number n on top. First the whiteouts, which concern what is below the
// layer and nothing in it, wherever in the tar they stand; then the entries in order, with
// hard links last, for their targets may come after them.
func (t *tree) apply(n int, l *layer) error {
	t.removed = map[string]*treeNode{}
	for _, name := range l.opaque {
		if err := t.clear(name); err != nil {
			return entryError(path.Join(name, whiteoutOpaque), err)
		}
	}
	for _, name := range l.gone {
		if err := t.remove(name); err != nil {
			return entryError(name, err)
		}
	}
	for pass := range 2 {
		for _, e := range l.entries {
			if (e.kind == isHardLink) != (pass == 1) {
				continue
			}
			if err := t.put(n, l, e); err != nil {
				return entryError(e.name, err)
			}
		}
	}
	t.removed = nil
	return nil
}

// clear empties a directory.
func (t *tree) clear(name string) error {
	dir, at, err := t.resolve(name, true)
	if errors.Is(err, fs.ErrNotExist) || err == nil && dir.kind != isDir {
		return nil // below this layer there is nothing to hide
	}
	if err != nil {
		return err
	}
	for child, n := range dir.children {
		t.removed[path.Join(at, child)] = n
	}
	dir.children = map[string]*treeNode{}
	return nil
}

// remove takes out a path with all that is below it.
func (t *tree) remove(name string) error {
	dir, at, err := t.resolve(path.Dir(name), true)
	if errors.Is(err, fs.ErrNotExist) || err == nil && dir.kind != isDir {
		return nil
	}
	if err != nil {
		return err
	}
	base := path.Base(name)
	if n := dir.children[base]; n != nil {
		t.removed[path.Join(at, base)] = n
		delete(dir.children, base)
	}
	return nil
}

// put adds one entry.
func (t *tree) put(n int, l *layer, e entry) error {
	dir, at, err := t.makeDirs(n, path.Dir(e.name))
	if err != nil {
		return err
	}
	base := path.Base(e.name)
	old := dir.children[base]
	if e.kind == isDir && old != nil && old.kind == isDir {
		return nil
	}
	made := &treeNode{kind: e.kind, layer: n, name: base, link: e.link, content: l.content, offset: e.offset, size: e.size}
	switch e.kind {
	case isDir:
		made.children = map[string]*treeNode{}
	case isHardLink:
		target, _, err := t.resolve(e.link, false)
		if err != nil {
			return fmt.Errorf("it is a hard link to %q: %w", e.link, err)
		}
		if target.kind == isDir {
			return fmt.Errorf("it is a hard link to %q, a directory", e.link)
		}
		made.kind, made.link, made.content, made.offset, made.size = target.kind, target.link, target.content, target.offset, target.size
	}
	if old == nil {
		old = t.removedAt(path.Join(at, base))
	}
	if old != nil && old.kind == isFile && made.kind == isFile {
		if made.before = old; old.layer == n { // the name twice in one layer: the last counts
			made.before = old.before
		}
	}
	dir.children[base] = made
	return nil
}

// removedAt finds what the layer at work has taken out at a path, or with a directory
// above it.
func (t *tree) removedAt(name string) *treeNode {
	for above, rest := name, ""; above != "." && above != ""; {
		if n := t.removed[above]; n != nil {
			for part := range strings.SplitSeq(rest, "/") {
				if part == "" {
					continue
				}
				if n = n.children[part]; n == nil {
					return nil
				}
			}
			return n
		}
		rest = path.Join(path.Base(above), rest)
		above = path.Dir(above)
	}
	return nil
}

// makeDirs resolves a directory for layer n, and makes what is missing of it: layers may
// leave out the entries of directories.
func (t *tree) makeDirs(n int, name string) (*treeNode, string, error) {
	dir, at, err := t.walk(name, true, n)
	if err == nil && dir.kind != isDir {
		err = fmt.Errorf("%s is no directory", at)
	}
	return dir, at, err
}

// resolve finds a path with its symbolic links followed, the last one only if wanted. All
// of it stays within the image: an absolute link begins at its root, and ".." ends there.
// It gives the path without links, too.
func (t *tree) resolve(name string, followLast bool) (*treeNode, string, error) {
	return t.walk(name, followLast, -1)
}

// walk is resolve; with a layer of 0 or more, it makes directories that are missing.
func (t *tree) walk(name string, followLast bool, layer int) (*treeNode, string, error) {
	type step struct {
		dir  *treeNode
		path string
	}
	at := []step{{t.root, ""}} // from the root to where we are
	todo := strings.Split(name, "/")
	for links := 0; len(todo) > 0; {
		part := todo[0]
		todo = todo[1:]
		here := at[len(at)-1]
		switch {
		case part == "" || part == ".":
			continue
		case part == "..":
			at = at[:max(1, len(at)-1)]
			continue
		case here.dir.kind != isDir:
			if layer >= 0 {
				return nil, "", fmt.Errorf("%s is no directory", here.path)
			}
			return nil, "", fs.ErrNotExist
		}
		next := here.dir.children[part]
		if next == nil {
			if layer < 0 {
				return nil, "", fs.ErrNotExist
			}
			next = &treeNode{kind: isDir, layer: layer, name: part, children: map[string]*treeNode{}}
			here.dir.children[part] = next
		}
		if next.kind == isSymlink && (followLast || len(todo) > 0) {
			if links++; links > MaxLinks {
				return nil, "", errLoop
			}
			if strings.HasPrefix(next.link, "/") {
				at = at[:1]
			}
			todo = append(strings.Split(next.link, "/"), todo...)
			if len(todo) > MaxDepth*MaxLinks {
				return nil, "", errLoop
			}
			continue
		}
		if len(at) > MaxDepth {
			return nil, "", fmt.Errorf("%s is nested more than %d deep", here.path, MaxDepth)
		}
		at = append(at, step{next, path.Join(here.path, part)})
	}
	last := at[len(at)-1]
	return last.dir, last.path, nil
}

// file resolves a path to a regular file. There is none where the path leads nowhere or
// to something else.
func (t *tree) file(name string) (*treeNode, string, error) {
	n, at, err := t.resolve(name, true)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, "", nil
	case err != nil:
		return nil, "", fmt.Errorf("%s: %w", name, err)
	case n.kind != isFile:
		return nil, "", nil
	}
	return n, at, nil
}

// list gives the regular files of a directory in the order of their names. Links in it
// are followed.
func (t *tree) list(dir string) ([]*treeNode, []string, error) {
	d, at, err := t.resolve(dir, true)
	if errors.Is(err, fs.ErrNotExist) || err == nil && d.kind != isDir {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", dir, err)
	}
	var nodes []*treeNode
	var names []string
	for _, name := range slices.Sorted(maps.Keys(d.children)) {
		n, p, err := t.file(path.Join(at, name))
		if err != nil {
			return nil, nil, err
		}
		if n != nil {
			nodes, names = append(nodes, n), append(names, p)
		}
	}
	return nodes, names, nil
}

// each calls visit for every regular file, in the order of paths' elements.
func (t *tree) each(visit func(name string, n *treeNode) error) error {
	return eachBelow("", t.root, visit)
}

func eachBelow(at string, n *treeNode, visit func(string, *treeNode) error) error {
	for _, name := range slices.Sorted(maps.Keys(n.children)) {
		child := n.children[name]
		below := path.Join(at, name)
		var err error
		switch child.kind {
		case isDir:
			err = eachBelow(below, child, visit)
		case isFile:
			err = visit(below, child)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
