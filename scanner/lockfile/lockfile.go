// Package lockfile reads the lockfiles of package managers into a scan's inventory.
//
// # Formats
//
// A lockfile is told by its name; [Known] says which names there are. A name for which
// several versions of a format are in use is read in all of them:
//
//	npm        package-lock.json, npm-shrinkwrap.json (versions 1, 2, 3), yarn.lock (1
//	           and Berry), pnpm-lock.yaml (5, 6, 9; several documents), bun.lock
//	PyPI       requirements*.txt, poetry.lock, Pipfile.lock, uv.lock, pdm.lock, pylock.toml
//	Go         go.mod, go.work
//	crates.io  Cargo.lock (1 to 4)
//	RubyGems   Gemfile.lock, gems.locked
//	Packagist  composer.lock
//	NuGet      packages.lock.json, project.assets.json, *.deps.json, packages.config,
//	           *.csproj, *.fsproj, *.vbproj, Directory.Packages.props, Directory.Build.props
//	Maven      pom.xml, gradle.lockfile, buildscript-gradle.lockfile
//	Hex        mix.lock
//	Pub        pubspec.lock
//	Conan      conan.lock (0.4 and 0.5)
//	Swift      Package.resolved (1 to 3)
//	Actions    .github/workflows/*.yml, *.yaml
//	CocoaPods  Podfile.lock, whose packages are listed and cannot be judged
//
// Of some more formats the name is known and nothing else ([Known] says yes): their
// inventory is one entry of Unreadable that says what to do instead. A tree whose
// lockfile is not read is never a tree without packages.
//
// # What counts as a package
//
// What a registry delivered, in the version that the file pins. Each entry of the file
// ends in Inventory.Packages, or in Inventory.Unreadable with the reason:
//
//   - what comes from a directory, from git, from a URL or from the workspace is not
//     the registry's package of that name, and no advisory about that concerns it;
//   - a range, or no version, pins nothing. The least version of a range is not what
//     is installed, and is not taken for it;
//   - a reference to another file (pip's -r, a Maven parent or BOM) is not followed.
//
// The project that the file belongs to is the target and not a package; where the
// file names it, it is Target.Name. A private registry's package is judged by the
// public one's advisories: most of them are mirrors, and a lockfile does not say which
// are not. Cargo says it, so a crate of another registry is not judged.
//
// Conditions are not judged: a marker of PEP 508, a profile of Maven's, a condition of
// MSBuild's. What stands under one is a package, and its location or the lack of a
// version says the rest.
//
// Scope removes nothing. A package that is needed for development, for tests, on some
// platform only or optionally is judged like any other; its location says so.
//
// # Locations
//
// A package's location is the name of the file as [Read] was given it, "#" and the
// path of the entry where the file has several of one name
// ("package-lock.json#node_modules/a/node_modules/b"), and the scope in parentheses
// where the file says one ("poetry.lock#(dev)").
//
// # Known holes
//
// pnpm 9 and Yarn do not say what is for development, nor does poetry.lock of Poetry
// 1.5 to 1.8; nothing is said then. pom.xml and project files of .NET list what a
// project asks for and not what that brings in, which is said once for each file.
// Manifests beside a lockfile (package.json, pyproject.toml) are not read.
//
// # Limits
//
// A file may have [MaxSize] bytes, one of YAML or TOML [MaxTree]; values may be nested
// [MaxDepth] deep, and there may be [MaxEntries] entries. YAML aliases are refused: no
// package manager writes them.
//
// Sources: the formats' own documentation; each file of this package names its.
package lockfile

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/stella-ops/stella/scanner"
)

// Limits of an input.
const (
	MaxSize    = 64 << 20 // bytes
	MaxTree    = 8 << 20  // bytes of YAML or TOML, whose trees weigh a hundred times their text
	MaxDepth   = 100      // of values within one another
	MaxEntries = 1_000_000
)

// A format is one kind of lockfile.
type format struct {
	kind  string   // Target.Kind
	names []string // patterns of path.Match for the end of the path in lower case
	read  func(c *collector, data []byte) error
}

// formats are asked in this order.
var formats = []format{
	{"npm", []string{"package-lock.json", "npm-shrinkwrap.json"}, readNPM},
	{"pnpm", []string{"pnpm-lock.yaml"}, readPNPM},
	{"yarn", []string{"yarn.lock"}, readYarn},
	{"requirements", []string{"requirements*.txt", "*-requirements.txt", "*_requirements.txt", "*.requirements.txt"}, readRequirements},
	{"poetry", []string{"poetry.lock"}, readPython},
	{"pipenv", []string{"pipfile.lock"}, readPipfile},
	{"uv", []string{"uv.lock"}, readPython},
	{"pdm", []string{"pdm.lock"}, readPython},
	{"pylock", []string{"pylock.toml", "pylock.*.toml"}, readPython},
	{"cargo", []string{"cargo.lock"}, readCargo},
	{"gomod", []string{"go.mod"}, readGoMod},
	{"gowork", []string{"go.work"}, readGoWork},
	{"bundler", []string{"gemfile.lock", "gems.locked"}, readGem},
	{"composer", []string{"composer.lock"}, readComposer},
	{"nuget-lock", []string{"packages.lock.json"}, readNuGetLock},
	{"dotnet", []string{"project.assets.json", "*.deps.json"}, readDotnetLibraries},
	{"packages-config", []string{"packages.config"}, readPackagesConfig},
	{"msbuild", []string{"*.csproj", "*.fsproj", "*.vbproj", "directory.packages.props", "directory.build.props"}, readMSBuild},
	{"maven", []string{"pom.xml"}, readMaven},
	{"gradle", []string{"gradle.lockfile", "buildscript-gradle.lockfile"}, readGradle},
	{"bun", []string{"bun.lock"}, readBun},
	{"mix", []string{"mix.lock"}, readMix},
	{"pub", []string{"pubspec.lock"}, readPub},
	{"conan", []string{"conan.lock"}, readConan},
	{"github-actions", []string{".github/workflows/*.yml", ".github/workflows/*.yaml"}, readActions},
	{"cocoapods", []string{"podfile.lock"}, readPods},
	{"swift", []string{"package.resolved"}, readSwift},
}

func find(name string) *format {
	name = strings.ToLower(name)
	for i := range formats {
		for _, pattern := range formats[i].names {
			if ok, _ := path.Match(pattern, lastElements(name, 1+strings.Count(pattern, "/"))); ok { // TestFormats holds the patterns well formed
				return &formats[i]
			}
		}
	}
	return nil
}

// lastElements are the last n elements of a path, or all there are.
func lastElements(name string, n int) string {
	elements := strings.Split(name, "/")
	return strings.Join(elements[max(0, len(elements)-n):], "/")
}

// Known reports whether name, a path with slashes or a base name, is a lockfile's. Case
// does not matter. A workflow is known by its directory too, the others by their base
// names alone.
func Known(name string) bool {
	return find(name) != nil || unread[strings.ToLower(path.Base(name))] != ""
}

// Read reads the lockfile r to its end. name is its path with slashes: its base tells
// the format, and the whole of it stands in locations and errors. There is no partial
// inventory: with an error, the inventory is empty.
func Read(r io.Reader, name string) (scanner.Inventory, error) {
	inv, err := read(r, name)
	if err != nil {
		return scanner.Inventory{}, fmt.Errorf("reading lockfile %s: %w", name, err)
	}
	return inv, nil
}

func read(r io.Reader, name string) (scanner.Inventory, error) {
	base := path.Base(name)
	f, instead := find(name), unread[strings.ToLower(base)]
	if f == nil && instead == "" {
		return scanner.Inventory{}, errors.New("its name is that of no lockfile known here")
	}
	data, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	switch {
	case err != nil:
		return scanner.Inventory{}, err
	case len(data) > MaxSize:
		return scanner.Inventory{}, fmt.Errorf("it is larger than %d MiB; is it a lockfile?", MaxSize>>20)
	}
	c := newCollector(name)
	if f == nil {
		c.inv.Target.Kind = kindUnread
		c.skip(name, instead)
	} else if err := f.parse(c, data); err != nil {
		return scanner.Inventory{}, err
	}
	if c.entries > MaxEntries {
		return scanner.Inventory{}, fmt.Errorf("it has more than %d entries; is it a lockfile?", MaxEntries)
	}
	inv := c.inventory()
	sum := sha256.Sum256(data)
	inv.Target.SHA256 = hex.EncodeToString(sum[:])
	if inv.Target.Name == "" {
		inv.Target.Name = base
	}
	return inv, nil
}

func (f *format) parse(c *collector, data []byte) error {
	text, err := decode(data)
	if err != nil {
		return err
	}
	c.inv.Target.Kind = f.kind
	return f.read(c, text)
}

// decode gives UTF-8 without byte order mark. A mark chooses UTF-16, as Windows shells
// write it (F-282); every tool that reads these formats takes a file without one for
// UTF-8.
func decode(data []byte) ([]byte, error) {
	text, _, err := transform.Bytes(unicode.BOMOverride(encoding.Nop.NewDecoder()), data)
	switch {
	case err != nil:
		return nil, fmt.Errorf("its text cannot be decoded: %w; save it as UTF-8", err)
	case !utf8.Valid(text):
		return nil, errors.New("its text is not UTF-8; save it as UTF-8")
	case strings.TrimSpace(string(text)) == "":
		return nil, errors.New("it is empty; was it written to the end?")
	}
	return text, nil
}
