package storetest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/authority/storetest"
)

// A whole run leaves no method out; less is enough only for who picked it.
func TestRequire(t *testing.T) {
	properties := storetest.Contract()
	n := len(properties)
	some, every := new(storetest.Counts), new(storetest.Counts)
	store, all := some.Count(model()), every.Count(model())
	_, _ = store.GetByID(t.Context(), "x") // refused, and counted
	for _, p := range properties[:n-1] {   // all but the restart, which the model has none of
		p.Check(t, storetest.Backend{Store: all, Engine: "memory"})
	}
	for _, test := range []struct {
		name   string
		counts *storetest.Counts
		held   int
		part   string
		want   string // "" for enough
	}{
		{"all, and every method", every, n, "", ""},
		{"all, picked", every, n, " -run=Contract", ""},
		{"all, and a method never", some, n, "", "GetByOwner was never called"},
		{"all, picked, and a method never", some, n, " -run=Contract", "GetByOwner was never called"},
		{"a part, picked", some, 1, " -run=Contract/one", ""},
		{"a part, and nobody picked it", every, n - 1, "", "nobody picked them"},
		{"none", new(storetest.Counts), 0, " -run=Contract/none", "none is picked by -run=Contract/none"},
	} {
		verdict := storetest.Try(t.Context(), storetest.Property{Check: func(t storetest.T, _ storetest.Backend) {
			test.counts.Require(t, test.held, n, test.part)
		}}, func(storetest.T) storetest.Backend { return storetest.Backend{} })
		require.Equal(t, test.want != "", verdict.Failed, "%s: %s", test.name, verdict.Message)
		require.Contains(t, verdict.Message, test.want, test.name)
	}
}
