package main

import (
	"bytes"
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

// formats are the values of -format. judged is how many packages were. Forms for
// programs are written as they are made: they may be large.
var formats = map[string]func(f *flags, r scanner.Report, judged int) (io.WriterTo, error){
	"cyclonedx": func(f *flags, r scanner.Report, _ int) (io.WriterTo, error) {
		return cyclonedx.Document{Report: r, Now: f.now}, nil
	},
	"json": func(_ *flags, r scanner.Report, _ int) (io.WriterTo, error) { return r, nil },
	"openvex": func(f *flags, r scanner.Report, _ int) (io.WriterTo, error) {
		return made(openvex.Encode(r, openvex.Options{Author: f.author, Now: f.now}))
	},
	"sarif": func(_ *flags, r scanner.Report, _ int) (io.WriterTo, error) { return sarif.Document{Report: r}, nil },
	"table": func(f *flags, r scanner.Report, judged int) (io.WriterTo, error) {
		return made(table.Encode(r, table.Options{Judged: judged, Details: f.details}), nil)
	},
}

// made is an output that is whole in memory.
func made(output []byte, err error) (io.WriterTo, error) { return bytes.NewReader(output), err }

// write puts the output in its place, whole or not at all: what stood there stays
// until the new file is complete. A device or a pipe is written to as it is.
func write(name string, output io.WriterTo, stdout io.Writer) error {
	if name == "" {
		if _, err := output.WriteTo(stdout); err != nil {
			return fmt.Errorf("writing the output: %w", err)
		}
		return nil
	}
	switch info, err := os.Stat(name); {
	case err == nil && !info.Mode().IsRegular():
		return writeThrough(name, output)
	case err == nil: // what a link points to is replaced, not the link
		if name, err = filepath.EvalSymlinks(name); err != nil {
			return fmt.Errorf("-o: %w", err)
		}
	}
	tmp, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*.tmp")
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("-o %s: there is no directory %s; make it first", name, filepath.Dir(name))
	} else if err != nil {
		return fmt.Errorf("-o %s: %w", name, err)
	}
	defer os.Remove(tmp.Name())
	_, err = output.WriteTo(tmp)
	if err := errors.Join(err, tmp.Chmod(0o644), tmp.Close()); err != nil {
		return fmt.Errorf("-o %s: %w", name, err)
	}
	if err := os.Rename(tmp.Name(), name); err != nil {
		return fmt.Errorf("-o %s: %w", name, err)
	}
	return nil
}

func writeThrough(name string, output io.WriterTo) error {
	file, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("-o: %w", err)
	}
	_, err = output.WriteTo(file)
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("-o: %w", err)
	}
	return nil
}
