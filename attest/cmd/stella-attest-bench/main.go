// Command stella-attest-bench measures how many signed scanner reports one batch may hold
// for a Rekor log, and decides it. See usage for its flags, files and exit codes.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"

	"github.com/stella-ops/stella/attest/sweep"
)

func main() {
	signaled, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithCancelCause(context.Background())
	// In this order: once ctx has ended, a second signal ends the process at once.
	context.AfterFunc(signaled, func() { stop(); cancel(context.Cause(signaled)) })
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(report(os.Stderr, err))
}

// usageError is a mistake in the command line.
type usageError struct{ error }

// undecided is a sweep that ended well and proved less than a default.
type undecided struct{ status sweep.Status }

func (u undecided) Error() string { return string(u.status) }

// report prints an error and gives the exit code for it. What a decision says has
// been printed already.
func report(stderr io.Writer, err error) int {
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if u, ok := errors.AsType[undecided](err); ok {
		if u.status == sweep.BudgetFailed {
			return 4
		}
		return 3
	}
	fmt.Fprintf(stderr, "stella-attest-bench: %v\n", err)
	if _, ok := errors.AsType[usageError](err); ok {
		fmt.Fprintln(stderr, "stella-attest-bench -h explains the flags")
		return 2
	}
	return 1
}

// run is the command without the process around it.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	f, err := parseFlags(args, stdout)
	if err != nil {
		return err
	}
	switch {
	case f.decide != "":
		return decide(f.decide, stdout)
	case f.updateDoc != "":
		return updateDoc(f.updateDoc, f.args, stdout)
	}
	b := bench{flags: f, args: args, seed: uint64(rand.Uint32()), stdin: stdin, stdout: stdout, stderr: stderr}
	return b.run(ctx)
}
