package regression

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// CatalogueTag begins the tag that says which entry of the catalogue of failures a case
// was made from.
const CatalogueTag = "catalogue:"

// Highest are the entries of the catalogue with the highest impact, those first that
// hide vulnerabilities of whole images. Entries that are one subject stand together.
var Highest = [][]string{
	{"F-066"},
	{"F-028", "F-180"},
	{"F-016"},
	{"F-307", "F-106"},
	{"F-022"},
	{"F-144"},
	{"F-260"},
	{"F-228"},
	{"F-065"},
	{"F-270"},
	{"F-253"},
	{"F-027"},
	{"F-200"},
	{"F-295"},
}

const indexHead = `# Golden cases

Real failures of vulnerability scanners, each as a small static input with the correct
result. [How a case is made](../docs/dev/scanner-regressions.md), and what makes it live.

` + "```" + `
make regression                  # every case, varied in every way
make regression CASE=SCN-0001    # one, with expected, actual and diff left in out/regression
` + "```" + `

This file is written by ` + "`go test ./regression -args -update`" + `, which also holds it.
`

// Index is the list of the cases as Markdown. Its error is that of an entry that is no
// case, or of a failure in [Highest] that no case is tagged with.
func Index(entries []Entry) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString(indexHead)
	kinds := map[string]int{}
	tagged := map[string][]Entry{}
	for _, e := range entries {
		if e.Err != nil {
			return nil, e.Err
		}
		kinds[e.Case.Kind]++
		for _, tag := range e.Case.Tags {
			if f, ok := strings.CutPrefix(tag, CatalogueTag); ok {
				tagged[f] = append(tagged[f], e)
			}
		}
	}
	out.WriteString("\n## Of the highest impact\n\n| failure | case | what failed |\n| --- | --- | --- |\n")
	for _, row := range Highest {
		for _, f := range row {
			if len(tagged[f]) == 0 {
				return nil, fmt.Errorf("no case has the tag %s%s", CatalogueTag, f)
			}
			for _, e := range tagged[f] {
				fmt.Fprintf(&out, "| %s | %s | %s |\n", f, e.link(), e.Case.Title)
			}
		}
	}
	fmt.Fprintf(&out, "\n## All %d\n\n| kind | cases |\n| --- | ---: |\n", len(entries))
	for _, k := range slices.Sorted(slices.Values(Kinds)) {
		fmt.Fprintf(&out, "| %s | %d |\n", k, kinds[k])
	}
	out.WriteString("\n| case | kind | severity | what failed |\n| --- | --- | --- | --- |\n")
	for _, e := range entries {
		fmt.Fprintf(&out, "| %s | %s | %s | %s |\n", e.link(), e.Case.Kind, e.Case.Severity, e.Case.Title)
	}
	return out.Bytes(), nil
}

func (e Entry) link() string { return fmt.Sprintf("[%s](cases/%s/case.md)", e.Case.ID, e.Name) }
