package pgstore

import (
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
func scan(row pgx.Row) (authority.Token, error) {
	var (
		t                          authority.Token
		secret, payload            []byte
		revoked                    bool
		lastUsed, revokedAt        *time.Time
		revokedBy, reason, attempt *string
	)
	err := row.Scan(
		(*string)(&t.ID), (*string)(&t.Owner), &t.Kind, &secret, (*string)(&t.CreatedBy), &t.CreatedAt, &t.IssuedAt, &t.ExpiresAt,
		&payload, &lastUsed, &t.UpdatedAt, &t.Version,
		&revoked, &revokedAt, &revokedBy, &reason, &attempt,
	)
	if err != nil {
		return authority.Token{}, err
	}
	if copy(t.Secret[:], secret) != len(t.Secret) {
		return authority.Token{}, fmt.Errorf("token %s: its secret's hash has %d bytes", t.ID, len(secret))
	}
	if t.Payload, err = authority.ParsePayload(payload); err != nil {
		// Not %w: invalid is what a caller gives.
		return authority.Token{}, fmt.Errorf("token %s: %v", t.ID, err)
	}
	if lastUsed != nil {
		t.LastUsedAt = *lastUsed
	}
	if revoked {
		if revokedAt == nil || revokedBy == nil || reason == nil || attempt == nil {
			return authority.Token{}, fmt.Errorf("token %s: its revocation is not whole", t.ID)
		}
		t.Revoked = &authority.Revocation{
			At: *revokedAt, By: authority.PrincipalID(*revokedBy), Reason: *reason, Attempt: authority.AttemptID(*attempt),
		}
	}
	return t, nil
}
