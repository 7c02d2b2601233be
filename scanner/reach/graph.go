package reach

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Limits of a graph and of what it is read from.
const (
	// MaxBytes is the most that any reader of this package takes.
	MaxBytes = 256 << 20
	// MaxNodes and MaxEdges bound a graph, MaxName the bytes of one name.
	MaxNodes = 2_000_000
	MaxEdges = 20_000_000
	MaxName  = 8 << 10
)

// Graph is a call graph, searched from its entry points when it was read. Read one
// with [ReadCallgraph] or [ReadDigraph].
type Graph struct {
	ecosystem string
	names     []string // by node, in the order that paths are compared in
	byKey     map[string][]int32
	byPackage map[string][]int32
	rank      []int32 // the order of discovery, -1 where no entry leads to
	parent    []int32 // on the best path, -1 at its beginning
	hasEntry  bool    // the input says where the program begins
	covers    map[string]bool
	notLinked map[string]bool
	dynamic   []string // reached nodes with calls of unknown callee
}

// A node as the readers see it.
type node struct {
	id, name string
	symbol   Symbol
	entry    bool
	dynamic  bool
}

// newGraph numbers the nodes in the order of their names, so that the search meets
// them in that order, and searches. Edges are pairs of indexes into nodes. It costs
// one sort of nodes and edges and is linear after that.
func newGraph(ecosystem string, nodes []node, edges [][2]int32) *Graph {
	order := make([]int32, len(nodes))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(strings.Compare(nodes[a].name, nodes[b].name), strings.Compare(nodes[a].id, nodes[b].id))
	})
	number := make([]int32, len(nodes))
	g := &Graph{
		ecosystem: ecosystem,
		names:     make([]string, len(nodes)),
		byKey:     make(map[string][]int32, len(nodes)),
		byPackage: map[string][]int32{},
		covers:    map[string]bool{},
		notLinked: map[string]bool{},
	}
	var entries []int32
	for i, old := range order {
		n, at := nodes[old], int32(i)
		number[old] = at
		g.names[i] = n.name
		g.byKey[n.symbol.key()] = append(g.byKey[n.symbol.key()], at)
		g.byPackage[n.symbol.Package] = append(g.byPackage[n.symbol.Package], at)
		if n.entry {
			entries = append(entries, at)
		}
	}
	g.search(entries, adjacency(number, edges))
	for i, old := range order {
		if nodes[old].dynamic && g.rank[i] >= 0 {
			g.dynamic = append(g.dynamic, g.names[i])
		}
	}
	return g
}

// An adjacencyList holds the callees of each node, sorted and without doubles.
type adjacencyList struct {
	start []int32 // of a node's callees; one more than there are nodes
	to    []int32
}

func adjacency(number []int32, edges [][2]int32) adjacencyList {
	pairs := make([]uint64, len(edges))
	for i, e := range edges {
		pairs[i] = uint64(number[e[0]])<<32 | uint64(number[e[1]])
	}
	slices.Sort(pairs)
	pairs = slices.Compact(pairs)
	list := adjacencyList{make([]int32, len(number)+1), make([]int32, len(pairs))}
	for i, p := range pairs {
		list.start[p>>32+1]++
		list.to[i] = int32(uint32(p))
	}
	for i := range number {
		list.start[i+1] += list.start[i]
	}
	return list
}

// search walks breadth first from all entries. As entries and callees come in the
// order of names, nodes are discovered in the order of (length, names) of their best
// path: rank compares paths.
func (g *Graph) search(entries []int32, calls adjacencyList) {
	g.rank, g.parent = make([]int32, len(g.names)), make([]int32, len(g.names))
	for i := range g.rank {
		g.rank[i] = -1
	}
	queue := make([]int32, 0, len(g.names))
	visit := func(n, parent int32) {
		if g.rank[n] < 0 {
			g.rank[n], g.parent[n] = int32(len(queue)), parent
			queue = append(queue, n)
		}
	}
	for _, n := range entries {
		visit(n, -1)
	}
	for i := 0; i < len(queue); i++ {
		n := queue[i]
		for _, callee := range calls.to[calls.start[n]:calls.start[n+1]] {
			visit(callee, n)
		}
	}
}

// path leads from an entry point to n, which was reached.
func (g *Graph) path(n int32) []string {
	var path []string
	for ; n >= 0; n = g.parent[n] {
		path = append(path, g.names[n])
	}
	slices.Reverse(path)
	return path
}

// best is the node of the best path among nodes, or -1.
func (g *Graph) best(nodes []int32) int32 {
	best := int32(-1)
	for _, n := range nodes {
		if g.rank[n] >= 0 && (best < 0 || g.rank[n] < g.rank[best]) {
			best = n
		}
	}
	return best
}

func (g *Graph) answer(q Query) answer {
	switch {
	case g.ecosystem != q.Ecosystem:
		return silent(fmt.Sprintf("the call graph is of %s, the package of %s", g.ecosystem, q.Ecosystem))
	case len(q.Targets) == 0:
		return silent("no record of the advisory names a vulnerable symbol")
	}
	reached := int32(-1)
	var judged []answer
	for _, t := range q.Targets {
		n, a := g.target(t)
		if n >= 0 && (reached < 0 || g.rank[n] < g.rank[reached]) {
			reached = n
		}
		judged = append(judged, a)
	}
	if reached >= 0 {
		return reachable(g.path(reached))
	}
	return weakest(judged)
}

// weakest joins the answers of one evidence to several targets, none reached: all
// must be unreachable. Where some are and the graph is silent about the others, it
// knows the package and leaves a doubt.
func weakest(judged []answer) answer {
	slices.SortFunc(judged, compareAnswers)
	first, last := judged[0], judged[len(judged)-1]
	if first.Verdict == Unreachable && last.silent {
		last.silent = false
		return last
	}
	return first
}

// target is the best reached node of t, or -1 and the answer without one.
func (g *Graph) target(t Target) (int32, answer) {
	path := packagePath(g.ecosystem, t.Path)
	members := g.members(path)
	nodes, missing := g.listed(t)
	if n := g.best(nodes); n >= 0 {
		return n, answer{}
	}
	switch {
	case g.notLinked[path]:
		return -1, unreachable("%s is not linked into the program", t.Path)
	case !g.covers[path] && len(members) == 0 && len(nodes) == 0:
		return -1, silent(fmt.Sprintf("the call graph does not cover %s", t.Path))
	case !g.covers[path]:
		return -1, unknown("the call graph names functions of %s without covering the package", t.Path)
	case !g.hasEntry:
		return -1, unknown("the call graph has no entry points")
	case len(missing) > 0:
		return -1, unknown("%s is no function of %s that the call graph knows", strings.Join(missing, ", "), t.Path)
	case len(t.Symbols) == 0 && len(nodes) == 0:
		return -1, unknown("no symbol of %s is listed, and the call graph knows no function of it", t.Path)
	case len(t.Symbols) == 0 && g.best(members) >= 0:
		return -1, unknown("no symbol of %s is listed, and its initialisers run", t.Path)
	case len(g.dynamic) > 0:
		return -1, unknown("%s is reached and makes calls that the call graph cannot resolve", g.dynamic[0])
	}
	return -1, unreachable("the call graph covers %s and reaches no listed symbol", t.Path)
}

// members are the functions of a package. Those of a Go package with a dot in its last
// element may stand under what is before the dot: "nats.go.Connect" does not say where the
// package ends.
func (g *Graph) members(path string) []int32 {
	members := g.byPackage[path]
	last := strings.LastIndexByte(path, '/') + 1
	before, _, dotted := strings.Cut(path[last:], ".")
	if g.ecosystem != ecosystemGo || !dotted {
		return members
	}
	members = slices.Clone(members)
	for _, n := range g.byPackage[path[:last]+before] {
		if strings.HasPrefix(ParseSymbol(ecosystemGo, g.names[n]).key(), path+".") {
			members = append(members, n)
		}
	}
	return members
}

// listed gives the nodes of t's symbols, and those symbols, sorted, that are none.
// Without symbols these are all functions of the package but its initialisers: they
// run wherever the package is linked, which is no use of it.
func (g *Graph) listed(t Target) (nodes []int32, missing []string) {
	if len(t.Symbols) == 0 {
		for _, n := range g.members(packagePath(g.ecosystem, t.Path)) {
			if g.ecosystem != ecosystemGo || !isGoInit(g.names[n]) {
				nodes = append(nodes, n)
			}
		}
		return nodes, nil
	}
	for _, name := range t.Symbols {
		found := g.byKey[symbolIn(g.ecosystem, t.Path, name).key()]
		if len(found) == 0 {
			missing = append(missing, name)
		}
		nodes = append(nodes, found...)
	}
	slices.Sort(missing)
	return nodes, slices.Compact(missing)
}
