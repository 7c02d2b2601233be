// Command generate writes the corpus of scanner reports that the attestation
// sweep signs and submits. From the root of the repository:
//
//	go run ./testdata/scanner-reports/generate -o testdata/scanner-reports
//
// It writes only inside the directory given by -o, and the same source always
// writes the same bytes. Exit codes: 0 written, 1 error, 2 usage.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/stella-ops/stella/testdata/scanner-reports/reports"
)

var errUsage = errors.New("usage")

func main() {
	switch err := run(os.Args[1:], os.Stderr); {
	case err == nil:
	case errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(args []string, stderr io.Writer) error {
	fs := flag.NewFlagSet("generate", flag.ContinueOnError)
	fs.SetOutput(stderr)
	dir := fs.String("o", "", "existing `directory` to write the reports to (required)")
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
	return reports.Write(*dir)
}
