package memstore_test

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/authority"
	"github.com/stella-ops/stella/authority/memstore"
	"github.com/stella-ops/stella/authority/storetest"
)

func TestContract(t *testing.T) {
	storetest.Run(t, func(storetest.T) storetest.Backend {
		restart := func(storetest.T) authority.TokenStore { return new(memstore.Store) }
		return storetest.Backend{Store: new(memstore.Store), Engine: "memory", Restart: restart}
	})
}

// A part of the contract is held to for itself, with -run or -skip.
func TestPart(t *testing.T) {
	n := len(storetest.Contract())
	for _, test := range []struct {
		picked string
		passes bool
		want   string
	}{
		{"-test.run=^TestContract$/one_id_is_refused", true, fmt.Sprintf("1 of %d properties", n)},
		{"-test.skip=TestPart|/of_many", true, fmt.Sprintf("%d of %d properties", n-1, n)},
		{"-test.run=^TestContract$", true, "the contract: "},
		{"-test.run=^TestContract$/no_such", false, "none is picked by -run=^TestContract$/no_such"},
	} {
		out, err := exec.CommandContext(t.Context(), os.Args[0], "-test.v", test.picked).CombinedOutput()
		require.Equal(t, test.passes, err == nil, "%s: %s", test.picked, out)
		require.Contains(t, string(out), test.want, test.picked)
	}
}
