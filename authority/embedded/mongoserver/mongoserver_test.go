package mongoserver_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/authority/embedded/mongoserver"
)

// The version that reports name is the one that is linked.
func TestVersion(t *testing.T) {
	mod, err := os.ReadFile(filepath.Join("..", "..", "..", "go.mod"))
	require.NoError(t, err)
	require.Contains(t, string(mod), "github.com/FerretDB/FerretDB "+mongoserver.Version+"\n")
}

// A server keeps its data and its address over a stop.
func TestStopAndRun(t *testing.T) {
	s, err := mongoserver.Start(t.TempDir())
	require.NoError(t, err)
	before := s.URI()
	require.ErrorContains(t, s.Run(), "is running")
	s.Stop()
	s.Stop() // nothing is left to stop
	require.NoError(t, s.Run())
	require.Equal(t, before, s.URI())
	require.NoError(t, s.Close())
}
