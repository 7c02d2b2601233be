// Package author makes golden cases, makes them smaller, and checks what no run of the
// corpus shows.
//
// [New] puts files in the places of a case. [Minimize] takes out of a case whatever its
// failure does not need, by delta debugging (A. Zeller and R. Hildebrandt, "Simplifying
// and Isolating Failure-Inducing Input", 2002): the result is small, and no single part
// of it can go. [Verify] looks for what must not be published and for cases that could
// not fail.
//
// Nothing here judges whether a golden file is right: a person does, against the rule
// that the case names.
package author
