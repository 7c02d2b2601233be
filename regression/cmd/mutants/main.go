// Command mutants changes the scanner on purpose and reports which tests and golden
// cases notice. See usage for its commands and flags.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/stella-ops/stella/regression"
	"github.com/stella-ops/stella/regression/mutants"
)

const usage = `mutants changes the scanner on purpose and reports which tests notice.
Run it at the root of the repository.

  mutants run [-n 400] [-seed 1] [-package scanner/...] [-skip REGEXP] [-fresh] [-again]
  mutants guards [-case SCN-0001] [-update]
  mutants report

run runs the chosen mutants and adds to out/mutants/results.jsonl, so that it goes on
where it was stopped. guards runs the mutant on record for each case, with which exactly
the recorded cases must fail. report writes docs/dev/mutants.md.

  -n N           how many mutants, 0 for all (default 400)
  -seed N        which ones (default 1)
  -package P     of which packages (default ./scanner/...)
  -skip REGEXP   unit tests that are not run, since they take too long for each mutant
                 (default ^TestManyScansAreOne$; "" for none)
  -fresh         forget earlier results
  -again         run those again that survived
  -case ID       cases whose ids begin so
  -update        choose a mutant for each case that has none on record or whose mutant
                 is not as recorded any more, or for -case

Exit codes: 0 done, 1 error, or a guard that is not as recorded, 2 a mistake in the
command line.
`

const (
	work         = "out/mutants"
	resultsFile  = work + "/results.jsonl"
	guardsFile   = "regression/mutants/guards.json"
	reasonsFile  = "regression/mutants/survivors.json"
	document     = "docs/dev/mutants.md"
	casesDir     = "regression/cases"
	everyPackage = "./scanner/..."
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	switch {
	case err == nil:
	case errors.Is(err, flag.ErrHelp):
		fmt.Print(usage)
	case errors.Is(err, errUsage):
		fmt.Fprintf(os.Stderr, "mutants: %v\nmutants -h explains the commands\n", err)
		os.Exit(2)
	default:
		fmt.Fprintf(os.Stderr, "mutants: %v\n", err)
		os.Exit(1)
	}
}

var errUsage = errors.New("a mistake in the command line")

// options are the flags of all commands.
type options struct {
	n, seed              int
	packages, id, skip   string
	fresh, again, update bool
	out                  io.Writer
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return fmt.Errorf("%w: name a command: run, guards or report", errUsage)
	}
	o := options{out: out}
	fs := flag.NewFlagSet("mutants", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	fs.IntVar(&o.n, "n", 400, "")
	fs.IntVar(&o.seed, "seed", 1, "")
	fs.StringVar(&o.packages, "package", everyPackage, "")
	fs.StringVar(&o.id, "case", "", "")
	fs.StringVar(&o.skip, "skip", "^TestManyScansAreOne$", "")
	fs.BoolVar(&o.fresh, "fresh", false, "")
	fs.BoolVar(&o.again, "again", false, "")
	fs.BoolVar(&o.update, "update", false, "")
	command := args[0]
	if command == "-h" || command == "-help" || command == "--help" {
		return flag.ErrHelp
	}
	if err := fs.Parse(args[1:]); errors.Is(err, flag.ErrHelp) {
		return err
	} else if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if fs.NArg() > 0 {
		return fmt.Errorf("%w: %q is not understood", errUsage, fs.Args())
	}
	switch command {
	case "run":
		return o.run(ctx)
	case "guards":
		return o.guards(ctx)
	case "report":
		return o.report()
	}
	return fmt.Errorf("%w: %s is no command", errUsage, command)
}

func (o options) say(format string, args ...any) { fmt.Fprintf(o.out, format+"\n", args...) }

// prepare builds and runs once the corpus, and the tests of the packages if units is set.
func (o options) prepare(ctx context.Context, units bool) (*mutants.Sources, *mutants.Runner, []regression.Entry, error) {
	root, err := filepath.Abs(".")
	if err != nil {
		return nil, nil, nil, err
	}
	entries, err := regression.Corpus(casesDir)
	if err != nil {
		return nil, nil, nil, err
	}
	var names []string
	for _, e := range entries {
		if e.Err != nil {
			return nil, nil, nil, e.Err
		}
		names = append(names, e.Name)
	}
	sources, err := mutants.Load(root, o.packages)
	if err != nil {
		return nil, nil, nil, err
	}
	var packages []string
	if units { // those of packages that are not changed, too: they may use those that are
		every, err := mutants.Load(root, everyPackage)
		if err != nil {
			return nil, nil, nil, err
		}
		packages = every.Packages()
	}
	runner, err := mutants.Prepare(ctx, sources, filepath.Join(root, work), packages, names, o.skip, o.say)
	return sources, runner, entries, err
}

// run runs the chosen mutants that have no verdict yet.
func (o options) run(ctx context.Context) error {
	if o.fresh {
		if err := os.RemoveAll(resultsFile); err != nil {
			return err
		}
	}
	verdicts, err := mutants.ReadVerdicts(resultsFile)
	if err != nil {
		return err
	}
	sources, runner, _, err := o.prepare(ctx, true)
	if err != nil {
		return err
	}
	done := map[mutants.Key]bool{}
	for _, v := range verdicts {
		done[v.Key] = v.Killed() || !o.again
	}
	results, err := os.OpenFile(resultsFile, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer results.Close()
	chosen := o.choose(sources.Mutants)
	killed, judged := 0, 0
	for i, m := range chosen {
		if done[m.Key] {
			continue
		}
		v, err := runner.Run(ctx, m)
		if ctx.Err() != nil {
			return fmt.Errorf("stopped after %d of %d; the same command goes on: %w", i, len(chosen), ctx.Err())
		}
		if err != nil {
			return err
		}
		if err := json.NewEncoder(results).Encode(v); err != nil {
			return err
		}
		judged++
		if v.Killed() {
			killed++
		} else {
			o.say("survived (reached: %t): %s:%d %s: %s `%s`", v.Reached, v.File, v.Line, v.Function, v.Operator, v.Code)
		}
		if judged%50 == 0 {
			o.say("%d of %d; %d of %d killed", i+1, len(chosen), killed, judged)
		}
	}
	o.say("%d of %d killed; mutants report writes %s", killed, judged, document)
	return nil
}

// choose takes mutants by the seed. With a larger n those of a smaller one come first.
func (o options) choose(all []mutants.Mutant) []mutants.Mutant {
	chosen := slices.Clone(all)
	r := rand.New(rand.NewPCG(uint64(o.seed), 0))
	r.Shuffle(len(chosen), func(i, j int) { chosen[i], chosen[j] = chosen[j], chosen[i] })
	if o.n > 0 && o.n < len(chosen) {
		chosen = chosen[:o.n]
	}
	return chosen
}

// guards checks the mutants on record, or chooses them.
func (o options) guards(ctx context.Context) error {
	guards := mutants.Guards{}
	if err := mutants.ReadJSON(guardsFile, &guards); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	_, runner, entries, err := o.prepare(ctx, false)
	if err != nil {
		return err
	}
	bad := 0
	for _, e := range entries {
		if !strings.HasPrefix(e.Case.ID, o.id) {
			continue
		}
		problem, err := o.guard(ctx, runner, e, guards)
		if err != nil {
			return err
		}
		if problem != "" {
			bad++
			o.say("%s", problem)
		}
	}
	for id := range guards {
		if !slices.ContainsFunc(entries, func(e regression.Entry) bool { return e.Case.ID == id }) {
			delete(guards, id)
			bad++
			o.say("%s: on record, but no case", id)
		}
	}
	if o.update {
		if err := mutants.WriteJSON(guardsFile, guards); err != nil {
			return err
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d guards are not as they should be", bad)
	}
	o.say("with each of %d mutants on record exactly the recorded cases fail", len(guards))
	return nil
}

// guard checks the mutant on record for a case, or chooses one, and says what is wrong.
func (o options) guard(ctx context.Context, runner *mutants.Runner, e regression.Entry, guards mutants.Guards) (string, error) {
	id := e.Case.ID
	if g, recorded := guards[id]; recorded && (!o.update || o.id == "") {
		problem, err := runner.Check(ctx, id, g)
		if err != nil || problem == "" || !o.update {
			return problem, err
		}
		o.say("%s", problem)
	}
	if !o.update {
		return fmt.Sprintf("%s: no mutant is on record that the case kills", id), nil
	}
	g, ok, err := runner.Choose(ctx, e.Name, guardedPackages(e.Case))
	if err != nil {
		return "", err
	}
	if !ok {
		return fmt.Sprintf("%s: no change of %s was found that the case notices", id, strings.Join(guardedPackages(e.Case), ", ")), nil
	}
	guards[id] = g
	o.say("%s: %s; fails %s", id, g.Mutant, strings.Join(g.Fails, " "))
	return "", mutants.WriteJSON(guardsFile, guards) // what was found is kept if this is stopped
}

// guardedPackages are the packages that a case's guards name.
func guardedPackages(c regression.Case) []string {
	var packages []string
	for _, g := range c.Guards {
		name, _, _ := strings.Cut(g, ": ")
		packages = append(packages, name)
	}
	return packages
}

// report writes the document.
func (o options) report() error {
	verdicts, err := mutants.ReadVerdicts(resultsFile)
	if err != nil {
		return err
	}
	if len(verdicts) == 0 {
		return fmt.Errorf("%s holds no verdict: mutants run makes some", resultsFile)
	}
	var guards mutants.Guards
	var reasons mutants.Reasons
	if err := errors.Join(mutants.ReadJSON(guardsFile, &guards), mutants.ReadJSON(reasonsFile, &reasons)); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(document), 0o755); err != nil {
		return err
	}
	how := fmt.Sprintf("%d mutants were run, chosen by seed.", len(verdicts))
	if err := os.WriteFile(document, mutants.Report(verdicts, guards, reasons, how), 0o644); err != nil {
		return err
	}
	o.say("%s is written, of %d mutants", document, len(verdicts))
	return nil
}
