// Package dpkg reads the package database of Debian and its derivatives.
//
// # Files
//
// The database is the file var/lib/dpkg/status, or, in images without a package
// manager, a file for each package below var/lib/dpkg/status.d. Both hold stanzas of
// control fields; those of status.d have no Status. Beside them, info/NAME.list or
// status.d/NAME.md5sums name a package's files: see [ParseList] and [ParseSums].
//
// # What counts as installed
//
// A package whose files are there: of the states of dpkg(1), all but not-installed and
// config-files. "deinstall ok installed" is selected for removal, and installed still.
//
// # Source packages
//
// The field Source names the source package where its name is another than the binary
// package's, with its version in parentheses where that is another: a binary rebuild
// ("+b1"), or a package with an epoch of its own.
//
// Sources: dpkg(1), deb-control(5), deb-src-control(5); the note on package metadata of
// https://github.com/GoogleContainerTools/distroless.
package dpkg

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Where the database is.
const (
	StatusPath = "var/lib/dpkg/status"
	StatusDir  = "var/lib/dpkg/status.d"
	InfoDir    = "var/lib/dpkg/info"
)

// Limits of a database.
const (
	MaxSize     = 512 << 20
	maxLine     = 1 << 20
	maxPackages = 1_000_000
)

// A Package is an installed binary package.
type Package struct {
	Name, Version, Arch string
	// Source and SourceVersion are the source package's, the binary's own where the
	// stanza names none.
	Source, SourceVersion string
}

// A Problem is a stanza that cannot be made a package of.
type Problem struct {
	Package string // its name, or "line N"
	Reason  string
}

// Parse reads stanzas to the end. Packages that are not installed are left out. A
// stanza that lacks a name or a version is a problem; the rest are read. The error is
// of the whole: the input cannot be read, or is over a limit.
func Parse(r io.Reader) ([]Package, []Problem, error) {
	var packages []Package
	var problems []Problem
	err := stanzas(r, func(line int, field map[string]string) error {
		p, installed, err := packageOf(field)
		switch {
		case err != nil:
			problems = append(problems, Problem{Package: named(field, line), Reason: err.Error()})
		case installed:
			packages = append(packages, p)
		}
		if len(packages)+len(problems) > maxPackages {
			return fmt.Errorf("it lists more than %d packages", maxPackages)
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	return packages, problems, nil
}

func named(field map[string]string, line int) string {
	if name := field["package"]; name != "" {
		return name
	}
	return fmt.Sprintf("line %d", line)
}

func packageOf(field map[string]string) (Package, bool, error) {
	if status, ok := field["status"]; ok {
		installed, err := isInstalled(status)
		if err != nil || !installed {
			return Package{}, false, err
		}
	}
	p := Package{Name: field["package"], Version: field["version"], Arch: field["architecture"]}
	if p.Name == "" {
		return p, false, errors.New("its stanza has no Package")
	}
	if p.Version == "" {
		return p, false, errors.New("its stanza has no Version")
	}
	p.Source, p.SourceVersion = p.Name, p.Version
	if source := field["source"]; source != "" {
		name, rest, ok := strings.Cut(source, "(")
		p.Source = strings.TrimSpace(name)
		if ok {
			version, after, closed := strings.Cut(rest, ")")
			if !closed || strings.TrimSpace(after) != "" || strings.TrimSpace(version) == "" {
				return p, false, fmt.Errorf("its Source is %.200q; want NAME (VERSION)", source)
			}
			p.SourceVersion = strings.TrimSpace(version)
		}
		if p.Source == "" {
			return p, false, fmt.Errorf("its Source is %.200q; want NAME (VERSION)", source)
		}
	}
	return p, true, nil
}

// isInstalled judges a status of three words: what is wanted, an error flag, the state.
func isInstalled(status string) (bool, error) {
	words := strings.Fields(status)
	if len(words) == 3 {
		switch words[2] {
		case "installed", "triggers-pending", "triggers-awaited", "unpacked", "half-configured", "half-installed":
			return true, nil
		case "not-installed", "config-files":
			return false, nil
		}
	}
	return false, fmt.Errorf("its Status is %.200q, which is none of dpkg's", status)
}

// wanted are the fields that are kept, in lower case: names of fields have no case.
var wanted = map[string]bool{"package": true, "status": true, "version": true, "architecture": true, "source": true}

// stanzas calls each with the fields of every stanza and the line that it begins at.
func stanzas(r io.Reader, each func(line int, field map[string]string) error) error {
	limited := &io.LimitedReader{R: r, N: MaxSize + 1}
	lines := bufio.NewScanner(limited)
	lines.Buffer(nil, maxLine)
	field, begin, n := map[string]string{}, 0, 0
	flush := func() error {
		if begin == 0 {
			return nil
		}
		f, at := field, begin
		field, begin = map[string]string{}, 0
		return each(at, f)
	}
	for lines.Scan() {
		n++
		line := lines.Text()
		if strings.TrimSpace(line) == "" {
			if err := flush(); err != nil {
				return err
			}
			continue
		}
		if begin == 0 {
			begin = n
		}
		if line[0] == ' ' || line[0] == '\t' {
			continue // goes on with a field that is not kept, all of which have one line
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return fmt.Errorf("line %d is no field: %.80q", n, line)
		}
		if name = strings.ToLower(name); wanted[name] {
			field[name] = strings.TrimSpace(value)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("line %d: %w", n+1, err)
	}
	if limited.N == 0 {
		return fmt.Errorf("it is larger than %d bytes", MaxSize)
	}
	return flush()
}
