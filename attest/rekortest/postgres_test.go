package rekortest_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/attest/rekortest"
)

func TestV1OnPostgres(t *testing.T) {
	dsn := postgresDSN(t)
	p := dsseProposal(t, "in a database")
	for start := range 2 { // the second finds the tables there
		log := startV1(t, rekortest.V1Config{Postgres: dsn})
		c := client(t)
		r, err := submit(t, c, log.URL(), p)
		require.NoError(t, err)
		require.Equal(t, http.StatusCreated, r.status, "start %d makes a new tree: %s", start, r.body)
		again, err := submit(t, c, log.URL(), p)
		require.NoError(t, err)
		require.Equal(t, http.StatusConflict, again.status, "%s", again.body)

		proposals := make([]proposal, 50)
		for i := range proposals {
			proposals[i] = dsseProposal(t, fmt.Sprint("row ", i))
		}
		for i, status := range submitAll(t, c, log.URL(), proposals) {
			require.Equal(t, http.StatusCreated, status, "entry %d", i)
		}
		bodies, err := log.Entries(t.Context())
		require.NoError(t, err)
		require.Len(t, bodies, 51)
		pending, err := log.Pending(t.Context())
		require.NoError(t, err)
		require.Zero(t, pending)
		settings, err := log.Settings()
		require.NoError(t, err)
		require.Equal(t, "postgres", settings.Store)
		require.NoError(t, log.Close(t.Context()))
	}

	log := startV1(t, rekortest.V1Config{Postgres: dsn, Manual: true})
	done := make(chan reply, 1)
	c := client(t)
	go func() {
		r, _ := submit(t, c, log.URL(), p)
		done <- r
	}()
	waitPending(t, log, 1)
	waitPending(t, log, 1) // looking took nothing away
	n, err := log.Sequence(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, http.StatusCreated, (<-done).status)
}

func TestV1SaysThatPostgresIsNotThere(t *testing.T) {
	const secret = "hunter2"
	_, err := rekortest.StartV1(t.Context(), rekortest.V1Config{Postgres: "postgres://user:" + secret + "@127.0.0.1:1/nobody?connect_timeout=5"})
	require.Error(t, err)
	require.NotContains(t, err.Error(), secret)
}

// postgresDSN is the database that STELLA_REKOR_POSTGRES names, or one of a
// throw-away cluster.
func postgresDSN(t *testing.T) string {
	t.Helper()
	if dsn := os.Getenv("STELLA_REKOR_POSTGRES"); dsn != "" {
		return dsn
	}
	initdb, postgres := findPostgres("initdb"), findPostgres("postgres")
	if initdb == "" || postgres == "" {
		const what = "no initdb and postgres in PATH or /usr/lib/postgresql/*/bin: install PostgreSQL (apt-get install postgresql), or set STELLA_REKOR_POSTGRES to the connection string of an empty database"
		if os.Getenv("CI") == "true" {
			t.Fatal(what)
		}
		t.Skip(what)
	}
	return startPostgres(t, initdb, postgres)
}

func findPostgres(name string) string {
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name) // the pattern is well-formed
	if len(found) == 0 {
		return ""
	}
	return slices.Max(found)
}

// startPostgres runs a cluster until the test ends, on loopback and without
// durability.
func startPostgres(t *testing.T, initdb, postgres string) string {
	t.Helper()
	// Not t.TempDir: another user must be able to enter it.
	dir, err := os.MkdirTemp("", "stella-rekor-postgres-*")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	asOwner := ownerOf(t, dir)

	data := filepath.Join(dir, "data")
	setup := exec.CommandContext(t.Context(), initdb, "-D", data, "-U", "stella", "-A", "trust", "-E", "UTF8", "--no-sync")
	asOwner(setup)
	setup.Dir = dir
	out, err := setup.CombinedOutput()
	require.NoError(t, err, "initdb: %s", out)

	port := freePort(t)
	server := exec.Command(postgres, "-D", data, "-p", fmt.Sprint(port), "-h", "127.0.0.1", "-k", dir, "-c", "fsync=off", "-c", "max_connections=50")
	asOwner(server)
	server.Dir = dir
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Signal(os.Interrupt) // fast shutdown; it may be gone
		_ = server.Wait()
	})
	dsn := (&url.URL{Scheme: "postgres", User: url.User("stella"), Host: net.JoinHostPort("127.0.0.1", fmt.Sprint(port)), Path: "postgres"}).String()
	requireAnswer(t, dsn)
	return dsn
}

func freePort(t *testing.T) int {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port
}

func requireAnswer(t *testing.T, dsn string) {
	t.Helper()
	require.Eventually(t, func() bool {
		conn, err := pgx.Connect(t.Context(), dsn)
		if err != nil {
			return false
		}
		return conn.Close(context.WithoutCancel(t.Context())) == nil
	}, time.Minute, 20*time.Millisecond, "Postgres answers at %s", dsn)
}
