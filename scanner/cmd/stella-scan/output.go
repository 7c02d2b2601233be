package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/report/cyclonedx"
	"github.com/stella-ops/stella/scanner/report/openvex"
	"github.com/stella-ops/stella/scanner/report/sarif"
	"github.com/stella-ops/stella/scanner/report/table"
)

// formats are the values of -format. judged is how many packages were.
var formats = map[string]func(f *flags, r scanner.Report, judged int) ([]byte, error){
	"cyclonedx": func(f *flags, r scanner.Report, _ int) ([]byte, error) { return cyclonedx.Encode(r, f.now) },
	"json":      func(_ *flags, r scanner.Report, _ int) ([]byte, error) { return r.Encode() },
	"openvex": func(f *flags, r scanner.Report, _ int) ([]byte, error) {
		return openvex.Encode(r, openvex.Options{Author: f.author, Now: f.now})
	},
	"sarif": func(_ *flags, r scanner.Report, _ int) ([]byte, error) { return sarif.Encode(r) },
	"table": func(f *flags, r scanner.Report, judged int) ([]byte, error) {
		return table.Encode(r, table.Options{Judged: judged, Details: f.details}), nil
	},
}

// write puts the output in its place, whole or not at all: what stood there stays
// until the new file is complete. A device or a pipe is written to as it is.
func write(name string, output []byte, stdout io.Writer) error {
	if name == "" {
		if _, err := stdout.Write(output); err != nil {
			return fmt.Errorf("writing the output: %w", err)
		}
		return nil
	}
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return writeThrough(name, output)
	}
	tmp, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*.tmp")
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("-o %s: there is no directory %s; make it first", name, filepath.Dir(name))
	} else if err != nil {
		return fmt.Errorf("-o %s: %w", name, err)
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(output)
	if err := errors.Join(err, tmp.Chmod(0o644), tmp.Close()); err != nil {
		return fmt.Errorf("-o %s: %w", name, err)
	}
	if err := os.Rename(tmp.Name(), name); err != nil {
		return fmt.Errorf("-o %s: %w", name, err)
	}
	return nil
}

func writeThrough(name string, output []byte) error {
	file, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("-o: %w", err)
	}
	_, err = file.Write(output)
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("-o: %w", err)
	}
	return nil
}
