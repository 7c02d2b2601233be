package storetest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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
	if mongo, err = enginetest.StartMongo(); err != nil {
		return 1, errors.Join(err, postgres.Close())
	}
	code = m.Run()
	err = errors.Join(postgres.Close(), mongo.Close())
	if code > 0 || err != nil {
		return code, err
	}
	if err := storetest.Leaks(); err != nil {
		return 1, err
	}
	if full() {
		return 0, finish(os.Stdout, filepath.Join("..", "..", "out", "parity"), engines, storetest.Part())
	}
	return 0, nil
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

// engines are what everything below runs on, the model first.
var engines = []*engine{
	{name: "memory", batch: 500, open: openModel},
	{name: "postgres", batch: 500, faulty: faultyPostgres, open: func(t storetest.T) storetest.Backend { return postgres.Open(t) }},
	{name: "mongo", batch: 5, faulty: faultyMongo, open: func(t storetest.T) storetest.Backend { return mongo.Open(t) }},
}

// openAll opens a store on each engine.
func openAll(t storetest.T) []storetest.Named {
	var list []storetest.Named
	for _, e := range engines {
		b := e.Open(t)
		list = append(list, storetest.Named{Name: b.Engine, Store: b.Store})
	}
	return list
}

// full reports whether `make parity` asks, and not a test run that must be cheap.
func full() bool { return os.Getenv("STELLA_PARITY") == "full" }

// depth picks how much is run.
func depth(asked, usual int) int {
	if full() {
		return asked
	}
	return usual
}

// inBatches does n things, some at a time, each batch on stores of its own.
func inBatches(t *testing.T, n, size int, do func(t *testing.T, from, n int)) {
	t.Helper()
	for from := 0; from < n; from += size {
		t.Run(fmt.Sprintf("from %d", from), func(t *testing.T) { do(t, from, min(size, n-from)) })
		if till := from + size; till < n && till*10/n > from*10/n {
			t.Logf("%d of %d", till, n)
		}
	}
}

// eachEngine runs a test on every engine, all at the same time.
func eachEngine(t *testing.T, list []*engine, do func(*testing.T, *engine)) {
	t.Helper()
	for _, e := range list {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			do(t, e)
		})
	}
}

// fewTokens is the size of a batch that has to do with FerretDB v1, which looks through
// the whole collection wherever a condition is more than the id: a long run on one store
// would be quadratic.
const fewTokens = 20

func TestParity(t *testing.T) {
	n := depth(10_000, 300)
	inBatches(t, n, fewTokens, func(t *testing.T, from, n int) {
		compared := storetest.Parity(t, seed(t)+uint64(from), n, openAll(t)...)
		require.Equal(t, n*(len(engines)-1), compared)
		for _, e := range engines {
			e.add(recordsCompared, n)
		}
	})
}

func TestLockstep(t *testing.T) {
	const length = 40
	inBatches(t, depth(200, 25), fewTokens/4, func(t *testing.T, from, n int) {
		compared := storetest.Lockstep(t, seed(t)+uint64(from), n, length, openAll(t)...)
		require.Equal(t, n*length*(len(engines)-1), compared)
		for _, e := range engines {
			e.add(answersCompared, n*length)
		}
	})
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

func TestRace(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e *engine) {
		inBatches(t, depth(1000, 30), e.batch, func(t *testing.T, _, n int) {
			e.add(racesWon, storetest.Race(t, e.Open(t).Store, n, 64))
		})
	})
}

func TestLinearizable(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e *engine) {
		inBatches(t, depth(700, 70), 70, func(t *testing.T, from, n int) {
			l := storetest.Load{Seed: seed(t) + uint64(from), Clients: 16, Tokens: n / 7, Calls: n}
			h := storetest.Linearizable(t, e.Open(t).Store, l)
			require.Zero(t, h.Unknown+h.Unavailable, "without faults every outcome is known")
			require.Equal(t, l.Clients*l.Calls+l.Tokens, h.Judged)
			e.add(judged, h.Judged)
		})
	})
}

// The suite kills every mutant: of the model in every run, of each engine in a full one.
func TestMutants(t *testing.T) {
	eachEngine(t, engines[:depth(len(engines), 1)], func(t *testing.T, e *engine) {
		kills := storetest.KillMutants(t.Context(), e.Open, model)
		require.GreaterOrEqual(t, len(kills), 25)
		for _, k := range kills {
			require.NotEmpty(t, k.By, "the mutant survived: %s", k.Mutant)
		}
		e.add(mutantsKilled, len(kills))
		t.Logf("mutants: %d killed of %d on %s\n%s", len(kills), len(kills), e.version, storetest.KillTable(kills))
	})
}
