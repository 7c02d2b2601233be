package mutants

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/regression"
)

// A case is live when a mutant that it kills is on record. That it still does,
// `make sabotage` shows; this shows that there is one, of code that is there.
func TestEveryCaseIsLive(t *testing.T) {
	var guards Guards
	require.NoError(t, ReadJSON("guards.json", &guards))
	entries, err := regression.Corpus(filepath.Join("..", "cases"))
	require.NoError(t, err)
	ids := map[string]bool{}
	for _, e := range entries {
		require.NoError(t, e.Err)
		id := e.Case.ID
		ids[id] = true
		g, ok := guards[id]
		if !ok {
			t.Errorf("%s has no mutant on record: go run ./regression/cmd/mutants guards -update -case %s", id, id)
			continue
		}
		require.Contains(t, g.Fails, id, "the mutant on record does not fail the case")
		source, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(g.Mutant.File)))
		require.NoError(t, err, id)
		code := strings.TrimSuffix(g.Mutant.Code, "…")
		require.Contains(t, strings.Join(strings.Fields(string(source)), " "), code, "the mutant on record for %s is of code that is not there", id)
	}
	for id := range guards {
		require.True(t, ids[id], "%s has a mutant on record and is no case", id)
	}
}

func TestReasonsAreUsed(t *testing.T) {
	var reasons Reasons
	require.NoError(t, ReadJSON("survivors.json", &reasons))
	for _, r := range reasons {
		require.NotEmpty(t, r.Why, r.File)
		source, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(r.File)))
		require.NoError(t, err)
		require.Contains(t, strings.Join(strings.Fields(string(source)), " "), r.Code)
	}
}
