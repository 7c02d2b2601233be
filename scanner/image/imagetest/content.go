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
	"rpm-sqlite": func(text []byte) ([]byte, error) {
		blobs, err := rpmHeaders(text)
		if err != nil {
			return nil, err
		}
		return sqliteFile(blobs)
	},
	"rpm-ndb": func(text []byte) ([]byte, error) {
		blobs, err := rpmHeaders(text)
		return ndbFile(blobs), err
	},
	"rpm-bdb": func(text []byte) ([]byte, error) {
		blobs, err := rpmHeaders(text)
		return bdbFile(blobs), err
	},
	"go-binary":   goProgram,
	"rust-binary": rustProgram,
}

// Content makes bytes of text. Forms:
//
//	base64      the bytes themselves, in base64 with any white space
//	rpm-sqlite  an rpm database, with a block of lines for each package: Name, Epoch,
//	rpm-ndb     Version, Release, Arch, Source (of the source rpm), Module, File (for
//	rpm-bdb     each file), a colon, the value
//	go-binary   a Go program: the version of Go, then lines as of go version -m, without
//	            the white space that they begin with
//	rust-binary a Rust program: the JSON of cargo auditable
func Content(form string, text []byte) ([]byte, error) {
	f, ok := contents[form]
	if !ok {
		return nil, fmt.Errorf("content of form %q is not known: want one of %q", form, slices.Sorted(maps.Keys(contents)))
	}
	return f(text)
}
