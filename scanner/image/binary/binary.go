// Package binary reads what Go and Rust leave in their programs about the modules and
// crates that these are built of.
//
// The go command writes the version of Go, the main module and its dependencies into
// every program; a dependency that was replaced counts as what replaced it. Rust does so
// when a program is built with cargo auditable, which writes a section .dep-v0. Other
// programs hold no such record, and are none of this package's business.
//
// Not guaranteed: a program whose record was taken out, or whose sections were packed, is
// taken for one without.
//
// Sources: debug/buildinfo; cargo-auditable, PARSING.md and its JSON schema.
package binary

import (
	"bytes"
	"compress/zlib"
	"debug/buildinfo"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// Limits of the record of a Rust program.
const (
	maxSection = 64 << 20
	maxRecord  = 64 << 20
)

// IsProgram says whether a file that begins with head may be a program: ELF, PE or
// Mach-O.
func IsProgram(head []byte) bool {
	for _, magic := range []string{"\x7fELF", "MZ", "\xfe\xed\xfa\xce", "\xfe\xed\xfa\xcf", "\xce\xfa\xed\xfe", "\xcf\xfa\xed\xfe"} {
		if bytes.HasPrefix(head, []byte(magic)) {
			return true
		}
	}
	return false
}

// A Module is a Go module or a Rust crate in a program.
type Module struct {
	// Type is the purl type: "golang" or "cargo".
	Type string
	// Name is a module path, "stdlib" for Go's standard library, or a crate's name.
	Name string
	// Version is "" where the program does not say: of a main module that was built
	// from its source, of a replacement by a directory.
	Version string
	// Reason says why no advisory can be held against it, "" where one can.
	Reason string
}

// Read lists the modules of a program, none where it has no record of them.
func Read(r io.ReaderAt) (modules []Module, err error) {
	// The packages below debug are not made for hostile input.
	defer func() {
		if p := recover(); p != nil {
			modules, err = nil, fmt.Errorf("its structure is damaged: %v", p)
		}
	}()
	if info, err := buildinfo.Read(r); err == nil {
		return goModules(info), nil
	}
	return rustCrates(r)
}

func goModules(info *buildinfo.BuildInfo) []Module {
	release, _, _ := strings.Cut(info.GoVersion, " ") // "go1.21.5 X:boringcrypto"
	modules := []Module{{Type: "golang", Name: "stdlib", Version: strings.TrimPrefix(release, "go")}}
	if info.Main.Path != "" {
		m := Module{Type: "golang", Name: info.Main.Path, Version: info.Main.Version}
		if m.Version == "(devel)" {
			m.Version = ""
		}
		modules = append(modules, m)
	}
	for _, d := range info.Deps {
		m := Module{Type: "golang", Name: d.Path, Version: d.Version}
		if d.Replace != nil {
			m.Name, m.Version = d.Replace.Path, d.Replace.Version
			if isDirectory(d.Replace.Path) { // with the version "(devel)", or none
				m.Name, m.Version = d.Path, ""
				m.Reason = fmt.Sprintf("it is replaced by the directory %q, whose version the program does not say", d.Replace.Path)
			}
		}
		modules = append(modules, m)
	}
	return modules
}

// isDirectory tells what a module is replaced by: Go modules reference, "replace
// directive": a path that begins with ./ or ../, or an absolute one, is a directory's.
func isDirectory(replacement string) bool {
	return strings.HasPrefix(replacement, "./") || strings.HasPrefix(replacement, "../") || path.IsAbs(replacement)
}

const crates = "crates.io"

// rustCrates reads the section .dep-v0: JSON, packed with zlib.
func rustCrates(r io.ReaderAt) ([]Module, error) {
	f, err := elf.NewFile(r)
	if err != nil {
		return nil, nil // another format, or damaged in parts that do not matter here
	}
	s := f.Section(".dep-v0")
	if s == nil {
		return nil, nil
	}
	if s.Size > maxSection {
		return nil, fmt.Errorf("its section .dep-v0 has %d bytes, more than %d", s.Size, maxSection)
	}
	z, err := zlib.NewReader(io.LimitReader(s.Open(), maxSection))
	if err != nil {
		return nil, fmt.Errorf("its section .dep-v0: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(z, maxRecord+1))
	if err != nil {
		return nil, fmt.Errorf("its section .dep-v0: %w", err)
	}
	if len(text) > maxRecord {
		return nil, fmt.Errorf("its section .dep-v0 unpacks to more than %d bytes", maxRecord)
	}
	return parseAuditable(text)
}

func parseAuditable(text []byte) ([]Module, error) {
	var record struct {
		Packages []struct{ Name, Version, Source, Kind string }
	}
	if err := json.Unmarshal(text, &record); err != nil {
		return nil, fmt.Errorf("its section .dep-v0: %w", err)
	}
	var modules []Module
	for _, p := range record.Packages {
		if p.Name == "" {
			return nil, errors.New("its section .dep-v0 has a package without a name")
		}
		m := Module{Type: "cargo", Name: p.Name, Version: p.Version}
		switch {
		case p.Kind == "build":
			m.Reason = "the program was built with it, and does not hold it"
		case p.Source != crates:
			m.Reason = fmt.Sprintf("its source is %q and not %s, whose names advisories use", p.Source, crates)
		}
		modules = append(modules, m)
	}
	return modules, nil
}
