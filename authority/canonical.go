package authority

import (
	"bytes"
	"slices"
	"sync"
	"unicode/utf8"
)

// canonicalize is the way of most payloads, which are read far more often than written:
// one pass, where the general way decodes, formats and sorts in several. It knows numbers
// that are integers of up to 15 digits, strings without \u and \/, and keys of ASCII
// without escapes, whose order is that of their bytes. It gives up on everything else, and
// on everything illegal: the general way then decides. A fuzz test holds the two together.
func canonicalize(data []byte) (text string, ok bool) {
	c, _ := canonicalizers.Get().(*canonicalizer)
	if c == nil {
		c = new(canonicalizer)
	}
	c.src, c.at, c.out, c.members = data, 0, slices.Grow(c.out[:0], len(data)), c.members[:0]
	if ok = c.payload(); ok {
		text = string(c.out)
	}
	if c.src = nil; cap(c.out) <= maxKept {
		canonicalizers.Put(c)
	}
	return text, ok
}

// canonicalizers are those at rest. One that has read a large payload is not kept.
var canonicalizers sync.Pool

const maxKept = 64 << 10

// payload takes an object and nothing else.
func (c *canonicalizer) payload() bool {
	c.space()
	if c.next() != '{' || !c.value(0) {
		return false
	}
	c.space()
	return c.at == len(c.src)
}

type canonicalizer struct {
	src     []byte
	at      int // of src
	out     []byte
	members []member // of the objects that are open
	scratch []byte
}

// member is one of an object's, by its places in out.
type member struct{ key, keyEnd, end int }

// next is the byte to come, 0 behind the last.
func (c *canonicalizer) next() byte {
	if c.at == len(c.src) {
		return 0
	}
	return c.src[c.at]
}

func (c *canonicalizer) space() {
	for c.at < len(c.src) && (c.src[c.at] == ' ' || c.src[c.at] == '\n' || c.src[c.at] == '\t' || c.src[c.at] == '\r') {
		c.at++
	}
}

// take takes a byte, if it is the one to come.
func (c *canonicalizer) take(b byte) bool {
	if c.next() != b {
		return false
	}
	c.at++
	c.out = append(c.out, b)
	return true
}

func (c *canonicalizer) value(depth int) bool {
	switch c.next() {
	case '{':
		return depth < MaxPayloadDepth && c.object(depth+1)
	case '[':
		return depth < MaxPayloadDepth && c.array(depth+1)
	case '"':
		_, ok := c.string()
		return ok
	case 't':
		return c.literal("true")
	case 'f':
		return c.literal("false")
	case 'n':
		return c.literal("null")
	}
	return c.integer()
}

func (c *canonicalizer) literal(word string) bool {
	if !bytes.HasPrefix(c.src[c.at:], []byte(word)) {
		return false
	}
	c.at += len(word)
	c.out = append(c.out, word...)
	return true
}

func (c *canonicalizer) integer() bool {
	begin := c.at
	if c.next() == '-' {
		c.at++
	}
	digits := c.at
	for c.next() >= '0' && c.next() <= '9' {
		c.at++
	}
	switch n := c.at - digits; {
	case n == 0 || n > 15:
		return false
	case c.src[digits] == '0' && c.at-begin > 1: // 01, -0
		return false
	case c.next() == '.' || c.next() == 'e' || c.next() == 'E':
		return false
	}
	c.out = append(c.out, c.src[begin:c.at]...)
	return true
}

// string takes a string; plain says that its bytes are ASCII and none is escaped.
func (c *canonicalizer) string() (plain, ok bool) {
	begin, ascii, escaped := c.at, true, false
	for c.at++; ; c.at++ {
		switch b := c.next(); {
		case b == '"':
			c.at++
			text := c.src[begin:c.at]
			if !ascii && !utf8.Valid(text) {
				return false, false
			}
			c.out = append(c.out, text...)
			return ascii && !escaped, true
		case b == '\\':
			c.at++
			escaped = true
			if b := c.next(); b == 0 || bytes.IndexByte([]byte(`"\bfnrt`), b) < 0 {
				return false, false
			}
		case b < ' ': // the end, too
			return false, false
		case b >= utf8.RuneSelf:
			ascii = false
		}
	}
}

func (c *canonicalizer) array(depth int) bool {
	c.take('[')
	c.space()
	if c.take(']') {
		return true
	}
	for {
		if !c.value(depth) {
			return false
		}
		c.space()
		if !c.take(',') {
			return c.take(']')
		}
		c.space()
	}
}

func (c *canonicalizer) object(depth int) bool {
	c.take('{')
	c.space()
	if c.take('}') {
		return true
	}
	first := len(c.members)
	for {
		m := member{key: len(c.out)}
		if c.next() != '"' {
			return false
		}
		if plain, ok := c.string(); !plain || !ok {
			return false
		}
		m.keyEnd = len(c.out)
		c.space()
		if !c.take(':') {
			return false
		}
		c.space()
		if !c.value(depth) {
			return false
		}
		m.end = len(c.out)
		c.members = append(c.members, m)
		c.space()
		if !c.take(',') {
			break
		}
		c.space()
	}
	ok := c.sort(c.members[first:])
	c.members = c.members[:first]
	return ok && c.take('}')
}

// sort brings the members of an object into order; two with one key have none.
func (c *canonicalizer) sort(members []member) bool {
	// Without the quotes: a key that another begins with comes before it.
	key := func(m member) []byte { return c.out[m.key+1 : m.keyEnd-1] }
	compare := func(a, b member) int { return bytes.Compare(key(a), key(b)) }
	begin := members[0].key
	sorted := slices.IsSortedFunc(members, compare)
	if !sorted {
		slices.SortFunc(members, compare)
	}
	for i := 1; i < len(members); i++ {
		if compare(members[i-1], members[i]) == 0 {
			return false
		}
	}
	if sorted {
		return true
	}
	c.scratch = slices.Grow(c.scratch[:0], len(c.out)-begin)
	for i, m := range members {
		if i > 0 {
			c.scratch = append(c.scratch, ',')
		}
		c.scratch = append(c.scratch, c.out[m.key:m.end]...)
	}
	copy(c.out[begin:], c.scratch)
	return true
}
