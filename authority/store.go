package authority

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"
)

// Limits of a page. Without the second, a page of the largest tokens had 4 GB.
const (
	// MaxPage is the largest page, and the size of one whose size is 0.
	MaxPage = 1000
	// MaxPageBytes is the length of payloads with which a page ends, whatever its size:
	// with the token that brings it there.
	MaxPageBytes = 16 << 20
)

// TokenStore keeps tokens. Its methods may be called by several goroutines, honour the
// context's end and deadline, and are linearisable for each token: every call takes
// effect at one moment between its start and its end. Their errors wrap one of this
// package's. What they return is normalised and shares no memory with the store.
type TokenStore interface {
	// GetByID returns a token. Errors: [ErrNotFound], [ErrInvalid], [ErrUnavailable].
	GetByID(ctx context.Context, id TokenID) (Token, error)

	// GetByOwner returns a page of an owner's tokens by creation time and id, and the
	// cursor of the page after it, the zero Cursor where this is the last. A token that
	// is saved while a caller turns pages may be missed or met, none is met twice. An
	// owner without tokens has an empty page. Errors: [ErrInvalid], [ErrUnavailable].
	GetByOwner(ctx context.Context, owner PrincipalID, page Page) ([]Token, Cursor, error)

	// Save writes a token that is not revoked, and returns it with its new Version.
	// With [Absent] it must not be there: [ErrExists]. With [AtVersion] the stored token
	// must have that version, not be revoked, and agree in everything that may not
	// change: [ErrConflict]; where there is none, [ErrNotFound]. t.Version does not
	// matter. Errors: these, [ErrInvalid], [ErrUnavailable], [ErrUnknownOutcome].
	Save(ctx context.Context, t Token, expect Expect) (Token, error)

	// Revoke ends a token. The first revocation stands; a later one changes nothing
	// and says so. Repeating an attempt is safe and gives the same outcome. Errors:
	// [ErrNotFound], [ErrInvalid], [ErrUnavailable], [ErrUnknownOutcome].
	Revoke(ctx context.Context, id TokenID, r Revocation) (Outcome, error)
}

// Expect is what a caller of Save holds for stored. The zero value is [Absent].
type Expect struct{ version int64 }

// Absent expects no token.
func Absent() Expect { return Expect{} }

// AtVersion expects the token in this version, which is 1 or more.
func AtVersion(n int64) Expect { return Expect{n} }

// Version is the version expected, 0 for [Absent].
func (e Expect) Version() int64 { return e.version }

// Outcome is what became of a revocation.
type Outcome struct {
	Token Token // as it is now: Token.Revoked is the revocation that stands
	// Won says that the one that stands is the caller's, by its attempt.
	Won bool
}

// Page says which part of a list is wanted.
type Page struct {
	After Cursor // the zero Cursor: from the beginning
	Size  int    // tokens at most, up to [MaxPage]; 0 stands for that; see [MaxPageBytes] too
}

// Normalize returns the page with its size, and its cursor as that of a token. An error
// wraps [ErrInvalid].
func (p Page) Normalize() (Page, error) {
	if p.Size < 0 || p.Size > MaxPage {
		return Page{}, fmt.Errorf("%w: a page of %d tokens: want 1 to %d", ErrInvalid, p.Size, MaxPage)
	}
	p.Size = cmp.Or(p.Size, MaxPage)
	if p.After.IsZero() {
		return p, nil
	}
	if err := checkID("token", p.After.ID); err != nil {
		return Page{}, err
	}
	return p, normalizeTime("cursor's time", &p.After.CreatedAt)
}

// Cursor is a place in an owner's list: behind a token.
type Cursor struct {
	CreatedAt time.Time
	ID        TokenID
}

// CursorOf is the place behind a token.
func CursorOf(t Token) Cursor { return Cursor{t.CreatedAt, t.ID} }

// IsZero reports the beginning, or that there is no page after this one.
func (c Cursor) IsZero() bool { return c.ID == "" }

// Compare is the order of tokens: by creation time, then by id.
func (c Cursor) Compare(other Cursor) int {
	return cmp.Or(c.CreatedAt.Compare(other.CreatedAt), c.ID.Compare(other.ID))
}

// String is the cursor as one opaque word that [ParseCursor] reads, "" for the zero one.
func (c Cursor) String() string {
	if c.IsZero() {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %s", c.CreatedAt.UnixMilli(), c.ID))
}

// ParseCursor reads a cursor. An error wraps [ErrInvalid].
func ParseCursor(s string) (Cursor, error) {
	if s == "" {
		return Cursor{}, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(s)
	millis, id, _ := strings.Cut(string(text), " ")
	at, errAt := strconv.ParseInt(millis, 10, 64)
	token, errID := ParseTokenID(id)
	c := Cursor{time.UnixMilli(at).UTC(), token}
	if err != nil || errAt != nil || errID != nil || c.String() != s {
		return Cursor{}, fmt.Errorf("%w: %s is no cursor that this service gave", ErrInvalid, shown(s))
	}
	return c, nil
}

// The rest is what every store does before it is asked, and after it has answered, so
// that no two of them can differ in it. What Prepare… refuses wraps [ErrInvalid], and
// where the context has ended [ErrUnavailable] with the context's error.

// PrepareGet checks the arguments of [TokenStore.GetByID].
func PrepareGet(ctx context.Context, id TokenID) error {
	if err := checkID("token", id); err != nil {
		return err
	}
	return ended(ctx)
}

// PrepareList checks the arguments of [TokenStore.GetByOwner] and normalises the page.
func PrepareList(ctx context.Context, owner PrincipalID, page Page) (Page, error) {
	page, err := page.Normalize()
	if err != nil {
		return Page{}, err
	}
	if err := checkID("principal", owner); err != nil {
		return Page{}, err
	}
	return page, ended(ctx)
}

// CollectPage makes the answer of [TokenStore.GetByOwner] of the tokens behind the cursor of
// a page that [PrepareList] gave, in order. It reads one token beyond the page, which tells
// that another follows, and no more.
func CollectPage(page Page, tokens iter.Seq2[Token, error]) ([]Token, Cursor, error) {
	list, bytes := []Token{}, 0
	for t, err := range tokens {
		switch {
		case err != nil:
			return nil, Cursor{}, err
		case len(list) == page.Size || bytes >= MaxPageBytes:
			return list, CursorOf(list[len(list)-1]), nil
		}
		list = append(list, t)
		bytes += len(t.Payload.String())
	}
	return list, Cursor{}, nil
}

// PrepareSave checks the arguments of [TokenStore.Save] and normalises the token.
func PrepareSave(ctx context.Context, t Token, expect Expect) (Token, error) {
	t, err := prepareSave(t, expect)
	if err != nil {
		return Token{}, err
	}
	return t, ended(ctx)
}

func prepareSave(t Token, expect Expect) (Token, error) {
	if expect.version < 0 {
		return Token{}, fmt.Errorf("%w: version %d: versions begin with 1", ErrInvalid, expect.version)
	}
	if t.Revoked != nil {
		return Token{}, fmt.Errorf("%w: a token is saved without a revocation, which Revoke alone writes", ErrInvalid)
	}
	return t.Normalize()
}

// PrepareRevoke checks the arguments of [TokenStore.Revoke] and normalises the revocation.
func PrepareRevoke(ctx context.Context, id TokenID, r Revocation) (Revocation, error) {
	if err := checkID("token", id); err != nil {
		return Revocation{}, err
	}
	r, err := r.Normalize()
	if err != nil {
		return Revocation{}, err
	}
	return r, ended(ctx)
}

// ended is the error of a call whose context has ended before anything was sent.
func ended(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return nil
}

// OutcomeOf is the outcome of the revocation r of a token that is revoked now.
func OutcomeOf(t Token, r Revocation) Outcome {
	return Outcome{Token: t, Won: t.Revoked != nil && t.Revoked.Attempt == r.Attempt}
}

// SameIdentity reports whether two normalised tokens agree in everything that a Save may
// not change.
func (t Token) SameIdentity(o Token) bool {
	return t.ID == o.ID && t.Owner == o.Owner && t.Kind == o.Kind && t.Secret == o.Secret && t.CreatedBy == o.CreatedBy &&
		t.CreatedAt.Equal(o.CreatedAt) && t.IssuedAt.Equal(o.IssuedAt) && t.ExpiresAt.Equal(o.ExpiresAt)
}
