// Package osrelease reads the os-release file, by which a distribution names itself.
//
// Only ID, VERSION, VERSION_ID and VERSION_CODENAME are read. A value is a shell word: bare, in
// single or in double quotes, with backslashes in the latter. A line that is none of
// comment, blank or assignment is an error, since what follows cannot be trusted; so is
// one without an end quote. A repeated name counts the last time, as in a shell.
//
// Source: os-release(5), https://www.freedesktop.org/software/systemd/man/os-release.html
package osrelease

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Paths are where the file is, the one that goes first first. The first is a symbolic
// link to the second in most distributions.
var Paths = []string{"etc/os-release", "usr/lib/os-release"}

// Limits of the file.
const (
	MaxSize = 1 << 20
	maxLine = 64 << 10
)

// Release is what the file says. ID is "linux" where it does not say.
type Release struct {
	ID       string // "debian"
	Version  string // VERSION_ID: "12"
	Codename string // VERSION_CODENAME: "bookworm"
	Name     string // VERSION, for people: "12 (bookworm)"
}

// Parse reads the file. An error names the line.
func Parse(r io.Reader) (Release, error) {
	release := Release{ID: "linux"} // the default of os-release(5)
	lines := bufio.NewScanner(io.LimitReader(r, MaxSize+1))
	lines.Buffer(nil, maxLine)
	size := 0
	for n := 1; lines.Scan(); n++ {
		if size += len(lines.Bytes()) + 1; size > MaxSize {
			return Release{}, fmt.Errorf("it is longer than %d bytes", MaxSize)
		}
		line := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		if line == "" || line[0] == '#' {
			continue
		}
		name, text, ok := strings.Cut(line, "=")
		if !ok {
			return Release{}, fmt.Errorf("line %d is no assignment: %.80q", n, line)
		}
		value, err := unquote(text)
		if err != nil {
			return Release{}, fmt.Errorf("line %d: %w", n, err)
		}
		switch name {
		case "ID":
			release.ID = value
		case "VERSION_ID":
			release.Version = value
		case "VERSION_CODENAME":
			release.Codename = value
		case "VERSION":
			release.Name = value
		}
	}
	if err := lines.Err(); err != nil {
		return Release{}, err
	}
	return release, nil
}

// unquote reads a shell word.
func unquote(s string) (string, error) {
	if s == "" || s[0] != '"' && s[0] != '\'' {
		return s, nil
	}
	quote := s[0]
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == quote && i == len(s)-1:
			return b.String(), nil
		case s[i] == quote:
			return "", fmt.Errorf("%.80q goes on after its quotes", s)
		case s[i] == '\\' && quote == '"' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return "", errors.New("a quote is not closed")
}
