package pgstore

import "context"

// Schema is the embedded description, Describe that of the live schema.
func Schema() string { return schema }

func (s *Store) Describe(ctx context.Context) (string, error) { return s.describe(ctx) }
