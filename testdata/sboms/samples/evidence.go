package samples

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

// A claim is an advisory that affects a component, in the order of the tables.
type claim struct {
	Component
	Advisory
}

func claims(list []Component) []claim {
	var all []claim
	for _, c := range list {
		if !c.Affected {
			continue
		}
		for _, a := range c.Package.Advisories {
			all = append(all, claim{c, a})
		}
	}
	return all
}

// callgraph is a stella.callgraph/v1 document; its fields are described there.
type callgraph struct {
	Schema    string      `json:"schema"`
	Ecosystem string      `json:"ecosystem"`
	Nodes     []node      `json:"nodes"`
	Edges     [][2]string `json:"edges"`
	Entries   []string    `json:"entries"`
	Covers    []string    `json:"covers"`
	NotLinked []string    `json:"not_linked"`
	Dynamic   []string    `json:"dynamic"`
}

type node struct {
	ID      string `json:"id"`
	Package string `json:"package,omitempty"`
	Symbol  string `json:"symbol,omitempty"`
}

// callgraphOf invents who calls the vulnerable symbols of an image's Go or Rust
// packages: of three advisories with symbols one is called, one is not, and the package
// of the third is no part of the graph. It gives nil where nothing is known of calls.
func callgraphOf(img Image, list []Component) ([]byte, error) {
	for _, app := range img.Apps {
		if app.Calls != nil && (app.Ecosystem == "Go" || app.Ecosystem == "crates.io") {
			return encode(app.graph(claims(list)))
		}
	}
	return nil, nil
}

func (app App) graph(all []claim) callgraph {
	nodes, edges, covers, entries := map[string]node{}, map[[2]string]bool{}, map[string]bool{}, map[string]bool{}
	for _, chain := range app.Calls {
		entries[chain[0]] = true
		for i, frame := range chain {
			nodes[frame] = node{ID: frame}
			if i > 0 {
				edges[[2]string{chain[i-1], frame}] = true
			}
		}
	}
	known := 0
	for _, c := range all {
		if c.Package.Ecosystem != app.Ecosystem || len(c.Symbols) == 0 {
			continue
		}
		known++
		if known%3 == 0 {
			continue
		}
		for i, symbol := range c.Symbols {
			n := node{ID: symbol}
			pkg := c.Package.Name
			if app.Ecosystem == "Go" {
				n.Package, n.Symbol = splitGo(symbol)
				pkg = n.Package
			}
			nodes[n.ID], covers[pkg] = n, true
			if i == 0 && known%3 == 1 {
				chain := app.Calls[known%len(app.Calls)]
				edges[[2]string{chain[len(chain)-1], symbol}] = true
			}
		}
	}
	g := callgraph{
		Schema: "stella.callgraph/v1", Ecosystem: app.Ecosystem, NotLinked: []string{}, Dynamic: []string{},
		Entries: slices.Sorted(maps.Keys(entries)), Covers: slices.Sorted(maps.Keys(covers)), Nodes: []node{}, Edges: [][2]string{},
	}
	for _, id := range slices.Sorted(maps.Keys(nodes)) {
		g.Nodes = append(g.Nodes, nodes[id])
	}
	g.Edges = slices.SortedFunc(maps.Keys(edges), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	return g
}

type openVEX struct {
	Context    string      `json:"@context"`
	ID         string      `json:"@id"`
	Author     string      `json:"author"`
	Timestamp  string      `json:"timestamp"`
	Version    int         `json:"version"`
	Statements []statement `json:"statements"`
}

type statement struct {
	Vulnerability map[string]string   `json:"vulnerability"`
	Products      []map[string]string `json:"products"`
	Status        string              `json:"status"`
	Justification string              `json:"justification,omitempty"`
}

// vexOf invents the answers of an image's maker: every eighth claim is not affected,
// and every sixteenth holds a fix of its own. It gives nil for an image without VEX.
func vexOf(img Image, list []Component) ([]byte, error) {
	if !img.VEX {
		return nil, nil
	}
	doc := openVEX{
		Context: "https://openvex.dev/ns/v0.2.0", ID: "https://stella.example/vex/" + img.File, Author: "makers of " + img.Target,
		Timestamp: created, Version: 1,
	}
	for i, c := range claims(list) {
		if i%8 != 3 {
			continue
		}
		id, _ := c.recordID()
		s := statement{
			Vulnerability: map[string]string{"name": id}, Products: []map[string]string{{"@id": c.PURL}},
			Status: "not_affected", Justification: "vulnerable_code_cannot_be_controlled_by_adversary",
		}
		if i%16 == 11 {
			s.Status, s.Justification = "fixed", ""
		}
		doc.Statements = append(doc.Statements, s)
	}
	return encode(doc)
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	err := enc.Encode(v)
	return b.Bytes(), err
}
