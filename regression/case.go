package regression

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Kinds are what may go wrong.
var Kinds = []string{
	"vulnerability-missed", "false-positive", "wrong-reachability", "wrong-version-compare", "parser-failure", "deduplication",
	"suppression", "severity", "wrong-layer", "purl-identity", "nondeterminism", "crash",
}

var severities = []string{"low", "medium", "high", "critical"}

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
	Dir   string
	Input Input
}

// Name is the name of the case's directory.
func (c Case) Name() string { return filepath.Base(c.Dir) }

var dirName = regexp.MustCompile(`^(SCN-[0-9]{4})-[a-z0-9]+(-[a-z0-9]+)*$`)

// Load reads what a case says of itself and finds its files. It does not read the
// input, and leaves expected/ to [Case.Golden]. The error names the case.
func Load(dir string) (Case, error) {
	c := Case{Dir: dir}
	if err := c.load(); err != nil {
		return Case{}, fmt.Errorf("case %s: %w", filepath.Base(dir), err)
	}
	return c, nil
}

func (c *Case) load() error {
	name := dirName.FindStringSubmatch(c.Name())
	if name == nil {
		return errors.New("the directory's name is not SCN-NNNN-some-words")
	}
	data, err := os.ReadFile(filepath.Join(c.Dir, "case.metadata.json"))
	if errors.Is(err, os.ErrNotExist) {
		return errors.New("case.metadata.json is missing")
	} else if err != nil {
		return err
	}
	if err := decode(data, &c.Metadata); err != nil {
		return fmt.Errorf("case.metadata.json: %w", err)
	}
	if c.ID != name[1] {
		return fmt.Errorf("case.metadata.json: id %q, the directory says %s", c.ID, name[1])
	}
	if err := c.check(); err != nil {
		return fmt.Errorf("case.metadata.json: %w", err)
	}
	return c.files()
}

// decode reads one JSON value, whose fields are all known, and nothing after it.
func decode(data []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is more after the JSON value")
	}
	return nil
}

func (m Metadata) check() error {
	switch {
	case m.Title == "" || m.Source == "":
		return errors.New("title and source are required")
	case !strings.HasPrefix(m.Source, "https://"):
		return fmt.Errorf("source %q is no https URL", m.Source)
	case !slices.Contains(Kinds, m.Kind):
		return fmt.Errorf("kind %q is none of %s", m.Kind, strings.Join(Kinds, ", "))
	case !slices.Contains(severities, m.Severity):
		return fmt.Errorf("severity %q is none of %s", m.Severity, strings.Join(severities, ", "))
	case len(m.Tags) == 0 || len(m.Guards) == 0:
		return errors.New("tags and guards are required")
	}
	for _, g := range m.Guards {
		if pkg, rule, ok := strings.Cut(g, ": "); !ok || pkg == "" || rule == "" {
			return fmt.Errorf(`guard %q is not "package: rule"`, g)
		}
	}
	return nil
}
