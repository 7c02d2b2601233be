package imagetest

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// contents make a file's bytes of a recipe's text.
var contents = map[string]func(text []byte) ([]byte, error){
	"base64": func(text []byte) ([]byte, error) {
		return base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(text)), ""))
	},
}

// Content makes bytes of text. Forms:
//
//	base64   the bytes themselves, in base64 with any white space
func Content(form string, text []byte) ([]byte, error) {
	f, ok := contents[form]
	if !ok {
		return nil, fmt.Errorf("content of form %q is not known: want one of %q", form, slices.Sorted(maps.Keys(contents)))
	}
	return f(text)
}
