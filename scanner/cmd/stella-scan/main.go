// Command stella-scan says which known vulnerabilities concern the packages of an
// SBOM. It opens no socket: advisories come from files. See usage for its flags,
// formats and exit codes.
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
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(report(os.Stderr, err))
}

// usageError is a mistake in the command line.
type usageError struct{ error }

// errFindings is a scan that went well and found what -fail-on asks for.
var errFindings = errors.New("there are findings at or over the level of -fail-on")

// report prints an error and gives the exit code for it.
func report(stderr io.Writer, err error) int {
	switch _, usage := errors.AsType[usageError](err); {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errFindings):
		return 3
	case usage:
		fmt.Fprintf(stderr, "stella-scan: %v\nstella-scan -h explains the flags\n", err)
		return 2
	}
	fmt.Fprintf(stderr, "stella-scan: %v\n", err)
	return 1
}
