package storetest_test

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/authority/embedded/mongoserver"
	"github.com/stella-ops/stella/authority/embedded/pgserver"
	"github.com/stella-ops/stella/authority/mongostore"
	"github.com/stella-ops/stella/authority/pgstore"
	"github.com/stella-ops/stella/authority/storetest"
)

// faultyPostgres is a store on a server of its own, which can be killed.
func faultyPostgres(t *testing.T) storetest.Faulty {
	port := freePort(t)
	server, err := pgserver.Start(t.Context(), pgserver.Config{Port: port})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	proxy := storetest.NewProxy(t, fmt.Sprintf("127.0.0.1:%d", port))
	open := func(addr string) *pgstore.Store {
		dsn := url.URL{Scheme: "postgres", User: url.User("stella"), Host: addr, Path: "/postgres", RawQuery: "connect_timeout=5&pool_max_conns=1"}
		s, err := pgstore.Open(t.Context(), dsn.String())
		require.NoError(t, err)
		t.Cleanup(s.Close)
		return s
	}
	truth := open(fmt.Sprintf("127.0.0.1:%d", port))
	_, err = truth.Up(t.Context())
	require.NoError(t, err)
	engine, err := truth.Version(t.Context())
	require.NoError(t, err)
	return storetest.Faulty{Store: open(proxy.Addr()), Truth: truth, Proxy: proxy, Engine: engine, Kill: server.Kill, Run: server.Run}
}

// faultyMongo is the same on a Mongo-wire server.
func faultyMongo(t *testing.T) storetest.Faulty {
	server, err := mongoserver.Start(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	proxy := storetest.NewProxy(t, server.Addr())
	open := func(addr string) *mongostore.Store {
		s, err := mongostore.Open(t.Context(), "mongodb://"+addr+"/?maxPoolSize=4&serverSelectionTimeoutMS=5000", "faults")
		require.NoError(t, err)
		t.Cleanup(func() { _ = s.Close(context.Background()) })
		return s
	}
	truth := open(server.Addr())
	require.NoError(t, truth.Up(t.Context()))
	return storetest.Faulty{
		Store: open(proxy.Addr()), Truth: truth, Proxy: proxy, Engine: "FerretDB " + mongoserver.Version + " in this process",
		Kill: server.Stop, Run: func(context.Context) error { return server.Run() },
	}
}

func freePort(t *testing.T) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func TestFaults(t *testing.T) {
	for name, open := range map[string]func(*testing.T) storetest.Faulty{"postgres": faultyPostgres, "mongo": faultyMongo} {
		t.Run(name, func(t *testing.T) {
			f := open(t)
			injected := storetest.Faults(t, f)
			require.Positive(t, injected)
			t.Logf("faults: %d injected before %s, each judged by what is stored", injected, f.Engine)
		})
	}
}
