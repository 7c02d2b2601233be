// Command stella-scan says which known vulnerabilities concern the packages of an
// SBOM, a lockfile, an image, or a directory. It opens no socket: advisories come
// from files. See usage for its flags, formats and exit codes.
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
	if os.Getenv("GOGC") == "" {
		limitGarbage()
	}
	signaled, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithCancelCause(context.Background())
	// In this order: once ctx has ended, a second signal ends the process at once.
	context.AfterFunc(signaled, func() { stop(); cancel(context.Cause(signaled)) })
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	os.Exit(report(os.Stderr, err))
}

// A command is what follows the program's name. args are those after its own name.
type command func(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error

// subcommands by name; "help" is -h. A target of such a name is written with its directory, "./db".
var subcommands = map[string]command{"db": db, "case": cases}

// run is the command without the process around it. It returns when ctx ends, even
// where a file takes long to read; the temporary file of -o is then removed.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	if len(args) > 0 {
		if args[0] == "help" {
			args = []string{"-h"}
		}
		if c, ok := subcommands[args[0]]; ok {
			return c(ctx, args[1:], stdin, stdout, stderr)
		}
	}
	return scan(ctx, args, stdin, stdout, stderr)
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
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "stella-scan: interrupted; nothing was written")
		return 1
	case usage:
		fmt.Fprintf(stderr, "stella-scan: %v\nusage: stella-scan -db PATH [flags] TARGET; stella-scan -h explains them\n", err)
		return 2
	}
	fmt.Fprintf(stderr, "stella-scan: %v\n", err)
	return 1
}
