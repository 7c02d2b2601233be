package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/stella-ops/stella/attest"
	"github.com/stella-ops/stella/attest/bundle"
)

// envelopeSuffix is how the name of an envelope's file ends.
const envelopeSuffix = ".dsse.json"

// signing is the sign command at work.
type signing struct {
	signer    attest.Signer
	statement bool
	force     bool
}

func sign(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	var (
		key keyFlags
		s   signing
		out string
	)
	fs := newFlagSet("sign", signUsage, stdout)
	key.register(fs)
	fs.BoolVar(&s.statement, "statement", false, "")
	fs.BoolVar(&s.force, "force", false, "")
	fs.StringVar(&out, "o", "", "")
	if err := parse(fs, args); err != nil {
		return err
	}
	reports := fs.Args()
	if err := checkReports(reports); err != nil {
		return usageError{err, fs.Name()}
	}
	paths, err := outputs(reports, out, []string{".json"}, envelopeSuffix)
	if err != nil {
		return err
	}
	signer, development, err := key.signer()
	if err != nil {
		return err
	}
	s.signer = signer
	if development != "" {
		fmt.Fprintf(stderr, "warning: signing with the development key %s, which nobody trusts; give another with -key\n", development)
	}
	if reports[0] == "-" {
		return s.stream(ctx, stdin, stdout, out)
	}
	failed := 0
	for i, report := range reports {
		if err := s.file(ctx, report, paths[i]); err != nil {
			fmt.Fprintf(stderr, "%s: %v\n", report, err)
			failed++
			continue
		}
		fmt.Fprintf(stdout, "%s -> %s\n", report, paths[i])
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d reports were not signed", failed, len(reports))
	}
	return nil
}

// checkReports reports what is wrong with the list of inputs. It also keeps a
// pattern such as *.json from signing what it made the last time.
func checkReports(reports []string) error {
	if len(reports) == 0 {
		return errors.New("no reports are named")
	}
	for _, r := range reports {
		switch {
		case r == "-" && len(reports) > 1:
			return errors.New(`"-" must be the only report`)
		case strings.HasSuffix(r, envelopeSuffix), strings.HasSuffix(r, bundle.Suffix):
			return fmt.Errorf("%s is an output of this command, not a report", r)
		}
	}
	return nil
}

func (s signing) file(ctx context.Context, report, path string) error {
	data, err := readFile(report, attest.MaxPayloadBytes)
	if err != nil {
		return err
	}
	env, err := s.seal(ctx, strings.TrimSuffix(filepath.Base(report), ".json"), data)
	if err != nil {
		return err
	}
	return writeFile(path, env.Bytes(), s.force)
}

// stream signs one report from a pipe.
func (s signing) stream(ctx context.Context, stdin io.Reader, stdout io.Writer, out string) error {
	data, err := readAll(stdin, "standard input", attest.MaxPayloadBytes)
	if err != nil {
		return err
	}
	env, err := s.seal(ctx, "report", data)
	if err != nil {
		return fmt.Errorf("standard input: %w", err)
	}
	if out != "" {
		return writeFile(out, env.Bytes(), s.force)
	}
	_, err = stdout.Write(env.Bytes())
	return err
}

func (s signing) seal(ctx context.Context, name string, report []byte) (attest.Envelope, error) {
	if err := checkReport(report); err != nil {
		return attest.Envelope{}, err
	}
	if !s.statement {
		return attest.Seal(ctx, report, attest.PayloadTypeReport, s.signer)
	}
	statement, err := attest.NewStatement(name, report)
	if err != nil {
		return attest.Envelope{}, err
	}
	return attest.Seal(ctx, statement, attest.PayloadTypeStatement, s.signer)
}

// checkReport checks that a report is one JSON object, as its payload type says.
func checkReport(report []byte) error {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(report, &object); err != nil {
		return fmt.Errorf("a report is one JSON object: %w", err)
	}
	if object == nil {
		return errors.New("a report is one JSON object, not null")
	}
	return nil
}
