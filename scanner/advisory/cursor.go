package advisory

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// cursor walks JSON that is known to be valid. Unlike encoding/json it matches keys by
// their exact case, goes on behind a value of the wrong type, and says where it was.
// Each method consumes one value; a value of another type than asked for is skipped.
type cursor struct {
	data []byte
	pos  int
	err  error // of a key that stands twice: no reading of it would be right
}

// kind is the first byte of the next value: one of { [ " t f n - 0…9.
func (c *cursor) kind() byte {
	for {
		switch c.data[c.pos] {
		case ' ', '\t', '\n', '\r', ',', ':':
			c.pos++
		default:
			return c.data[c.pos]
		}
	}
}

// raw consumes a value and returns its bytes.
func (c *cursor) raw() []byte {
	first := c.kind()
	start, depth := c.pos, 0
	for {
		switch c.data[c.pos] {
		case '"':
			c.skipString()
		case '{', '[':
			depth++
			c.pos++
		case '}', ']':
			depth--
			c.pos++
		default:
			c.pos++
			if depth == 0 && first != '"' {
				c.skipScalar()
			}
		}
		if depth == 0 {
			return c.data[start:c.pos]
		}
	}
}

// skipScalar goes to the end of a number, true, false or null.
func (c *cursor) skipScalar() {
	for c.pos < len(c.data) && strings.IndexByte(" \t\r\n,]}", c.data[c.pos]) < 0 {
		c.pos++
	}
}

func (c *cursor) skipString() {
	for c.pos++; c.data[c.pos] != '"'; c.pos++ {
		if c.data[c.pos] == '\\' {
			c.pos++
		}
	}
	c.pos++
}

// quoted consumes a string with its quotes and returns its content.
func (c *cursor) quoted() []byte {
	start := c.pos
	c.skipString()
	raw := c.data[start:c.pos]
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1]
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		// A valid string always decodes.
		panic(fmt.Sprintf("advisory: decoding the string %s: %v", raw, err))
	}
	return []byte(s)
}

// text consumes a string. A null is "", as an absent field is; ok is false for every
// other type.
func (c *cursor) text() (s string, ok bool) {
	switch c.kind() {
	case '"':
		return string(c.quoted()), true
	case 'n':
		c.raw()
		return "", true
	}
	c.raw()
	return "", false
}

// object calls fn for each member; fn consumes the value. A null has no members; ok is
// false for every other type.
func (c *cursor) object(fn func(key []byte)) (ok bool) {
	if k := c.kind(); k != '{' {
		c.raw()
		return k == 'n'
	}
	c.pos++
	// The known fields of OSV fit in the room; what is beyond it may be anything, and much.
	var room [24][]byte
	seen := room[:0]
	var more map[string]struct{}
	for c.kind() != '}' {
		key := c.quoted()
		double := slices.ContainsFunc(seen, func(other []byte) bool { return bytes.Equal(key, other) })
		if len(seen) < cap(seen) {
			seen = append(seen, key)
		} else {
			if more == nil {
				more = make(map[string]struct{})
			}
			_, again := more[string(key)]
			double = double || again
			more[string(key)] = struct{}{}
		}
		if double && c.err == nil {
			c.err = fmt.Errorf("key %q stands twice in one object", key)
		}
		fn(key)
	}
	c.pos++
	return true
}

// array calls fn for each element; fn consumes it. A null has no elements; ok is false
// for every other type.
func (c *cursor) array(fn func(i int)) (ok bool) {
	if k := c.kind(); k != '[' {
		c.raw()
		return k == 'n'
	}
	c.pos++
	for i := 0; c.kind() != ']'; i++ {
		fn(i)
	}
	c.pos++
	return true
}
