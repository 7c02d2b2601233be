package pgstore

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/stella-ops/stella/authority"
)

// Store keeps tokens in PostgreSQL. It may be used by several goroutines.
type Store struct{ pool *pgxpool.Pool }

var (
	_ authority.TokenStore = (*Store)(nil)
	_ authority.BulkSaver  = (*Store)(nil)
)

// Open connects to the database of a connection string (a URL, or words "host=… user=…").
// The pool's size is the string's pool_max_conns. It asks the server once, so that an
// unreachable one is an error here, and so is one that answers before it has written; the
// schema is [Check]'s matter.
func Open(ctx context.Context, dsn string) (*Store, error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		// The driver's error may quote a part of the string.
		return nil, errors.New("the connection string of PostgreSQL cannot be read; want postgres://USER:PASSWORD@HOST:PORT/DATABASE")
	}
	config.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		conn.TypeMap().RegisterType(&pgtype.Type{
			Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
		})
		return nil
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connecting to PostgreSQL: %w", err)
	}
	s := &Store{pool}
	if err := s.durable(ctx); err != nil {
		s.Close()
		return nil, fmt.Errorf("connecting to PostgreSQL at %s:%d: %w", config.ConnConfig.Host, config.ConnConfig.Port, err)
	}
	return s, nil
}

// durable asks the server whether a commit is on disk when it says so.
func (s *Store) durable(ctx context.Context) error {
	var commit string
	if err := s.pool.QueryRow(ctx, "SELECT current_setting('synchronous_commit')").Scan(&commit); err != nil {
		return unavailable(err)
	}
	if commit == "off" {
		return errors.New("synchronous_commit is off there: a revocation would be lost with the server; set it to on, for the user (ALTER ROLE) or the database")
	}
	return nil
}

// Close closes the pool's connections.
func (s *Store) Close() { s.pool.Close() }

// Version is the server's, such as "PostgreSQL 17.2".
func (s *Store) Version(ctx context.Context) (string, error) {
	var v string
	if err := s.pool.QueryRow(ctx, "SELECT current_setting('server_version')").Scan(&v); err != nil {
		return "", unavailable(err)
	}
	return "PostgreSQL " + v, nil
}

// columns are what a token is read from, in the order of [row].
const columns = `id, owner_id, kind, secret_sha256, created_by, created_at_utc, issued_at_utc, expires_at_utc,
	payload_json, last_used_at_utc, updated_at_utc, version,
	is_revoked, revoked_at_utc, revoked_by, revoked_reason, revoked_attempt`

const selectByID = `SELECT ` + columns + ` FROM authority.tokens WHERE id = $1`

// GetByID implements [authority.TokenStore].
func (s *Store) GetByID(ctx context.Context, id authority.TokenID) (authority.Token, error) {
	if err := authority.PrepareGet(ctx, id); err != nil {
		return authority.Token{}, err
	}
	conn, err := s.acquire(ctx)
	if err != nil {
		return authority.Token{}, err
	}
	defer conn.Release()
	return get(ctx, conn, id)
}

func get(ctx context.Context, conn *pgxpool.Conn, id authority.TokenID) (authority.Token, error) {
	t, err := scan(conn.QueryRow(ctx, selectByID, string(id)))
	if errors.Is(err, pgx.ErrNoRows) {
		return authority.Token{}, authority.ErrNotFound
	}
	if err != nil {
		return authority.Token{}, unavailable(err)
	}
	return t, nil
}

// The comparison of rows is the order of the index, so that a page is one range of it.
const selectByOwner = `SELECT ` + columns + ` FROM authority.tokens
	WHERE owner_id = $1 AND (created_at_utc, id) > ($2, $3)
	ORDER BY created_at_utc, id LIMIT $4`

// GetByOwner implements [authority.TokenStore].
func (s *Store) GetByOwner(ctx context.Context, owner authority.PrincipalID, page authority.Page) ([]authority.Token, authority.Cursor, error) {
	page, err := authority.PrepareList(ctx, owner, page)
	if err != nil {
		return nil, authority.Cursor{}, err
	}
	conn, err := s.acquire(ctx)
	if err != nil {
		return nil, authority.Cursor{}, err
	}
	defer conn.Release()
	after := pgtype.Timestamptz{InfinityModifier: pgtype.NegativeInfinity, Valid: true}
	id := "00000000-0000-0000-0000-000000000000"
	if !page.After.IsZero() {
		after = pgtype.Timestamptz{Time: page.After.CreatedAt, Valid: true}
		id = string(page.After.ID)
	}
	// One more than asked for tells whether a page follows.
	rows, err := conn.Query(ctx, selectByOwner, string(owner), after, id, page.Size+1)
	if err != nil {
		return nil, authority.Cursor{}, unavailable(err)
	}
	defer rows.Close()
	list, next, err := authority.CollectPage(page, read(rows))
	if err != nil {
		return nil, authority.Cursor{}, unavailable(err)
	}
	if !next.IsZero() && len(list) < page.Size {
		// The server goes on with up to a thousand tokens of 4 MiB. To make a new
		// connection costs less than to read them.
		_ = conn.Conn().Close(ctx)
	}
	return list, next, nil
}

// read reads the tokens of rows.
func read(rows pgx.Rows) iter.Seq2[authority.Token, error] {
	return func(yield func(authority.Token, error) bool) {
		one := newRow()
		for rows.Next() {
			if t, err := one.scan(rows); !yield(t, err) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(authority.Token{}, err)
		}
	}
}

const (
	insert = `INSERT INTO authority.tokens (id, owner_id, kind, secret_sha256, created_by, created_at_utc, issued_at_utc, expires_at_utc,
		payload_json, last_used_at_utc, updated_at_utc, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1)
		ON CONFLICT (id) DO NOTHING`

	// What may not change stands in the condition.
	update = `UPDATE authority.tokens SET payload_json = $9, last_used_at_utc = $10, updated_at_utc = $11, version = version + 1
		WHERE id = $1 AND owner_id = $2 AND kind = $3 AND secret_sha256 = $4 AND created_by = $5 AND created_at_utc = $6
		AND issued_at_utc = $7 AND expires_at_utc = $8 AND version = $12 AND NOT is_revoked`
)

// Save implements [authority.TokenStore].
func (s *Store) Save(ctx context.Context, t authority.Token, expect authority.Expect) (authority.Token, error) {
	t, err := authority.PrepareSave(ctx, t, expect)
	if err != nil {
		return authority.Token{}, err
	}
	conn, err := s.acquire(ctx)
	if err != nil {
		return authority.Token{}, err
	}
	defer conn.Release()
	if expect == authority.Absent() {
		tag, err := conn.Exec(ctx, insert, args(t)...)
		switch {
		case err != nil:
			return authority.Token{}, writeError(err)
		case tag.RowsAffected() == 0:
			return authority.Token{}, authority.ErrExists
		}
		t.Version = 1
		return t, nil
	}
	tag, err := conn.Exec(ctx, update, append(args(t), expect.Version())...)
	switch {
	case err != nil:
		return authority.Token{}, writeError(err)
	case tag.RowsAffected() == 0:
		return authority.Token{}, s.refused(ctx, conn, t, expect)
	}
	t.Version = expect.Version() + 1
	return t, nil
}

// In the order of ids: two statements that take the same ids in other orders would wait
// for one another.
const insertAll = `INSERT INTO authority.tokens (id, owner_id, kind, secret_sha256, created_by, created_at_utc, issued_at_utc, expires_at_utc,
	payload_json, last_used_at_utc, updated_at_utc, version)
	SELECT *, 1 FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bytea[], $5::uuid[], $6::timestamptz[], $7::timestamptz[], $8::timestamptz[],
		$9::jsonb[], $10::timestamptz[], $11::timestamptz[]) AS t (id)
	ORDER BY id
	ON CONFLICT (id) DO NOTHING RETURNING id`

// SaveAll implements [authority.BulkSaver].
func (s *Store) SaveAll(ctx context.Context, tokens []authority.Token) ([]error, error) {
	return authority.SaveInBatches(ctx, tokens, s.insert)
}

// insert is one statement for the batch, so that it is saved whole, but for what is
// there, or not at all.
func (s *Store) insert(ctx context.Context, batch []authority.Token) (there []int, err error) {
	conn, err := s.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Release()
	rows, err := conn.Query(ctx, insertAll, columnsOf(batch)...)
	if err != nil {
		return nil, writeFailed(err)
	}
	saved := make(map[string]bool, len(batch))
	var id string
	if _, err := pgx.ForEachRow(rows, []any{&id}, func() error { saved[id] = true; return nil }); err != nil {
		return nil, writeFailed(err)
	}
	for i, t := range batch {
		if !saved[string(t.ID)] {
			there = append(there, i)
		}
	}
	return there, nil
}

// refused says why an update changed nothing. Had the token been saved for the first
// time only after the update, it was not there then.
func (s *Store) refused(ctx context.Context, conn *pgxpool.Conn, t authority.Token, expect authority.Expect) error {
	now, err := get(ctx, conn, t.ID)
	switch {
	case err != nil:
		return err
	case now.Version == expect.Version() && now.Revoked == nil && now.SameIdentity(t):
		return authority.ErrNotFound
	}
	return authority.ErrConflict
}

const markRevoked = `UPDATE authority.tokens SET is_revoked = true, revoked_at_utc = $2, revoked_by = $3, revoked_reason = $4,
	revoked_attempt = $5, updated_at_utc = $2, version = version + 1
	WHERE id = $1 AND NOT is_revoked
	RETURNING ` + columns

// Revoke implements [authority.TokenStore].
func (s *Store) Revoke(ctx context.Context, id authority.TokenID, r authority.Revocation) (authority.Outcome, error) {
	r, err := authority.PrepareRevoke(ctx, id, r)
	if err != nil {
		return authority.Outcome{}, err
	}
	conn, err := s.acquire(ctx)
	if err != nil {
		return authority.Outcome{}, err
	}
	defer conn.Release()
	t, err := scan(conn.QueryRow(ctx, markRevoked, string(id), r.At, string(r.By), r.Reason, string(r.Attempt)))
	if err == nil {
		return authority.OutcomeOf(t, r), nil
	}
	if !errors.Is(err, pgx.ErrNoRows) {
		return authority.Outcome{}, writeError(err)
	}
	// A statement of its own: the snapshot of the first may be older than the
	// revocation that it waited for.
	t, err = get(ctx, conn, id)
	switch {
	case err != nil:
		return authority.Outcome{}, err
	case t.Revoked == nil: // saved only after the update: it was not there then
		return authority.Outcome{}, authority.ErrNotFound
	}
	return authority.OutcomeOf(t, r), nil
}

// acquire waits for a connection: without one, nothing was sent.
func (s *Store) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return nil, unavailable(err)
	}
	return conn, nil
}
