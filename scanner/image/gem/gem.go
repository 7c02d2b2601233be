// Package gem reads the specifications of installed Ruby gems.
//
// RubyGems writes specifications/NAME-VERSION.gemspec, Ruby code of a fixed form, for
// every gem that is installed; those that come with Ruby are in specifications/default.
// The assignments of name and version are read as strings, with or without ".freeze".
// Nothing is evaluated: a specification that computes them is an error.
//
// Source: RubyGems, Gem::Specification#to_ruby.
package gem

import (
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"
)

const maxSize = 4 << 20

// IsSpecification says whether a file, by its path, is that of an installed gem.
func IsSpecification(name string) bool {
	dir, base := path.Split(name)
	dir = strings.TrimSuffix(dir, "/")
	dir = strings.TrimSuffix(dir, "/default")
	return strings.HasSuffix(base, ".gemspec") && path.Base(dir) == "specifications"
}

// A Spec is the identity of a gem.
type Spec struct{ Name, Version string }

var (
	assignment = regexp.MustCompile(`(?m)^\s*\w+\.(name|version)\s*=\s*(.*?)\s*$`)
	literal    = regexp.MustCompile(`^(?:Gem::Version\.new[( ]\s*)?(?:"([^"\\#]*)"|'([^'\\]*)')(?:\.freeze)?\s*\)?$`)
)

// Parse reads a specification.
func Parse(r io.Reader) (Spec, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxSize+1))
	if err != nil {
		return Spec{}, err
	}
	if len(text) > maxSize {
		return Spec{}, fmt.Errorf("it is larger than %d bytes", maxSize)
	}
	var s Spec
	for _, m := range assignment.FindAllSubmatch(text, -1) {
		value := literal.FindSubmatch(m[2])
		if value == nil {
			return Spec{}, fmt.Errorf("its %s is %.80q and no string; RubyGems writes one when it installs", m[1], m[2])
		}
		to := &s.Name
		if string(m[1]) == "version" {
			to = &s.Version
		}
		if *to == "" {
			*to = string(value[1]) + string(value[2])
		}
	}
	if s.Name == "" || s.Version == "" {
		return Spec{}, errors.New("it has no name or no version")
	}
	return s, nil
}
