package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/stella-ops/stella/scanner/severity"
)

type flags struct {
	db, format, out, author string
	config, cpuprofile      string
	callgraphs, vex         []string
	failOn                  severity.Level
	withdrawn, details      bool
	now                     time.Time // zero where -now is not given
	target                  string
}

// levels are the values of -fail-on.
var levels = []string{string(severity.Low), string(severity.Medium), string(severity.High), string(severity.Critical)}

// parseFlags prints usage or version for those who ask, with [flag.ErrHelp].
func parseFlags(args []string, stdout io.Writer) (flags, error) {
	var f flags
	var version bool
	fs := flag.NewFlagSet("stella-scan", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {} // flag calls it for mistakes, too
	fs.StringVar(&f.db, "db", "", "")
	fs.StringVar(&f.format, "format", "table", "")
	fs.StringVar(&f.out, "o", "", "")
	fs.StringVar(&f.author, "author", "", "")
	fs.StringVar(&f.config, "config", "", "")
	fs.StringVar(&f.cpuprofile, "cpuprofile", "", "")
	fs.BoolVar(&f.withdrawn, "show-withdrawn", false, "")
	fs.BoolVar(&f.details, "details", false, "")
	fs.BoolVar(&version, "version", false, "")
	list := func(to *[]string) func(string) error {
		return func(s string) error { *to = append(*to, s); return nil }
	}
	fs.Func("callgraph", "", list(&f.callgraphs))
	fs.Func("vex", "", list(&f.vex))
	fs.Func("now", "", func(s string) (err error) { f.now, err = parseNow(s); return err })
	fs.Func("fail-on", "", func(s string) error {
		f.failOn = severity.Level(s)
		if !slices.Contains(levels, s) {
			return errors.New("want low, medium, high or critical")
		}
		return nil
	})
	targets, err := parseInterleaved(fs, args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, usage)
		return flags{}, err
	case err != nil:
		return flags{}, usageError{err}
	case version:
		fmt.Fprintln(stdout, versionLine())
		return flags{}, flag.ErrHelp
	}
	if err := f.check(targets); err != nil {
		return flags{}, usageError{err}
	}
	f.target = targets[0]
	return f, nil
}

// parseInterleaved parses flags among the other arguments, which it returns: people
// add a flag at the end of the line. After "--" all arguments are others.
func parseInterleaved(fs *flag.FlagSet, args []string) ([]string, error) {
	var others []string
	for {
		if err := fs.Parse(args); err != nil {
			return nil, err
		}
		rest := fs.Args()
		if parsed := len(args) - len(rest); len(rest) == 0 || parsed > 0 && args[parsed-1] == "--" {
			return append(others, rest...), nil
		}
		others, args = append(others, rest[0]), rest[1:]
	}
}

func (f *flags) check(targets []string) error {
	_, known := formats[f.format]
	switch {
	case !known:
		return fmt.Errorf("-format %s: want table, json, sarif, openvex or cyclonedx", f.format)
	case f.db == "":
		return errors.New("-db is required: OSV records, or an index of them")
	case len(targets) == 0:
		return errors.New("no target is named: an SBOM, a lockfile, an image or a directory")
	case len(targets) > 1:
		return fmt.Errorf("one target is scanned at a time, %d are named: %s", len(targets), strings.Join(targets, " "))
	case f.format == "openvex" && (f.author == "" || f.now.IsZero()):
		return errors.New("-format openvex needs -author and -now: a VEX document says who states it, and when")
	}
	return nil
}

func parseNow(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, errors.New("want a time of RFC 3339, such as 2026-11-26T09:00:00Z")
	}
	return t, nil
}

// versionLine is the module's version and the commit, as far as the build knows them.
func versionLine() string {
	line := "stella-scan (unknown version)"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return line
	}
	line = "stella-scan " + info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			line += " " + s.Value
		}
	}
	return line + " " + info.GoVersion
}
