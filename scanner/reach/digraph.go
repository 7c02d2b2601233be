package reach

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// ReadDigraph reads the text that golang.org/x/tools/cmd/callgraph prints with
// -format digraph: one edge a line, caller and callee as two Go string literals.
//
// The text does not say where the program begins, nor what it covers. Entry points
// are those of the Go language: functions called main, every init, and the analysis'
// own "<root>". A symbol that they do not reach is [Unknown], never [Unreachable]:
// the analysis may have been a partial one. stella.callgraph/v1 can say more.
//
// Errors name the line; those beyond the limits wrap [ErrTooLarge].
func ReadDigraph(r io.Reader) (*Graph, error) {
	in := bufio.NewScanner(limit(r))
	in.Buffer(nil, 8*MaxName+16) // two names, each byte escaped
	d := digraph{index: map[string]int32{}}
	line := 0
	for in.Scan() {
		line++
		if text := strings.TrimSpace(in.Text()); text != "" {
			if err := d.edge(text); err != nil {
				return nil, fmt.Errorf("reading digraph, line %d: %w", line, err)
			}
		}
	}
	err := in.Err()
	if errors.Is(err, bufio.ErrTooLong) {
		err = fmt.Errorf("a name: %w of %d bytes", ErrTooLarge, MaxName)
	}
	if err != nil {
		return nil, fmt.Errorf("reading digraph, after line %d: %w", line, err)
	}
	if len(d.edges) == 0 {
		return nil, errors.New("reading digraph: no edge in it; print one with callgraph -format digraph")
	}
	return newGraph(ecosystemGo, d.nodes, d.edges), nil
}

type digraph struct {
	nodes []node
	index map[string]int32
	edges [][2]int32
}

func (d *digraph) edge(text string) error {
	if len(d.edges) == MaxEdges {
		return fmt.Errorf("more than %d edges: %w", MaxEdges, ErrTooLarge)
	}
	var ends [2]int32
	for i := range ends {
		literal, err := strconv.QuotedPrefix(text)
		if err != nil || literal[0] != '"' {
			return fmt.Errorf("%.80q is not two quoted names, as callgraph -format digraph prints", text)
		}
		text = strings.TrimLeft(text[len(literal):], " \t")
		name, err := strconv.Unquote(literal)
		if err != nil {
			return fmt.Errorf("name %.80q: %w", literal, err)
		}
		if ends[i], err = d.node(name); err != nil {
			return err
		}
	}
	if text != "" {
		return fmt.Errorf("%.80q follows the two names", text)
	}
	d.edges = append(d.edges, ends)
	return nil
}

func (d *digraph) node(name string) (int32, error) {
	if i, ok := d.index[name]; ok {
		return i, nil
	}
	if name == "" {
		return 0, errors.New("a name is empty")
	}
	if err := checkName(name); err != nil {
		return 0, err
	}
	if len(d.nodes) == MaxNodes {
		return 0, fmt.Errorf("more than %d nodes: %w", MaxNodes, ErrTooLarge)
	}
	i := int32(len(d.nodes))
	d.index[name] = i
	d.nodes = append(d.nodes, node{
		id: name, name: name, symbol: ParseSymbol(ecosystemGo, name),
		entry: name == "<root>" || strings.HasSuffix(name, ".main") && !strings.HasPrefix(name, "(") || isGoInit(name),
	})
	return i, nil
}
