package reach

import (
	"fmt"
	"slices"
	"strings"
)

// Verdict is the answer of [Judge], as findings.json spells it.
type Verdict string

const (
	// Reachable: a path leads from an entry point to a listed symbol.
	Reachable Verdict = "reachable"
	// Unreachable: the evidence covers the package and reaches no listed symbol.
	Unreachable Verdict = "unreachable"
	// Unknown: neither is proved.
	Unknown Verdict = "unknown"
)

// Result is a verdict with its reason. Its JSON is the field "reachability" of
// stella.findings/v1.
type Result struct {
	Verdict Verdict `json:"verdict"`
	Why     string  `json:"why"`
	// Path leads from the entry point to the symbol, as the evidence spells the
	// names. It is empty, never nil, unless the verdict is Reachable.
	Path []string `json:"path"`
}

// Query asks about one alias group on one package version.
type Query struct {
	// Ecosystem is OSV's, without a suffix: "Go", "crates.io".
	Ecosystem string
	// Package and Version are the advisory's package: a Go module ("stdlib" for the
	// standard library), a crate. An empty Version matches evidence of any version.
	Package, Version string
	// IDs are all ids of the alias group.
	IDs []string
	// Targets are those of all records of the group, as [Targets] reads them.
	Targets []Target
}

// Evidence is something that may know about calls: *[Graph], *[Govulncheck] or
// *[ComponentEvidence]. Values are read-only and may be shared by goroutines.
type Evidence interface {
	answer(Query) answer
}

// An answer is what one evidence says. A silent one knows nothing of the package;
// its Why says so.
type answer struct {
	Result
	silent bool
}

func silent(why string) answer { return answer{Result{Unknown, why, []string{}}, true} }

func unknown(format string, args ...any) answer {
	return answer{Result: Result{Unknown, fmt.Sprintf(format, args...), []string{}}}
}

func unreachable(format string, args ...any) answer {
	return answer{Result: Result{Unreachable, fmt.Sprintf(format, args...), []string{}}}
}

func reachable(path []string) answer {
	return answer{Result: Result{Reachable, fmt.Sprintf("%s reaches %s", path[0], path[len(path)-1]), path}}
}

// Judge weighs all evidence for q by the rules of the package comment. The order of
// evidence, targets and symbols does not matter. It never fails: what cannot be
// decided is [Unknown].
func Judge(q Query, evidence ...Evidence) Result {
	if len(evidence) == 0 {
		return unknown("no evidence of calls was given").Result
	}
	answers := make([]answer, len(evidence))
	for i, e := range evidence {
		answers[i] = e.answer(q)
	}
	slices.SortFunc(answers, compareAnswers)
	// The strongest answer comes first, and is the verdict.
	return answers[0].Result
}

// weight orders answers: a path, a doubt, an exclusion, silence.
func (a answer) weight() int {
	switch {
	case a.Verdict == Reachable:
		return 0
	case a.Verdict == Unknown && !a.silent:
		return 1
	case a.Verdict == Unreachable:
		return 2
	}
	return 3
}

func compareAnswers(a, b answer) int {
	if d := a.weight() - b.weight(); d != 0 {
		return d
	}
	if d := comparePaths(a.Path, b.Path); d != 0 {
		return d
	}
	return strings.Compare(a.Why, b.Why)
}

// comparePaths puts the shorter path first, then the one whose names sort first.
func comparePaths(a, b []string) int {
	if d := len(a) - len(b); d != 0 {
		return d
	}
	return slices.Compare(a, b)
}
