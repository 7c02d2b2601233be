// Package node reads the package.json files of installed npm packages.
//
// An installed package is a directory NAME or @SCOPE/NAME within node_modules. A
// package.json deeper in it belongs to the package's own parts (a build, a test) and
// stands for nothing installed. Outside of any node_modules, a package.json with a name
// and a version is taken for a package that was unpacked by hand, as yarn's is in images
// of Node.js.
//
// Source: npm, "package.json" and "folders".
package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

const maxSize = 16 << 20

// IsInstalled says whether a file, by its path, is the package.json of a package in
// node_modules.
func IsInstalled(name string) bool {
	dir, ok := strings.CutSuffix(name, "/package.json")
	if !ok {
		return false
	}
	parts := strings.Split(dir, "/")
	n := len(parts)
	if n >= 3 && strings.HasPrefix(parts[n-2], "@") {
		return parts[n-3] == "node_modules"
	}
	return n >= 2 && parts[n-2] == "node_modules" && !strings.HasPrefix(parts[n-1], "@")
}

// IsAlone says whether a file, by its path, is a package.json outside of node_modules.
func IsAlone(name string) bool {
	return (name == "package.json" || strings.HasSuffix(name, "/package.json")) && !strings.Contains("/"+name, "/node_modules/")
}

// A Package is what a package.json says; either may be "".
type Package struct{ Name, Version string }

// Parse reads a package.json.
func Parse(r io.Reader) (Package, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxSize+1))
	if err != nil {
		return Package{}, err
	}
	if len(text) > maxSize {
		return Package{}, fmt.Errorf("it is larger than %d bytes", maxSize)
	}
	var fields struct{ Name, Version any }
	text = []byte(strings.TrimPrefix(string(text), "\ufeff"))
	if err := json.Unmarshal(text, &fields); err != nil {
		return Package{}, err
	}
	var p Package
	for _, f := range []struct {
		value any
		to    *string
	}{{fields.Name, &p.Name}, {fields.Version, &p.Version}} {
		s, ok := f.value.(string)
		if !ok && f.value != nil {
			return Package{}, errors.New("its name or version is no string")
		}
		*f.to = s
	}
	return p, nil
}
