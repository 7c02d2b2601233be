// Package indent writes an indented JSON document as it goes: lists may be longer than
// what memory should hold.
//
// The bytes are those that encoding/json would write of the whole, with two spaces for
// each level, HTML not escaped, and a line feed at the end.
package indent

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// Writer writes one document, an object. Its first error stays and is what Flush returns;
// until then nothing need be checked. It is for one goroutine.
type Writer struct {
	out     *bufio.Writer
	written int64
	value   bytes.Buffer // the one that is being encoded
	open    []byte       // the brackets that will end what is open
	empty   bool         // nothing stands in the innermost yet
	err     error
}

// NewWriter begins a document.
func NewWriter(w io.Writer) *Writer {
	d := &Writer{out: bufio.NewWriterSize(w, 64<<10)}
	d.Object("")
	return d
}

// Object begins an object, the value of key; within a list key is "". End ends it.
func (w *Writer) Object(key string) { w.begin(key, '{', '}') }

// List begins a list, the value of key. End ends it.
func (w *Writer) List(key string) { w.begin(key, '[', ']') }

func (w *Writer) begin(key string, open, end byte) {
	w.next(key)
	w.write([]byte{open})
	w.open = append(w.open, end)
	w.empty = true
}

// End ends the object or list that was begun last.
func (w *Writer) End() {
	last := len(w.open) - 1
	end := w.open[last]
	w.open = w.open[:last]
	if !w.empty {
		w.line()
	}
	w.write([]byte{end})
	w.empty = false
}

// Value writes the value of a key; within a list key is "".
func (w *Writer) Value(key string, v any) {
	w.next(key)
	w.value.Reset()
	enc := json.NewEncoder(&w.value)
	enc.SetEscapeHTML(false)
	enc.SetIndent(strings.Repeat("  ", len(w.open)), "  ")
	if err := enc.Encode(v); err != nil && w.err == nil {
		w.err = fmt.Errorf("encoding %T: %w", v, err)
	}
	w.write(bytes.TrimSuffix(w.value.Bytes(), []byte("\n")))
}

// Flush ends the document and returns how many bytes it has.
func (w *Writer) Flush() (int64, error) {
	w.End()
	w.write([]byte("\n"))
	if err := w.out.Flush(); w.err == nil {
		w.err = err
	}
	return w.written, w.err
}

// next writes what stands before a value.
func (w *Writer) next(key string) {
	if len(w.open) == 0 {
		return
	}
	if !w.empty {
		w.write([]byte(","))
	}
	w.line()
	w.empty = false
	if key != "" {
		w.write([]byte(`"` + key + `": `))
	}
}

func (w *Writer) line() { w.write([]byte("\n" + strings.Repeat("  ", len(w.open)))) }

func (w *Writer) write(p []byte) {
	if w.err == nil {
		var n int
		n, w.err = w.out.Write(p)
		w.written += int64(n)
	}
}
