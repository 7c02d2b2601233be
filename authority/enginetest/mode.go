package enginetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
)

const modeVariable = "STELLA_TEST_STORES"

// A mode is where the servers of a test run come from.
type mode struct {
	postgres func(ctx context.Context, durable bool) (*Postgres, error)
	mongo    func(ctx context.Context) (*Mongo, error)
}

var modes = map[string]mode{
	"containers": {containerPostgres, containerMongo},
	"embedded":   {embeddedPostgres, embeddedMongo},
	"external":   {externalPostgres, externalMongo},
}

// waysOut is what helps whoever has no server.
const waysOut = `the tests of the stores need a PostgreSQL and a server of MongoDB's protocol. Three ways to provide them:
  STELLA_TEST_STORES=containers, with a Docker daemon that has or gets ` + postgresImage + ` and ` + mongoImage + `;
  STELLA_TEST_STORES=embedded, with PostgreSQL installed (apt-get install postgresql);
  STELLA_TEST_STORES=external, with STELLA_TEST_POSTGRES_DSN and STELLA_TEST_MONGO_URI of users who may create databases`

// chosen is the mode of this process, and says which it is.
var chosen = sync.OnceValues(func() (mode, error) {
	name, why, err := choose(os.Getenv, haveImages)
	if err != nil {
		return mode{}, err
	}
	fmt.Fprintf(os.Stderr, "%s=%s: %s\n", modeVariable, name, why)
	return modes[name], nil
})

// choose names the mode and says why. Images reports what stands against containers.
func choose(getenv func(string) string, images func(context.Context) error) (name, why string, err error) {
	name = getenv(modeVariable)
	switch _, ok := modes[name]; {
	case ok:
		return name, "as it is set", nil
	case name != "":
		return "", "", fmt.Errorf("%s=%s: want containers, embedded or external", modeVariable, name)
	case getenv("CI") == "true":
		return "", "", fmt.Errorf("%s is not set: in CI a run says what it is about, containers, embedded or external", modeVariable)
	}
	if err := images(context.Background()); err != nil {
		return "embedded", "it is not set, and containers cannot be had: " + err.Error(), nil
	}
	return "containers", "it is not set, and Docker has the images", nil
}

// External reports whether the servers are somebody else's, who would not have them
// killed.
func External() bool { return os.Getenv(modeVariable) == "external" }

// withWaysOut adds to the error of a server that could not be started what else to do.
func withWaysOut(err error) error { return errors.Join(err, errors.New(waysOut)) }
