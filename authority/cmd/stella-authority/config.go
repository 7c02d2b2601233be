package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// config says which store to use and where it is.
type config struct {
	backend       string // "mongo" or "postgres"
	postgresDSN   string
	mongoURI      string
	mongoDatabase string
}

// fileConfig is the configuration file.
type fileConfig struct {
	Authority struct {
		StoreBackend string
		Postgres     struct{ ConnectionString string }
		Mongo        struct{ ConnectionString, Database string }
	}
}

// readConfig reads the file, where one is named, and the environment, which wins.
func readConfig(file string, env func(string) string) (config, error) {
	var f fileConfig
	if file != "" {
		data, err := os.ReadFile(file)
		if err != nil {
			return config{}, fmt.Errorf("reading the configuration: %w", err)
		}
		d := json.NewDecoder(bytes.NewReader(data))
		d.DisallowUnknownFields()
		if err := d.Decode(&f); err != nil {
			return config{}, fmt.Errorf("reading the configuration %s: %w", file, err)
		}
	}
	a := f.Authority
	c := config{
		backend:       strings.ToLower(cmp.Or(env("AUTHORITY_STORE_BACKEND"), env("STORE_BACKEND"), a.StoreBackend, "Mongo")),
		postgresDSN:   cmp.Or(env("AUTHORITY_POSTGRES_DSN"), a.Postgres.ConnectionString),
		mongoURI:      cmp.Or(env("AUTHORITY_MONGO_URI"), a.Mongo.ConnectionString),
		mongoDatabase: cmp.Or(env("AUTHORITY_MONGO_DATABASE"), a.Mongo.Database, "authority"),
	}
	switch c.backend {
	case "mongo", "postgres":
		return c, nil
	}
	return config{}, fmt.Errorf("AUTHORITY_STORE_BACKEND %q (Authority.StoreBackend) is not known: want Mongo or Postgres", c.backend)
}
