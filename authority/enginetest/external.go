package enginetest

import (
	"context"
	"errors"
	"net/url"
	"os"
)

func externalPostgres(_ context.Context, durable bool) (*Postgres, error) {
	if durable {
		return nil, errors.New(modeVariable + "=external: the server is not ours to kill or to set up; use containers or embedded")
	}
	dsn := os.Getenv("STELLA_TEST_POSTGRES_DSN")
	if u, err := url.Parse(dsn); err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return nil, errors.New(modeVariable + "=external: want STELLA_TEST_POSTGRES_DSN=postgres://USER:PASSWORD@HOST/DATABASE of a user who may create databases")
	}
	return newPostgres(nil, dsn)
}

func externalMongo(context.Context) (*Mongo, error) {
	uri := os.Getenv("STELLA_TEST_MONGO_URI")
	if uri == "" {
		return nil, errors.New(modeVariable + "=external: want STELLA_TEST_MONGO_URI=mongodb://USER:PASSWORD@HOST/ of a user who may create databases")
	}
	return &Mongo{URI: uri, names: newNames()}, nil
}
