package authority

import "errors"

// The errors that callers branch on. A store's errors wrap exactly one of them, or the
// context's where the context ended before anything was sent.
var (
	// ErrNotFound says that there is no such token.
	ErrNotFound = errors.New("no such token")
	// ErrExists says that a token with this id is there already.
	ErrExists = errors.New("the token exists already")
	// ErrConflict says that the stored token is not the one that the caller read: it
	// was saved since, it is revoked, or it never was this one. Nothing was written.
	ErrConflict = errors.New("the token was changed meanwhile")
	// ErrInvalid says that the value is none that every store could hold. Nothing was
	// sent.
	ErrInvalid = errors.New("invalid")
	// ErrUnavailable says that the store could not be asked, and that the operation was
	// surely not applied.
	ErrUnavailable = errors.New("the store is unavailable")
	// ErrUnknownOutcome says that the store stopped answering after it may have been
	// told: the operation was applied, or not. Read to find out. Revoke may be repeated
	// with the same attempt, and then tells who won.
	ErrUnknownOutcome = errors.New("the outcome is unknown")
)
