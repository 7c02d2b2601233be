package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/stella-ops/stella/scanner/advisory"
)

const dbUsage = `stella-scan db compiles OSV records into an index: one file, which a scan maps into
memory instead of reading. Opening it takes the same time whatever its size.

  stella-scan db build -o FILE PATH…   compile directories, zips and files of records
  stella-scan db info FILE             what is in an index, by ecosystem
  stella-scan db verify FILE           read all of an index and check it

Examples:
  stella-scan db build -o osv.index npm/all.zip Debian/all.zip
  stella-scan db info osv.index
  stella-scan -db osv.index app.cdx.json

The same records give the same bytes, in whatever order they come. An index is made for
one format: another version of the program may ask for it to be built anew. FILE is
there whole or not at all, and a scan that uses the old one goes on with it. info and
verify read directories and zips, too.

Exit codes: 0 done, 1 error, 2 a mistake in the command line.
`

// dbCommands are the verbs of "stella-scan db".
var dbCommands = map[string]command{"build": dbBuild, "info": dbInfo, "verify": dbVerify}

func db(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	if len(args) > 0 {
		if c, ok := dbCommands[args[0]]; ok {
			return c(ctx, args[1:], stdin, stdout, stderr)
		}
		if args[0] != "-h" && args[0] != "-help" && args[0] != "--help" {
			return usageError{fmt.Errorf("db %s: want db build, db info or db verify", args[0])}
		}
		fmt.Fprint(stdout, dbUsage)
		return flag.ErrHelp
	}
	return usageError{errors.New("db: want db build, db info or db verify")}
}

// parseDB parses the arguments of a verb; out is nil where it has no -o.
func parseDB(verb string, args []string, stdout io.Writer, out *string) ([]string, error) {
	fs := flag.NewFlagSet("stella-scan db "+verb, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {} // flag calls it for mistakes, too
	if out != nil {
		fs.StringVar(out, "o", "", "")
	}
	paths, err := parseInterleaved(fs, args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, dbUsage)
		return nil, err
	case err != nil:
		return nil, usageError{fmt.Errorf("db %s: %w", verb, err)}
	}
	return paths, nil
}

func dbBuild(ctx context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) error {
	var out string
	paths, err := parseDB("build", args, stdout, &out)
	switch {
	case err != nil:
		return err
	case out == "":
		return usageError{errors.New("db build: -o is required: the index to make")}
	case len(paths) == 0:
		return usageError{errors.New("db build: no path is named: directories, zips or files of OSV records")}
	}
	p := newProgress(stderr)
	defer p.end()
	b := advisory.Builder{Progress: buildStages(p, out)}
	if err := b.Build(ctx, out, paths...); err != nil {
		return err
	}
	p.end()
	return printInfo(stdout, out, false)
}

// buildStages tells how far a build of out is, once for each thousand records.
func buildStages(p *progress, out string) func(done, total int) {
	return func(done, total int) {
		switch {
		case done == total:
			p.stage("writing " + out)
		case done%1000 == 0:
			p.stage(fmt.Sprintf("reading records: %d of %d", done, total))
		}
	}
}

func dbInfo(_ context.Context, args []string, _ io.Reader, stdout, _ io.Writer) error {
	path, err := oneIndex("info", args, stdout)
	if err != nil {
		return err
	}
	return printInfo(stdout, path, false)
}

func dbVerify(_ context.Context, args []string, _ io.Reader, stdout, _ io.Writer) error {
	path, err := oneIndex("verify", args, stdout)
	if err != nil {
		return err
	}
	return printInfo(stdout, path, true)
}

func oneIndex(verb string, args []string, stdout io.Writer) (string, error) {
	paths, err := parseDB(verb, args, stdout, nil)
	if err == nil && len(paths) != 1 {
		err = usageError{fmt.Errorf("db %s: one index is named, not %d", verb, len(paths))}
	}
	if err != nil {
		return "", err
	}
	return paths[0], nil
}

// printInfo says what is in an index, after checking all of it if verify is set.
func printInfo(stdout io.Writer, path string, verify bool) error {
	db, err := advisory.Open(path)
	if err != nil {
		return err
	}
	if verify {
		if err := db.Verify(); err != nil {
			return fmt.Errorf("verifying %s: %w", path, err)
		}
	}
	info := db.Info()
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "set\tsha256:%s\n", info.SHA256)
	fmt.Fprintf(w, "records\t%d, of %d packages; %d rejected in whole or part\n", info.Records, info.Packages, info.Rejected)
	fmt.Fprintf(w, "index\tformat %d, %d bytes, content sha256:%s\n", info.Format, info.Bytes, info.Content)
	if verify {
		fmt.Fprintf(w, "verified\tevery checksum, record, package and alias group\n")
	}
	fmt.Fprintf(w, "\n")
	fmt.Fprintf(w, "ECOSYSTEM\tRECORDS\n")
	for _, e := range info.Ecosystems {
		fmt.Fprintf(w, "%s\t%d\n", e.Name, e.Records)
	}
	return w.Flush()
}
