// Package reach says whether a program can call the code that an advisory names.
//
// # Terms
//
// A target is a package of an advisory with the symbols of it that are vulnerable.
// Evidence is what some tool found out about calls: a call graph, the findings of
// govulncheck, the call stacks of a CycloneDX component. [Judge] weighs the
// evidence for one [Query] and gives a [Result].
//
// # Guarantee
//
// Reachable comes with a path from an entry point to a listed symbol: the shortest,
// and among those the one whose names sort first, whatever the order of the input.
// Unreachable is given only when some evidence covers every target, knows its entry
// points, resolves every listed symbol to a function, and reaches none. Everything
// else is unknown, and says why. Missing evidence is never "unreachable".
//
// # Several evidences
//
// Each gives its own answer; then, in this order:
//
//  1. One path is enough: reachable wins, since evidence that found no path may be
//     about another build, and a path that was found does not go away.
//  2. A doubt beats unreachable. Evidence is in doubt when it knows the package and
//     yet cannot exclude a call: it does not cover the package, it has no entry
//     points, a listed symbol is no function in it, or an unresolved dynamic call
//     is on the reachable surface. The verdict is unknown.
//  3. Unreachable stands when one evidence says so for all targets by itself and
//     every other one is silent or agrees. Two partial answers are not added up:
//     they may be about two programs.
//
// Evidence that does not know the package is silent and changes nothing.
//
// # Symbols
//
// Names are compared in a normal form, by the ecosystem's own rules ([ParseSymbol]).
// A target without symbols means all of its package (Go vulnerability database,
// "imports[].symbols"): reaching any of its functions is reaching it. There only its
// initialisers run, the verdict is unknown. A record that names no package at all
// (a GHSA record beside one of the Go database) adds no target: it carries no
// information and outvotes nothing.
//
// Every init of a Go graph is an entry point, listed or not: the initialisers of all
// packages of a program run before main (Go specification, "Package initialization").
//
// # callgraph.json: stella.callgraph/v1
//
//	{
//	  "schema": "stella.callgraph/v1",
//	  "ecosystem": "Go",
//	  "nodes": [
//	    {"id": "example.com/app.main"},
//	    {"id": "once-1", "symbol": "(*sync.Once).Do"},
//	    {"id": "golang.org/x/text/language.Parse"}
//	  ],
//	  "edges": [
//	    ["example.com/app.main", "once-1"],
//	    ["once-1", "golang.org/x/text/language.Parse"]
//	  ],
//	  "entries": ["example.com/app.main"],
//	  "covers": ["golang.org/x/text/language"],
//	  "not_linked": ["golang.org/x/text/cases"],
//	  "dynamic": []
//	}
//
// ecosystem is OSV's. A node is one function in one calling context; its symbol is
// the function's full name, by default its id, so that a graph that tells call sites
// apart has several nodes of one symbol. With "package" the symbol is relative to
// it; ecosystems other than Go and crates.io need that, as their names do not say
// where the package ends. edges are [caller, callee]. entries are where the program
// starts. covers lists the packages of which every function is a node and every call
// an edge: a symbol that has no node there is no function. not_linked lists packages
// known to be no part of the program. dynamic lists the nodes that make calls whose
// callee is not known (reflection, dlsym, obj[name]()).
//
// Of the canonical form nodes are sorted by id, the other arrays by their bytes, and
// nothing occurs twice; a reader takes any order, but no double, no unknown field
// and no id that is not a node.
//
// # Known holes
//
// A graph is believed: what its maker left out of a package that it says it covers
// is not found. The stream of govulncheck does not say which symbols are functions,
// so where its advisory and ours both list only a struct field, "imported but not
// called" is unreachable by it, unless a call graph is there to object. The goos and goarch of
// an advisory's imports are not looked at: a symbol counts on every platform.
package reach
