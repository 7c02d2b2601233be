// Package scanner says what a vulnerability scan is: packages in, findings out.
//
// # Terms
//
// An inventory is the packages that some target holds: an SBOM, an image, a
// lockfile. A package is named by its ecosystem (as OSV spells it, "Debian:12",
// "npm") and by the name that the ecosystem's advisories use. An advisory is an OSV
// record. A finding is one advisory, under all of its aliases, that concerns one
// package version. What several records say of one vulnerability in it is one finding,
// also where they are no aliases but come from the same upstream (the CVE of Debian's
// record). A notice about several vulnerabilities is a finding of its own, and suppressed
// when each of these is.
//
// # Guarantees
//
// A scan is deterministic: the same inventory and the same advisories give the same
// bytes, in whatever order they come. It opens no socket and reads no clock.
//
// Nothing is dropped: every package of the inventory is judged, or listed in
// [Report.NotEvaluated] with the reason. A package that cannot be judged is never
// taken for a safe one.
//
// Sources: OSV schema 1.7 (https://ossf.github.io/osv-schema), package-url
// (https://github.com/package-url/purl-spec), RFC 8785 for the report's bytes.
package scanner
