package pgstore_test

import (
	"context"
	"flag"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/authority"
	"github.com/stella-ops/stella/authority/enginetest"
	"github.com/stella-ops/stella/authority/pgstore"
	"github.com/stella-ops/stella/authority/storetest"
)

var update = flag.Bool("update", false, "rewrite schema.txt from the migrations, then read the diff")

// engine is one server for the tests of the package; each test has a database of its own.
var engine *enginetest.Postgres

func TestMain(m *testing.M) {
	flag.Parse()
	var err error
	if engine, err = enginetest.StartPostgres(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(storetest.Main(m, engine.Close))
}

func TestContract(t *testing.T) { storetest.Run(t, engine.Open) }

// The order of pages is the statement's own: with the index, any plan comes by it, also one
// that was asked for less.
func TestOrderWithoutIndex(t *testing.T) {
	dsn := engine.NewDatabase(t)
	s := engine.OpenDSN(t, dsn)
	_, err := s.Up(t.Context())
	require.NoError(t, err)
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), "DROP INDEX authority.ix_tokens_owner_id")
	require.NoError(t, err)
	require.NoError(t, conn.Close(t.Context()))
	contract := storetest.Contract()
	i := slices.IndexFunc(contract, func(p storetest.Property) bool { return strings.HasPrefix(p.Name, "pages of every size") })
	require.NotEqual(t, -1, i)
	contract[i].Check(t, storetest.Backend{Store: s, Engine: "PostgreSQL without the index"})
}

// A server that answers before it has written loses revocations.
func TestOpenRefusesLazyCommits(t *testing.T) {
	dsn, err := url.Parse(engine.NewDatabase(t))
	require.NoError(t, err)
	query := dsn.Query()
	query.Set("synchronous_commit", "off")
	dsn.RawQuery = query.Encode()
	_, err = pgstore.Open(t.Context(), dsn.String())
	require.ErrorContains(t, err, "synchronous_commit is off")
}

func TestMigrations(t *testing.T) {
	s := engine.OpenDSN(t, engine.NewDatabase(t))
	status, err := s.Status(t.Context())
	require.NoError(t, err)
	require.Len(t, status, 1)
	require.False(t, status[0].Applied)
	differences, err := s.Check(t.Context())
	require.NoError(t, err)
	require.Len(t, differences, 1)
	require.Contains(t, differences[0], "run stella-authority migrate up")

	for range 2 { // up, down, up, with data; and up again is nothing to do
		applied, err := s.Up(t.Context())
		require.NoError(t, err)
		require.Len(t, applied, 1)
		again, err := s.Up(t.Context())
		require.NoError(t, err)
		require.Empty(t, again)
		differences, err := s.Check(t.Context())
		require.NoError(t, err)
		require.Empty(t, differences)
		_, err = s.Save(t.Context(), storetest.NewMaker(1).Plain(), authority.Absent())
		require.NoError(t, err)
		gone, err := s.Down(t.Context())
		require.NoError(t, err)
		require.Len(t, gone, 1)
		none, err := s.Down(t.Context())
		require.NoError(t, err)
		require.Empty(t, none)
	}
}

// Eight instances that start at once make one schema.
func TestEightStarters(t *testing.T) {
	dsn := engine.NewDatabase(t)
	var wg sync.WaitGroup
	var applied atomic.Int64
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() {
			s, err := pgstore.Open(t.Context(), dsn)
			if err != nil {
				errs[i] = err
				return
			}
			defer s.Close()
			list, err := s.Up(t.Context())
			applied.Add(int64(len(list)))
			errs[i] = err
		})
	}
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	require.EqualValues(t, 1, applied.Load())
	differences, err := engine.OpenDSN(t, dsn).Check(t.Context())
	require.NoError(t, err)
	require.Empty(t, differences)
}

// Check names what somebody altered by hand.
func TestDrift(t *testing.T) {
	for _, test := range []struct{ alter, want string }{
		{"ALTER TABLE authority.tokens ALTER COLUMN kind TYPE varchar(80)", "column tokens.kind is"},
		{"ALTER TABLE authority.tokens ALTER COLUMN kind TYPE text COLLATE \"C.utf8\"", "column tokens.kind is"},
		{"ALTER TABLE authority.tokens ALTER COLUMN created_at_utc TYPE timestamptz(6)", "column tokens.created_at_utc is"},
		{"ALTER TABLE authority.tokens ALTER COLUMN created_by DROP NOT NULL", "column tokens.created_by is"},
		{"ALTER TABLE authority.tokens ADD COLUMN note text", "column tokens.note is not of the migrations"},
		{"ALTER TABLE authority.tokens DROP COLUMN last_used_at_utc", "column tokens.last_used_at_utc is missing"},
		{"ALTER TABLE authority.tokens DROP CONSTRAINT ck_tokens_revocation", "constraint ck_tokens_revocation is missing"},
		{"DROP INDEX authority.ix_tokens_owner_id", "index authority.ix_tokens_owner_id is missing"},
		{"COMMENT ON COLUMN authority.tokens.id IS 'x'", "column tokens.id is"},
		{"DROP TABLE authority.tokens", "authority.tokens is missing"},
	} {
		dsn := engine.NewDatabase(t)
		s := engine.OpenDSN(t, dsn)
		_, err := s.Up(t.Context())
		require.NoError(t, err)
		conn, err := pgx.Connect(t.Context(), dsn)
		require.NoError(t, err)
		_, err = conn.Exec(t.Context(), test.alter)
		require.NoError(t, err)
		require.NoError(t, conn.Close(t.Context()))
		differences, err := s.Check(t.Context())
		require.NoError(t, err)
		require.NotEmpty(t, differences, test.alter)
		require.Contains(t, fmt.Sprint(differences), test.want)
	}
}

// schema.txt is what the migrations make.
func TestSchemaFile(t *testing.T) {
	s := engine.OpenDSN(t, engine.NewDatabase(t))
	_, err := s.Up(t.Context())
	require.NoError(t, err)
	live, err := s.Describe(t.Context())
	require.NoError(t, err)
	if *update {
		require.NotEqual(t, "true", os.Getenv("CI"), "-update in CI would accept whatever comes out")
		require.NoError(t, os.WriteFile("schema.txt", []byte(live), 0o644))
		return
	}
	require.Equal(t, pgstore.Schema(), live, "go test ./authority/pgstore -run SchemaFile -update, then read the diff")
}

func TestOpenErrors(t *testing.T) {
	for _, dsn := range []string{"postgres://u:hunter2@127.0.0.1:1/x?connect_timeout=5", "postgres://u:hunter2@%zz/x", "host=127.0.0.1 port=x password=hunter2"} {
		_, err := pgstore.Open(t.Context(), dsn)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "hunter2")
		require.Contains(t, err.Error(), "PostgreSQL")
	}
}

// A row that the domain would not have written is the store's fault, never the caller's.
func TestDamagedRow(t *testing.T) {
	for _, damage := range []string{
		`UPDATE authority.tokens SET payload_json = '{"a": 1e300}'`,
		`ALTER TABLE authority.tokens DROP CONSTRAINT ck_tokens_secret_sha256; UPDATE authority.tokens SET secret_sha256 = '\x00'`,
		`ALTER TABLE authority.tokens DROP CONSTRAINT ck_tokens_revocation; UPDATE authority.tokens SET is_revoked = true`,
	} {
		dsn := engine.NewDatabase(t)
		s := engine.OpenDSN(t, dsn)
		_, err := s.Up(t.Context())
		require.NoError(t, err)
		m := storetest.NewMaker(1)
		token, err := s.Save(t.Context(), m.Plain(), authority.Absent())
		require.NoError(t, err)
		conn, err := pgx.Connect(t.Context(), dsn)
		require.NoError(t, err)
		_, err = conn.Exec(t.Context(), damage)
		require.NoError(t, err)
		require.NoError(t, conn.Close(t.Context()))
		_, err = s.GetByID(t.Context(), token.ID)
		require.ErrorIs(t, err, authority.ErrUnavailable, damage)
		require.NotErrorIs(t, err, authority.ErrInvalid, damage)
		_, _, err = s.GetByOwner(t.Context(), token.Owner, authority.Page{})
		require.ErrorIs(t, err, authority.ErrUnavailable, damage)
		require.NotErrorIs(t, err, authority.ErrInvalid, damage)
		_, err = s.Revoke(t.Context(), token.ID, m.Revocation())
		require.Error(t, err)
		require.NotErrorIs(t, err, authority.ErrInvalid, damage)
	}
}
