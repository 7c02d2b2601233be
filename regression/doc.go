// Package regression runs golden cases: real failures of scanners, each as a small
// static input with the correct result.
//
// A case is a directory:
//
//	SCN-0001-nested-components/
//	  case.metadata.json       id, title, kind, source, severity, tags, guards
//	  case.md                  what failed, why it is representative, what is right
//	  input/sbom.*             what is scanned
//	  input/advisories/*.json  OSV records, pinned
//	  input/callgraph.*        optional: what is called
//	  input/vex.json           optional: VEX statements
//	  expected/findings.json   the correct findings, to the byte
//
// Anything missing, and anything else in it, is an error: a file that no rule reads
// would be a promise that nobody keeps. The report holds no clock, path or host, so
// there is nothing to normalise.
package regression
