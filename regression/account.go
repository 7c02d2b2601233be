package regression

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/advisory"
	"github.com/stella-ops/stella/scanner/purl"
)

// Account is what became of the packages of an input: each is judged or listed as not
// evaluated, or it was dropped, which must not be.
type Account struct {
	In           int // entries of the inventory, readable or not
	Judged       int
	NotEvaluated int
	Dropped      []string
}

// probeID begins the ids of advisories that affect every version of a package.
const probeID = "PROBE-"

// Account scans the input twice: as it is, and with an advisory more for each of its
// packages that affects all versions. What is judged then shows as a finding, so that
// the scanner needs no counter that would itself have to be believed.
func (in Input) Account(ctx context.Context) (Account, error) {
	inventory, err := in.Inventory()
	if err != nil {
		return Account{}, err
	}
	report, err := in.Report(ctx)
	if err != nil {
		return Account{}, err
	}
	db, err := advisory.Open(in.Advisories)
	if err != nil {
		return Account{}, err
	}
	probed, err := in.probe(ctx, inventory)
	if err != nil {
		return Account{}, err
	}
	return account(inventory, report, probed, db.Has), nil
}

func account(inv scanner.Inventory, report, probed scanner.Report, has func(ecosystem string) bool) Account {
	a := Account{In: len(inv.Packages) + len(inv.Unreadable)}
	found := map[string]bool{}
	for _, f := range probed.Findings {
		if f.ID == probe(f.Package.Ecosystem, f.Package.Name) {
			found[identity(f.Package)] = true
		}
	}
	for _, p := range inv.Packages {
		switch label := cmp.Or(p.PURL, p.Name); {
		case found[identity(scanner.FoundPackage{
			PURL: p.PURL, Ecosystem: p.Ecosystem, Name: p.Name, Version: p.Version, Layer: p.Layer,
		})] && has(p.Ecosystem):
			a.Judged++
		case listed(report, label):
			a.NotEvaluated++
		default:
			a.Dropped = append(a.Dropped, label)
		}
	}
	for _, u := range inv.Unreadable {
		if slices.Contains(report.NotEvaluated, u) {
			a.NotEvaluated++
		} else {
			a.Dropped = append(a.Dropped, u.Package+": "+u.Reason)
		}
	}
	return a
}

func listed(r scanner.Report, label string) bool {
	return slices.ContainsFunc(r.NotEvaluated, func(n scanner.NotEvaluated) bool { return n.Package == label })
}

// identity is what makes packages one in a report: all but the places, and the spelling of
// the purl as far as its type knows none.
func identity(p scanner.FoundPackage) string {
	p.Locations, p.PURL = nil, purl.Fold(p.PURL)
	text, err := json.Marshal(p)
	if err != nil {
		panic(fmt.Sprintf("regression: encoding a package: %v", err)) // strings and numbers
	}
	return string(text)
}

// probe is the id of the advisory for a package.
func probe(ecosystem, name string) string {
	return fmt.Sprintf("%s%x", probeID, ecosystem+"\x00"+name)
}

// probe scans with the advisories that affect everything, and nothing else: aliases
// of the case's own could unite with them.
func (in Input) probe(ctx context.Context, inventory scanner.Inventory) (scanner.Report, error) {
	dir, err := os.MkdirTemp("", "probe")
	if err != nil {
		return scanner.Report{}, err
	}
	defer os.RemoveAll(dir)
	written := map[string]bool{}
	for _, p := range inventory.Packages {
		if id := probe(p.Ecosystem, p.Name); !written[id] && p.Ecosystem != "" && p.Name != "" {
			written[id] = true
			name := filepath.Join(dir, fmt.Sprintf("%d.json", len(written)))
			if err := os.WriteFile(name, affectsAll(id, p.Ecosystem, p.Name), 0o600); err != nil {
				return scanner.Report{}, err
			}
		}
	}
	if len(written) == 0 {
		return scanner.Report{}, nil // nothing can be judged: all must be listed
	}
	db, err := advisory.Open(dir)
	if err != nil {
		return scanner.Report{}, err
	}
	return scanner.Scan(ctx, inventory, db, scanner.Options{})
}

// affectsAll is an OSV record that affects every version of a package.
func affectsAll(id, ecosystem, name string) []byte {
	type object map[string]any
	data, err := json.Marshal(object{
		"id": id, "modified": "2026-01-01T00:00:00Z",
		"affected": []object{{
			"package": object{"ecosystem": ecosystem, "name": name},
			"ranges":  []object{{"type": "ECOSYSTEM", "events": []object{{"introduced": "0"}}}},
		}},
	})
	if err != nil {
		panic(fmt.Sprintf("regression: encoding a record: %v", err)) // strings alone
	}
	return data
}
