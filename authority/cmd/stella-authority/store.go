package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/stella-ops/stella/authority"
	"github.com/stella-ops/stella/authority/embedded/mongoserver"
	"github.com/stella-ops/stella/authority/mongostore"
	"github.com/stella-ops/stella/authority/pgstore"
)

// connectTimeout bounds how long a backend that does not answer is waited for.
const connectTimeout = 15 * time.Second

// backend is a store with what the command does beside the contract.
type backend struct {
	authority.TokenStore
	name   string // with version
	up     func(context.Context) (string, error)
	down   func(context.Context) (string, error)
	status func(context.Context) (string, error)
	check  func(context.Context) ([]string, error)
	close  func()
}

// open connects to the configured store. dev names a data directory in which a Mongo-wire
// server of this process keeps tokens, "" for none.
func open(ctx context.Context, c config, dev string) (*backend, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	switch {
	case c.backend == "postgres" && dev != "":
		return nil, usageError{errors.New("-dev runs a Mongo-wire server: it does not go with AUTHORITY_STORE_BACKEND=Postgres")}
	case c.backend == "postgres":
		return openPostgres(ctx, c)
	}
	return openMongo(ctx, c, dev)
}

func openPostgres(ctx context.Context, c config) (*backend, error) {
	if c.postgresDSN == "" {
		return nil, errors.New("the Postgres backend needs AUTHORITY_POSTGRES_DSN (Authority.Postgres.ConnectionString), such as postgres://USER:PASSWORD@HOST:5432/DATABASE")
	}
	s, err := pgstore.Open(ctx, c.postgresDSN)
	if err != nil {
		return nil, fmt.Errorf("the Postgres backend (AUTHORITY_POSTGRES_DSN): %w", err)
	}
	name, err := s.Version(ctx)
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("the Postgres backend (AUTHORITY_POSTGRES_DSN): %w", err)
	}
	list := func(migrations []pgstore.Migration, err error) (string, error) { return describe(migrations), err }
	return &backend{
		TokenStore: s, name: name, check: s.Check, close: s.Close,
		up:     func(ctx context.Context) (string, error) { return list(s.Up(ctx)) },
		down:   func(ctx context.Context) (string, error) { return list(s.Down(ctx)) },
		status: func(ctx context.Context) (string, error) { return list(s.Status(ctx)) },
	}, nil
}

// describe lists migrations, a line each.
func describe(migrations []pgstore.Migration) string {
	if len(migrations) == 0 {
		return "nothing to do\n"
	}
	text := ""
	for _, m := range migrations {
		state := "pending"
		if m.Applied {
			state = "applied"
		}
		text += fmt.Sprintf("%04d  %-8s %s\n", m.Version, state, m.Name)
	}
	return text
}

func openMongo(ctx context.Context, c config, dev string) (*backend, error) {
	stop := func() {}
	switch {
	case dev != "":
		server, err := mongoserver.Start(dev)
		if err != nil {
			return nil, err
		}
		c.mongoURI, stop = server.URI(), func() { _ = server.Close() }
	case c.mongoURI == "":
		return nil, errors.New("the Mongo backend needs AUTHORITY_MONGO_URI (Authority.Mongo.ConnectionString), such as mongodb://USER:PASSWORD@HOST:27017; serve -dev DIR needs none")
	}
	s, err := mongostore.Open(ctx, c.mongoURI, c.mongoDatabase)
	if err != nil {
		stop()
		return nil, fmt.Errorf("the Mongo backend (AUTHORITY_MONGO_URI): %w", err)
	}
	closeAll := func() {
		_ = s.Close(context.WithoutCancel(ctx)) // the process ends
		stop()
	}
	name, err := s.Version(ctx)
	if err != nil {
		closeAll()
		return nil, fmt.Errorf("the Mongo backend (AUTHORITY_MONGO_URI): %w", err)
	}
	if dev != "" {
		name = "FerretDB " + mongoserver.Version // which it does not know itself
	}
	return &backend{
		TokenStore: s, name: name, check: s.Check, close: closeAll,
		up: func(ctx context.Context) (string, error) { return "indexes are there\n", s.Up(ctx) },
		down: func(ctx context.Context) (string, error) {
			return "the collection " + mongostore.Collection + " is gone\n", s.Down(ctx)
		},
		status: func(ctx context.Context) (string, error) {
			differences, err := s.Check(ctx)
			if len(differences) == 0 {
				return "0001  applied  indexes of the collection " + mongostore.Collection + "\n", err
			}
			return "0001  pending  indexes of the collection " + mongostore.Collection + "\n", err
		},
	}, nil
}
