// Package samples makes the sample SBOMs, the advisories that they need and the reports
// that the scanner makes of both.
//
// # What is true and what is not
//
// The images are invented, and so are their applications and call paths. Packages,
// versions, advisory ids and aliases, fixed versions, CVSS vectors and vulnerable
// symbols are facts from public databases, kept in data/packages.csv and
// data/advisories.csv. The table holds at most two advisories of a package, those with
// symbols and vectors before others: the set is for trying the scanner, not for
// judging software.
//
// A record says what the table knows: everything before the fixed version of the line
// that the samples have is affected, or every version where none is fixed. Fixed
// versions of other lines, and where a line begins, are left out.
//
// # Guarantees
//
// The same tables give the same bytes; nothing is drawn at random. A new image leaves
// the other SBOMs as they are.
package samples
