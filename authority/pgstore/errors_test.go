package pgstore_test

import (
	"context"
	"fmt"
	"io"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/authority"
	"github.com/stella-ops/stella/authority/pgstore"
)

// What a failed write means, by what failed: the states that the faults of the suite
// cannot bring about are here.
func TestWriteErrors(t *testing.T) {
	for _, test := range []struct{ err, want error }{
		{&pgconn.PgError{Code: "23514"}, authority.ErrInvalid},
		{&pgconn.PgError{Code: "22P02"}, authority.ErrInvalid},
		{&pgconn.PgError{Code: "40001"}, authority.ErrUnavailable},
		{&pgconn.PgError{Code: "40P01"}, authority.ErrUnavailable},
		{&pgconn.PgError{Code: "42P01"}, authority.ErrUnavailable},
		{&pgconn.PgError{Code: "53300"}, authority.ErrUnavailable},
		{&pgconn.PgError{Code: "57P01"}, authority.ErrUnknownOutcome}, // shut down between commit and answer
		{&pgconn.PgError{Code: "57014"}, authority.ErrUnknownOutcome},
		{&pgconn.PgError{Code: "08006"}, authority.ErrUnknownOutcome}, // a pooler lost the server
		{&pgconn.PgError{Code: "40003"}, authority.ErrUnknownOutcome},
		{io.ErrUnexpectedEOF, authority.ErrUnknownOutcome},
		{context.DeadlineExceeded, authority.ErrUnknownOutcome},
	} {
		require.ErrorIs(t, pgstore.WriteError(fmt.Errorf("saving: %w", test.err)), test.want, "%v", test.err)
	}
}
