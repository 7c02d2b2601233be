package enginetest

import (
	"context"
	"errors"
	"os"

	"github.com/stella-ops/stella/authority/embedded/mongoserver"
	"github.com/stella-ops/stella/authority/embedded/pgserver"
)

func embeddedPostgres(ctx context.Context, durable bool) (*Postgres, error) {
	c := pgserver.Config{Settings: []string{"max_connections = 200"}}
	addr := ""
	if durable {
		var err error
		if c.Port, addr, err = freePort(); err != nil {
			return nil, err
		}
		c.Settings = append(c.Settings, "fsync = on", "full_page_writes = on")
	}
	s, err := pgserver.Start(ctx, c)
	if err != nil {
		return nil, withWaysOut(err)
	}
	dsn := s.DSN("postgres")
	if durable {
		dsn = "postgres://stella@" + addr + "/postgres"
	}
	return newPostgres(installed{s}, dsn)
}

// installed is a server of the machine's own programs.
type installed struct{ *pgserver.Server }

func (s installed) Kill() error {
	s.Server.Kill()
	return nil
}

func embeddedMongo(context.Context) (*Mongo, error) {
	dir, err := os.MkdirTemp("", "stella-mongo-*")
	if err != nil {
		return nil, err
	}
	s, err := mongoserver.Start(dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	engine := "FerretDB " + mongoserver.Version + " in this process"
	return &Mongo{Server: inProcess{s, dir}, URI: s.URI(), engine: engine, names: newNames()}, nil
}

// inProcess is a server that cannot be killed, only stopped amid its calls.
type inProcess struct {
	*mongoserver.Server
	dir string
}

func (s inProcess) Kill() error {
	s.Stop()
	return nil
}

func (s inProcess) Run(context.Context) error { return s.Server.Run() }

func (s inProcess) Close() error { return errors.Join(s.Server.Close(), os.RemoveAll(s.dir)) }
