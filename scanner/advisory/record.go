package advisory

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/stella-ops/stella/scanner/severity"
	"github.com/stella-ops/stella/scanner/version"
)

// ErrRecord is wrapped by the errors of [Parse].
var ErrRecord = errors.New("not an OSV record")

// Record is an OSV record, as far as a scan needs it.
type Record struct {
	ID       string
	Modified time.Time // zero where it is missing or cannot be read
	// Withdrawn is the time of the withdrawal as the record spells it, "" for a record
	// that holds. There is no clock here: a time to come counts as well.
	Withdrawn string
	Aliases   []string // sorted, without ID
	Upstream  []string // sorted
	Summary   string
	Affected  []Affected
	Severity  []severity.Entry
	// Label is the level in database_specific.severity, as GitHub's records state it
	// beside or without a vector; "" where there is none.
	Label string
	// Problems says what in the record is not as the schema wants it, and so may not
	// have been judged. There is no problem with fields that the schema does not know.
	Problems []string
}

// Affected is one entry of a record: what it says of one package.
type Affected struct {
	Ecosystem, Name, PURL string

	Ranges   []Range
	Versions []string
	Severity []severity.Entry
	Label    string // database_specific.severity, of this entry
	// EcosystemSpecific is the JSON of ecosystem_specific without spaces, keys sorted,
	// nil where there is none. Go's and Rust's names vulnerable symbols there.
	EcosystemSpecific json.RawMessage

	key     string // see nameKey
	partial string // why the entry may say more than could be read, "" where it cannot
}

// Types of range that can be judged, and the one that cannot without a repository.
const (
	rangeSemVer    = "SEMVER"
	rangeEcosystem = "ECOSYSTEM"
	rangeGit       = "GIT"
)

// Range is one element of an entry's ranges array.
type Range struct {
	Type   string // "SEMVER", "ECOSYSTEM", "GIT", or one not known here
	Events []Event

	line timeline
	// broken says why the range cannot be judged, partial why it may say more than
	// line does.
	broken, partial string
}

// EventKind is the name of an event's field.
type EventKind string

// The kinds of event (OSV schema, affected[].ranges[].events).
const (
	Introduced   EventKind = "introduced"
	Fixed        EventKind = "fixed"
	LastAffected EventKind = "last_affected"
	Limit        EventKind = "limit"
)

// Event is one change of state in a range.
type Event struct {
	Kind    EventKind
	Version string
}

// maxProblems bounds what a hostile record can make [Record.Problems] hold.
const maxProblems = 20

// maxID is far above the longest ids of the schema's databases.
const maxID = 256

// validID reports whether an id can be shown and compared without surprise. The schema
// has a pattern with known prefixes; a database that it does not know yet is none.
func validID(id string) bool {
	return len(id) <= maxID && strings.IndexFunc(id, func(c rune) bool { return c <= ' ' || c > '~' }) < 0
}

// Parse reads one record. Fields that the schema does not know are ignored (section
// "schema_version": a newer minor version only adds fields). What cannot be judged in
// part is kept, and what is wrong with it is in [Record.Problems].
//
// The error wraps [ErrRecord]: data is not UTF-8, not JSON, not an object, has no id or
// one that is not printable, or an object of the schema has one key twice.
func Parse(data []byte) (*Record, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) {
		return nil, fmt.Errorf("%w: it is not UTF-8", ErrRecord)
	}
	if !json.Valid(data) {
		var v json.RawMessage
		return nil, fmt.Errorf("%w: %w", ErrRecord, json.Unmarshal(data, &v))
	}
	p := parser{cursor: cursor{data: data}, rec: new(Record)}
	if p.kind() != '{' {
		return nil, fmt.Errorf("%w: it is JSON, but no object", ErrRecord)
	}
	p.record()
	switch {
	case p.err != nil:
		return nil, fmt.Errorf("%w: %w", ErrRecord, p.err)
	case p.rec.ID == "":
		return nil, fmt.Errorf("%w: it has no id", ErrRecord)
	case !validID(p.rec.ID):
		return nil, fmt.Errorf("%w: its id %.40q is longer than %d bytes, or not printable ASCII without spaces", ErrRecord, p.rec.ID, maxID)
	}
	p.finish()
	return p.rec, nil
}

type parser struct {
	cursor
	rec     *Record
	dropped int // problems above maxProblems
}

func (p *parser) problem(format string, args ...any) {
	if len(p.rec.Problems) == maxProblems {
		p.dropped++
		return
	}
	p.rec.Problems = append(p.rec.Problems, fmt.Sprintf(format, args...))
}

// str reads a string field; path names it in a problem.
func (p *parser) str(path string) string {
	s, ok := p.text()
	if !ok {
		p.problem("%s is not a string", path)
	}
	return s
}

// strs reads an array of strings and reports whether it was one.
func (p *parser) strs(path string) (list []string, ok bool) {
	ok = true
	isArray := p.array(func(i int) {
		s, isText := p.text()
		if !isText || s == "" {
			p.problem("%s[%d] is not a string, or empty", path, i)
			ok = false
			return
		}
		list = append(list, s)
	})
	if !isArray {
		p.problem("%s is not an array", path)
	}
	return list, ok && isArray
}

func (p *parser) record() {
	r := p.rec
	modified := ""
	p.object(func(key []byte) {
		switch string(key) {
		case "id":
			r.ID = p.str("id")
		case "modified":
			modified = p.str("modified")
		case "withdrawn":
			r.Withdrawn = p.str("withdrawn")
		case "aliases":
			r.Aliases, _ = p.strs("aliases")
		case "upstream":
			r.Upstream, _ = p.strs("upstream")
		case "summary":
			r.Summary = p.str("summary")
		case "severity":
			r.Severity = p.severity("severity")
		case "database_specific":
			r.Label = p.label()
		case "affected":
			if !p.array(p.affected) {
				p.problem("affected is not an array")
			}
		default:
			p.raw()
		}
	})
	t, err := time.Parse(time.RFC3339, modified)
	if err != nil {
		p.problem("modified %q is not a time of RFC 3339", modified)
	}
	r.Modified = t.UTC()
}

// severity reads a severity[] array. Types not known are kept: [severity.Rate] decides.
func (p *parser) severity(path string) (list []severity.Entry) {
	ok := p.array(func(int) {
		var e severity.Entry
		if !p.object(func(key []byte) {
			switch string(key) {
			case "type":
				e.Type = p.str(path + "[].type")
			case "score":
				e.Score = p.str(path + "[].score")
			default:
				p.raw()
			}
		}) {
			p.problem("%s has an element that is not an object", path)
		}
		if e != (severity.Entry{}) {
			list = append(list, e)
		}
	})
	if !ok {
		p.problem("%s is not an array", path)
	}
	return list
}

// label reads database_specific.severity. Its content is the database's own affair, so
// no other type of it is a problem.
func (p *parser) label() (label string) {
	p.object(func(key []byte) {
		if string(key) == "severity" {
			label, _ = p.text()
			return
		}
		p.raw()
	})
	return label
}

func (p *parser) affected(i int) {
	path := fmt.Sprintf("affected[%d]", i)
	a := Affected{}
	hasPackage := false
	isObject := p.object(func(key []byte) {
		switch string(key) {
		case "package":
			hasPackage = p.kind() != 'n'
			p.pkg(&a, path)
		case "ranges":
			if !p.array(func(int) { p.rangeOf(&a, path) }) {
				p.problem("%s.ranges is not an array", path)
				a.partial = "its ranges cannot be read"
			}
		case "versions":
			var ok bool
			if a.Versions, ok = p.strs(path + ".versions"); !ok {
				a.partial = "its versions cannot be read"
			}
		case "severity":
			a.Severity = p.severity(path + ".severity")
		case "database_specific":
			a.Label = p.label()
		case "ecosystem_specific":
			if raw := p.raw(); raw[0] != 'n' {
				a.EcosystemSpecific = canonical(raw)
			}
		default:
			p.raw()
		}
	})
	switch {
	case !isObject:
		p.problem("%s is not an object", path)
	case a.Ecosystem != "" && a.Name != "":
		a.key = nameKey(a.Ecosystem, a.Name)
		p.rec.Affected = append(p.rec.Affected, a)
	case !hasPackage && len(a.Ranges) > 0 && !slices.ContainsFunc(a.Ranges, func(r Range) bool { return r.Type != rangeGit }):
		// A repository without a package, as records of C and C++ projects have it:
		// valid, and nothing that an inventory's package could be.
	default:
		p.problem("%s.package has no ecosystem or no name", path)
	}
}

func (p *parser) pkg(a *Affected, path string) {
	if !p.object(func(key []byte) {
		switch string(key) {
		case "ecosystem":
			a.Ecosystem = p.str(path + ".package.ecosystem")
		case "name":
			a.Name = p.str(path + ".package.name")
		case "purl":
			a.PURL = p.str(path + ".package.purl")
		default:
			p.raw()
		}
	}) {
		p.problem("%s.package is not an object", path)
	}
}

func (p *parser) rangeOf(a *Affected, path string) {
	path = fmt.Sprintf("%s.ranges[%d]", path, len(a.Ranges))
	var r Range
	isObject := p.object(func(key []byte) {
		switch string(key) {
		case "type":
			r.Type = p.str(path + ".type")
		case "events":
			if !p.array(func(i int) { p.event(&r, fmt.Sprintf("%s.events[%d]", path, i)) }) {
				p.problem("%s.events is not an array", path)
				r.broken = "its events cannot be read"
			}
		default:
			p.raw()
		}
	})
	if !isObject {
		p.problem("%s is not an object", path)
		r.broken = "it is not an object"
	}
	a.Ranges = append(a.Ranges, r)
}

// event reads an event. The schema wants one kind for each; older records hold two, which
// can be read in one way only.
func (p *parser) event(r *Range, path string) {
	n := 0
	isObject := p.object(func(key []byte) {
		kind := EventKind("")
		switch string(key) {
		case "introduced":
			kind = Introduced
		case "fixed":
			kind = Fixed
		case "last_affected":
			kind = LastAffected
		case "limit":
			kind = Limit
		default:
			p.raw()
			return
		}
		if p.kind() == 'n' {
			p.raw()
			return
		}
		v, ok := p.text()
		if !ok {
			p.problem("%s.%s is not a string", path, kind)
			r.broken = fmt.Sprintf("an event's %s is not a string", kind)
		}
		r.Events = append(r.Events, Event{kind, v})
		n++
	})
	// Not in the order of the object's keys, which says nothing.
	slices.SortFunc(r.Events[len(r.Events)-n:], func(a, b Event) int { return strings.Compare(string(b.Kind), string(a.Kind)) })
	switch {
	case !isObject || n == 0:
		p.problem("%s has no kind of event that is known", path)
		r.partial = "it has an event of unknown kind"
	case n > 1:
		p.problem("%s has %d kinds of event, read as one event each", path, n)
	}
}

// separators are what stands between the two parts of every name of an ecosystem. A name
// without it is of another ecosystem, and the record is found by nobody (F-245).
var separators = map[string]string{"GitHub Actions": "/", "Maven": ":", "Packagist": "/"}

// finish puts lists in order and finds what cannot be judged.
func (p *parser) finish() {
	r := p.rec
	r.Aliases = p.ids("aliases", r.Aliases)
	r.Upstream = p.ids("upstream", r.Upstream)
	for i := range r.Affected {
		a := &r.Affected[i]
		for j := range a.Ranges {
			p.compile(a, &a.Ranges[j], i, j)
		}
		if _, err := severity.Best(a.Severity); err != nil {
			p.problem("affected[%d].severity: %v", i, err)
		}
		if sep := separators[version.Base(a.Ecosystem)]; !strings.Contains(a.Name, sep) {
			p.problem("affected[%d].package: %q is no name of %s, which has two parts with %q between: no package can match it", i, a.Name, a.Ecosystem, sep)
		}
		if len(a.Ranges) == 0 && len(a.Versions) == 0 {
			p.problem("affected[%d] names %s and no version", i, a.Name)
			a.partial = "it names no version"
		}
	}
	if _, err := severity.Best(r.Severity); err != nil {
		p.problem("severity: %v", err)
	}
	slices.Sort(r.Problems)
	if p.dropped > 0 {
		r.Problems = append(r.Problems, fmt.Sprintf("and %d problems more", p.dropped))
	}
}

// compile makes a range's timeline, and says what of it is not as it should be.
func (p *parser) compile(a *Affected, r *Range, i, j int) {
	if err := r.compile(a.Ecosystem); err != nil {
		p.problem("affected[%d].ranges[%d]: %v", i, j, err)
	}
	if r.line.reversed {
		p.problem("affected[%d].ranges[%d]: an end comes before the first introduced", i, j)
	}
}

// compile makes the timeline. The error says why there is none; it is in broken, too.
func (r *Range) compile(ecosystem string) (err error) {
	if r.broken != "" || r.Type == rangeGit {
		return nil
	}
	switch r.Type {
	case rangeEcosystem:
		r.line, err = newTimeline(r.Events, byEcosystem(ecosystem))
	case rangeSemVer:
		r.line, err = newTimeline(r.Events, version.ParseSemVer)
		r.line.semver = err == nil
		if err != nil {
			// Not SemVer, but maybe what the ecosystem makes of it ("1.2", "v1.2.3").
			if line, err2 := newTimeline(r.Events, byEcosystem(ecosystem)); err2 == nil {
				r.line, err = line, nil
			}
		}
	default:
		err = fmt.Errorf("its type %q is not known", r.Type)
	}
	if err != nil {
		r.broken = err.Error()
	}
	return err
}

// canonical returns JSON without spaces, its keys sorted, its numbers as written.
func canonical(raw []byte) json.RawMessage {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		// It is part of a text that is known to be valid.
		panic(fmt.Sprintf("advisory: decoding a valid value: %v", err))
	}
	out, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("advisory: encoding a decoded value: %v", err))
	}
	return out
}

// ids sorts a list of ids and takes out doubles, the record's own and what is no id.
func (p *parser) ids(path string, ids []string) []string {
	slices.Sort(ids)
	return slices.DeleteFunc(slices.Compact(ids), func(id string) bool {
		if !validID(id) {
			p.problem("%s: %.40q is no id", path, id)
			return true
		}
		return id == p.rec.ID
	})
}

// SeverityOf rates the vulnerability for the entries that concern a package: their own
// ratings first, then the record's, then the word in database_specific (entry's, then
// record's). Source is the record's id and the field. It is [severity.Unknown] where
// nothing of that can be read.
func (r *Record) SeverityOf(entries []*Affected) severity.Severity {
	var own, words []severity.Severity
	for _, a := range entries {
		own = append(own, r.rated(a.Severity, "affected.severity"))
		words = append(words, r.worded(a.Label, "affected.database_specific.severity"))
	}
	for _, list := range [][]severity.Severity{
		own,
		{r.rated(r.Severity, "severity")},
		words,
		{r.worded(r.Label, "database_specific.severity")},
	} {
		if s := severity.Pick(list); s.Level != severity.Unknown {
			return s
		}
	}
	return severity.Severity{Level: severity.Unknown}
}

func (r *Record) rated(entries []severity.Entry, field string) severity.Severity {
	// The errors were made problems when the record was read.
	s, _ := severity.Best(entries)
	return r.sourced(s, field)
}

func (r *Record) worded(label, field string) severity.Severity {
	s, err := severity.FromLabel(label)
	if err != nil {
		return severity.Severity{Level: severity.Unknown}
	}
	return r.sourced(s, field)
}

func (r *Record) sourced(s severity.Severity, field string) severity.Severity {
	if s.Level != severity.Unknown {
		s.Source = strings.Join([]string{r.ID, field}, "#")
	}
	return s
}
