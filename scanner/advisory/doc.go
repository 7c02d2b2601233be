// Package advisory reads OSV records and says which package versions they concern.
//
// # Terms
//
// A record is one advisory, in one JSON file. An entry is an element of its affected
// array: one package with ranges and enumerated versions. A verdict is what a record
// says of one package version: affected, not affected, or unknown where the record, or
// the version, cannot be judged. An alias group is the ids that name one vulnerability
// in several databases.
//
// # Evaluation
//
// [Record.Affects] follows the pseudocode of the OSV schema, section "Evaluation", with
// what that text leaves open settled as follows:
//
//   - Events are sorted by version; the order in the file does not count.
//   - introduced and fixed at one version cancel out: the state before goes on. So
//     [1, 2) and [2, 3) make [1, 3), and [1, 1) holds nothing. introduced and last_affected
//     do the same behind that version, which itself is affected.
//   - A fixed or last_affected before the first introduced ends nothing: with reversed
//     events everything from the introduced version on is affected. It is a problem.
//   - An enumerated version is equal by its text or by the ecosystem's order: "1.0"
//     names the "1.0.0" of PyPI.
//   - A GIT range says nothing of a version number, neither yes nor no, wherever in the
//     list it stands. An entry that has nothing but GIT ranges cannot be judged.
//   - A range from "0" on, without anything that could end it, holds every version, also
//     one that has no place in the order.
//   - A range of unknown type, or with a version that cannot be read, cannot be judged.
//     The entry's other ranges and versions still can: affected by one of them is
//     affected, otherwise the verdict is unknown.
//   - An entry that names a package and no version at all cannot be judged.
//   - A Go module's version and a bound of another line of versions cannot be compared:
//     v0.35.0, or a pseudo-version on v0.0.0, says nothing of a product's 2.7.1. Nor does
//     the crate cargo 0.57.0 of Rust 1.26.0, or the language Go 1.22 of its releases.
//
// # Ecosystems
//
// The suffix of a release ("Debian:12") keeps releases apart: a record for one release
// says nothing of another. A record without suffix is not scoped and concerns every
// release. A package without suffix is of unknown release: records of a release give
// the verdict unknown for it. The suffix of a repository ("Maven:https://…") keeps
// apart only repositories that are both named, since inventories rarely name one. In
// Ubuntu's, ":LTS" may be missing, and "Pro:" before the release marks what Ubuntu Pro
// adds to it: it decides for builds of Pro, and for others where the release itself does
// not call them sound. "Pro:FIPS…", "Pro:Realtime" and "Nvidia-BlueField" mark builds apart,
// of which other builds learn nothing. They are known by names that are theirs alone
// ("linux-fips", "linux-bluefield"), those for FIPS 140 by versions that are numbered apart,
// too: for these the pocket alone decides. A repository of a Red Hat release
// ("…:9::baseos") is within it.
//
// # The compiled index
//
// However a set is opened, it is an index: a file that [Builder] made, or the same bytes
// in memory, made of a directory or a zip. A package is found by the hash of its
// ecosystem, without suffix, and its name in normal form. All numbers are little-endian,
// a text has its length before it, and lengths are unsigned varints:
//
//	header     magic, format, CRC-32C of the header, size of the file, where the tables
//	           begin, SHA-256 of the set, SHA-256 of all that follows; for each section:
//	           where its items begin and their size, where its ends are, how many
//	ecosystems a spelling, and how many records use it; sorted
//	rejected   id, entry, reason; sorted
//	heads      a record without its entries; by id, and its place is its number
//	packages   a key, then for each entry: number of its record, number of its ecosystem,
//	           length, content; in the order of the keys' hashes
//	groups     the place of the preferred id, the ids; by the first id
//	keys       the table: low half of a key's hash, number of its package; 2ⁿ blocks of
//	           about 64 lines by the highest n bits of the hash
//	ids        the same for the ids of the groups
//	ends       for each section, where each of its items ends, as 4 bytes
//
// An item ends with a CRC-32C over its section, its number and its content. Each is
// checked when it is read, so that damage anywhere is an error and never an absence: a
// package that is not there is not there because a block that is whole says so.
//
// Tables and ends are mapped, and take 4 to 12 bytes of memory for each record, package
// and id; items are read. Versions are kept as texts: an order that was put right counts
// at once. What depends on the format beside the layout is the normal form of names
// and the texts of problems; a change of either needs a new format number.
//
// Limits: 4 GiB for a section, 2³¹ records. An index is for the program that made it: it
// is not verified whether a stranger's index says what its records said.
//
// # Guarantees
//
// Nothing is dropped in silence: what is wrong with a record is in [Record.Problems],
// and a file that is no record in [DB.Rejected]. A DB depends on the set of records
// alone, not on the order or layout of files. It is safe for concurrent use.
//
// # What is not guaranteed
//
// The text of an advisory (details, references, credits) is not kept. A commit is not
// looked up in a GIT range.
//
// Source: OSV schema 1.7 (https://ossf.github.io/osv-schema).
package advisory
