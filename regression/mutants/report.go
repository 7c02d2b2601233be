package mutants

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
)

// ReadVerdicts reads the verdicts of runs so far, none where the file is not there. Of
// several on one mutant the last counts.
func ReadVerdicts(name string) ([]Verdict, error) {
	data, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	at := map[Key]int{}
	var verdicts []Verdict
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		var v Verdict
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if i, ok := at[v.Key]; ok {
			verdicts[i] = v
			continue
		}
		at[v.Key] = len(verdicts)
		verdicts = append(verdicts, v)
	}
	return verdicts, lines.Err()
}

// count is how the mutants of one kind fared.
type count struct{ run, cases, tests, survived, reasoned int }

func (c *count) add(v Verdict, reasons Reasons) {
	c.run++
	switch {
	case len(v.Cases) > 0:
		c.cases++
	case v.Tests != "":
		c.tests++
	default:
		c.survived++
		if reasons.Of(v.Key) != "" {
			c.reasoned++
		}
	}
}

func (c count) percent() float64 { return 100 * float64(c.cases+c.tests) / float64(c.run) }

func (c count) row(name string) string {
	return fmt.Sprintf("| %s | %d | %d | %d | %d | %d | %.1f %% |\n", name, c.run, c.cases, c.tests, c.survived, c.reasoned, c.percent())
}

const tableHead = "| run | killed by a case | by a unit test alone | survived | of these with a reason | killed |\n" +
	"| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n"

// Report writes what became of the mutants as Markdown: the same verdicts and records
// give the same text. how says how they were chosen.
func Report(verdicts []Verdict, guards Guards, reasons Reasons, how string) []byte {
	all := count{}
	packages, operators := map[string]*count{}, map[string]*count{}
	kills := map[string]int{}
	var survivors []Verdict
	for _, v := range verdicts {
		all.add(v, reasons)
		into(packages, path.Dir(v.File)).add(v, reasons)
		into(operators, v.Operator).add(v, reasons)
		for _, c := range v.Cases {
			kills[caseID(c)]++
		}
		if !v.Killed() {
			survivors = append(survivors, v)
		}
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, `# Mutants of the scanner

Written by `+"`make mutants`"+`. What a mutant is and how it is run, the
[package comment](../../regression/mutants/doc.go) says. %s

| by package %s`, how, tableHead)
	for _, name := range slices.Sorted(maps.Keys(packages)) {
		out.WriteString(packages[name].row(name))
	}
	out.WriteString(all.row("**all**"))
	fmt.Fprintf(&out, "\n| by operator %s", tableHead)
	for _, name := range slices.Sorted(maps.Keys(operators)) {
		out.WriteString(operators[name].row(cell(fmt.Sprintf("%s: %s", name, Operators[name]))))
	}
	writeGuards(&out, guards, kills)
	writeSurvivors(&out, survivors, reasons)
	return out.Bytes()
}

func into(m map[string]*count, name string) *count {
	if m[name] == nil {
		m[name] = &count{}
	}
	return m[name]
}

func writeGuards(out *bytes.Buffer, guards Guards, kills map[string]int) {
	out.WriteString(`
## What each case guards

The mutant on record for a case (` + "`regression/mutants/guards.json`" + `, held by
` + "`make sabotage`" + `), all cases that fail with it, and how many of the mutants above
the case killed: 0 for one that is newer than their run.

| case | mutant on record | fails | killed above |
| --- | --- | --- | ---: |
`)
	for _, id := range slices.Sorted(maps.Keys(guards)) {
		g := guards[id]
		fmt.Fprintf(out, "| %s | %s | %s | %d |\n", id, cell(g.Mutant.String()), strings.Join(g.Fails, " "), kills[id])
	}
}

func writeSurvivors(out *bytes.Buffer, survivors []Verdict, reasons Reasons) {
	slices.SortFunc(survivors, func(a, b Verdict) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.String(), b.String()))
	})
	out.WriteString("\n## Survivors\n\nReasons are kept in `regression/mutants/survivors.json`.\n\n| mutant | reached | reason |\n| --- | --- | --- |\n")
	for _, v := range survivors {
		reached := "yes"
		if !v.Reached {
			reached = "no"
		}
		fmt.Fprintf(out, "| %s | %s | %s |\n", cell(v.String()), reached, cell(reasons.Of(v.Key)))
	}
}

// cell is text for a cell of a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
