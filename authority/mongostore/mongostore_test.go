package mongostore_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/authority"
	"github.com/stella-ops/stella/authority/embedded/mongoserver"
	"github.com/stella-ops/stella/authority/mongostore"
	"github.com/stella-ops/stella/authority/storetest"
)

// server is one server for the tests of the package; each test has a database of its own.
var server *mongoserver.Server

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "stella-mongo-*")
	if err == nil {
		server, err = mongoserver.Start(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = server.Close()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

var databases atomic.Int64

func openStore(t storetest.T, database string) *mongostore.Store {
	s, err := mongostore.Open(t.Context(), server.URI(), database)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close(context.Background()) }) // closed twice after a restart
	return s
}

func openBackend(t storetest.T) storetest.Backend {
	database := fmt.Sprintf("test_%d", databases.Add(1))
	s := openStore(t, database)
	require.NoError(t, s.Up(t.Context()))
	engine, err := s.Version(t.Context())
	require.NoError(t, err)
	return storetest.Backend{
		Store: s, Engine: engine,
		Restart: func(t storetest.T) authority.TokenStore {
			require.NoError(t, s.Close(t.Context()))
			server.Stop()
			require.NoError(t, server.Run())
			return openStore(t, database)
		},
	}
}

func TestContract(t *testing.T) { storetest.Run(t, openBackend) }

func TestIndexes(t *testing.T) {
	database := fmt.Sprintf("test_%d", databases.Add(1))
	s := openStore(t, database)
	differences, err := s.Check(t.Context())
	require.NoError(t, err)
	require.Len(t, differences, 2)
	require.Contains(t, differences[0], "ix_tokens_owner_id is missing")
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() { errs[i] = s.Up(t.Context()) })
	}
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	differences, err = s.Check(t.Context())
	require.NoError(t, err)
	require.Empty(t, differences)
}

// A connection string that promises less than the contract is refused before anything is
// asked, and no error shows its password.
func TestWeakSettings(t *testing.T) {
	for query, want := range map[string]string{
		"w=1": "w=1", "w=0": "w=0", "journal=false": "journal=false", "readPreference=secondaryPreferred": "readPreference",
		"readConcernLevel=local": "readConcernLevel=local", "w=tagged": "w=tagged",
	} {
		_, err := mongostore.Open(t.Context(), "mongodb://u:hunter2@127.0.0.1:1/?"+query, "db")
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "hunter2")
	}
	for _, uri := range []string{"mongodb://u:hunter2@127.0.0.1:1/?serverSelectionTimeoutMS=200", "mongodb://u:hunter2@/x", "http://u:hunter2@h"} {
		_, err := mongostore.Open(t.Context(), uri, "db")
		require.ErrorContains(t, err, "MongoDB")
		require.NotContains(t, err.Error(), "hunter2")
	}
}
