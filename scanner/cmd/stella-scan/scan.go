package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/advisory"
	"github.com/stella-ops/stella/scanner/config"
	"github.com/stella-ops/stella/scanner/purl"
	"github.com/stella-ops/stella/scanner/reach"
	"github.com/stella-ops/stella/scanner/sbom"
	"github.com/stella-ops/stella/scanner/severity"
	"github.com/stella-ops/stella/scanner/target"
	"github.com/stella-ops/stella/scanner/vex"
)

// scan is the command that has no name of its own.
func scan(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) (err error) {
	f, err := parseFlags(args, stdout)
	if err != nil {
		return err
	}
	stop, err := profile(f.cpuprofile)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	type result struct {
		report scanner.Report
		judged int
		err    error
	}
	// The readers know no context. When it ends first, they are left to the end of
	// the process; they write nothing.
	done := make(chan result, 1)
	progress := newProgress(stderr)
	go func() {
		var r result
		r.report, r.judged, r.err = f.scan(ctx, stdin, progress)
		done <- r
	}()
	select {
	case <-ctx.Done():
		progress.end()
		return ctx.Err()
	case r := <-done:
		progress.end()
		if r.err != nil {
			return r.err
		}
		return f.answer(r.report, r.judged, stdout, stderr)
	}
}

// scan gives the report, and how many packages were judged.
func (f *flags) scan(ctx context.Context, stdin io.Reader, p *progress) (scanner.Report, int, error) {
	p.stage("reading " + f.target)
	inventory, err := readInventory(f.target, stdin)
	if err != nil {
		return scanner.Report{}, 0, err
	}
	options, err := f.options(p)
	if err != nil {
		return scanner.Report{}, 0, err
	}
	p.stage("reading advisories from " + f.db)
	db, err := advisory.Open(f.db)
	if err != nil {
		return scanner.Report{}, 0, fmt.Errorf("-db: %w", err)
	}
	p.stage(fmt.Sprintf("judging %d packages", len(inventory.Packages)))
	r, err := scanner.Scan(ctx, inventory, db, options)
	if err == nil {
		warnUnused(options, p)
	}
	return r, judged(inventory, r), err
}

// warnUnused names the statements and rules that had no effect: they are often misspelt.
func warnUnused(o scanner.Options, p *progress) {
	if o.VEX != nil {
		for _, unused := range o.VEX.Unused() {
			p.say("-vex %s: it matches no finding", unused)
		}
	}
	if o.Ignore != nil {
		for _, unused := range o.Ignore.Unused() {
			p.say("-config %s", unused)
		}
	}
}

func readInventory(name string, stdin io.Reader) (scanner.Inventory, error) {
	if name == "-" {
		return sbom.Read(stdin, "standard input")
	}
	return target.Read(name)
}

// judged counts the packages that have a finding, or are not in the report's list of
// those not evaluated. One that a single advisory could not judge is there as well.
func judged(inv scanner.Inventory, r scanner.Report) int {
	if len(r.NotEvaluated) == 0 {
		return len(inv.Packages)
	}
	not := make(map[string]bool, len(r.NotEvaluated))
	for _, n := range r.NotEvaluated {
		not[purl.Fold(n.Package)] = true
	}
	for _, f := range r.Findings {
		delete(not, purl.Fold(cmp.Or(f.Package.PURL, f.Package.Name)))
	}
	n := 0
	for _, p := range inv.Packages {
		if !not[purl.Fold(cmp.Or(p.PURL, p.Name))] {
			n++
		}
	}
	return n
}

// options reads the evidence and the statements. What was wrong with a statement is
// said, and the statement suppresses nothing.
func (f *flags) options(p *progress) (scanner.Options, error) {
	o := scanner.Options{Withdrawn: f.withdrawn}
	for _, name := range f.callgraphs {
		data, err := readFile("-callgraph", name, reach.MaxBytes)
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
		data, err := readFile("-vex", name, vex.MaxBytes)
		if err != nil {
			return o, err
		}
		d, err := vex.Read(bytes.NewReader(data), filepath.Base(name))
		if err != nil {
			return o, fmt.Errorf("-vex %s: %w", name, err)
		}
		for _, r := range d.Rejected {
			p.say("-vex %s: statement %d (%s) suppresses nothing: %s", name, r.Index, r.Vulnerability, r.Reason)
		}
		documents = append(documents, d)
	}
	if documents != nil {
		o.VEX = vex.NewSet(documents...)
	}
	if f.config != "" {
		data, err := readFile("-config", f.config, config.MaxBytes)
		if err != nil {
			return o, err
		}
		c, err := config.Read(bytes.NewReader(data), filepath.Base(f.config), f.now)
		if err != nil {
			return o, fmt.Errorf("-config: %w", err)
		}
		o.Ignore = config.NewRules(c)
	}
	return o, nil
}

// readFile reads the file of a flag, of which its reader takes most bytes.
func readFile(flag, name string, most int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", flag, err)
	case int64(len(data)) > most:
		return nil, fmt.Errorf("%s %s: it is larger than %d MiB; is it the right file?", flag, name, most>>20)
	}
	return data, nil
}

// answer writes the output and says what the exit code is to say.
func (f *flags) answer(r scanner.Report, judged int, stdout, stderr io.Writer) error {
	output, err := formats[f.format](f, r, judged)
	if err != nil {
		return err
	}
	if err := write(f.out, output, stdout); err != nil {
		return err
	}
	if f.format == "openvex" && len(r.NotEvaluated) > 0 {
		fmt.Fprintf(stderr, "stella-scan: OpenVEX cannot say that %d packages were not evaluated; -format json lists them\n", len(r.NotEvaluated))
	}
	switch {
	case f.failOn == "":
		return nil
	case slices.ContainsFunc(r.Findings, f.fails):
		return errFindings
	case judged == 0 && len(r.NotEvaluated) > 0:
		return errors.New("no package could be evaluated, so that -fail-on has no answer; the output says why")
	}
	return nil
}

// fails says whether a finding is one that -fail-on asks for.
func (f *flags) fails(x scanner.Finding) bool {
	l := x.Severity.Level
	return x.Suppressed == nil && (l == severity.Unknown || l.Rank() >= f.failOn.Rank())
}
