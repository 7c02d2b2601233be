// Command stella-authority is a token service on MongoDB or PostgreSQL. See usage for its
// subcommands, settings and exit codes.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

const usage = `stella-authority issues, shows, checks and revokes security tokens.

  stella-authority serve [-addr HOST:PORT] [-dev DIR] [-config FILE]
  stella-authority migrate up|down|status [-config FILE]
  stella-authority check [-config FILE]
  stella-authority token issue -owner ID -kind KIND [-expires DURATION] [-payload JSON] [-by ID]
  stella-authority token show ID | list OWNER | revoke ID -reason WORDS [-by ID]

Examples, with nothing installed:
  stella-authority token issue -dev data -kind authority.admin -owner 0198c0de-0000-7000-8000-000000000001
  stella-authority serve -dev data

serve    answers HTTP until SIGTERM, lets requests under way end, and ends at once at a
         second SIGTERM; see the package server for its endpoints. It brings the schema up
         first. It speaks no TLS: beyond this machine, put a proxy that does before it.
migrate  brings the schema up, takes the newest migration back with its data, or says
         what is applied.
check    names what differs between the live schema and the migrations.
token    works beside the store, without the service: the first authority.admin token
         comes from here. issue prints the secret, once.

Flags:
  -config FILE   JSON: {"Authority": {"StoreBackend": "Mongo", "Mongo": {"ConnectionString":
                 …, "Database": …}, "Postgres": {"ConnectionString": …}}}
  -dev DIR       a Mongo-wire server of this process, on the data in DIR, in place of
                 MongoDB; for trials: one process at a time, and no durability to rely on

Environment, which wins over the file:
  AUTHORITY_STORE_BACKEND    Mongo (default) or Postgres (experimental)
  AUTHORITY_MONGO_URI        mongodb://USER:PASSWORD@HOST:27017
  AUTHORITY_MONGO_DATABASE   name of the database (default authority)
  AUTHORITY_POSTGRES_DSN     postgres://USER:PASSWORD@HOST:5432/DATABASE

Exit codes: 0 done, 1 error, 2 a mistake in the command line, 3 check found differences.
`

func main() {
	signaled, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithCancelCause(context.Background())
	// In this order: once ctx has ended, a second signal ends the process at once.
	context.AfterFunc(signaled, func() { stop(); cancel(context.Cause(signaled)) })
	err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	os.Exit(report(os.Stderr, err))
}

// usageError is a mistake in the command line.
type usageError struct{ error }

// errDrift is a check that found differences, which it has printed.
var errDrift = errors.New("the live schema is not that of the migrations")

// report prints an error and gives the exit code for it.
func report(stderr io.Writer, err error) int {
	switch _, mistake := errors.AsType[usageError](err); {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return 0
	case mistake:
		fmt.Fprintf(stderr, "stella-authority: %v\nstella-authority -h explains the subcommands\n", err)
		return 2
	default:
		fmt.Fprintf(stderr, "stella-authority: %v\n", err)
		if errors.Is(err, errDrift) {
			return 3
		}
		return 1
	}
}

// command is a subcommand at work.
type command struct {
	env            func(string) string
	stdout, stderr io.Writer
}

// run is the command without the process around it.
func run(ctx context.Context, args []string, env func(string) string, stdout, stderr io.Writer) error {
	c := command{env, stdout, stderr}
	if len(args) == 0 {
		return usageError{errors.New("name a subcommand: serve, migrate, check or token")}
	}
	switch args[0] {
	case "-h", "-help", "--help", "help":
		fmt.Fprint(stdout, usage)
		return nil
	case "serve":
		return c.serve(ctx, args[1:])
	case "migrate":
		return c.migrate(ctx, args[1:])
	case "check":
		return c.check(ctx, args[1:])
	case "token":
		return c.token(ctx, args[1:])
	}
	return usageError{fmt.Errorf("unknown subcommand %q: want serve, migrate, check or token", args[0])}
}

// flags are a subcommand's, with those that all have.
type flags struct {
	*flag.FlagSet
	config, dev string
}

func (c command) flags(name string) *flags {
	f := &flags{FlagSet: flag.NewFlagSet(name, flag.ContinueOnError)}
	f.SetOutput(io.Discard)
	f.Usage = func() {} // flag calls it for mistakes, too
	f.StringVar(&f.config, "config", "", "")
	f.StringVar(&f.dev, "dev", "", "")
	return f
}

// parse reads flags before and behind the words, and returns the words.
func (c command) parse(f *flags, args []string) (words []string, err error) {
	for {
		if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
			fmt.Fprint(c.stdout, usage)
			return nil, err
		} else if err != nil {
			return nil, usageError{err}
		}
		if f.NArg() == 0 {
			return words, nil
		}
		words, args = append(words, f.Arg(0)), f.Args()[1:]
	}
}

// open reads the configuration and connects to the store.
func (c command) open(ctx context.Context, f *flags) (*backend, error) {
	config, err := readConfig(f.config, c.env)
	if err != nil {
		return nil, err
	}
	return open(ctx, config, f.dev)
}
