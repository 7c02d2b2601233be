// Command stella-attest signs scanner reports into DSSE envelopes, submits those to a Rekor
// transparency log, and verifies offline what came back. See usage for its
// commands, files and exit codes.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
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
type usageError struct {
	error
	command string // whose usage explains it
}

// report prints an error and gives the exit code for it.
func report(stderr io.Writer, err error) int {
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return 0
	}
	fmt.Fprintf(stderr, "stella-attest: %v\n", err)
	if u, ok := errors.AsType[usageError](err); ok {
		fmt.Fprintf(stderr, "%s -h explains the command line\n", u.command)
		return 2
	}
	return 1
}

// run is the command without the process around it.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	// Whoever reads the output must learn that some of it is missing.
	out := &checkedWriter{w: stdout}
	err := dispatch(ctx, args, stdin, out, stderr)
	if out.err == nil {
		return err
	}
	lost := fmt.Errorf("writing the output: %w", out.err)
	if errors.Is(err, flag.ErrHelp) {
		return lost
	}
	return errors.Join(err, lost)
}

func dispatch(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return usageError{errors.New("give a command: sign, submit or verify"), "stella-attest"}
	}
	switch args[0] {
	case "sign":
		return sign(ctx, args[1:], stdin, stdout, stderr)
	case "submit":
		return submit(ctx, args[1:], stdout, stderr)
	case "verify":
		return verify(args[1:], stdout, stderr)
	case "-h", "-help", "--help", "help":
		fmt.Fprint(stdout, usage)
		return nil
	}
	return usageError{fmt.Errorf("%q is no command: sign, submit and verify are", args[0]), "stella-attest"}
}

// checkedWriter remembers the first error, so that printing need not be checked
// line by line.
type checkedWriter struct {
	w   io.Writer
	err error
}

func (c *checkedWriter) Write(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	var n int
	n, c.err = c.w.Write(p)
	return n, c.err
}

// newFlagSet returns the flags of one command, whose usage is written by hand.
func newFlagSet(command, usage string, stdout io.Writer) *flag.FlagSet {
	fs := flag.NewFlagSet("stella-attest "+command, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() { fmt.Fprint(stdout, usage) }
	return fs
}

// parse reads a command line. Every error is a usageError, but for flag.ErrHelp,
// which comes after the usage was printed.
func parse(fs *flag.FlagSet, args []string) error {
	err := fs.Parse(args)
	if err == nil {
		err = misread(fs)
	}
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		return usageError{err, fs.Name()}
	}
	return err
}

// misread reports what package flag takes for something else than was meant. An
// empty value is most often a variable that is not set, and would leave out a check
// or stand for another key. A flag behind the files would be taken for a file.
func misread(fs *flag.FlagSet) (err error) {
	fs.Visit(func(f *flag.Flag) {
		if f.Value.String() == "" {
			err = fmt.Errorf("-%s is empty: leave it out, or give it a value", f.Name)
		}
	})
	for _, arg := range fs.Args() {
		name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if strings.HasPrefix(arg, "-") && fs.Lookup(name) != nil {
			return fmt.Errorf("-%s stands behind the files: flags come first", name)
		}
	}
	return err
}

// given says whether a flag was on the command line.
func given(fs *flag.FlagSet, name string) bool {
	found := false
	fs.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}
