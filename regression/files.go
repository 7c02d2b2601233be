package regression

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

var (
	isSBOM      = regexp.MustCompile(`^input/sbom\.[^/]+$`)
	isAdvisory  = regexp.MustCompile(`^input/advisories/[^/]+\.json$`)
	isCallgraph = regexp.MustCompile(`^input/callgraph(-[^/.]+)?\.[^/]+$`)
	isVEX       = regexp.MustCompile(`^input/vex(-[^/.]+)?\.json$`)
)

// files finds the case's files and refuses those that no rule names.
func (c *Case) files() error {
	narrative, advisories := false, false
	project := filepath.Join(c.Dir, "input", "project")
	err := fs.WalkDir(os.DirFS(c.Dir), ".", func(name string, d fs.DirEntry, err error) error {
		file := filepath.Join(c.Dir, filepath.FromSlash(name))
		switch {
		case err != nil:
			return err
		case name == "input/project" && d.IsDir():
			return c.setTarget(file)
		case name == "expected":
			return fs.SkipDir // see Golden
		case d.IsDir():
		case !d.Type().IsRegular():
			return fmt.Errorf("%s is no regular file", name)
		case name == "case.metadata.json":
		case name == "case.md":
			narrative = true
		case isAdvisory.MatchString(name):
			advisories = true
		case isSBOM.MatchString(name), name == "input/image.txtar", name == "input/image.tar":
			return c.setTarget(file)
		case isCallgraph.MatchString(name):
			c.Input.Callgraphs = append(c.Input.Callgraphs, file)
		case isVEX.MatchString(name):
			c.Input.VEX = append(c.Input.VEX, file)
		case name == "input/config.json":
			c.Input.Config = file
		case strings.HasPrefix(file, project+string(filepath.Separator)):
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
	case c.Input.Target == "":
		return errors.New("input/ has no target: sbom.*, image.txtar, image.tar or project/")
	case !advisories:
		return errors.New("input/advisories/*.json is missing")
	}
	c.Input.Advisories = filepath.Join(c.Dir, "input", "advisories")
	return nil
}

func (c *Case) setTarget(file string) error {
	if c.Input.Target != "" {
		return fmt.Errorf("input/ has two targets: %s and %s", filepath.Base(c.Input.Target), filepath.Base(file))
	}
	c.Input.Target = file
	return nil
}

// Outcome is what a scan ends with, as it stands in expected/.
type Outcome struct {
	File string // FindingsFile or ErrorFile
	Data []byte
}

// The files that an outcome may be.
const (
	FindingsFile = "findings.json"
	ErrorFile    = "error.txt"
)

// Golden reads the correct outcome of the case.
func (c Case) Golden() (Outcome, error) {
	entries, err := os.ReadDir(c.expected())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return Outcome{}, err
	}
	var golden Outcome
	for _, e := range entries {
		switch {
		case e.Name() != FindingsFile && e.Name() != ErrorFile:
			return Outcome{}, fmt.Errorf("case %s: expected/%s: no rule reads it", c.Name(), e.Name())
		case golden.File != "":
			return Outcome{}, fmt.Errorf("case %s: expected/ has findings.json and error.txt: only one can be right", c.Name())
		}
		golden.File = e.Name()
	}
	if golden.File == "" {
		return Outcome{}, fmt.Errorf("case %s: expected/findings.json is missing: make it with -update, then read it", c.Name())
	}
	golden.Data, err = os.ReadFile(filepath.Join(c.expected(), golden.File))
	return golden, err
}

// Accept makes an outcome the golden one, and deletes whatever else is in expected/.
func (c Case) Accept(o Outcome) error {
	if err := os.RemoveAll(c.expected()); err != nil {
		return err
	}
	if err := os.MkdirAll(c.expected(), 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(c.expected(), o.File), o.Data, 0o644)
}

func (c Case) expected() string { return filepath.Join(c.Dir, "expected") }

// corpusFiles may stand beside the cases.
var corpusFiles = []string{"README.md", AdapterTable}

// Entry is one directory of a corpus: a case, or why it is none.
type Entry struct {
	Name string
	Case Case
	Err  error // names the case
}

// Corpus loads every case below dir, by name. Each that is broken has its own error in
// its entry, so does each of two that have one id. The error is that of a directory
// that cannot be read, that holds no case, or a file that is none.
func Corpus(dir string) ([]Entry, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("corpus: %w", err)
	}
	var entries []Entry
	first := map[string]string{}
	for _, f := range files {
		if !f.IsDir() {
			if !slices.Contains(corpusFiles, f.Name()) {
				return nil, fmt.Errorf("corpus %s: %s: no rule reads it", dir, f.Name())
			}
			continue
		}
		e := Entry{Name: f.Name()}
		e.Case, e.Err = Load(filepath.Join(dir, e.Name))
		if other := first[e.Case.ID]; e.Err == nil && other != "" {
			e.Err = fmt.Errorf("case %s: %s is the id of %s too", e.Name, e.Case.ID, other)
		} else if e.Err == nil {
			first[e.Case.ID] = e.Name
		}
		entries = append(entries, e)
	}
	if len(entries) == 0 {
		return nil, fmt.Errorf("corpus %s: there is no case in it", dir)
	}
	return entries, nil
}
