package author

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// A tree is a JSON document whose parts can be taken out. Its objects keep the order of
// their keys, so that what is left reads as it did.
type tree struct {
	root  any
	parts int
}

type member struct {
	key   string
	value any
}

type object []member

// A part is an element of an array that can be taken out.
type part struct {
	number int
	value  any
}

// removable are the keys of arrays whose elements may go: what an SBOM lists, and what it
// says of those.
var removable = []string{
	"components", "dependencies", "dependsOn", "packages", "relationships", "files", "properties", "licenses", "hashes",
	"externalReferences", "externalRefs", "documentDescribes", "hasExtractedLicensingInfos", "annotations",
}

// maxNesting bounds the depth of a document.
const maxNesting = 1000

func parseTree(data []byte) (*tree, error) {
	t := &tree{}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	root, err := t.value(dec, false, 0)
	if err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more after the JSON value")
	}
	t.root = root
	return t, nil
}

// value reads a value. The elements of an array are parts where it is removable.
func (t *tree) value(dec *json.Decoder, parts bool, depth int) (any, error) {
	if depth > maxNesting {
		return nil, fmt.Errorf("values are nested deeper than %d", maxNesting)
	}
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('['):
		list := []any{}
		for dec.More() {
			number := t.parts
			if parts {
				t.parts++
			}
			v, err := t.value(dec, false, depth+1)
			if err != nil {
				return nil, err
			}
			if parts {
				v = part{number, v}
			}
			list = append(list, v)
		}
		_, err := dec.Token()
		return list, err
	case json.Delim('{'):
		var o object
		for dec.More() {
			key, err := dec.Token()
			if err != nil {
				return nil, err
			}
			v, err := t.value(dec, slices.Contains(removable, key.(string)), depth+1)
			if err != nil {
				return nil, err
			}
			o = append(o, member{key.(string), v})
		}
		_, err := dec.Token()
		return o, err
	}
	return token, nil
}

// with writes the document with those parts alone that are kept; a part that is not
// takes what is in it along. Arrays that become empty go, too.
func (t *tree) with(kept func(part int) bool) []byte {
	var out bytes.Buffer
	encode(&out, t.root, kept, "")
	out.WriteByte('\n')
	return out.Bytes()
}

func encode(out *bytes.Buffer, v any, kept func(int) bool, indent string) {
	inner := indent + "  "
	switch v := v.(type) {
	case part:
		encode(out, v.value, kept, indent)
	case []any:
		left := slices.DeleteFunc(slices.Clone(v), func(e any) bool { p, ok := e.(part); return ok && !kept(p.number) })
		out.WriteByte('[')
		for i, e := range left {
			separate(out, i, inner)
			encode(out, e, kept, inner)
		}
		end(out, len(left), indent)
		out.WriteByte(']')
	case object:
		out.WriteByte('{')
		n := 0
		for _, m := range v {
			if emptied(m.value, kept) {
				continue
			}
			separate(out, n, inner)
			scalar(out, m.key)
			out.WriteString(": ")
			encode(out, m.value, kept, inner)
			n++
		}
		end(out, n, indent)
		out.WriteByte('}')
	default:
		scalar(out, v)
	}
}

// emptied reports whether a value is an array that had elements and has none left.
func emptied(v any, kept func(int) bool) bool {
	list, ok := v.([]any)
	return ok && len(list) > 0 && !slices.ContainsFunc(list, func(e any) bool { p, ok := e.(part); return !ok || kept(p.number) })
}

func separate(out *bytes.Buffer, i int, indent string) {
	if i > 0 {
		out.WriteByte(',')
	}
	out.WriteString("\n" + indent)
}

func end(out *bytes.Buffer, n int, indent string) {
	if n > 0 {
		out.WriteString("\n" + indent)
	}
}

func scalar(out *bytes.Buffer, v any) {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(fmt.Sprintf("author: encoding %v: %v", v, err)) // it was decoded
	}
	out.Truncate(out.Len() - 1) // the encoder's line feed
}
