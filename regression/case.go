package regression

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/advisory"
	"github.com/stella-ops/stella/scanner/reach"
	"github.com/stella-ops/stella/scanner/sbom"
	"github.com/stella-ops/stella/scanner/vex"
)

// Kinds are what may go wrong.
var kinds = []string{
	"vulnerability-missed", "false-positive", "wrong-reachability", "wrong-version-compare", "parser-failure", "deduplication",
	"suppression", "severity", "wrong-layer", "purl-identity", "nondeterminism", "crash",
}

// Metadata is case.metadata.json. Every field is required.
type Metadata struct {
	ID       string   `json:"id"` // SCN-NNNN, as the directory's name begins
	Title    string   `json:"title"`
	Kind     string   `json:"kind"`
	Source   string   `json:"source"`   // where the failure was seen
	Severity string   `json:"severity"` // of the failure: low, medium, high, critical
	Tags     []string `json:"tags"`
	Guards   []string `json:"guards"` // the rules that the case holds, "package: rule"
}

// Case is one golden case.
type Case struct {
	Metadata
	Dir string

	sbom      string // base name
	callgraph string // base name, "" where there is none
	vex       bool
}

// Expected is where the golden report of a case stands.
func (c Case) Expected() string { return filepath.Join(c.Dir, "expected", "findings.json") }

var dirName = regexp.MustCompile(`^(SCN-[0-9]{4})-[a-z0-9]+(-[a-z0-9]+)*$`)

// Load reads a case and checks that it is whole. It does not read the input.
func Load(dir string) (Case, error) {
	c := Case{Dir: dir}
	if err := c.load(); err != nil {
		return Case{}, fmt.Errorf("case %s: %w", filepath.Base(dir), err)
	}
	return c, nil
}

func (c *Case) load() error {
	name := dirName.FindStringSubmatch(filepath.Base(c.Dir))
	if name == nil {
		return errors.New("the directory's name is not SCN-NNNN-some-words")
	}
	data, err := os.ReadFile(filepath.Join(c.Dir, "case.metadata.json"))
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c.Metadata); err != nil {
		return fmt.Errorf("case.metadata.json: %w", err)
	}
	if c.ID != name[1] {
		return fmt.Errorf("case.metadata.json: id %q, the directory says %s", c.ID, name[1])
	}
	if err := c.Metadata.check(); err != nil {
		return fmt.Errorf("case.metadata.json: %w", err)
	}
	return c.files()
}

func (m Metadata) check() error {
	switch {
	case m.Title == "" || m.Source == "":
		return errors.New("title and source are required")
	case !slices.Contains(kinds, m.Kind):
		return fmt.Errorf("kind %q is none of %s", m.Kind, strings.Join(kinds, ", "))
	case !slices.Contains([]string{"low", "medium", "high", "critical"}, m.Severity):
		return fmt.Errorf("severity %q is none of low, medium, high, critical", m.Severity)
	case len(m.Tags) == 0 || len(m.Guards) == 0:
		return errors.New("tags and guards are required")
	}
	return nil
}

// files finds the case's files and refuses those that no rule names.
func (c *Case) files() error {
	advisories, narrative, golden := false, false, false
	tree := os.DirFS(c.Dir)
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		dir, base := path.Split(name)
		switch {
		case name == "case.metadata.json":
		case name == "case.md":
			narrative = true
		case name == "expected/findings.json":
			golden = true
		case dir == "input/advisories/" && path.Ext(base) == ".json":
			advisories = true
		case dir == "input/" && strings.HasPrefix(base, "sbom.") && c.sbom == "":
			c.sbom = base
		case dir == "input/" && strings.HasPrefix(base, "callgraph.") && c.callgraph == "":
			c.callgraph = base
		case name == "input/vex.json":
			c.vex = true
		default:
			return fmt.Errorf("%s: no rule reads it", name)
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case !narrative:
		return errors.New("case.md is missing")
	case !golden:
		return errors.New("expected/findings.json is missing: make it with -update, then read it")
	case c.sbom == "":
		return errors.New("input/sbom.* is missing")
	case !advisories:
		return errors.New("input/advisories/*.json is missing")
	}
	return nil
}

// Scan runs the scanner on the case's input and returns the report's bytes.
func (c Case) Scan(ctx context.Context) ([]byte, error) {
	file, err := os.Open(filepath.Join(c.Dir, "input", c.sbom))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	inventory, err := sbom.Read(file, c.sbom)
	if err != nil {
		return nil, err
	}
	db, err := advisory.Open(filepath.Join(c.Dir, "input", "advisories"))
	if err != nil {
		return nil, err
	}
	options, err := c.options()
	if err != nil {
		return nil, err
	}
	r, err := scanner.Scan(ctx, inventory, db, options)
	if err != nil {
		return nil, err
	}
	return r.Encode()
}

func (c Case) options() (scanner.Options, error) {
	var o scanner.Options
	if c.callgraph != "" {
		data, err := os.ReadFile(filepath.Join(c.Dir, "input", c.callgraph))
		if err != nil {
			return o, err
		}
		e, err := reach.Read(data)
		if err != nil {
			return o, fmt.Errorf("%s: %w", c.callgraph, err)
		}
		o.Evidence = []reach.Evidence{e}
	}
	if c.vex {
		data, err := os.ReadFile(filepath.Join(c.Dir, "input", "vex.json"))
		if err != nil {
			return o, err
		}
		d, err := vex.Read(bytes.NewReader(data), "vex.json")
		if err != nil {
			return o, err
		}
		o.VEX = vex.NewSet(d)
	}
	return o, nil
}
