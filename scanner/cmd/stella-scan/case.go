package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"

	"github.com/stella-ops/stella/regression"
	"github.com/stella-ops/stella/regression/author"
)

const caseUsage = `stella-scan case makes golden cases of the regression corpus: small inputs on which a
scanner was wrong once. docs/dev/scanner-regressions.md says when and how.

  stella-scan case new [-cases DIR] SCN-0042-some-words [-from FILE]…
  stella-scan case minimize -id ID [-purl PURL] [-absent] CASE
  stella-scan case verify CASE…

new makes the directory and copies files to their places: SBOMs, images, lockfiles, OSV
records, call graphs, VEX and configuration, told apart by their content. minimize takes
out of a case's SBOM (in JSON) and advisories what the failure does not need: a finding
that is there, or with -absent one that is not, though its package and advisory are.
verify looks for what a run of the corpus does not show: secrets, hosts and paths, size,
the narrative, and whether the case can fail.

  -cases DIR   where the case is made (default regression/cases)
  -from FILE   what to copy; may be given again. A directory becomes the project
  -id ID       of the finding, or an alias
  -purl PURL   of its package; required with -absent
  -absent      the failure is that there is no such finding

Exit codes: 0 done, 1 error or a problem in a case, 2 a mistake in the command line.
`

// caseCommands are the verbs of "stella-scan case".
var caseCommands = map[string]command{"new": caseNew, "minimize": caseMinimize, "verify": caseVerify}

func cases(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	if len(args) > 0 {
		if c, ok := caseCommands[args[0]]; ok {
			return c(ctx, args[1:], stdin, stdout, stderr)
		}
		if args[0] != "-h" && args[0] != "-help" && args[0] != "--help" {
			return usageError{fmt.Errorf("case %s: want case new, case minimize or case verify", args[0])}
		}
		fmt.Fprint(stdout, caseUsage)
		return flag.ErrHelp
	}
	return usageError{errors.New("case: want case new, case minimize or case verify")}
}

// parseCase parses the arguments of a verb with the flags that define sets.
func parseCase(verb string, args []string, stdout io.Writer, define func(*flag.FlagSet)) ([]string, error) {
	fs := flag.NewFlagSet("stella-scan case "+verb, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {} // flag calls it for mistakes, too
	define(fs)
	names, err := parseInterleaved(fs, args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, caseUsage)
	case err != nil:
		err = usageError{fmt.Errorf("case %s: %w", verb, err)}
	case len(names) == 0 || verb != "verify" && len(names) > 1:
		err = usageError{fmt.Errorf("case %s: %d cases are named", verb, len(names))}
	}
	return names, err
}

func caseNew(_ context.Context, args []string, _ io.Reader, stdout, _ io.Writer) error {
	var files []string
	corpus := filepath.Join("regression", "cases")
	names, err := parseCase("new", args, stdout, func(fs *flag.FlagSet) {
		fs.StringVar(&corpus, "cases", corpus, "")
		fs.Func("from", "", func(s string) error { files = append(files, s); return nil })
	})
	if err != nil {
		return err
	}
	dir, err := author.New(corpus, names[0], files)
	if err != nil {
		return fmt.Errorf("case new: %w", err)
	}
	fmt.Fprintf(stdout, "%s is made. Fill in case.metadata.json and case.md, then\n"+
		"  go test ./regression -args -update -case %s\nand read expected/ against the rule.\n", dir, names[0])
	return nil
}

func caseMinimize(ctx context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) error {
	var w author.Wanted
	names, err := parseCase("minimize", args, stdout, func(fs *flag.FlagSet) {
		fs.StringVar(&w.ID, "id", "", "")
		fs.StringVar(&w.PURL, "purl", "", "")
		fs.BoolVar(&w.Absent, "absent", false, "")
	})
	if err != nil {
		return err
	}
	c, err := regression.Load(filepath.Clean(names[0]))
	if err != nil {
		return err
	}
	progress := newProgress(stderr)
	defer progress.end()
	m, err := author.Minimize(ctx, c, w, func(format string, args ...any) { progress.stage(fmt.Sprintf(format, args...)) })
	if err != nil {
		return fmt.Errorf("case minimize: %w", err)
	}
	progress.end()
	fmt.Fprintf(stdout, "%s: %d of %d parts of the SBOM are left, and %d of %d advisories. The golden file is another one now.\n",
		c.Name(), m.PartsLeft, m.Parts, m.AdvisoriesLeft, m.Advisories)
	return nil
}

func caseVerify(ctx context.Context, args []string, _ io.Reader, stdout, _ io.Writer) error {
	names, err := parseCase("verify", args, stdout, func(*flag.FlagSet) {})
	if err != nil {
		return err
	}
	problems := 0
	for _, name := range names {
		f, err := author.Verify(ctx, filepath.Clean(name))
		if err != nil {
			return err
		}
		for _, p := range f.Problems {
			fmt.Fprintf(stdout, "%s: %s\n", filepath.Base(name), p)
		}
		for _, n := range f.Notes {
			fmt.Fprintf(stdout, "%s: note: %s\n", filepath.Base(name), n)
		}
		problems += len(f.Problems)
	}
	if problems > 0 {
		return fmt.Errorf("case verify: %d problems", problems)
	}
	fmt.Fprintf(stdout, "%d cases verified\n", len(names))
	return nil
}
