package image

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/stella-ops/stella/scanner"
)

// IsArchive says whether a file that begins with head, 512 bytes of it, is to be read as
// an image: a tar, or anything that is packed as one may be.
func IsArchive(head []byte) bool {
	const ustar = 257
	for _, magic := range foreignMagic { // to say that it is packed, and with what
		if bytes.HasPrefix(head, magic) {
			return true
		}
	}
	return bytes.HasPrefix(head, gzipMagic) || bytes.HasPrefix(head, zstdMagic) ||
		len(head) > ustar && bytes.HasPrefix(head[ustar:], []byte("ustar"))
}

// IsLayout says whether a directory is an OCI layout: it has the file oci-layout.
func IsLayout(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, "oci-layout"))
	return err == nil && info.Mode().IsRegular()
}

// Read reads an image: an archive, or the directory of an OCI layout. With an error, the
// inventory is empty; the error names the layer and the entry, and leaves it to the caller
// to name path. Unpacked layers are kept below the system's directory for temporary files
// until Read returns. Several goroutines may read at a time.
func Read(path string) (scanner.Inventory, error) { return read(path, defaultLimits) }

func read(path string, l limits) (scanner.Inventory, error) {
	st := &store{limits: l}
	defer st.close()
	info, err := os.Stat(path)
	if err != nil {
		return scanner.Inventory{}, err
	}
	var src source
	if info.IsDir() {
		d, err := openDirectory(path)
		if err != nil {
			return scanner.Inventory{}, err
		}
		defer d.close()
		src = d
	} else {
		f, err := os.Open(path)
		if err != nil {
			return scanner.Inventory{}, err
		}
		defer f.Close()
		outer, err := st.plain(io.NewSectionReader(f, 0, info.Size()))
		if err != nil {
			return scanner.Inventory{}, err
		}
		if src, err = indexArchive(outer); err != nil {
			return scanner.Inventory{}, err
		}
	}
	found, err := find(src)
	if err != nil {
		return scanner.Inventory{}, err
	}
	if found.name == "" {
		found.name = filepath.Base(path)
	}
	return found.read(src, st)
}

// read reads the layers and what their files hold.
func (f found) read(src source, st *store) (scanner.Inventory, error) {
	ids, err := f.diffIDs()
	if err != nil {
		return scanner.Inventory{}, err
	}
	id := sha256.Sum256(f.config)
	c := &collector{store: st, tree: newTree(), histories: newHistories()}
	c.inv.Target = scanner.Target{Name: f.name, Kind: f.kind, SHA256: hex.EncodeToString(id[:])}
	for _, o := range f.others {
		c.unreadable(o.name, o.reason)
	}
	entries := 0
	for i, name := range f.layers {
		c.layers = append(c.layers, scanner.Layer{Index: i, DiffID: ids[i].String()})
		if err := c.layer(src, name, &entries); err != nil {
			return scanner.Inventory{}, fmt.Errorf("layer %d (%s): %w", i, ids[i], err)
		}
	}
	if err := c.collect(); err != nil {
		return scanner.Inventory{}, err
	}
	return c.inv, nil
}

// layer puts the next layer on the tree, and sees what became of the databases.
func (c *collector) layer(src source, name string, entries *int) error {
	n := len(c.layers) - 1
	packed, err := src.open(name)
	if err != nil {
		return err
	}
	content, err := c.store.plain(packed)
	if err != nil {
		return err
	}
	l, err := readLayer(content, entries, c.store.limits.entries)
	if err != nil {
		return err
	}
	digest, err := digestOf(content)
	if err != nil {
		return err
	}
	if "sha256:"+digest != c.layers[n].DiffID {
		return fmt.Errorf("its bytes have the digest sha256:%s and not the one that the image's configuration names: the archive is damaged", digest)
	}
	if err := c.tree.apply(n, l); err != nil {
		return err
	}
	for _, h := range c.histories {
		if err := h.observe(n, c.tree); err != nil {
			return err
		}
	}
	return nil
}
