package storetest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/authority"
	"github.com/stella-ops/stella/authority/storetest"
)

// An entry of the ledger that passes fails the run, and so does one that fails otherwise.
func TestLedger(t *testing.T) {
	kept, another, lost := openModel(t), openModel(t), openModel(t)
	kept.Restart = func(storetest.T) authority.TokenStore { return kept.Store }
	another.Engine, another.Restart = "another", func(storetest.T) authority.TokenStore { return another.Store }
	lost.Restart = func(t storetest.T) authority.TokenStore {
		require.Fail(t, "it does not start")
		return nil
	}
	hold := func(b storetest.Backend) storetest.Verdict {
		restart := storetest.Contract()
		i := 0
		for restart[i].Name != "everything outlives a restart" {
			i++
		}
		return storetest.Try(t.Context(), storetest.Property{Check: func(t storetest.T, b storetest.Backend) {
			storetest.Hold(t, restart[i], b)
		}}, func(storetest.T) storetest.Backend { return b })
	}
	require.Equal(t, storetest.Verdict{}, hold(openModel(t)))
	require.Contains(t, hold(kept).Message, "take the entry out")
	require.Contains(t, hold(lost).Message, "in another way")
	require.Equal(t, storetest.Verdict{}, hold(another), "where no entry is, the property itself holds")
}
