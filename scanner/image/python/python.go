// Package python reads the metadata of installed Python distributions.
//
// A wheel leaves NAME.dist-info/METADATA, an egg NAME.egg-info/PKG-INFO or, as a directory
// or a zip, EGG-INFO/PKG-INFO, and distutils a file NAME.egg-info. All have the header
// fields of core metadata; name and version are read of them, the rest and the description
// are not.
//
// Sources: core metadata (https://packaging.python.org/specifications/core-metadata/),
// recording installed projects; setuptools, "The Internal Structure of Python Eggs".
package python

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

const (
	maxSize = 16 << 20 // of the header fields
	maxLine = 1 << 20
)

// IsMetadata says whether a file, by its path, describes a distribution.
func IsMetadata(name string) bool {
	dir, base := path.Split(name)
	dir = path.Base(dir)
	switch base {
	case "METADATA":
		return strings.HasSuffix(dir, ".dist-info")
	case "PKG-INFO":
		return strings.HasSuffix(dir, ".egg-info") || dir == "EGG-INFO"
	}
	return strings.HasSuffix(base, ".egg-info")
}

// A Distribution is what is installed under one name.
type Distribution struct{ Name, Version string }

// Parse reads the fields up to the first blank line.
func Parse(r io.Reader) (Distribution, error) {
	var d Distribution
	limited := &io.LimitedReader{R: r, N: maxSize + 1}
	lines := bufio.NewScanner(limited)
	lines.Buffer(nil, maxLine)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimPrefix(lines.Text(), "\ufeff")
		if strings.TrimSpace(line) == "" {
			break
		}
		if line[0] == ' ' || line[0] == '\t' {
			continue // goes on with a field
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return Distribution{}, fmt.Errorf("line %d is no field: %.80q", n, line)
		}
		value = strings.TrimSpace(value)
		switch strings.ToLower(name) {
		case "name":
			d.Name = value
		case "version":
			d.Version = value
		}
	}
	switch {
	case lines.Err() != nil:
		return Distribution{}, lines.Err()
	case limited.N == 0:
		return Distribution{}, fmt.Errorf("its fields have more than %d bytes", maxSize)
	case d.Name == "":
		return Distribution{}, errors.New("it names no distribution: it has no field Name")
	}
	return d, nil
}
