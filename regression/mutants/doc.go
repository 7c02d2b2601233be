// Package mutants changes the scanner on purpose and sees which tests notice.
//
// # Terms
//
// A mutant is one small change of the product's code that still compiles: a comparison
// with another bound, a condition negated, a statement left out, an error swallowed
// (see [Operators]). A test kills it by failing. One that nothing kills has survived:
// either no test holds the rule, or the change makes no difference.
//
// # How
//
// All mutants are compiled at once. Each site is wrapped in a call that does as the
// source says unless its number is in the environment; the wrapped sources go to the
// compiler through go build's -overlay, so that the tree is not touched. So a mutant
// costs the run of the tests and not a build. A first run of each test binary notes
// which sites it comes by: a mutant that a binary never reaches is not run with it.
//
// Mutants are numbered in the order of files and positions, and those to run are chosen
// by a seed. A [Key] says which one it is without numbers of lines, so that it is found
// again after the code around it has changed.
//
// # Limits
//
// One change at a time. Constants, types and package variables are not changed; neither
// are the texts of errors and other strings but those that are compared. A mutant whose
// tests run ten times as long as they should is ended and counts as killed, but is not
// put on record for a case. Unit tests that take too long to be run for each mutant can
// be left out (flag -skip of the command): the score is then no better than it is.
package mutants
