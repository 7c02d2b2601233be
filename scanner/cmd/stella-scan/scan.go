package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/advisory"
	"github.com/stella-ops/stella/scanner/reach"
	"github.com/stella-ops/stella/scanner/sbom"
	"github.com/stella-ops/stella/scanner/severity"
	"github.com/stella-ops/stella/scanner/target"
	"github.com/stella-ops/stella/scanner/vex"
)

const usage = `stella-scan says which known vulnerabilities concern the packages of an SBOM.

  stella-scan -db PATH [flags] SBOM

SBOM is a CycloneDX (JSON or XML) or SPDX 2 (JSON or tag-value) file, or - for
standard input. Nothing is fetched: the same SBOM and advisories give the same bytes.

Examples:
  stella-scan -db advisories app.cdx.json
  stella-scan -db all.zip -format json -o findings.json app.spdx.json
  stella-scan -db advisories -callgraph calls.json -vex vex.json -fail-on high app.cdx.json

Flags:
  -db PATH          OSV records: a directory, a zip, or one file (required)
  -format FORMAT    table or json: stella.findings/v1 (default table)
  -o FILE           where the output goes (default standard output)
  -callgraph FILE   what is called: stella.callgraph/v1, the digraph text of
                    golang.org/x/tools/cmd/callgraph, or govulncheck -json; may be
                    given again
  -vex FILE         OpenVEX or CycloneDX VEX; may be given again
  -fail-on LEVEL    exit 3 for a finding that is not suppressed at or over low,
                    medium, high or critical; one of unknown severity counts
  -show-withdrawn   judge withdrawn advisories too

A package that cannot be judged is listed with the reason, never taken for safe.

Exit codes: 0 scanned, 1 error, 2 a mistake in the command line, 3 see -fail-on.
`

type flags struct {
	db, format, out string
	callgraphs, vex []string
	failOn          severity.Level
	withdrawn       bool
	target          string
}

func parseFlags(args []string, stdout io.Writer) (flags, error) {
	var f flags
	var failOn string
	fs := flag.NewFlagSet("stella-scan", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {} // flag calls it for mistakes, too
	fs.StringVar(&f.db, "db", "", "")
	fs.StringVar(&f.format, "format", "table", "")
	fs.StringVar(&f.out, "o", "", "")
	fs.StringVar(&failOn, "fail-on", "", "")
	fs.BoolVar(&f.withdrawn, "show-withdrawn", false, "")
	list := func(to *[]string) func(string) error {
		return func(s string) error { *to = append(*to, s); return nil }
	}
	fs.Func("callgraph", "", list(&f.callgraphs))
	fs.Func("vex", "", list(&f.vex))
	if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stdout, usage)
		return f, err
	} else if err != nil {
		return f, usageError{err}
	}
	levels := []severity.Level{severity.Low, severity.Medium, severity.High, severity.Critical}
	f.failOn, f.target = severity.Level(failOn), fs.Arg(0)
	switch {
	case f.db == "":
		return f, usageError{errors.New("-db is required: a directory or zip of OSV records")}
	case fs.NArg() != 1:
		return f, usageError{fmt.Errorf("one SBOM is scanned at a time, %d are named", fs.NArg())}
	case f.format != "table" && f.format != "json":
		return f, usageError{fmt.Errorf("-format %s: want table or json", f.format)}
	case failOn != "" && !slices.Contains(levels, f.failOn):
		return f, usageError{fmt.Errorf("-fail-on %s: want low, medium, high or critical", failOn)}
	}
	return f, nil
}

// run is the command without the process around it.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	f, err := parseFlags(args, stdout)
	if err != nil {
		return err
	}
	inventory, err := readInventory(f.target, stdin)
	if err != nil {
		return err
	}
	options, err := f.options(stderr)
	if err != nil {
		return err
	}
	db, err := advisory.Open(f.db)
	if err != nil {
		return err
	}
	r, err := scanner.Scan(ctx, inventory, db, options)
	if err != nil {
		return err
	}
	output, err := r.Encode()
	if f.format == "table" {
		output = table(r)
	}
	if err != nil {
		return err
	}
	if err := write(f.out, output, stdout); err != nil {
		return err
	}
	if f.failOn != "" && slices.ContainsFunc(r.Findings, f.fails) {
		return errFindings
	}
	return nil
}

// fails says whether a finding is one that -fail-on asks for.
func (f flags) fails(x scanner.Finding) bool {
	l := x.Severity.Level
	return x.Suppressed == nil && (l == severity.Unknown || l.Rank() >= f.failOn.Rank())
}

func readInventory(name string, stdin io.Reader) (scanner.Inventory, error) {
	if name == "-" {
		return sbom.Read(stdin, "standard input")
	}
	return target.Read(name)
}

// options reads the evidence and the statements. What was wrong with a statement is
// said, and the statement suppresses nothing.
func (f flags) options(stderr io.Writer) (scanner.Options, error) {
	o := scanner.Options{Withdrawn: f.withdrawn}
	for _, name := range f.callgraphs {
		data, err := os.ReadFile(name)
		if err != nil {
			return o, err
		}
		e, err := reach.Read(data)
		if err != nil {
			return o, fmt.Errorf("-callgraph %s: %w", name, err)
		}
		o.Evidence = append(o.Evidence, e)
	}
	var documents []*vex.Document
	for _, name := range f.vex {
		data, err := os.ReadFile(name)
		if err != nil {
			return o, err
		}
		d, err := vex.Read(bytes.NewReader(data), filepath.Base(name))
		if err != nil {
			return o, fmt.Errorf("-vex %s: %w", name, err)
		}
		for _, r := range d.Rejected {
			fmt.Fprintf(stderr, "-vex %s: statement %d (%s) suppresses nothing: %s\n", name, r.Index, r.Vulnerability, r.Reason)
		}
		documents = append(documents, d)
	}
	if documents != nil {
		o.VEX = vex.NewSet(documents...)
	}
	return o, nil
}

// write puts the output in its place, whole or not at all.
func write(name string, output []byte, stdout io.Writer) error {
	if name == "" {
		_, err := stdout.Write(output)
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*.tmp")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(output)
	if err := errors.Join(err, tmp.Chmod(0o644), tmp.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return os.Rename(tmp.Name(), name)
}

// table is the report for people.
func table(r scanner.Report) []byte {
	var b bytes.Buffer
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	if len(r.Findings) > 0 {
		fmt.Fprintln(w, "PACKAGE\tVERSION\tVULNERABILITY\tSEVERITY\tFIXED\tREACHABLE\t")
	}
	for _, f := range r.Findings {
		reachable := string(f.Reachability.Verdict)
		if f.Suppressed != nil {
			reachable = "suppressed: " + string(f.Suppressed.Status)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t\n", f.Package.Name, f.Package.Version, f.ID, f.Severity.Level,
			strings.Join(f.FixedVersions, ", "), reachable)
	}
	w.Flush() // to memory: cannot fail
	if len(r.NotEvaluated) > 0 {
		fmt.Fprintf(&b, "\nNot evaluated:\n")
	}
	for _, n := range r.NotEvaluated {
		fmt.Fprintf(&b, "  %s: %s\n", n.Package, n.Reason)
	}
	fmt.Fprintf(&b, "\n%s: %d findings, %d not evaluated; %d advisories, %d rejected\n",
		r.Target.Name, len(r.Findings), len(r.NotEvaluated), r.Advisories.Records, len(r.Advisories.Rejected))
	return b.Bytes()
}
