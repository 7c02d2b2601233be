package authority

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// checkText reports text that some store cannot hold, or that is longer than max bytes.
func checkText(what, s string, max int) error {
	switch {
	case len(s) > max:
		return fmt.Errorf("%w: the %s has %d bytes, and %d are the most", ErrInvalid, what, len(s), max)
	case !utf8.ValidString(s):
		return fmt.Errorf("%w: the %s is not valid UTF-8", ErrInvalid, what)
	case strings.ContainsRune(s, 0):
		return fmt.Errorf("%w: the %s holds a NUL character", ErrInvalid, what)
	}
	return nil
}

// checkKind takes names that read the same everywhere: in a URL, a log, a policy.
func checkKind(kind string) error {
	if kind == "" || len(kind) > MaxKindBytes || strings.Trim(kind, "abcdefghijklmnopqrstuvwxyz0123456789.-_") != "" {
		return fmt.Errorf("%w: %s is no kind of token: want 1 to %d of a-z, 0-9, '.', '-' and '_'", ErrInvalid, shown(kind), MaxKindBytes)
	}
	return nil
}
