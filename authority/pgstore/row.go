package pgstore

import (
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/stella-ops/stella/authority"
)

// args are the parameters that insert and update share.
func args(t authority.Token) []any {
	var lastUsed *time.Time
	if !t.LastUsedAt.IsZero() {
		lastUsed = &t.LastUsedAt
	}
	return []any{
		string(t.ID), string(t.Owner), t.Kind, t.Secret[:], string(t.CreatedBy), t.CreatedAt, t.IssuedAt, t.ExpiresAt,
		t.Payload.String(), lastUsed, t.UpdatedAt,
	}
}

// columnsOf are the parameters of insertAll: those of args, a slice each.
func columnsOf(batch []authority.Token) []any {
	n := len(batch)
	ids, owners, creators := make([]string, n), make([]string, n), make([]string, n)
	kinds, payloads, secrets := make([]string, n), make([]string, n), make([][]byte, n)
	created, issued, expires, updated := make([]time.Time, n), make([]time.Time, n), make([]time.Time, n), make([]time.Time, n)
	lastUsed := make([]*time.Time, n)
	for i := range batch {
		t := &batch[i]
		ids[i], owners[i], kinds[i], secrets[i], creators[i] = string(t.ID), string(t.Owner), t.Kind, t.Secret[:], string(t.CreatedBy)
		created[i], issued[i], expires[i], updated[i] = t.CreatedAt, t.IssuedAt, t.ExpiresAt, t.UpdatedAt
		payloads[i] = t.Payload.String()
		if !t.LastUsedAt.IsZero() {
			lastUsed[i] = &t.LastUsedAt
		}
	}
	return []any{ids, owners, kinds, secrets, creators, created, issued, expires, payloads, lastUsed, updated}
}

// scan reads the row of a token.
func scan(from pgx.Row) (authority.Token, error) { return newRow().scan(from) }

// row is where the columns of a token are read to. It serves one row after another.
type row struct {
	token                      authority.Token
	secret                     secret
	payload                    payload
	revoked                    bool
	lastUsed, revokedAt        *time.Time
	revokedBy, reason, attempt *string
	columns                    []any // pointers to the above
}

func newRow() *row {
	r := new(row)
	t := &r.token
	r.columns = []any{
		(*string)(&t.ID), (*string)(&t.Owner), &t.Kind, &r.secret, (*string)(&t.CreatedBy), &t.CreatedAt, &t.IssuedAt, &t.ExpiresAt,
		&r.payload, &r.lastUsed, &t.UpdatedAt, &t.Version,
		&r.revoked, &r.revokedAt, &r.revokedBy, &r.reason, &r.attempt,
	}
	return r
}

func (r *row) scan(from pgx.Row) (authority.Token, error) {
	if err := from.Scan(r.columns...); err != nil {
		return authority.Token{}, err
	}
	t := r.token
	t.Secret, t.Payload = r.secret.SecretHash, r.payload.Payload
	if r.lastUsed != nil {
		t.LastUsedAt = *r.lastUsed
	}
	if r.revoked {
		if r.revokedAt == nil || r.revokedBy == nil || r.reason == nil || r.attempt == nil {
			return authority.Token{}, fmt.Errorf("token %s: its revocation is not whole", t.ID)
		}
		t.Revoked = &authority.Revocation{
			At: *r.revokedAt, By: authority.PrincipalID(*r.revokedBy), Reason: *r.reason, Attempt: authority.AttemptID(*r.attempt),
		}
	}
	return t, nil
}

// secret and payload are read from the driver's buffer, without a copy of theirs.
type (
	secret  struct{ authority.SecretHash }
	payload struct{ authority.Payload }
)

// ScanBytes implements [pgtype.BytesScanner].
func (s *secret) ScanBytes(v []byte) error {
	if copy(s.SecretHash[:], v) != len(s.SecretHash) {
		return fmt.Errorf("a secret's hash has %d bytes", len(v))
	}
	return nil
}

// ScanBytes implements [pgtype.BytesScanner].
func (p *payload) ScanBytes(v []byte) (err error) {
	if p.Payload, err = authority.ParsePayload(v); err != nil {
		return errors.New(err.Error()) // not the error itself: invalid is what a caller gives
	}
	return nil
}
