// Package pgstore keeps tokens in PostgreSQL. It is experimental: MongoDB is the default.
//
// # Schema
//
// migrations/ holds it, in the format of goose, with a comment on every column; it stands
// in the schema "authority" of the database that the connection string names.
// [Migrate] brings a database up, also where many instances start at once, and [Check]
// says what differs from what the migrations make.
//
// # How a promise is kept
//
// Every operation is one statement whose WHERE holds the whole condition, so that READ
// COMMITTED is enough and no transaction spans two round trips. A statement that changed
// nothing is followed by a read that says why: rows are never deleted and a revocation is
// never undone, so what it finds still holds. Times come back in UTC. jsonb reorders and
// respells the payload; authority.ParsePayload makes the canonical text of it again.
//
// # Errors
//
// An error from before anything was sent, and one that the server gives for a statement,
// which then did nothing, is authority.ErrUnavailable; a connection that breaks, a
// deadline that passes or a server that is shut down while a write is under way is
// authority.ErrUnknownOutcome. A read that fails is unavailable. No error holds a
// password.
//
// Sources: PostgreSQL 15 to 18, chapters 13.2 (isolation) and 55 (protocol), appendix A
// (SQLSTATE).
package pgstore
