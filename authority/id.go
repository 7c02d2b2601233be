package authority

import (
	"fmt"
	"strings"

	"github.com/google/uuid"
)

// TokenID names a token: lower-case UUID text (RFC 9562). It is public.
type TokenID string

// PrincipalID names who holds tokens, or acts on them: lower-case UUID text.
type PrincipalID string

// AttemptID names one attempt to revoke, repetitions included: lower-case UUID text.
type AttemptID string

// ParseTokenID reads a token's id. An error wraps [ErrInvalid].
func ParseTokenID(s string) (TokenID, error) { return parseID[TokenID]("token", s) }

// ParsePrincipalID reads a principal's id. An error wraps [ErrInvalid].
func ParsePrincipalID(s string) (PrincipalID, error) { return parseID[PrincipalID]("principal", s) }

// ParseAttemptID reads an attempt's id. An error wraps [ErrInvalid].
func ParseAttemptID(s string) (AttemptID, error) { return parseID[AttemptID]("attempt", s) }

// parseID takes one spelling of each UUID: a database compares ids as 16 bytes, another
// as text, and what one holds for equal must be equal for the other.
func parseID[ID ~string](what, s string) (ID, error) {
	u, err := uuid.Parse(s)
	if err != nil || u.String() != s {
		return "", fmt.Errorf("%w: %s is no %s id: want a lower-case UUID such as 0198c0de-0000-7000-8000-000000000001", ErrInvalid, shown(s), what)
	}
	return ID(s), nil
}

func checkID[ID ~string](what string, id ID) error {
	_, err := parseID[ID](what, string(id))
	return err
}

// Compare orders ids bytewise, which is their order as 16 bytes, too.
func (id TokenID) Compare(other TokenID) int { return strings.Compare(string(id), string(other)) }
