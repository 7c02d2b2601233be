package storetest_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/authority"
	"github.com/stella-ops/stella/authority/enginetest"
	"github.com/stella-ops/stella/authority/mongostore"
	"github.com/stella-ops/stella/authority/pgstore"
	"github.com/stella-ops/stella/authority/storetest"
)

// faultyPostgres is a store on a server of its own, which can be killed. Calls are
// written to the disk before they are acknowledged, as nowhere else in the suite.
func faultyPostgres(t *testing.T, connections int) storetest.Faulty {
	server, err := enginetest.StartDurablePostgres(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	f := storetest.Faulty{Addr: server.Addr(), Kill: server.Server.Kill, Run: server.Server.Run}
	f.Proxy = storetest.NewProxy(t, f.Addr)
	open := func(t storetest.T, addr string) *pgstore.Store {
		dsn, err := url.Parse(server.DSN(addr))
		require.NoError(t, err)
		query := dsn.Query()
		query.Set("connect_timeout", "5")
		query.Set("pool_max_conns", strconv.Itoa(connections))
		dsn.RawQuery = query.Encode()
		s, err := pgstore.Open(t.Context(), dsn.String())
		require.NoError(t, err)
		return s
	}
	f.Open = func(t storetest.T, addr string) (authority.TokenStore, func()) {
		s := open(t, addr)
		return s, s.Close
	}
	f.Connections = func(ctx context.Context) (n int, err error) {
		conn, err := pgx.Connect(ctx, server.DSN(f.Addr))
		if err != nil {
			return 0, err
		}
		defer conn.Close(ctx)
		return n, conn.QueryRow(ctx, "SELECT count(*) FROM pg_stat_activity WHERE client_port > 0").Scan(&n)
	}
	s := open(t, f.Addr)
	defer s.Close()
	_, err = s.Up(t.Context())
	require.NoError(t, err)
	f.Engine, err = s.Version(t.Context())
	require.NoError(t, err)
	return f
}

// faultyMongo is the same on a Mongo-wire server. The embedded one is in this process: it
// can be stopped amid its calls, not killed.
func faultyMongo(t *testing.T, connections int) storetest.Faulty {
	server, err := enginetest.StartMongo()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	f := storetest.Faulty{Addr: server.Addr(), Kill: server.Server.Kill, Run: server.Server.Run}
	f.Proxy = storetest.NewProxy(t, f.Addr)
	if s, ok := server.Server.(interface{ Connections() int }); ok {
		f.Connections = func(context.Context) (int, error) { return s.Connections(), nil }
	}
	open := func(t storetest.T, addr string) *mongostore.Store {
		uri := fmt.Sprintf("mongodb://%s/?maxPoolSize=%d&serverSelectionTimeoutMS=5000", addr, connections)
		s, err := mongostore.Open(t.Context(), uri, "faults")
		require.NoError(t, err)
		return s
	}
	f.Open = func(t storetest.T, addr string) (authority.TokenStore, func()) {
		s := open(t, addr)
		return s, func() { require.NoError(t, s.Close(context.Background())) }
	}
	s := open(t, f.Addr)
	require.NoError(t, s.Up(t.Context()))
	f.Engine, err = server.Engine(t.Context(), s)
	require.NoError(t, err)
	require.NoError(t, s.Close(t.Context()))
	return f
}

func TestFaults(t *testing.T) {
	for _, e := range served(t) {
		t.Run(e.name, func(t *testing.T) {
			injected := storetest.Faults(t, e.faulty(t, 1))
			require.Positive(t, injected)
			e.add(faultsInjected, injected)
		})
	}
}

// served are the engines that have a server of ours.
func served(t *testing.T) []*engine {
	if enginetest.External() {
		require.NotEqual(t, "true", os.Getenv("CI"), "external servers are not ours to break: CI takes containers or embedded")
		t.Skip("external servers are not ours to break: run this with containers or embedded")
	}
	return slices.DeleteFunc(slices.Clone(engines), func(e *engine) bool { return e.faulty == nil })
}

// What many clients are told while faults strike is in one order with what is stored.
func TestLinearizableWithFaults(t *testing.T) {
	eachTrouble(t, false, 40, depth(10_000, 500), func(e *engine, h storetest.History, struck int) {
		e.add(judgedWithFaults, h.Judged)
		e.add(faultsInjected, struck)
	})
}

// No revocation and no save that was acknowledged is lost with the server, which is killed
// with SIGKILL amid the calls of many clients; the embedded Mongo-wire server is stopped.
func TestCrash(t *testing.T) {
	eachTrouble(t, true, 60, depth(3000, 300), func(e *engine, h storetest.History, struck int) {
		e.add(crashesSurvived, struck)
		e.add(judgedWithFaults, h.Judged)
	})
}

// eachTrouble puts loads on every engine that has a server, until so many calls are
// judged, with trouble meanwhile.
func eachTrouble(t *testing.T, crash bool, every, calls int, done func(*engine, storetest.History, int)) {
	const clients, callsOfToken = 16, 48
	eachEngine(t, served(t), func(t *testing.T, e *engine) {
		f := e.faulty(t, clients)
		stores, end := f.Stores(t)
		defer end()
		inBatches(t, calls, 500, func(t *testing.T, from, n int) {
			trouble := &storetest.Trouble{Faulty: f, Every: every, Crash: crash}
			h := storetest.Linearizable(t, stores.Through, storetest.Load{
				Seed: seed(t) + uint64(from), Clients: clients, Tokens: max(n/callsOfToken, 1), Calls: (n + clients - 1) / clients,
				Timeout: 500 * time.Millisecond, Trouble: trouble, Truth: stores.Truth,
			})
			struck, err := trouble.Struck()
			require.NoError(t, err)
			require.Positive(t, struck)
			require.Positive(t, h.Unknown+h.Unavailable, "no fault met a call")
			require.Positive(t, h.Revoked)
			require.GreaterOrEqual(t, h.Judged, n)
			t.Logf("%+v, %d faults", h, struck)
			done(e, h, struck)
		})
	})
}
