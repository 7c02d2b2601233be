package author

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/stella-ops/stella/regression"
	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/advisory"
)

// Wanted is the failure that a smaller input must still show.
type Wanted struct {
	ID   string // of the advisory or any of its aliases
	PURL string // of the package; "" for any, where the finding is wanted
	// Absent wants the finding not to be there, though the package and the advisory are.
	Absent bool
}

// Minimized says what is left.
type Minimized struct {
	Parts, PartsLeft           int // of the SBOM
	Advisories, AdvisoriesLeft int
}

// Minimize takes out of a case's SBOM and advisories what the failure does not need, and
// rewrites them in place: the last step, so that nothing changes with an error. The SBOM
// must be JSON. say is told how it goes on.
func Minimize(ctx context.Context, c regression.Case, w Wanted, say func(format string, args ...any)) (Minimized, error) {
	m, err := newMinimizer(c, w)
	if err != nil {
		return Minimized{}, err
	}
	defer os.RemoveAll(m.scratch)
	all := make([]int, m.sbom.parts+len(m.advisories))
	for i := range all {
		all[i] = i
	}
	shown, err := m.shows(ctx, all)
	if err != nil {
		return Minimized{}, err
	}
	if !shown {
		return Minimized{}, fmt.Errorf("%s does not show it: %s", c.Name(), w)
	}
	left, err := ddmin(all, func(kept []int) (bool, error) {
		shown, err := m.shows(ctx, kept)
		if shown {
			say("%d parts are enough", len(kept))
		}
		return shown, err
	})
	if err != nil {
		return Minimized{}, err
	}
	return m.write(left)
}

func (w Wanted) String() string {
	not := ""
	if w.Absent {
		not = "no "
	}
	return fmt.Sprintf("%sfinding %s of %s", not, w.ID, cmp.Or(w.PURL, "some package"))
}

// A minimizer tries inputs.
type minimizer struct {
	in         regression.Input
	wanted     Wanted
	sbom       *tree
	advisories []string // file names
	scratch    string
}

func newMinimizer(c regression.Case, w Wanted) (*minimizer, error) {
	switch {
	case w.ID == "":
		return nil, errors.New("which finding? Name its id")
	case w.Absent && w.PURL == "":
		return nil, errors.New("of which package is the finding absent? Name its purl")
	}
	data, err := os.ReadFile(c.Input.Target)
	if err != nil {
		return nil, fmt.Errorf("only an SBOM can be made smaller: %w", err)
	}
	m := &minimizer{in: c.Input, wanted: w}
	if m.sbom, err = parseTree(data); err != nil {
		return nil, fmt.Errorf("%s: only an SBOM in JSON can be made smaller: %w", filepath.Base(c.Input.Target), err)
	}
	entries, err := os.ReadDir(c.Input.Advisories)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		m.advisories = append(m.advisories, e.Name())
	}
	m.scratch, err = os.MkdirTemp("", "minimize")
	return m, err
}

// parts tells kept parts of the SBOM from kept advisories.
func (m *minimizer) parts(kept []int) (sbom []byte, advisories []string) {
	set := map[int]bool{}
	for _, k := range kept {
		set[k] = true
	}
	for i, name := range m.advisories {
		if set[m.sbom.parts+i] {
			advisories = append(advisories, name)
		}
	}
	return m.sbom.with(func(part int) bool { return set[part] }), advisories
}

// shows reports whether an input of the kept parts shows the failure. One that cannot
// be scanned does not.
func (m *minimizer) shows(ctx context.Context, kept []int) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	sbom, advisories := m.parts(kept)
	in := m.in
	in.Target = filepath.Join(m.scratch, filepath.Base(m.in.Target))
	in.Advisories = filepath.Join(m.scratch, "advisories")
	err := errors.Join(os.RemoveAll(in.Advisories), os.Mkdir(in.Advisories, 0o755), os.WriteFile(in.Target, sbom, 0o600))
	for _, name := range advisories {
		data, readErr := os.ReadFile(filepath.Join(m.in.Advisories, name))
		err = errors.Join(err, readErr, os.WriteFile(filepath.Join(in.Advisories, name), data, 0o600))
	}
	if err != nil {
		return false, err
	}
	report, err := in.Report(ctx)
	if err != nil {
		return false, nil
	}
	found := slices.ContainsFunc(report.Findings, m.wanted.matches)
	if !m.wanted.Absent {
		return found, nil
	}
	known, err := m.wanted.known(in)
	return known && !found, err
}

func (w Wanted) matches(f scanner.Finding) bool {
	return slices.Contains(f.Aliases, w.ID) && (w.PURL == "" || f.Package.PURL == w.PURL)
}

// known reports whether the input still holds the package and an advisory of the id.
// That the scanner does not bring them together may be the failure.
func (w Wanted) known(in regression.Input) (bool, error) {
	inventory, err := in.Inventory()
	if err != nil {
		return false, err
	}
	if !slices.ContainsFunc(inventory.Packages, func(p scanner.Package) bool { return p.PURL == w.PURL }) {
		return false, nil
	}
	files, err := os.ReadDir(in.Advisories)
	if err != nil {
		return false, err
	}
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join(in.Advisories, f.Name()))
		if err != nil {
			return false, err
		}
		r, err := advisory.Parse(data)
		if err == nil && (r.ID == w.ID || slices.Contains(r.Aliases, w.ID)) {
			return true, nil
		}
	}
	return false, nil
}

// write puts what is left in the place of the input.
func (m *minimizer) write(kept []int) (Minimized, error) {
	sbom, advisories := m.parts(kept)
	result := Minimized{
		Parts: m.sbom.parts, PartsLeft: len(kept) - len(advisories),
		Advisories: len(m.advisories), AdvisoriesLeft: len(advisories),
	}
	if err := os.WriteFile(m.in.Target, sbom, 0o644); err != nil {
		return result, err
	}
	gone := map[string]bool{}
	for _, name := range m.advisories {
		gone[name] = !slices.Contains(advisories, name)
	}
	for _, name := range slices.Sorted(maps.Keys(gone)) {
		if gone[name] {
			if err := os.Remove(filepath.Join(m.in.Advisories, name)); err != nil {
				return result, err
			}
		}
	}
	return result, nil
}

// ddmin gives a sublist that passes the test and of which no single element can go.
// The whole list passes.
func ddmin(list []int, test func([]int) (bool, error)) ([]int, error) {
	for n := 2; len(list) > 0; {
		size := max(1, (len(list)+n-1)/n)
		smaller := false
		for from := 0; from < len(list); from += size {
			rest := slices.Concat(list[:from], list[min(from+size, len(list)):])
			ok, err := test(rest)
			if err != nil {
				return nil, err
			}
			if ok {
				list, smaller = rest, true
				break
			}
		}
		switch {
		case smaller:
			n = max(2, n-1)
		case size == 1:
			return list, nil
		default:
			n = min(2*n, len(list))
		}
	}
	return list, nil
}
