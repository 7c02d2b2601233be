package reach

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Target is a package of an advisory and its vulnerable symbols.
type Target struct {
	// Path is a Go import path, a crate, or what holds the function elsewhere: a Java
	// class, a JavaScript module.
	Path string
	// Symbols are relative to Path in Go ("Decoder.Decode"), full paths in Rust
	// ("smallvec::SmallVec::insert_many"). None means every symbol of the package.
	Symbols []string
}

// Targets reads the vulnerable symbols of an OSV record: the ecosystem_specific of
// one entry of affected, whose package is name.
//
// Go: imports[].path and symbols (Go vulnerability database, "The osv.Entry"). An
// import without symbols is a target without symbols: all of the package. Rust:
// affects.functions (RustSec "[affected.functions]"), a list or a map from name to
// versions; an empty one says nothing, and gives no target. Other ecosystems define no
// symbols; an import with symbols in Go's form is read there too, so that a database of
// one's own can name them. Its path is the "package" of a call graph's nodes. An empty
// value and unknown fields give no target. The error names what cannot be read;
// the advisory is then to be judged without symbols, which is [Unknown].
func Targets(ecosystem, name string, ecosystemSpecific []byte) ([]Target, error) {
	if len(ecosystemSpecific) == 0 {
		return nil, nil
	}
	var targets []Target
	var err error
	switch ecosystem {
	case ecosystemGo:
		targets, err = goTargets(ecosystemSpecific)
	case ecosystemRust:
		targets, err = rustTargets(name, ecosystemSpecific)
	default:
		targets = otherTargets(ecosystemSpecific)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the symbols of %s package %q: %w", ecosystem, name, err)
	}
	return targets, nil
}

func goTargets(data []byte) ([]Target, error) {
	var specific struct {
		Imports []struct {
			Path    string   `json:"path"`
			Symbols []string `json:"symbols"`
		} `json:"imports"`
	}
	if err := json.Unmarshal(data, &specific); err != nil {
		return nil, err
	}
	var targets []Target
	for i, imp := range specific.Imports {
		if imp.Path == "" {
			return nil, fmt.Errorf("imports[%d] has no path", i)
		}
		targets = append(targets, Target{Path: imp.Path, Symbols: imp.Symbols})
	}
	return targets, nil
}

// otherTargets takes what is in Go's form. Any other "imports" is the ecosystem's own,
// and no error.
func otherTargets(data []byte) []Target {
	targets, err := goTargets(data)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(targets, func(t Target) bool { return len(t.Symbols) == 0 })
}

func rustTargets(crate string, data []byte) ([]Target, error) {
	var specific struct {
		Affects struct {
			Functions json.RawMessage `json:"functions"`
		} `json:"affects"`
	}
	if err := json.Unmarshal(data, &specific); err != nil {
		return nil, err
	}
	functions, err := rustFunctions(specific.Affects.Functions)
	if err != nil || len(functions) == 0 {
		return nil, err
	}
	return []Target{{Path: crate, Symbols: functions}}, nil
}

func rustFunctions(data json.RawMessage) ([]string, error) {
	if len(data) == 0 {
		return nil, nil
	}
	var list []string
	if err := json.Unmarshal(data, &list); err == nil {
		return list, nil
	}
	var byName map[string]json.RawMessage
	if err := json.Unmarshal(data, &byName); err != nil {
		return nil, fmt.Errorf("affects.functions is neither a list nor a map: %w", err)
	}
	for name := range byName {
		list = append(list, name)
	}
	slices.Sort(list)
	return list, nil
}
