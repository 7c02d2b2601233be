package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/stella-ops/stella/attest"
	"github.com/stella-ops/stella/attest/sweep"
)

const usage = `stella-attest-bench measures how many signed scanner reports one batch may hold
for a Rekor transparency log, and decides it.

It signs the reports into DSSE envelopes, submits them in batches of K to the log,
again and again in shuffled order, and records what became of each. From that it
derives the largest K that is safe, with the evidence for it.

  stella-attest-bench --reports-dir DIR --rekor-url URL --batch-sizes LIST --out DIR [flags]
  stella-attest-bench -decide DIR
  stella-attest-bench -update-doc FILE DIR...

Examples:

  A log to measure, on loopback (it prints its URL):
    stella-rekor -addr 127.0.0.1:3000

  A first look, in seconds (it decides nothing: ten batches prove too little):
    stella-attest-bench --reports-dir testdata/scanner-reports \
      --rekor-url http://127.0.0.1:3000 --batch-sizes 1,5,10,25,50 --out sweep -confirm=false

  The whole measurement: sizes that survive run on to 59 batches and 299 entries,
  which is what 95 % confidence takes:
    stella-attest-bench --reports-dir testdata/scanner-reports \
      --rekor-url http://127.0.0.1:3000 --batch-sizes 1,5,10,25,50,100 --out sweep

  After Ctrl-C, or a disk that was full: the same command again with -resume.

Required:
  --reports-dir DIR    scanner reports, *.json, each one JSON object of at most 64 MiB
  --rekor-url URL      the log, Rekor v1 or v2: which one is found out
  --batch-sizes LIST   whole numbers from 1, separated by commas: 1,5,10,25
  --out DIR            where the results go; it is made if it is missing

What is submitted:
  --max-retries N      further attempts of an envelope, same bytes (default 3)
  --timeout-ms N       deadline of an attempt (default 10000; for a v2 log 30000,
                       because it answers after its next checkpoint)
  -concurrency N       attempts in flight at most; 0: as many as the batch holds
                       (default 0)
  -mode MODE           report, or statement: an in-toto Statement about the report
                       (default report)
  -key FILE            private key, PEM; the passphrase of an encrypted one is read
                       from standard input (default: a development key, made on
                       first use in your configuration directory)
  -algorithm NAME      ecdsa-sha2-256-nistp256, ed25519 (v1 only) or ed25519-ph
                       (v2 only) (default: what fits key and log)

What is measured:
  -blocks N            screening blocks; each holds every size once (default 10)
  -confirm             go on after the screening until there are enough batches to
                       decide (default true)
  -seed N              order of the runs, gaps and choice of reports (default: random,
                       printed and recorded)
  -gap-min, -gap-max N bounds of the random wait before each run, in milliseconds
                       (default: one and two checkpoint intervals of the log; for
                       a v2 log 0 and one, at least 1000: left alone for longer it
                       answers faster than one in use. Behind a limiter, give gaps
                       in which it recovers from the largest batch)
  -budget-ms N         what the p95 latency of a batch may reach
                       (default 5000; for a v2 log 5000 and two checkpoint intervals)
  -environment NAME    what the result is called (default: the name of the log)
  -allow-public        let the log be a public one: those are shared and rate limited,
                       and keep every entry for good
  -resume              go on with the sweep in --out; flags not given are taken from it

Afterwards:
  -verify N            prove offline that N of the logged entries are there (default 16)
  -log-key FILE        the log's public key, PEM, for that (default: what the log
                       tells, if it does)

Other uses:
  -decide DIR          decide again from the files in DIR; writes what a sweep writes
  -update-doc FILE DIR...   replace the generated section of FILE by what is recorded
                       in the directories

Files in --out:
  results.csv            a line for each batch:
                         timestamp_utc,batch_size,envelopes_count,total_bytes,
                         avg_bytes,latency_ms,successes,failures,retries
  results.entries.jsonl  a line for each envelope: its report, latency, attempts,
                         HTTP statuses and place in the log
  results.meta.json      log, client, corpus, plan and runs
  results.bench.txt      the rows for benchstat
  decision.json          what follows from it
  *.svg, *.png           plots: latency, ecdf, throughput, failures, drift

Exit codes:
  0  decided: there is a default batch size
  1  an error, or interrupted: what was measured is kept
  2  a mistake in the command line
  3  inconclusive: the table says how many more batches it takes; -confirm runs those
     that are always needed, for more than that measure anew with -blocks of so many
  4  no size keeps the budget
`

// flags is the command line.
type flags struct {
	reportsDir, rekorURL, out string
	sizes                     []int
	maxRetries                int
	timeout                   time.Duration
	concurrency               int
	mode                      string
	key, algorithm            string
	blocks                    int
	confirm                   bool
	seed                      uint64
	gapMin, gapMax, budget    time.Duration
	environment               string
	allowPublic, resume       bool
	verify                    int
	logKey                    string

	decide, updateDoc string
	args              []string

	given map[string]bool // names of the flags that were given
}

// parseFlags reads the command line. Every error is a usageError, but for
// flag.ErrHelp, which comes after the usage was printed.
func parseFlags(args []string, stdout io.Writer) (flags, error) {
	var f flags
	var sizes string
	f.timeout = 10 * time.Second
	fs := flag.NewFlagSet("stella-attest-bench", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {} // flag calls it for mistakes, too
	fs.StringVar(&f.reportsDir, "reports-dir", "", "")
	fs.StringVar(&f.rekorURL, "rekor-url", "", "")
	fs.StringVar(&sizes, "batch-sizes", "", "")
	fs.StringVar(&f.out, "out", "", "")
	fs.IntVar(&f.maxRetries, "max-retries", 3, "")
	fs.Var(duration{&f.timeout}, "timeout-ms", "")
	fs.IntVar(&f.concurrency, "concurrency", 0, "")
	fs.StringVar(&f.mode, "mode", sweep.ModeReport, "")
	fs.StringVar(&f.key, "key", "", "")
	fs.StringVar(&f.algorithm, "algorithm", "", "")
	fs.IntVar(&f.blocks, "blocks", 10, "")
	fs.BoolVar(&f.confirm, "confirm", true, "")
	fs.Uint64Var(&f.seed, "seed", 0, "")
	fs.Var(duration{&f.gapMin}, "gap-min", "")
	fs.Var(duration{&f.gapMax}, "gap-max", "")
	fs.Var(duration{&f.budget}, "budget-ms", "")
	fs.StringVar(&f.environment, "environment", "", "")
	fs.BoolVar(&f.allowPublic, "allow-public", false, "")
	fs.BoolVar(&f.resume, "resume", false, "")
	fs.IntVar(&f.verify, "verify", 16, "")
	fs.StringVar(&f.logKey, "log-key", "", "")
	fs.StringVar(&f.decide, "decide", "", "")
	fs.StringVar(&f.updateDoc, "update-doc", "", "")
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprint(stdout, usage)
			return flags{}, err
		}
		return flags{}, usageError{err}
	}
	f.args = fs.Args()
	f.given = make(map[string]bool)
	fs.Visit(func(fl *flag.Flag) { f.given[fl.Name] = true })
	err := f.check(sizes)
	if err == nil {
		err = f.checkValues(fs)
	}
	if err != nil {
		return flags{}, usageError{err}
	}
	return f, nil
}

// maxMillis bounds durations: more than a day is a slip of the keyboard.
const maxMillis = 24 * 60 * 60 * 1000

// duration is a flag that counts whole milliseconds.
type duration struct{ to *time.Duration }

func (d duration) String() string {
	if d.to == nil { // package flag asks the zero value, too
		return "0"
	}
	return strconv.FormatInt(d.to.Milliseconds(), 10)
}

func (d duration) Set(text string) error {
	ms, err := strconv.Atoi(text)
	if err != nil {
		return errors.New("want a whole number of milliseconds")
	}
	if ms > maxMillis {
		return fmt.Errorf("it must be at most %d, a day", maxMillis)
	}
	*d.to = time.Duration(max(ms, -maxMillis)) * time.Millisecond // check says what is too small
	return nil
}

// checkValues reports what would be misunderstood in silence. An empty value is most
// often a variable that is not set, and would stand for another key.
func (f *flags) checkValues(fs *flag.FlagSet) (err error) {
	alone := ""
	for _, name := range []string{"update-doc", "decide"} {
		if f.given[name] {
			alone = name
		}
	}
	fs.Visit(func(fl *flag.Flag) {
		switch {
		case fl.Value.String() == "":
			err = fmt.Errorf("-%s is empty: leave it out, or give it a value", fl.Name)
		case alone != "" && fl.Name != alone:
			err = fmt.Errorf("-%s goes with no other flag, not with -%s", alone, fl.Name)
		}
	})
	if err == nil && strings.ContainsFunc(f.environment, unicode.IsControl) {
		return errors.New("-environment: give one line of text")
	}
	return err
}

// check reports what is wrong with flags that were read, before any file is.
func (f *flags) check(sizes string) (err error) {
	switch {
	case f.updateDoc != "" && len(f.args) == 0:
		return errors.New("-update-doc wants the directories of recorded sweeps behind its file")
	case f.updateDoc != "":
		return nil
	case len(f.args) > 0:
		return fmt.Errorf("%q is no flag: the command takes flags only", f.args[0])
	case f.decide != "":
		return nil
	}
	for _, r := range []struct{ name, value string }{
		{"reports-dir", f.reportsDir}, {"rekor-url", f.rekorURL}, {"out", f.out},
	} {
		if r.value == "" {
			return fmt.Errorf("--%s is required", r.name)
		}
	}
	if !f.given["batch-sizes"] {
		return errors.New("--batch-sizes is required")
	}
	if f.sizes, err = sweep.ParseSizes(sizes); err != nil {
		return fmt.Errorf("--batch-sizes: %w", err)
	}
	if f.algorithm != "" {
		if _, err := attest.ParseAlgorithm(f.algorithm); err != nil {
			return fmt.Errorf("-algorithm: %w", err)
		}
	}
	return f.checkNumbers()
}

func (f *flags) checkNumbers() error {
	for _, n := range []struct {
		name  string
		value int64
		least int64
	}{
		{"--max-retries", int64(f.maxRetries), 0},
		{"--timeout-ms", f.timeout.Milliseconds(), 1},
		{"-concurrency", int64(f.concurrency), 0},
		{"-blocks", int64(f.blocks), 1},
		{"-gap-min", f.gapMin.Milliseconds(), 0},
		{"-gap-max", f.gapMax.Milliseconds(), 0},
		{"-budget-ms", f.budget.Milliseconds(), 0},
		{"-verify", int64(f.verify), 0},
	} {
		if n.value < n.least {
			return fmt.Errorf("%s is %d: it must be at least %d", n.name, n.value, n.least)
		}
	}
	if f.mode != sweep.ModeReport && f.mode != sweep.ModeStatement {
		return fmt.Errorf("-mode %q: choose %s or %s", f.mode, sweep.ModeReport, sweep.ModeStatement)
	}
	if f.given["gap-min"] && f.given["gap-max"] && f.gapMin > f.gapMax {
		return fmt.Errorf("-gap-min is %d and -gap-max %d: the first must not be the larger", f.gapMin.Milliseconds(), f.gapMax.Milliseconds())
	}
	return nil
}
