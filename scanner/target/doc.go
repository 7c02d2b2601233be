// Package target finds out what a path is and reads the packages that it holds.
//
// # Targets
//
//   - A directory, unless it is an OCI layout: every SBOM and lockfile below it.
//   - A lockfile: a file with a lockfile's name.
//   - An image: an archive, or an OCI layout directory.
//   - Any other file is an SBOM, whatever its name, or an error.
//
// # Directories
//
// A file below a directory is a lockfile by its name. It is an SBOM if its name says
// so (.cdx.json, .spdx, bom.xml, sbom.json and the like, see [sbom.IsName]), or if it
// ends in .json or .xml and holds the mark of a format: the key bomFormat or
// spdxVersion, or the namespace of CycloneDX. Other files are none of a scan's
// business. Neither are the directories .git and node_modules, nor gems where a
// directory specifications stands beside it: what is installed there, the lockfile
// above says; a lockfile within is of the dependency's authors.
//
// Symbolic links below the directory are not followed, so that nothing is read twice
// and nothing outside. A link with the name of an SBOM or a lockfile is listed in
// Inventory.Unreadable, and so is every file and directory that cannot be read.
//
// The inventory is that of all the files. A package's locations begin with the file
// that names it, relative to the directory and with slashes: "web/bom.json", or
// "web/bom.json#ref" where the file gives it the location "ref".
//
// The target's SHA256 is that of the lines which sha256sum would print for the files
// read: for each, in bytewise order of their paths, the SHA-256 of its bytes in hex,
// two spaces, the path, a line feed. A file that could not be read to its end has 64
// zeros for a digest.
//
// # Limits
//
// At most [MaxFiles] files of a directory are looked at. The limits on each file are
// its reader's.
package target
