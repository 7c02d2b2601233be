package author

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/regression"
)

const corpus = "../cases"

// Every case of the corpus holds what Verify asks for.
func TestCorpus(t *testing.T) {
	entries, err := regression.Corpus(corpus)
	require.NoError(t, err)
	for _, e := range entries {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			f, err := Verify(t.Context(), filepath.Join(corpus, e.Name))
			require.NoError(t, err)
			for _, p := range f.Problems {
				t.Error(p)
			}
			for _, n := range f.Notes {
				t.Log(n)
			}
		})
	}
}

const nested = "SCN-0001-nested-components"

func copyCase(t *testing.T, name string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join(corpus, name))))
	return dir
}

func TestVerifyTells(t *testing.T) {
	file := func(name, text string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
		}
	}
	add := func(text string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			name := filepath.Join(dir, "case.md")
			data, err := os.ReadFile(name)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(name, append(data, text...), 0o600))
		}
	}
	const key = "AKIA" + "ABCDEFGHIJKLMNOP"
	for _, row := range []struct {
		name  string
		spoil func(*testing.T, string)
		want  string
	}{
		{"another golden", file("expected/findings.json", "{}\n"), "is not what the scanner says"},
		{"no title", file("case.md", "text"), "does not begin with a title"},
		{"no answer", file("case.md", "# T\n\n**What failed.** It failed for a reason.\n"), "does not answer **What is right.**"},
		{"large", file("input/callgraph.txt", strings.Repeat(`"a" "b"`+"\n", MaxFile/8+1)), "bytes, more than"},
		{"a key", add(key), "an access key"},
		{"a private key", add("-----BEGIN " + "PRIVATE KEY-----"), "a private key"},
		{"a token", add("ghp_" + strings.Repeat("a", 36)), "a token of GitHub"},
		{"a password", add(`"password": "hunter2hunter2"`), "a password"},
		{"a directory", add("in /ho" + "me/jo/app"), "somebody's directory"},
		{"a network", add("at 10.1.2.3:8080"), "a private network"},
		{"a host", add("https://registry.corp.internal/a"), "names a host"},
		{"an address", add("jo@corp.internal"), "an e-mail address"},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := copyCase(t, nested)
			row.spoil(t, dir)
			f, err := Verify(t.Context(), dir)
			require.NoError(t, err)
			require.Contains(t, strings.Join(f.Problems, "\n"), row.want)
		})
	}
	t.Run("fine", func(t *testing.T) {
		dir := copyCase(t, nested)
		add("pkg:npm/left@1.2.rc, https://osv.dev/a, jo@example.com\n")(t, dir)
		f, err := Verify(t.Context(), dir)
		require.NoError(t, err)
		require.Empty(t, f.Problems)
	})
	t.Run("no case", func(t *testing.T) {
		_, err := Verify(t.Context(), t.TempDir())
		require.Error(t, err)
	})
}

// What is found alike could be found by a scanner that always reports.
func TestVerifyWantsContrast(t *testing.T) {
	const sbom = `{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"type":"library","name":"rustls","version":"%s","purl":"pkg:cargo/rustls@%s"}]}`
	for version, want := range map[string]string{"0.23.13": "there is no contrast", "0.23.18": "a scanner that does nothing would pass"} {
		dir := copyCase(t, nested)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "input", "sbom.cdx.json"), []byte(strings.ReplaceAll(sbom, "%s", version)), 0o600))
		c, err := regression.Load(dir)
		require.NoError(t, err)
		o, err := c.Input.Scan(t.Context())
		require.NoError(t, err)
		require.NoError(t, c.Accept(o))
		f, err := Verify(t.Context(), dir)
		require.NoError(t, err)
		require.Contains(t, strings.Join(f.Problems, "\n"), want)
	}
}

func TestNew(t *testing.T) {
	from := t.TempDir()
	files := map[string]string{
		"record.json":   `{"id":"GHSA-aaaa-bbbb-cccc","modified":"2026-01-01T00:00:00Z","affected":[]}`,
		"calls.json":    `{"schema":"stella.callgraph/v1"}`,
		"rules.json":    `{"schema":"stella.config/v1"}`,
		"statements.js": `{"@context":"https://openvex.dev/ns/v0.2.0"}`,
		"app.json":      `{"bomFormat":"CycloneDX","specVersion":"1.5","components":[]}`,
	}
	var paths []string
	for name, text := range files {
		paths = append(paths, filepath.Join(from, name))
		require.NoError(t, os.WriteFile(filepath.Join(from, name), []byte(text), 0o600))
	}
	cases := t.TempDir()
	dir, err := New(cases, "SCN-0042-some-words", paths)
	require.NoError(t, err)
	for _, name := range []string{"advisories/GHSA-aaaa-bbbb-cccc.json", "callgraph.json", "config.json", "vex.json", "sbom.cdx.json"} {
		require.FileExists(t, filepath.Join(dir, "input", filepath.FromSlash(name)))
	}
	_, err = regression.Load(dir)
	require.ErrorContains(t, err, "title and source are required", "a case that is not filled in")

	for _, row := range []struct {
		name  string
		files []string
		want  string
	}{
		{"SCN-42-short", nil, "want a name like"},
		{"SCN-0042-other", nil, "is there already"},
		{"SCN-0043-two", []string{paths[0], paths[0]}, "is taken by another file"},
		{"SCN-0044-gone", []string{filepath.Join(from, "gone")}, "no such file"},
	} {
		_, err := New(cases, row.name, row.files)
		require.ErrorContains(t, err, row.want)
		require.NoDirExists(t, filepath.Join(cases, row.name), "a part of a case")
	}
	require.NoError(t, os.WriteFile(filepath.Join(from, "text"), []byte("nothing"), 0o600))
	_, err = New(cases, "SCN-0045-text", []string{filepath.Join(from, "text")})
	require.ErrorContains(t, err, "is no advisory, call graph, statement or configuration")

	require.NoError(t, os.WriteFile(filepath.Join(from, "go.mod"), []byte("module example.com/m\n"), 0o600))
	dir, err = New(cases, "SCN-0046-lock", []string{filepath.Join(from, "go.mod")})
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(dir, "input", "project", "go.mod"))
}

// A large input becomes as small as can be, for a finding that is there and for one
// that is not.
func TestMinimize(t *testing.T) {
	const vulnerable, fixed = "pkg:cargo/rustls@0.23.13", "pkg:cargo/rustls@0.23.18"
	for _, w := range []Wanted{
		{ID: "RUSTSEC-2024-0399", PURL: vulnerable},
		{ID: "CVE-2024-11738"},
		{ID: "RUSTSEC-2024-0399", PURL: fixed, Absent: true},
	} {
		dir := copyCase(t, nested)
		for i := range 9 {
			record := fmt.Sprintf(`{"id":"RUSTSEC-2099-%04d","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"crates.io","name":"x"},"versions":["1.0.0"]}]}`, i)
			require.NoError(t, os.WriteFile(filepath.Join(dir, "input", "advisories", fmt.Sprintf("%d.json", i)), []byte(record), 0o600))
		}
		c, err := regression.Load(dir)
		require.NoError(t, err)
		m, err := Minimize(t.Context(), c, w, t.Logf)
		require.NoError(t, err, w)
		require.Equal(t, 10, m.Advisories)
		require.Equal(t, 1, m.AdvisoriesLeft, w)
		require.LessOrEqual(t, m.PartsLeft, 3, w) // the component, and those around it
		require.Greater(t, m.Parts, m.PartsLeft)

		report, err := c.Input.Report(t.Context())
		require.NoError(t, err)
		require.Equal(t, !w.Absent, slices.ContainsFunc(report.Findings, w.matches), w)
		inventory, err := c.Input.Inventory()
		require.NoError(t, err)
		require.NotEmpty(t, inventory.Packages)
	}
}

func TestMinimizeRefuses(t *testing.T) {
	c, err := regression.Load(copyCase(t, nested))
	require.NoError(t, err)
	for _, row := range []struct {
		w    Wanted
		want string
	}{
		{Wanted{}, "which finding"},
		{Wanted{ID: "CVE-1", Absent: true}, "of which package"},
		{Wanted{ID: "CVE-1"}, "does not show it: finding CVE-1 of some package"},
		{Wanted{ID: "RUSTSEC-2024-0399", PURL: "pkg:cargo/rustls@0.23.13", Absent: true}, "does not show it: no finding RUSTSEC-2024-0399"},
		{Wanted{ID: "CVE-1", PURL: "pkg:cargo/rustls@0.23.13", Absent: true}, "does not show it"},
	} {
		_, err := Minimize(t.Context(), c, row.w, t.Logf)
		require.ErrorContains(t, err, row.want)
	}
	require.NoError(t, os.WriteFile(c.Input.Target, []byte("<bom/>"), 0o600))
	_, err = Minimize(t.Context(), c, Wanted{ID: "CVE-1"}, t.Logf)
	require.ErrorContains(t, err, "only an SBOM in JSON")
}

func TestDdmin(t *testing.T) {
	list := make([]int, 100)
	for i := range list {
		list[i] = i
	}
	for _, want := range [][]int{{}, {0}, {99}, {3, 50}, {1, 2, 3, 97}} {
		runs := 0
		got, err := ddmin(list, func(kept []int) (bool, error) {
			runs++
			return !slices.ContainsFunc(want, func(w int) bool { return !slices.Contains(kept, w) }), nil
		})
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint(want), fmt.Sprint(got))
		require.Less(t, runs, 200)
	}
}

func FuzzTree(f *testing.F) {
	f.Add([]byte(`{"components":[{"name":"a","components":[1,{"x":1e400}]},[],{}],"b":"<&\u2028"}`))
	f.Add([]byte(`[]`))
	f.Add([]byte(`{"a":1,"a":2}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		tree, err := parseTree(data)
		if err != nil {
			return
		}
		whole := tree.with(func(int) bool { return true })
		again, err := parseTree(whole)
		require.NoError(t, err)
		require.Equal(t, tree.parts, again.parts)
		require.Equal(t, string(whole), string(again.with(func(int) bool { return true })))
		none, err := parseTree(tree.with(func(int) bool { return false }))
		require.NoError(t, err)
		require.Zero(t, none.parts)
	})
}
