package reach

import (
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// SchemaCallgraph names the format of [ReadCallgraph], described in the package
// comment.
const SchemaCallgraph = "stella.callgraph/v1"

// ErrTooLarge is in the error of input beyond one of this package's limits.
var ErrTooLarge = errors.New("beyond the limit")

type callgraph struct {
	Schema    string     `json:"schema"`
	Ecosystem string     `json:"ecosystem"`
	Nodes     graphNodes `json:"nodes"`
	Edges     graphEdges `json:"edges"`
	Entries   graphIDs   `json:"entries"`
	Covers    graphIDs   `json:"covers"`
	NotLinked graphIDs   `json:"not_linked"`
	Dynamic   graphIDs   `json:"dynamic"`
}

// The lists are cut off at their limits while they are read: beyond these a file of 240 MB
// takes gigabytes.
type (
	graphNodes []graphNode
	graphEdges [][]string
	graphIDs   []string
)

// UnmarshalJSONFrom implements [jsonv2.UnmarshalerFrom].
func (l *graphNodes) UnmarshalJSONFrom(d *jsontext.Decoder) error { return readList(d, l, MaxNodes) }

// UnmarshalJSONFrom implements [jsonv2.UnmarshalerFrom].
func (l *graphEdges) UnmarshalJSONFrom(d *jsontext.Decoder) error { return readList(d, l, MaxEdges) }

// UnmarshalJSONFrom implements [jsonv2.UnmarshalerFrom].
func (l *graphIDs) UnmarshalJSONFrom(d *jsontext.Decoder) error { return readList(d, l, MaxNodes) }

func readList[L ~[]E, E any](d *jsontext.Decoder, list *L, most int) error {
	begin, err := d.ReadToken()
	switch {
	case err != nil:
		return err
	case begin.Kind() == 'n': // as Go writes a list that is nil
		return nil
	case begin.Kind() != '[':
		return errors.New("it is no list")
	}
	for d.PeekKind() != ']' {
		if len(*list) == most {
			return fmt.Errorf("its list is longer than %d: %w", most, ErrTooLarge)
		}
		*list = append(*list, *new(E))
		if err := jsonv2.UnmarshalDecode(d, &(*list)[len(*list)-1]); err != nil {
			return err
		}
	}
	_, err = d.ReadToken()
	return err
}

type graphNode struct {
	ID      string `json:"id"`
	Package string `json:"package"`
	Symbol  string `json:"symbol"`
}

// ReadCallgraph reads a graph in the format stella.callgraph/v1. Anything that is
// not in the format is an error: an unknown field, or one that is there twice, may be
// one that changes the verdict. Errors name the field; those beyond [MaxBytes],
// [MaxNodes], [MaxEdges] and [MaxName] wrap [ErrTooLarge].
func ReadCallgraph(r io.Reader) (*Graph, error) {
	var doc callgraph
	limited := limit(r)
	err := jsonv2.UnmarshalRead(limited, &doc, jsonv2.RejectUnknownMembers(true))
	if limited.err != nil {
		err = limited.err
	}
	if err != nil {
		return nil, fmt.Errorf("reading call graph: %w; the format is %s", err, SchemaCallgraph)
	}
	g, err := doc.graph()
	if err != nil {
		return nil, fmt.Errorf("reading call graph: %w; the format is %s", err, SchemaCallgraph)
	}
	return g, nil
}

func (doc *callgraph) graph() (*Graph, error) {
	switch {
	case doc.Schema != SchemaCallgraph:
		return nil, fmt.Errorf("schema is %q", doc.Schema)
	case doc.Ecosystem == "":
		return nil, errors.New("ecosystem is missing")
	case len(doc.Nodes) == 0:
		return nil, errors.New("nodes is empty")
	}
	nodes, index, err := doc.nodes()
	if err != nil {
		return nil, err
	}
	edges, err := doc.edges(index)
	if err != nil {
		return nil, err
	}
	g := newGraph(doc.Ecosystem, nodes, edges)
	g.hasEntry = len(doc.Entries) > 0
	if err := doc.packages(g); err != nil {
		return nil, err
	}
	return g, nil
}

func (doc *callgraph) nodes() ([]node, map[string]int32, error) {
	nodes := make([]node, len(doc.Nodes))
	index := make(map[string]int32, len(doc.Nodes))
	for i, in := range doc.Nodes {
		n, err := doc.node(in)
		if err != nil {
			return nil, nil, fmt.Errorf("nodes[%d]: %w", i, err)
		}
		if _, double := index[n.id]; double {
			return nil, nil, fmt.Errorf("nodes[%d]: id %q is there twice", i, n.id)
		}
		index[n.id], nodes[i] = int32(i), n
	}
	err := mark("entries", doc.Entries, index, func(i int32) { nodes[i].entry = true })
	if err == nil {
		err = mark("dynamic", doc.Dynamic, index, func(i int32) { nodes[i].dynamic = true })
	}
	return nodes, index, err
}

func (doc *callgraph) node(in graphNode) (node, error) {
	n := node{id: in.ID, name: in.Symbol}
	if n.name == "" {
		n.name = in.ID
	}
	for _, s := range []string{in.ID, in.Package, in.Symbol} {
		if err := checkName(s); err != nil {
			return node{}, err
		}
	}
	named := doc.Ecosystem == ecosystemGo || doc.Ecosystem == ecosystemRust
	switch {
	case in.ID == "":
		return node{}, errors.New("id is missing")
	case in.Package == "" && !named:
		return node{}, fmt.Errorf("id %q has no package, which ecosystem %q needs", in.ID, doc.Ecosystem)
	case in.Package == "":
		n.symbol = ParseSymbol(doc.Ecosystem, n.name)
	case doc.Ecosystem == ecosystemRust:
		n.name = in.Package + "::" + n.name
		n.symbol = ParseSymbol(doc.Ecosystem, n.name)
	default:
		n.symbol = symbolIn(doc.Ecosystem, in.Package, n.name)
		n.name = in.Package + "." + n.name
	}
	n.entry = doc.Ecosystem == ecosystemGo && isGoInit(n.name)
	return n, nil
}

func (doc *callgraph) edges(index map[string]int32) ([][2]int32, error) {
	edges := make([][2]int32, len(doc.Edges))
	for i, e := range doc.Edges {
		if len(e) != 2 {
			return nil, fmt.Errorf("edges[%d] has %d ends, not caller and callee", i, len(e))
		}
		for end, id := range e {
			n, ok := index[id]
			if !ok {
				return nil, fmt.Errorf("edges[%d]: %q is no node", i, id)
			}
			edges[i][end] = n
		}
	}
	return edges, nil
}

// mark calls set for each node that a field lists.
func mark(field string, ids []string, index map[string]int32, set func(int32)) error {
	seen := map[string]bool{}
	for i, id := range ids {
		n, ok := index[id]
		switch {
		case !ok:
			return fmt.Errorf("%s[%d]: %q is no node", field, i, id)
		case seen[id]:
			return fmt.Errorf("%s[%d]: %q is there twice", field, i, id)
		}
		seen[id] = true
		set(n)
	}
	return nil
}

func (doc *callgraph) packages(g *Graph) error {
	for i, p := range doc.Covers {
		if p == "" {
			return fmt.Errorf("covers[%d] is empty", i)
		}
		g.covers[packagePath(g.ecosystem, p)] = true
	}
	for i, p := range doc.NotLinked {
		path := packagePath(g.ecosystem, p)
		if p == "" || g.covers[path] || len(g.members(path)) > 0 {
			return fmt.Errorf("not_linked[%d]: %q is empty, covered or has nodes", i, p)
		}
		g.notLinked[path] = true
	}
	return nil
}

func checkName(s string) error {
	switch {
	case len(s) > MaxName:
		return fmt.Errorf("a name of %d bytes: %w of %d", len(s), ErrTooLarge, MaxName)
	case !utf8.ValidString(s):
		return fmt.Errorf("%q is not UTF-8", s)
	}
	return nil
}

// A limitReader fails, where io.LimitReader would seem to end.
type limitReader struct {
	r    io.Reader
	left int64
	err  error // what ended the reading, if it was not the end
}

func limit(r io.Reader) *limitReader { return &limitReader{r: r, left: MaxBytes} }

func (l *limitReader) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		err = fmt.Errorf("more than %d bytes: %w", MaxBytes, ErrTooLarge)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		l.err = err
	}
	return n, err
}
