// Package apk reads the package database of Alpine and of other distributions that use
// apk-tools 2 and its format.
//
// The database is one file. A package is a block of lines, each a letter, a colon and a
// value; a blank line ends it. P is the name, V the version, A the architecture, o the
// origin (the source package, which advisories are keyed by), F a directory and R a file
// in the last one. Other letters are not read.
//
// The file was moved from lib/apk/db to usr/lib/apk/db by distributions that merged /usr,
// which keep a symbolic link in the old place, or none: both are looked into.
//
// Source: apk-tools, doc/apk-package.5 and the installed database of apk(5).
package apk

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// Paths are where the database may be.
var Paths = []string{"lib/apk/db/installed", "usr/lib/apk/db/installed"}

// Limits of a database.
const (
	MaxSize     = 512 << 20
	maxLine     = 1 << 20
	maxPackages = 1_000_000
	maxFiles    = 10_000_000
)

// A Package is an installed package.
type Package struct {
	Name, Version, Arch string
	// Origin is the source package, Name where the block names none.
	Origin string
	// Files are paths from the root, without a slash before them.
	Files []string
}

// A Problem is a block that cannot be made a package of.
type Problem struct {
	Package string // its name, or "line N"
	Reason  string
}

// Parse reads the database to its end. A block that lacks a name or a version is a
// problem; the rest are read. The error is of the whole: the input cannot be read, or is
// over a limit.
func Parse(r io.Reader) ([]Package, []Problem, error) {
	d := &reader{}
	limited := &io.LimitedReader{R: r, N: MaxSize + 1}
	lines := bufio.NewScanner(limited)
	lines.Buffer(nil, maxLine)
	n := 0
	for lines.Scan() {
		n++
		if err := d.line(n, lines.Text()); err != nil {
			return nil, nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, nil, fmt.Errorf("line %d: %w", n+1, err)
	}
	if limited.N == 0 {
		return nil, nil, fmt.Errorf("it is larger than %d bytes", MaxSize)
	}
	if err := d.flush(); err != nil {
		return nil, nil, err
	}
	return d.packages, d.problems, nil
}

type reader struct {
	packages []Package
	problems []Problem
	current  Package
	begin    int // the line of the current block, 0 between blocks
	dir      string
	files    int
}

func (d *reader) line(n int, line string) error {
	if line == "" {
		return d.flush()
	}
	if len(line) < 2 || line[1] != ':' {
		return fmt.Errorf("%.80q is no letter with a value", line)
	}
	if d.begin == 0 {
		d.begin = n
	}
	value := line[2:]
	switch line[0] {
	case 'P':
		d.current.Name = value
	case 'V':
		d.current.Version = value
	case 'A':
		d.current.Arch = value
	case 'o':
		d.current.Origin = value
	case 'F':
		d.dir = value
	case 'R':
		if d.files++; d.files > maxFiles {
			return fmt.Errorf("it lists more than %d files", maxFiles)
		}
		if d.dir != "" {
			value = d.dir + "/" + value
		}
		d.current.Files = append(d.current.Files, value)
	}
	return nil
}

// flush ends a block.
func (d *reader) flush() error {
	if d.begin == 0 {
		return nil
	}
	p, begin := d.current, d.begin
	d.current, d.begin, d.dir = Package{}, 0, ""
	var reason error
	switch {
	case p.Name == "":
		p.Name, reason = fmt.Sprintf("line %d", begin), errors.New("its block has no P, the name")
	case p.Version == "":
		reason = errors.New("its block has no V, the version")
	}
	if reason != nil {
		d.problems = append(d.problems, Problem{Package: p.Name, Reason: reason.Error()})
	} else {
		if p.Origin == "" {
			p.Origin = p.Name
		}
		d.packages = append(d.packages, p)
	}
	if len(d.packages)+len(d.problems) > maxPackages {
		return fmt.Errorf("it lists more than %d packages", maxPackages)
	}
	return nil
}
