package regression_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// editJSON decodes a file of JSON values, lets edit change them, and writes them with
// the keys of objects in a random order and with random indentation. errCannot is what
// would not mean the same afterwards: an object with one key twice, text that is not
// UTF-8, and what is not JSON.
func (v *variant) editJSON(data []byte, edit func([]any)) ([]byte, error) {
	if !utf8.Valid(data) {
		return nil, cannot("it is not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var values []any
	for {
		value, err := readValue(dec)
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, cannot("it is not JSON as any reader understands it: %v", err)
		}
		if _, ok := value.(string); ok {
			return nil, cannot("it is lines of quoted names") // a digraph: pairs of JSON strings
		}
		values = append(values, value)
	}
	if len(values) == 0 {
		return nil, cannot("it is empty")
	}
	edit(values)
	w := jsonWriter{variant: v, indent: strings.Repeat(" ", v.rand.IntN(4))}
	for _, value := range values {
		w.write(value, 0)
		w.WriteByte('\n')
	}
	return w.Bytes(), nil
}

// readValue reads a value, and refuses an object with a key twice. io.EOF is the end
// of the input before it.
func readValue(dec *json.Decoder) (any, error) {
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('['):
		list := []any{}
		for dec.More() {
			value, err := within(dec)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		_, err := dec.Token()
		return list, err
	case json.Delim('{'):
		object := map[string]any{}
		for dec.More() {
			key, err := dec.Token()
			if err != nil {
				return nil, err
			}
			if _, ok := object[key.(string)]; ok {
				return nil, fmt.Errorf("key %q twice", key)
			}
			if object[key.(string)], err = within(dec); err != nil {
				return nil, err
			}
		}
		_, err := dec.Token()
		return object, err
	}
	return token, nil
}

func within(dec *json.Decoder) (any, error) {
	value, err := readValue(dec)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return value, err
}

type jsonWriter struct {
	bytes.Buffer
	*variant
	indent string
}

func (w *jsonWriter) newline(depth int) {
	if w.indent != "" {
		w.WriteString("\n" + strings.Repeat(w.indent, depth))
	}
}

func (w *jsonWriter) write(value any, depth int) {
	switch value := value.(type) {
	case map[string]any:
		keys := slices.Sorted(maps.Keys(value))
		w.rand.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
		w.WriteByte('{')
		for i, key := range keys {
			w.separate(i, depth+1)
			w.scalar(key)
			w.WriteByte(':')
			w.write(value[key], depth+1)
		}
		w.newline(depth)
		w.WriteByte('}')
	case []any:
		w.WriteByte('[')
		for i, element := range value {
			w.separate(i, depth+1)
			w.write(element, depth+1)
		}
		w.newline(depth)
		w.WriteByte(']')
	default:
		w.scalar(value)
	}
}

func (w *jsonWriter) separate(i, depth int) {
	if i > 0 {
		w.WriteByte(',')
	}
	w.newline(depth)
}

func (w *jsonWriter) scalar(value any) {
	text, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("encoding %v: %v", value, err)) // it was decoded
	}
	w.Write(text)
}

// walkObjects visits every object within the values, outer ones first.
func walkObjects(value any, visit func(map[string]any)) {
	switch value := value.(type) {
	case map[string]any:
		visit(value)
		for _, key := range slices.Sorted(maps.Keys(value)) {
			walkObjects(value[key], visit)
		}
	case []any:
		for _, element := range value {
			walkObjects(element, visit)
		}
	}
}

// shuffleArrays shuffles the arrays that stand under any of the keys.
func (v *variant) shuffleArrays(values []any, keys ...string) {
	walkObjects(values, func(o map[string]any) {
		for _, key := range keys {
			if list, ok := o[key].([]any); ok {
				v.rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
			}
		}
	})
}

// duplicate lists every component of an SBOM twice, and says how many it met. The copy
// has no bom-ref, and an SPDXID of its own.
func duplicate(values []any) (n int) {
	walkObjects(values, func(o map[string]any) {
		if list, ok := o["components"].([]any); ok {
			for _, c := range list {
				o["components"] = append(o["components"].([]any), withoutRefs(c))
				n++
			}
		}
		if list, ok := o["packages"].([]any); ok && o["spdxVersion"] != nil {
			for i, p := range list {
				if p, ok := p.(map[string]any); ok {
					again := maps.Clone(p)
					again["SPDXID"] = fmt.Sprintf("SPDXRef-again-%d", i)
					o["packages"] = append(o["packages"].([]any), again)
					n++
				}
			}
		}
	})
	return n
}

func withoutRefs(value any) any {
	switch value := value.(type) {
	case map[string]any:
		bare := map[string]any{}
		for key, inner := range value {
			if key != "bom-ref" {
				bare[key] = withoutRefs(inner)
			}
		}
		return bare
	case []any:
		var list []any
		for _, element := range value {
			list = append(list, withoutRefs(element))
		}
		return list
	}
	return value
}
