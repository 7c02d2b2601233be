// Command generate writes the sample SBOMs, the advisories that they need, and the
// reports that the scanner makes of them. From the root of the repository:
//
//	go run ./testdata/sboms/generate -o testdata
//
// It writes inside sboms, advisories and scanner-reports of the directory given by -o,
// removes what it once wrote there and no longer makes, and the same source always
// writes the same bytes. Exit codes: 0 written, 1 error, 2 usage.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/stella-ops/stella/testdata/sboms/samples"
)

var errUsage = errors.New("usage")

func main() {
	switch err := run(context.Background(), os.Args[1:], os.Stderr); {
	case err == nil:
	case errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stderr io.Writer) error {
	fs := flag.NewFlagSet("generate", flag.ContinueOnError)
	fs.SetOutput(stderr)
	dir := fs.String("o", "", "existing `directory` to write below (required)")
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return errUsage // flag has printed the error and the usage
	}
	if *dir == "" || fs.NArg() > 0 {
		fs.Usage()
		return errUsage
	}
	return samples.Write(ctx, *dir)
}
