package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/stella-ops/stella/attest/rekortest"
)

const usage = `Usage: stella-rekor [flags]

Runs a real Rekor transparency log on loopback. The first line on standard
output is its URL; it stops on SIGTERM or SIGINT.

  -log v1|v2              v1 answers after the sequencer's next pass, v2 after
                          the next checkpoint (default v1)
  -addr HOST:PORT         loopback address to listen on (default 127.0.0.1:0)
  -hostname NAME          name in checkpoints (default rekor.localhost)
  -max-body BYTES         longest request body (default: v1 no limit, v2 4 MiB)

v1:
  -sequencer-interval D   time between sequencer passes (default 100ms)
  -batch-size N           entries that a pass integrates at most (default 1000)
  -store memory|postgres=DSN
                          where the tree is kept (default memory)
v2:
  -checkpoint-interval D  time between checkpoints (default 10s)
  -batch-max-age D        how long an entry waits for others (default 250ms)
  -dir DIR                keeps the log and its key (default: removed at exit)
  -server FILE            the rekor-tiles posix server (default: the one that
                          the repository pins, built when run inside it)

In front of either:
  -limit N                new entries a minute; more are answered 429 with
                          Retry-After (default 0: no limit)
  -burst N                new entries at once under -limit (default 1)

Output:
  -public-key FILE        write the log's public key, PEM
  -trusted-root FILE      write a Sigstore trusted_root.json for the log
  -exit-with-stdin        stop at the end of standard input, too: a parent that
                          holds the other end leaves no log behind

Exit codes: 0 stopped as asked, 1 error, 2 usage.
`

// options are the command line.
type options struct {
	log           string
	v1            rekortest.V1Config
	v2            rekortest.V2Config
	perMinute     float64
	burst         int
	publicKey     string
	trustedRoot   string
	exitWithStdin bool
}

// parseFlags reads the command line. Its errors are usageErrors, or flag.ErrHelp
// after the usage was printed.
func parseFlags(args []string, stderr io.Writer) (options, error) {
	var o options
	var addr, hostname, store string
	var maxBody int64
	fs := flag.NewFlagSet("stella-rekor", flag.ContinueOnError)
	fs.SetOutput(io.Discard) // exitCode reports
	fs.Usage = func() {}
	fs.StringVar(&o.log, "log", "v1", "")
	fs.StringVar(&addr, "addr", "127.0.0.1:0", "")
	fs.StringVar(&hostname, "hostname", rekortest.DefaultHostname, "")
	fs.Int64Var(&maxBody, "max-body", 0, "")
	fs.DurationVar(&o.v1.SequencerInterval, "sequencer-interval", 100*time.Millisecond, "")
	fs.IntVar(&o.v1.BatchSize, "batch-size", 1000, "")
	fs.StringVar(&store, "store", "memory", "")
	fs.DurationVar(&o.v2.CheckpointInterval, "checkpoint-interval", 10*time.Second, "")
	fs.DurationVar(&o.v2.BatchMaxAge, "batch-max-age", 250*time.Millisecond, "")
	fs.StringVar(&o.v2.Dir, "dir", "", "")
	fs.StringVar(&o.v2.Binary, "server", "", "")
	fs.Float64Var(&o.perMinute, "limit", 0, "")
	fs.IntVar(&o.burst, "burst", 1, "")
	fs.StringVar(&o.publicKey, "public-key", "", "")
	fs.StringVar(&o.trustedRoot, "trusted-root", "", "")
	fs.BoolVar(&o.exitWithStdin, "exit-with-stdin", false, "")
	if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stderr, usage)
		return options{}, err
	} else if err != nil {
		return options{}, usageError{err}
	}
	o.v1.Addr, o.v2.Addr = addr, addr
	o.v1.Hostname, o.v2.Hostname = hostname, hostname
	o.v1.MaxBodyBytes, o.v2.MaxBodyBytes = maxBody, maxBody
	if err := o.check(fs, store); err != nil {
		return options{}, usageError{err}
	}
	return o, nil
}

// only names the log that a flag belongs to, for the flags that belong to one.
var only = map[string]string{
	"sequencer-interval": "v1", "batch-size": "v1", "store": "v1",
	"checkpoint-interval": "v2", "batch-max-age": "v2", "dir": "v2", "server": "v2",
}

// check refuses what would be ignored or mean something else.
func (o *options) check(fs *flag.FlagSet, store string) error {
	if fs.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q: everything is a flag", fs.Arg(0))
	}
	if o.log != "v1" && o.log != "v2" {
		return fmt.Errorf("-log %s: want v1 or v2", o.log)
	}
	var err error
	fs.Visit(func(f *flag.Flag) {
		if log := only[f.Name]; log != "" && log != o.log {
			err = errors.Join(err, fmt.Errorf("-%s is for -log %s", f.Name, log))
		}
		if f.Value.String() == "" && f.Name != "store" { // parseStore says more
			err = errors.Join(err, fmt.Errorf("-%s is empty: leave it out, or give it a value", f.Name))
		}
		if f.Name == "burst" && o.perMinute == 0 {
			err = errors.Join(err, errors.New("-burst is for -limit"))
		}
	})
	err = errors.Join(err, rekortest.CheckLoopback(o.v1.Addr), o.parseStore(store))
	for name, positive := range map[string]bool{
		"sequencer-interval":  o.v1.SequencerInterval > 0,
		"batch-size":          o.v1.BatchSize > 0,
		"checkpoint-interval": o.v2.CheckpointInterval > 0,
		"batch-max-age":       o.v2.BatchMaxAge > 0,
		"burst":               o.burst > 0,
	} {
		if !positive {
			err = errors.Join(err, fmt.Errorf("-%s %s: want more than 0", name, fs.Lookup(name).Value))
		}
	}
	if o.v1.MaxBodyBytes < 0 || o.perMinute < 0 {
		err = errors.Join(err, errors.New("-max-body and -limit: want 0 or more"))
	}
	return err
}

func (o *options) parseStore(store string) error {
	if store == "memory" {
		return nil
	}
	kind, dsn, _ := strings.Cut(store, "=")
	if kind != "postgres" || dsn == "" {
		// Not the value: it may be a mistyped connection string with a password.
		return errors.New("-store: want memory or postgres=DSN, such as postgres=postgres://user@localhost/rekor")
	}
	o.v1.Postgres = dsn
	return nil
}
