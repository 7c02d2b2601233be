package authority

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// Payload is a JSON object in the form of RFC 8785. The zero value is the empty object.
// It is immutable.
type Payload struct{ text string }

// maxSafe is the largest integer that I-JSON lets an implementation rely on (RFC 7493
// section 2.2): beyond it, a double no longer tells neighbours apart.
const maxSafe = 1<<53 - 1

// ParsePayload reads a payload. It must be an I-JSON object: no key twice in an object, no
// lone surrogate, no number that a double cannot tell from its neighbour (beyond
// ±(2^53-1), or too large). No string may hold NUL, which PostgreSQL's jsonb cannot. The
// canonical form has at most [MaxPayloadBytes], nested at most [MaxPayloadDepth] deep. An
// error wraps [ErrInvalid].
func ParsePayload(data []byte) (Payload, error) {
	if len(data) > 2*MaxPayloadBytes { // white space and escapes may go away
		return Payload{}, fmt.Errorf("%w: the payload has %d bytes", ErrInvalid, len(data))
	}
	if text, ok := canonicalize(data); ok && len(text) <= MaxPayloadBytes {
		return Payload{text}, nil
	}
	return parsePayload(data)
}

// parsePayload is the general way.
func parsePayload(data []byte) (Payload, error) {
	if err := checkJSON(data); err != nil {
		return Payload{}, fmt.Errorf("%w: the payload: %w", ErrInvalid, err)
	}
	v := jsontext.Value(bytes.Clone(data))
	if err := v.Canonicalize(); err != nil {
		return Payload{}, fmt.Errorf("%w: the payload: %w", ErrInvalid, err)
	}
	if len(v) > MaxPayloadBytes {
		return Payload{}, fmt.Errorf("%w: the payload has %d bytes, and %d are the most", ErrInvalid, len(v), MaxPayloadBytes)
	}
	return Payload{string(v)}, nil
}

// String is the canonical text.
func (p Payload) String() string {
	if p.text == "" {
		return "{}"
	}
	return p.text
}

// MarshalJSON is the canonical text.
func (p Payload) MarshalJSON() ([]byte, error) { return []byte(p.String()), nil }

// checkJSON finds what Canonicalize would take and a store would not give back.
func checkJSON(data []byte) error {
	d := jsontext.NewDecoder(bytes.NewReader(data))
	if d.PeekKind() != '{' {
		return errors.New("it is no JSON object")
	}
	for {
		token, err := d.ReadToken()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case d.StackDepth() > MaxPayloadDepth:
			return fmt.Errorf("it is nested more than %d deep", MaxPayloadDepth)
		}
		if err := checkJSONToken(token); err != nil {
			return fmt.Errorf("at %s: %w", d.StackPointer(), err)
		}
	}
}

func checkJSONToken(t jsontext.Token) error {
	switch t.Kind() {
	case '"':
		if s := t.String(); bytes.IndexByte([]byte(s), 0) >= 0 {
			return errors.New("a string holds a NUL character")
		}
	case '0':
		f, err := strconv.ParseFloat(t.String(), 64)
		if err != nil || math.Abs(f) > maxSafe {
			return fmt.Errorf("%.40s is beyond ±(2^53-1); write it as a string", t.String())
		}
	}
	return nil
}
