// Package vex says which findings a VEX document answers: a vendor's word that a
// product is not affected by a vulnerability, or holds its fix.
//
// # What is read
//
// [Read] takes OpenVEX v0.2.0 and CycloneDX 1.4 and later as JSON. A document that
// lacks what its specification requires is an error. A statement that cannot be used
// is in [Document.Rejected] with the reason, and never suppresses: not_affected
// without justification or impact statement, a product that is no purl, a reference
// to a component that the document does not define.
//
// # What a statement is about
//
// A product is compared with the package itself and with what contains it
// ([Query.Products]). One without subcomponents stands for all that it contains; one
// with subcomponents for those only, and only inside that product. So a statement on
// a library in product B does not touch the same library in product A.
//
// Package URLs match when type, namespace and name are equal, by the rules of the
// type; the version, if the statement has one; each qualifier that the statement has;
// and the subpath, if it has one. What a statement leaves out it leaves open: without a
// version it is about all versions. Go versions are compared without their "v". A range of
// versions, in CycloneDX's versions[].range or the purl's qualifier vers, is compared in the
// ecosystem's order.
// Anything else ("distro=debian-12" beside "distro=debian-12.13") does not match, and
// [Set.Unused] lists the statement, so that nothing is ineffective in silence.
//
// Vulnerabilities are compared by any id of the alias group and any alias that the
// statement lists, without regard to case. What a record has as upstream counts as its
// ids: a statement on CVE-2023-5363 answers DEBIAN-CVE-2023-5363, and a notice about
// several vulnerabilities is answered when each of them is.
//
// # Which statement counts
//
// Of all statements about the same package and vulnerability a later one supersedes
// an earlier one of the same author, and of any author if it is about the same product
// and subcomponent. If all that remain are not_affected or fixed the finding is
// suppressed; if one is affected or under_investigation it stays. Two that conflict
// at the same instant supersede neither: the finding stays, as it does where the one that
// warns has no time. A document that says nothing about a vulnerability has no precedence
// over one that does. The order of documents and statements does not matter.
//
// # Known holes
//
// Signatures are not checked: whoever passes the file trusts its author. Products
// known by CPE or hash only, CycloneDX XML, and OpenVEX within an attestation are not
// read.
//
// Sources: OpenVEX v0.2.0 (https://github.com/openvex/spec), CycloneDX 1.6
// vulnerabilities (https://cyclonedx.org/docs/1.6/json), purl-spec.
package vex
