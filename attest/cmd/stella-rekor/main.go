// Command stella-rekor runs a real Rekor transparency log on loopback, without a
// database, a container or a network: sigstore/rekor (v1) in its own process, or
// the rekor-tiles server (v2) as its child.
//
//	stella-rekor [flags]
//
// The first line on standard output is the log's URL, alone; everything else goes
// to standard error. GET URL/.stella/settings answers how the log is run. SIGTERM
// or SIGINT lets requests in flight finish and ends it; a second signal ends it at
// once. "stella-rekor -h" lists the flags.
//
// Exit codes: 0 stopped as asked, 1 error, 2 usage.
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

func main() {
	signaled, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	ctx, cancel := context.WithCancelCause(context.Background())
	// In this order: once ctx has ended, a second signal ends the process at once.
	context.AfterFunc(signaled, func() { stop(); cancel(context.Cause(signaled)) })
	os.Exit(exitCode(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr), os.Stderr))
}

// usageError is a mistake on the command line.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// exitCode reports err and maps it to the exit codes of the package comment.
func exitCode(err error, stderr io.Writer) int {
	switch _, isUsage := errors.AsType[usageError](err); {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case isUsage:
		fmt.Fprintf(stderr, "stella-rekor: %v\nRun \"stella-rekor -h\" for the flags.\n", err)
		return 2
	default:
		fmt.Fprintf(stderr, "stella-rekor: %v\n", err)
		return 1
	}
}
