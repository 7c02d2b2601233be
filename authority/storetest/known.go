package storetest

import (
	"strings"

	"github.com/stretchr/testify/require"
)

// A Difference is a promise that an engine is known not to keep. It is expected to fail,
// in the way that is known, and an entry that passes fails the run: the ledger holds what
// is, not what once was.
type Difference struct {
	Engine   string // how its name begins
	Property string // that fails on it
	Says     string // a regular expression that the failure matches
	Reason   string // why it is accepted
	Link     string // where it comes from
}

// ledger is every difference that is accepted.
var ledger = []Difference{
	{
		Engine: "memory", Property: "everything outlives a restart", Says: "reading a token that was saved.*",
		Reason: "the model keeps nothing beyond its process, and no service runs on it",
		Link:   "https://pkg.go.dev/github.com/stella-ops/stella/authority/memstore",
	},
	{
		Engine: "FerretDB v1 without the relay", Property: OneWinner.Name, Says: "who won is not who stands|callers were told different things|winners of",
		Reason: "it reads, compares and writes in steps of their own; embedded/mongoserver puts a relay before it, and MongoDB needs none",
		Link:   "https://github.com/FerretDB/FerretDB/blob/v1.24.2/internal/handler/msg_findandmodify.go",
	},
}

// OneWinner is a race, as a property.
var OneWinner = Property{"of many revocations at once, one wins", func(t T, b Backend) { Race(t, b.Store, 20, 64) }}

// known is the ledger's entry for an engine and a property.
func known(engine, property string) (Difference, bool) {
	for _, d := range ledger {
		if strings.HasPrefix(engine, d.Engine) && d.Property == property {
			return d, true
		}
	}
	return Difference{}, false
}

// Hold holds a backend to a property, or to the ledger where that has an entry for it.
func Hold(t T, p Property, b Backend) {
	t.Helper()
	d, ok := known(b.Engine, p.Name)
	if !ok {
		p.Check(t, b)
		return
	}
	v := Try(t.Context(), p, func(T) Backend { return b })
	require.True(t, v.Failed, "%s: %q passes, and the ledger says that it cannot: take the entry out of known.go", b.Engine, p.Name)
	require.Regexp(t, d.Says, v.Message, "%s: %q fails in another way than the ledger says", b.Engine, p.Name)
	t.Logf("known of %s: %s (%s)", b.Engine, d.Reason, d.Link)
}
