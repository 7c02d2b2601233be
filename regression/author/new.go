package author

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/stella-ops/stella/regression"
	"github.com/stella-ops/stella/scanner/lockfile"
	"github.com/stella-ops/stella/scanner/target"
)

const narrative = `# One line: what goes wrong

**What failed.**

**Why it is representative.**

**What is right.** Name the rule that says so, and the contrast in the input.
`

// New makes the directory of a case, SCN-NNNN-some-words, below a corpus and copies
// files to their places. What a file is, its content says, of lockfiles the name. The
// metadata and the narrative are left to be filled in: until then the case is an error.
// With an error, there is no directory.
func New(corpus, name string, files []string) (dir string, err error) {
	dir = filepath.Join(corpus, name)
	id, _, ok := strings.Cut(strings.TrimPrefix(name, "SCN-"), "-")
	if !ok || !strings.HasPrefix(name, "SCN-") || len(id) != 4 {
		return "", fmt.Errorf("%s: want a name like SCN-0042-some-words", name)
	}
	if taken, err := filepath.Glob(filepath.Join(corpus, "SCN-"+id+"-*")); err != nil || len(taken) > 0 {
		return "", errors.Join(err, fmt.Errorf("SCN-%s is there already: %s", id, strings.Join(taken, ", ")))
	}
	if err := os.MkdirAll(filepath.Join(dir, "expected"), 0o755); err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	metadata, err := json.MarshalIndent(regression.Metadata{ID: "SCN-" + id, Tags: []string{}, Guards: []string{}}, "", "  ")
	if err != nil {
		return "", err
	}
	err = errors.Join(
		os.WriteFile(filepath.Join(dir, "case.metadata.json"), append(metadata, '\n'), 0o644),
		os.WriteFile(filepath.Join(dir, "case.md"), []byte(narrative), 0o644))
	for _, file := range files {
		if err != nil {
			return "", err
		}
		err = add(filepath.Join(dir, "input"), file)
	}
	return dir, err
}

// add copies a file, or a directory as a project, to its place in the input.
func add(input, file string) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return os.CopyFS(filepath.Join(input, "project"), os.DirFS(file))
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	place, err := placeOf(filepath.Base(file), data)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if place == "" { // what it is, reading it will tell
		if _, err := target.Read(file); err != nil {
			return fmt.Errorf("%s is no advisory, call graph, statement or configuration, and as a target: %w", file, err)
		}
		if place = "sbom." + sbomExt(data); bytes.HasPrefix(data[min(len(data), 257):], []byte("ustar")) {
			place = "image.tar"
		}
	}
	to := filepath.Join(input, filepath.FromSlash(place))
	if _, err := os.Stat(to); err == nil {
		return fmt.Errorf("%s: %s is taken by another file", file, place)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o644)
}

// placeOf is where a file belongs below input/, "" for one that is scanned.
func placeOf(base string, data []byte) (string, error) {
	var head struct {
		ID        string          `json:"id"`
		Affected  json.RawMessage `json:"affected"`
		Schema    string          `json:"schema"`
		Context   json.RawMessage `json:"@context"`
		Format    string          `json:"bomFormat"`
		SPDX      string          `json:"spdxVersion"`
		Config    json.RawMessage `json:"config"`
		Weakness  json.RawMessage `json:"vulnerabilities"`
		Component json.RawMessage `json:"components"`
	}
	// A stream of govulncheck begins with such a value, too; other formats have none.
	isJSON := json.NewDecoder(bytes.NewReader(data)).Decode(&head) == nil
	switch {
	case lockfile.Known(base):
		return "project/" + base, nil
	case filepath.Ext(base) == ".txtar":
		return "image.txtar", nil
	case bytes.HasPrefix(bytes.TrimSpace(data), []byte(`"`)):
		return "callgraph.txt", nil
	case !isJSON, head.SPDX != "":
		return "", nil
	case strings.HasPrefix(head.Schema, "stella.callgraph/"), head.Config != nil:
		return "callgraph.json", nil
	case strings.HasPrefix(head.Schema, "stella.config/"):
		return "config.json", nil
	case head.Context != nil, head.Format != "" && head.Weakness != nil && head.Component == nil:
		return "vex.json", nil
	case head.ID != "" && head.Affected != nil:
		if head.ID != filepath.Base(head.ID) {
			return "", fmt.Errorf("its id %q is no file name", head.ID)
		}
		return "advisories/" + head.ID + ".json", nil
	}
	return "", nil
}

// sbomExt is the usual extension of an SBOM's format.
func sbomExt(data []byte) string {
	switch text := bytes.TrimSpace(data); {
	case bytes.HasPrefix(text, []byte("<")):
		return "cdx.xml"
	case bytes.Contains(text, []byte(`"bomFormat"`)):
		return "cdx.json"
	case bytes.HasPrefix(text, []byte("{")):
		return "spdx.json"
	}
	return "spdx"
}
