package reach

import (
	"slices"
	"strings"
)

// ComponentEvidence is the evidence of one CycloneDX component (CycloneDX 1.5 and
// later, components[].evidence), as the SBOM's reader found it. It is asked only
// about that component.
type ComponentEvidence struct {
	// Ecosystem is OSV's, of the component.
	Ecosystem string
	// Callstack is callstack.frames in the order of the document.
	Callstack []Frame
	// Symbols are occurrences[].symbol (CycloneDX 1.6), those that are not empty.
	Symbols []string
}

// Frame is one frame of a call stack.
type Frame struct {
	Package  string // the namespace: a Go import path, a Java package
	Module   string // what encloses the function: a class, a Go receiver; may be empty
	Function string
}

func (f Frame) enclosed() string {
	if f.Module == "" {
		return f.Function
	}
	return f.Module + "." + f.Function
}

// place is what holds the function.
func (f Frame) place() string {
	if f.Package == "" || f.Module == "" {
		return f.Package + f.Module
	}
	return f.Package + "." + f.Module
}

// name is the frame's full name for people.
func (f Frame) name() string {
	if f.place() == "" {
		return f.Function
	}
	return f.place() + "." + f.Function
}

// is reports whether the frame runs one of the target's symbols.
func (f Frame) is(ecosystem string, t Target) bool {
	if f.Function == "" {
		return false
	}
	path := packagePath(ecosystem, f.Package)
	if len(t.Symbols) == 0 {
		return path == packagePath(ecosystem, t.Path)
	}
	// Writers put the receiver into module or into function, and some leave package out.
	forms := []string{
		symbolIn(ecosystem, f.Package, f.Function).key(),
		symbolIn(ecosystem, f.Package, f.enclosed()).key(),
		symbolIn(ecosystem, f.place(), f.Function).key(), // a class, or a path in module
	}
	if ecosystem == ecosystemRust {
		forms = append(forms, ParseSymbol(ecosystem, f.Package+"::"+strings.ReplaceAll(f.enclosed(), ".", "::")).key())
	}
	return slices.ContainsFunc(t.Symbols, func(name string) bool {
		return slices.Contains(forms, symbolIn(ecosystem, t.Path, name).key())
	})
}

// answer: a stack that ends in a listed symbol is a path. The specification does not
// say which end of frames is the entry, so the symbol's end decides; in the middle it
// leaves a doubt. A stack without the symbol excludes nothing.
func (c *ComponentEvidence) answer(q Query) answer {
	if c.Ecosystem != q.Ecosystem {
		return silent("the component's evidence is of another ecosystem")
	}
	listed := func(f Frame) bool {
		return slices.ContainsFunc(q.Targets, func(t Target) bool { return f.is(q.Ecosystem, t) })
	}
	at := slices.IndexFunc(c.Callstack, listed)
	last := len(c.Callstack) - 1
	switch {
	case at < 0:
		return c.occurrences(q)
	case last == 0:
		return unknown("the component's call stack is %s alone, without a caller", c.Callstack[0].name())
	case listed(c.Callstack[last]):
		return reachable(frameNames(c.Callstack))
	case at == 0:
		path := frameNames(c.Callstack)
		slices.Reverse(path)
		return reachable(path)
	}
	return unknown("%s is within the component's call stack, whose direction is not known", c.Callstack[at].name())
}

// occurrences: a symbol that occurs in the source may be called.
func (c *ComponentEvidence) occurrences(q Query) answer {
	for _, t := range q.Targets {
		for _, name := range t.Symbols {
			key := symbolIn(q.Ecosystem, t.Path, name).key()
			if slices.ContainsFunc(c.Symbols, func(s string) bool {
				return s == name || s == t.Path+"."+name || ParseSymbol(q.Ecosystem, s).key() == key
			}) {
				return unknown("%s occurs in the source of the component's user, and no call of it is recorded", name)
			}
		}
	}
	return silent("the component's evidence names no listed symbol")
}

func frameNames(frames []Frame) []string {
	names := make([]string, len(frames))
	for i, f := range frames {
		names[i] = f.name()
	}
	return names
}
