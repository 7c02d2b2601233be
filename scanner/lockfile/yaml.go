package lockfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"

	"go.yaml.in/yaml/v3"
)

// A node is a YAML value, nil where there is none. Nodes are not decoded into Go
// values: a version keeps its text (1.10 is no number), and nothing is expanded.
type node yaml.Node

// documents reads every document of a YAML stream (F-144).
func documents(data []byte) ([]*node, error) {
	if len(data) > MaxTree {
		return nil, fmt.Errorf("it is YAML larger than %d MiB; is it a lockfile?", MaxTree>>20)
	}
	var all []*node
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var document yaml.Node
		err := decoder.Decode(&document)
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%w; write it anew with its package manager", err)
		}
		if err := checkYAML(&document, 0); err != nil {
			return nil, err
		}
		if document.Kind == yaml.DocumentNode {
			all = append(all, (*node)(document.Content[0]))
		}
	}
}

func checkYAML(n *yaml.Node, depth int) error {
	switch {
	case n.Kind == yaml.AliasNode:
		return fmt.Errorf("line %d: it has a YAML alias, which no package manager writes", n.Line)
	case depth > MaxDepth:
		return fmt.Errorf("line %d: values are nested more than %d deep", n.Line, MaxDepth)
	}
	for _, child := range n.Content {
		if err := checkYAML(child, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// document reads a stream of one document.
func document(data []byte) (*node, error) {
	all, err := documents(data)
	switch {
	case err != nil:
		return nil, err
	case len(all) != 1:
		return nil, fmt.Errorf("it has %d YAML documents, not one", len(all))
	case all[0].Kind != yaml.MappingNode:
		return nil, errors.New("its YAML is no mapping; is it a lockfile of this name?")
	}
	return all[0], nil
}

// pairs are the keys and values of a mapping; other nodes have none.
func (n *node) pairs() iter.Seq2[string, *node] {
	return func(yield func(string, *node) bool) {
		if n == nil || n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i].Value, (*node)(n.Content[i+1])) {
				return
			}
		}
	}
}

// items are the elements of a sequence; other nodes have none.
func (n *node) items() iter.Seq[*node] {
	return func(yield func(*node) bool) {
		if n == nil || n.Kind != yaml.SequenceNode {
			return
		}
		for _, item := range n.Content {
			if !yield((*node)(item)) {
				return
			}
		}
	}
}

// get is the value of a key, nil where there is none.
func (n *node) get(path ...string) *node {
	for _, key := range path {
		var found *node
		for k, v := range n.pairs() {
			if k == key {
				found = v
			}
		}
		n = found
	}
	return n
}

// text is a scalar's text as it is written; other nodes and null have none.
func (n *node) text() string {
	if n == nil || n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		return ""
	}
	return n.Value
}

func (n *node) isTrue() bool { return n.text() == "true" }
