package mutants

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Limits of a run of tests with a mutant in them, which may loop or grow.
const (
	minTimeout   = 10 * time.Second
	maxTimeout   = time.Minute // of cases together: when they are late, each is run by itself
	timeoutRatio = 10          // times as long as without a mutant
	maxMemory    = 6 << 20     // KiB of address space
)

// A result is how tests ended.
type result struct {
	failed   bool
	late     bool
	output   []byte
	duration time.Duration
}

// run runs the binary's tests with a mutant, 0 for none.
func (b Binary) run(ctx context.Context, mutant int, timeout time.Duration, env []string, args ...string) (result, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	script := fmt.Sprintf(`ulimit -v %d && exec "$0" "$@"`, maxMemory)
	// Nobody kills it where this process was killed itself: then it ends on its own.
	args = append(args, fmt.Sprintf("-test.timeout=%s", 2*timeout))
	cmd := exec.CommandContext(ctx, "sh", append([]string{"-c", script, b.path}, args...)...)
	cmd.Dir = b.dir
	cmd.Env = append(cmd.Environ(), env...)
	cmd.Env = append(cmd.Env, "CI=true", "STELLA_MUTANT="+strconv.Itoa(mutant))
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.WaitDelay = time.Second
	begun := time.Now()
	err := cmd.Run()
	r := result{output: output.Bytes(), duration: time.Since(begun), late: errors.Is(ctx.Err(), context.DeadlineExceeded)}
	if _, exited := errors.AsType[*exec.ExitError](err); exited || r.late {
		r.failed = true
		return r, nil
	}
	return r, err
}

// A suite is tests that may kill mutants: those of a package, or one case.
type suite struct {
	name    string
	binary  Binary
	args    []string
	timeout time.Duration
	took    time.Duration
	reaches map[int]bool
}

// prepare runs the suite without a mutant and notes which it reaches. Tests that fail
// then could kill nothing: the error says which.
func (s *suite) prepare(ctx context.Context, scratch string) error {
	if err := os.RemoveAll(scratch); err != nil {
		return err
	}
	r, err := s.binary.run(ctx, 0, 10*time.Minute, []string{"STELLA_MUTANTS_REACHED=" + scratch}, s.args...)
	if err != nil {
		return err
	}
	if r.failed {
		return fmt.Errorf("%s fails without any mutant:\n%s", s.name, r.output)
	}
	s.took = r.duration
	s.timeout = max(minTimeout, timeoutRatio*r.duration)
	s.reaches = map[int]bool{}
	file, err := os.Open(scratch)
	if errors.Is(err, os.ErrNotExist) {
		return nil // it comes by none
	} else if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		n, err := strconv.Atoi(lines.Text())
		if err != nil {
			return fmt.Errorf("%s: what it reaches: %w", s.name, err)
		}
		s.reaches[n] = true
	}
	return lines.Err()
}

// Runner runs mutants.
type Runner struct {
	sources *Sources
	corpus  Binary
	units   []*suite         // the fastest first
	cases   []*suite         // by name
	failed  map[int][]string // by mutant: ids of the cases that fail, of those asked for
}

// Prepare builds the tests of the packages and those of the corpus into dir, an
// absolute path, and runs all once. Tests that match skip are left out, "" for none.
// say is told what goes on.
func Prepare(ctx context.Context, s *Sources, dir string, packages, cases []string, skip string, say func(format string, args ...any)) (*Runner, error) {
	say("%d mutants; building %d test binaries", len(s.Mutants), len(packages)+1)
	binaries, err := s.Build(ctx, dir, append([]string{"regression"}, packages...)...)
	if err != nil {
		return nil, err
	}
	r := &Runner{sources: s, corpus: binaries[0], failed: map[int][]string{}}
	scratch := dir + "/reached"
	for _, b := range binaries[1:] {
		u := &suite{name: b.Package, binary: b, args: []string{"-test.failfast", "-test.skip=" + skip}}
		if err := u.prepare(ctx, scratch); err != nil {
			return nil, err
		}
		say("%-28s %6d mutants reached, %s", u.name, len(u.reaches), u.took.Round(time.Millisecond))
		r.units = append(r.units, u)
	}
	slices.SortStableFunc(r.units, func(a, b *suite) int { return int(a.took - b.took) })
	for _, name := range cases {
		c := &suite{name: name, binary: r.corpus, args: caseArgs(name)}
		if err := c.prepare(ctx, scratch); err != nil {
			return nil, err
		}
		r.cases = append(r.cases, c)
	}
	say("%d cases", len(r.cases))
	return r, nil
}

// caseArgs choose cases of the corpus, without their metamorphic runs.
func caseArgs(names ...string) []string {
	return []string{"-test.run=^TestCases$/^(" + strings.Join(names, "|") + ")$", "-leave=false"}
}

// Verdict is what became of a mutant.
type Verdict struct {
	Mutant
	Cases []string `json:"cases,omitempty"` // that fail
	Tests string   `json:"tests,omitempty"` // the package whose tests fail, where no case does
	Late  bool     `json:"late,omitempty"`  // whether they took too long
	// Reached is whether anything comes by the mutant's code.
	Reached bool `json:"reached"`
}

// Killed reports whether anything noticed the mutant.
func (v Verdict) Killed() bool { return len(v.Cases) > 0 || v.Tests != "" }

// Run runs a mutant with every case that reaches it and, where none notices, with the
// tests of the packages until one does.
func (r *Runner) Run(ctx context.Context, m Mutant) (Verdict, error) {
	v := Verdict{Mutant: m}
	var err error
	if v.Cases, err = r.runCases(ctx, m, &v); err != nil || len(v.Cases) > 0 {
		return v, err
	}
	for _, u := range r.units {
		if !u.reaches[m.number] {
			continue
		}
		v.Reached = true
		result, err := u.binary.run(ctx, m.number, u.timeout, nil, u.args...)
		if err != nil {
			return v, err
		}
		if result.failed {
			v.Tests, v.Late = u.name, result.late
			break
		}
	}
	return v, nil
}

var failedCase = regexp.MustCompile(`(?m)^ +--- FAIL: TestCases/(SCN-[^ /]+) `)

// runCases gives the cases that a mutant fails.
func (r *Runner) runCases(ctx context.Context, m Mutant, v *Verdict) ([]string, error) {
	var reached []*suite
	var names []string
	for _, c := range r.cases {
		if c.reaches[m.number] {
			reached, names = append(reached, c), append(names, c.name)
		}
	}
	if len(reached) == 0 {
		return nil, nil
	}
	v.Reached = true
	result, err := r.corpus.run(ctx, m.number, timeoutOf(reached), nil, caseArgs(names...)...)
	if err != nil || !result.failed {
		return nil, err
	}
	var failed []string
	for _, f := range failedCase.FindAllSubmatch(result.output, -1) {
		failed = append(failed, string(f[1]))
	}
	if len(failed) > 0 && !bytes.Contains(result.output, []byte("\npanic: ")) && !result.late {
		slices.Sort(failed)
		return slices.Compact(failed), nil
	}
	// The process ended before its time. Each case by itself says whether it was it.
	v.Late = result.late
	failed = nil
	for _, c := range reached {
		result, err := c.binary.run(ctx, m.number, c.timeout, nil, c.args...)
		if err != nil {
			return nil, err
		}
		if result.failed {
			failed = append(failed, c.name)
		}
		if result.late {
			break // one that hangs is enough
		}
	}
	return failed, nil
}

func timeoutOf(suites []*suite) time.Duration {
	total := minTimeout
	for _, s := range suites {
		total += timeoutRatio * s.took
	}
	return min(total, maxTimeout)
}
