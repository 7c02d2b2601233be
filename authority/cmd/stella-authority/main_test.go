package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/authority/enginetest"
)

// environment is an environment of a few variables.
func environment(pairs ...string) func(string) string {
	m := make(map[string]string)
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return func(name string) string { return m[name] }
}

// ran is what a run printed.
type ran struct {
	code           int
	stdout, stderr string
}

func do(t *testing.T, env func(string) string, args ...string) ran {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := report(&stderr, run(t.Context(), args, env, &stdout, &stderr))
	return ran{code, stdout.String(), stderr.String()}
}

func TestMistakes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"Authority":{"StoreBackend":"Oracle"}}`), 0o600))
	strange := filepath.Join(t.TempDir(), "strange.json")
	require.NoError(t, os.WriteFile(strange, []byte(`{"Authority":{"Colour":1}}`), 0o600))
	const owner = "0198c0de-0000-7000-8000-000000000001"
	for _, test := range []struct {
		name string
		args string
		env  func(string) string
		code int
		want string
	}{
		{"help", "-h", environment(), 0, "token issue -owner ID"},
		{"help of a subcommand", "serve -h", environment(), 0, "token issue -owner ID"},
		{"nothing", "", environment(), 2, "name a subcommand"},
		{"an unknown subcommand", "run", environment(), 2, `unknown subcommand "run"`},
		{"an unknown flag", "serve -colour", environment(), 2, "colour"},
		{"a word too many", "serve now", environment(), 2, `takes no "now"`},
		{"no direction", "migrate", environment(), 2, "want up, down or status"},
		{"no owner", "token issue -kind licence", environment(), 2, "-owner"},
		{"a bad payload", "token issue -owner " + owner + " -kind licence -payload [1]", environment(), 2, "-payload"},
		{"a bad kind", "token issue -owner " + owner + " -kind Licence", environment(), 2, "no kind of token"},
		{"no reason", "token revoke " + owner, environment(), 2, "-reason WORDS"},
		{"no Mongo", "check", environment(), 1, "AUTHORITY_MONGO_URI"},
		{"no Postgres", "check", environment("AUTHORITY_STORE_BACKEND", "Postgres"), 1, "AUTHORITY_POSTGRES_DSN"},
		{"the short name", "check", environment("STORE_BACKEND", "postgres"), 1, "AUTHORITY_POSTGRES_DSN"},
		{"an unknown backend", "check -config " + file, environment(), 1, "want Mongo or Postgres"},
		{"the environment wins", "check -config " + file, environment("AUTHORITY_STORE_BACKEND", "Postgres"), 1, "AUTHORITY_POSTGRES_DSN"},
		{"an unknown field", "check -config " + strange, environment(), 1, "Colour"},
		{"no file", "check -config /none", environment(), 1, "no such file"},
		{"a trial on Postgres", "serve -dev x", environment("AUTHORITY_STORE_BACKEND", "Postgres"), 2, "-dev"},
		{"an unreachable Postgres", "serve", environment("AUTHORITY_STORE_BACKEND", "Postgres", "AUTHORITY_POSTGRES_DSN", "postgres://u:hunter2@127.0.0.1:1/x"), 1, "AUTHORITY_POSTGRES_DSN"},
		{"an unreachable Mongo", "serve", environment("AUTHORITY_MONGO_URI", "mongodb://u:hunter2@127.0.0.1:1/?serverSelectionTimeoutMS=300"), 1, "AUTHORITY_MONGO_URI"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := do(t, test.env, strings.Fields(test.args)...)
			require.Equal(t, test.code, r.code, r.stderr)
			require.Contains(t, r.stdout+r.stderr, test.want)
			require.NotContains(t, r.stdout+r.stderr, "hunter2", "the password is shown")
		})
	}
}

// A service boots on an empty database of either backend, and a token made beside it
// opens it.
func TestServe(t *testing.T) {
	postgres, err := enginetest.StartPostgres(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, postgres.Close()) })
	mongo, err := enginetest.StartMongo()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, mongo.Close()) })
	for _, test := range []struct {
		engine string
		env    func(string) string
	}{
		{"PostgreSQL", environment("AUTHORITY_STORE_BACKEND", "Postgres", "AUTHORITY_POSTGRES_DSN", postgres.NewDatabase(t))},
		{"FerretDB|MongoDB", environment("AUTHORITY_MONGO_URI", mongo.URI, "AUTHORITY_MONGO_DATABASE", mongo.NewDatabase())},
	} {
		t.Run(test.engine, func(t *testing.T) {
			require.Contains(t, do(t, test.env, "migrate", "status").stdout, "pending")
			require.Equal(t, 3, do(t, test.env, "check").code)
			const owner = "0198c0de-0000-7000-8000-000000000001"
			r := do(t, test.env, "token", "issue", "-owner", owner, "-kind", "authority.admin")
			require.Zero(t, r.code, r.stderr)
			var made struct {
				Secret string
				Token  struct{ ID string }
			}
			require.NoError(t, json.Unmarshal([]byte(r.stdout), &made))
			require.Contains(t, do(t, test.env, "migrate", "status").stdout, "applied")
			require.Regexp(t, test.engine, do(t, test.env, "check").stdout)
			require.NotContains(t, do(t, test.env, "token", "show", made.Token.ID).stdout, made.Secret)

			log := serve(t, test.env, func(url string) {
				ask, err := http.NewRequestWithContext(t.Context(), "GET", url+"/v1/tokens?owner_id="+owner, nil)
				require.NoError(t, err)
				ask.Header.Set("Authorization", "Bearer "+made.Secret)
				answer, err := http.DefaultClient.Do(ask)
				require.NoError(t, err)
				defer answer.Body.Close()
				body, err := io.ReadAll(answer.Body)
				require.NoError(t, err)
				require.Equal(t, http.StatusOK, answer.StatusCode, string(body))
				require.Contains(t, string(body), made.Token.ID)
			})
			require.Regexp(t, test.engine, log)
			require.NotContains(t, log, made.Secret)

			r = do(t, test.env, "token", "revoke", made.Token.ID, "-reason", "done")
			require.Contains(t, r.stdout, `"status": "revoked"`, r.stderr)
			require.Contains(t, do(t, test.env, "token", "list", owner).stdout, `"reason": "done"`)
			require.Zero(t, do(t, test.env, "migrate", "down").code)
			require.Contains(t, do(t, test.env, "migrate", "status").stdout, "pending")
		})
	}
}

// serve runs the service for the time of use and returns its log.
func serve(t *testing.T, env func(string) string, use func(url string)) string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out, in := io.Pipe()
	var log lockedBuffer
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, []string{"serve", "-addr", "127.0.0.1:0"}, env, in, &log) }()
	line := make([]byte, 100)
	n, err := out.Read(line)
	require.NoError(t, err)
	use(strings.TrimSpace(string(line[:n])))
	stop()
	select {
	case err := <-ended:
		require.NoError(t, err)
	case <-time.After(time.Minute):
		require.Fail(t, "the service does not end")
	}
	return log.String()
}

// lockedBuffer is a buffer that goroutines may share.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// A trial needs nothing installed, and keeps its tokens from one process to the next. The
// secret is in none of its files.
func TestDev(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	const owner = "0198c0de-0000-7000-8000-000000000001"
	r := do(t, environment(), "token", "issue", "-dev", dir, "-owner", owner, "-kind", "licence", "-payload", `{"seats":5}`)
	require.Zero(t, r.code, r.stderr)
	var made struct{ Secret string }
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &made))
	r = do(t, environment(), "token", "list", owner, "-dev", dir)
	require.Contains(t, r.stdout, `"seats": 5`, r.stderr)
	require.Equal(t, "FerretDB v1.24.2: the schema is that of the migrations\n", do(t, environment(), "check", "-dev", dir).stdout)
	files := 0
	require.NoError(t, filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		data, err := os.ReadFile(name)
		require.NotContains(t, string(data), made.Secret[7:37], name)
		return err
	}))
	require.NotZero(t, files)
}

// What was altered by hand is named, and the service does not start on it.
func TestDrift(t *testing.T) {
	postgres, err := enginetest.StartPostgres(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, postgres.Close()) })
	dsn := postgres.NewDatabase(t)
	env := environment("AUTHORITY_STORE_BACKEND", "Postgres", "AUTHORITY_POSTGRES_DSN", dsn)
	require.Zero(t, do(t, env, "migrate", "up").code)
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), "ALTER TABLE authority.tokens ALTER COLUMN kind TYPE varchar(80)")
	require.NoError(t, err)
	require.NoError(t, conn.Close(t.Context()))
	r := do(t, env, "check")
	require.Equal(t, 3, r.code)
	require.Contains(t, r.stdout, "column tokens.kind is")
	r = do(t, env, "serve", "-addr", "127.0.0.1:0")
	require.Equal(t, 3, r.code)
	require.Contains(t, r.stderr, "stella-authority check names all of it")
}
