package sbom

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// A sizeLimit fails once more than left bytes have come; [io.LimitReader] would end
// the input there, which looks like a truncated one.
type sizeLimit struct {
	r    io.Reader
	left int64
}

func (l *sizeLimit) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, fmt.Errorf("it is larger than %d MiB; split it, or drop what is not a component", MaxSize>>20)
	}
	return n, err
}

// decodeText gives r as UTF-8 without a byte order mark. RFC 8259 asks for UTF-8 and
// lets a reader ignore the mark; UTF-16 is what some shells write when they redirect.
func decodeText(r io.Reader) (io.Reader, error) {
	in := bufio.NewReader(r)
	mark, err := in.Peek(4)
	if err != nil && err != io.EOF {
		return nil, err
	}
	has := func(bom string) bool { return len(mark) >= len(bom) && string(mark[:len(bom)]) == bom }
	switch {
	case has("\x00\x00\xfe\xff"), has("\xff\xfe\x00\x00"):
		return nil, errors.New("it is UTF-32; save it as UTF-8")
	case has("\xef\xbb\xbf"):
		_, err = in.Discard(3)
		return in, err
	case has("\xff\xfe"):
		_, err = in.Discard(2)
		return &utf16Reader{in: in, order: binary.LittleEndian}, err
	case has("\xfe\xff"):
		_, err = in.Discard(2)
		return &utf16Reader{in: in, order: binary.BigEndian}, err
	}
	return in, nil
}

// A utf16Reader turns UTF-16 into UTF-8. A lone surrogate becomes U+FFFD.
type utf16Reader struct {
	in    *bufio.Reader
	order binary.ByteOrder
	rest  []byte // of a rune that did not fit
	err   error
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	n := copy(p, u.rest)
	u.rest = u.rest[n:]
	for n < len(p) && u.err == nil {
		var r rune
		if r, u.err = u.next(); u.err != nil {
			break
		}
		var b [utf8.UTFMax]byte
		size := utf8.EncodeRune(b[:], r)
		copied := copy(p[n:], b[:size])
		n += copied
		if copied < size {
			u.rest = append(u.rest[:0:0], b[copied:size]...)
		}
	}
	if n == 0 && len(p) > 0 {
		return 0, u.err
	}
	return n, nil
}

func (u *utf16Reader) next() (rune, error) {
	unit, err := u.in.Peek(2)
	if len(unit) == 1 {
		return 0, errors.New("its UTF-16 text ends within a character; is it truncated?")
	}
	if err != nil {
		return 0, err
	}
	r := rune(u.order.Uint16(unit))
	u.in.Discard(2) //nolint:errcheck // both bytes are buffered
	if !utf16.IsSurrogate(r) {
		return r, nil
	}
	if low, _ := u.in.Peek(2); len(low) == 2 {
		if pair := utf16.DecodeRune(r, rune(u.order.Uint16(low))); pair != utf8.RuneError {
			u.in.Discard(2) //nolint:errcheck // both bytes are buffered
			return pair, nil
		}
	}
	return utf8.RuneError, nil
}

// validText is b as a string; each byte that is no UTF-8 becomes U+FFFD, as
// encoding/json has it, for a report is UTF-8.
func validText(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return string([]rune(string(b)))
}
