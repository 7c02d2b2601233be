package reach

import (
	"go/token"
	"net/url"
	"regexp"
	"strings"
)

// The ecosystems whose function names have rules of their own here.
const (
	ecosystemGo   = "Go"
	ecosystemRust = "crates.io"
)

// Symbol is a function in the form that names are compared in.
type Symbol struct {
	// Package is a Go import path or a crate's name with underscores.
	Package string
	// Name is the function within it: "Parse", "Decoder.Decode", "mod::func".
	Name string
}

// ParseSymbol reads the full name of a function. It never fails: a name that has
// no known form is a Symbol without a package, equal only to itself.
//
// Go names come as golang.org/x/tools/go/ssa writes them (Function.String) or as
// the runtime does (runtime.FuncForPC). Receivers lose pointer and parentheses,
// instances their type arguments, and bound methods, thunks, closures and the
// bodies of range-over-func loops take the name of the function they belong to, since
// they exist only once that one ran. A path below /vendor/ is the vendored package's;
// the standard library's own copies ("vendor/golang.org/x/net/…") are not the module
// and keep theirs. A major version is part of a path and is kept.
//
// Rust names are paths as rustc-demangle prints them; generic arguments, hashes,
// closures and the trait of "<T as Trait>::f" are dropped.
//
// In other ecosystems the name is taken as it is.
func ParseSymbol(ecosystem, name string) Symbol {
	switch ecosystem {
	case ecosystemGo:
		return parseGo(name)
	case ecosystemRust:
		return parseRust(name)
	}
	return Symbol{Name: name}
}

// key is what symbols are compared by. Go package and name are joined, as a dot in
// the last path element ("nats.go.Connect") does not say where the package ends.
func (s Symbol) key() string { return s.Package + "." + s.Name }

// symbolIn is the symbol that a target lists under its package path.
func symbolIn(ecosystem, path, name string) Symbol {
	switch ecosystem {
	case ecosystemGo:
		s := ParseSymbol(ecosystem, path+"."+name)
		// Here it is known where the package ends.
		if rest, ok := strings.CutPrefix(s.key(), unvendor(path)+"."); ok {
			s = Symbol{Package: unvendor(path), Name: rest}
		}
		return s
	case ecosystemRust:
		return ParseSymbol(ecosystem, name)
	}
	return Symbol{Package: path, Name: name}
}

// packagePath is path in the form of Symbol.Package.
func packagePath(ecosystem, path string) string {
	switch ecosystem {
	case ecosystemGo:
		return unvendor(path)
	case ecosystemRust:
		return strings.ReplaceAll(path, "-", "_")
	}
	return path
}

func parseGo(name string) Symbol {
	full := strings.TrimSpace(withoutGroups(name, '[', ']'))
	if strings.HasPrefix(full, "(") {
		return parseGoMethod(name, full)
	}
	slash := strings.LastIndexByte(full, '/') + 1
	if dot := strings.Index(full[slash:], ".("); dot >= 0 {
		// The runtime's form, path.(*T).M.
		dot += slash
		receiver, method, ok := strings.Cut(full[dot+2:], ").")
		if !ok {
			return Symbol{Name: name}
		}
		return goSymbol(full[:dot], strings.TrimLeft(receiver, "*"), method)
	}
	dot := strings.IndexByte(full[slash:], '.')
	if dot < 0 {
		return Symbol{Name: name}
	}
	dot += slash
	// gopkg.in paths end in a version: "gopkg.in/yaml.v3.Unmarshal".
	if element, _, ok := strings.Cut(full[dot+1:], "."); ok && isVersion(element) {
		dot += 1 + len(element)
	}
	return goSymbol(full[:dot], "", full[dot+1:])
}

// parseGoMethod reads (*path.T).M and (path.T).M.
func parseGoMethod(name, full string) Symbol {
	receiver, method, ok := strings.Cut(full[1:], ").")
	if !ok || strings.ContainsAny(receiver, "{( ") { // an unnamed type has no package
		return Symbol{Name: name}
	}
	receiver = strings.TrimLeft(receiver, "*")
	dot := strings.LastIndexByte(receiver, '.')
	if dot < strings.LastIndexByte(receiver, '/') || dot < 0 {
		return goSymbol("", receiver, method) // the universe's error
	}
	return goSymbol(receiver[:dot], receiver[dot+1:], method)
}

func goSymbol(path, receiver, name string) Symbol {
	// The runtime escapes the dots of the last path element.
	if decoded, err := url.PathUnescape(path); err == nil {
		path = decoded
	}
	name = enclosing(name)
	if receiver != "" {
		name = receiver + "." + name
	}
	return Symbol{Package: unvendor(path), Name: name}
}

func unvendor(path string) string {
	if i := strings.LastIndex(path, "/vendor/"); i >= 0 {
		return path[i+len("/vendor/"):]
	}
	return path
}

// inner is what the compilers append to the function that a closure, a wrapper or a
// numbered init belongs to: "$1", "$bound", "#2", "-fm", "-range1", ".func1", ".0". Any
// other hyphen is the package's ("go-socket.io-client").
var inner = regexp.MustCompile(`^([^$#]+?)(?:[$#].*|-fm|-range[0-9].*|\.(?:func|gowrap|deferwrap)?[0-9].*)?$`)

// enclosing is the declared function that name is a part of.
func enclosing(name string) string {
	if strings.HasPrefix(name, "glob..") {
		return "init" // a closure of a package variable's initialiser
	}
	if m := inner.FindStringSubmatch(name); m != nil {
		return m[1]
	}
	return name
}

func isVersion(element string) bool {
	return len(element) > 1 && element[0] == 'v' && strings.Trim(element[1:], "0123456789") == ""
}

// isGoInit reports whether a node runs by itself when its package is initialised. A
// closure made there does not, nor does a method of that name. Where it cannot be told
// whether "nats.go.init" is of the package nats.go or of a type, it is of the package: no
// path may be missed.
func isGoInit(name string) bool {
	if strings.Contains(name, "$") || strings.Contains(name, ".func") || strings.HasPrefix(name, "(") || strings.Contains(name, ".(") {
		return false
	}
	symbol := ParseSymbol(ecosystemGo, name).Name
	before, dotted := strings.CutSuffix(symbol, ".init")
	return symbol == "init" || dotted && strings.Contains(name, "/") && !token.IsExported(before)
}

// withoutGroups drops the balanced groups of name. An unbalanced name is returned
// as it is.
func withoutGroups(name string, open, shut byte) string {
	if strings.IndexByte(name, open) < 0 {
		return name
	}
	var b strings.Builder
	depth := 0
	for i := range len(name) {
		switch c := name[i]; {
		case c == open:
			depth++
		case c == shut:
			depth--
			if depth < 0 {
				return name
			}
		case depth == 0:
			b.WriteByte(c)
		}
	}
	if depth != 0 {
		return name
	}
	return b.String()
}

var rustHash = regexp.MustCompile(`::h[0-9a-f]{16}$`)

func parseRust(name string) Symbol {
	path := rustHash.ReplaceAllString(withoutGroups(name, '[', ']'), "")
	path = rustSelf(strings.ReplaceAll(path, "->", "")) // the arrow is no bracket
	path = strings.ReplaceAll(withoutGroups(path, '<', '>'), "::::", "::")
	path = strings.TrimSuffix(path, "::")
	crate, rest, ok := strings.Cut(path, "::")
	if i := strings.Index(rest, "::{"); i >= 0 {
		rest = rest[:i] // closures run within their function
	}
	if !ok || crate == "" || rest == "" || strings.ContainsAny(crate+rest, "{<> ") {
		return Symbol{Name: name}
	}
	return Symbol{Package: strings.ReplaceAll(crate, "-", "_"), Name: rest}
}

// rustSelf turns "<T as Trait>::f", "<T>::f" and "m::<impl Trait for T>::f" into
// "T::f".
func rustSelf(path string) string {
	start := strings.Index(path, "<impl ")
	if start < 0 && strings.HasPrefix(path, "<") {
		start = 0
	}
	if start < 0 {
		return path
	}
	end := closing(path[start:])
	if end < 0 {
		return path
	}
	self, rest := path[start+1:start+end], path[start+end+1:]
	if trait, ok := strings.CutPrefix(self, "impl "); ok {
		self = trait
		if _, of, ok := strings.Cut(trait, " for "); ok {
			self = of
		}
	}
	self = withoutGroups(self, '<', '>') // "Vec<T as U>" must not lose its tail to " as "
	self, _, _ = strings.Cut(self, " as ")
	return strings.TrimLeft(self, "&") + rest
}

// closing is the index of the '>' that closes the '<' at the beginning of s, or -1.
func closing(s string) int {
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '<':
			depth++
		case '>':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}
