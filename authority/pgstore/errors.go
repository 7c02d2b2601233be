package pgstore

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/stella-ops/stella/authority"
)

// unavailable is an error of something that surely changed nothing.
func unavailable(err error) error { return fmt.Errorf("%w: %w", authority.ErrUnavailable, err) }

// writeError is writeFailed for a write of one value, which the server may not take.
func writeError(err error) error {
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch refused.Code[:2] {
		case "22", "23", "54": // data exception, constraint violation, limit exceeded
			return fmt.Errorf("%w: PostgreSQL takes no such value: %w", authority.ErrInvalid, err)
		}
	}
	return writeFailed(err)
}

// writeFailed says whether a write that failed may have been applied. The server reports
// an error of a statement before it commits, but for the shutdown of the server, which
// may come between commit and answer.
func writeFailed(err error) error {
	refused, ok := errors.AsType[*pgconn.PgError](err)
	if ok && refused.Code[:2] != "57" /* operator intervention */ || !ok && pgconn.SafeToRetry(err) {
		return unavailable(err)
	}
	return fmt.Errorf("%w: %w", authority.ErrUnknownOutcome, err)
}
