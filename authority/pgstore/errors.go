package pgstore

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/stella-ops/stella/authority"
)

// unavailable is an error of something that surely changed nothing.
func unavailable(err error) error { return fmt.Errorf("%w: %w", authority.ErrUnavailable, err) }

// writeError says whether a write that failed may have been applied. The server reports
// an error of a statement before it commits, but for the shutdown of the server, which
// may come between commit and answer.
func writeError(err error) error {
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch refused.Code[:2] {
		case "57": // operator intervention
		case "22", "23", "54": // data exception, constraint violation, limit exceeded
			return fmt.Errorf("%w: PostgreSQL takes no such value: %w", authority.ErrInvalid, err)
		default:
			return unavailable(err)
		}
	} else if pgconn.SafeToRetry(err) {
		return unavailable(err)
	}
	return fmt.Errorf("%w: %w", authority.ErrUnknownOutcome, err)
}
