package lockfile

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/pelletier/go-toml/v2"
)

// decodeTOML reads a TOML document. go-toml recurses into arrays and inline tables
// without a limit, so that their depth is checked first.
func decodeTOML(data []byte, into any) error {
	if len(data) > MaxTree {
		return fmt.Errorf("it is TOML larger than %d MiB; is it a lockfile?", MaxTree>>20)
	}
	if line := deepTOML(data); line > 0 {
		return fmt.Errorf("line %d: values are nested more than %d deep", line, MaxDepth)
	}
	err := toml.Unmarshal(data, into)
	if e, ok := errors.AsType[*toml.DecodeError](err); ok {
		line, _ := e.Position()
		return fmt.Errorf("line %d: %w; write it anew with its package manager", line, err)
	}
	return err
}

// deepTOML gives the line in which brackets outside of strings and comments nest too
// deep, 0 where none does.
func deepTOML(data []byte) int {
	line, depth := 1, 0
	for i := 0; i < len(data); i++ {
		switch c := data[i]; c {
		case '\n':
			line++
		case '[', '{':
			if depth++; depth > MaxDepth {
				return line
			}
		case ']', '}':
			depth = max(0, depth-1)
		case '#':
			for i+1 < len(data) && data[i+1] != '\n' {
				i++
			}
		case '"', '\'':
			end := tomlString(data[i:])
			line += bytes.Count(data[i:i+end], []byte("\n"))
			i += end - 1
		}
	}
	return 0
}

// tomlString is the length of the string that b begins with: to its closing quotes,
// or to the end of the line or of the document where there are none.
func tomlString(b []byte) int {
	quote := b[:1]
	if len(b) >= 3 && b[1] == b[0] && b[2] == b[0] {
		quote = b[:3]
	}
	for i := len(quote); i < len(b); i++ {
		switch {
		case b[i] == '\\' && b[0] == '"':
			i++
		case bytes.HasPrefix(b[i:], quote):
			return i + len(quote)
		case b[i] == '\n' && len(quote) == 1:
			return i
		}
	}
	return len(b)
}
