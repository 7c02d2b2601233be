// Command scoreboard scans the golden corpus with this scanner and with others, through
// adapters, and writes who found what into docs/dev/scoreboard.md. See usage.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/stella-ops/stella/regression"
	"github.com/stella-ops/stella/scanner"
)

const usage = `scoreboard scans the golden corpus with this scanner and with others.

  scoreboard [-adapter "NAME VERSION=COMMAND ARGS"]… [-by WHO] [-o FILE]

An adapter is a program that is given the input directory of a case and prints a line
"PURL ID" for each finding. Names and ids are compared as regression/cases/adapter.json
says; any id of an alias group will do. Run it at the root of the repository.

  -by WHO   who ran it, for the document
  -o FILE   where it goes (default docs/dev/scoreboard.md)

Exit codes: 0 done, 1 error, 2 a mistake in the command line.
`

const casesDir = "regression/cases"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		fmt.Fprintf(os.Stderr, "scoreboard: %v\n", err)
		os.Exit(2)
	default:
		fmt.Fprintf(os.Stderr, "scoreboard: %v\n", err)
		os.Exit(1)
	}
}

var errUsage = errors.New("a mistake in the command line")

// A contestant is a scanner.
type contestant struct {
	name string // with its version
	scan func(context.Context, regression.Case) ([]regression.Pair, error)
}

func run(ctx context.Context, args []string, out io.Writer) error {
	var by, file string
	contestants := []contestant{{"stella-scan, this revision", own}}
	fs := flag.NewFlagSet("scoreboard", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	fs.StringVar(&by, "by", "", "")
	fs.StringVar(&file, "o", "docs/dev/scoreboard.md", "")
	fs.Func("adapter", "", func(s string) error {
		name, command, ok := strings.Cut(s, "=")
		if fields := strings.Fields(command); ok && len(fields) > 0 && name != "" {
			contestants = append(contestants, contestant{name, regression.Adapter(fields).Run})
			return nil
		}
		return errors.New("want NAME VERSION=COMMAND")
	})
	if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(out, usage)
		return err
	} else if err != nil || fs.NArg() > 0 {
		return fmt.Errorf("%w: %v %q", errUsage, err, fs.Args())
	}
	entries, err := regression.Corpus(casesDir)
	if err != nil {
		return err
	}
	rules, err := regression.ReadRules(casesDir)
	if err != nil {
		return err
	}
	text, err := document(ctx, entries, rules, contestants, by)
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, text, 0o644); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s is written: %d cases, %d scanners\n", file, len(entries), len(contestants))
	return nil
}

// own is this scanner. What it suppresses is no finding.
func own(ctx context.Context, c regression.Case) ([]regression.Pair, error) {
	r, err := c.Input.Report(ctx)
	var pairs []regression.Pair
	for _, f := range r.Findings {
		if f.Suppressed == nil {
			pairs = append(pairs, pair(f))
		}
	}
	return pairs, err
}

func pair(f scanner.Finding) regression.Pair { return regression.Pair{PURL: f.Package.PURL, ID: f.ID} }

// tally is how one scanner fared.
type tally struct{ passed, failed, refused, right, missed, extra int }

const head = `# Scoreboard

Written by ` + "`make scoreboard`" + `%s. Each scanner was given the input of every golden case and
is held against the findings that are right: packages and ids alone, not severity,
verdicts or layers. A case is passed when all was found and nothing else; it is refused
when the scanner ended with an error and findings were expected. Cases whose right answer
is an error count as passed when the scanner refuses them.

| scanner | cases passed | failed | refused | findings right | missed | too many |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
`

const tail = `
A scanner of other make names packages in its own way, and its adapter pairs them with the
purls of the input: a row below is a place to look, not a verdict on that scanner. It gets
the input and the advisories, and nothing that suppresses.

To add one: ` + "`make scoreboard ADAPTER=\"osv-scanner 2.5.0=ADAPTER PROGRAM\"`" + `, with ADAPTER built of
regression/cmd/osv-scanner-adapter and PROGRAM an osv-scanner. grype and trivy read
databases of their own format, into which a case's OSV records first have to be converted:
an adapter for them is a program of its own, and neither has been run.

## Cases that were not passed

| case | scanner | missed | too many |
| --- | --- | --- | --- |
`

func document(ctx context.Context, entries []regression.Entry, rules regression.Rules, contestants []contestant, by string) ([]byte, error) {
	var out, failures bytes.Buffer
	if by != "" {
		by = " by " + by
	}
	fmt.Fprintf(&out, head, by)
	for _, k := range contestants {
		var t tally
		for _, e := range entries {
			if e.Err != nil {
				return nil, e.Err
			}
			if err := t.add(ctx, e.Case, k, rules, &failures); err != nil {
				return nil, err
			}
		}
		fmt.Fprintf(&out, "| %s | %d | %d | %d | %d | %d | %d |\n", k.name, t.passed, t.failed, t.refused, t.right, t.missed, t.extra)
	}
	out.WriteString(tail)
	if failures.Len() == 0 {
		failures.WriteString("| none | | | |\n")
	}
	out.Write(failures.Bytes())
	return out.Bytes(), nil
}

// add scans a case and counts.
func (t *tally) add(ctx context.Context, c regression.Case, k contestant, rules regression.Rules, failures io.Writer) error {
	golden, err := c.Golden()
	if err != nil {
		return err
	}
	pairs, scanErr := k.scan(ctx, c)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if scanErr != nil && golden.File == regression.FindingsFile {
		t.refused++
		fmt.Fprintf(failures, "| %s | %s | refused | |\n", c.ID, k.name)
		return nil
	}
	if scanErr == nil && golden.File == regression.ErrorFile {
		t.failed++
		fmt.Fprintf(failures, "| %s | %s | the error | |\n", c.ID, k.name)
		return nil
	}
	s, err := regression.Compare(golden, rules, pairs)
	if err != nil {
		return err
	}
	t.right, t.missed, t.extra = t.right+s.Right, t.missed+len(s.Missed), t.extra+len(s.Extra)
	if s.Passed() {
		t.passed++
		return nil
	}
	t.failed++
	fmt.Fprintf(failures, "| %s | %s | %s | %s |\n", c.ID, k.name, join(s.Missed), join(s.Extra))
	return nil
}

func join(pairs []regression.Pair) string {
	var texts []string
	for _, p := range pairs {
		texts = append(texts, p.PURL+" "+p.ID)
	}
	return strings.Join(texts, ", ")
}
