package storetest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/authority"
	"github.com/stella-ops/stella/authority/memstore"
	"github.com/stella-ops/stella/authority/storetest"
)

func model() authority.TokenStore { return new(memstore.Store) }

func openModel(storetest.T) storetest.Backend {
	return storetest.Backend{Store: model(), Engine: "memory", Restart: func(storetest.T) authority.TokenStore { return model() }}
}

func TestModel(t *testing.T) {
	stores := []storetest.Named{{Name: "one", Store: model()}, {Name: "two", Store: model()}}
	require.Positive(t, storetest.Lockstep(t, 1, 50, 40, stores...))
	require.Positive(t, storetest.Parity(t, 1, 200, stores...))
	require.Positive(t, storetest.Race(t, model(), 50, 64))
	h := storetest.Linearizable(t, model(), storetest.Load{Seed: 1, Clients: 8, Tokens: 60, Calls: 1000})
	require.Equal(t, 8060, h.Judged)
	require.Zero(t, h.Unknown+h.Unavailable)
}
