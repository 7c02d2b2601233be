package samples

import (
	"bytes"
	"embed"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"path"
	"strings"
)

//go:embed data
var data embed.FS

// An Image is a row of data/images.json.
type Image struct {
	File     string     `json:"file"`   // of the SBOM, without its extension
	Target   string     `json:"target"` // what the SBOM is about
	Format   string     `json:"format"` // the extension: cdx.json, cdx.xml, spdx.json or spdx
	OS       string     `json:"os"`     // an ecosystem, or nothing for a scratch image
	Packages []string   `json:"packages"`
	Without  []string   `json:"without"` // path.Match patterns of binary packages that are not installed
	Patched  []string   `json:"patched"` // packages, of all ecosystems, that have every fix
	Apps     []App      `json:"apps"`
	VEX      bool       `json:"vex"` // whether there is a document that answers some findings
	Unjudged []Unjudged `json:"unjudged"`
}

// An App is what an image holds of one language, in one or several places.
type App struct {
	Ecosystem string     `json:"ecosystem"`
	Roots     []string   `json:"roots"`
	Packages  []string   `json:"packages"`
	Calls     [][]string `json:"calls"` // chains of frames from an entry point; none: nothing is known of calls
}

// Unjudged is a component that no advisory can be held against.
type Unjudged struct {
	PURL    string `json:"purl"`
	Name    string `json:"name"`
	Version string `json:"version"`
}

// A Package is a row of data/packages.csv with its advisories. Distributions name
// advisories by source package, which installs as several binary ones.
type Package struct {
	Ecosystem, Name, Version string
	Binaries                 []string
	Advisories               []Advisory
}

// An Advisory is a row of data/advisories.csv.
type Advisory struct {
	ID, Vector              string
	Aliases, Fixed, Symbols []string
}

// Tables are the packages of each ecosystem, in the order of their file.
type Tables map[string][]*Package

// Load reads the tables and the images.
func Load() (Tables, []Image, error) {
	t, err := loadTables()
	if err != nil {
		return nil, nil, err
	}
	images, err := loadImages()
	return t, images, err
}

func loadTables() (Tables, error) {
	packages, err := readCSV("data/packages.csv")
	if err != nil {
		return nil, err
	}
	advisories, err := readCSV("data/advisories.csv")
	if err != nil {
		return nil, err
	}
	t := Tables{}
	for _, row := range packages {
		t[row[0]] = append(t[row[0]], &Package{
			Ecosystem: row[0], Name: row[1], Version: row[2], Binaries: strings.Fields(row[3]),
		})
	}
	for _, row := range advisories {
		found, err := t.pick(row[0], row[1:2])
		if err != nil {
			return nil, fmt.Errorf("advisory %s: %w", row[2], err)
		}
		found[0].Advisories = append(found[0].Advisories, Advisory{
			ID: row[2], Aliases: strings.Fields(row[3]), Fixed: strings.Fields(row[4]), Vector: row[5], Symbols: strings.Fields(row[6]),
		})
	}
	return t, nil
}

// pick returns the named packages of an ecosystem; the name * stands for all.
func (t Tables) pick(ecosystem string, names []string) ([]*Package, error) {
	var picked []*Package
	for _, name := range names {
		before := len(picked)
		for _, p := range t[ecosystem] {
			if name == "*" || name == p.Name {
				picked = append(picked, p)
			}
		}
		if len(picked) == before {
			return nil, fmt.Errorf("no package %s in ecosystem %s", name, ecosystem)
		}
	}
	return picked, nil
}

// installed are the binary packages of a source package that the image has.
func (img Image) installed(p *Package) ([]string, error) {
	var names []string
	for _, name := range p.Binaries {
		absent := false
		for _, pattern := range img.Without {
			match, err := path.Match(pattern, name)
			if err != nil {
				return nil, fmt.Errorf("pattern %q: %w", pattern, err)
			}
			absent = absent || match
		}
		if !absent {
			names = append(names, name)
		}
	}
	return names, nil
}

func loadImages() ([]Image, error) {
	b, err := data.ReadFile("data/images.json")
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	var images []Image
	if err := dec.Decode(&images); err != nil {
		return nil, fmt.Errorf("reading data/images.json: %w", err)
	}
	return images, nil
}

// readCSV returns the rows below the header.
func readCSV(name string) ([][]string, error) {
	f, err := data.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	return rows[1:], nil
}
