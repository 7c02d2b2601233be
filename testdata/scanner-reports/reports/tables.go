package reports

import (
	"bytes"
	"embed"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
)

//go:embed data
var data embed.FS

// An image is a row of data/images.json.
type image struct {
	File         string     `json:"file"`
	Target       string     `json:"target"`
	Kind         string     `json:"kind"`
	Layers       int        `json:"layers"` // 0: no image but an SBOM or a lockfile
	OS           string     `json:"os"`     // an ecosystem, or nothing for a scratch image
	Packages     []string   `json:"packages"`
	Without      []string   `json:"without"`     // path.Match patterns of binary packages that are not installed
	PerPackage   int        `json:"per_package"` // the advisory set of the day knew at most so many a package; 0: all
	Apps         []app      `json:"apps"`
	VEX          string     `json:"vex"`
	NotEvaluated []unjudged `json:"not_evaluated"`
}

// An app is what an image holds of one language, in one or several places.
type app struct {
	Ecosystem string     `json:"ecosystem"`
	Roots     []string   `json:"roots"`
	Packages  []string   `json:"packages"`
	Calls     [][]string `json:"calls"` // chains of frames from an entry point; none: no call graph was given
}

// A component is a row of data/packages.csv with its advisories. Distributions
// name advisories by source package, which installs as several binary ones.
type component struct {
	ecosystem, name, version string
	binaries                 []string
	advisories               []advisory
}

// An advisory is a row of data/advisories.csv.
type advisory struct {
	id, vector              string
	aliases, fixed, symbols []string
}

// tables are the components of each ecosystem, in the order of their file.
type tables map[string][]*component

func loadTables() (tables, error) {
	packages, err := readCSV("data/packages.csv")
	if err != nil {
		return nil, err
	}
	advisories, err := readCSV("data/advisories.csv")
	if err != nil {
		return nil, err
	}
	t := tables{}
	for _, row := range packages {
		t[row[0]] = append(t[row[0]], &component{
			ecosystem: row[0], name: row[1], version: row[2], binaries: strings.Fields(row[3]),
		})
	}
	for _, row := range advisories {
		found, err := t.pick(row[0], row[1:2])
		if err != nil {
			return nil, fmt.Errorf("advisory %s: %w", row[2], err)
		}
		found[0].advisories = append(found[0].advisories, advisory{
			id: row[2], aliases: strings.Fields(row[3]), fixed: strings.Fields(row[4]),
			vector: row[5], symbols: strings.Fields(row[6]),
		})
	}
	return t, nil
}

// pick returns the named components of an ecosystem; the name * stands for all.
func (t tables) pick(ecosystem string, names []string) ([]*component, error) {
	var picked []*component
	for _, name := range names {
		before := len(picked)
		for _, c := range t[ecosystem] {
			if name == "*" || name == c.name {
				picked = append(picked, c)
			}
		}
		if len(picked) == before {
			return nil, fmt.Errorf("no package %s in ecosystem %s", name, ecosystem)
		}
	}
	return picked, nil
}

func loadImages() ([]image, error) {
	b, err := data.ReadFile("data/images.json")
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	var images []image
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
