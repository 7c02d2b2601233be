package image

import (
	"path"

	"github.com/stella-ops/stella/scanner/image/dpkg"
)

// An owner is the package of the operating system that a file belongs to.
type owner struct {
	name string
	// layer is the last one in which the package manager wrote down its files. What a
	// higher layer put at the path is not the package's.
	layer int
}

// owners finds the owners of files: by the lists of dpkg, and those in the databases of
// apk and rpm. A list may name a file by a path with links in it: lib/x for what is
// usr/lib/x.
func (c *collector) owners() (map[string]owner, error) {
	o := &owners{tree: c.tree, byPath: map[string]owner{}, dirs: map[string]string{}}
	for _, h := range c.histories {
		written := 0
		for _, f := range h.last {
			written = max(written, f.layer)
		}
		for _, p := range h.now.packages {
			o.add(owner{p.name, written}, p.files)
		}
	}
	for _, list := range []struct {
		dir   string
		parse func(*section) ([]string, error)
	}{
		{dpkg.InfoDir, func(r *section) ([]string, error) { return dpkg.ParseList(r) }},
		{dpkg.StatusDir, func(r *section) ([]string, error) { return dpkg.ParseSums(r) }},
	} {
		nodes, names, err := c.tree.list(list.dir)
		if err != nil {
			return nil, err
		}
		for i, n := range nodes {
			base := path.Base(names[i])
			name := dpkg.PackageOf(base)
			// Beside NAME.list there is NAME.md5sums, which names no more files.
			if name == "" || list.dir == dpkg.InfoDir && path.Ext(base) != ".list" {
				continue
			}
			files, err := list.parse(n.open())
			if err != nil {
				c.unreadable(names[i], "it cannot be read, so that files of "+name+" are not known for its: "+err.Error())
				continue
			}
			o.add(owner{name, n.layer}, files)
		}
	}
	return o.byPath, nil
}

type owners struct {
	tree   *tree
	byPath map[string]owner
	dirs   map[string]string // directories without links, by how lists spell them
}

func (o *owners) add(by owner, files []string) {
	for _, name := range files {
		dir, base := path.Split(path.Clean(name))
		real, ok := o.dirs[dir]
		if !ok {
			real = path.Clean(dir)
			if n, at, err := o.tree.resolve(dir, true); err == nil && n.kind == isDir {
				real = at
			}
			o.dirs[dir] = real
		}
		o.byPath[path.Join(real, base)] = by
	}
}
