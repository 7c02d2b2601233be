// Command osv-scanner-adapter has osv-scanner scan a golden case, for the scoreboard. See
// usage.
package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stella-ops/stella/regression"
	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/image/imagetest"
	"github.com/stella-ops/stella/scanner/purl"
	"github.com/stella-ops/stella/scanner/version"
)

const usage = `osv-scanner-adapter has osv-scanner (version 2.5) scan the input of a golden case.

  osv-scanner-adapter PROGRAM CASE/input

It makes the local database that osv-scanner reads of the case's own advisories, runs the
program offline, and prints a line "PURL ID" for each finding. osv-scanner names packages
by ecosystem, name and version: the purl is that of the package of the input which has
them, by its own name or its source's.
`

func main() {
	if len(os.Args) != 3 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1], os.Args[2], os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "osv-scanner-adapter: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, program, input string, out io.Writer) (err error) {
	c, err := regression.Load(filepath.Dir(input))
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "osv-scanner-adapter-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	// Where our readers refuse the input, osv-scanner is asked all the same.
	inventory, _ := c.Input.Inventory()
	if err := database(filepath.Join(dir, "osv-scalibr"), filepath.Join(input, "advisories"), inventory); err != nil {
		return err
	}
	args, err := arguments(dir, c.Input.Target)
	if err != nil {
		return err
	}
	found, err := scan(ctx, program, dir, args)
	if err != nil {
		return err
	}
	for _, f := range found {
		for _, p := range f.purls(inventory) {
			for _, id := range f.ids {
				fmt.Fprintf(out, "%s %s\n", p, id)
			}
		}
	}
	return nil
}

// database writes the records into a zip for each ecosystem, as osv-scanner keeps them. An
// ecosystem of the input without records has an empty one: whoever runs osv-scanner has
// all of them.
func database(dir, advisories string, inventory scanner.Inventory) error {
	files, err := filepath.Glob(filepath.Join(advisories, "*.json"))
	if err != nil {
		return err
	}
	byEcosystem := map[string][]string{}
	for _, p := range inventory.Packages {
		byEcosystem[version.Base(p.Ecosystem)] = nil
	}
	delete(byEcosystem, "")
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		var record struct {
			Affected []struct {
				Package struct{ Ecosystem string }
			}
		}
		if json.Unmarshal(data, &record) != nil {
			continue // a case of a record that cannot be read
		}
		for _, a := range record.Affected {
			base, _, _ := strings.Cut(a.Package.Ecosystem, ":")
			if base != "" && !slices.Contains(byEcosystem[base], name) {
				byEcosystem[base] = append(byEcosystem[base], name)
			}
		}
	}
	for ecosystem, names := range byEcosystem {
		if err := pack(filepath.Join(dir, ecosystem), names); err != nil {
			return err
		}
	}
	return nil
}

func pack(dir string, names []string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		w, err := z.Create(filepath.Base(name))
		if err != nil {
			return err
		}
		if _, err := w.Write(data); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "all.zip"), b.Bytes(), 0o644)
}

// arguments is how osv-scanner is told of the target. It knows an SBOM by its name alone.
func arguments(dir, target string) ([]string, error) {
	base := filepath.Base(target)
	switch {
	case base == "project":
		return []string{"scan", "source", "--no-ignore", "-r", target}, nil
	case strings.HasPrefix(base, "image."):
		name := filepath.Join(dir, "image.tar")
		if err := packImage(name, target); err != nil {
			return nil, err
		}
		return []string{"scan", "image", "--archive", name}, nil
	}
	data, err := os.ReadFile(target)
	if err != nil {
		return nil, err
	}
	name := filepath.Join(dir, "sbom"+sbomExt(data))
	return []string{"scan", "source", "-L", name}, os.WriteFile(name, data, 0o644)
}

func sbomExt(data []byte) string {
	switch text := bytes.TrimSpace(data); {
	case bytes.HasPrefix(text, []byte("<")):
		return ".cdx.xml"
	case bytes.Contains(text, []byte(`"spdxVersion"`)):
		return ".spdx.json"
	case bytes.HasPrefix(text, []byte("{")):
		return ".cdx.json"
	}
	return ".spdx"
}

func packImage(name, target string) error {
	text, err := os.ReadFile(target)
	if err != nil || filepath.Ext(target) != ".txtar" {
		return errors.Join(err, os.WriteFile(name, text, 0o644))
	}
	image, err := imagetest.Parse(text)
	if err != nil {
		return err
	}
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(image.DockerArchive(file, imagetest.Plain), file.Close())
}

// finding is what osv-scanner says of one package.
type finding struct {
	name, version, ecosystem string
	ids                      []string
}

// scan runs osv-scanner. It ends with 1 where it found something, and with 128 where it
// found no package.
func scan(ctx context.Context, program, dir string, args []string) ([]finding, error) {
	cmd := exec.CommandContext(ctx, program, append(args, "--offline", "--format", "json")...)
	cmd.Env = append(os.Environ(), "OSV_SCALIBR_LOCAL_DB_CACHE_DIRECTORY="+dir)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && (exit.ExitCode() == 1 || exit.ExitCode() == 128) {
		err = nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %.300s", err, stderr.String())
	}
	var report struct {
		Results []struct {
			Packages []struct {
				Package         struct{ Name, Version, Ecosystem string }
				Vulnerabilities []struct{ ID string }
			}
		}
	}
	if len(bytes.TrimSpace(out)) > 0 {
		if err := json.Unmarshal(out, &report); err != nil {
			return nil, fmt.Errorf("reading what osv-scanner printed: %w", err)
		}
	}
	var found []finding
	for _, r := range report.Results {
		for _, p := range r.Packages {
			f := finding{name: p.Package.Name, version: p.Package.Version, ecosystem: p.Package.Ecosystem}
			for _, v := range p.Vulnerabilities {
				f.ids = append(f.ids, v.ID)
			}
			found = append(found, f)
		}
	}
	return found, nil
}

// purls are those of the packages that osv-scanner means; one made up where there is none.
func (f finding) purls(inv scanner.Inventory) []string {
	var list []string
	name := purl.CanonicalName(f.ecosystem, f.name)
	for _, p := range inv.Packages {
		base := version.Base(p.Ecosystem)
		mayBe := base == "" || base == version.Base(f.ecosystem)
		same := p.Version == f.version && purl.CanonicalName(p.Ecosystem, p.Name) == name
		if mayBe && (same || strings.Contains(p.PURL, "/"+f.name+"@"+f.version)) {
			list = append(list, p.PURL)
		}
	}
	if len(list) == 0 {
		list = []string{fmt.Sprintf("pkg:generic/%s@%s", f.name, f.version)}
	}
	return list
}
