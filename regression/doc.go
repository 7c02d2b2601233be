// Package regression runs golden cases: real failures of scanners, each as a small
// static input with the correct result.
//
// A case is a directory:
//
//	SCN-0001-nested-components/
//	  case.metadata.json       id, title, kind, source, severity, tags, guards
//	  case.md                  what failed, why it is representative, what is right
//	  input/                   what is scanned, one of
//	    sbom.*                   an SBOM
//	    image.txtar              a recipe of an image's layers
//	    image.tar                an image, as it is
//	    project/                 a directory: lockfiles and SBOMs under their true names
//	  input/advisories/*.json  OSV records, pinned
//	  input/callgraph.*        optional, callgraph-*.* too: what is called
//	  input/vex.json           optional, vex-*.json too: VEX statements
//	  input/config.json        optional: the configuration; today is [Now]
//	  expected/findings.json   the correct findings, to the byte; or
//	  expected/error.txt       the correct error, and a line feed
//
// Anything missing, and anything else in it, is an error: a file that no rule reads
// would be a promise that nobody keeps. The report holds no clock, path or host, so
// there is nothing to normalise; an error's text is taken without the path of the case.
package regression
