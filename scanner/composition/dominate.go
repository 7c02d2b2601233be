package composition

import "slices"

// dominate finds the innermost container of every component: its immediate dominator,
// where the target dominates all.
func (g *Graph) dominate() {
	d := newDominance(len(g.components), g.routes())
	g.container = make([]int32, len(g.components))
	for n := range g.components {
		g.container[n] = none
		if up := d.idom[n+1]; up > 0 && up-1 != g.root {
			g.container[n] = up - 1
		}
	}
}

// routes are the steps that count, with components numbered from 1: 0 is the target.
func (g *Graph) routes() [][2]int32 {
	complete := !slices.ContainsFunc(g.components, func(c component) bool { return c.ref != "" && !c.listed })
	number := func(n int32) int32 {
		if n == g.root {
			return 0
		}
		return n + 1
	}
	led := make([]bool, len(g.components))
	routes := make([][2]int32, 0, len(g.steps))
	for _, s := range g.steps {
		if s[1] != g.root && s[0] != s[1] {
			routes = append(routes, [2]int32{number(s[0]), number(s[1])})
			led[s[1]] = true
		}
	}
	for n, c := range g.components {
		if int32(n) != g.root && (!led[n] || !complete && !c.nested) {
			routes = append(routes, [2]int32{0, int32(n) + 1})
		}
	}
	return routes
}

// A dominance is the algorithm at work, over nodes 0 to n.
type dominance struct {
	out   lists
	order []int32 // reverse postorder of the nodes
	rank  []int32 // of a node in order, -1 where no route leads to
	idom  []int32
}

// lists are the neighbours of each node.
type lists struct {
	start []int32
	to    []int32
}

func newLists(n int, pairs [][2]int32, from, to int) lists {
	l := lists{make([]int32, n+1), make([]int32, len(pairs))}
	for _, p := range pairs {
		l.start[p[from]+1]++
	}
	for i := range n {
		l.start[i+1] += l.start[i]
	}
	next := slices.Clone(l.start)
	for _, p := range pairs {
		l.to[next[p[from]]] = p[to]
		next[p[from]]++
	}
	return l
}

func (l lists) of(n int32) []int32 { return l.to[l.start[n]:l.start[n+1]] }

func newDominance(components int, routes [][2]int32) *dominance {
	d := &dominance{out: newLists(components+1, routes, 0, 1)}
	d.walk()
	// What no route leads to are circles, each member of which may be the first.
	reached := len(d.order)
	if reached <= components {
		for n := range int32(components + 1) {
			if d.rank[n] < 0 {
				routes = append(routes, [2]int32{0, n})
			}
		}
		d.out = newLists(components+1, routes, 0, 1)
		d.walk()
	}
	d.solve(newLists(components+1, routes, 1, 0))
	return d
}

// walk orders the nodes that routes lead to, without recursion: routes are long.
func (d *dominance) walk() {
	n := len(d.out.start) - 1
	d.rank, d.order = make([]int32, n), nil
	next := slices.Clone(d.out.start)
	seen := make([]bool, n)
	stack := []int32{0}
	seen[0] = true
	for len(stack) > 0 {
		at := stack[len(stack)-1]
		if next[at] == d.out.start[at+1] {
			d.order = append(d.order, at)
			stack = stack[:len(stack)-1]
			continue
		}
		to := d.out.to[next[at]]
		next[at]++
		if !seen[to] {
			seen[to] = true
			stack = append(stack, to)
		}
	}
	slices.Reverse(d.order)
	for i := range d.rank {
		d.rank[i] = none
	}
	for i, at := range d.order {
		d.rank[at] = int32(i)
	}
}

func (d *dominance) solve(in lists) {
	d.idom = make([]int32, len(d.rank))
	for i := range d.idom {
		d.idom[i] = none
	}
	d.idom[0] = 0
	for changed := true; changed; {
		changed = false
		for _, at := range d.order[1:] {
			up := int32(none)
			for _, from := range in.of(at) {
				switch {
				case d.idom[from] == none:
				case up == none:
					up = from
				default:
					up = d.meet(up, from)
				}
			}
			if d.idom[at] != up {
				d.idom[at], changed = up, true
			}
		}
	}
}

// meet is the innermost node that dominates both.
func (d *dominance) meet(a, b int32) int32 {
	for a != b {
		for d.rank[a] > d.rank[b] {
			a = d.idom[a]
		}
		for d.rank[b] > d.rank[a] {
			b = d.idom[b]
		}
	}
	return a
}
