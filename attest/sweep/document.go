package sweep

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// The lines between which [UpdateDocument] writes.
const (
	beginMarker = "<!-- generated: sweep -->"
	endMarker   = "<!-- /generated: sweep -->"
)

// Evidence is a decision and where its record is published.
type Evidence struct {
	// Dir is the directory of the record, beside decision.json and the plots, as a
	// link from the document names it: with slashes, relative to the document.
	Dir      string
	Decision Decision
}

// UpdateDocument replaces what stands between the lines
//
//	<!-- generated: sweep -->
//	<!-- /generated: sweep -->
//
// of a Markdown document by the two limits of [Combine] and, for every environment
// in the order given, what was measured, its table, its reasons and its plots.
// Doing it again changes nothing. Errors: the document does not hold each marker
// once, in this order; there is no evidence.
func UpdateDocument(doc []byte, evidence []Evidence) ([]byte, error) {
	if len(evidence) == 0 {
		return nil, errors.New("updating the document: there is no decision to write: name at least one recorded sweep")
	}
	begin, end := bytes.Index(doc, []byte(beginMarker)), bytes.Index(doc, []byte(endMarker))
	if begin < 0 || end < begin || bytes.Count(doc, []byte(beginMarker)) != 1 || bytes.Count(doc, []byte(endMarker)) != 1 {
		return nil, fmt.Errorf("updating the document: it must hold the line %s once and %s once after it: add them where the measurements belong", beginMarker, endMarker)
	}
	var b bytes.Buffer
	b.Write(doc[:begin+len(beginMarker)])
	b.WriteString("\n\n")
	writeLimits(&b, evidence)
	for _, e := range evidence {
		writeEvidence(&b, e)
	}
	b.Write(doc[end:])
	return b.Bytes(), nil
}

// writeLimits writes the two constants, who set them, and the rule they make.
func writeLimits(b *bytes.Buffer, evidence []Evidence) {
	decisions := make([]Decision, len(evidence))
	for i, e := range evidence {
		decisions[i] = e.Decision
	}
	l := Combine(decisions)
	hardMaxReason := l.HardMax.Reason
	if l.HardMax.Reached() {
		hardMaxReason = fmt.Sprintf("the largest size measured below %d: %s", l.HardMax.FirstFailing, hardMaxReason)
	} else {
		hardMaxReason = "the largest size measured: " + hardMaxReason
	}
	tableRow(b, "constant", "value", "set by", "because")
	tableRow(b, "---", "---:", "---", "---")
	tableRow(b, "`attest.DefaultDsseRekorBatchSize`", orNone(l.Default), l.DefaultFrom, l.DefaultReason)
	tableRow(b, "`attest.HardMaxDsseRekorBatchSize`", orNone(l.HardMax.Size), l.HardMaxFrom, hardMaxReason)
	b.WriteString("\nAll production attestation jobs must respect the default and must not exceed the hard maximum without a new measurement.\n")
	if len(l.Undecided) > 0 {
		b.WriteString("\nThese environments set no default:\n\n")
		bullets(b, l.Undecided)
	}
	b.WriteByte('\n')
}

func writeEvidence(b *bytes.Buffer, e Evidence) {
	d := e.Decision
	fmt.Fprintf(b, "### %s\n\n", d.Measured.name())
	bullets(b, d.Measured.bindings())
	b.WriteByte('\n')

	tableRow(b, columns...)
	tableRow(b, append(slices.Repeat([]string{"---:"}, len(columns)-1), "---")...)
	for _, s := range d.Sizes {
		tableRow(b, cells(s)...)
	}
	b.WriteString("\nLatencies are of a batch. Bounds are one-sided at 95 %, so an interval holds with 90 %; ? stands for a bound that takes more batches.\n\n")

	var words []string
	for _, s := range d.Sizes {
		words = append(words, fmt.Sprintf("K=%d is %s: %s", s.BatchSize, s.Outcome, says(s.Reasons)))
	}
	words = append(words,
		fmt.Sprintf("**Default** %s", numbered(d.Default, d.DefaultReason)),
		fmt.Sprintf("**Hard maximum** %s: %s", d.HardMax, d.HardMax.Reason))
	for _, w := range d.Warnings {
		words = append(words, "Warning: "+w)
	}
	bullets(b, words)
	b.WriteByte('\n')
	writeLinks(b, e.Dir)
}

func writeLinks(b *bytes.Buffer, dir string) {
	var links []string
	for _, file := range []string{ResultsFile, MetaFile, "decision.json"} {
		links = append(links, fmt.Sprintf("[%s](%s)", file, path.Join(dir, file)))
	}
	fmt.Fprintf(b, "%s\n\n", strings.Join(links, ", "))
	for _, p := range []struct{ file, alt string }{
		{"latency.svg", "Latency of a batch against its size"},
		{"ecdf.svg", "Distribution of the latency of a batch"},
		{"throughput.svg", "Throughput against batch size"},
		{"failures.svg", "Failure rates that the data does not rule out"},
		{"drift.svg", "Latency in the order of the runs"},
	} {
		fmt.Fprintf(b, "![%s](%s)\n", p.alt, path.Join(dir, p.file))
	}
	b.WriteByte('\n')
}

// bindings says, one thing a line, what the decision holds for.
func (m Measured) bindings() []string {
	log := fmt.Sprintf("Log: %s, %s, %s", m.Log.Kind, m.Log.Origin, m.Log.Server)
	if m.Log.CheckpointInterval > 0 {
		log += ", checkpoint interval " + duration(m.Log.CheckpointInterval)
	}
	for _, key := range slices.Sorted(maps.Keys(m.Log.Settings)) {
		log += fmt.Sprintf(", %s %s", key, m.Log.Settings[key])
	}
	return []string{
		log,
		fmt.Sprintf("Client: %s, mode %s, %s, at most %s, %s for an attempt; %s, %s, %s",
			m.Client.Algorithm, m.Client.Mode, m.Client.inFlight(), count(m.Client.MaxRetries, "retry"), duration(m.Client.Timeout),
			count(m.Client.CPUs, "CPU"), m.Client.Go, m.Client.OS),
		fmt.Sprintf("Corpus: %s of %s, SHA-256 `%s`", count(m.Corpus.Reports, "report"), m.Corpus.span(), m.Corpus.SHA256),
		fmt.Sprintf("Budget: p95 of a batch within %s", duration(m.Budget)),
		fmt.Sprintf("Runs: %d from %s, seed %d, gaps of %s to %s, results.csv has SHA-256 `%s`",
			m.Rows, m.Started.UTC().Format(time.DateOnly), m.Seed, duration(m.MinGap), duration(m.MaxGap), m.RowsSHA256),
	}
}

// tableRow writes a line of a Markdown table.
func tableRow(b *bytes.Buffer, cells ...string) {
	for _, c := range cells {
		fmt.Fprintf(b, "| %s ", strings.ReplaceAll(c, "|", `\|`))
	}
	b.WriteString("|\n")
}

func bullets(b *bytes.Buffer, items []string) {
	for _, i := range items {
		fmt.Fprintf(b, "- %s\n", i)
	}
}

func orNone(n int) string {
	if n == 0 {
		return "none"
	}
	return fmt.Sprint(n)
}
