package pgstore

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/stella-ops/stella/authority"
)

// unavailable is an error of something that surely changed nothing.
func unavailable(err error) error { return fmt.Errorf("%w: %w", authority.ErrUnavailable, err) }

// writeError is writeFailed for a write of one value, which the server may not take.
func writeError(err error) error {
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch refused.Code[:min(2, len(refused.Code))] {
		case "22", "23", "54": // data exception, constraint violation, limit exceeded
			return fmt.Errorf("%w: PostgreSQL takes no such value: %w", authority.ErrInvalid, err)
		}
	}
	return writeFailed(err)
}

// writeFailed says whether a write that failed may have been applied. The server reports
// an error of a statement before it commits, with exceptions.
func writeFailed(err error) error {
	refused, ok := errors.AsType[*pgconn.PgError](err)
	if ok && !mayHaveCommitted(refused.Code) || !ok && pgconn.SafeToRetry(err) {
		return unavailable(err)
	}
	return fmt.Errorf("%w: %w", authority.ErrUnknownOutcome, err)
}

// mayHaveCommitted recognises the states that say nothing of the statement (PostgreSQL,
// appendix A): a shutdown may come between commit and answer; a connection that broke is
// one that a pooler had to the server.
func mayHaveCommitted(state string) bool {
	return strings.HasPrefix(state, "57") || // operator intervention
		strings.HasPrefix(state, "08") || // connection exception
		state == "40003" // statement completion unknown
}
