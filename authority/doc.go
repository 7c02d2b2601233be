// Package authority says what a security token is and what a store of tokens
// promises.
//
// # Terms
//
// A token is a licence or an entitlement that an owner, a principal, holds: it is of a
// kind, carries a payload, and is good from when it was issued until it expires or is
// revoked. Its id is public. Its secret is shown once, when it is issued; only the
// SHA-256 of the secret is kept, and the id follows from the secret but not the secret
// from the id ([Secret]).
//
// A [TokenStore] keeps tokens. The stores of this module, on MongoDB and on PostgreSQL,
// are held to one contract by package storetest; package memstore is the model that
// both must match. Imports and conversions save many at once ([BulkSaver]).
//
// # What the domain decides
//
// Two databases agree only on values that both can hold. [Token.Normalize] makes a
// token such a value, or refuses it, before any driver sees it:
//
//   - times are UTC in whole milliseconds, since MongoDB keeps milliseconds and
//     PostgreSQL microseconds, and lie in the years 1 to 9999;
//   - text is valid UTF-8 without NUL, of a bounded length, and is not normalised: two
//     spellings of one word stay two;
//   - ids are lower-case UUID text;
//   - the payload is an I-JSON object (RFC 7493) in the form of RFC 8785.
//
// The clock belongs to the caller: a store never asks one, and expiry is a predicate
// ([Token.Active]), never a deletion. Tokens are ordered by creation time and id,
// bytewise.
//
// # Guarantees
//
// A revocation is never undone, and of several the first stands. An error is not "not
// done": see [ErrUnknownOutcome].
//
// Sources: RFC 7009 and RFC 7662 (revocation, introspection), RFC 7493 (I-JSON),
// RFC 8785 (canonical JSON), RFC 9562 (UUID).
package authority
