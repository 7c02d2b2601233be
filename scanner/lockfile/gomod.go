package lockfile

import (
	goversion "go/version"
	"path"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
)

// Without canonical versions ("v1", a branch) go.mod is not tidy, but a go.mod: what
// cannot be compared is found out later.
func asWritten(_, version string) (string, error) { return version, nil }

// readGoMod reads go.mod. From Go 1.17 on it lists every module that the build may
// need, in the version that minimal version selection chose.
//
// Sources: go.dev/ref/mod#go-mod-file, go.dev/doc/toolchain.
func readGoMod(c *collector, data []byte) error {
	f, err := modfile.Parse(c.name, data, asWritten)
	if err != nil {
		return err
	}
	if f.Module != nil {
		c.inv.Target.Name = f.Module.Mod.Path
	}
	excluded := map[module.Version]bool{}
	for _, e := range f.Exclude {
		excluded[e.Mod] = true
	}
	replaced := map[module.Version]module.Version{} // by path, and by path and version
	for _, r := range f.Replace {
		replaced[r.Old] = r.New
	}
	for _, r := range f.Require {
		c.goModule(r, replaced, excluded)
	}
	c.goStdlib(f.Go, f.Toolchain)
	if goLine(f.Go) == "" || goversion.Compare(goLine(f.Go), "go1.17") < 0 {
		c.skip(c.name, "before go 1.17 it does not list what its modules require; run go mod tidy -go=1.17, or scan the binary")
	}
	return nil
}

func (c *collector) goModule(r *modfile.Require, replaced map[module.Version]module.Version, excluded map[module.Version]bool) {
	mod, scope := r.Mod, when(r.Indirect, "indirect")
	if excluded[mod] {
		c.skip(label(mod.Path, mod.Version), "it is required and excluded: which version go takes instead is not in this file; run go mod tidy")
		return
	}
	by, ok := replaced[mod]
	if !ok {
		by, ok = replaced[module.Version{Path: mod.Path}]
	}
	if ok && by.Version == "" { // F-201
		c.skip(label(mod.Path, mod.Version), "it is replaced by the directory %s, whose version is not known", clip(by.Path))
		return
	}
	if ok {
		mod, scope = by, scopes(scope, "replaces "+label(mod.Path, mod.Version))
	}
	c.goPackage(mod.Path, mod.Version, scope)
}

func (c *collector) goPackage(modulePath, version, scope string) {
	dir, base := path.Split(modulePath)
	c.add(dependency{typ: "golang", namespace: dir, name: base, version: version, scope: scope})
}

// goStdlib adds the standard library of the oldest toolchain that may build: that of
// the toolchain line, or of a go line from 1.21 on. Older go lines ask for nothing, and
// one of two numbers names the language and not a release (F-036).
func (c *collector) goStdlib(line *modfile.Go, toolchain *modfile.Toolchain) {
	least := goLine(line)
	if toolchain != nil && goversion.Compare(toolchain.Name, least) > 0 {
		least, _, _ = strings.Cut(toolchain.Name, "-") // of "go1.22.3-bigcorp", the release
	}
	switch {
	case least == "" || goversion.Compare(least, "go1.21") < 0:
		c.skip("stdlib", "no go line of 1.21 or later and no toolchain line says which toolchain builds it")
	case goversion.Lang(least) == least:
		c.skip("stdlib", "%s is a version of the language and not a release: which toolchain builds it is not known", least)
	default:
		c.goPackage("stdlib", least[len("go"):], "at least")
	}
}

// goLine is the go line as a toolchain's name, "" where there is none.
func goLine(line *modfile.Go) string {
	if line == nil {
		return ""
	}
	return "go" + line.Version
}

// readGoWork reads go.work, which lists no module but the directories of some (F-203).
//
// Source: go.dev/ref/mod#workspaces.
func readGoWork(c *collector, data []byte) error {
	f, err := modfile.ParseWork(c.name, data, asWritten)
	if err != nil {
		return err
	}
	for _, u := range f.Use {
		c.skip(u.Path, "the workspace uses its go.mod, which is read where it is a target or a lockfile of its own")
	}
	for _, r := range f.Replace {
		by := label(r.New.Path, r.New.Version)
		c.skip(label(r.Old.Path, r.Old.Version), "the workspace replaces it by %s; its members' go.mod are read without that", clip(by))
	}
	c.goStdlib(f.Go, f.Toolchain)
	return nil
}
