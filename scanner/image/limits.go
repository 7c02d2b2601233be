package image

// Limits of an image; over any of them is an error that names the place. They are far
// over what real images have.
const (
	MaxLayers    = 1000
	MaxEntries   = 4_000_000 // of all layers' tars
	MaxArchive   = 1_000_000 // entries of the archive that holds the layers
	MaxPath      = 4096      // bytes of a path, as PATH_MAX of Linux
	MaxDepth     = 256       // elements of a path
	MaxLinks     = 40        // symbolic links followed for one path, as Linux does
	MaxNesting   = 8         // indexes within one another
	MaxManifest  = 16 << 20  // bytes of a manifest, index or configuration
	MaxUnpacked  = 64 << 30  // bytes that an image's layers unpack to
	MaxRatio     = 300       // of a compressed stream, once it is over ratioFree
	MaxFile      = 512 << 20 // bytes of one file that is read as a whole
	ratioFree    = 256 << 20
	unpackedNote = "unpack it yourself and scan what it holds, if you trust it"
)

// limits are those that tests make small.
type limits struct {
	unpacked  int64
	ratio     int64
	ratioFree int64
	entries   int
}

var defaultLimits = limits{unpacked: MaxUnpacked, ratio: MaxRatio, ratioFree: ratioFree, entries: MaxEntries}
