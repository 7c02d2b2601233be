package samples

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/advisory"
	"github.com/stella-ops/stella/scanner/reach"
	"github.com/stella-ops/stella/scanner/sbom"
	"github.com/stella-ops/stella/scanner/vex"
)

// The directories of the samples, below the one that [Write] is given.
const (
	SBOMs      = "sboms"
	Advisories = "advisories"
	Reports    = "scanner-reports"
)

// The ends of the names of what stands beside the SBOM of an image.
const (
	CallsExt = ".calls.json"
	VEXExt   = ".openvex.json"
)

// A File is one file of the samples.
type File struct {
	Name string // a path with slashes, from one of the directories on
	Body []byte
}

// All makes every file: the SBOMs in the order of data/images.json, the advisories
// sorted by id, and the report of each SBOM. dir is an empty directory to work in.
func All(ctx context.Context, dir string) ([]File, error) {
	t, images, err := Load()
	if err != nil {
		return nil, err
	}
	records, err := t.files()
	if err != nil {
		return nil, err
	}
	for _, f := range records {
		if err := f.write(dir); err != nil {
			return nil, err
		}
	}
	db, err := advisory.Open(filepath.Join(dir, Advisories))
	if err != nil {
		return nil, err
	}
	all := records
	for _, img := range images {
		files, err := t.sample(ctx, img, db)
		if err != nil {
			return nil, fmt.Errorf("image %s: %w", img.File, err)
		}
		all = append(all, files...)
	}
	return all, nil
}

func (t Tables) files() ([]File, error) {
	records, err := t.records()
	if err != nil {
		return nil, err
	}
	var files []File
	for _, r := range records {
		body, err := r.encode()
		if err != nil {
			return nil, err
		}
		files = append(files, File{path.Join(Advisories, strings.ReplaceAll(r.ID, ":", "_")+".json"), body})
	}
	return files, nil
}

// sample makes an image's SBOM, what is known of its calls and its VEX document, and the
// report of them all.
func (t Tables) sample(ctx context.Context, img Image, db *advisory.DB) ([]File, error) {
	components, err := t.Components(img)
	if err != nil {
		return nil, err
	}
	write, ok := encoders[img.Format]
	if !ok {
		return nil, fmt.Errorf("no format %q", img.Format)
	}
	body, err := write(img, components)
	if err != nil {
		return nil, err
	}
	name := img.File + "." + img.Format
	inventory, err := sbom.Read(bytes.NewReader(body), name)
	if err != nil {
		return nil, err
	}
	files := []File{{path.Join(SBOMs, name), body}}
	options, evidence, err := evidenceOf(img, components)
	if err != nil {
		return nil, err
	}
	report, err := scanner.Scan(ctx, inventory, db, options)
	if err != nil {
		return nil, err
	}
	text, err := report.Encode()
	return append(append(files, evidence...), File{path.Join(Reports, img.File+".json"), text}), err
}

// evidenceOf makes the files that a scan of an image is given beside the SBOM, and
// reads them as the command does.
func evidenceOf(img Image, components []Component) (o scanner.Options, files []File, err error) {
	calls, err := callgraphOf(img, components)
	if err != nil {
		return o, nil, err
	}
	if calls != nil {
		e, err := reach.Read(calls)
		if err != nil {
			return o, nil, err
		}
		o.Evidence = append(o.Evidence, e)
		files = append(files, File{path.Join(SBOMs, img.File+CallsExt), calls})
	}
	statements, err := vexOf(img, components)
	if err != nil || statements == nil {
		return o, files, err
	}
	name := img.File + VEXExt
	doc, err := vex.Read(bytes.NewReader(statements), name)
	if err != nil {
		return o, nil, err
	}
	if len(doc.Rejected) > 0 {
		return o, nil, fmt.Errorf("%s: %s", name, doc.Rejected[0].Reason)
	}
	o.VEX = vex.NewSet(doc)
	return o, append(files, File{path.Join(SBOMs, name), statements}), nil
}

// Write writes every file below dir, and removes the files of other images and records
// from there. Programs in the same directories are left alone.
func Write(ctx context.Context, dir string) error {
	work, err := os.MkdirTemp("", "stella-samples-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	all, err := All(ctx, work)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, f := range all {
		known[f.Name] = true
		if err := f.write(dir); err != nil {
			return err
		}
	}
	old, err := Committed(dir)
	if err != nil {
		return err
	}
	for _, name := range old {
		if !known[name] {
			if err := os.Remove(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
				return err
			}
		}
	}
	return nil
}

// Committed lists the files of the samples that are below dir.
func Committed(dir string) ([]string, error) {
	var names []string
	for _, sub := range []string{SBOMs, Advisories, Reports} {
		entries, err := os.ReadDir(filepath.Join(dir, sub))
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if e.Type().IsRegular() {
				names = append(names, path.Join(sub, e.Name()))
			}
		}
	}
	return names, nil
}

func (f File) write(dir string) error {
	name := filepath.Join(dir, filepath.FromSlash(f.Name))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, f.Body, 0o644)
}
