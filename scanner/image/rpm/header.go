package rpm

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
)

// Tags and types of rpmtag.h.
const (
	tagName         = 1000
	tagVersion      = 1001
	tagRelease      = 1002
	tagEpoch        = 1003
	tagArch         = 1022
	tagOldFilenames = 1027
	tagSourceRPM    = 1044
	tagDirIndexes   = 1116
	tagBasenames    = 1117
	tagDirnames     = 1118
	tagModule       = 5096

	typeInt32       = 4
	typeString      = 6
	typeStringArray = 8
	typeI18NString  = 9
)

const maxTags = 0xffff // as header.c

// A header is the values of one package by tag.
type header struct {
	entries map[uint32]headerEntry
	data    []byte
}

type headerEntry struct{ kind, offset, count uint32 }

// parseHeader reads what headerExport writes: two counts, an index, data; all numbers in
// network order. With an error, the package has the name if that could be read.
func parseHeader(blob []byte) (Package, error) {
	if len(blob) < 8 {
		return Package{}, fmt.Errorf("its header has %d bytes, fewer than any", len(blob))
	}
	tags, size := binary.BigEndian.Uint32(blob), binary.BigEndian.Uint32(blob[4:])
	if tags == 0 || tags > maxTags || size > MaxHeader || uint64(len(blob)) < 8+16*uint64(tags)+uint64(size) {
		return Package{}, fmt.Errorf("its header says that it has %d tags and %d bytes of data, but has %d bytes", tags, size, len(blob))
	}
	h := header{entries: make(map[uint32]headerEntry, tags), data: blob[8+16*tags:][:size]}
	for i := range tags {
		e := blob[8+16*i:]
		h.entries[binary.BigEndian.Uint32(e)] = headerEntry{binary.BigEndian.Uint32(e[4:]), binary.BigEndian.Uint32(e[8:]), binary.BigEndian.Uint32(e[12:])}
	}
	return h.asPackage()
}

func (h header) asPackage() (Package, error) {
	var p Package
	var errs []error
	text := func(tag uint32) string {
		s, err := h.text(tag)
		errs = append(errs, err)
		return s
	}
	p.Name, p.Version, p.Release, p.Arch = text(tagName), text(tagVersion), text(tagRelease), text(tagArch)
	p.SourceRPM, p.Module = text(tagSourceRPM), text(tagModule)
	if p.SourceRPM == "(none)" {
		p.SourceRPM = ""
	}
	epoch, err := h.numbers(tagEpoch)
	if errs = append(errs, err); len(epoch) > 0 {
		p.Epoch = strconv.FormatUint(uint64(epoch[0]), 10)
	}
	p.Files, err = h.files()
	errs = append(errs, err)
	switch err := errors.Join(errs...); {
	case err != nil:
		return p, err
	case p.Name == "":
		return p, errors.New("its header has no name")
	case p.Version == "":
		return p, errors.New("its header has no version")
	}
	return p, nil
}

// value is the data of a tag from its beginning on, nil where the header has no such tag.
func (h header) value(tag uint32, kinds ...uint32) ([]byte, uint32, error) {
	e, ok := h.entries[tag]
	if !ok {
		return nil, 0, nil
	}
	known := false
	for _, k := range kinds {
		known = known || k == e.kind
	}
	if !known || e.offset > uint32(len(h.data)) {
		return nil, 0, fmt.Errorf("its header's tag %d is damaged: type %d at %d of %d bytes", tag, e.kind, e.offset, len(h.data))
	}
	return h.data[e.offset:], e.count, nil
}

func (h header) text(tag uint32) (string, error) {
	all, err := h.texts(tag, typeString, typeI18NString)
	if len(all) == 0 {
		return "", err
	}
	return all[0], err
}

func (h header) texts(tag uint32, kinds ...uint32) ([]string, error) {
	data, count, err := h.value(tag, kinds...)
	if err != nil || data == nil {
		return nil, err
	}
	if uint64(count) > uint64(len(data)) {
		return nil, fmt.Errorf("its header's tag %d has %d strings in %d bytes", tag, count, len(data))
	}
	all := make([]string, 0, count)
	for range count {
		s, rest, ok := bytes.Cut(data, []byte{0})
		if !ok {
			return nil, fmt.Errorf("its header's tag %d has a string without an end", tag)
		}
		all, data = append(all, string(s)), rest
	}
	return all, nil
}

func (h header) numbers(tag uint32) ([]uint32, error) {
	data, count, err := h.value(tag, typeInt32)
	if err != nil || data == nil {
		return nil, err
	}
	if uint64(count)*4 > uint64(len(data)) {
		return nil, fmt.Errorf("its header's tag %d has %d numbers in %d bytes", tag, count, len(data))
	}
	all := make([]uint32, count)
	for i := range all {
		all[i] = binary.BigEndian.Uint32(data[4*i:])
	}
	return all, nil
}

// files joins each base name with the directory that its index names. Headers of before
// rpm 4 have whole paths. Paths are given from the root, without a slash before them.
func (h header) files() ([]string, error) {
	names, err := h.texts(tagOldFilenames, typeStringArray)
	if err != nil {
		return nil, err
	}
	bases, errBases := h.texts(tagBasenames, typeStringArray)
	dirs, errDirs := h.texts(tagDirnames, typeStringArray)
	indexes, errIndexes := h.numbers(tagDirIndexes)
	if err := errors.Join(errBases, errDirs, errIndexes); err != nil {
		return nil, err
	}
	if len(indexes) != len(bases) {
		return nil, fmt.Errorf("its header has %d files and the directories of %d", len(bases), len(indexes))
	}
	for i, base := range bases {
		if indexes[i] >= uint32(len(dirs)) {
			return nil, fmt.Errorf("its header names directory %d of %d", indexes[i], len(dirs))
		}
		names = append(names, path.Join(dirs[indexes[i]], base))
	}
	for i, name := range names {
		names[i] = strings.TrimPrefix(name, "/")
	}
	return names, nil
}
