package authority

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"regexp"
	"strings"

	"github.com/google/uuid"
)

// Secret is what the holder of a token presents: "stella_", 30 characters of base62
// (178 bits) and the CRC-32 of what comes before it, as 6 characters of base62, so that
// a secret that leaked into a text is found and told from random words. It prints as
// "stella_…"; [Secret.Reveal] shows it.
type Secret struct{ text string }

// SecretHash is the SHA-256 of a secret. 178 random bits need no salt and no slow hash.
type SecretHash [sha256.Size]byte

const (
	secretPrefix = "stella_"
	randomChars  = 30
	sumChars     = 6 // 62^6 > 2^32
	base62       = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// ErrNoSecret is wrapped by the error of reading what is no secret.
var ErrNoSecret = errors.New("not a token's secret")

// NewSecret makes a secret of the randomness r, [rand.Reader] where it is nil.
func NewSecret(r io.Reader) (Secret, error) {
	if r == nil {
		r = rand.Reader
	}
	text := []byte(secretPrefix)
	var b [1]byte
	for len(text) < len(secretPrefix)+randomChars {
		if _, err := io.ReadFull(r, b[:]); err != nil {
			return Secret{}, fmt.Errorf("making a secret: %w", err)
		}
		// 248 is the largest multiple of 62 in a byte: taking more would favour the
		// first characters.
		if b[0] < 248 {
			text = append(text, base62[b[0]%62])
		}
	}
	return Secret{string(text) + checksum(string(text))}, nil
}

// ParseSecret reads a secret and checks its sum. An error wraps [ErrNoSecret] and never
// holds what was read.
func ParseSecret(s string) (Secret, error) {
	body, ok := strings.CutPrefix(s, secretPrefix)
	switch {
	case !ok || len(body) != randomChars+sumChars || strings.Trim(body, base62) != "":
		return Secret{}, fmt.Errorf("%w: want %q and %d letters and digits", ErrNoSecret, secretPrefix, randomChars+sumChars)
	case checksum(s[:len(s)-sumChars]) != s[len(s)-sumChars:]:
		return Secret{}, fmt.Errorf("%w: its checksum is wrong; was it copied whole?", ErrNoSecret)
	}
	return Secret{s}, nil
}

func checksum(text string) string {
	sum := crc32.ChecksumIEEE([]byte(text))
	var out [sumChars]byte
	for i := range out {
		out[sumChars-1-i] = base62[sum%62]
		sum /= 62
	}
	return string(out[:])
}

// Reveal returns the secret itself.
func (s Secret) Reveal() string { return s.text }

// String hides the secret, whatever prints it.
func (s Secret) String() string { return secretPrefix + "…" }

// GoString is String.
func (s Secret) GoString() string { return s.String() }

// LogValue is String.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// written finds a secret in a text, or most of one.
var written = regexp.MustCompile(secretPrefix + `[0-9A-Za-z]{12,}`)

// HideSecrets is a text in which every secret reads as [Secret.String] has it: people
// paste them anywhere, and errors quote what was sent.
func HideSecrets(text string) string { return written.ReplaceAllString(text, secretPrefix+"…") }

// shown is a caller's text as an error may quote it: the beginning, and none of it where
// it holds a secret, which people paste where an id belongs.
func shown(s string) string {
	if strings.Contains(s, secretPrefix) {
		return `"` + secretPrefix + `…"`
	}
	return fmt.Sprintf("%.80q", s)
}

// Hash is what a store keeps of the secret.
func (s Secret) Hash() SecretHash { return sha256.Sum256([]byte(s.text)) }

// ID is the public id of the secret's token, a UUID of version 8 (RFC 9562 section 5.8).
// It is a digest: who presents the secret names the token, and who reads the id learns
// nothing of the secret. It is not a part of [Secret.Hash], so that ids tell nothing of
// hashes either.
func (s Secret) ID() TokenID {
	sum := sha256.Sum256([]byte("stella token id\n" + s.text))
	u := uuid.UUID(sum[:16])
	u[6] = u[6]&0x0f | 0x80 // version 8
	u[8] = u[8]&0x3f | 0x80 // variant of RFC 9562
	return TokenID(u.String())
}

// Matches compares hashes in constant time.
func (h SecretHash) Matches(s Secret) bool {
	presented := s.Hash()
	return subtle.ConstantTimeCompare(h[:], presented[:]) == 1
}
