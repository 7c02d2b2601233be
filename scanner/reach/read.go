package reach

import "bytes"

// Read reads evidence in any of its formats and tells them apart by their first bytes:
// the lines of a digraph begin with a quoted name, a call graph of ours names its
// schema, and the rest is a govulncheck stream.
func Read(data []byte) (Evidence, error) {
	switch {
	case bytes.HasPrefix(bytes.TrimSpace(data), []byte(`"`)):
		return ReadDigraph(bytes.NewReader(data))
	case bytes.Contains(data, []byte(`"stella.callgraph/`)):
		return ReadCallgraph(bytes.NewReader(data))
	}
	return ReadGovulncheck(bytes.NewReader(data))
}
