package mutants

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Mutant is one change.
type Mutant struct {
	Key
	Package string `json:"package"` // import path
	Line    int    `json:"line"`

	number, group int
}

// Key says which change it is, whatever happens to the code around it.
type Key struct {
	File     string `json:"file"`     // from the root of the module, with slashes
	Function string `json:"function"` // "Type.name" for a method
	Operator string `json:"operator"`
	Code     string `json:"code"`          // the source of the site, on one line, shortened
	Nth      int    `json:"nth,omitempty"` // from 0, among those alike in the function
}

func (k Key) String() string {
	nth := ""
	if k.Nth > 0 {
		nth = fmt.Sprintf(" (%d)", k.Nth+1)
	}
	return fmt.Sprintf("%s: %s: %s `%s`%s", k.File, k.Function, k.Operator, k.Code, nth)
}

// listed is what `go list -json` says of a package.
type listed struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
	ImportMap               map[string]string
}

// A file is one source file with its types.
type file struct {
	path   string // absolute
	name   string // from the root
	pkg    *types.Package
	info   *types.Info
	set    *token.FileSet
	syntax *ast.File
	source []byte
	seen   map[Key]int
}

// An edit inserts text, or replaces some.
type edit struct {
	at, remove int
	insert     string
	// Of edits at one place those that close come first, the innermost before the
	// others; those that open come with the outermost first. outer is the length of
	// what is wrapped; of two that wrap the same, the one found first is outside.
	closes bool
	outer  int
	order  int
	// group is the number of the first mutant that the edit is part of. Edits of a
	// group are made together or not at all.
	group int
}

// Sources are the mutants of some packages with the files that hold them all.
type Sources struct {
	Root    string // of the module
	Mutants []Mutant
	files   []*file
	edits   map[*file][]edit
	dropped map[int]bool // groups that do not compile
}

// Load finds the mutants of the packages that match the patterns, in the module at root.
func Load(root string, patterns ...string) (*Sources, error) {
	packages, exports, err := list(root, patterns)
	if err != nil {
		return nil, err
	}
	s := &Sources{Root: root, edits: map[*file][]edit{}, dropped: map[int]bool{}}
	for _, p := range packages {
		if strings.HasSuffix(p.ImportPath, "test") {
			continue // it supports tests
		}
		if err := s.load(p, exports); err != nil {
			return nil, fmt.Errorf("%s: %w", p.ImportPath, err)
		}
	}
	s.Mutants = slices.DeleteFunc(s.Mutants, func(m Mutant) bool { return s.dropped[m.group] })
	if len(s.Mutants) == 0 {
		return nil, fmt.Errorf("there is no code to change in %s", strings.Join(patterns, " "))
	}
	return s, nil
}

// Packages are those that the mutants are of, from the root, with slashes.
func (s *Sources) Packages() []string {
	var dirs []string
	for _, f := range s.files {
		dirs = append(dirs, path.Dir(f.name))
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

// list asks for the packages, and for the export data of all that they import.
func list(root string, patterns []string) ([]listed, map[string]string, error) {
	args := slices.Concat([]string{"list", "-export", "-deps", "-json=ImportPath,Dir,GoFiles,Export,ImportMap,DepOnly,Standard"}, patterns, runtimeImports)
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, nil, fmt.Errorf("go list: %w: %s", err, stderr.Bytes())
	}
	exports := map[string]string{}
	var packages []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			listed
			DepOnly, Standard bool
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, nil, fmt.Errorf("go list: %w", err)
		}
		exports[p.ImportPath] = p.Export
		if !p.DepOnly && !p.Standard {
			packages = append(packages, p.listed)
		}
	}
	slices.SortFunc(packages, func(a, b listed) int { return cmp.Compare(a.ImportPath, b.ImportPath) })
	return packages, exports, nil
}

// load reads and checks one package and finds its mutants.
func (s *Sources) load(p listed, exports map[string]string) error {
	set := token.NewFileSet()
	var files []*file
	var syntax []*ast.File
	for _, name := range p.GoFiles {
		f := &file{path: filepath.Join(p.Dir, name), set: set, seen: map[Key]int{}}
		rel, err := filepath.Rel(s.Root, f.path)
		if err != nil {
			return err
		}
		f.name = filepath.ToSlash(rel)
		if f.source, err = os.ReadFile(f.path); err != nil {
			return err
		}
		if f.syntax, err = parser.ParseFile(set, f.path, f.source, parser.ParseComments); err != nil {
			return err
		}
		files, syntax = append(files, f), append(syntax, f.syntax)
	}
	lookup := func(path string) (io.ReadCloser, error) {
		return os.Open(exports[cmp.Or(p.ImportMap[path], path)])
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: importer.ForCompiler(set, "gc", lookup)}
	checked, err := config.Check(p.ImportPath, set, syntax, info)
	if err != nil {
		return err
	}
	for _, f := range files {
		f.pkg, f.info = checked, info
		find := finder{file: f, number: func(m Mutant) int {
			m.Package, m.number = p.ImportPath, len(s.Mutants)+1
			m.group = cmp.Or(m.group, m.number)
			s.Mutants = append(s.Mutants, m)
			return m.number
		}}
		find.find()
		s.files = append(s.files, f)
		s.edits[f] = find.edits
	}
	for dropped := true; dropped; {
		if dropped, err = s.dropBroken(p.ImportPath, files, lookup); err != nil {
			return err
		}
	}
	return nil
}

// dropBroken checks the wrapped sources of a package and drops the mutants on lines
// where they have an error: an operator knows less of types than the compiler.
func (s *Sources) dropBroken(importPath string, files []*file, lookup importer.Lookup) (dropped bool, err error) {
	set := token.NewFileSet()
	imports := importer.ForCompiler(set, "gc", lookup)
	runtime, err := checkRuntime(set, imports)
	if err != nil {
		return false, err
	}
	var syntax []*ast.File
	for _, f := range files {
		source, ok := s.instrumented(f)
		if !ok {
			source = f.source
		}
		tree, err := parser.ParseFile(set, f.name, source, parser.SkipObjectResolution)
		if err != nil {
			return false, fmt.Errorf("with mutants: %w", err)
		}
		syntax = append(syntax, tree)
	}
	var first error
	config := types.Config{
		Importer: importerFunc(func(name string) (*types.Package, error) {
			if name == runtimePath(importPath, files[0].name) {
				return runtime, nil
			}
			return imports.Import(name)
		}),
		Error: func(err error) {
			if first == nil {
				first = err
			}
			if e, ok := errors.AsType[types.Error](err); ok {
				at := e.Fset.Position(e.Pos)
				dropped = s.dropLine(files, at.Filename, at.Line) || dropped
			}
		},
	}
	if _, err := config.Check(importPath, set, syntax, nil); err != nil && !dropped {
		return false, fmt.Errorf("with mutants: %w", first)
	}
	return dropped, nil
}

func (f *file) offset(p token.Pos) int { return f.set.Position(p).Offset }

func (f *file) text(n ast.Node) string { return string(f.source[f.offset(n.Pos()):f.offset(n.End())]) }

// typeOf is an expression's type, never nil.
func (f *file) typeOf(e ast.Expr) types.Type {
	if t := f.info.TypeOf(e); t != nil {
		return t
	}
	return types.Typ[types.Invalid]
}

func (f *file) isConstant(e ast.Expr) bool { return f.info.Types[e].Value != nil }

// typeName is how an expression's type is named in the file, "" where it cannot be.
func (f *file) typeName(e ast.Expr) string {
	switch t := f.typeOf(e).(type) {
	case *types.Basic:
		if t.Info()&types.IsUntyped == 0 {
			return t.Name()
		}
	case *types.Named:
		if t.Obj().Pkg() == f.pkg && t.Obj().Parent() == f.pkg.Scope() {
			return t.Obj().Name()
		}
	}
	return ""
}

// function is the declaration around a position.
func (f *file) function(p token.Pos) *ast.FuncDecl {
	for _, d := range f.syntax.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Pos() <= p && p < fn.End() {
			return fn
		}
	}
	panic(fmt.Sprintf("mutants: %s is in no function", f.set.Position(p))) // only functions are walked
}

const maxCode = 80

// mutant describes a change at a node.
func (f *file) mutant(operator string, n ast.Node) Mutant {
	fn := f.function(n.Pos())
	name := fn.Name.Name
	if fn.Recv != nil {
		receiver := strings.TrimLeft(f.text(fn.Recv.List[0].Type), "*")
		name = strings.SplitN(receiver, "[", 2)[0] + "." + name
	}
	code := []rune(strings.Join(strings.Fields(f.text(n)), " "))
	if operator == "return" {
		code = []rune("{")
	}
	if len(code) > maxCode {
		code = append(code[:maxCode], '…')
	}
	k := Key{File: f.name, Function: name, Operator: operator, Code: string(code)}
	k.Nth = f.seen[k]
	f.seen[Key{File: k.File, Function: k.Function, Operator: k.Operator, Code: k.Code}]++
	return Mutant{Key: k, Line: f.set.Position(n.Pos()).Line}
}

// instrumented is the file's source with every mutant in it, and ok whether it has any.
// No line is added, so that the compiler's messages tell the line of the source.
func (s *Sources) instrumented(f *file) (source []byte, ok bool) {
	edits := slices.DeleteFunc(slices.Clone(s.edits[f]), func(e edit) bool { return s.dropped[e.group] })
	slices.SortFunc(edits, compareEdits)
	var out bytes.Buffer
	name := f.offset(f.syntax.Name.End())
	out.Write(f.source[:name])
	fmt.Fprintf(&out, "; import mutant %q", runtimePath(f.pkg.Path(), f.name))
	at := name
	for _, e := range edits {
		out.Write(f.source[at:e.at])
		out.WriteString(e.insert)
		at = e.at + e.remove
	}
	out.Write(f.source[at:])
	return out.Bytes(), len(edits) > 0
}

func compareEdits(a, b edit) int {
	switch {
	case a.at != b.at:
		return cmp.Compare(a.at, b.at)
	case a.closes != b.closes:
		return cmp.Compare(rank(a), rank(b))
	case a.closes:
		return cmp.Or(cmp.Compare(a.outer, b.outer), cmp.Compare(b.order, a.order))
	}
	return cmp.Or(cmp.Compare(b.outer, a.outer), cmp.Compare(a.order, b.order))
}

func rank(e edit) int {
	if e.closes {
		return 0
	}
	return 1
}

// runtimePath is the import path of the runtime, in the module of a package with a file.
func runtimePath(importPath, file string) string {
	return path.Join(strings.TrimSuffix(importPath, path.Dir(file)), runtimeDir)
}

// runtimeImports are what the runtime needs of the standard library.
var runtimeImports = []string{"cmp", "fmt", "os", "strconv", "sync/atomic"}

// checkRuntime is the types of the package that wrapped sources import.
func checkRuntime(set *token.FileSet, imports types.Importer) (*types.Package, error) {
	tree, err := parser.ParseFile(set, runtimeDir+".go", runtimeSource, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	config := types.Config{Importer: imports}
	return config.Check(runtimeDir, set, []*ast.File{tree}, nil)
}

type importerFunc func(path string) (*types.Package, error)

func (f importerFunc) Import(path string) (*types.Package, error) { return f(path) }

// dropLine drops the mutants whose edits are on a line, and reports whether there are any.
func (s *Sources) dropLine(files []*file, name string, line int) bool {
	dropped := false
	for _, f := range files {
		if f.name != name {
			continue
		}
		for _, e := range s.edits[f] {
			if !s.dropped[e.group] && 1+bytes.Count(f.source[:e.at], []byte("\n")) == line {
				s.dropped[e.group], dropped = true, true
			}
		}
	}
	return dropped
}
