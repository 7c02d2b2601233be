package stella

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// The rules of the repository. Each reads files itself, below an fs.FS: a test
// that asks `go list` is replayed from the cache after a violation, and a rule
// over an fs.FS can be shown to fail (TestRulesCanFail).

const module = "github.com/stella-ops/stella"

// A rule returns every violation it finds, each naming its file.
type rule struct {
	name  string
	check func(fs.FS) ([]string, error)
}

var rules = []rule{
	{"imports", importViolations},
	{"process", processViolations},
	{"package docs", docViolations},
	{"light commands", lightCommandViolations},
	{"fixture index", fixtureViolations},
	{"foreign places", placeViolations},
	{"links", linkViolations},
}

func TestRepository(t *testing.T) {
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			violations, err := r.check(os.DirFS("."))
			require.NoError(t, err)
			for _, v := range violations {
				t.Error(v)
			}
		})
	}
}

// A goFile is a parsed Go file of the module, fixtures apart.
type goFile struct {
	path, dir string
	test      bool
	syntax    *ast.File
	set       *token.FileSet
}

// parseTree reads every Go file that the go command would, whatever its build
// constraints. A tree without any is an error: it is the wrong tree.
func parseTree(tree fs.FS) ([]goFile, error) {
	var files []goFile
	set := token.NewFileSet()
	err := walk(tree, func(name string) error {
		if path.Ext(name) != ".go" || inTestdata(name) {
			return nil
		}
		source, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		syntax, err := parser.ParseFile(set, name, source, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files = append(files, goFile{
			path: name, dir: path.Dir(name), test: strings.HasSuffix(name, "_test.go"), syntax: syntax, set: set,
		})
		return nil
	})
	if err == nil && len(files) == 0 {
		err = errors.New("no Go file in the tree")
	}
	return files, err
}

// walk calls visit for every file but those of git and of the runs (/out).
func walk(tree fs.FS, visit func(name string) error) error {
	return fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == ".git" || name == "out":
			return fs.SkipDir
		case !d.Type().IsRegular():
			return nil
		}
		return visit(name)
	})
}

func inTestdata(name string) bool { return slices.Contains(strings.Split(name, "/"), "testdata") }

// imports are the import paths of a file with their places.
func (f goFile) imports() map[string]string {
	m := map[string]string{}
	for _, spec := range f.syntax.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err == nil {
			m[p] = f.set.Position(spec.Pos()).String()
		}
	}
	return m
}

// An importRule forbids imports to some directories. In the patterns ./x is a
// package of this module, /... a whole subtree, cmd any command and *test any
// support for tests; the rest are import paths.
type importRule struct {
	law    string
	from   []string
	except []string
	tests  bool // whether it binds _test.go files too
	forbid []string
	allow  []string
}

var importLaw = []importRule{
	{
		law:  "1: scanner, authority and attest meet as bytes or over HTTP",
		from: []string{"./scanner/..."}, tests: true, forbid: []string{"./authority/...", "./attest/..."},
	},
	{
		law:  "1: scanner, authority and attest meet as bytes or over HTTP",
		from: []string{"./authority/..."}, tests: true, forbid: []string{"./scanner/...", "./attest/..."},
	},
	{
		law:  "1: scanner, authority and attest meet as bytes or over HTTP",
		from: []string{"./attest/..."}, tests: true, forbid: []string{"./scanner/...", "./authority/..."},
	},
	{
		law:  "2: a domain root opens no socket and imports no driver",
		from: []string{"./scanner", "./authority", "./attest"},
		forbid: []string{
			"net", "net/http/...", "net/rpc/...", "net/smtp", "syscall", "os/exec", "google.golang.org/grpc/...",
			"database/sql/...", "github.com/jackc/...", "github.com/lib/pq/...", "go.mongodb.org/...", "github.com/FerretDB/...",
		},
	},
	{
		law:    "3: stores do not know one another",
		from:   []string{"./authority/memstore/..."},
		forbid: []string{"./authority/mongostore/...", "./authority/pgstore/..."},
	},
	{
		law:    "3: stores do not know one another",
		from:   []string{"./authority/mongostore/..."},
		forbid: []string{"./authority/memstore/...", "./authority/pgstore/..."},
	},
	{
		law:    "3: stores do not know one another",
		from:   []string{"./authority/pgstore/..."},
		forbid: []string{"./authority/memstore/...", "./authority/mongostore/..."},
	},
	{
		law:    "3: main chooses the store, not the server",
		from:   []string{"./authority/server/..."},
		forbid: []string{"./authority/memstore/...", "./authority/mongostore/...", "./authority/pgstore/..."},
	},
	{
		law:  "4: product code imports no support for tests",
		from: []string{"./..."},
		// The regression harness may import anything. stella-rekor is a real
		// log made for people too, so rekortest is what it runs.
		except: []string{"./regression/...", "*test", "./attest/cmd/stella-rekor"},
		forbid: []string{"testing/...", "github.com/stretchr/testify/...", "*test"},
	},
	{
		law:  "4: product code imports no support for tests",
		from: []string{"./attest/cmd/stella-rekor"}, allow: []string{"./attest/rekortest"},
		forbid: []string{"testing/...", "github.com/stretchr/testify/...", "*test"},
	},
	{
		law:  "4: nothing imports a command",
		from: []string{"./..."}, tests: true,
		forbid: []string{"./cmd/...", "./scanner/cmd/...", "./authority/cmd/...", "./attest/cmd/...", "./regression/cmd/..."},
	},
	{
		law:  "4: rekortest links Rekor's server, so only the tests of attest and stella-rekor import it",
		from: []string{"./..."}, except: []string{"./attest/..."}, tests: true,
		forbid: []string{"./attest/rekortest/..."},
	},
	{
		law:  "5: only a command reads flags and handles signals",
		from: []string{"./..."}, except: []string{"cmd", "*test"},
		forbid: []string{"flag", "os/signal"},
	},
}

// importViolations holds the imports against "Direction of imports" in the
// architecture: the numbers of the laws are its.
func importViolations(tree fs.FS) ([]string, error) {
	files, err := parseTree(tree)
	var violations []string
	for _, f := range files {
		for imported, at := range f.imports() {
			for _, r := range importLaw {
				if r.binds(f) && r.forbids(imported) {
					violations = append(violations, fmt.Sprintf("%s: imports %s, against law %s", at, imported, r.law))
				}
			}
		}
	}
	slices.Sort(violations)
	return violations, err
}

func (r importRule) binds(f goFile) bool {
	self := path.Join(module, f.dir)
	return (r.tests || !f.test) && matchAny(r.from, self) && !matchAny(r.except, self)
}

func (r importRule) forbids(imported string) bool {
	return matchAny(r.forbid, imported) && !matchAny(r.allow, imported)
}

func matchAny(patterns []string, importPath string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		switch p {
		case "*test":
			return supportsTests(importPath)
		case "cmd":
			return strings.Contains(importPath, "/cmd/")
		}
		if below, ok := strings.CutPrefix(p, "./"); ok {
			p = module + "/" + below
		}
		if subtree, ok := strings.CutSuffix(p, "/..."); ok {
			return importPath == subtree || strings.HasPrefix(importPath, subtree+"/")
		}
		return importPath == p
	})
}

// supportsTests tells httptest and rekortest from attest, which only ends alike.
func supportsTests(importPath string) bool {
	name := path.Base(importPath)
	return strings.HasSuffix(name, "test") && !strings.HasSuffix(name, "attest")
}

// processWide are the functions and variables by which a package reads the
// environment or the command line, or ends the process.
var processWide = map[string][]string{
	"os":  {"Args", "Environ", "Exit", "ExpandEnv", "Getenv", "LookupEnv", "Setenv", "Unsetenv"},
	"log": {"Fatal", "Fatalf", "Fatalln"},
}

// processViolations is law 5 where an import does not tell: os is fine, os.Exit
// is not. It binds domain roots (law 2) with the rest.
func processViolations(tree fs.FS) ([]string, error) {
	files, err := parseTree(tree)
	law := importRule{from: []string{"./..."}, except: []string{"cmd", "*test"}}
	var violations []string
	for _, f := range files {
		if !law.binds(f) {
			continue
		}
		names := map[string][]string{} // by the name under which the file knows the package
		for _, spec := range f.syntax.Imports {
			p, err := strconv.Unquote(spec.Path.Value)
			forbidden, ok := processWide[p]
			switch {
			case err != nil || !ok:
			case spec.Name == nil:
				names[p] = forbidden
			case spec.Name.Name == ".":
				violations = append(violations, fmt.Sprintf("%s: imports %s into its own scope, which hides what it uses", f.set.Position(spec.Pos()), p))
			default:
				names[spec.Name.Name] = forbidden
			}
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := sel.X.(*ast.Ident); ok && slices.Contains(names[x.Name], sel.Sel.Name) {
					violations = append(violations, fmt.Sprintf("%s: uses %s.%s, against law 5: only a command reads flags and environment and exits",
						f.set.Position(sel.Pos()), x.Name, sel.Sel.Name))
				}
			}
			return true
		})
	}
	return violations, err
}

type pkg struct{ dir, name string }

// title is how the comment of the package begins.
func (p pkg) title() string {
	if p.name == "main" {
		return "Command " + path.Base(p.dir)
	}
	return "Package " + p.name
}

func isTitled(doc, title string) bool {
	return strings.HasPrefix(strings.Join(strings.Fields(doc), " "), title+" ")
}

// docViolations wants of each package a comment that begins with what it is:
// "Package name", or "Command name" for a main package. Product packages owe
// more than a title, so at least two lines.
func docViolations(tree fs.FS) ([]string, error) {
	files, err := parseTree(tree)
	docs := map[pkg]string{}
	for _, f := range files {
		p := pkg{f.dir, strings.TrimSuffix(f.syntax.Name.Name, "_test")}
		if doc := f.syntax.Doc.Text(); docs[p] == "" || isTitled(doc, p.title()) {
			docs[p] = doc
		}
	}
	var violations []string
	for p, doc := range docs {
		switch {
		case !isTitled(doc, p.title()):
			violations = append(violations, fmt.Sprintf("%s: the package comment begins %.40q, want %q", p.dir, doc, p.title()))
		case strings.Count(doc, "\n") < 2 && !supportsTests(p.name):
			violations = append(violations, fmt.Sprintf("%s: the package comment has one line, want what the package promises", p.dir))
		}
	}
	slices.Sort(violations)
	return violations, err
}

// lightCommands build in seconds because they know a log only by its URL.
// Rekor's server links 1,300 packages.
var lightCommands = []string{"attest/cmd/stella-attest", "attest/cmd/stella-attest-bench"}

// lightImports are the external packages that the light commands may reach.
// `go list -deps` was asked once for each entry: none reaches the packages of
// serverImports. Ask again before adding one.
var lightImports = []string{
	"github.com/go-json-experiment/json",
	"github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1",
	"github.com/sigstore/protobuf-specs/gen/pb-go/common/v1",
	"github.com/sigstore/protobuf-specs/gen/pb-go/dsse",
	"github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1",
	"github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1",
	"github.com/sigstore/rekor-tiles/v2/pkg/note",
	"github.com/secure-systems-lab/go-securesystemslib/dsse",
	"github.com/sigstore/sigstore/pkg/cryptoutils",
	"github.com/transparency-dev/formats/log",
	"github.com/transparency-dev/merkle/proof",
	"github.com/transparency-dev/merkle/rfc6962",
	"golang.org/x/mod/sumdb/note",
	"golang.org/x/mod/sumdb/tlog",
	"golang.org/x/perf/benchfmt",
	"golang.org/x/term",
	"gonum.org/v1/gonum/stat/...",
	"gonum.org/v1/plot/...",
	"google.golang.org/protobuf/encoding/protojson",
}

// serverImports are Rekor's server and what only it brings.
var serverImports = []string{
	"github.com/sigstore/rekor/pkg/api/...", "github.com/sigstore/rekor/pkg/generated/restapi/...",
	"github.com/sigstore/rekor/cmd/...", "github.com/google/trillian/...", "github.com/go-chi/...",
}

// lightCommandViolations follows imports through this module's packages from
// each light command, and names the chain to an external one that is not known
// to be light. A command that is missing is a violation: a rule without its
// subject would pass for ever.
func lightCommandViolations(tree fs.FS) ([]string, error) {
	files, err := parseTree(tree)
	sources := map[string][]goFile{}
	anyCommand := false
	for _, f := range files {
		if !f.test {
			sources[f.dir] = append(sources[f.dir], f)
			anyCommand = anyCommand || strings.HasPrefix(f.dir, "attest/cmd/")
		}
	}
	var violations []string
	for _, command := range lightCommands {
		if anyCommand && sources[command] == nil {
			violations = append(violations, command+": no Go file, but the rule of light commands is about it")
		}
		chains := map[string]string{command: command}
		for queue := []string{command}; len(queue) > 0; queue = queue[1:] {
			for _, f := range sources[queue[0]] {
				for imported := range f.imports() {
					chain := chains[queue[0]] + " → " + imported
					dir, own := strings.CutPrefix(imported, module+"/")
					if chains[dir] != "" || !own && !external(imported) {
						continue
					}
					chains[dir] = chain
					switch {
					case own:
						queue = append(queue, dir)
					case matchAny(serverImports, imported):
						violations = append(violations, chain+": Rekor's server")
					case !matchAny(lightImports, imported):
						violations = append(violations, chain+": not in lightImports")
					}
				}
			}
		}
	}
	slices.Sort(violations)
	return violations, err
}

// external tells a module's package from the standard library's by the dot of
// its host.
func external(importPath string) bool {
	host, _, _ := strings.Cut(importPath, "/")
	return strings.Contains(host, ".")
}

const fixtureIndex = "testdata/README.md"

// fixtureRow is the first cell of the index's table: a directory, relative to
// testdata or, for the fixtures of one package, to the root.
var fixtureRow = regexp.MustCompile("(?m)^\\| `([^`]+)/` \\|")

// fixtureViolations holds the directories of fixtures against their index.
func fixtureViolations(tree fs.FS) ([]string, error) {
	index, err := fs.ReadFile(tree, fixtureIndex)
	if err != nil {
		return nil, fmt.Errorf("the index of the fixtures: %w", err)
	}
	named := map[string]bool{}
	var violations []string
	for _, m := range fixtureRow.FindAllStringSubmatch(string(index), -1) {
		dir := m[1]
		if !inTestdata(dir) {
			dir = path.Join("testdata", dir)
		}
		named[dir] = true
		if info, err := fs.Stat(tree, dir); err != nil || !info.IsDir() {
			violations = append(violations, fmt.Sprintf("%s: names %s/, which is no directory", fixtureIndex, m[1]))
		}
	}
	found := map[string]bool{}
	err = walk(tree, func(name string) error {
		parts := strings.Split(path.Dir(name), "/")
		switch i := slices.Index(parts, "testdata"); {
		case i > 0: // a package's own: named as a whole
			found[path.Join(parts[:i+1]...)] = true
		case i == 0 && len(parts) > 1:
			found[path.Join(parts[:2]...)] = true
		}
		return nil
	})
	for dir := range found {
		if !named[dir] {
			violations = append(violations, fmt.Sprintf("%s/: not in %s: say where its files came from and what made them", dir, fixtureIndex))
		}
	}
	slices.Sort(violations)
	return violations, err
}

// foreignPlaces match what holds on one machine or depends on a public registry.
// The parts are joined here so that this file does not match itself.
var foreignPlaces = []*regexp.Regexp{
	regexp.MustCompile(`(?:^|file:/|[^A-Za-z0-9._~/-])/(?:` + strings.Join([]string{"wo" + "rk", "ro" + "ot", "ho" + "me"}, "|") + `)/`),
	regexp.MustCompile(`\b(?:` + strings.Join([]string{
		"proxy\\." + "golang\\.org", "sum\\." + "golang\\.org", "registry\\." + "npmjs\\.org", "deb\\." + "debian\\.org",
	}, "|") + `)\b`),
}

// placeViolations looks for such places in the lines of all text files.
func placeViolations(tree fs.FS) ([]string, error) {
	var violations []string
	err := walk(tree, func(name string) error {
		body, err := fs.ReadFile(tree, name)
		if err != nil || bytes.IndexByte(body[:min(len(body), 8000)], 0) >= 0 { // git's own test for binary files
			return err
		}
		for i, line := range bytes.Split(body, []byte("\n")) {
			for _, place := range foreignPlaces {
				if hit := place.Find(line); hit != nil {
					violations = append(violations, fmt.Sprintf("%s:%d: holds %q, which another machine has not", name, i+1, bytes.TrimSpace(hit)))
				}
			}
		}
		return nil
	})
	return violations, err
}

var (
	markdownLink = regexp.MustCompile(`\]\(<?([^)\s>]+)`)
	markdownRef  = regexp.MustCompile(`(?m)^ {0,3}\[[^\]]+\]:\s+<?([^\s>]+)`)
	urlScheme    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:`)
	// Code is not prose: what looks like a link there is none.
	markdownCode = regexp.MustCompile("(?ms)^ *```.*?^ *```|`[^`\n]+`")
)

// linkViolations holds the relative links of Markdown files against the tree. A
// fixture's links hold where it stands for a file, so only its README counts.
func linkViolations(tree fs.FS) ([]string, error) {
	var violations []string
	err := walk(tree, func(name string) error {
		if path.Ext(name) != ".md" || inTestdata(name) && path.Base(name) != "README.md" {
			return nil
		}
		body, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		body = markdownCode.ReplaceAll(body, nil)
		links := append(markdownLink.FindAllSubmatch(body, -1), markdownRef.FindAllSubmatch(body, -1)...)
		for _, m := range links {
			link := string(m[1])
			file, _, _ := strings.Cut(link, "#")
			if file == "" || urlScheme.MatchString(link) {
				continue
			}
			if _, err := fs.Stat(tree, path.Join(path.Dir(name), file)); err != nil {
				violations = append(violations, fmt.Sprintf("%s: links to %s, which is not there", name, link))
			}
		}
		return nil
	})
	return violations, err
}

// TestRulesCanFail breaks each rule in a small tree that keeps all of them, and
// wants exactly the violations named.
func TestRulesCanFail(t *testing.T) {
	own := func(p string) string { return strconv.Quote(module + "/" + p) }
	doc := func(title string) string { return "// " + title + " does its part.\n//\n// More.\n" }
	keeping := func() fstest.MapFS {
		tree := fstest.MapFS{}
		for name, body := range map[string]string{
			"README.md":                             "[fixtures](testdata/README.md) [top](#top) [out](https://example.com/a) `[code](gone.md)`\n",
			"testdata/README.md":                    "| directory | |\n| --- | --- |\n| `reports/` | ours |\n| `attest/sweep/testdata/` | ours |\n",
			"testdata/reports/a.json":               `{"path":"home/runner/a"}`,
			"attest/sweep/testdata/decision/a.json": "{}",
			"attest/attest.go":                      doc("Package attest") + "package attest\n\nimport \"os\"\n\nvar _ = os.ReadFile\n",
			"attest/sweep/sweep.go":                 doc("Package sweep") + "package sweep\n\nimport _ " + own("attest") + "\n",
			"attest/rekortest/v1.go":                "// Package rekortest runs a log.\npackage rekortest\n\nimport _ \"testing\"\n",
			"attest/cmd/stella-attest/main.go":      doc("Command stella-attest") + "package main\n\nimport (\n\t\"flag\"\n\t\"os\"\n)\n\nfunc main() { flag.Parse(); os.Exit(0) }\n",
			"attest/cmd/stella-attest-bench/m.go":   doc("Command stella-attest-bench") + "package main\n\nimport _ " + own("attest/sweep") + "\n",
			"attest/cmd/stella-rekor/main.go":       doc("Command stella-rekor") + "package main\n\nimport _ " + own("attest/rekortest") + "\n",
			"attest/sweep/testdata/document.md":     "[elsewhere](gone.md)",
			"out/run.md":                            "[gone](gone.md)",
		} {
			tree[name] = &fstest.MapFile{Data: []byte(body)}
		}
		return tree
	}
	check := func(t *testing.T, tree fs.FS) []string {
		var all []string
		for _, r := range rules {
			violations, err := r.check(tree)
			require.NoError(t, err)
			all = append(all, violations...)
		}
		return all
	}
	require.Empty(t, check(t, keeping()))

	library := func(name string) string { return doc("Package "+name) + "package " + name + "\n\n" }
	for _, row := range []struct {
		name, path, body string
		want             []string
	}{
		{"law 1", "scanner/a.go", library("scanner") + "import _ " + own("attest"), []string{"scanner/a.go:6:8: imports", "law 1"}},
		{"law 1 in a test", "attest/a_test.go", "package attest\n\nimport _ " + own("authority"), []string{"a_test.go:3:8", "law 1"}},
		{"law 1 below", "authority/server/a.go", library("server") + "import _ " + own("scanner/sbom"), []string{"law 1"}},
		{"law 2 socket", "attest/a.go", library("attest") + `import _ "net/http"`, []string{"imports net/http", "law 2"}},
		{"law 2 driver", "authority/a.go", library("authority") + `import _ "github.com/jackc/pgx/v5"`, []string{"pgx/v5", "law 2"}},
		{"law 3 memstore", "authority/memstore/a.go", library("memstore") + "import _ " + own("authority/pgstore"), []string{"law 3: stores"}},
		{"law 3 mongostore", "authority/mongostore/a.go", library("mongostore") + "import _ " + own("authority/pgstore"), []string{"law 3: stores"}},
		{"law 3 pgstore", "authority/pgstore/a.go", library("pgstore") + "import _ " + own("authority/memstore"), []string{"law 3: stores"}},
		{"law 3 server", "authority/server/a.go", library("server") + "import _ " + own("authority/memstore"), []string{"law 3: main chooses"}},
		{"law 4 testing", "scanner/a.go", library("scanner") + `import _ "testing"`, []string{"imports testing", "law 4: product"}},
		{"law 4 test package", "attest/sweep/a.go", library("sweep") + `import _ "net/http/httptest"`, []string{"httptest", "law 4: product"}},
		{"law 4 stella-rekor", "attest/cmd/stella-rekor/a.go", "package main\n\nimport _ \"testing\"", []string{"imports testing", "law 4: product"}},
		{"law 4 command", "attest/sweep/a_test.go", "package sweep\n\nimport _ " + own("attest/cmd/stella-attest"), []string{"law 4: nothing imports"}},
		{"law 4 rekortest", "regression/a_test.go", "// Package regression runs cases.\n// More.\npackage regression\n\nimport _ " + own("attest/rekortest"), []string{"law 4: rekortest"}},
		{"law 5 flag", "attest/sweep/a.go", library("sweep") + `import _ "flag"`, []string{"imports flag", "law 5"}},
		{"law 5 environment", "attest/a.go", library("attest") + "import \"os\"\n\nvar _ = os.Getenv(\"A\")", []string{"attest/a.go:8:9: uses os.Getenv", "law 5"}},
		{"law 5 alias", "scanner/a.go", library("scanner") + "import system \"os\"\n\nvar exit = system.Exit", []string{"uses system.Exit"}},
		{"law 5 dot", "scanner/a.go", library("scanner") + `import . "os"`, []string{"imports os into its own scope"}},
		{"law 5 log", "scanner/a.go", library("scanner") + "import \"log\"\n\nfunc f() { log.Fatal() }", []string{"uses log.Fatal"}},
		{"no doc", "scanner/a.go", "package scanner", []string{`scanner: the package comment begins "", want "Package scanner"`}},
		{"doc of one line, attest", "attest/attest.go", "// Package attest attests.\npackage attest", []string{"one line"}},
		{"doc of a prefix", "scanner/a.go", doc("Package scanners") + "package scanner", []string{`want "Package scanner"`}},
		{"doc of a command", "attest/cmd/a/main.go", doc("Package main") + "package main", []string{`want "Command a"`}},
		{"doc of one line", "scanner/a.go", "// Package scanner scans.\npackage scanner", []string{"one line"}},
		{"server linked", "attest/a.go", library("attest") + `import _ "github.com/google/trillian/types"`, []string{"attest/cmd/stella-attest-bench → " + module + "/attest/sweep → " + module + "/attest → github.com/google/trillian/types: Rekor's server"}},
		{"unknown import", "attest/cmd/stella-attest/a.go", "package main\n\nimport _ \"example.com/a\"", []string{"attest/cmd/stella-attest → example.com/a: not in lightImports"}},
		{"light command gone", "attest/cmd/stella-attest/main.go", "", []string{"attest/cmd/stella-attest: no Go file"}},
		{"fixtures unnamed", "testdata/new/a", "a", []string{"testdata/new/: not in testdata/README.md"}},
		{"package fixtures unnamed", "attest/rekor/testdata/a/b", "a", []string{"attest/rekor/testdata/: not in"}},
		{"fixtures gone", "testdata/reports/a.json", "", []string{"names reports/, which is no directory"}},
		{"path of a machine", "docs/a.md", "one\nin /" + "home/me/a\n", []string{`docs/a.md:2: holds "/` + `home/"`}},
		{"registry", "docs/a.md", "GOPROXY=https://proxy." + "golang.org", []string{"docs/a.md:1: holds"}},
		{"link", "docs/a.md", "[a](../README.md) [b](b.md#c)\n", []string{"docs/a.md: links to b.md#c"}},
		{"link of the index", "testdata/reports/README.md", "[a](b.md)\n", []string{"testdata/reports/README.md: links to b.md"}},
		{"link by reference", "docs/a.md", "[a][b]\n\n[b]: ../../b.md\n", []string{"docs/a.md: links to ../../b.md"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			tree := keeping()
			tree[row.path] = &fstest.MapFile{Data: []byte(row.body)}
			if row.body == "" {
				delete(tree, row.path)
			}
			got := check(t, tree)
			require.Len(t, got, 1, "violations: %q", got)
			for _, want := range row.want {
				require.Contains(t, got[0], want)
			}
		})
	}
	t.Run("all are told", func(t *testing.T) {
		tree := keeping()
		tree["scanner/a.go"] = &fstest.MapFile{Data: []byte("package scanner\n\nimport (\n\t_ \"flag\"\n\t_ \"net\"\n)\n")}
		require.Len(t, check(t, tree), 3)
	})
	t.Run("no Go file", func(t *testing.T) {
		_, err := importViolations(fstest.MapFS{"README.md": {}})
		require.Error(t, err)
	})
	t.Run("no index", func(t *testing.T) {
		_, err := fixtureViolations(fstest.MapFS{"README.md": {}})
		require.Error(t, err)
	})
}
