package pgstore

import "context"

// Schema is the embedded description, Describe that of the live schema.
func Schema() string { return schema }

func (s *Store) Describe(ctx context.Context) (string, error) { return s.describe(ctx) }

// The statements of the store, for the floors of the benchmarks.
const (
	SelectByID    = selectByID
	SelectByOwner = selectByOwner
	Insert        = insert
	MarkRevoked   = markRevoked
	InsertAll     = insertAll
)

// ColumnsOf are the parameters of InsertAll.
var ColumnsOf = columnsOf

// WriteError is what a failed write means.
var WriteError = writeError
