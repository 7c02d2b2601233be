// Package table shows a report to people.
//
// The worst findings come first; those of unknown severity have their own place, after
// the known ones, and their own number in the totals. What is suppressed and what was not
// evaluated is shown and counted apart. Where nothing could be evaluated the text says
// so: it never says that there is nothing to find when nothing was looked at.
// Findings that differ only in the binary package are one row with their number, and
// apart in the details; the totals count each. Of a directory a row names the file.
//
// The same report gives the same text. Columns are aligned by the number of runes;
// control characters of the input are shown as Go escapes, so that a name cannot
// write over the terminal.
package table

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/reach"
	"github.com/stella-ops/stella/scanner/severity"
)

// Options is what the text depends on beside the report.
type Options struct {
	// Judged is how many packages were evaluated.
	Judged int
	// Details adds aliases, locations, the reasons of verdicts and every package that
	// was not evaluated.
	Details bool
}

// shown is how many packages of one reason are named without Details.
const shown = 5

// Encode gives the text of a report.
func Encode(r scanner.Report, o Options) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s (%s)\n", safe(r.Target.Name), safe(r.Target.Kind))
	standing, suppressed := split(r.Findings)
	findings(&b, standing, r.Target.Kind == scanner.KindDirectory, o)
	suppressions(&b, suppressed)
	notEvaluated(&b, r.NotEvaluated, o)
	rejected(&b, r, o)
	fmt.Fprintf(&b, "\n%s\n", total(standing, len(suppressed), len(r.NotEvaluated), o.Judged))
	if o.Judged == 0 {
		b.WriteString("\nNOTHING WAS EVALUATED: " + nothing(r) + "\n")
	}
	return b.Bytes()
}

// nothing says what to do when no package was judged.
func nothing(r scanner.Report) string {
	if len(r.NotEvaluated) == 0 {
		return "the target lists no packages. This does not say that it has no vulnerabilities."
	}
	return "no package could be held against an advisory. This does not say that the target has no vulnerabilities; the reasons are above."
}

// split sorts findings for reading: the worst first.
func split(all []scanner.Finding) (standing, suppressed []scanner.Finding) {
	for _, f := range all {
		if f.Suppressed == nil {
			standing = append(standing, f)
		} else {
			suppressed = append(suppressed, f)
		}
	}
	worst := func(a, b scanner.Finding) int {
		return cmp.Or(cmp.Compare(b.Severity.Level.Rank(), a.Severity.Level.Rank()), cmp.Compare(b.Severity.Score, a.Severity.Score))
	}
	slices.SortStableFunc(standing, worst) // the report's order decides between equals
	slices.SortStableFunc(suppressed, worst)
	return standing, suppressed
}

func findings(b *bytes.Buffer, list []scanner.Finding, directory bool, o Options) {
	if len(list) == 0 {
		return
	}
	b.WriteByte('\n')
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "SEVERITY\tSCORE\tVULNERABILITY\tPACKAGE\tVERSION\tFIXED IN\tREACHABLE")
	if directory {
		fmt.Fprint(w, "\tFOUND IN")
	}
	fmt.Fprintln(w)
	for _, row := range rows(list, directory) {
		f, p := row.finding, row.finding.Package
		name := safe(p.Name)
		if row.packages > 1 {
			name += fmt.Sprintf(" (%d packages)", row.packages)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s", strings.ToUpper(string(f.Severity.Level)), score(f.Severity), safe(f.ID),
			name, safe(p.Version), safe(cmp.Or(strings.Join(f.FixedVersions, ", "), "-")), verdict(f.Reachability))
		if directory {
			fmt.Fprint(w, "\t"+safe(row.foundIn()))
		}
		fmt.Fprintln(w)
	}
	w.Flush() // to memory: cannot fail
	if !o.Details {
		return
	}
	b.WriteString("\nDetails:\n")
	for _, f := range list {
		details(b, f)
	}
}

// A row is the findings that look the same: one source package may be installed as
// many binary ones.
type row struct {
	finding  *scanner.Finding // the first
	packages int
	files    map[string]bool // of a directory, else nil
}

// foundIn names one file and counts the others.
func (r row) foundIn() string {
	files := slices.Sorted(maps.Keys(r.files))
	if len(files) < 2 {
		return strings.Join(files, "")
	}
	return fmt.Sprintf("%s and %d more", files[0], len(files)-1)
}

func rows(list []scanner.Finding, directory bool) []row {
	type look struct{ id, ecosystem, name, version, fixed, level, verdict string }
	at := map[look]int{}
	var all []row
	for i := range list {
		f := &list[i]
		l := look{
			f.ID, f.Package.Ecosystem, f.Package.Name, f.Package.Version, strings.Join(f.FixedVersions, " "),
			string(f.Severity.Level) + score(f.Severity), string(f.Reachability.Verdict),
		}
		i, known := at[l]
		if !known {
			i = len(all)
			at[l] = i
			all = append(all, row{finding: f})
		}
		all[i].packages++
		if !directory {
			continue
		}
		if all[i].files == nil {
			all[i].files = map[string]bool{}
		}
		for _, l := range f.Package.Locations {
			file, _, _ := strings.Cut(l, "#")
			all[i].files[file] = true
		}
	}
	return all
}

func score(s severity.Severity) string {
	if s.Vector == "" {
		return "-"
	}
	return fmt.Sprintf("%.1f", s.Score)
}

func verdict(r reach.Result) string {
	switch r.Verdict {
	case reach.Reachable:
		return "YES"
	case reach.Unreachable:
		return "no"
	}
	return "unknown"
}

func details(b *bytes.Buffer, f scanner.Finding) {
	p := f.Package
	fmt.Fprintf(b, "\n  %s in %s\n", safe(f.ID), safe(cmp.Or(p.PURL, p.Name+" "+p.Version)))
	line := func(label, text string) {
		if text != "" {
			fmt.Fprintf(b, "    %-10s %s\n", label, safe(text))
		}
	}
	line("aliases", strings.Join(slices.DeleteFunc(slices.Clone(f.Aliases), func(a string) bool { return a == f.ID }), " "))
	line("ecosystem", p.Ecosystem)
	if s := f.Severity; s.Level != severity.Unknown {
		line("severity", strings.TrimSpace(s.Vector+" by "+s.Source))
	}
	line("locations", strings.Join(p.Locations, ", "))
	if p.Layer != nil {
		line("layer", fmt.Sprintf("%d, %s", p.Layer.Index, p.Layer.DiffID))
	}
	line("reachable", verdict(f.Reachability)+": "+f.Reachability.Why)
	line("path", strings.Join(f.Reachability.Path, " → "))
}

func suppressions(b *bytes.Buffer, list []scanner.Finding) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(b, "\nSuppressed (%d):\n", len(list))
	for _, f := range list {
		s := f.Suppressed
		why := string(s.Status)
		if s.Justification != "" {
			why += ", " + s.Justification
		}
		fmt.Fprintf(b, "  %s in %s %s: %s (%s)\n", safe(f.ID), safe(f.Package.Name), safe(f.Package.Version), safe(why), safe(s.Source))
	}
}

// notEvaluated groups by reason: an ecosystem without advisories may stop thousands.
func notEvaluated(b *bytes.Buffer, list []scanner.NotEvaluated, o Options) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(b, "\nNot evaluated (%d), which is not the same as safe:\n", len(list))
	byReason := map[string][]string{}
	for _, n := range list {
		byReason[n.Reason] = append(byReason[n.Reason], n.Package)
	}
	reasons := make([]string, 0, len(byReason))
	for reason := range byReason {
		reasons = append(reasons, reason)
	}
	slices.SortFunc(reasons, func(x, y string) int {
		return cmp.Or(cmp.Compare(len(byReason[y]), len(byReason[x])), cmp.Compare(x, y))
	})
	for _, reason := range reasons {
		packages := byReason[reason]
		if len(packages) == 1 {
			fmt.Fprintf(b, "  %s: %s\n", safe(packages[0]), safe(reason))
			continue
		}
		fmt.Fprintf(b, "  %d of them: %s\n", len(packages), safe(reason))
		for i, p := range packages {
			if i == shown && !o.Details && len(packages) > shown+1 {
				fmt.Fprintf(b, "    … and %d more: -details names them\n", len(packages)-shown)
				break
			}
			fmt.Fprintf(b, "    %s\n", safe(p))
		}
	}
}

func rejected(b *bytes.Buffer, r scanner.Report, o Options) {
	list := r.Advisories.Rejected
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(b, "\nAdvisories rejected in whole or part (%d), what they say there was not used:\n", len(list))
	for i, a := range list {
		if i == shown && !o.Details && len(list) > shown+1 {
			fmt.Fprintf(b, "  … and %d more: -details names them\n", len(list)-shown)
			break
		}
		fmt.Fprintf(b, "  %s: %s\n", safe(cmp.Or(a.ID, a.Entry)), safe(a.Reason))
	}
}

// total counts by severity, the worst first, and names only what there is.
func total(standing []scanner.Finding, suppressed, notEvaluated, judged int) string {
	count := map[severity.Level]int{}
	for _, f := range standing {
		count[f.Severity.Level]++
	}
	var levels []string
	for _, l := range []severity.Level{
		severity.Critical, severity.High, severity.Medium, severity.Low, severity.Negligible, severity.None, severity.Unknown,
	} {
		if n := count[l]; n > 0 {
			levels = append(levels, fmt.Sprintf("%d %s", n, l))
		}
	}
	text := fmt.Sprintf("Findings: %d", len(standing))
	if levels != nil {
		text += " (" + strings.Join(levels, ", ") + ")"
	}
	return fmt.Sprintf("%s. Suppressed: %d. Packages evaluated: %d. Not evaluated: %d.", text, suppressed, judged, notEvaluated)
}

// safe shows what would move a terminal's cursor.
func safe(s string) string {
	if !strings.ContainsFunc(s, unprintable) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if unprintable(r) {
			b.WriteString(strings.Trim(fmt.Sprintf("%+q", r), "'"))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) }
