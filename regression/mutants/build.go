package mutants

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
)

// runtimeDir is where the package stands that the wrapped sources import. It is there
// for the compiler alone.
const runtimeDir = "mutant"

//go:embed runtime.go.txt
var runtimeSource []byte

// A Binary is the tests of one package, with every mutant in it.
type Binary struct {
	Package string // from the root: "scanner/sbom"
	path    string
	dir     string // where its tests run
}

// Build compiles the tests of the packages with all mutants into dir, an absolute path.
// Packages are named from the root; those without a test have no binary.
func (s *Sources) Build(ctx context.Context, dir string, packages ...string) ([]Binary, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	overlay, err := s.overlay(dir)
	if err != nil {
		return nil, err
	}
	return s.compile(ctx, dir, overlay, packages)
}

// overlay writes the wrapped sources, and the file that tells the go command of them.
// They are no ".go" files, or the next go build ./... would take them for packages.
func (s *Sources) overlay(dir string) (string, error) {
	replace := map[string]string{filepath.Join(s.Root, runtimeDir, "mutant.go"): filepath.Join(dir, "runtime.go.txt")}
	if err := os.WriteFile(filepath.Join(dir, "runtime.go.txt"), runtimeSource, 0o600); err != nil {
		return "", err
	}
	for i, f := range s.files {
		source, ok := s.instrumented(f)
		if !ok {
			continue
		}
		name := filepath.Join(dir, fmt.Sprintf("%03d_%s.txt", i, path.Base(f.name)))
		if err := os.WriteFile(name, source, 0o600); err != nil {
			return "", err
		}
		replace[f.path] = name
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "overlay.json")
	return name, os.WriteFile(name, text, 0o600)
}

func (s *Sources) compile(ctx context.Context, dir, overlay string, packages []string) ([]Binary, error) {
	var binaries []Binary
	for _, p := range packages {
		b := Binary{Package: p, dir: filepath.Join(s.Root, filepath.FromSlash(p))}
		b.path = filepath.Join(dir, strings.ReplaceAll(p, "/", "_")+".test")
		cmd := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-overlay", overlay, "-o", b.path, "./"+p)
		cmd.Dir = s.Root
		output, err := cmd.CombinedOutput()
		switch {
		case err != nil:
			return nil, fmt.Errorf("building the tests of %s with mutants: %w\n%s", p, err, output)
		case !bytes.Contains(output, []byte("no test files")):
			binaries = append(binaries, b)
		}
	}
	return binaries, nil
}
