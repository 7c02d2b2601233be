package lockfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// A text is a JSON value that is to be a string. A number is its literal, so that
// 1.10 does not become 1.1 (F-281); null and whatever else is "", which is no version.
type text string

// UnmarshalJSON implements [json.Unmarshaler].
func (t *text) UnmarshalJSON(data []byte) error {
	*t = ""
	switch c := data[0]; {
	case c == '"':
		var s string
		err := json.Unmarshal(data, &s)
		*t = text(s)
		return err
	case c == '-', '0' <= c && c <= '9':
		*t = text(data)
	}
	return nil
}

// A flag is a JSON value that is true, or counts as false.
type flag bool

// UnmarshalJSON implements [json.Unmarshaler].
func (f *flag) UnmarshalJSON(data []byte) error {
	*f = string(data) == "true"
	return nil
}

// decodeJSON reads a document that is one object. encoding/json bounds its depth.
func decodeJSON(data []byte, into any) error {
	if trimmed := bytes.TrimSpace(data); trimmed[0] != '{' {
		return fmt.Errorf("its JSON is no object; is it a lockfile of this name?")
	}
	err := json.Unmarshal(data, into)
	if err == nil {
		return nil
	}
	switch e := err.(type) {
	case *json.SyntaxError:
		line := 1 + bytes.Count(data[:min(int(e.Offset), len(data))], []byte("\n"))
		return fmt.Errorf("line %d: %w; write it anew with its package manager", line, err)
	case *json.UnmarshalTypeError:
		line := 1 + bytes.Count(data[:min(int(e.Offset), len(data))], []byte("\n"))
		return fmt.Errorf("line %d: %s is not what belongs at %q", line, e.Value, strings.ToLower(e.Field))
	}
	return err
}
