package pgstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/authority"
	"github.com/stella-ops/stella/authority/pgstore"
	"github.com/stella-ops/stella/authority/storetest"
)

// The floor of the store: the same statements by pgx alone, over a pool of its own.
//
//	make bench
func BenchmarkStore(b *testing.B) {
	storetest.Benchmark(b, func(b *testing.B) (storetest.Store, storetest.Driver) {
		dsn := engine.NewDatabase(b)
		s := engine.OpenDSN(b, dsn)
		_, err := s.Up(b.Context())
		require.NoError(b, err)
		pool, err := pgxpool.New(b.Context(), dsn)
		require.NoError(b, err)
		b.Cleanup(pool.Close)
		return s, raw{pool}
	})
}

type raw struct{ pool *pgxpool.Pool }

// rawToken is a row as it is.
type rawToken struct {
	id, owner, kind, createdBy        string
	secret, payload                   []byte
	created, issued, expires, updated time.Time
	lastUsed, revokedAt               *time.Time
	version                           int64
	revoked                           bool
	revokedBy, reason, attempt        *string
}

func scanRaw(row pgx.Row) (t rawToken, err error) {
	err = row.Scan(&t.id, &t.owner, &t.kind, &t.secret, &t.createdBy, &t.created, &t.issued, &t.expires,
		&t.payload, &t.lastUsed, &t.updated, &t.version, &t.revoked, &t.revokedAt, &t.revokedBy, &t.reason, &t.attempt)
	return t, err
}

func (r raw) Get(ctx context.Context, id authority.TokenID) error {
	_, err := scanRaw(r.pool.QueryRow(ctx, pgstore.SelectByID, string(id)))
	return err
}

func (r raw) Save(ctx context.Context, t authority.Token) error {
	tag, err := r.pool.Exec(ctx, pgstore.Insert, string(t.ID), string(t.Owner), t.Kind, t.Secret[:], string(t.CreatedBy),
		t.CreatedAt, t.IssuedAt, t.ExpiresAt, t.Payload.String(), nil, t.UpdatedAt)
	if err == nil && tag.RowsAffected() != 1 {
		err = authority.ErrExists
	}
	return err
}

func (r raw) Revoke(ctx context.Context, id authority.TokenID, v authority.Revocation) error {
	_, err := scanRaw(r.pool.QueryRow(ctx, pgstore.MarkRevoked, string(id), v.At, string(v.By), v.Reason, string(v.Attempt)))
	return err
}

func (r raw) List(ctx context.Context, owner authority.PrincipalID, most int) (int, error) {
	begin := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	rows, err := r.pool.Query(ctx, pgstore.SelectByOwner, string(owner), begin, "00000000-0000-0000-0000-000000000000", most+1)
	if err != nil {
		return 0, err
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (rawToken, error) { return scanRaw(row) })
	return len(list), err
}

func (r raw) SaveAll(ctx context.Context, tokens []authority.Token) (int, error) {
	rows, err := r.pool.Query(ctx, pgstore.InsertAll, pgstore.ColumnsOf(tokens)...)
	if err != nil {
		return 0, err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return len(ids), err
}
