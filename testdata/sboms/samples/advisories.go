package samples

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The parts of an OSV record (schema 1.7) that are written.
type record struct {
	SchemaVersion string     `json:"schema_version"`
	ID            string     `json:"id"`
	Modified      string     `json:"modified"`
	Aliases       []string   `json:"aliases,omitempty"`
	Upstream      []string   `json:"upstream,omitempty"`
	Affected      []affected `json:"affected"`
}

type affected struct {
	Package  affectedPackage `json:"package"`
	Severity []rating        `json:"severity,omitempty"`
	Ranges   []versionRange  `json:"ranges"`
	Specific map[string]any  `json:"ecosystem_specific,omitempty"`
}

type affectedPackage struct {
	Ecosystem string `json:"ecosystem"`
	Name      string `json:"name"`
}

type rating struct {
	Type  string `json:"type"`
	Score string `json:"score"`
}

type versionRange struct {
	Type   string  `json:"type"`
	Events []event `json:"events"`
}

type event struct {
	Introduced string `json:"introduced,omitempty"`
	Fixed      string `json:"fixed,omitempty"`
}

// databases are the prefixes of ids that name a record of a database, the database
// that OSV would be asked first. The rest of a row's ids are aliases of it, or what it
// was made of where a distribution tracks a CVE under an id of its own.
var databases = []struct {
	prefix  string
	tracker bool
}{
	{"DEBIAN-CVE-", true},
	{"UBUNTU-CVE-", true},
	{"ALPINE-CVE-", true},
	{"GO-", false},
	{"RUSTSEC-", false},
	{"GHSA-", false},
}

// recordID is the id of the record that a row becomes, and whether it is a tracker's.
func (a Advisory) recordID() (id string, tracker bool) {
	ids := append([]string{a.ID}, a.Aliases...)
	for _, d := range databases {
		for _, id := range ids {
			if strings.HasPrefix(id, d.prefix) {
				return id, d.tracker
			}
		}
	}
	return a.ID, false
}

// records makes an OSV record of all rows of one id, sorted by id.
func (t Tables) records() ([]*record, error) {
	byID := map[string]*record{}
	for _, ecosystem := range slices.Sorted(maps.Keys(t)) {
		for _, p := range t[ecosystem] {
			for _, a := range p.Advisories {
				if err := a.addTo(byID, p); err != nil {
					return nil, err
				}
			}
		}
	}
	var list []*record
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		r := byID[id]
		for _, ids := range []*[]string{&r.Aliases, &r.Upstream} {
			slices.Sort(*ids)
			*ids = slices.Compact(*ids)
		}
		list = append(list, r)
	}
	return list, nil
}

func (a Advisory) addTo(byID map[string]*record, p *Package) error {
	id, tracker := a.recordID()
	r := byID[id]
	if r == nil {
		r = &record{SchemaVersion: "1.7.0", ID: id, Modified: created}
		byID[id] = r
	}
	for _, other := range append([]string{a.ID}, a.Aliases...) {
		switch {
		case other == id:
		case tracker:
			r.Upstream = append(r.Upstream, other)
		default:
			r.Aliases = append(r.Aliases, other)
		}
	}
	entries, err := a.affected(p)
	r.Affected = append(r.Affected, entries...)
	return err
}

// affected are the entries for a package. Red Hat and AlmaLinux list binary packages,
// others the source.
func (a Advisory) affected(p *Package) ([]affected, error) {
	fixed, err := a.fixedAfter(p)
	if err != nil {
		return nil, err
	}
	events := []event{{Introduced: "0"}}
	typ := "ECOSYSTEM"
	if p.Ecosystem == "Go" || p.Ecosystem == "npm" || p.Ecosystem == "crates.io" {
		typ = "SEMVER"
	}
	if fixed != "" {
		if p.Ecosystem == "Go" {
			fixed = strings.TrimPrefix(fixed, "v") // as the Go vulnerability database has it
		}
		events = append(events, event{Fixed: fixed})
	}
	entry := affected{Ranges: []versionRange{{typ, events}}, Specific: a.specific(p)}
	if a.Vector != "" {
		entry.Severity = []rating{{"CVSS_V3", a.Vector}}
	}
	names := []string{p.Name}
	if strings.HasPrefix(p.Ecosystem, "Red Hat") || strings.HasPrefix(p.Ecosystem, "AlmaLinux") {
		names = p.Binaries
	}
	var list []affected
	for _, name := range names {
		entry.Package = affectedPackage{p.Ecosystem, name}
		list = append(list, entry)
	}
	return list, nil
}

// specific names the vulnerable symbols as the databases of Go and Rust do. OSV has no
// place for those of other languages.
func (a Advisory) specific(p *Package) map[string]any {
	switch {
	case len(a.Symbols) == 0:
		return nil
	case p.Ecosystem == "crates.io":
		return map[string]any{"affects": map[string]any{"functions": a.Symbols}}
	case p.Ecosystem != "Go":
		return nil
	}
	byPath := map[string][]string{}
	for _, s := range a.Symbols {
		path, symbol := splitGo(s)
		byPath[path] = append(byPath[path], symbol)
	}
	imports := []map[string]any{}
	for _, path := range slices.Sorted(maps.Keys(byPath)) {
		imports = append(imports, map[string]any{"path": path, "symbols": byPath[path]})
	}
	return map[string]any{"imports": imports}
}

// splitGo parts "net/http.Server.Serve" into import path and symbol. A dot in the last
// element of a path would be taken for the symbol's; the tables have "gopkg.in/yaml.v3".
func splitGo(symbol string) (path, name string) {
	slash := strings.LastIndexByte(symbol, '/') + 1
	parts := strings.SplitN(symbol[slash:], ".", 3)
	if len(parts) == 3 && len(parts[1]) > 1 && parts[1][0] == 'v' && strings.Trim(parts[1][1:], "0123456789") == "" {
		return symbol[:slash] + parts[0] + "." + parts[1], parts[2]
	}
	return symbol[:slash] + parts[0], strings.Join(parts[1:], ".")
}

func (r *record) encode() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r); err != nil {
		return nil, fmt.Errorf("encoding record %s: %w", r.ID, err)
	}
	return b.Bytes(), nil
}
