// Package reports makes the scanner reports that the attestation sweep signs
// and submits: one stella.findings/v1 document for each image of
// data/images.json.
//
// The documents are invented; what they speak of is not. Packages, versions,
// advisory ids, fixed versions, CVSS vectors and vulnerable symbols are facts
// from public databases, kept in data/packages.csv and data/advisories.csv.
// Which copy of a package lies in which layer, which symbol a call path
// reaches and which finding a VEX document settles is drawn from a generator
// seeded by the image's own name. So the same tables give the same bytes, and
// a new image leaves the others as they were.
//
// What is not promised: that a scanner would report exactly these findings for
// an image of that name. The reports have the shape, the size and the
// vocabulary of real ones; they are payloads, not goldens.
package reports
