// Package image reads a container image into a scan's inventory: what its files hold
// after the last layer, and the layer that each package came with.
//
// # Inputs
//
// The archive of docker save, of any version; an OCI layout as a directory or as a tar;
// each tar packed with gzip or zstd or not. Layers are plain, gzip or zstd, whatever
// their media type says. The target's SHA256 is that of the image's configuration, the
// image ID: it names every layer by digest, each of which is checked, and it is the same
// however the image is packed.
//
// An archive of several images is an error. Of an OCI index, and the indexes within it,
// one image is scanned: the only one, else the one for linux/amd64, else the one whose
// platform sorts first; the others are listed in Inventory.Unreadable. Attestations and
// artifacts are no images.
//
// # Layers
//
// Layers are put on one another by the OCI image specification. A whiteout, and an opaque
// directory, hide what lower layers hold and nothing of their own layer, wherever in its
// tar they stand. Entries below a symbolic link to a directory go where that leads. Every
// link is followed within the image alone: an absolute one begins at the image's root,
// and ".." ends there.
//
// # Layer attribution
//
// A package's layer is the one since which it has been there without a break. A package
// database is read again after each layer that touches one of its files; a layer that
// does not touch it leaves it as it was, and one that takes it away empties it. So a
// package stays with its layer when a later one writes the database anew. A package in a
// file of its own stays with its layer as long as the file at that path has held it.
//
// # What is read
//
// The release from etc/os-release, else usr/lib/os-release, of the image alone: without
// one, packages of the operating system are of no known release, and not judged. The
// databases of dpkg, apk and rpm. Installed Python distributions, npm packages, gems, Java
// archives, Go and Rust programs, and SBOMs by their names. Each by its own package below
// this one, or by sbom.
//
// # Files of the operating system
//
// A distribution fixes what it ships without giving it the version in which the upstream
// project did, so that only its own advisories say what is fixed. Metadata of a language
// in a file that belongs to a package of the operating system, by the lists of dpkg, apk
// or rpm, is therefore listed in Inventory.Unreadable as covered by that package, and not
// held against upstream's advisories. What a layer above the one that wrote the list has
// put at the path is not the package's, and is judged.
//
// # Guarantees
//
// Nothing is dropped: what cannot be read or judged is in Inventory.Unreadable with the
// reason. An archive that is cut off, damaged or hostile is an error that names the layer
// and the entry, since any entry may add, replace or hide packages: names that are
// absolute or hold "..", links in a circle, sparse files, streams that unpack to far more
// than they are. Files are written below one temporary directory alone, under names of
// our own. Memory grows with the number of files, not with their size.
//
// # Known holes
//
// Lockfiles within an image are not read: what is installed counts, not what a project
// meant to. What PHP and .NET install is not read either. Of package managers other than
// dpkg, apk and rpm the best known are noticed and listed, not read. A tool that names entries from "/" makes images that are refused here.
//
// Sources: OCI image specification 1.1, "Image Layout" and "Layer"
// (https://github.com/opencontainers/image-spec); Docker image specification 1.2.
package image
