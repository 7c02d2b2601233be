package reach

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// MaxFindings and MaxFrames bound the findings of a stream and the frames of one.
const (
	MaxFindings = 200_000
	MaxFrames   = 10_000
)

// Govulncheck is what a run of govulncheck found. Read it with [ReadGovulncheck].
type Govulncheck struct {
	level, mode string
	byID        map[string][]vulnFinding
	// records are what the advisories of the stream list: what was searched for.
	records map[string][]Target
}

type vulnFinding struct {
	OSV   string      `json:"osv"`
	Trace []vulnFrame `json:"trace"` // from the symbol to the entry point
}

type vulnFrame struct {
	Module   string `json:"module"`
	Version  string `json:"version"`
	Package  string `json:"package"`
	Function string `json:"function"`
	Receiver string `json:"receiver"`
}

type vulnMessage struct {
	Config *struct {
		Protocol string `json:"protocol_version"`
		Level    string `json:"scan_level"`
		Mode     string `json:"scan_mode"`
	} `json:"config"`
	OSV     *vulnRecord  `json:"osv"`
	Finding *vulnFinding `json:"finding"`
}

// A vulnRecord is the advisory that the scan searched by.
type vulnRecord struct {
	ID       string `json:"id"`
	Affected []struct {
		Package struct {
			Name string `json:"name"`
		} `json:"package"`
		EcosystemSpecific jsontext.Value `json:"ecosystem_specific"`
	} `json:"affected"`
}

// ReadGovulncheck reads the stream of messages that govulncheck -json prints
// (golang.org/x/vuln/internal/govulncheck, protocol v1). Only "finding" messages find
// something: "osv" ones are the advisories of every module that is there, affected or
// not. They say what was searched for.
//
// A finding whose trace has functions is a path. In a source scan at symbol level a
// finding without one says that the vulnerable code is required or imported, and not
// called: [Unreachable], if the stream's advisory lists every symbol that the query
// asks about. An older revision of it, or one that names no symbols, was no search for
// them. In other scans, and where the stream does not say that it is one of source, such
// a finding says nothing, nor does a symbol in a binary's table, which may be
// inlined away or never called.
//
// Several streams may follow each other, if they are of one level and mode. Messages of
// unknown kinds are passed over, as the protocol asks. Errors name the
// message by its number; those beyond [MaxBytes], [MaxFindings] and [MaxFrames] wrap
// [ErrTooLarge].
func ReadGovulncheck(r io.Reader) (*Govulncheck, error) {
	g := &Govulncheck{byID: map[string][]vulnFinding{}, records: map[string][]Target{}}
	limited := limit(r)
	dec := jsontext.NewDecoder(limited)
	configured, findings := false, 0
	for n := 1; ; n++ {
		var m vulnMessage
		err := jsonv2.UnmarshalDecode(dec, &m)
		if errors.Is(err, io.EOF) && limited.err == nil {
			break
		}
		if limited.err != nil {
			err = limited.err
		}
		if err == nil && m.Config != nil {
			err = g.configure(m, configured)
			configured = true
		}
		if err == nil && m.OSV != nil {
			err = g.addRecord(*m.OSV)
		}
		if err == nil && m.Finding != nil {
			if findings++; findings > MaxFindings {
				err = fmt.Errorf("more than %d findings: %w", MaxFindings, ErrTooLarge)
			} else {
				err = g.add(*m.Finding)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("reading govulncheck stream, message %d: %w", n, err)
		}
	}
	if !configured {
		return nil, errors.New("reading govulncheck stream: no config message in it; write it with govulncheck -json")
	}
	return g, nil
}

func (g *Govulncheck) configure(m vulnMessage, configured bool) error {
	if !strings.HasPrefix(m.Config.Protocol, "v1.") {
		return fmt.Errorf("protocol version %q, not v1", m.Config.Protocol)
	}
	if configured && (m.Config.Level != g.level || m.Config.Mode != g.mode) {
		// What a binary's table does not show would be what its source does not call.
		return errors.New("a second scan begins, of another level or mode; give each as a file of its own")
	}
	g.level, g.mode = m.Config.Level, m.Config.Mode
	return nil
}

func (g *Govulncheck) addRecord(r vulnRecord) error {
	for _, a := range r.Affected {
		targets, err := Targets(ecosystemGo, a.Package.Name, a.EcosystemSpecific)
		if err != nil {
			return fmt.Errorf("advisory %s: %w", r.ID, err)
		}
		g.records[r.ID] = append(g.records[r.ID], targets...)
	}
	return nil
}

func (g *Govulncheck) add(f vulnFinding) error {
	switch {
	case f.OSV == "":
		return errors.New("the finding has no osv id")
	case len(f.Trace) == 0:
		return fmt.Errorf("finding %s has no trace", f.OSV)
	case len(f.Trace) > MaxFrames:
		return fmt.Errorf("finding %s has %d frames: %w of %d", f.OSV, len(f.Trace), ErrTooLarge, MaxFrames)
	}
	g.byID[f.OSV] = append(g.byID[f.OSV], f)
	return nil
}

func (g *Govulncheck) answer(q Query) answer {
	if q.Ecosystem != ecosystemGo {
		return silent("govulncheck judges Go modules only")
	}
	findings := g.about(q)
	if len(findings) == 0 {
		return silent("govulncheck has no finding of it in " + q.Package + versionWords(q.Version))
	}
	var best []string
	present, whole := "", true
	for _, f := range findings {
		path, ok := f.path()
		switch {
		case !ok:
			whole = whole && f.Trace[0].Function == ""
		case len(path) == 1 && g.mode != "source":
			// No caller: the symbol stands in a binary's table.
			if present == "" || path[0] < present {
				present = path[0]
			}
		case best == nil || comparePaths(path, best) < 0:
			best = path
		}
	}
	switch {
	case best != nil:
		return reachable(best)
	case present != "":
		return unknown("%s is in the binary, and govulncheck names no caller", present)
	case !whole:
		return unknown("govulncheck gives a trace with a frame that has no function")
	case g.level != "symbol" || g.mode != "source":
		return unknown("govulncheck found the package, and did not search its source for calls")
	}
	if reason := g.notSearched(q); reason != "" {
		return unknown("govulncheck did not search for all symbols: its own advisory lists %s", reason)
	}
	return unreachable("govulncheck searched the source and found no call of a listed symbol")
}

// notSearched says which of the query's symbols the stream's advisories do not list, ""
// where they list all.
func (g *Govulncheck) notSearched(q Query) string {
	searched := map[string]map[string]bool{} // package, symbol
	for _, id := range q.IDs {
		for _, t := range g.records[id] {
			path := packagePath(ecosystemGo, t.Path)
			if searched[path] == nil {
				searched[path] = map[string]bool{}
			}
			searched[path][""] = searched[path][""] || len(t.Symbols) == 0
			for _, name := range t.Symbols {
				searched[path][symbolIn(ecosystemGo, path, name).key()] = true
			}
		}
	}
	if len(searched) == 0 {
		return "none"
	}
	var missing []string
	for _, t := range q.Targets {
		switch symbols := searched[packagePath(ecosystemGo, t.Path)]; {
		case symbols[""]:
		case len(t.Symbols) == 0:
			missing = append(missing, "all of "+t.Path)
		default:
			for _, name := range t.Symbols {
				if !symbols[symbolIn(ecosystemGo, t.Path, name).key()] {
					missing = append(missing, t.Path+"."+name)
				}
			}
		}
	}
	if missing == nil {
		return ""
	}
	slices.Sort(missing)
	return "no " + strings.Join(slices.Compact(missing), ", ")
}

// about gives the findings of the group's ids in the version that is asked about.
func (g *Govulncheck) about(q Query) []vulnFinding {
	var found []vulnFinding
	for _, id := range q.IDs {
		for _, f := range g.byID[id] {
			if f.Trace[0].Module == q.Package && sameGoVersion(f.Trace[0].Version, q.Version) {
				found = append(found, f)
			}
		}
	}
	return found
}

// sameGoVersion leaves out the prefixes that OSV does not write: "v1.2.3", "go1.22".
func sameGoVersion(a, b string) bool {
	bare := func(s string) string { return strings.TrimPrefix(strings.TrimPrefix(s, "v"), "go") }
	return a == "" || b == "" || bare(a) == bare(b)
}

func versionWords(version string) string {
	if version == "" {
		return ""
	}
	return " at " + version
}

// path names the functions from the entry point to the symbol, if all have a name.
func (f vulnFinding) path() ([]string, bool) {
	var path []string
	for _, frame := range slices.Backward(f.Trace) {
		if frame.Function == "" || frame.Package == "" {
			return nil, false
		}
		name := frame.Package + "." + frame.Function
		if receiver := strings.Trim(frame.Receiver, "*()"); receiver != "" {
			name = frame.Package + "." + receiver + "." + frame.Function
			if strings.HasPrefix(frame.Receiver, "*") {
				name = "(*" + frame.Package + "." + receiver + ")." + frame.Function
			}
		}
		path = append(path, name)
	}
	return path, true
}
