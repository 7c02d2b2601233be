// Package imagetest makes container images for tests from a text that can be read.
//
// # Recipe
//
// A recipe is in the form of txtar: prose, then entries, each a line "-- HEADER --"
// and its content up to the next one. The header is LAYER/NAME: a layer's number from 0
// and the name of a tar entry, taken as it is, so that a hostile one can be told.
//
//	-- 0/usr/lib/os-release --
//	ID=debian
//	-- 0/etc/os-release -> ../usr/lib/os-release --
//	-- 0/usr/bin/gunzip => usr/bin/gzip --
//	-- 0/var/cache/ --
//	-- 1/var/.wh.cache --
//	-- 1/opt/.wh..wh..opq --
//	-- 1/opt/app/lib/a.jar!/META-INF/MANIFEST.MF --
//	Manifest-Version: 1.0
//	-- 1/opt/app/logo.png | base64 --
//	iVBORw0KGgo=
//
// "->" is a symbolic link, "=>" a hard link, a slash at the end a directory, and "!/"
// goes into a zip, which may hold others. "|" names how the content is made of the text;
// see [Content]. A header "1 | cut 700" keeps 700 bytes of layer 1. Entries stand in a layer in the recipe's order; directories that the
// recipe does not name are not in the layer.
//
// # Guarantee
//
// The same recipe gives the same bytes with any version of Go: nothing is deflated, and
// times, owners and ids are constant. So digests of layers can stand in golden files.
//
// Sources: OCI image specification 1.1 (https://github.com/opencontainers/image-spec),
// Docker image specification 1.2 for the archive of docker save.
package imagetest

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// An Image is layers, the lowest first.
type Image struct {
	// Tag is the image's name in an archive ("shop:1.0"), "" for none.
	Tag string
	// Architecture is the image's, "amd64" where empty.
	Architecture string
	Layers       []Layer
	// Cut has for layers that are cut off how many bytes of their tar are kept. The
	// image's configuration names such a layer by the digest of the whole.
	Cut map[int]int
}

// A Layer is the entries of one layer's tar, in order.
type Layer []Entry

// An Entry is one entry of a layer's tar.
type Entry struct {
	Name    string
	Type    byte   // of tar.Header
	Link    string // of a symbolic or hard link
	Content []byte
}

// Parse reads a recipe. An error names the header.
func Parse(recipe []byte) (*Image, error) {
	m := &Image{}
	zips := map[[2]int]*archive{} // by layer and entry
	for _, s := range sections(recipe) {
		if err := m.add(s, zips); err != nil {
			return nil, fmt.Errorf("recipe entry %q: %w", s.header, err)
		}
	}
	if len(m.Layers) == 0 {
		return nil, errors.New("the recipe has no entry: one begins with -- 0/name --")
	}
	for at, z := range zips {
		content, err := z.bytes()
		if err != nil {
			return nil, fmt.Errorf("recipe entry %q: %w", m.Layers[at[0]][at[1]].Name, err)
		}
		m.Layers[at[0]][at[1]].Content = content
	}
	return m, nil
}

type section struct {
	header  string
	content []byte
}

// sections splits a recipe at its headers; the prose before the first one is left out.
func sections(recipe []byte) []section {
	var all []section
	for line := range bytes.Lines(recipe) {
		text := strings.TrimRight(string(line), "\r\n")
		if strings.HasPrefix(text, "-- ") && strings.HasSuffix(text, " --") && len(text) > len("--  --") {
			all = append(all, section{header: text[len("-- ") : len(text)-len(" --")]})
		} else if n := len(all); n > 0 {
			all[n-1].content = append(all[n-1].content, line...)
		}
	}
	return all
}

func (m *Image) add(s section, zips map[[2]int]*archive) error {
	if number, size, ok := strings.Cut(s.header, " | cut "); ok && !strings.Contains(number, "/") {
		return m.cut(number, size)
	}
	number, name, ok := strings.Cut(s.header, "/")
	layer, err := strconv.Atoi(number)
	if !ok || err != nil || layer < 0 || layer > len(m.Layers) || name == "" {
		return fmt.Errorf("want LAYER/NAME with a layer of 0 to %d", len(m.Layers))
	}
	if layer == len(m.Layers) {
		m.Layers = append(m.Layers, nil)
	}
	name, form, formed := strings.Cut(name, " | ")
	if formed {
		if s.content, err = Content(form, s.content); err != nil {
			return err
		}
	}
	e := Entry{Name: name, Type: tar.TypeReg, Content: s.content}
	if outer, inner, ok := strings.Cut(name, "!/"); ok {
		at := slices.IndexFunc(m.Layers[layer], func(e Entry) bool { return e.Name == outer })
		if at < 0 {
			at = len(m.Layers[layer])
			m.Layers[layer] = append(m.Layers[layer], Entry{Name: outer, Type: tar.TypeReg})
			zips[[2]int{layer, at}] = &archive{}
		}
		z := zips[[2]int{layer, at}]
		if z == nil {
			return fmt.Errorf("%s is in the recipe already, and is no archive", outer)
		}
		return z.add(inner, s.content)
	}
	if target, link, ok := strings.Cut(name, " -> "); ok {
		e.Name, e.Type, e.Link = target, tar.TypeSymlink, link
	} else if target, link, ok := strings.Cut(name, " => "); ok {
		e.Name, e.Type, e.Link = target, tar.TypeLink, link
	} else if strings.HasSuffix(name, "/") {
		e.Type = tar.TypeDir
	}
	if e.Type != tar.TypeReg && len(bytes.TrimSpace(e.Content)) > 0 {
		return errors.New("a link or directory has no content")
	}
	if e.Type != tar.TypeReg {
		e.Content = nil
	}
	m.Layers[layer] = append(m.Layers[layer], e)
	return nil
}

func (m *Image) cut(number, size string) error {
	layer, err := strconv.Atoi(number)
	keep, errSize := strconv.Atoi(size)
	if err != nil || errSize != nil || layer < 0 || layer >= len(m.Layers) || keep < 0 {
		return errors.New("want LAYER | cut BYTES, with a layer that has entries before it")
	}
	if m.Cut == nil {
		m.Cut = map[int]int{}
	}
	m.Cut[layer] = keep
	return nil
}
