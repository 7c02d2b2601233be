package mutants

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// Guard is a mutant on record for a case: a change of the rule that the case holds.
type Guard struct {
	Mutant Key      `json:"mutant"`
	Fails  []string `json:"fails"` // the ids of exactly the cases that fail with it
}

// Guards are the mutants on record, by the id of the case.
type Guards map[string]Guard

// Reasons say of mutants that nothing kills why that is right.
type Reasons []Reason

// Reason is why mutants survive. All that match it do for the same reason.
type Reason struct {
	File     string `json:"file"`
	Function string `json:"function,omitempty"` // "" for every one of the file
	Operator string `json:"operator,omitempty"` // "" for each
	Code     string `json:"code,omitempty"`     // "" for any
	Why      string `json:"why"`
}

// Of is the reason for a mutant, "" where there is none.
func (r Reasons) Of(k Key) string {
	for _, x := range r {
		if x.File == k.File && (x.Function == "" || x.Function == k.Function) &&
			(x.Operator == "" || x.Operator == k.Operator) && (x.Code == "" || x.Code == k.Code) {
			return x.Why
		}
	}
	return ""
}

// ReadJSON reads a record whose fields are all known.
func ReadJSON(name string, v any) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: there is more after the JSON value", name)
	}
	return nil
}

// WriteJSON writes a record for people to read.
func WriteJSON(name string, v any) error {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	return os.WriteFile(name, out.Bytes(), 0o644)
}

// Check runs a mutant on record and says what is not as it is recorded, "" where all is.
func (r *Runner) Check(ctx context.Context, id string, g Guard) (string, error) {
	m, ok := r.find(g.Mutant)
	if !ok {
		return fmt.Sprintf("%s: its mutant is not in the code any more: %s", id, g.Mutant), nil
	}
	fails, err := r.failing(ctx, m)
	switch {
	case err != nil:
		return "", err
	case !slices.Contains(fails, id):
		return fmt.Sprintf("%s: passes with %s", id, g.Mutant), nil
	case !slices.Equal(fails, g.Fails):
		return fmt.Sprintf("%s: with %s fail %s, and not exactly %s", id, g.Mutant, strings.Join(fails, " "), strings.Join(g.Fails, " ")), nil
	}
	return "", nil
}

func (r *Runner) find(k Key) (Mutant, bool) {
	i := slices.IndexFunc(r.sources.Mutants, func(m Mutant) bool { return m.Key == k })
	if i < 0 {
		return Mutant{}, false
	}
	return r.sources.Mutants[i], true
}

// failing are the ids of the cases that a mutant fails.
func (r *Runner) failing(ctx context.Context, m Mutant) ([]string, error) {
	if ids, ok := r.failed[m.number]; ok {
		return ids, nil
	}
	names, err := r.runCases(ctx, m, &Verdict{})
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, name := range names {
		ids = append(ids, caseID(name))
	}
	r.failed[m.number] = ids
	return ids, nil
}

// caseID is the id that a case's name begins with.
func caseID(name string) string { return name[:min(len(name), len("SCN-0000"))] }

// How many mutants that a case notices are compared to find the one that it guards best,
// and how many are run to find one at all.
const (
	enough   = 15
	maxTries = 200
)

// Choose finds the mutant that a case guards: of those in the named packages that the
// case reaches, the one that fails the fewest cases, this one among them. Those that
// few cases reach are tried first, and the first that fails this case alone is taken.
// ok is false where none of those tried fails the case.
func (r *Runner) Choose(ctx context.Context, name string, packages []string) (best Guard, ok bool, err error) {
	i := slices.IndexFunc(r.cases, func(c *suite) bool { return c.name == name })
	if i < 0 {
		return best, false, fmt.Errorf("%s is none of the cases that were prepared", name)
	}
	noticed := 0
	for _, m := range r.candidates(r.cases[i], packages) {
		fails, err := r.failingWith(ctx, r.cases[i], m)
		if err != nil {
			return best, ok, err
		}
		if !slices.Contains(fails, caseID(name)) {
			continue
		}
		noticed++
		if !ok || len(fails) < len(best.Fails) {
			best, ok = Guard{m.Key, fails}, true
		}
		if len(best.Fails) == 1 || noticed == enough {
			break
		}
	}
	return best, ok, nil
}

// failingWith is what failing gives, or nothing if a case by itself passes, which costs
// far less to see. One that is late is taken for one that passes: a mutant that loops
// says little of the rule that it breaks.
func (r *Runner) failingWith(ctx context.Context, c *suite, m Mutant) ([]string, error) {
	result, err := c.binary.run(ctx, m.number, c.timeout, nil, c.args...)
	if err != nil || !result.failed || result.late {
		return nil, err
	}
	return r.failing(ctx, m)
}

// candidates are the mutants that a case may guard, the most special first.
func (r *Runner) candidates(of *suite, packages []string) []Mutant {
	reach := map[int]int{} // by mutant: how many cases
	for _, c := range r.cases {
		for n := range c.reaches {
			reach[n]++
		}
	}
	var found []Mutant
	for _, m := range r.sources.Mutants {
		if of.reaches[m.number] && slices.ContainsFunc(packages, func(p string) bool { return strings.HasSuffix(m.Package, "/"+p) }) {
			found = append(found, m)
		}
	}
	slices.SortStableFunc(found, func(a, b Mutant) int { return reach[a.number] - reach[b.number] })
	return found[:min(len(found), maxTries)]
}
