package lockfile

import (
	"encoding/json"
	"errors"
	"strings"
)

// readBun reads bun.lock: JSON with commas at the end of lists, in which a package is
// a list that begins with "name@version".
//
// Source: bun.sh/docs/install/lockfile.
func readBun(c *collector, data []byte) error {
	var lock struct {
		LockfileVersion text
		Packages        map[string][]json.RawMessage
	}
	if err := decodeJSON(withoutTrailingCommas(data), &lock); err != nil {
		return err
	}
	if lock.LockfileVersion == "" {
		return errors.New("it has no lockfileVersion; is it Bun's lockfile?")
	}
	for key, list := range lock.Packages {
		var spec text
		if len(list) > 0 {
			if err := json.Unmarshal(list[0], &spec); err != nil {
				return err
			}
		}
		name, version := npmSpec(string(spec))
		why := foreign(version)
		if why == "" && strings.ContainsAny(version, ":/") {
			why = "it comes from " + clip(withoutUser(version)) + ", not from a registry"
		}
		switch {
		case spec == "":
			c.skip(key, "the entry does not begin with a name and a version")
		case why != "":
			c.skip(name, why)
		default:
			c.add(npmPackage(name, version, key, ""))
		}
	}
	return nil
}

// withoutTrailingCommas makes JSON of it: a comma before a closing bracket becomes a
// space, outside of strings.
func withoutTrailingCommas(data []byte) []byte {
	out := append([]byte(nil), data...)
	comma, quoted := -1, false
	for i := 0; i < len(out); i++ {
		switch c := out[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted, comma = !quoted, -1
		case quoted || c == ' ' || c == '\n' || c == '\r' || c == '\t':
		case c == ',':
			comma = i
		case (c == '}' || c == ']') && comma >= 0:
			out[comma], comma = ' ', -1
		default:
			comma = -1
		}
	}
	return out
}
