package regression_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/regression"
)

const whole = "SCN-0001-nested-components"

// copyCase puts a whole case below dir.
func copyCase(t *testing.T, dir, name string) string {
	t.Helper()
	to := filepath.Join(dir, name)
	require.NoError(t, os.CopyFS(to, os.DirFS(filepath.Join("cases", whole))))
	return to
}

// A case that is not whole is one clear error.
func TestBrokenCases(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(t *testing.T, dir string)
		want  string
	}{
		{"no narrative", remove("case.md"), "case.md is missing"},
		{"no target", remove("input/sbom.cdx.json"), "input/ has no target"},
		{"two targets", write("input/image.txtar", "x"), "input/ has two targets: image.txtar and sbom.cdx.json"},
		{"an SBOM and a project", write("input/project/go.mod", "x"), "input/ has two targets"},
		{"no advisories", remove("input/advisories/RUSTSEC-2024-0399.json"), "input/advisories/*.json is missing"},
		{"no metadata", remove("case.metadata.json"), "case.metadata.json is missing"},
		{"a file too many", write("input/notes.txt", "x"), "input/notes.txt: no rule reads it"},
		{"advisories within advisories", write("input/advisories/a/b.json", "x"), "input/advisories/a/b.json: no rule reads it"},
		{"an odd call graph", write("input/callgraphs.json", "x"), "input/callgraphs.json: no rule reads it"},
		{"a link", link("case.md", "input/sbom.link"), "input/sbom.link is no regular file"},
		{"bad JSON", write("case.metadata.json", "{"), "case.metadata.json"},
		{"two values", write("case.metadata.json", "{} {}"), "more after the JSON value"},
		{"an unknown field", write("case.metadata.json", `{"colour":"red"}`), "unknown field"},
		{"another id", write("case.metadata.json", `{"id":"SCN-0009"}`), "the directory says SCN-0001"},
		{"no title", write("case.metadata.json", `{"id":"SCN-0001","source":"https://s"}`), "title and source are required"},
		{"no URL", write("case.metadata.json", `{"id":"SCN-0001","title":"t","source":"s"}`), `source "s" is no https URL`},
		{"an unknown kind", write("case.metadata.json", `{"id":"SCN-0001","title":"t","source":"https://s","kind":"odd"}`), `kind "odd" is none of`},
		{"no severity", write("case.metadata.json", `{"id":"SCN-0001","title":"t","source":"https://s","kind":"crash"}`), "severity"},
		{"no guards", write("case.metadata.json", `{"id":"SCN-0001","title":"t","source":"https://s","kind":"crash","severity":"low"}`), "guards"},
		{"an odd guard", write("case.metadata.json", `{"id":"SCN-0001","title":"t","source":"https://s","kind":"crash","severity":"low","tags":["t"],"guards":["all"]}`), `guard "all"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := copyCase(t, t.TempDir(), whole)
			_, err := regression.Load(dir)
			require.NoError(t, err)
			test.spoil(t, dir)
			_, err = regression.Load(dir)
			require.ErrorContains(t, err, "case "+whole+": ")
			require.ErrorContains(t, err, test.want)
		})
	}
	_, err := regression.Load(filepath.Join(t.TempDir(), "nested"))
	require.ErrorContains(t, err, "SCN-NNNN-some-words")
}

func TestGolden(t *testing.T) {
	c, err := regression.Load(copyCase(t, t.TempDir(), whole))
	require.NoError(t, err)
	golden, err := c.Golden()
	require.NoError(t, err)
	require.Equal(t, regression.FindingsFile, golden.File)

	write("expected/error.txt", "x")(t, c.Dir)
	_, err = c.Golden()
	require.ErrorContains(t, err, "only one can be right")
	write("expected/old.json", "x")(t, c.Dir)
	remove("expected/error.txt")(t, c.Dir)
	_, err = c.Golden()
	require.ErrorContains(t, err, "expected/old.json: no rule reads it")

	// Accept deletes the orphans.
	refused := regression.Outcome{File: regression.ErrorFile, Data: []byte("refused\n")}
	require.NoError(t, c.Accept(refused))
	golden, err = c.Golden()
	require.NoError(t, err)
	require.Equal(t, refused, golden)

	require.NoError(t, os.RemoveAll(filepath.Join(c.Dir, "expected")))
	_, err = c.Golden()
	require.ErrorContains(t, err, "expected/findings.json is missing: make it with -update")
}

func TestBrokenCorpus(t *testing.T) {
	dir := t.TempDir()
	_, err := regression.Corpus(dir)
	require.ErrorContains(t, err, "there is no case in it")
	_, err = regression.Corpus(filepath.Join(dir, "gone"))
	require.ErrorIs(t, err, os.ErrNotExist)

	copyCase(t, dir, "SCN-0001-first")
	copyCase(t, dir, "SCN-0001-second")
	remove("case.md")(t, copyCase(t, dir, "SCN-0001-zz-broken"))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "notes"), 0o755))
	write("README.md", "# Cases\n")(t, dir)
	entries, err := regression.Corpus(dir)
	require.NoError(t, err)
	want := []struct{ name, err string }{
		{"SCN-0001-first", ""},
		{"SCN-0001-second", "SCN-0001 is the id of SCN-0001-first too"},
		{"SCN-0001-zz-broken", "case.md is missing"},
		{"notes", "SCN-NNNN-some-words"},
	}
	require.Len(t, entries, len(want))
	for i, w := range want {
		require.Equal(t, w.name, entries[i].Name)
		if w.err == "" {
			require.NoError(t, entries[i].Err)
		} else {
			require.ErrorContains(t, entries[i].Err, w.err)
		}
	}

	write("stray.json", "{}")(t, dir)
	_, err = regression.Corpus(dir)
	require.ErrorContains(t, err, "stray.json: no rule reads it")
}

// The outcome of a scan that fails is its error, without the place of the case.
func TestErrorOutcome(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(t *testing.T, dir string)
		want  string
	}{
		{"the target", write("input/sbom.cdx.json", ""), "reading SBOM sbom.cdx.json: it is empty; was it written to the end?\n"},
		{"the advisories", write("input/advisories/RUSTSEC-2024-0399.json", `{}`), "opening advisories advisories: it holds no OSV record; " +
			"give a directory or zip of OSV JSON files (RUSTSEC-2024-0399.json: not an OSV record: it has no id)\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := copyCase(t, t.TempDir(), whole)
			test.spoil(t, dir)
			c, err := regression.Load(dir)
			require.NoError(t, err)
			require.Equal(t, regression.Outcome{File: regression.ErrorFile, Data: []byte(test.want)}, scan(t, c))
		})
	}
}

func remove(name string) func(*testing.T, string) {
	return func(t *testing.T, dir string) { require.NoError(t, os.Remove(filepath.Join(dir, name))) }
}

func write(name, text string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		file := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	}
}

func link(to, name string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		require.NoError(t, os.Symlink(filepath.Join(dir, to), filepath.Join(dir, name)))
	}
}

// An outside corpus obeys the same rules, and the flags lead there.
func TestChosenCorpus(t *testing.T) {
	dir := t.TempDir()
	copyCase(t, dir, "SCN-0001-first")
	here := filepath.Join(t.TempDir(), "regression") // what is left behind goes to ../out
	require.NoError(t, os.Mkdir(here, 0o755))
	ci := "CI=true"
	run := func(arg ...string) (string, error) {
		cmd := exec.Command(os.Args[0], append([]string{"-test.run=^TestCases$", "-test.v"}, arg...)...)
		cmd.Dir, cmd.Env = here, append(os.Environ(), ci, "STELLA_REGRESSION_CASES="+dir)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	out, err := run()
	require.NoError(t, err, out)
	require.Contains(t, out, "--- PASS: TestCases/SCN-0001-first")

	out, err = run("-update")
	require.Error(t, err)
	require.Contains(t, out, "-update in CI would accept whatever comes out")

	out, err = run("-case", "SCN-0002")
	require.Error(t, err)
	require.Contains(t, out, `begins with "SCN-0002"`)

	// -update makes a golden file that is missing, and deletes what is not one.
	first := filepath.Join(dir, "SCN-0001-first")
	want, err := os.ReadFile(filepath.Join(first, "expected", "findings.json"))
	require.NoError(t, err)
	remove("expected/findings.json")(t, first)
	write("expected/error.txt", "an error, once\n")(t, first)
	ci = "CI="
	out, err = run("-update")
	require.NoError(t, err, out)
	require.Contains(t, out, "golden changes (-old +new)")
	got, err := os.ReadFile(filepath.Join(first, "expected", "findings.json"))
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
	require.NoFileExists(t, filepath.Join(first, "expected", "error.txt"))
	ci = "CI=true"

	out, err = run("-case", "SCN-0001")
	require.NoError(t, err, out)
	for _, file := range []string{"expected.json", "actual.json", "diff.txt"} {
		require.FileExists(t, filepath.Join(filepath.Dir(here), "out", "regression", "SCN-0001", file))
	}

	for name, spoil := range map[string]func(*testing.T, string){
		"SCN-0002-no-file": remove("input/sbom.cdx.json"),
		"SCN-0003-kind":    replace("case.metadata.json", "vulnerability-missed", "odd"),
		"SCN-0004-json":    write("case.metadata.json", "{"),
		"SCN-0001-twin":    write("case.md", "# Twin\n"),
		"SCN-0005-golden":  remove("expected/findings.json"),
		"SCN-0006-wrong":   replace("expected/findings.json", "RUSTSEC", "RUST"),
	} {
		broken := copyCase(t, dir, name)
		replace("case.metadata.json", "SCN-0001", name[:8])(t, broken)
		spoil(t, broken)
	}
	out, err = run("-cases", dir)
	require.Error(t, err)
	for _, want := range []string{
		"--- PASS: TestCases/SCN-0001-first",
		"case SCN-0001-twin: SCN-0001 is the id of SCN-0001-first too",
		"case SCN-0002-no-file: input/ has no target",
		`case SCN-0003-kind: case.metadata.json: kind "odd" is none of`,
		"case SCN-0004-json: case.metadata.json: unexpected EOF",
		"case SCN-0005-golden: expected/findings.json is missing",
		"the outcome is not the golden one",
	} {
		require.Equal(t, 1, strings.Count(out, want), "%s\n%s", want, out)
	}
}

func replace(name, old, with string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		file := filepath.Join(dir, name)
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(file, []byte(strings.ReplaceAll(string(data), old, with)), 0o600))
	}
}
