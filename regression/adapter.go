package regression

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/purl"
)

// AdapterTable is the name of the table beside the cases that [Rules] are read from.
const AdapterTable = "adapter.json"

// A Pair is the least that every scanner says of a finding.
type Pair struct{ PURL, ID string }

// An Adapter makes a scanner of other make scan a case: a program that is given the
// case's input directory and prints a line "PURL ID" for each finding that it does not
// suppress, in any order. Its exit code is 0 unless the scan failed.
type Adapter []string

// Run gives the findings of a case.
func (a Adapter) Run(ctx context.Context, c Case) ([]Pair, error) {
	dir, err := filepath.Abs(filepath.Join(c.Dir, "input"))
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, a[0], append(slices.Clone(a[1:]), dir)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("adapter %s: %w: %.500s", a[0], err, strings.TrimSpace(stderr.String()))
	}
	var pairs []Pair
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) != 2 {
			return nil, fmt.Errorf("adapter %s: line %q is not \"PURL ID\"", a[0], lines.Text())
		}
		pairs = append(pairs, Pair{fields[0], fields[1]})
	}
	return pairs, lines.Err()
}

// A Rule replaces what varies from run to run, or is spelled in another way by another
// scanner, before findings are compared.
type Rule struct {
	Field   string `json:"field"` // "purl" or "id"
	Pattern string `json:"pattern"`
	Replace string `json:"replace"`
	Why     string `json:"why"`

	pattern *regexp.Regexp
}

// Rules are applied in their order to expected and actual findings.
type Rules []Rule

// ReadRules reads the table of a corpus. A corpus without one has no rules.
func ReadRules(dir string) (Rules, error) {
	data, err := os.ReadFile(filepath.Join(dir, AdapterTable))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	var rules Rules
	if err := decode(data, &rules); err != nil {
		return nil, fmt.Errorf("%s: %w", AdapterTable, err)
	}
	for i := range rules {
		r := &rules[i]
		if r.Field != "purl" && r.Field != "id" || r.Why == "" {
			return nil, fmt.Errorf("%s: rule %d wants the field purl or id, and a why", AdapterTable, i)
		}
		if r.pattern, err = regexp.Compile(r.Pattern); err != nil {
			return nil, fmt.Errorf("%s: rule %d: %w", AdapterTable, i, err)
		}
	}
	return rules, nil
}

func (rules Rules) apply(p Pair) Pair {
	for _, r := range rules {
		field := &p.PURL
		if r.Field == "id" {
			field = &p.ID
		}
		*field = r.pattern.ReplaceAllString(*field, r.Replace)
	}
	return p
}

// Score is how the findings of a scanner compare with the golden ones.
type Score struct {
	Right  int
	Missed []Pair
	Extra  []Pair // found and not in the golden file
}

// Passed reports whether all was found and nothing else.
func (s Score) Passed() bool { return len(s.Missed) == 0 && len(s.Extra) == 0 }

// folded is p with the one spelling of its purl: a golden finding has that of one of
// several components that are one package, and another scanner may take another's.
func (p Pair) folded() Pair { return Pair{purl.Fold(p.PURL), p.ID} }

// Compare holds the findings of a scanner against the golden ones that are not
// suppressed. A finding may be named by any id of its alias group, and by several, and
// its package by any spelling of the purl.
func Compare(golden Outcome, rules Rules, actual []Pair) (Score, error) {
	var report scanner.Report
	if golden.File == FindingsFile {
		if err := json.Unmarshal(golden.Data, &report); err != nil {
			return Score{}, fmt.Errorf("golden findings: %w", err)
		}
	}
	said, extra := map[Pair]bool{}, map[Pair]bool{}
	for _, p := range actual {
		p = rules.apply(p).folded()
		said[p], extra[p] = true, true
	}
	var s Score
	for _, f := range report.Findings {
		if f.Suppressed != nil {
			continue
		}
		found := false
		for _, id := range f.Aliases {
			p := rules.apply(Pair{f.Package.PURL, id}).folded()
			found = found || said[p]
			delete(extra, p)
		}
		if found {
			s.Right++
		} else {
			s.Missed = append(s.Missed, Pair{f.Package.PURL, f.ID})
		}
	}
	s.Extra = slices.SortedFunc(maps.Keys(extra), func(a, b Pair) int { return strings.Compare(a.PURL+" "+a.ID, b.PURL+" "+b.ID) })
	return s, nil
}
