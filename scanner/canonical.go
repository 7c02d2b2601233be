package scanner

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"unicode/utf8"
)

// canonical writes canonical JSON (RFC 8785): objects' keys in the order of their UTF-16
// code units, which the callers see to, no spaces, and what section 3.2.2 says of texts
// and numbers. It writes a report as it goes; encoding/json and a canonicalizer behind
// it would hold it five times.
type canonical struct {
	w       io.Writer
	buf     []byte // not yet written
	written int64
	err     error
}

// flush writes what is there if that is as much as atLeast.
func (c *canonical) flush(atLeast int) {
	if len(c.buf) < atLeast {
		return
	}
	if c.err == nil {
		var n int
		n, c.err = c.w.Write(c.buf)
		c.written += int64(n)
	}
	c.buf = c.buf[:0]
}

// field begins a field; open is '{' for the first of an object.
func (c *canonical) field(open byte, key string) {
	c.buf = append(c.buf, open, '"')
	c.buf = append(c.buf, key...)
	c.buf = append(c.buf, '"', ':')
}

func (c *canonical) end() { c.buf = append(c.buf, '}') }

func (c *canonical) number(n int) { c.buf = strconv.AppendInt(c.buf, int64(n), 10) }

// float writes a number as ECMAScript does, in the range where that has no exponent.
func (c *canonical) float(f float64) {
	if f == 0 {
		f = 0 // not -0
	}
	if abs := math.Abs(f); math.IsNaN(f) || abs >= 1e21 || f != 0 && abs < 1e-6 {
		c.err = fmt.Errorf("encoding a report: a score of %v", f)
		return
	}
	c.buf = strconv.AppendFloat(c.buf, f, 'f', -1, 64)
}

// text writes a string. What is not UTF-8 becomes U+FFFD, as in encoding/json.
func (c *canonical) text(s string) {
	c.buf = append(c.buf, '"')
	from := 0
	for i := 0; i < len(s); {
		b := s[i]
		if b >= ' ' && b != '"' && b != '\\' && b < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r != utf8.RuneError && r >= utf8.RuneSelf || size == 3 {
			i += size
			continue
		}
		c.buf = append(c.buf, s[from:i]...)
		c.escape(r)
		i += size
		from = i
	}
	c.buf = append(append(c.buf, s[from:]...), '"')
}

func (c *canonical) escape(r rune) {
	switch r {
	case '"', '\\':
		c.buf = append(c.buf, '\\', byte(r))
	case '\b':
		c.buf = append(c.buf, `\b`...)
	case '\t':
		c.buf = append(c.buf, `\t`...)
	case '\n':
		c.buf = append(c.buf, `\n`...)
	case '\f':
		c.buf = append(c.buf, `\f`...)
	case '\r':
		c.buf = append(c.buf, `\r`...)
	case utf8.RuneError:
		c.buf = utf8.AppendRune(c.buf, r)
	default:
		c.buf = fmt.Appendf(c.buf, `\u%04x`, r)
	}
}

func (c *canonical) texts(list []string) { array(c, list, c.text) }

// array writes a list; null where it is nil.
func array[T any](c *canonical, list []T, element func(T)) {
	if list == nil {
		c.buf = append(c.buf, "null"...)
		return
	}
	c.buf = append(c.buf, '[')
	for i, e := range list {
		if i > 0 {
			c.buf = append(c.buf, ',')
		}
		element(e)
		c.flush(64 << 10)
	}
	c.buf = append(c.buf, ']')
}
