// Package config says which findings the user of a scanner does not want to see, and
// why.
//
// # Format: stella.config/v1
//
//	{
//	  "schema": "stella.config/v1",
//	  "ignore": [
//	    {
//	      "id": "CVE-2026-45447",
//	      "package": "pkg:apk/alpine/libssl3",
//	      "reason": "TLS ends before it reaches this image",
//	      "until": "2026-12-31"
//	    },
//	    {"id": "GHSA-xvch-5gv4-984h", "ecosystem": "npm", "package": "minimist", "reason": "build time only"},
//	    {"id": "CVE-2099-0001", "package": "*", "reason": "disputed by its finder"}
//	  ]
//	}
//
// An ignore rule is about one vulnerability, by any id of its alias group without regard
// to case, or by one that its record has as upstream (the CVE of DEBIAN-CVE-2023-5363; a
// notice about several vulnerabilities needs a rule for each), and about the packages that
// "package" means:
//
//   - a package URL means every package it does not rule out ([purl.Pattern]): without
//     a version every version, without qualifiers every architecture and release;
//   - with "ecosystem", OSV's, it is the name that the ecosystem's advisories use; an
//     ecosystem without a suffix ("Debian") means all of its releases;
//   - "*" is every package. It has to be written: a rule that names only an id would
//     hide the same id in packages that its author has never looked at.
//
// Both are the package's identity, which no spelling of the SBOM and no number of a
// feed's own changes. "reason" is required. "until" is the last day on which the rule
// holds. It is compared with the day that the reader is given and never with a clock:
// without that day, a rule with "until" is an error.
//
// # Guarantee
//
// What is not in the format is an error that names the rule. A rule that is past its
// day or matched no finding suppresses nothing, and [Rules.Unused] says so.
package config
