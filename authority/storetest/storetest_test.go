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
	return storetest.Backend{Store: model(), Engine: "memory"}
}

// The suite kills every mutant of the model, and does not kill the model.
func TestMutants(t *testing.T) {
	kills := storetest.KillMutants(t.Context(), openModel, model)
	t.Logf("\n%s", storetest.KillTable(kills))
	require.GreaterOrEqual(t, len(kills), 25)
	for _, k := range kills {
		require.NotEmpty(t, k.By, "the mutant survived: %s", k.Mutant)
	}
}

func TestModel(t *testing.T) {
	stores := []storetest.Named{{Name: "one", Store: model()}, {Name: "two", Store: model()}}
	require.Positive(t, storetest.Lockstep(t, 1, 50, 40, stores...))
	require.Positive(t, storetest.Parity(t, 1, 200, stores...))
	require.Positive(t, storetest.Race(t, model(), 50, 64))
	judged, unknown := storetest.Linearizable(t, model(), storetest.Load{Seed: 1, Clients: 8, Tokens: 60, Calls: 1000})
	require.Equal(t, 8000, judged)
	require.Zero(t, unknown)
}
