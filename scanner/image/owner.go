package image

import (
	"path"

	"github.com/stella-ops/stella/scanner/image/dpkg"
)

// owners says for the files of the tree which package of the operating system they
// belong to: the lists of dpkg, and those in the databases of apk and rpm. A list may name
// a file by a path with links in it: lib/x for what is usr/lib/x.
func (c *collector) owners() (map[string]string, error) {
	o := &owners{tree: c.tree, byPath: map[string]string{}, dirs: map[string]string{}}
	for _, h := range c.histories {
		for _, p := range h.now.packages {
			o.add(p.name, p.files)
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
			owner := dpkg.PackageOf(base)
			// Beside NAME.list there is NAME.md5sums, which names no more files.
			if owner == "" || list.dir == dpkg.InfoDir && path.Ext(base) != ".list" {
				continue
			}
			files, err := list.parse(n.open())
			if err != nil {
				c.unreadable(names[i], "it cannot be read, so that files of "+owner+" are not known for its: "+err.Error())
				continue
			}
			o.add(owner, files)
		}
	}
	return o.byPath, nil
}

type owners struct {
	tree   *tree
	byPath map[string]string
	dirs   map[string]string // directories without links, by how lists spell them
}

func (o *owners) add(owner string, files []string) {
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
		o.byPath[path.Join(real, base)] = owner
	}
}
