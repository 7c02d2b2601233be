package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/stella-ops/stella/attest/sweep"
)

// decide makes a decision from a recorded sweep, writes what follows from it into
// the same directory, and prints it.
func decide(dir string, stdout io.Writer) error {
	rows, meta, err := sweep.ReadRecord(dir)
	if err != nil {
		return err
	}
	d, err := sweep.Decide(rows, meta)
	if err != nil {
		return err
	}
	if err := writeDecision(dir, rows, meta, d); err != nil {
		return fmt.Errorf("writing the decision to %s: %w", dir, err)
	}
	if err := sweep.WriteTable(stdout, d); err != nil {
		return err
	}
	if d.Status != sweep.Decided {
		return undecided{d.Status}
	}
	return nil
}

func writeDecision(dir string, rows []sweep.Row, meta sweep.Meta, d sweep.Decision) error {
	decision, err := d.Encode()
	if err != nil {
		return err
	}
	var benchmarks bytes.Buffer
	if err := sweep.WriteBenchmarks(&benchmarks, rows, meta); err != nil {
		return err
	}
	if err := sweep.ReplaceFile(filepath.Join(dir, "decision.json"), decision); err != nil {
		return err
	}
	if err := sweep.ReplaceFile(filepath.Join(dir, "results.bench.txt"), benchmarks.Bytes()); err != nil {
		return err
	}
	_, err = sweep.WritePlots(dir, rows, meta, d)
	return err
}

// updateDoc writes what the recorded sweeps say into the generated section of a
// document.
func updateDoc(file string, dirs []string, stdout io.Writer) error {
	doc, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("-update-doc: %w", err)
	}
	var evidence []sweep.Evidence
	for _, dir := range dirs {
		rows, meta, err := sweep.ReadRecord(dir)
		if err != nil {
			return err
		}
		d, err := sweep.Decide(rows, meta)
		if err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		link, err := filepath.Rel(filepath.Dir(file), dir)
		if err != nil {
			return fmt.Errorf("-update-doc: linking from %s to %s: %w", file, dir, err)
		}
		evidence = append(evidence, sweep.Evidence{Dir: filepath.ToSlash(link), Decision: d})
	}
	updated, err := sweep.UpdateDocument(doc, evidence)
	if err != nil {
		return fmt.Errorf("-update-doc %s: %w", file, err)
	}
	if bytes.Equal(updated, doc) {
		_, err := fmt.Fprintf(stdout, "%s is up to date\n", file)
		return err
	}
	if err := sweep.ReplaceFile(file, updated); err != nil {
		return fmt.Errorf("-update-doc: %w", err)
	}
	_, err = fmt.Fprintf(stdout, "%s was updated from %d recorded sweeps\n", file, len(dirs))
	return err
}
