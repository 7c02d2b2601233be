package authority

import (
	"fmt"
	"time"
)

// Limits of a token. A token in its largest form stays below the 16 MiB of a MongoDB
// document.
const (
	MaxKindBytes    = 64
	MaxReasonBytes  = 4 << 10
	MaxPayloadBytes = 4 << 20
	MaxPayloadDepth = 128
)

// Token is a token without its secret. It is a value: a store shares no memory with its
// caller.
type Token struct {
	ID    TokenID
	Owner PrincipalID
	Kind  string // what it entitles to: "licence", "scanner.upload"
	// Secret is what a presented secret is compared with.
	Secret    SecretHash
	CreatedBy PrincipalID
	CreatedAt time.Time
	IssuedAt  time.Time // the token is good from then on,
	ExpiresAt time.Time // and not at or after then

	// What follows may change with [TokenStore.Save], up to Version.
	Payload    Payload
	LastUsedAt time.Time // the zero time: never
	UpdatedAt  time.Time

	// Version counts the times that the token was written. The store sets it: 1 when
	// the token is first saved.
	Version int64
	// Revoked is nil until the token is revoked, by [TokenStore.Revoke] alone.
	Revoked *Revocation
}

// Revocation is the end of a token.
type Revocation struct {
	At      time.Time
	By      PrincipalID
	Reason  string    // without the secret of a token
	Attempt AttemptID // tells the caller whose revocation it is
}

// Active reports whether the token is good at the time now.
func (t Token) Active(now time.Time) bool {
	return t.Revoked == nil && !now.Before(t.IssuedAt) && now.Before(t.ExpiresAt)
}

// Normalize returns the token as every store gives it back, but for Version; see the
// package comment. An error wraps [ErrInvalid] and names the field.
func (t Token) Normalize() (Token, error) {
	for _, err := range []error{
		checkID("token", t.ID), checkID("principal", t.Owner), checkID("principal", t.CreatedBy), checkKind(t.Kind),
		normalizeTime("creation time", &t.CreatedAt), normalizeTime("issue time", &t.IssuedAt),
		normalizeTime("expiry", &t.ExpiresAt), normalizeTime("update time", &t.UpdatedAt),
	} {
		if err != nil {
			return Token{}, err
		}
	}
	if !t.IssuedAt.Before(t.ExpiresAt) {
		return Token{}, fmt.Errorf("%w: the token expires at %s, not after it is issued at %s", ErrInvalid,
			t.ExpiresAt.Format(time.RFC3339Nano), t.IssuedAt.Format(time.RFC3339Nano))
	}
	if !t.LastUsedAt.IsZero() {
		if err := normalizeTime("time of last use", &t.LastUsedAt); err != nil {
			return Token{}, err
		}
	}
	if t.Revoked != nil {
		r, err := t.Revoked.Normalize()
		if err != nil {
			return Token{}, err
		}
		t.Revoked = &r
	}
	return t, nil
}

// Normalize is that of a token, for a revocation.
func (r Revocation) Normalize() (Revocation, error) {
	for _, err := range []error{
		checkID("principal", r.By), checkID("attempt", r.Attempt),
		checkText("reason", r.Reason, MaxReasonBytes), normalizeTime("time of revocation", &r.At),
	} {
		if err != nil {
			return Revocation{}, err
		}
	}
	if HideSecrets(r.Reason) != r.Reason { // who revokes a secret that leaked has it at hand
		return Revocation{}, fmt.Errorf("%w: the reason holds a token's secret, which is stored nowhere: leave it out", ErrInvalid)
	}
	return r, nil
}

// normalizeTime cuts a time to the millisecond, downwards, before 1970 too.
func normalizeTime(what string, t *time.Time) error {
	*t = t.UTC().Truncate(time.Millisecond)
	if y := t.Year(); y < 1 || y > 9999 || t.IsZero() {
		return fmt.Errorf("%w: the %s is not given, or outside of the years 1 to 9999", ErrInvalid, what)
	}
	return nil
}
