package mongostore

// The documents and commands of the store, for the floors of the benchmarks.

type Document = document

var (
	ClientOptions = clientOptions
	DocumentOf    = documentOf
	MarkRevoked   = markRevoked
)

// WriteError is what a failed write means.
var WriteError = writeError
