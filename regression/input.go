package regression

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/advisory"
	"github.com/stella-ops/stella/scanner/config"
	"github.com/stella-ops/stella/scanner/image/imagetest"
	"github.com/stella-ops/stella/scanner/reach"
	"github.com/stella-ops/stella/scanner/target"
	"github.com/stella-ops/stella/scanner/vex"
)

// Now is the time of every scan of a case, for the rules that need one.
var Now = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// Input is the paths of what is scanned together.
type Input struct {
	Target     string // its base name says what it is, as in a case
	Advisories string // whatever advisory.Open reads
	Callgraphs []string
	VEX        []string
	Config     string // "" where there is none
}

// Scan scans the input. A scan that fails has an outcome as well, its error; the error
// of Scan itself is one of encoding.
func (in Input) Scan(ctx context.Context) (Outcome, error) {
	r, err := in.Report(ctx)
	if err == nil {
		data, err := r.Encode()
		return Outcome{FindingsFile, data}, err
	}
	return Outcome{ErrorFile, []byte(in.withoutPaths(err.Error()) + "\n")}, nil
}

// Report scans the input.
func (in Input) Report(ctx context.Context) (scanner.Report, error) {
	inventory, err := in.Inventory()
	if err != nil {
		return scanner.Report{}, err
	}
	db, err := advisory.Open(in.Advisories)
	if err != nil {
		return scanner.Report{}, err
	}
	options, err := in.Options()
	if err != nil {
		return scanner.Report{}, err
	}
	return scanner.Scan(ctx, inventory, db, options)
}

// Inventory reads the target. A recipe is packed into a docker-archive first.
func (in Input) Inventory() (inv scanner.Inventory, err error) {
	if filepath.Ext(in.Target) != recipeExt {
		return target.Read(in.Target)
	}
	image, err := readRecipe(in.Target)
	if err != nil {
		return inv, err
	}
	dir, err := os.MkdirTemp("", "image")
	if err != nil {
		return inv, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	name := filepath.Join(dir, "image.tar")
	file, err := os.Create(name)
	if err != nil {
		return inv, err
	}
	if err := errors.Join(image.DockerArchive(file, imagetest.Plain), file.Close()); err != nil {
		return inv, err
	}
	inv, err = target.Read(name)
	if err != nil {
		err = errors.New(strings.ReplaceAll(err.Error(), dir+string(filepath.Separator), ""))
	}
	return inv, err
}

// recipeExt ends the name of an image's recipe.
const recipeExt = ".txtar"

func readRecipe(name string) (*imagetest.Image, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return imagetest.Parse(text)
}

// Options reads what a scan is given beside packages and advisories.
func (in Input) Options() (scanner.Options, error) {
	var o scanner.Options
	if in.Config != "" {
		data, err := os.ReadFile(in.Config)
		if err != nil {
			return o, err
		}
		c, err := config.Read(bytes.NewReader(data), filepath.Base(in.Config), Now)
		if err != nil {
			return o, err
		}
		o.Ignore = config.NewRules(c)
	}
	for _, name := range in.Callgraphs {
		data, err := os.ReadFile(name)
		if err != nil {
			return o, err
		}
		e, err := reach.Read(data)
		if err != nil {
			return o, fmt.Errorf("%s: %w", filepath.Base(name), err)
		}
		o.Evidence = append(o.Evidence, e)
	}
	var documents []*vex.Document
	for _, name := range in.VEX {
		data, err := os.ReadFile(name)
		if err != nil {
			return o, err
		}
		d, err := vex.Read(bytes.NewReader(data), filepath.Base(name))
		if err != nil {
			return o, err
		}
		documents = append(documents, d)
	}
	if documents != nil {
		o.VEX = vex.NewSet(documents...)
	}
	return o, nil
}

// withoutPaths takes out of an error where the case stands.
func (in Input) withoutPaths(text string) string {
	for _, file := range []string{in.Target, in.Advisories} {
		text = strings.ReplaceAll(text, filepath.Dir(file)+string(filepath.Separator), "")
	}
	return text
}
