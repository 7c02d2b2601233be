// Package sweep measures how many envelopes one submission batch may hold.
//
// # Terms
//
// A run is one batch: K envelopes submitted together to one log, at most c in
// flight. A block holds one run of every batch size, in shuffled order. A sweep
// is a plan of blocks, run against one log. A [Row] is what one run gave; a
// [Meta] says what was measured; a [Decision] is a pure function of both.
//
// # The steps
//
//  1. [NewPlan] shuffles every block by a logged seed, so that drift of the
//     machine or the log does not look like an effect of K.
//  2. A runner looks at the log first (preflight), signs everything outside the
//     clock, warms up, and submits run after run with a random gap between them,
//     because a fixed one locks to the log's own ticker.
//  3. Rows are appended and flushed as they come; a sweep that was stopped goes
//     on with the same plan.
//  4. [Decide] turns rows into verdicts and two numbers. What the data does not
//     decide is called inconclusive, with how much more it takes.
//
// # Files
//
// results.csv holds the rows, results.entries.jsonl every envelope's own fate,
// results.meta.json the environment and the plan, decision.json the decision with
// the SHA-256 of the rows that it was made from.
package sweep
