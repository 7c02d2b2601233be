package mongoserver_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/authority/embedded/mongoserver"
	"github.com/stella-ops/stella/authority/mongostore"
	"github.com/stella-ops/stella/authority/storetest"
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

// Without the relay a race is lost, as the ledger has it: if FerretDB came to need none,
// the entry would fail.
func TestRelayIsNeeded(t *testing.T) {
	s, err := mongoserver.Start(t.TempDir())
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	store, err := mongostore.Open(t.Context(), s.Direct(), "relay")
	require.NoError(t, err)
	defer func() { require.NoError(t, store.Close(t.Context())) }()
	storetest.Hold(t, storetest.OneWinner, storetest.Backend{Store: store, Engine: "FerretDB v1 without the relay"})
}
