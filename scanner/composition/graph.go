package composition

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// MaxSteps bounds the steps of one graph.
const MaxSteps = 10_000_000

// Graph is the components of one SBOM and the steps between them. Make one with [New],
// fill it from one goroutine, then ask its places.
type Graph struct {
	// Link is the BOM-Link of the document, "urn:cdx:UUID/VERSION", "" where it has
	// none.
	Link string

	components []component
	byRef      map[string]int32
	steps      [][2]int32
	root       int32

	once      sync.Once
	container []int32 // of each component the innermost, -1 where only the target contains it
}

type component struct {
	ref, name                string
	declared, nested, listed bool
}

// New is a graph without components.
func New() *Graph { return &Graph{byRef: map[string]int32{}, root: none} }

// none is the number of no component.
const none = -1

// Declare adds a component and gives its number. ref may be "", name is what it may be
// called: its purl, or "name@version". It reports whether the ref is a new one.
func (g *Graph) Declare(ref, name string) (number int32, isNew bool) {
	if ref == "" {
		return g.add(component{name: name}), true
	}
	n, known := g.byRef[ref]
	if !known {
		n = g.add(component{ref: ref})
		g.byRef[ref] = n
	}
	c := &g.components[n]
	if c.declared {
		return n, false
	}
	c.declared, c.name = true, name
	return n, true
}

func (g *Graph) add(c component) int32 {
	g.components = append(g.components, c)
	return int32(len(g.components) - 1)
}

// Refer gives the number of the component that ref names, declared or not.
func (g *Graph) Refer(ref []byte) int32 {
	if n, ok := g.byRef[string(ref)]; ok {
		return n
	}
	c := component{ref: string(ref)}
	n := g.add(c)
	g.byRef[c.ref] = n
	return n
}

// SetTarget says which component is the target.
func (g *Graph) SetTarget(n int32) { g.root = n }

// Nest says that child is a part of parent.
func (g *Graph) Nest(parent, child int32) error {
	g.components[child].nested = true
	return g.step(parent, child)
}

// Depend says that the dependencies of n are these and no others.
func (g *Graph) Depend(n int32, on []int32) error {
	g.components[n].listed = true
	for _, m := range on {
		if err := g.step(n, m); err != nil {
			return err
		}
	}
	return nil
}

func (g *Graph) step(from, to int32) error {
	if len(g.steps) == MaxSteps {
		return fmt.Errorf("it has more than %d dependencies and parts; split it", MaxSteps)
	}
	g.steps = append(g.steps, [2]int32{from, to})
	return nil
}

// Close forgets what only filling the graph needs, which is as much as its components.
// Nothing can be declared or referred to afterwards.
func (g *Graph) Close() { g.byRef = nil }

// Place is where a package stands in a graph. The zero Place is nowhere: nothing is
// known to contain the package.
type Place struct {
	graph *Graph
	at    int32
}

// Place is the place of a component.
func (g *Graph) Place(n int32) Place { return Place{g, n} }

// Known reports whether the place is in a graph.
func (p Place) Known() bool { return p.graph != nil }

// Link is the BOM-Link of the component itself, "" where there is none.
func (p Place) Link() string {
	if p.graph == nil {
		return ""
	}
	return p.graph.link(p.at)
}

func (g *Graph) link(n int32) string {
	if g.Link == "" || g.components[n].ref == "" {
		return ""
	}
	return g.Link + "#" + g.components[n].ref
}

// Containers are the names and BOM-Links of all that contains the component, the target
// last.
func (p Place) Containers() []string {
	g := p.graph
	if g == nil {
		return nil
	}
	g.once.Do(g.dominate)
	var names []string
	for n := g.container[p.at]; n != none; n = g.container[n] {
		names = append(names, g.components[n].name, g.link(n))
	}
	if g.root != none && p.at != g.root {
		names = append(names, g.components[g.root].name, g.link(g.root))
	}
	names = append(names, g.Link)
	return compact(names)
}

// Equal reports whether both places are called alike and have the same containers.
func (p Place) Equal(other Place) bool {
	return p == other || p.Link() == other.Link() && slices.Equal(p.Containers(), other.Containers())
}

// compact drops what is "".
func compact(names []string) []string {
	kept := names[:0]
	for _, n := range names {
		if strings.TrimSpace(n) != "" {
			kept = append(kept, n)
		}
	}
	return kept
}
