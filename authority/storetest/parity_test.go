package storetest_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/authority/enginetest"
	"github.com/stella-ops/stella/authority/storetest"
)

var (
	postgres *enginetest.Postgres
	mongo    *enginetest.Mongo
)

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	if postgres, err = enginetest.StartPostgres(context.Background()); err != nil {
		return 1, err
	}
	defer postgres.Close()
	if mongo, err = enginetest.StartMongo(); err != nil {
		return 1, err
	}
	defer mongo.Close()
	return m.Run(), nil
}

// seed is that of the runs below: one for all, or the one that is to be run again.
func seed(t *testing.T) uint64 {
	text := os.Getenv(storetest.SeedVariable)
	if text == "" {
		return 20261126
	}
	n, err := strconv.ParseUint(text, 10, 64)
	require.NoError(t, err, storetest.SeedVariable)
	return n
}

// openAll opens the model and a store on each engine.
func openAll(t *testing.T) []storetest.Named {
	p, m := postgres.Open(t), mongo.Open(t)
	return []storetest.Named{{Name: "memory", Store: model()}, {Name: p.Engine, Store: p.Store}, {Name: m.Engine, Store: m.Store}}
}

// depth picks how much is run: what `make parity` asks for, or what every test run can
// afford on a server of this process.
func depth(full, usual int) int {
	if os.Getenv("STELLA_PARITY") == "full" {
		return full
	}
	return usual
}

// FerretDB v1 looks through a whole collection for an owner: the tokens are spread over
// databases of a hundred.
func TestParity(t *testing.T) {
	const batch = 100
	n := depth(10_000, 300)
	p := postgres.Open(t)
	compared := 0
	for i := 0; i < n; i += batch {
		m := mongo.Open(t)
		compared += storetest.Parity(t, seed(t)+uint64(i), min(batch, n-i), storetest.Named{Name: "memory", Store: model()},
			storetest.Named{Name: p.Engine, Store: p.Store}, storetest.Named{Name: m.Engine, Store: m.Store})
	}
	require.Equal(t, 2*n, compared)
	t.Logf("parity: %d records compared byte for byte, memory beside %s and the Mongo-wire engine", compared, p.Engine)
}

func TestLockstep(t *testing.T) {
	stores := openAll(t)
	compared := storetest.Lockstep(t, seed(t), depth(200, 25), 40, stores...)
	require.Positive(t, compared)
	t.Logf("lockstep: %d answers compared over %s, %s and %s", compared, stores[0].Name, stores[1].Name, stores[2].Name)
}

// A store that gives back one other byte is found, with the offset and how to run it again.
func TestParityFindsOneByte(t *testing.T) {
	good, bad := postgres.Open(t), mongo.Open(t)
	mutants := storetest.Mutants()
	i := 0
	for mutants[i].Name != "the secret's hash loses its last byte" {
		i++
	}
	verdict := storetest.Try(t.Context(), storetest.Property{Check: func(t storetest.T, _ storetest.Backend) {
		storetest.Parity(t, 7, 3, storetest.Named{Name: good.Engine, Store: good.Store}, storetest.Named{Name: bad.Engine, Store: mutants[i].Break(bad.Store)})
	}}, func(storetest.T) storetest.Backend { return storetest.Backend{} })
	require.True(t, verdict.Failed)
	require.Contains(t, verdict.Message, bad.Engine+" answers otherwise from byte")
	require.Contains(t, verdict.Message, storetest.Replay(7))
	require.Contains(t, verdict.Message, "divergence.json")
}

// engines are the backends that races and mutants run on.
var engines = []struct {
	name string
	open func(storetest.T) storetest.Backend
}{
	{"memory", openModel},
	{"postgres", func(t storetest.T) storetest.Backend { return postgres.Open(t) }},
	{"mongo", func(t storetest.T) storetest.Backend { return mongo.Open(t) }},
}

func TestRace(t *testing.T) {
	rounds := depth(1000, 30)
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			b := e.open(t)
			t.Logf("race: %d rounds of 64 revocations on %s, one winner each", storetest.Race(t, b.Store, rounds, 64), b.Engine)
		})
	}
}

func TestLinearizable(t *testing.T) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			b := e.open(t)
			judged, unknown := storetest.Linearizable(t, b.Store, storetest.Load{Seed: seed(t), Clients: 16, Tokens: depth(100, 10), Calls: depth(700, 70)})
			require.Zero(t, unknown, "without faults every outcome is known")
			require.Equal(t, 16*depth(700, 70), judged)
			t.Logf("histories: %d calls of 16 clients on %s are linearisable", judged, b.Engine)
		})
	}
}

// The suite kills every mutant: of the model in every run, of each engine in a full one.
func TestMutants(t *testing.T) {
	for _, e := range engines[:depth(len(engines), 1)] {
		t.Run(e.name, func(t *testing.T) {
			kills := storetest.KillMutants(t.Context(), e.open, model)
			require.GreaterOrEqual(t, len(kills), 25)
			for _, k := range kills {
				require.NotEmpty(t, k.By, "the mutant survived: %s", k.Mutant)
			}
			t.Logf("mutants: %d killed of %d on %s\n%s", len(kills), len(kills), e.name, storetest.KillTable(kills))
		})
	}
}
