package regression_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/regression"
	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/advisory"
)

var seed = flag.Uint64("seed", 1, "seed of the metamorphic runs")

// A relation changes an input so that the findings must stay.
type relation struct {
	name   string
	change func(*variant) error // errCannot where the input has nothing of the kind
	// forget takes out of both reports what may differ, and why says why it may.
	forget []func(*scanner.Report)
	why    string
}

// relations are all that is varied, with all that may differ.
var relations = []relation{
	{
		"components shuffled", shuffleComponents,
		[]func(*scanner.Report){targetDigest},
		"other bytes",
	},
	{
		"components twice", duplicateComponents,
		[]func(*scanner.Report){targetDigest, repeatedNotEvaluated, locations},
		"other bytes; each entry that cannot be read is listed; an SPDXID must be another",
	},
	{
		"keys shuffled and reindented", reindent,
		[]func(*scanner.Report){targetDigest},
		"other bytes",
	},
	{
		"UTF-16", toUTF16,
		[]func(*scanner.Report){targetDigest},
		"other bytes",
	},
	{
		"advisory files shuffled", renameAdvisories,
		[]func(*scanner.Report){rejectedEntries},
		"a file that is no record is known by its name",
	},
	{
		"records shuffled", shuffleRecords,
		[]func(*scanner.Report){setDigest, rejections},
		"the digest holds a record's arrays in order, and a rejection names an element by its index",
	},
	{
		"advisories twice", duplicateAdvisories,
		[]func(*scanner.Report){rejections},
		"each file that is no record is listed",
	},
	{
		"unrelated advisories", addUnrelated,
		[]func(*scanner.Report){setDigest, setSize},
		"another set",
	},
	{"advisories zipped", zipAdvisories, nil, ""},
	{"advisories compiled", compileAdvisories, nil, ""},
	{"evidence and statements shuffled", shuffleEvidence, nil, ""},
	{
		"as CycloneDX JSON", convert(toCycloneDXJSON),
		[]func(*scanner.Report){targetName, targetDigest, targetKind, locations},
		"another format: the document's name is the subject's",
	},
	{
		"as CycloneDX XML", convert(toCycloneDXXML),
		[]func(*scanner.Report){targetName, targetDigest, targetKind, locations},
		"another format: the document's name is the subject's",
	},
	{
		"as SPDX JSON", convert(toSPDXJSON),
		[]func(*scanner.Report){targetDigest, targetKind, locations},
		"another format, with its own rules for ids",
	},
	{
		"as SPDX tag-value", convert(toTagValue),
		[]func(*scanner.Report){targetDigest, targetKind, locations},
		"another format, with its own rules for ids",
	},
	{"as a docker archive of gzip layers", dockerGzip, nil, ""},
	{
		"as an OCI archive", ociArchive,
		[]func(*scanner.Report){targetKind},
		"another format",
	},
	{
		"as an OCI layout", ociLayout,
		[]func(*scanner.Report){targetKind, targetName},
		"another format; an image without a name has the directory's",
	},
}

func targetDigest(r *scanner.Report)         { r.Target.SHA256 = "" }
func targetName(r *scanner.Report)           { r.Target.Name = "" }
func targetKind(r *scanner.Report)           { r.Target.Kind = "" }
func setDigest(r *scanner.Report)            { r.Advisories.SHA256 = "" }
func setSize(r *scanner.Report)              { r.Advisories.Records = 0 }
func rejections(r *scanner.Report)           { r.Advisories.Rejected = nil }
func repeatedNotEvaluated(r *scanner.Report) { r.NotEvaluated = slices.Compact(r.NotEvaluated) }

func rejectedEntries(r *scanner.Report) {
	for i := range r.Advisories.Rejected {
		r.Advisories.Rejected[i].Entry = ""
	}
}

func locations(r *scanner.Report) {
	for i := range r.Findings {
		r.Findings[i].Package.Locations = nil
	}
}

// exceptions are the cases whose very subject a relation changes, with the reason. One
// that holds all the same fails.
var exceptions = map[[2]string]string{
	{"SCN-0225", "components twice"}:  "a BOM-Link names one of the two",
	{"SCN-0227", "components twice"}:  "the copies stand nowhere in the dependency graph",
	{"SCN-0227", "as SPDX JSON"}:      "the dependency graph is lost",
	{"SCN-0227", "as SPDX tag-value"}: "the dependency graph is lost",
	{"SCN-0234", "as SPDX JSON"}:      "the nesting is lost",
	{"SCN-0234", "as SPDX tag-value"}: "the nesting is lost",
}

// errCannot is the answer of a relation that has nothing to change in an input.
var errCannot = errors.New("")

func cannot(format string, args ...any) error {
	return fmt.Errorf("%w%s", errCannot, fmt.Sprintf(format, args...))
}

// TestMetamorphic scans variants of every case: the same findings must come out.
func TestMetamorphic(t *testing.T) {
	all := entries(t)
	run := tally{ran: map[string]int{}, not: map[string]map[string][]string{}}
	t.Cleanup(func() { run.report(t) })
	for _, e := range all {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			require.NoError(t, e.Err)
			files := readFiles(t, filepath.Join(e.Case.Dir, "input"))
			base := scan(t, e.Case)
			scratch := t.TempDir()
			for i, r := range relations {
				vary(t, e.Case, r, &variant{
					in: e.Case.Input, files: maps.Clone(files), original: files, base: base,
					scratch: filepath.Join(scratch, strconv.Itoa(i)),
				}, &run)
			}
		})
	}
}

// readFiles reads the files below a directory.
func readFiles(t *testing.T, dir string) map[string]string {
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(file)
		files[file] = string(data)
		return err
	}))
	return files
}

// vary holds one relation for one case.
func vary(t *testing.T, c regression.Case, r relation, v *variant, run *tally) {
	sum := fnv.New64a()
	fmt.Fprintf(sum, "%s %s", c.Name(), r.name)
	v.rand = rand.New(rand.NewPCG(*seed, sum.Sum64()))
	err := r.change(v)
	if errors.Is(err, errCannot) {
		run.cannot(r.name, c.ID, err)
		return
	}
	require.NoError(t, errors.Join(err, v.write()))
	run.did(r.name)
	t.Run(r.name, func(t *testing.T) {
		diff, err := v.differs(t.Context(), r)
		require.NoError(t, err)
		if why, ok := exceptions[[2]string{c.ID, r.name}]; ok {
			require.NotEmpty(t, diff, "the exception (%s) is none any more", why)
			return
		}
		require.Empty(t, diff, "not the findings of the case; again with -args -seed %d. If the case is about what was changed, say so in exceptions", *seed)
	})
}

// differs scans the variant and shows where its report is not the case's.
func (v *variant) differs(ctx context.Context, r relation) (string, error) {
	got, err := v.in.Scan(ctx)
	if err != nil {
		return "", err
	}
	if got.File != v.base.File {
		return cmp.Diff(lines(v.base), lines(got)), nil
	}
	if got.File == regression.ErrorFile { // parts of its text name files, lines and formats
		return "", nil
	}
	var texts [2][]byte
	for i, o := range []regression.Outcome{v.base, got} {
		var report scanner.Report
		if err := json.Unmarshal(o.Data, &report); err != nil {
			return "", err
		}
		for _, forget := range r.forget {
			forget(&report)
		}
		if texts[i], err = report.Encode(); err != nil {
			return "", err
		}
	}
	if bytes.Equal(texts[0], texts[1]) {
		return "", nil
	}
	return cmp.Diff(strings.Split(string(indent(texts[0])), "\n"), strings.Split(string(indent(texts[1])), "\n")), nil
}

// tally counts what ran: a relation that no case can show would be held by nothing.
type tally struct {
	mu  sync.Mutex
	ran map[string]int
	not map[string]map[string][]string // by relation and reason: cases
}

func (y *tally) did(relation string) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.ran[relation]++
}

func (y *tally) cannot(relation, id string, why error) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.not[relation] == nil {
		y.not[relation] = map[string][]string{}
	}
	y.not[relation][why.Error()] = append(y.not[relation][why.Error()], id)
}

func (y *tally) report(t *testing.T) {
	for _, r := range relations {
		t.Logf("%s: %d cases", r.name, y.ran[r.name])
		for _, why := range slices.Sorted(maps.Keys(y.not[r.name])) {
			ids := y.not[r.name][why]
			slices.Sort(ids)
			if len(ids) > 9 {
				ids = append(ids[:9], fmt.Sprintf("and %d more", len(ids)-9))
			}
			t.Logf("    %s: not %s", why, strings.Join(ids, " "))
		}
		if *corpus == "" && *only == "" && y.ran[r.name] == 0 {
			t.Errorf("%s: no case has anything of the kind", r.name)
		}
	}
}

// TestProcessors scans every case on one processor and on two.
func TestProcessors(t *testing.T) {
	for _, e := range entries(t) {
		require.NoError(t, e.Err)
		var outcomes [2]regression.Outcome
		for i := range outcomes {
			before := runtime.GOMAXPROCS(i + 1)
			outcomes[i] = scan(t, e.Case)
			runtime.GOMAXPROCS(before)
		}
		require.Equal(t, string(outcomes[0].Data), string(outcomes[1].Data), e.Name)
	}
}

// A variant is an input, to be changed.
type variant struct {
	in       regression.Input
	files    map[string]string // by path; what relations change
	original map[string]string // those of the case
	base     regression.Outcome
	rand     *rand.Rand
	scratch  string // a directory that is not there yet
}

// write puts the parts of the input that were changed into files of their own.
func (v *variant) write() error {
	for _, part := range v.parts() {
		if !v.changed(*part) {
			continue
		}
		to := filepath.Join(v.scratch, filepath.Base(*part))
		for _, file := range v.below(*part) {
			name := to + strings.TrimPrefix(file, *part)
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(name, []byte(v.files[file]), 0o600); err != nil {
				return err
			}
		}
		*part = to
	}
	return nil
}

// parts are the paths of the input.
func (v *variant) parts() []*string {
	v.in.Callgraphs, v.in.VEX = slices.Clone(v.in.Callgraphs), slices.Clone(v.in.VEX)
	parts := []*string{&v.in.Target, &v.in.Advisories}
	for i := range v.in.Callgraphs {
		parts = append(parts, &v.in.Callgraphs[i])
	}
	for i := range v.in.VEX {
		parts = append(parts, &v.in.VEX[i])
	}
	if v.in.Config != "" {
		parts = append(parts, &v.in.Config)
	}
	return parts
}

// below are the files of a part of the input, by name.
func (v *variant) below(part string) []string {
	var list []string
	for _, file := range slices.Sorted(maps.Keys(v.files)) {
		if file == part || strings.HasPrefix(file, part+string(filepath.Separator)) {
			list = append(list, file)
		}
	}
	return list
}

func (v *variant) changed(part string) bool {
	is := func(file, _ string) bool {
		return file != part && !strings.HasPrefix(file, part+string(filepath.Separator))
	}
	now, then := maps.Clone(v.files), maps.Clone(v.original)
	maps.DeleteFunc(now, is)
	maps.DeleteFunc(then, is)
	return !maps.Equal(now, then)
}

func (v *variant) isSBOM() bool { return strings.HasPrefix(filepath.Base(v.in.Target), "sbom.") }

// rewrite changes a file.
func (v *variant) rewrite(file string, change func([]byte) ([]byte, error)) error {
	data, err := change([]byte(v.files[file]))
	if err == nil {
		v.files[file] = string(data)
	}
	return err
}

func shuffleComponents(v *variant) error {
	if !v.isSBOM() {
		return cannot("the target is no SBOM")
	}
	return v.rewrite(v.in.Target, func(data []byte) ([]byte, error) {
		return v.editJSON(data, func(values []any) {
			v.shuffleArrays(values, "components", "dependencies", "dependsOn", "packages", "relationships", "externalRefs", "occurrences", "files")
		})
	})
}

func duplicateComponents(v *variant) error {
	if !v.isSBOM() {
		return cannot("the target is no SBOM")
	}
	return v.rewrite(v.in.Target, func(data []byte) ([]byte, error) {
		n := 0
		data, err := v.editJSON(data, func(values []any) { n = duplicate(values) })
		if err == nil && n == 0 {
			err = cannot("it has no component")
		}
		return data, err
	})
}

// reindent writes every JSON file of the input anew.
func reindent(v *variant) error {
	changed := false
	for _, file := range slices.Sorted(maps.Keys(v.files)) {
		err := v.rewrite(file, func(data []byte) ([]byte, error) { return v.editJSON(data, func([]any) {}) })
		if err != nil && !errors.Is(err, errCannot) {
			return err
		}
		changed = changed || err == nil
	}
	if !changed {
		return cannot("it has no JSON")
	}
	return nil
}

// toUTF16 writes the SBOM in UTF-16 with a byte order mark. XML says its encoding itself.
func toUTF16(v *variant) error {
	if !v.isSBOM() {
		return cannot("the target is no SBOM")
	}
	return v.rewrite(v.in.Target, func(data []byte) ([]byte, error) {
		if first := bytes.TrimSpace(data); len(first) == 0 || first[0] == '<' || first[0] > '~' {
			return nil, cannot("it is XML, empty, or has a byte order mark")
		}
		wide := []byte{0xff, 0xfe}
		for _, unit := range utf16.Encode([]rune(string(data))) {
			wide = append(wide, byte(unit), byte(unit>>8))
		}
		return wide, nil
	})
}

func renameAdvisories(v *variant) error {
	all := v.below(v.in.Advisories)
	if len(all) < 2 {
		return cannot("it has one advisory")
	}
	v.rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for i, file := range all {
		v.files[filepath.Join(v.in.Advisories, fmt.Sprintf("%04d.json", i))] = v.files[file]
		delete(v.files, file)
	}
	return nil
}

func shuffleRecords(v *variant) error {
	return v.editAdvisories(func(values []any) {
		v.shuffleArrays(values, "aliases", "related", "affected", "ranges", "events", "versions", "severity", "imports", "symbols")
	})
}

// editAdvisories changes the records that are JSON.
func (v *variant) editAdvisories(edit func([]any)) error {
	for _, file := range v.below(v.in.Advisories) {
		err := v.rewrite(file, func(data []byte) ([]byte, error) { return v.editJSON(data, edit) })
		if err != nil && !errors.Is(err, errCannot) {
			return err
		}
	}
	return nil
}

func duplicateAdvisories(v *variant) error {
	for _, file := range v.below(v.in.Advisories) {
		v.files[strings.TrimSuffix(file, ".json")+"-again.json"] = v.files[file]
	}
	return nil
}

// addUnrelated adds records of packages that no input has, in the ecosystems that the
// case's records speak of: another ecosystem's would change what can be judged.
func addUnrelated(v *variant) error {
	ecosystems, err := v.ecosystems()
	if err != nil {
		return err
	}
	if len(ecosystems) == 0 {
		return cannot("no record names an ecosystem")
	}
	for i := range 9 {
		e := ecosystems[v.rand.IntN(len(ecosystems))]
		v.files[filepath.Join(v.in.Advisories, fmt.Sprintf("unrelated-%d.json", i))] = fmt.Sprintf(
			`{"id":"UNRELATED-%d","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":%q,"name":"unrelated:of/package-%d"},"versions":["1.0"]}]}`, i, e, i)
	}
	return nil
}

// ecosystems are those that the case's records name, as they spell them.
func (v *variant) ecosystems() ([]string, error) {
	named := map[string]bool{}
	err := v.editAdvisories(func(values []any) {
		walkObjects(values, func(o map[string]any) {
			if name, ok := o["ecosystem"].(string); ok && name != "" {
				named[name] = true
			}
		})
	})
	list := make([]string, 0, len(named))
	for name := range named {
		list = append(list, name)
	}
	slices.Sort(list)
	return list, err
}

func zipAdvisories(v *variant) error {
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	for _, file := range v.below(v.in.Advisories) {
		w, err := z.Create(filepath.Base(file))
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w, v.files[file]); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	v.in.Advisories = filepath.Join(filepath.Dir(v.in.Advisories), "advisories.zip")
	v.files[v.in.Advisories] = packed.String()
	return nil
}

// compileAdvisories makes an index of the records. Where that fails there is no index to
// open, and so an error, as there must be for the records themselves.
func compileAdvisories(v *variant) error {
	records := v.in.Advisories
	v.in.Advisories = filepath.Join(v.scratch, "advisories.idx")
	if err := os.Mkdir(v.scratch, 0o755); err != nil {
		return err
	}
	_ = advisory.Builder{}.Build(context.Background(), v.in.Advisories, records)
	return nil
}

// shuffleEvidence gives call graphs and statements in another order, and in each its
// nodes, calls and statements.
func shuffleEvidence(v *variant) error {
	all := slices.Concat(v.in.Callgraphs, v.in.VEX)
	if len(all) == 0 {
		return cannot("it has no evidence and no statements")
	}
	v.rand.Shuffle(len(v.in.Callgraphs), func(i, j int) {
		v.in.Callgraphs[i], v.in.Callgraphs[j] = v.in.Callgraphs[j], v.in.Callgraphs[i]
	})
	v.rand.Shuffle(len(v.in.VEX), func(i, j int) { v.in.VEX[i], v.in.VEX[j] = v.in.VEX[j], v.in.VEX[i] })
	for _, file := range all {
		if err := v.rewrite(file, v.shuffleDocument); err != nil {
			return err
		}
	}
	return nil
}

func (v *variant) shuffleDocument(data []byte) ([]byte, error) {
	shuffled, err := v.editJSON(data, func(values []any) {
		v.shuffleArrays(values, "nodes", "edges", "entries", "entrypoints", "roots", "statements", "vulnerabilities", "products", "subcomponents", "affects")
	})
	if !errors.Is(err, errCannot) {
		return shuffled, err
	}
	// A digraph is lines.
	lines := strings.SplitAfter(strings.TrimRight(string(data), "\n")+"\n", "\n")
	v.rand.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	return []byte(strings.Join(lines, "")), nil
}
