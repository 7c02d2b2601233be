package composition

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// build makes a graph of lines: "a > b" nests b in a, "a: b c" are a's dependencies. The
// name of a component is its ref in capitals.
func build(t *testing.T, target string, lines ...string) *Graph {
	t.Helper()
	g := New()
	declare := func(ref string) int32 {
		n, _ := g.Declare(ref, strings.ToUpper(ref))
		return n
	}
	for _, line := range lines {
		if parent, child, ok := strings.Cut(line, " > "); ok {
			require.NoError(t, g.Nest(declare(parent), declare(child)))
			continue
		}
		ref, on, _ := strings.Cut(line, ":")
		var numbers []int32
		for _, d := range strings.Fields(on) {
			numbers = append(numbers, declare(d))
		}
		require.NoError(t, g.Depend(declare(ref), numbers))
	}
	if target != "" {
		g.SetTarget(declare(target))
	}
	return g
}

func TestContainers(t *testing.T) {
	for _, test := range []struct {
		name, target string
		lines        []string
		of, want     string
	}{
		{"F-078: by two ways", "image", []string{"image: a b", "a: lib", "b: lib", "lib:"}, "lib", "IMAGE"},
		{"F-078: by one", "image", []string{"image: a b", "a:", "b: lib", "lib:"}, "lib", "B IMAGE"},
		{"a chain", "image", []string{"image: a", "a: b", "b: lib", "lib:"}, "lib", "B A IMAGE"},
		{"a diamond", "image", []string{"image: a", "a: b c", "b: lib", "c: lib", "lib:"}, "lib", "A IMAGE"},
		{"the target needs it itself", "image", []string{"image: b lib", "b: lib", "lib:"}, "lib", "IMAGE"},
		{"no target", "", []string{"b: lib", "lib:"}, "lib", "B"},
		{"the target leads nowhere", "image", []string{"image:", "b: lib", "lib:"}, "lib", "B IMAGE"},
		{"the target is needed", "image", []string{"image: b", "b: lib image", "lib:"}, "lib", "B IMAGE"},
		{"nested", "", []string{"b > lib"}, "lib", "B"},
		{"nested in the target", "image", []string{"image > b", "b > lib"}, "lib", "B IMAGE"},
		{"nested, and needed from elsewhere", "", []string{"b > lib", "a: lib"}, "lib", ""},
		{"dependencies are not complete", "", []string{"b: lib"}, "lib", ""},
		{"others' are not", "", []string{"b: lib", "lib:", "c: d"}, "lib", ""},
		{"a circle below it", "", []string{"b: lib", "lib: x", "x: lib"}, "lib", "B"},
		{"a circle that nothing leads to", "", []string{"b: lib", "lib: b"}, "lib", ""},
		{"itself", "", []string{"lib: lib"}, "lib", ""},
		{"the target", "image", []string{"image: b", "b:"}, "image", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			for range 2 {
				g := build(t, test.target, test.lines...)
				require.Equal(t, test.want, strings.Join(g.Place(g.Refer([]byte(test.of))).Containers(), " "))
				slices.Reverse(test.lines)
			}
		})
	}
}

func TestLinks(t *testing.T) {
	g := build(t, "image", "image: b", "b: lib", "lib:")
	g.Link = "urn:cdx:u/1"
	p := g.Place(g.Refer([]byte("lib")))
	require.Equal(t, "urn:cdx:u/1#lib", p.Link())
	require.Equal(t, []string{"B", "urn:cdx:u/1#b", "IMAGE", "urn:cdx:u/1#image", "urn:cdx:u/1"}, p.Containers())
	n, isNew := g.Declare("", "nameless")
	require.True(t, isNew)
	require.Empty(t, g.Place(n).Link())
	_, isNew = g.Declare("lib", "again")
	require.False(t, isNew)
	same := build(t, "image", "lib:", "b: lib", "image: b")
	require.False(t, p.Equal(same.Place(same.Refer([]byte("lib")))), "another document")
	same.Link = g.Link
	require.True(t, p.Equal(same.Place(same.Refer([]byte("lib")))))
	require.False(t, p.Equal(same.Place(same.Refer([]byte("b")))))
	require.Empty(t, Place{}.Containers())
	require.Empty(t, Place{}.Link())
	require.False(t, Place{}.Known())
}

// What contains a component is what it cannot be reached without: the reference takes
// each one away and looks.
func TestContainersAreWhatIsNeeded(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		const n = 9
		lines := make([]string, n)
		for i := range lines {
			lines[i] = fmt.Sprintf("%c:", 'a'+i)
			for range r.IntN(3) {
				lines[i] += fmt.Sprintf(" %c", 'a'+r.IntN(n))
			}
		}
		g := build(t, "", lines...)
		routes := g.routes()
		from := roots(n, routes)
		for at := range int32(n) {
			var want []string
			for without := range int32(n) {
				if without != at && !reaches(from, routes, at+1, without+1) {
					want = append(want, g.components[without].name)
				}
			}
			got := g.Place(at).Containers()
			slices.Sort(got)
			slices.Sort(want)
			require.Equal(t, strings.Join(want, " "), strings.Join(got, " "), "%v of %c", lines, 'a'+at)
		}
	}
}

// roots are where routes begin: the target, and what it does not lead to.
func roots(n int, routes [][2]int32) []int32 {
	from := []int32{0}
	for at := range int32(n) {
		if !reaches([]int32{0}, routes, at+1, none) {
			from = append(from, at+1)
		}
	}
	return from
}

func reaches(from []int32, routes [][2]int32, to, without int32) bool {
	seen := map[int32]bool{}
	for _, f := range from {
		if f != without {
			seen[f] = true
		}
	}
	for grown := true; grown; {
		grown = false
		for _, s := range routes {
			if seen[s[0]] && !seen[s[1]] && s[1] != without {
				seen[s[1]], grown = true, true
			}
		}
	}
	return seen[to]
}

// Goroutines may ask at once.
func TestConcurrent(t *testing.T) {
	g := build(t, "image", "image: b", "b: lib", "lib:")
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for n := range int32(3) {
				g.Place(n).Containers()
			}
		})
	}
	wait.Wait()
}

func BenchmarkContainers(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprintf("components=%d", n), func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 2))
			g := New()
			for i := range n {
				g.Declare(fmt.Sprintf("ref-%d", i), "")
			}
			for i := range n - 1 {
				if err := g.Depend(int32(i), []int32{int32(i + 1 + r.IntN(n-i-1)), int32(i + 1 + r.IntN(n-i-1)), int32(i + 1)}); err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				g.dominate()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/component")
		})
	}
}
