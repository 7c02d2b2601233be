// Package mongostore keeps tokens in MongoDB, the default.
//
// A token is one document of the collection "tokens", its id the key. Every operation is
// one command on one document whose filter holds the whole condition, so that it needs no
// transaction. The payload is canonical text, because BSON would make doubles of its
// numbers. Times are BSON dates, which have the milliseconds that the domain keeps.
//
// # What the server must promise
//
// Writes are acknowledged by a majority and journalled, reads are of the primary and of
// what a majority has. [Open] refuses a connection string that asks for less.
//
// # Errors
//
// An error from before anything was sent, and one that the server gives for a command, is
// authority.ErrUnavailable. A connection that breaks, a deadline that passes, and a write
// that was applied but not yet acknowledged as asked is authority.ErrUnknownOutcome. A
// read that fails is unavailable. No error holds a password.
//
// Sources: MongoDB 8 manual (read and write concern, findAndModify), the driver
// specifications (server selection, retryable writes).
package mongostore
