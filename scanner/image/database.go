package image

import (
	"path"
	"slices"

	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/image/apk"
	"github.com/stella-ops/stella/scanner/image/dpkg"
	"github.com/stella-ops/stella/scanner/image/rpm"
)

// A database is where a package manager keeps what it has installed.
type database struct {
	// files are those that hold packages, none where the image has no such database.
	files func(t *tree) ([]dbFile, error)
	// read reads them.
	read func(files []dbFile) snapshot
}

type dbFile struct {
	path string
	*treeNode
	log    *treeNode // of a database of SQLite, nil where there is none
	beside string    // a file that goes first, "" for that itself
}

// A snapshot is what a database held after some layer.
type snapshot struct {
	packages   []osPackage
	unreadable []scanner.NotEvaluated
}

func (s *snapshot) fail(what, file, reason string) {
	s.unreadable = append(s.unreadable, scanner.NotEvaluated{Package: what, Reason: file + ": " + reason})
}

// An osPackage is a package of the operating system.
type osPackage struct {
	kind                string // purl type
	name, version, arch string
	epoch, module       string // of rpm
	upstream            string // the source package, as the purl's qualifier has it
	location            string // the database's file
	files               []string
}

// key is what makes a package of two snapshots the same one. Where its database stands
// is no part of it: that may move.
func (p osPackage) key() string {
	return p.kind + "\x00" + p.name + "\x00" + p.epoch + "\x00" + p.version + "\x00" + p.arch
}

// A history follows a database through the layers.
type history struct {
	database
	last  []dbFile
	now   snapshot
	since map[string]int // by key: the layer since which a package has been there
}

func newHistories() []*history {
	var all []*history
	for _, d := range []database{
		{files: dpkgFiles, read: readDpkg},
		{files: apkFiles, read: readApk},
		{files: rpmFiles, read: readRPM},
	} {
		all = append(all, &history{database: d, since: map[string]int{}})
	}
	return all
}

// observe looks at the database after layer n. A layer that does not touch its files
// leaves it as it was, whether or not it holds anything; one that takes them away leaves
// it empty. A snapshot that cannot be read says nothing of a break.
func (h *history) observe(n int, t *tree) error {
	files, err := h.files(t)
	if err != nil {
		return err
	}
	if slices.EqualFunc(files, h.last, func(a, b dbFile) bool { return a == b }) {
		return nil
	}
	h.last = files
	h.now = h.read(files)
	since := map[string]int{}
	if h.now.unreadable != nil {
		since = h.since
	}
	for _, p := range h.now.packages {
		key := p.key()
		if first, ok := h.since[key]; ok {
			since[key] = first
		} else {
			since[key] = n
		}
	}
	h.since = since
	return nil
}

// distinct resolves paths to files, each file once.
func distinct(t *tree, paths ...string) ([]dbFile, error) {
	var files []dbFile
	for _, name := range paths {
		n, at, err := t.file(name)
		if err != nil {
			return nil, err
		}
		if n != nil && !slices.ContainsFunc(files, func(f dbFile) bool { return f.path == at }) {
			files = append(files, dbFile{path: at, treeNode: n})
		}
	}
	return files, nil
}

func dpkgFiles(t *tree) ([]dbFile, error) {
	files, err := distinct(t, dpkg.StatusPath)
	if err != nil {
		return nil, err
	}
	nodes, names, err := t.list(dpkg.StatusDir)
	for i, n := range nodes {
		if dpkg.PackageOf(path.Base(names[i])) == "" { // the rest name files
			files = append(files, dbFile{path: names[i], treeNode: n})
		}
	}
	return files, err
}

func readDpkg(files []dbFile) snapshot {
	var s snapshot
	for _, f := range files {
		packages, problems, err := dpkg.Parse(f.open())
		if err != nil {
			s.fail(f.path, "the package database of dpkg cannot be read", err.Error())
			continue
		}
		for _, p := range problems {
			s.fail(p.Package, f.path, p.Reason)
		}
		for _, p := range packages {
			o := osPackage{kind: "deb", name: p.Name, version: p.Version, arch: p.Arch, location: f.path}
			if p.Source != p.Name || p.SourceVersion != p.Version {
				o.upstream = p.Source
				if p.SourceVersion != p.Version {
					o.upstream += "@" + p.SourceVersion
				}
			}
			s.packages = append(s.packages, o)
		}
	}
	return s
}

func apkFiles(t *tree) ([]dbFile, error) { return distinct(t, apk.Paths...) }

func readApk(files []dbFile) snapshot {
	var s snapshot
	for _, f := range files {
		packages, problems, err := apk.Parse(f.open())
		if err != nil {
			s.fail(f.path, "the package database of apk cannot be read", err.Error())
			continue
		}
		for _, p := range problems {
			s.fail(p.Package, f.path, p.Reason)
		}
		for _, p := range packages {
			o := osPackage{kind: "apk", name: p.Name, version: p.Version, arch: p.Arch, location: f.path, files: p.Files}
			if p.Origin != p.Name {
				o.upstream = p.Origin
			}
			s.packages = append(s.packages, o)
		}
	}
	return s
}

// rpmFiles gives of each directory the file of the newest backend: rpm reads one.
func rpmFiles(t *tree) ([]dbFile, error) {
	var all []dbFile
	for _, dir := range rpm.Dirs {
		var here []dbFile
		for _, name := range rpm.Names {
			files, err := distinct(t, path.Join(dir, name))
			if err != nil {
				return nil, err
			}
			here = append(here, files...)
		}
		if len(here) == 0 || slices.ContainsFunc(all, func(f dbFile) bool { return f.path == here[0].path }) {
			continue
		}
		log, _, err := t.file(path.Join(dir, rpm.Names[0]) + rpm.LogSuffix)
		if err != nil {
			return nil, err
		}
		if path.Base(here[0].path) == rpm.Names[0] {
			here[0].log = log
		}
		for i := range here[1:] {
			here[i+1].beside = here[0].path
		}
		all = append(all, here...)
	}
	return all, nil
}

func readRPM(files []dbFile) snapshot {
	var s snapshot
	for _, f := range files {
		if f.beside != "" {
			s.fail(f.path, "it is another package database of rpm, and was not read", f.beside+" stands beside it, in a newer format")
			continue
		}
		var log *section
		if f.log != nil {
			log = f.log.open()
		}
		packages, problems, err := rpm.Read(f.open(), log)
		if err != nil {
			s.fail(f.path, "the package database of rpm cannot be read", err.Error())
			continue
		}
		for _, p := range problems {
			s.fail(p.Package, f.path, p.Reason)
		}
		for _, p := range packages {
			s.packages = append(s.packages, osPackage{
				kind: "rpm", name: p.Name, version: p.Version + "-" + p.Release, arch: p.Arch,
				epoch: p.Epoch, module: p.Module, upstream: p.SourceRPM, location: f.path, files: p.Files,
			})
		}
	}
	return s
}
