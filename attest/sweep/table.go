package sweep

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"
)

// tableWidth is what the lines of [WriteTable] stay within.
const tableWidth = 120

// columns are the heads of a table of verdicts; cells gives what goes below. The
// bounds are one-sided at 95 %, so an interval of two holds with 90 %. Bytes are
// those of an entry's envelope, and those of its request body.
var columns = []string{"K", "batches", "entries", "p50 ms [90 %]", "p95 ms ≤", "failures", "retry/entry", "B/entry", "wire B", "verdict"}

func cells(s Size) []string {
	return []string{
		fmt.Sprint(s.BatchSize),
		fmt.Sprint(s.Batches),
		fmt.Sprint(s.Entries),
		interval(s.P50),
		bound(s.P95.Upper),
		fmt.Sprintf("%d (≤%s)", s.Failures, percent(s.EntryFailureUpper)),
		fmt.Sprintf("%.3f", s.RetriesPerEntry),
		fmt.Sprintf("%.0f", s.BytesPerEntry),
		fmt.Sprintf("%.0f", s.WirePerEntry),
		verdict(s),
	}
}

func interval(q Quantile) string {
	if q.Value == 0 {
		return "-"
	}
	return fmt.Sprintf("%s [%s, %s]", bound(&q.Value), bound(q.Lower), bound(q.Upper))
}

// bound writes a bound of a latency in milliseconds, "?" where there are too few
// batches for one.
func bound(m *Millis) string {
	switch {
	case m == nil:
		return "?"
	case time.Duration(*m) < 100*time.Millisecond:
		return fmt.Sprintf("%.1f", float64(*m)/1e6)
	}
	return fmt.Sprintf("%.0f", float64(*m)/1e6)
}

// verdict is the outcome in a few words.
func verdict(s Size) string {
	switch {
	case s.Outcome == Refused:
		return fmt.Sprintf("refused: %s", s.Reasons[0].Check)
	case s.MoreBatches > 0:
		return fmt.Sprintf("open: %d more", s.MoreBatches)
	case s.Outcome == Inconclusive:
		return "open: failed once"
	}
	return string(s.Outcome)
}

// WriteTable writes what a person sees of a decision: what was measured, a line
// for each size, the reasons of every verdict, the two numbers, and the warnings.
// Lines are at most 120 columns wide. The error is the writer's.
func WriteTable(w io.Writer, d Decision) error {
	var b bytes.Buffer
	fill(&b, "", 2, "%s", d.Measured.summary())
	b.WriteByte('\n')
	tw := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	line := func(cells []string) {
		last := len(cells) - 1 // is not a cell of tw, so it stays to the left
		fmt.Fprintf(tw, "%s\t  %s\n", strings.Join(cells[:last], "\t"), cells[last])
	}
	line(columns)
	for _, s := range d.Sizes {
		line(cells(s))
	}
	tw.Flush() // to memory: cannot fail
	b.WriteByte('\n')
	for _, s := range d.Sizes {
		fill(&b, fmt.Sprintf("K=%d ", s.BatchSize), 4, "%s: %s", s.Outcome, says(s.Reasons))
	}
	b.WriteByte('\n')
	fill(&b, "Default       ", 14, "%s", numbered(d.Default, d.DefaultReason))
	fill(&b, "Hard maximum  ", 14, "%s: %s", d.HardMax, d.HardMax.Reason)
	fill(&b, "Status        ", 14, "%s", d.Status)
	for _, warning := range d.Warnings {
		fill(&b, "Warning       ", 14, "%s", warning)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// String is the size and the one that fails above it, or that none was reached:
// "50, below 100", "none, below 1", "not reached, ≥ 100". Where nothing was
// measured it is "not reached".
func (h HardMax) String() string {
	switch {
	case h.Reached():
		return fmt.Sprintf("%s, below %d", orNone(h.Size), h.FirstFailing)
	case h.Size == 0:
		return "not reached"
	}
	return fmt.Sprintf("not reached, ≥ %d", h.Size)
}

// summary says in words what a decision binds to.
func (m Measured) summary() string {
	return fmt.Sprintf("%s: log %s, %s, %s; %s, mode %s, %s; %s of %s; budget %s; %s",
		m.Environment, m.Log.Kind, m.Log.Origin, m.Log.Server,
		m.Client.Algorithm, m.Client.Mode, m.Client.inFlight(),
		count(m.Corpus.Reports, "report"), m.Corpus.span(), duration(m.Budget),
		m.Started.UTC().Format(time.DateOnly))
}

func (c Client) inFlight() string {
	if c.Concurrency == 0 {
		return "all of a batch in flight"
	}
	return fmt.Sprintf("%d in flight", c.Concurrency)
}

func (c Corpus) span() string {
	return fmt.Sprintf("%d to %d bytes (median %d)", c.MinBytes, c.MaxBytes, c.P50Bytes)
}

func says(rs []Reason) string {
	words := make([]string, len(rs))
	for i, r := range rs {
		words[i] = r.Says
	}
	return strings.Join(words, "; ")
}

// numbered sets a default before its reason; a reason for none says so itself.
func numbered(k int, reason string) string {
	if k == 0 {
		return reason
	}
	return fmt.Sprintf("%d: %s", k, reason)
}

// fill writes a paragraph that begins with head, broken to tableWidth; its further
// lines are indented.
func fill(b *bytes.Buffer, head string, indent int, format string, args ...any) {
	b.WriteString(head)
	column, space := utf8.RuneCountInString(head), ""
	for _, word := range strings.Fields(fmt.Sprintf(format, args...)) {
		n := utf8.RuneCountInString(word)
		if column+len(space)+n > tableWidth {
			b.WriteString("\n" + strings.Repeat(" ", indent))
			column, space = indent, ""
		}
		b.WriteString(space + word)
		column += len(space) + n
		space = " "
	}
	b.WriteByte('\n')
}
