// Package enginetest gives tests the real servers that the stores run on, and stores on
// databases of their own.
//
// STELLA_TEST_STORES says which servers: "embedded" (the default), PostgreSQL of the
// machine's own install and FerretDB in this process; or "external", the ones that
// STELLA_TEST_POSTGRES_DSN and STELLA_TEST_MONGO_URI name. Whoever may create databases
// there gives each test one of its own. There is no third case: a test that has no engine
// fails and says what to install or set.
package enginetest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/authority"
	"github.com/stella-ops/stella/authority/embedded/mongoserver"
	"github.com/stella-ops/stella/authority/embedded/pgserver"
	"github.com/stella-ops/stella/authority/mongostore"
	"github.com/stella-ops/stella/authority/pgstore"
	"github.com/stella-ops/stella/authority/storetest"
)

// external reports the mode, or that the variable names none.
func external() (bool, error) {
	switch mode := os.Getenv("STELLA_TEST_STORES"); mode {
	case "", "embedded":
		return false, nil
	case "external":
		return true, nil
	default:
		return false, fmt.Errorf("STELLA_TEST_STORES=%s: want embedded or external", mode)
	}
}

// names makes database names that no other process takes.
type names struct {
	prefix string
	n      atomic.Int64
}

func newNames() *names {
	return &names{prefix: fmt.Sprintf("stella_test_%d_%d", os.Getpid(), time.Now().UnixNano())}
}

func (n *names) next() string { return fmt.Sprintf("%s_%d", n.prefix, n.n.Add(1)) }

// Postgres is a PostgreSQL server. Its methods may be called by several goroutines.
type Postgres struct {
	// Server is the embedded one, nil where it is external: only that can be killed.
	Server *pgserver.Server
	dsn    func(database string) string
	names  *names
}

// StartPostgres starts a server, or finds the external one.
func StartPostgres(ctx context.Context) (*Postgres, error) {
	outside, err := external()
	if err != nil {
		return nil, err
	}
	if !outside {
		s, err := pgserver.Start(ctx, pgserver.Config{Settings: []string{"max_connections = 200"}})
		if err != nil {
			return nil, fmt.Errorf("%w; or set STELLA_TEST_STORES=external and STELLA_TEST_POSTGRES_DSN", err)
		}
		return &Postgres{Server: s, dsn: s.DSN, names: newNames()}, nil
	}
	base, err := url.Parse(os.Getenv("STELLA_TEST_POSTGRES_DSN"))
	if err != nil || base.Scheme != "postgres" && base.Scheme != "postgresql" {
		return nil, errors.New("STELLA_TEST_STORES=external: want STELLA_TEST_POSTGRES_DSN=postgres://USER:PASSWORD@HOST/DATABASE of a user who may create databases")
	}
	admin := strings.TrimPrefix(base.Path, "/")
	return &Postgres{names: newNames(), dsn: func(database string) string {
		u := *base
		if database == "postgres" {
			database = admin
		}
		u.Path = "/" + database
		return u.String()
	}}, nil
}

// Close stops an embedded server.
func (p *Postgres) Close() error {
	if p.Server == nil {
		return nil
	}
	return p.Server.Close()
}

// NewDatabase makes an empty database, gone when the test ends, and returns its
// connection string.
func (p *Postgres) NewDatabase(t storetest.T) string {
	t.Helper()
	name := p.names.next()
	p.admin(t.Context(), t, "CREATE DATABASE "+name)
	t.Cleanup(func() { p.admin(context.Background(), t, "DROP DATABASE "+name+" WITH (FORCE)") })
	return p.dsn(name)
}

func (p *Postgres) admin(ctx context.Context, t storetest.T, statement string) {
	t.Helper()
	conn, err := pgx.Connect(ctx, p.dsn("postgres"))
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
			p.Server.Stop()
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
	// Server is the embedded one, nil where it is external: only that can be stopped.
	Server *mongoserver.Server
	// URI is the connection string.
	URI   string
	dir   string
	names *names
}

// StartMongo starts a server, or finds the external one.
func StartMongo() (*Mongo, error) {
	outside, err := external()
	if err != nil {
		return nil, err
	}
	if outside {
		uri := os.Getenv("STELLA_TEST_MONGO_URI")
		if uri == "" {
			return nil, errors.New("STELLA_TEST_STORES=external: want STELLA_TEST_MONGO_URI=mongodb://USER:PASSWORD@HOST/ of a user who may create databases")
		}
		return &Mongo{URI: uri, names: newNames()}, nil
	}
	dir, err := os.MkdirTemp("", "stella-mongo-*")
	if err != nil {
		return nil, err
	}
	s, err := mongoserver.Start(dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &Mongo{Server: s, URI: s.URI(), dir: dir, names: newNames()}, nil
}

// Close stops an embedded server and removes its data.
func (m *Mongo) Close() error {
	if m.Server == nil {
		return nil
	}
	return errors.Join(m.Server.Close(), os.RemoveAll(m.dir))
}

// NewDatabase is the name of a database that is not there yet.
func (m *Mongo) NewDatabase() string { return m.names.next() }

// Open opens a store on a database of its own, closed when the test ends.
func (m *Mongo) Open(t storetest.T) storetest.Backend {
	t.Helper()
	database := m.NewDatabase()
	s := m.OpenDatabase(t, database)
	require.NoError(t, s.Up(t.Context()))
	engine, err := s.Version(t.Context())
	require.NoError(t, err)
	if m.Server != nil {
		engine = "FerretDB " + mongoserver.Version + " in this process"
	}
	t.Cleanup(func() {
		last, err := mongostore.Open(context.Background(), m.URI, database)
		require.NoError(t, err)
		require.NoError(t, last.Down(context.Background()))
		require.NoError(t, last.Close(context.Background()))
	})
	return storetest.Backend{Store: s, Engine: engine, Restart: func(t storetest.T) authority.TokenStore {
		require.NoError(t, s.Close(t.Context()))
		if m.Server != nil {
			m.Server.Stop()
			require.NoError(t, m.Server.Run())
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
