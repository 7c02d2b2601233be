package reach

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

func TestParseSymbol(t *testing.T) {
	for _, test := range []struct{ ecosystem, in, pkg, name string }{
		{"Go", "net/http.ListenAndServe", "net/http", "ListenAndServe"},
		{"Go", "fmt.init", "fmt", "init"},
		{"Go", "golang.org/x/text/cases.init#1", "golang.org/x/text/cases", "init"},
		{"Go", "golang.org/x/text/cases.init.0", "golang.org/x/text/cases", "init"},
		{"Go", "p/q.init$1", "p/q", "init"},
		{"Go", "p/q.glob..func1", "p/q", "init"},
		{"Go", "(*encoding/gob.Decoder).Decode", "encoding/gob", "Decoder.Decode"},
		{"Go", "(encoding/gob.Decoder).Decode", "encoding/gob", "Decoder.Decode"},
		{"Go", "encoding/gob.(*Decoder).Decode", "encoding/gob", "Decoder.Decode"},
		{"Go", "encoding/gob.Decoder.Decode", "encoding/gob", "Decoder.Decode"},
		{"Go", "(*bytes.Buffer).Bytes$bound", "bytes", "Buffer.Bytes"},
		{"Go", "(*bytes.Buffer).Bytes$thunk", "bytes", "Buffer.Bytes"},
		{"Go", "bytes.(*Buffer).Bytes-fm", "bytes", "Buffer.Bytes"},
		{"Go", "(io.Reader).Read", "io", "Reader.Read"},
		{"Go", "p/q.F$1", "p/q", "F"},
		{"Go", "p/q.F$1$2", "p/q", "F"},
		{"Go", "p/q.F.func1", "p/q", "F"},
		{"Go", "p/q.F.func1.2", "p/q", "F"},
		{"Go", "p/q.F.gowrap1", "p/q", "F"},
		{"Go", "p/q.F-range1", "p/q", "F"},
		{"Go", "p/q.F.func2-range1", "p/q", "F"},
		{"Go", "p/q.(*T).M.func1", "p/q", "T.M"},
		{"Go", "p/q.func1", "p/q", "func1"},
		{"Go", "p/q.F[int]", "p/q", "F"},
		{"Go", "p/q.F[...]", "p/q", "F"},
		{"Go", "p/q.F[map[string]x/y.T]$1", "p/q", "F"},
		{"Go", "(*p/q.List[x/y.T]).Push", "p/q", "List.Push"},
		{"Go", "p/q.F [p/q.test]", "p/q", "F"},
		{"Go", "example.com/app/vendor/golang.org/x/net/html.Parse", "golang.org/x/net/html", "Parse"},
		{"Go", "(*example.com/app/vendor/x/y.T).M", "x/y", "T.M"},
		{"Go", "vendor/golang.org/x/net/html.Parse", "vendor/golang.org/x/net/html", "Parse"},
		{"Go", "example.com/m/v2/p.F", "example.com/m/v2/p", "F"},
		{"Go", "gopkg.in/yaml.v3.Unmarshal", "gopkg.in/yaml.v3", "Unmarshal"},
		{"Go", "gopkg.in/yaml%2ev3.Unmarshal", "gopkg.in/yaml.v3", "Unmarshal"},
		{"Go", "(*gopkg.in/yaml.v3.Node).Decode", "gopkg.in/yaml.v3", "Node.Decode"},
		{"Go", "github.com/gogo/protobuf/plugin/unmarshal.unmarshal.field", "github.com/gogo/protobuf/plugin/unmarshal", "unmarshal.field"},
		{"Go", "github.com/z/go-socket.io-client.NewClient", "github.com/z/go-socket", "io-client.NewClient"},
		{"Go", "github.com/z/go-socket.io-client.NewClient.func1", "github.com/z/go-socket", "io-client.NewClient"},
		{"Go", "(*github.com/z/go-socket.io-client.Client).On-fm", "github.com/z/go-socket.io-client", "Client.On"},
		{"Go", "(error).Error", "", "error.Error"},
		{"Go", "(struct{sync.Mutex}).Lock", "", "(struct{sync.Mutex}).Lock"},
		{"Go", "<root>", "", "<root>"},
		{"Go", "p.F[", "p", "F["},
		{"crates.io", "smallvec::SmallVec::insert_many", "smallvec", "SmallVec::insert_many"},
		{"crates.io", "smallvec::SmallVec<A>::insert_many", "smallvec", "SmallVec::insert_many"},
		{"crates.io", "smallvec::SmallVec::<A>::insert_many::h0123456789abcdef", "smallvec", "SmallVec::insert_many"},
		{"crates.io", "<smallvec::SmallVec<A> as core::ops::Drop>::drop", "smallvec", "SmallVec::drop"},
		{"crates.io", "a::b::<impl core::fmt::Debug for a::T>::fmt", "a", "T::fmt"},
		{"crates.io", "time[1234abcd]::at::{closure#0}", "time", "at"},
		{"crates.io", "my-crate::f", "my_crate", "f"},
		{"crates.io", "main", "", "main"},
		{"Maven", "org.x.A.m", "", "org.x.A.m"},
	} {
		require.Equal(t, Symbol{test.pkg, test.name}, ParseSymbol(test.ecosystem, test.in), test.in)
	}
}

// A graphText is a graph in short: "a -> b -> c" for edges, "a" for a lone node.
type graphText struct {
	ecosystem, edges       string
	entries, covers        string
	notLinked, dynamic, in string // in is the package of every node, where one is needed
}

func (g graphText) document() callgraph {
	doc := callgraph{
		Schema: SchemaCallgraph, Ecosystem: g.ecosystem, Entries: strings.Fields(g.entries),
		Covers: strings.Fields(g.covers), NotLinked: strings.Fields(g.notLinked), Dynamic: strings.Fields(g.dynamic),
	}
	if doc.Ecosystem == "" {
		doc.Ecosystem = "Go"
	}
	seen := map[string]bool{}
	for line := range strings.SplitSeq(g.edges, "\n") {
		caller := ""
		for text := range strings.SplitSeq(line, " -> ") {
			id, symbol, _ := strings.Cut(strings.TrimSpace(text), "=")
			if !seen[id] {
				doc.Nodes = append(doc.Nodes, graphNode{ID: id, Symbol: symbol, Package: g.in})
			}
			if seen[id] = true; caller != "" {
				doc.Edges = append(doc.Edges, []string{caller, id})
			}
			caller = id
		}
	}
	return doc
}

func readDocument(t testing.TB, doc callgraph) *Graph {
	t.Helper()
	data, err := json.Marshal(doc)
	require.NoError(t, err)
	g, err := ReadCallgraph(strings.NewReader(string(data)))
	require.NoError(t, err)
	return g
}

func goQuery(targets ...Target) Query { return Query{Ecosystem: "Go", Package: "m", Targets: targets} }

func TestJudgeGraph(t *testing.T) {
	unmarshal := Target{"github.com/gogo/protobuf/plugin/unmarshal", []string{"unmarshal.Generate", "unmarshal.field"}}
	language := Target{"golang.org/x/text/language", []string{"MatchStrings", "MustParse", "Parse", "ParseAcceptLanguage"}}
	f := Target{"v", []string{"F"}}
	protobuf := "main.main -> proto.Marshal\n(*github.com/gogo/protobuf/plugin/unmarshal.unmarshal).Generate -> (*github.com/gogo/protobuf/plugin/unmarshal.unmarshal).field"
	for _, test := range []struct {
		name  string
		graph graphText
		q     Query
		want  Verdict
		says  string // the path, or a part of why
	}{
		{"F-028: not called", graphText{edges: protobuf, entries: "main.main", covers: unmarshal.Path}, goQuery(unmarshal), Unreachable, "reaches no listed symbol"},
		{"F-028: called", graphText{edges: protobuf + "\nmain.main -> (*github.com/gogo/protobuf/plugin/unmarshal.unmarshal).Generate", entries: "main.main", covers: unmarshal.Path}, goQuery(unmarshal), Reachable, "main.main (*github.com/gogo/protobuf/plugin/unmarshal.unmarshal).Generate"},
		{"F-028: not linked", graphText{edges: "main.main -> proto.Marshal", entries: "main.main", notLinked: unmarshal.Path}, goQuery(unmarshal), Unreachable, "not linked"},
		{"F-028: not covered", graphText{edges: protobuf, entries: "main.main"}, goQuery(unmarshal), Unknown, "without covering"},
		{"F-028: no record has symbols", graphText{edges: protobuf, entries: "main.main", covers: unmarshal.Path}, goQuery(), Unknown, "no record"},
		{
			"F-180: init is an entry",
			graphText{
				edges:   "main.main\npgconn.init -> precis.init -> golang.org/x/text/cases.init -> golang.org/x/text/cases.init#1 -> golang.org/x/text/language.MustParse -> golang.org/x/text/language.Parse\ngolang.org/x/text/language.MatchStrings -> golang.org/x/text/language.ParseAcceptLanguage",
				entries: "main.main", covers: language.Path,
			},
			goQuery(language), Reachable, "golang.org/x/text/cases.init#1 golang.org/x/text/language.MustParse",
		},
		{"F-181: a variable's initialiser", graphText{edges: "main.main\np.init -> golang.org/x/text/language.MustParse", entries: "main.main"}, goQuery(language), Reachable, "p.init golang.org/x/text/language.MustParse"},
		{"a method named init is none", graphText{edges: "main.main\n(p.T).init -> v.F", entries: "main.main", covers: "v"}, goQuery(f), Unreachable, ""},
		{"a closure of init is none", graphText{edges: "main.main\np.init -> p.g\np.init$1 -> v.F", entries: "main.main", covers: "v"}, goQuery(f), Unreachable, ""},
		{"the init of a package with a dot", graphText{edges: "main.main\ngithub.com/nats-io/nats.go.init -> v.F", entries: "main.main", covers: "v"}, goQuery(f), Reachable, "github.com/nats-io/nats.go.init v.F"},
		{"its numbered init", graphText{edges: "main.main\ngithub.com/nats-io/nats.go.init.0 -> v.F", entries: "main.main", covers: "v"}, goQuery(f), Reachable, "github.com/nats-io/nats.go.init.0 v.F"},
		{"a method of that name, as the runtime spells it", graphText{edges: "main.main\na/p.T.init -> v.F", entries: "main.main", covers: "v"}, goQuery(f), Unreachable, ""},
		{"one of a type that is not exported", graphText{edges: "main.main\n(*a/p.t).init -> v.F\na/p.(*t).init -> v.F", entries: "main.main", covers: "v"}, goQuery(f), Unreachable, ""},
		{
			"all of a package with a dot",
			graphText{edges: "Connect", entries: "Connect", in: "github.com/nats-io/nats.go"},
			goQuery(Target{"github.com/nats-io/nats.go", nil}), Reachable, "github.com/nats-io/nats.go.Connect",
		},
		{
			"all of a package with a dot, whose methods alone say where it ends",
			graphText{edges: "main.main -> github.com/nats-io/nats.go.Connect\n(*github.com/nats-io/nats.go.Conn).Close", entries: "main.main", covers: "github.com/nats-io/nats.go"},
			goQuery(Target{"github.com/nats-io/nats.go", nil}), Reachable, "github.com/nats-io/nats.go.Connect",
		},
		{
			"the package before the dot",
			graphText{edges: "main.main -> github.com/nats-io/nats.Connect\n(*github.com/nats-io/nats.go.Conn).Close", entries: "main.main", covers: "github.com/nats-io/nats.go"},
			goQuery(Target{"github.com/nats-io/nats.go", nil}), Unreachable, "",
		},
		{
			"a package with a dot that is not covered",
			graphText{edges: "main.main -> github.com/nats-io/nats.go.Connect", entries: "main.main"},
			goQuery(Target{"github.com/nats-io/nats.go", []string{"Conn.Close"}}), Unknown, "without covering",
		},
		{
			"another function of a package with a hyphen behind the dot",
			graphText{edges: "main.main -> z/socket.io-client.New\nz/socket.io-client.Old", entries: "main.main", covers: "z/socket.io-client"},
			goQuery(Target{"z/socket.io-client", []string{"Old"}}), Unreachable, "reaches no listed symbol",
		},
		{
			"F-025: call sites apart",
			graphText{edges: "main.main -> o1=(*sync.Once).Do -> time.initLocal\nyamux.main2 -> o2=(*sync.Once).Do -> v.F", entries: "main.main", covers: "v"},
			goQuery(f), Unreachable, "",
		},
		{
			"F-025: the other site",
			graphText{edges: "main.main -> o2=(*sync.Once).Do -> v.F\nx.y -> o1=(*sync.Once).Do -> time.initLocal", entries: "main.main", covers: "v"},
			goQuery(f), Reachable, "main.main (*sync.Once).Do v.F",
		},
		{"F-027: a field is no function", graphText{edges: "main.main -> v.G", entries: "main.main", covers: "v"}, goQuery(Target{"v", []string{"T.Callback"}}), Unknown, "T.Callback is no function"},
		{"F-027: another symbol is reached", graphText{edges: "main.main -> v.G", entries: "main.main", covers: "v"}, goQuery(Target{"v", []string{"T.Callback", "G"}}), Reachable, "main.main v.G"},
		{"F-183: an instance", graphText{edges: "main.main -> l.Do[int] -> v.F[int]", entries: "main.main"}, goQuery(f), Reachable, "main.main l.Do[int] v.F[int]"},
		{"F-184: returning a closure is no call", graphText{edges: "l.EntryC\nl.EntryC$1 -> v.F", entries: "l.EntryC", covers: "v"}, goQuery(f), Unreachable, ""},
		{"F-189: an unresolved call", graphText{edges: "main.main -> a.b\nv.F", entries: "main.main", covers: "v", dynamic: "a.b"}, goQuery(f), Unknown, "a.b is reached and makes calls"},
		{"F-189: one that is not reached", graphText{edges: "main.main\na.b\nv.F", entries: "main.main", covers: "v", dynamic: "a.b"}, goQuery(f), Unreachable, ""},
		{"F-200: no entry points", graphText{edges: "lib.Export -> v.F", covers: "v"}, goQuery(f), Unknown, "no entry points"},
		{"F-200: only initialisers are known", graphText{edges: "lib.init -> lib.x\nv.F", covers: "v"}, goQuery(f), Unknown, "no entry points"},
		{"a cycle", graphText{edges: "main.main -> a.a -> b.b -> a.a\nv.F -> v.F", entries: "main.main", covers: "v"}, goQuery(f), Unreachable, ""},
		{"a cycle with a way out", graphText{edges: "main.main -> a.a -> b.b -> a.a\nb.b -> v.F", entries: "main.main", covers: "v"}, goQuery(f), Reachable, "main.main a.a b.b v.F"},
		{"two parts, two entries", graphText{edges: "main.main -> a.a\nx.e -> v.F", entries: "main.main x.e", covers: "v"}, goQuery(f), Reachable, "x.e v.F"},
		{"the entry is the symbol", graphText{edges: "v.F", entries: "v.F", covers: "v"}, goQuery(f), Reachable, "v.F"},
		{"the shortest path", graphText{edges: "main.main -> a.a -> a.b -> v.F\nmain.main -> z.z -> v.F", entries: "main.main"}, goQuery(f), Reachable, "main.main z.z v.F"},
		{"the first of the shortest", graphText{edges: "main.main -> z.z -> v.F\nmain.main -> b.b -> v.F", entries: "main.main"}, goQuery(f), Reachable, "main.main b.b v.F"},
		{"another major version", graphText{edges: "main.main -> m/v2/p.F\nm/p.F", entries: "main.main", covers: "m/p"}, goQuery(Target{"m/p", []string{"F"}}), Unreachable, ""},
		{"vendored", graphText{edges: "main.main -> a/vendor/m/p.F", entries: "main.main"}, goQuery(Target{"m/p", []string{"F"}}), Reachable, ""},
		{"the standard library's copy", graphText{edges: "main.main -> vendor/m/p.F\nm/p.F", entries: "main.main", covers: "m/p"}, goQuery(Target{"m/p", []string{"F"}}), Unreachable, ""},
		{"a package without symbols: used", graphText{edges: "main.main -> v.Any", entries: "main.main"}, goQuery(Target{"v", nil}), Reachable, "main.main v.Any"},
		{"a package without symbols: not used", graphText{edges: "main.main\nv.Any", entries: "main.main", covers: "v"}, goQuery(Target{"v", nil}), Unreachable, ""},
		{"a package without symbols: initialised", graphText{edges: "main.main\nv.init -> w.x\nv.Any", entries: "main.main", covers: "v"}, goQuery(Target{"v", nil}), Unknown, "initialisers run"},
		{"a package without symbols or functions", graphText{edges: "main.main", entries: "main.main", covers: "v"}, goQuery(Target{"v", nil}), Unknown, "knows no function"},
		{"one of two targets is not covered", graphText{edges: "main.main\nv.F\nw.F", entries: "main.main", covers: "v"}, goQuery(f, Target{"w", []string{"F"}}), Unknown, "without covering"},
		{"one of two targets is not there", graphText{edges: "main.main\nv.F", entries: "main.main", covers: "v"}, goQuery(f, Target{"w", []string{"F"}}), Unknown, "does not cover w"},
		{"another ecosystem", graphText{edges: "main.main -> v.F", entries: "main.main"}, Query{Ecosystem: "npm", Targets: []Target{f}}, Unknown, "is of Go"},
		{
			"RustSec",
			graphText{ecosystem: "crates.io", edges: "app::main -> smallvec::SmallVec<A>::insert_many::h0123456789abcdef", entries: "app::main"},
			Query{Ecosystem: "crates.io", Targets: []Target{{"smallvec", []string{"smallvec::SmallVec::insert_many"}}}},
			Reachable, "",
		},
		{
			"F-191: a crate without evidence",
			graphText{ecosystem: "crates.io", edges: "app::main", entries: "app::main"},
			Query{Ecosystem: "crates.io", Targets: []Target{{"derive-x", []string{"derive_x::f"}}}},
			Unknown, "does not cover",
		},
		{
			"named packages",
			graphText{ecosystem: "Maven", edges: "main -> a.m", entries: "main", in: "org.x"},
			Query{Ecosystem: "Maven", Targets: []Target{{"org.x", []string{"a.m"}}}},
			Reachable, "org.x.main org.x.a.m",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := Judge(test.q, readDocument(t, test.graph.document()))
			require.Equal(t, test.want, got.Verdict, got.Why)
			require.Contains(t, got.Why+" "+strings.Join(got.Path, " "), test.says)
			require.Equal(t, test.want == Reachable, len(got.Path) > 0)
			require.NotNil(t, got.Path)
		})
	}
}

func TestJudgeSeveral(t *testing.T) {
	q := goQuery(Target{"v", []string{"F"}}, Target{"w", []string{"G"}})
	q.IDs = []string{"GO-1"}
	g := func(text graphText) Evidence { return readDocument(t, text.document()) }
	path := g(graphText{edges: "main.main -> v.F", entries: "main.main"})
	longer := g(graphText{edges: "main.main -> a.a -> v.F", entries: "main.main"})
	no := g(graphText{edges: "main.main\nv.F\nw.G", entries: "main.main", covers: "v w"})
	doubt := g(graphText{edges: "main.main\nv.F", entries: "main.main"})
	silence := g(graphText{edges: "main.main", entries: "main.main"})
	onlyV := g(graphText{edges: "main.main\nv.F", entries: "main.main", covers: "v"})
	onlyW := g(graphText{edges: "main.main\nw.G", entries: "main.main", covers: "w"})
	for _, test := range []struct {
		name     string
		evidence []Evidence
		want     Verdict
	}{
		{"none", nil, Unknown},
		{"a path beats an exclusion", []Evidence{no, path}, Reachable},
		{"a path beats a doubt", []Evidence{doubt, path, silence}, Reachable},
		{"a doubt beats an exclusion", []Evidence{no, doubt}, Unknown},
		{"silence changes nothing", []Evidence{no, silence}, Unreachable},
		{"two exclusions", []Evidence{no, no}, Unreachable},
		{"parts are not added up", []Evidence{onlyV, onlyW}, Unknown},
		{"a part beside the whole is a doubt", []Evidence{no, onlyV}, Unknown},
		{"a stack beats an exclusion", []Evidence{no, &ComponentEvidence{Ecosystem: "Go", Callstack: []Frame{{"main", "", "main"}, {"v", "", "F"}}}}, Reachable},
		{"an occurrence is a doubt", []Evidence{no, &ComponentEvidence{Ecosystem: "Go", Symbols: []string{"v.F"}}}, Unknown},
		{"a component without symbols is silent", []Evidence{no, &ComponentEvidence{Ecosystem: "Go"}}, Unreachable},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := Judge(q, test.evidence...)
			require.Equal(t, test.want, got.Verdict, got.Why)
			slices.Reverse(test.evidence)
			require.Equal(t, got, Judge(q, test.evidence...))
		})
	}
	require.Equal(t, []string{"main.main", "v.F"}, Judge(q, longer, path).Path)
}

// The path is the first of the shortest whatever the order of the input; the
// reference enumerates all of them.
func TestPathIsFirstOfShortest(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		doc := randomGraph(r, 12, 30)
		want := referencePath(doc, "v.F")
		for range 3 {
			r.Shuffle(len(doc.Nodes), func(i, j int) { doc.Nodes[i], doc.Nodes[j] = doc.Nodes[j], doc.Nodes[i] })
			r.Shuffle(len(doc.Edges), func(i, j int) { doc.Edges[i], doc.Edges[j] = doc.Edges[j], doc.Edges[i] })
			slices.Reverse(doc.Entries)
			got := Judge(goQuery(Target{"v", []string{"F"}}), readDocument(t, doc))
			if want == nil {
				require.Equal(t, Unreachable, got.Verdict)
				continue
			}
			if diff := cmp.Diff(want, got.Path); diff != "" {
				t.Fatalf("%v\n%s", doc.Edges, diff)
			}
		}
	}
}

func randomGraph(r *rand.Rand, nodes, edges int) callgraph {
	doc := callgraph{Schema: SchemaCallgraph, Ecosystem: "Go", Nodes: []graphNode{{ID: "v.F"}}, Covers: []string{"v"}}
	for i := range nodes - 1 {
		doc.Nodes = append(doc.Nodes, graphNode{ID: fmt.Sprintf("p.f%c", 'a'+i)})
	}
	for range edges {
		doc.Edges = append(doc.Edges, []string{doc.Nodes[r.IntN(nodes)].ID, doc.Nodes[r.IntN(nodes)].ID})
	}
	doc.Entries = []string{"p.fa", "p.fb"}
	return doc
}

func referencePath(doc callgraph, to string) []string {
	var paths [][]string
	for _, e := range doc.Entries {
		paths = append(paths, []string{e})
	}
	for range doc.Nodes {
		slices.SortFunc(paths, comparePaths)
		var next [][]string
		for _, p := range paths {
			if p[len(p)-1] == to {
				return p
			}
			for _, e := range doc.Edges {
				if e[0] == p[len(p)-1] && !slices.Contains(p, e[1]) {
					next = append(next, append(slices.Clone(p), e[1]))
				}
			}
		}
		slices.SortFunc(next, comparePaths)
		paths = slices.CompactFunc(next, slices.Equal)
	}
	return nil
}

func TestDigraph(t *testing.T) {
	g, err := ReadDigraph(strings.NewReader("\"example.com/app.main\" \"(*v.T).M$bound\"\n\n\"p.init\" \"w.G\"\r\n\"x.dead\" \"v.F\"\n"))
	require.NoError(t, err)
	for name, want := range map[string]Verdict{"v.T.M": Reachable, "w.G": Reachable, "v.F": Unknown, "x.y": Unknown} {
		pkg, symbol, _ := strings.Cut(name, ".")
		got := Judge(goQuery(Target{pkg, []string{symbol}}), g)
		require.Equal(t, want, got.Verdict, "%s: %s", name, got.Why)
	}
	for in, want := range map[string]string{
		"":                               "no edge",
		"a b":                            "line 1",
		`"a"`:                            "line 1",
		"\"a\" \"b\"\n\"a\" \"b\" \"c\"": "line 2",
		"\"a\" `b`":                      "line 1",
		`"a" ""`:                         "empty",
		`"a" "\xff"`:                     "not UTF-8",
		strings.Repeat("x", 9*MaxName):   "beyond the limit",
		`"` + strings.Repeat("x", MaxName+1) + `" "b"`: "beyond the limit",
	} {
		_, err := ReadDigraph(strings.NewReader(in))
		require.ErrorContains(t, err, want)
	}
}

// What golang.org/x/tools/cmd/callgraph v0.52.0 prints with -algo vta for a program of
// ours. Each symbol is reached by what the language does, not by a call of its name.
func TestDigraphOfTool(t *testing.T) {
	const printed = `"example.com/app.init" "example.com/app/lib.init"
"example.com/app/lib.init" "example.com/app/lib.init#1"
"example.com/app/lib.init" "example.com/app/lib.init#2"
"example.com/app/lib.init" "example.com/app/lib.mk"
"example.com/app/lib.init#2" "example.com/app/lib.init#2$1"
"example.com/app/lib.init#2$1" "example.com/app/lib.Deferred"
"example.com/app.main" "example.com/app.run"
"example.com/app.run" "(*example.com/app/lib.T).M"
"example.com/app.main" "(*example.com/app/lib.L[map[string]example.com/app/lib.T]).Push"
"example.com/app.main" "example.com/app/lib.All"
"example.com/app.main" "example.com/app/lib.All$1"
"example.com/app/lib.All$1" "example.com/app.main$1"
"example.com/app.main$1" "example.com/app.main$1$1"
"example.com/app.main$1$1" "example.com/app/lib.F"
"example.com/app.main" "example.com/app/lib.G[int]"
"example.com/app.main" "(*sync.Once).Do"
"(*sync.Once).Do" "(*sync.Once).doSlow"
"(*sync.Once).doSlow" "example.com/app.main$2"
"example.com/app.main$2" "(example.com/app/lib.T).V"
"example.com/app/lib.Dead" "example.com/app/lib.sink"
`
	g, err := ReadDigraph(strings.NewReader(printed))
	require.NoError(t, err)
	for _, test := range []struct {
		symbol, how string
		want        Verdict
	}{
		{"mk", "a package variable's initialiser", Reachable},
		{"Deferred", "a goroutine's closure in the second init", Reachable},
		{"T.M", "a method value that is passed on", Reachable},
		{"L.Push", "a method of an instance", Reachable},
		{"G", "an instance of a generic function", Reachable},
		{"F", "the body of a range-over-func loop", Reachable},
		{"T.V", "a closure given to sync.Once", Reachable},
		{"Dead", "nothing, and a digraph covers nothing", Unknown},
	} {
		got := Judge(goQuery(Target{"example.com/app/lib", []string{test.symbol}}), g)
		require.Equal(t, test.want, got.Verdict, "%s: %s", test.symbol, test.how)
	}
}

// The example of the package comment is one.
func TestDocExample(t *testing.T) {
	source, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(source), "//\t{\n")
	example, _, ok := strings.Cut(rest, "//\t}\n")
	require.True(t, ok)
	g, err := ReadCallgraph(strings.NewReader("{" + strings.ReplaceAll(example, "//\t", "") + "}"))
	require.NoError(t, err)
	got := Judge(goQuery(Target{"golang.org/x/text/language", []string{"Parse"}}), g)
	require.Equal(t, []string{"example.com/app.main", "(*sync.Once).Do", "golang.org/x/text/language.Parse"}, got.Path)
}

func TestReadCallgraphErrors(t *testing.T) {
	doc := func(rest string) string {
		return `{"schema":"stella.callgraph/v1","ecosystem":"Go","nodes":[{"id":"a.b"}]` + rest + "}"
	}
	for in, want := range map[string]string{
		"":                              "EOF",
		"{}":                            `schema is ""`,
		strings.Repeat("[", 1<<16):      "reading call graph",
		doc("") + "{}":                  "after top-level value",
		doc(`,"edge":[]`):               "unknown object member",
		doc(`,"edges":{}`):              "it is no list",
		doc(`,"edges":[],"edges":[]`):   "duplicate object member",
		doc(`,"edges":[["a.b"]]`):       "1 ends",
		doc(`,"edges":[["a.b",""]]`):    "edges[0]",
		doc(`,"entries":["x"]`):         "entries[0]",
		doc(`,"dynamic":["a.b","a.b"]`): "there twice",
		doc(`,"covers":[""]`):           "covers[0]",
		doc(`,"not_linked":["a"]`):      "not_linked[0]",
		strings.Replace(doc(`,"not_linked":["x/a.b"]`), "a.b", "x/a.b.C", 1): "not_linked[0]",
		strings.Replace(doc(""), `"Go"`, `"npm"`, 1):                         "has no package",
		strings.Replace(doc(""), `"Go"`, `""`, 1):                            "ecosystem is missing",
		strings.Replace(doc(""), `{"id":"a.b"}`, "", 1):                      "nodes is empty",
		strings.Replace(doc(""), `{"id":"a.b"}`, "{}", 1):                    "id is missing",
		strings.Replace(doc(""), `{"id":"a.b"}`, `{"id":"a"},{"id":"a"}`, 1): "there twice",
		strings.Replace(doc(""), "a.b", strings.Repeat("x", MaxName+1), 1):   "beyond the limit",
	} {
		_, err := ReadCallgraph(strings.NewReader(in))
		require.ErrorContains(t, err, want)
	}
	g, err := ReadCallgraph(strings.NewReader(doc(`,"edges":null`)))
	require.NoError(t, err)
	require.Len(t, g.names, 1)

	_, err = ReadCallgraph(strings.NewReader(doc(`,"covers":["x"` + strings.Repeat(`,"x"`, MaxNodes-1) + `]`)))
	require.NoError(t, err)
	_, err = ReadCallgraph(strings.NewReader(doc(`,"covers":["x"` + strings.Repeat(`,"x"`, MaxNodes) + `]`)))
	require.ErrorIs(t, err, ErrTooLarge)
}

func TestGovulncheck(t *testing.T) {
	config := func(level, mode string) string {
		return fmt.Sprintf(`{"config":{"protocol_version":"v1.0.0","scan_level":%q,"scan_mode":%q}}`, level, mode)
	}
	const (
		module  = `{"finding":{"osv":"GO-1","trace":[{"module":"m","version":"v0.3.7"}]}}`
		pkg     = `{"finding":{"osv":"GO-1","trace":[{"module":"m","version":"v0.3.7","package":"m/p"}]}}`
		symbol  = `{"finding":{"osv":"GO-1","trace":[{"module":"m","version":"v0.3.7","package":"m/p","function":"F","receiver":"*T"}]}}`
		called  = `{"finding":{"osv":"GO-1","trace":[{"module":"m","version":"v0.3.7","package":"m/p","function":"F","receiver":"*T"},{"module":"a","package":"a","function":"main"}]}}`
		context = `{"osv":{"id":"GO-1","affected":[{"package":{"name":"m"},"ecosystem_specific":{"imports":[{"path":"m/p","symbols":["T.F"]}]}}]}}{"SBOM":{}}{"progress":{"message":"…"}}`
		bare    = `{"osv":{"id":"GO-1","affected":[{"package":{"name":"m"},"ecosystem_specific":{}}]}}`
		whole   = `{"osv":{"id":"GO-1","affected":[{"package":{"name":"m"},"ecosystem_specific":{"imports":[{"path":"m/p"}]}}]}}`
		path    = "a.main (*m/p.T).F"
	)
	source := config("symbol", "source")
	for _, test := range []struct {
		name, stream, version string
		want                  Verdict
		says                  string
	}{
		{"called", source + context + module + pkg + called, "0.3.7", Reachable, path},
		{"called, the order is free", called + pkg + source, "v0.3.7", Reachable, path},
		{"called, of an old protocol", config("", "") + called, "", Reachable, path},
		{"F-030: advisories are context", source + context, "0.3.7", Unknown, "no finding"},
		{"required, not imported", source + context + module, "0.3.7", Unreachable, ""},
		{"imported, not called", source + module + pkg + context, "0.3.7", Unreachable, ""},
		{"searched for all of the package", source + module + pkg + whole, "0.3.7", Unreachable, ""},
		{"F-027: an advisory without symbols was searched by", source + bare + module + pkg, "0.3.7", Unknown, "its own advisory lists none"},
		{"no advisory in the stream", source + module + pkg, "0.3.7", Unknown, "its own advisory lists none"},
		{"another version", source + pkg, "0.3.8", Unknown, "at 0.3.8"},
		{"package level", config("package", "source") + pkg, "0.3.7", Unknown, "did not search its source"},
		{"F-182: a binary without the symbol", config("symbol", "binary") + pkg, "0.3.7", Unknown, "did not search its source"},
		{"F-182: a binary with it", config("symbol", "binary") + symbol, "0.3.7", Unknown, "names no caller"},
		{"F-193: the mode is not said", config("symbol", "") + pkg, "0.3.7", Unknown, "did not search its source"},
		{"a frame without a function", source + context + `{"finding":{"osv":"GO-1","trace":[{"module":"m","version":"v0.3.7","package":"m/p","function":"F"},{"module":"a","package":"a"}]}}` + pkg, "0.3.7", Unknown, "a frame that has no function"},
		{"two streams of one mode", source + context + pkg + source + called, "0.3.7", Reachable, path},
		{"the entry is the symbol", source + symbol, "0.3.7", Reachable, "(*m/p.T).F"},
	} {
		t.Run(test.name, func(t *testing.T) {
			g, err := ReadGovulncheck(strings.NewReader(test.stream))
			require.NoError(t, err)
			q := Query{Ecosystem: "Go", Package: "m", Version: test.version, IDs: []string{"CVE-1", "GO-1"}}
			got := Judge(q, g)
			require.Equal(t, test.want, got.Verdict, got.Why)
			require.Contains(t, got.Why+" "+strings.Join(got.Path, " "), test.says)
			q.IDs = q.IDs[:1]
			require.Equal(t, Unknown, Judge(q, g).Verdict, "another vulnerability")
		})
	}
	g, err := ReadGovulncheck(strings.NewReader(source + context + pkg))
	require.NoError(t, err)
	for _, test := range []struct {
		name    string
		targets []Target
		want    Verdict
		says    string
	}{
		{"what was searched for", []Target{{"m/p", []string{"T.F"}}}, Unreachable, ""},
		{"F-027: a newer advisory lists more", []Target{{"m/p", []string{"T.F", "T.G"}}}, Unknown, "m/p.T.G"},
		{"another package", []Target{{"m/p", []string{"T.F"}}, {"m/q", []string{"T.F"}}}, Unknown, "m/q.T.F"},
		{"all of the package", []Target{{"m/p", nil}}, Unknown, "all of m/p"},
		{"no symbol of ours", nil, Unreachable, ""},
	} {
		got := Judge(Query{Ecosystem: "Go", Package: "m", Version: "0.3.7", IDs: []string{"GO-1"}, Targets: test.targets}, g)
		require.Equal(t, test.want, got.Verdict, test.name)
		require.Contains(t, got.Why, test.says)
	}
	g, err = ReadGovulncheck(strings.NewReader(source + strings.Replace(context, `"imports":[`, `"imports":[{"path":"m/p"},`, 1) + pkg))
	require.NoError(t, err)
	require.Equal(t, Unreachable, Judge(Query{Ecosystem: "Go", Package: "m", IDs: []string{"GO-1"}, Targets: []Target{{"m/p", []string{"T.G"}}}}, g).Verdict, "all of the package, beside a symbol of it")
	for in, want := range map[string]string{
		source + `{"osv":{"id":"GO-1","affected":[{"ecosystem_specific":{"imports":[{}]}}]}}`: "advisory GO-1",
		"":                                    "no config message",
		module:                                "no config message",
		`{"config":{}}`:                       "protocol version",
		source + `{"finding":{}}`:             "message 2",
		source + `{"finding":{"osv":"GO-1"}}`: "no trace",
		source + module + config("symbol", "binary"):       "message 3: a second scan begins",
		config("package", "source") + source + module:      "message 2: a second scan begins",
		source + `{"finding":{"osv":"GO-1","osv":"GO-2"}}`: "message 2: jsontext: duplicate object member",
		source + "x": "message 2",
		source + "{": "message 2",
	} {
		_, err := ReadGovulncheck(strings.NewReader(in))
		require.ErrorContains(t, err, want)
	}
}

func TestComponentEvidence(t *testing.T) {
	main, sym, other := Frame{"app", "", "main"}, Frame{"v", "T", "F"}, Frame{"x", "", "y"}
	q := goQuery(Target{"v", []string{"T.F"}})
	for _, test := range []struct {
		name   string
		frames []Frame
		want   Verdict
	}{
		{"from the entry", []Frame{main, other, sym}, Reachable},
		{"from the symbol", []Frame{sym, other, main}, Reachable},
		{"the receiver in the function", []Frame{main, other, {"v", "", "(*T).F"}}, Reachable},
		{"the import path in module", []Frame{main, other, {"", "v", "T.F"}}, Reachable},
		{"in the middle", []Frame{main, sym, other}, Unknown},
		{"alone", []Frame{sym}, Unknown},
		{"not there", []Frame{main, other}, Unknown},
		{"another receiver", []Frame{main, {"v", "U", "F"}}, Unknown},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := Judge(q, &ComponentEvidence{Ecosystem: "Go", Callstack: test.frames})
			require.Equal(t, test.want, got.Verdict, got.Why)
			if test.want == Reachable {
				require.Equal(t, "app.main", got.Path[0])
				require.Len(t, got.Path, 3)
			}
		})
	}
	whole := goQuery(Target{"v", nil})
	for _, test := range []struct {
		last Frame
		want Verdict
	}{
		{sym, Reachable}, {Frame{"v", "", "any"}, Reachable}, {other, Unknown}, {Frame{"v", "", ""}, Unknown},
	} {
		require.Equal(t, test.want, Judge(whole, &ComponentEvidence{Ecosystem: "Go", Callstack: []Frame{main, test.last}}).Verdict, "%+v", test.last)
	}
	java := Query{Ecosystem: "Maven", Targets: []Target{{"com.example.C", []string{"test"}}}}
	for _, f := range []Frame{{"com.example", "C", "test"}, {"", "com.example.C", "test"}, {"com.example.C", "", "test"}} {
		require.Equal(t, Reachable, Judge(java, &ComponentEvidence{Ecosystem: "Maven", Callstack: []Frame{{"", "App", "main"}, f}}).Verdict, "%+v", f)
	}
	require.Equal(t, Unknown, Judge(java, &ComponentEvidence{Ecosystem: "Maven", Callstack: []Frame{{"", "App", "main"}, {"com.example", "D", "test"}}}).Verdict)
	for symbol, want := range map[string]string{"test": "occurs", "com.example.C.test": "occurs", "com.example.D.test": "names no listed symbol"} {
		require.Contains(t, Judge(java, &ComponentEvidence{Ecosystem: "Maven", Symbols: []string{symbol}}).Why, want)
	}
	rust := Query{Ecosystem: "crates.io", Targets: []Target{{"a", []string{"a::b::f"}}}}
	require.Equal(t, Reachable, Judge(rust, &ComponentEvidence{Ecosystem: "crates.io", Callstack: []Frame{{"app", "", "main"}, {"a", "b", "f"}}}).Verdict)
}

func TestTargets(t *testing.T) {
	for _, test := range []struct {
		ecosystem, in string
		want          []Target
		err           string
	}{
		{"Go", `{"imports":[{"path":"p","goos":["linux"],"symbols":["T.M"]},{"path":"q"}],"x":1}`, []Target{{"p", []string{"T.M"}}, {"q", nil}}, ""},
		{"Go", `{"imports":null}`, nil, ""},
		{"Go", ``, nil, ""},
		{"Go", `{"imports":[{}]}`, nil, "has no path"},
		{"Go", `{"imports":"p"}`, nil, `Go package "n"`},
		{"crates.io", `{"affects":{"arch":[],"functions":["n::f"]}}`, []Target{{"n", []string{"n::f"}}}, ""},
		{"crates.io", `{"affects":{"functions":{"n::g":["<1"],"n::f":[]}}}`, []Target{{"n", []string{"n::f", "n::g"}}}, ""},
		{"crates.io", `{"affects":{"functions":[]}}`, nil, ""},
		{"crates.io", `{}`, nil, ""},
		{"crates.io", `{"affects":{"functions":3}}`, nil, "neither a list nor a map"},
		{"npm", `"anything"`, nil, ""},
		{"npm", `{"imports":[{"path":"lodash","symbols":["template"]},{"path":"whole"}]}`, []Target{{"lodash", []string{"template"}}}, ""},
		{"PyPI", `{"imports":[{"attribute":"load","modules":["yaml"]}]}`, nil, ""},
	} {
		got, err := Targets(test.ecosystem, "n", []byte(test.in))
		if test.err != "" {
			require.ErrorContains(t, err, test.err)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, test.want, got, test.in)
	}
}

// checkResult holds what every verdict promises.
func checkResult(t *testing.T, r Result) {
	t.Helper()
	if r.Why == "" || r.Path == nil || (r.Verdict == Reachable) != (len(r.Path) > 0) {
		t.Errorf("%+v", r)
	}
}

func FuzzReadCallgraph(f *testing.F) {
	for _, text := range []graphText{
		{edges: "main.main -> v.F -> main.main", entries: "main.main", covers: "v", dynamic: "v.F"},
		{ecosystem: "crates.io", edges: "<a::T as b::U>::f -> v::F", notLinked: "x"},
	} {
		data, err := json.Marshal(text.document())
		require.NoError(f, err)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		g, err := ReadCallgraph(strings.NewReader(string(data)))
		if err != nil {
			return
		}
		q := goQuery(Target{"v", []string{"F"}}, Target{"v", nil})
		q.Ecosystem = g.ecosystem
		r := Judge(q, g)
		checkResult(t, r)
		if r.Verdict == Unreachable && (!g.hasEntry || !g.covers["v"]) && !g.notLinked["v"] {
			t.Errorf("unreachable without evidence: %s", data)
		}
	})
}

func FuzzReadDigraph(f *testing.F) {
	f.Add("\"a.main\" \"v.F\"\n\"v.F\" \"(*p.T[int]).M$bound\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		g, err := ReadDigraph(strings.NewReader(text))
		if err != nil {
			return
		}
		r := Judge(goQuery(Target{"v", []string{"F"}}), g)
		checkResult(t, r)
		if r.Verdict == Unreachable {
			t.Errorf("a digraph covers nothing: %q", text)
		}
	})
}

func FuzzReadGovulncheck(f *testing.F) {
	f.Add(`{"config":{"protocol_version":"v1.0.0","scan_level":"symbol","scan_mode":"source"}}{"finding":{"osv":"GO-1","trace":[{"module":"m","package":"v","function":"F"},{"package":"a","function":"main"}]}}`)
	f.Add(`{"config":{"protocol_version":"v1.0.0","scan_level":"symbol","scan_mode":"source"}}{"osv":{"id":"GO-1","affected":[{"package":{"name":"m"},"ecosystem_specific":{"imports":[{"path":"v","symbols":["F"]}]}}]}}{"finding":{"osv":"GO-1","trace":[{"module":"m"}]}}`)
	f.Fuzz(func(t *testing.T, stream string) {
		g, err := ReadGovulncheck(strings.NewReader(stream))
		if err == nil {
			checkResult(t, Judge(Query{Ecosystem: "Go", Package: "m", IDs: []string{"GO-1"}}, g))
		}
	})
}

func FuzzComponentEvidence(f *testing.F) {
	f.Add("Go", "v", "T", "F")
	f.Fuzz(func(t *testing.T, ecosystem, pkg, module, function string) {
		frame := Frame{pkg, module, function}
		c := &ComponentEvidence{ecosystem, []Frame{{"app", "", "main"}, frame}, []string{function}}
		for _, targets := range [][]Target{{{"v", []string{"T.F"}}}, {{"v", nil}}} {
			r := Judge(Query{Ecosystem: ecosystem, Targets: targets}, c)
			checkResult(t, r)
			if r.Verdict == Unreachable {
				t.Errorf("frames exclude nothing: %+v", c)
			}
		}
	})
}

// The cost of one node is the same in a graph of 10,000 and of 100,000.
func BenchmarkGraph(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprintf("nodes=%d", n), func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 2))
			nodes, edges := make([]node, n), make([][2]int32, 4*n)
			for i := range nodes {
				name := fmt.Sprintf("example.com/p%d.F%d", i%100, i)
				nodes[i] = node{id: name, name: name, symbol: ParseSymbol("Go", name), entry: i == 0}
			}
			for i := range edges {
				edges[i] = [2]int32{int32(i % n), int32(r.IntN(n))}
			}
			for b.Loop() {
				newGraph("Go", nodes, edges)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/node")
		})
	}
}
