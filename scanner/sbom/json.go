package sbom

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A jsonReader reads JSON (RFC 8259) value by value, keeping only what is asked for.
// [encoding/json]'s Decoder would hold one top-level element in memory at a time,
// which nesting makes the whole document, and has no limit of ours.
type jsonReader struct {
	window
	line  int
	depth int
	text  []byte // of the string that is being read

	words map[string]string // strings that recur: see word

	skipElement func() error       // skip, bound once
	skipField   func([]byte) error // skip, bound once
}

func newJSONReader(in io.Reader) *jsonReader {
	j := &jsonReader{window: window{in: in, room: make([]byte, 64<<10)}, line: 1, words: map[string]string{}}
	j.skipElement = j.skip
	j.skipField = func([]byte) error { return j.skip() }
	return j
}

func (j *jsonReader) errorf(format string, args ...any) error {
	return &SyntaxError{Line: j.line, Offset: j.offset(), Err: fmt.Errorf(format, args...)}
}

func (j *jsonReader) readError(err error) error {
	if err == io.EOF {
		return j.errorf("it ends within a JSON value; is it truncated? Make it anew")
	}
	return err
}

// next consumes a byte.
func (j *jsonReader) next() (byte, error) {
	if len(j.ahead) == 0 {
		if err := j.fill(1); err != nil {
			return 0, j.readError(err)
		}
	}
	b := j.ahead[0]
	j.ahead = j.ahead[1:]
	return b, nil
}

// consume consumes the byte that peek gave.
func (j *jsonReader) consume() { j.ahead = j.ahead[1:] }

// peek skips white space and gives the byte that follows, without consuming it.
func (j *jsonReader) peek() (byte, error) {
	for {
		for i, b := range j.ahead {
			switch b {
			case ' ', '\r', '\t':
			case '\n':
				j.line++
			default:
				j.ahead = j.ahead[i:]
				return b, nil
			}
		}
		j.ahead = nil
		if err := j.fill(1); err != nil {
			return 0, j.readError(err)
		}
	}
}

// end demands that nothing follows the value.
func (j *jsonReader) end() error {
	b, err := j.peek()
	var syntax *SyntaxError
	switch {
	case errors.As(err, &syntax):
		return nil // the end of the input
	case err != nil:
		return err
	}
	return j.errorf("%q follows the end of the document", b)
}

func (j *jsonReader) enter() error {
	if j.depth++; j.depth > MaxDepth {
		return j.errorf("values are nested more than %d deep", MaxDepth)
	}
	j.consume()
	return nil
}

// object calls field with each key of the object that comes; field reads the value.
// key is valid until then.
func (j *jsonReader) object(field func(key []byte) error) error {
	b, err := j.peek()
	if err != nil {
		return err
	}
	if b != '{' {
		return j.errorf("an object belongs here, not what begins with %q", b)
	}
	if err := j.enter(); err != nil {
		return err
	}
	for first := true; ; first = false {
		if b, err = j.peek(); err != nil {
			return err
		}
		if b == '}' && first {
			break
		}
		if b != '"' {
			return j.errorf("a key in quotes belongs here, not %q", b)
		}
		if err := j.str(true); err != nil {
			return err
		}
		if err := j.expect(':'); err != nil {
			return err
		}
		if err := field(j.text); err != nil {
			return err
		}
		if b, err = j.peek(); err != nil {
			return err
		}
		if b == '}' {
			break
		}
		if err := j.expect(','); err != nil {
			return err
		}
	}
	j.depth--
	j.consume()
	return nil
}

// array calls element for each element of the array that comes; null has none.
func (j *jsonReader) array(element func() error) error {
	b, err := j.peek()
	if err != nil {
		return err
	}
	if b == 'n' {
		return j.skip()
	}
	if b != '[' {
		return j.errorf("an array belongs here, not what begins with %q", b)
	}
	if err := j.enter(); err != nil {
		return err
	}
	for first := true; ; first = false {
		if b, err = j.peek(); err != nil {
			return err
		}
		if b == ']' && first {
			break
		}
		if err := element(); err != nil {
			return err
		}
		if b, err = j.peek(); err != nil {
			return err
		}
		if b == ']' {
			break
		}
		if err := j.expect(','); err != nil {
			return err
		}
	}
	j.depth--
	j.consume()
	return nil
}

func (j *jsonReader) expect(want byte) error {
	b, err := j.peek()
	if err != nil {
		return err
	}
	if b != want {
		return j.errorf("%q belongs here, not %q", want, b)
	}
	j.consume()
	return nil
}

// string reads a string that is kept. null is "", and a number is its literal: 1.10
// is a version that some write without quotes.
func (j *jsonReader) string(to *string) error {
	b, err := j.peek()
	if err != nil {
		return err
	}
	switch {
	case b == '"':
		if err := j.str(true); err != nil {
			return err
		}
		*to = validText(j.text)
		return nil
	case b == '-' || '0' <= b && b <= '9':
		literal, err := j.scalar()
		*to = literal
		return err
	case b == 'n':
		*to = ""
		return j.skip()
	}
	return j.errorf("a string belongs here, not what begins with %q", b)
}

// beginning reads a string that is kept, as string does. Where whole begins with it, it is
// not kept a second time: generators make a bom-ref of the purl and a suffix.
func (j *jsonReader) beginning(whole string, to *string) error {
	if b, err := j.peek(); err != nil || b != '"' {
		return j.string(to)
	}
	if err := j.str(true); err != nil {
		return err
	}
	if n := len(j.text); n <= len(whole) && whole[:n] == string(j.text) && utf8.Valid(j.text) {
		*to = whole[:n]
		return nil
	}
	*to = validText(j.text)
	return nil
}

// word reads a string, or skips what is none. It is for strings that recur, such as a
// component's type or the path of a package database: each is in memory once.
func (j *jsonReader) word(to *string) error {
	if b, err := j.peek(); err != nil || b != '"' {
		return j.skip()
	}
	if err := j.str(true); err != nil {
		return err
	}
	word, ok := j.words[string(j.text)]
	if !ok {
		word = validText(j.text)
		if len(j.words) < 10_000 && len(word) < 256 {
			j.words[string(j.text)] = word
		}
	}
	*to = word
	return nil
}

// skip reads a value of any kind and checks its syntax.
func (j *jsonReader) skip() error {
	b, err := j.peek()
	if err != nil {
		return err
	}
	switch b {
	case '{':
		return j.object(j.skipField)
	case '[':
		return j.array(j.skipElement)
	case '"':
		return j.str(false)
	}
	_, err = j.scalar()
	return err
}

// scalar reads a number, true, false or null, and gives its text.
func (j *jsonReader) scalar() (string, error) {
	j.text = j.text[:0]
	for {
		if len(j.ahead) == 0 {
			if err := j.fill(1); err == io.EOF {
				break
			} else if err != nil {
				return "", err
			}
		}
		b := j.ahead[0]
		if !('a' <= b && b <= 'z' || '0' <= b && b <= '9' || b == '-' || b == '+' || b == '.' || b == 'E') {
			if len(j.text) == 0 {
				return "", j.errorf("a JSON value belongs here, not %q", b)
			}
			break
		}
		if len(j.text) == 1000 {
			return "", j.errorf("a number is longer than 1000 digits")
		}
		j.text = append(j.text, b)
		j.ahead = j.ahead[1:]
	}
	literal := string(j.text)
	switch literal {
	case "true", "false", "null":
		return literal, nil
	}
	if !isNumber(literal) {
		return "", j.errorf("%q is no JSON value", literal)
	}
	return literal, nil
}

// isNumber reports whether s is a number by RFC 8259, section 6.
func isNumber(s string) bool {
	digits := func() bool {
		n := 0
		for n < len(s) && '0' <= s[n] && s[n] <= '9' {
			n++
		}
		s = s[n:]
		return n > 0
	}
	s = strings.TrimPrefix(s, "-")
	if strings.HasPrefix(s, "0") {
		s = s[1:]
	} else if !digits() {
		return false
	}
	if strings.HasPrefix(s, ".") {
		s = s[1:]
		if !digits() {
			return false
		}
	}
	if s != "" && (s[0] == 'e' || s[0] == 'E') {
		s = s[1:]
		if s != "" && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
		if !digits() {
			return false
		}
	}
	return s == ""
}

// str reads the string whose quote peek gave, into j.text where it is kept.
func (j *jsonReader) str(keep bool) error {
	j.text = j.text[:0]
	j.consume()
	for {
		// What is there, up to the next byte that means something.
		if len(j.ahead) == 0 {
			if err := j.fill(1); err != nil {
				return j.readError(err)
			}
		}
		chunk, n := j.ahead, 0
		for n < len(chunk) && chunk[n] != '"' && chunk[n] != '\\' && chunk[n] >= 0x20 {
			n++
		}
		if keep {
			if len(j.text)+n > MaxText {
				return j.errorf("a string that names something is longer than %d bytes", MaxText)
			}
			j.text = append(j.text, chunk[:n]...)
		}
		whole := n == len(chunk)
		var stop byte
		if !whole {
			stop = chunk[n]
			n++
		}
		j.ahead = chunk[n:]
		switch {
		case whole:
		case stop == '"':
			return nil
		case stop == '\\':
			if err := j.escape(); err != nil {
				return err
			}
			if !keep {
				j.text = j.text[:0]
			}
		default:
			return j.errorf("a string has the control character %q, which JSON escapes", stop)
		}
	}
}

// escape reads what follows a backslash.
func (j *jsonReader) escape() error {
	b, err := j.next()
	if err != nil {
		return err
	}
	switch b {
	case '"', '\\', '/':
	case 'b':
		b = '\b'
	case 'f':
		b = '\f'
	case 'n':
		b = '\n'
	case 'r':
		b = '\r'
	case 't':
		b = '\t'
	case 'u':
		r, err := j.hex4()
		if err != nil {
			return err
		}
		if utf16.IsSurrogate(r) {
			pair := utf8.RuneError
			// Short of six bytes at the end of the input, which is no pair either.
			_ = j.fill(6)
			if len(j.ahead) >= 6 && j.ahead[0] == '\\' && j.ahead[1] == 'u' {
				if low, err := strconv.ParseUint(string(j.ahead[2:6]), 16, 16); err == nil {
					pair = utf16.DecodeRune(r, rune(low))
				}
			}
			if r = pair; r != utf8.RuneError {
				j.ahead = j.ahead[6:]
			}
		}
		j.text = utf8.AppendRune(j.text, r)
		return nil
	default:
		return j.errorf("%q is no escape of JSON", `\`+string(rune(b)))
	}
	j.text = append(j.text, b)
	return nil
}

func (j *jsonReader) hex4() (rune, error) {
	var r rune
	for range 4 {
		b, err := j.next()
		if err != nil {
			return 0, err
		}
		digit, err := strconv.ParseUint(string(rune(b)), 16, 8)
		if err != nil {
			return 0, j.errorf("%q is no hexadecimal digit of an escape", b)
		}
		r = r<<4 | rune(digit)
	}
	return r, nil
}
