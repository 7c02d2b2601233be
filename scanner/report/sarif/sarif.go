// Package sarif writes a report as SARIF 2.1.0, which code scanning services read.
//
// # What becomes what
//
// An alias group is a rule, under the id of its findings. Its "security-severity" is
// the highest CVSS score among them; a rule without a vector has none, since no number
// is made up, and nor has one whose level is a distribution's priority: services would
// show the score's level in its place. A finding is a result. Its level is "error" for critical and high,
// "note" for low, negligible and none, and "warning" for medium and for unknown, which
// is never less than medium here.
//
// A result lies in the file that names the package: below a directory in that file, else
// in the target as a whole. Line 1 stands for the file, since services want a line.
// The package and where in the file it was found are logical locations. A call path is a
// code flow. What VEX suppresses has a suppression of kind "external" and stays a result.
//
// Packages that were not evaluated and advisories that were rejected are notifications
// of the invocation, level "warning": SARIF has no result for what was not judged.
//
// # Guarantees
//
// The same report gives the same bytes. The partial fingerprint "stella/v1" is the same
// for a vulnerability in a package version wherever else the report differs: it is of the
// id, ecosystem, name, version and layer, and not of scores, reachability or statements.
//
// Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html.
package sarif

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/report/indent"
	"github.com/stella-ops/stella/scanner/severity"
)

const (
	schemaURI = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

	notEvaluated     = "not-evaluated"
	advisoryRejected = "advisory-rejected"
)

// Document is a report that is written as SARIF: indented JSON and a line feed. Rules and
// results are made one at a time.
type Document struct{ Report scanner.Report }

// WriteTo writes the document.
func (d Document) WriteTo(out io.Writer) (int64, error) {
	r := d.Report
	w := indent.NewWriter(out)
	w.Value("$schema", schemaURI)
	w.Value("version", "2.1.0")
	w.List("runs")
	w.Object("")
	ids := driver(w, r.Findings)
	invocation(w, r)
	w.Value("automationDetails", automation{ID: "stella-scan/" + r.Target.Name + "/"})
	w.Value("artifacts", artifacts(r))
	w.List("results")
	for i := range r.Findings {
		res := resultOf(r.Target, r.Findings[i])
		res.RuleIndex, _ = slices.BinarySearch(ids, res.RuleID)
		w.Value("", res)
	}
	w.End()
	w.Value("properties", runProperties{r.Advisories.SHA256, r.Advisories.Records})
	w.Value("columnKind", "unicodeCodePoints")
	w.End()
	w.End()
	n, err := w.Flush()
	if err != nil {
		return n, fmt.Errorf("writing SARIF: %w", err)
	}
	return n, nil
}

// driver writes the tool with its rules, by id, and gives their ids.
func driver(w *indent.Writer, findings []scanner.Finding) (ids []string) {
	byID := map[string][]int32{}
	for i := range findings {
		byID[findings[i].ID] = append(byID[findings[i].ID], int32(i))
	}
	ids = slices.Sorted(maps.Keys(byID))
	w.Object("tool")
	w.Object("driver")
	w.Value("name", "stella-scan")
	w.List("rules")
	for _, id := range ids {
		var of []scanner.Finding
		for _, i := range byID[id] {
			of = append(of, findings[i])
		}
		w.Value("", ruleOf(of))
	}
	w.End()
	w.Value("notifications", []descriptor{
		{notEvaluated, message{"A package could not be judged. It is not known to be safe."}},
		{advisoryRejected, message{"An advisory could not be read. What it says was not used."}},
	})
	w.End()
	w.End()
	return ids
}

func ruleOf(findings []scanner.Finding) rule {
	id := findings[0].ID
	var names, aliases, severities []string
	worst := severity.Severity{Level: severity.Unknown}
	for _, f := range findings {
		names = append(names, f.Package.Name)
		aliases = append(aliases, f.Aliases...)
		severities = append(severities, string(f.Severity.Level))
		if f.Severity.Vector != "" && !f.Severity.Priority && (worst.Vector == "" || f.Severity.Score > worst.Score) {
			worst = f.Severity
		}
	}
	names, aliases = unique(names), unique(aliases)
	r := rule{
		descriptor:      descriptor{id, message{fmt.Sprintf("%s in %s", id, strings.Join(names, ", "))}},
		FullDescription: message{fmt.Sprintf("%s concerns %s. Ids of the same vulnerability: %s.", id, strings.Join(names, ", "), strings.Join(aliases, ", "))},
		HelpURI:         "https://osv.dev/vulnerability/" + url.PathEscape(id),
		Properties:      ruleProperties{Tags: []string{"security", "vulnerability"}},
	}
	for _, s := range unique(severities) {
		r.Properties.Tags = append(r.Properties.Tags, "severity/"+s)
	}
	help := "Upgrade to a version that the results name as fixed, or state in a VEX document why the vulnerability does not concern the product."
	if worst.Vector != "" {
		r.Properties.SecuritySeverity = fmt.Sprintf("%.1f", worst.Score)
		help += fmt.Sprintf(" CVSS: %s, by %s.", worst.Vector, worst.Source)
	}
	r.Help = message{help}
	return r
}

func unique(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

func resultOf(t scanner.Target, f scanner.Finding) result {
	p := f.Package
	fix := "no fixed version is known"
	if len(f.FixedVersions) > 0 {
		fix = "fixed in " + strings.Join(f.FixedVersions, ", ")
	}
	res := result{
		RuleID:              f.ID,
		Level:               levelOf(f.Severity.Level),
		Message:             message{fmt.Sprintf("%s %s is affected by %s (severity %s): %s. Reachability: %s (%s).", p.Name, p.Version, f.ID, f.Severity.Level, fix, f.Reachability.Verdict, f.Reachability.Why)},
		Locations:           locations(t, p),
		PartialFingerprints: map[string]string{"stella/v1": fingerprint(f)},
		Suppressions:        []suppression{},
		Properties: resultProperties{
			PURL: p.PURL, Ecosystem: p.Ecosystem, Version: p.Version, FixedVersions: f.FixedVersions,
			Reachability: string(f.Reachability.Verdict), Why: f.Reachability.Why,
		},
	}
	if path := f.Reachability.Path; len(path) > 0 {
		res.CodeFlows = []codeFlow{{[]threadFlow{{steps(path)}}}}
	}
	if s := f.Suppressed; s != nil {
		res.Suppressions = append(res.Suppressions, suppression{
			Kind: "external", Status: "accepted", Justification: strings.TrimSuffix(fmt.Sprintf("%s: %s", s.Status, s.Justification), ": ") + " (" + s.Source + ")",
		})
	}
	return res
}

func levelOf(l severity.Level) string {
	switch l {
	case severity.Critical, severity.High:
		return "error"
	case severity.Low, severity.Negligible, severity.None:
		return "note"
	}
	return "warning"
}

// locations puts a package in each file that names it.
func locations(t scanner.Target, p scanner.FoundPackage) []location {
	within := map[string][]logical{} // by the file's URI
	self := logical{Name: p.Name, QualifiedName: cmp.Or(p.PURL, p.Name+"@"+p.Version), Kind: "module"}
	for _, place := range p.Locations {
		file, inside := t.Name, place
		if t.Kind == scanner.KindDirectory {
			file, inside, _ = strings.Cut(place, "#")
		}
		at := uri(file)
		if within[at] == nil {
			within[at] = []logical{self}
		}
		if inside != "" {
			within[at] = append(within[at], logical{Name: inside, Kind: "resource"})
		}
	}
	if len(within) == 0 {
		within[uri(t.Name)] = []logical{self}
	}
	var list []location
	for at, inside := range within {
		list = append(list, location{Physical: &physical{artifactLocation{at}, region{1}}, Logical: inside})
	}
	slices.SortFunc(list, func(a, b location) int {
		return cmp.Compare(a.Physical.ArtifactLocation.URI, b.Physical.ArtifactLocation.URI)
	})
	return list
}

// artifacts are the target, with its digest, and the files of a directory.
func artifacts(r scanner.Report) []artifact {
	list := []artifact{{Location: artifactLocation{uri(r.Target.Name)}, Hashes: map[string]string{"sha-256": r.Target.SHA256}}}
	if r.Target.Kind != scanner.KindDirectory {
		return list
	}
	var files []string
	for _, f := range r.Findings {
		for _, l := range locations(r.Target, f.Package) {
			files = append(files, l.Physical.ArtifactLocation.URI)
		}
	}
	for _, file := range unique(files) {
		if file != list[0].Location.URI {
			list = append(list, artifact{Location: artifactLocation{file}})
		}
	}
	return list
}

// uri makes a relative reference of a name: an image's "shop:1.0" is no scheme.
func uri(name string) string {
	return (&url.URL{Path: strings.TrimLeft(name, "/")}).String()
}

func steps(path []string) []threadFlowLocation {
	var list []threadFlowLocation
	for _, name := range path {
		list = append(list, threadFlowLocation{location{Logical: []logical{{Name: name, Kind: "function"}}, Message: &message{name}}})
	}
	return list
}

func fingerprint(f scanner.Finding) string {
	p, layer := f.Package, ""
	if p.Layer != nil {
		layer = p.Layer.DiffID
	}
	hash := sha256.New()
	for _, part := range []string{f.ID, p.Ecosystem, p.Name, p.Version, p.PURL, layer} {
		fmt.Fprintf(hash, "%d:%s", len(part), part) // no two lists run into the same text
	}
	return hex.EncodeToString(hash.Sum(nil)[:16])
}

// invocation writes what was not judged.
func invocation(w *indent.Writer, r scanner.Report) {
	w.List("invocations")
	w.Object("")
	w.Value("executionSuccessful", true)
	w.List("toolExecutionNotifications")
	for _, n := range r.NotEvaluated {
		w.Value("", notification{reference{notEvaluated}, "warning", message{n.Package + " was not evaluated: " + n.Reason}})
	}
	for _, a := range r.Advisories.Rejected {
		w.Value("", notification{reference{advisoryRejected}, "warning", message{cmp.Or(a.ID, a.Entry) + " was not used: " + a.Reason}})
	}
	w.End()
	w.End()
	w.End()
}
