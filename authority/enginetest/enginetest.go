// Package enginetest gives tests the real servers that the stores run on, and stores on
// databases of their own.
//
// STELLA_TEST_STORES says which servers:
//
//   - "containers": PostgreSQL and MongoDB in containers, by testcontainers-go. The images
//     are postgres:17-alpine and mongo:8, or what STELLA_TEST_POSTGRES_IMAGE and
//     STELLA_TEST_MONGO_IMAGE name;
//   - "embedded": PostgreSQL of the machine's own install, and FerretDB in this process;
//   - "external": the ones that STELLA_TEST_POSTGRES_DSN and STELLA_TEST_MONGO_URI name.
//     Whoever may create databases there gives each test one of its own.
//
// Where it is not set, containers where a Docker daemon answers and has or gets the
// images, and else embedded. A test binary says once, on its standard error, which it is
// and why. In CI (CI=true) nothing is chosen: the variable must be set. A test that has no
// engine fails and says what to install or set.
package enginetest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/authority"
	"github.com/stella-ops/stella/authority/mongostore"
	"github.com/stella-ops/stella/authority/pgstore"
	"github.com/stella-ops/stella/authority/storetest"
)

// names makes database names that no other process takes.
type names struct {
	prefix string
	n      atomic.Int64
}

func newNames() *names {
	return &names{prefix: fmt.Sprintf("stella_test_%d_%d", os.Getpid(), time.Now().UnixNano())}
}

func (n *names) next() string { return fmt.Sprintf("%s_%d", n.prefix, n.n.Add(1)) }

// A Server is what a test can do to a server besides calling it. Its methods may be
// called by several goroutines.
type Server interface {
	// Kill ends it as a crash would, amid what it does.
	Kill() error
	// Run starts it again on its data and at its address, and returns when it answers.
	Run(ctx context.Context) error
	// Close ends it for good, and its data.
	Close() error
}

// Postgres is a PostgreSQL server. Its methods may be called by several goroutines.
type Postgres struct {
	// Server is nil where it is external, and not ours to stop.
	Server Server
	base   url.URL // of the database that is always there
	names  *names
}

// StartPostgres starts a server, or finds the external one.
func StartPostgres(ctx context.Context) (*Postgres, error) { return startPostgres(ctx, false) }

// StartDurablePostgres starts a server for tests that kill it or stand between it and a
// store: it writes to the disk before it acknowledges, and listens on loopback.
func StartDurablePostgres(ctx context.Context) (*Postgres, error) { return startPostgres(ctx, true) }

func startPostgres(ctx context.Context, durable bool) (*Postgres, error) {
	m, err := chosen()
	if err != nil {
		return nil, err
	}
	return m.postgres(ctx, durable)
}

func newPostgres(server Server, dsn string) (*Postgres, error) {
	base, err := url.Parse(dsn)
	if err != nil {
		return nil, err
	}
	return &Postgres{Server: server, base: *base, names: newNames()}, nil
}

// Close stops a server that is ours.
func (p *Postgres) Close() error {
	if p.Server == nil {
		return nil
	}
	return p.Server.Close()
}

// DSN is the connection string of a database that is always there. Addr is where the
// server listens, host and port, or a proxy before it.
func (p *Postgres) DSN(addr string) string {
	u := p.base
	u.Host = addr
	return u.String()
}

// Addr is where the server listens, host and port; empty for a socket.
func (p *Postgres) Addr() string { return p.base.Host }

// NewDatabase makes an empty database, gone when the test ends, and returns its
// connection string.
func (p *Postgres) NewDatabase(t storetest.T) string {
	t.Helper()
	name := p.names.next()
	p.admin(t.Context(), t, "CREATE DATABASE "+name)
	t.Cleanup(func() { p.admin(context.Background(), t, "DROP DATABASE "+name+" WITH (FORCE)") })
	u := p.base
	u.Path = "/" + name
	return u.String()
}

func (p *Postgres) admin(ctx context.Context, t storetest.T, statement string) {
	t.Helper()
	conn, err := pgx.Connect(ctx, p.base.String())
	require.NoError(t, err)
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement)
	require.NoError(t, err)
}

// Open opens a store on a database of its own, closed when the test ends.
func (p *Postgres) Open(t storetest.T) storetest.Backend {
	t.Helper()
	dsn := manyConnections(t, p.NewDatabase(t))
	s := p.OpenDSN(t, dsn)
	_, err := s.Up(t.Context())
	require.NoError(t, err)
	engine, err := s.Version(t.Context())
	require.NoError(t, err)
	return storetest.Backend{Store: s, Engine: engine, Restart: func(t storetest.T) authority.TokenStore {
		s.Close()
		if p.Server != nil {
			require.NoError(t, p.Server.Kill())
			require.NoError(t, p.Server.Run(t.Context()))
		}
		return p.OpenDSN(t, dsn)
	}}
}

// manyConnections lets 64 callers meet in the server, not in the store's pool.
func manyConnections(t storetest.T, dsn string) string {
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	query := u.Query()
	query.Set("pool_max_conns", "64")
	u.RawQuery = query.Encode()
	return u.String()
}

// OpenDSN opens a store on a database that is there.
func (p *Postgres) OpenDSN(t storetest.T, dsn string) *pgstore.Store {
	t.Helper()
	s, err := pgstore.Open(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}

// Mongo is a server of MongoDB's wire protocol. Its methods may be called by several
// goroutines.
type Mongo struct {
	// Server is nil where it is external, and not ours to stop.
	Server Server
	// URI is the connection string.
	URI string
	// engine is the server's name and version where it does not know them.
	engine string
	names  *names
}

// StartMongo starts a server, or finds the external one.
func StartMongo() (*Mongo, error) {
	m, err := chosen()
	if err != nil {
		return nil, err
	}
	return m.mongo(context.Background())
}

// Close stops a server that is ours.
func (m *Mongo) Close() error {
	if m.Server == nil {
		return nil
	}
	return m.Server.Close()
}

// Addr is where a server of ours listens, host and port.
func (m *Mongo) Addr() string {
	return strings.TrimSuffix(strings.TrimPrefix(m.URI, "mongodb://"), "/")
}

// Engine names the server that a store is on, with its version.
func (m *Mongo) Engine(ctx context.Context, s *mongostore.Store) (string, error) {
	if m.engine != "" {
		return m.engine, nil
	}
	return s.Version(ctx)
}

// NewDatabase is the name of a database that is not there yet.
func (m *Mongo) NewDatabase() string { return m.names.next() }

// Open opens a store on a database of its own, closed when the test ends.
func (m *Mongo) Open(t storetest.T) storetest.Backend {
	t.Helper()
	database := m.NewDatabase()
	s := m.OpenDatabase(t, database)
	require.NoError(t, s.Up(t.Context()))
	engine, err := m.Engine(t.Context(), s)
	require.NoError(t, err)
	t.Cleanup(func() {
		last, err := mongostore.Open(context.Background(), m.URI, database)
		require.NoError(t, err)
		require.NoError(t, last.Down(context.Background()))
		require.NoError(t, last.Close(context.Background()))
	})
	return storetest.Backend{Store: s, Engine: engine, Restart: func(t storetest.T) authority.TokenStore {
		require.NoError(t, s.Close(t.Context()))
		if m.Server != nil {
			require.NoError(t, m.Server.Kill())
			require.NoError(t, m.Server.Run(t.Context()))
		}
		return m.OpenDatabase(t, database)
	}}
}

// OpenDatabase opens a store on a database by its name.
func (m *Mongo) OpenDatabase(t storetest.T, database string) *mongostore.Store {
	t.Helper()
	s, err := mongostore.Open(t.Context(), m.URI, database)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close(context.Background()) }) // may be closed
	return s
}
