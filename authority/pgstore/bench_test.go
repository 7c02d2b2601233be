package pgstore_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/authority"
	"github.com/stella-ops/stella/authority/pgstore"
	"github.com/stella-ops/stella/authority/storetest"
)

// The benchmarks set the store beside its floor, op=raw: the same statements by pgx alone,
// over a pool of its own on the same server, each column scanned. Goals: op=store within
// 1.1 of the time of op=raw, bulk saves within 1.25 (0.8 of the throughput).
//
//	make bench

// rawPool is what a user of pgx alone has.
func rawPool(b *testing.B, dsn string) *pgxpool.Pool {
	pool, err := pgxpool.New(b.Context(), dsn)
	require.NoError(b, err)
	b.Cleanup(pool.Close)
	return pool
}

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

func openBoth(b *testing.B) (*pgstore.Store, *pgxpool.Pool) {
	dsn := engine.NewDatabase(b)
	s := engine.OpenDSN(b, dsn)
	_, err := s.Up(b.Context())
	require.NoError(b, err)
	return s, rawPool(b, dsn)
}

// run measures do, which is called with 0, 1, 2 …, after prepare has made n tokens.
func run(b *testing.B, op string, m *storetest.Maker, prepare func([]authority.Token), do func(authority.Token) error) {
	b.Run("op="+op, func(b *testing.B) {
		tokens := m.Licences(b.N + 1)
		prepare(tokens)
		require.NoError(b, do(tokens[b.N])) // a connection, and the statement prepared
		b.ReportAllocs()
		b.ResetTimer()
		for i := range b.N {
			if err := do(tokens[i]); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkGet(b *testing.B) {
	s, raw := openBoth(b)
	m := storetest.NewMaker(1)
	save := func(tokens []authority.Token) { saveAll(b, s, tokens) }
	run(b, "raw", m, save, func(t authority.Token) error {
		_, err := scanRaw(raw.QueryRow(b.Context(), pgstore.SelectByID, string(t.ID)))
		return err
	})
	run(b, "store", m, save, func(t authority.Token) error {
		_, err := s.GetByID(b.Context(), t.ID)
		return err
	})
}

func saveAll(b *testing.B, s *pgstore.Store, tokens []authority.Token) {
	outcomes, err := s.SaveAll(b.Context(), tokens)
	require.NoError(b, err)
	for _, outcome := range outcomes {
		require.NoError(b, outcome)
	}
}

func BenchmarkSave(b *testing.B) {
	s, raw := openBoth(b)
	m := storetest.NewMaker(2)
	none := func([]authority.Token) {}
	run(b, "raw", m, none, func(t authority.Token) error {
		tag, err := raw.Exec(b.Context(), pgstore.Insert, string(t.ID), string(t.Owner), t.Kind, t.Secret[:], string(t.CreatedBy),
			t.CreatedAt, t.IssuedAt, t.ExpiresAt, t.Payload.String(), nil, t.UpdatedAt)
		if err == nil && tag.RowsAffected() != 1 {
			err = authority.ErrExists
		}
		return err
	})
	run(b, "store", m, none, func(t authority.Token) error {
		_, err := s.Save(b.Context(), t, authority.Absent())
		return err
	})
}

func BenchmarkRevoke(b *testing.B) {
	s, raw := openBoth(b)
	m := storetest.NewMaker(3)
	r := m.Revocation()
	save := func(tokens []authority.Token) { saveAll(b, s, tokens) }
	run(b, "raw", m, save, func(t authority.Token) error {
		_, err := scanRaw(raw.QueryRow(b.Context(), pgstore.MarkRevoked, string(t.ID), r.At, string(r.By), r.Reason, string(r.Attempt)))
		return err
	})
	run(b, "store", m, save, func(t authority.Token) error {
		_, err := s.Revoke(b.Context(), t.ID, r)
		return err
	})
}

func BenchmarkList(b *testing.B) {
	const size = 100
	s, raw := openBoth(b)
	m := storetest.NewMaker(4)
	tokens := m.Licences(size)
	for i := range tokens {
		tokens[i].Owner = tokens[0].Owner
	}
	saveAll(b, s, tokens)
	owner, begin := tokens[0].Owner, time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	none := func([]authority.Token) {}
	b.Run(fmt.Sprintf("tokens=%d", size), func(b *testing.B) {
		run(b, "raw", m, none, func(authority.Token) error {
			rows, err := raw.Query(b.Context(), pgstore.SelectByOwner, string(owner), begin, "00000000-0000-0000-0000-000000000000", size+1)
			if err != nil {
				return err
			}
			list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (rawToken, error) { return scanRaw(row) })
			return wantLen(len(list), size, err)
		})
		run(b, "store", m, none, func(authority.Token) error {
			list, _, err := s.GetByOwner(b.Context(), owner, authority.Page{Size: size})
			return wantLen(len(list), size, err)
		})
	})
}

func wantLen(got, want int, err error) error {
	if err == nil && got != want {
		err = fmt.Errorf("%d tokens, want %d", got, want)
	}
	return err
}

func BenchmarkBulkSave(b *testing.B) {
	const size = 1000
	s, raw := openBoth(b)
	m := storetest.NewMaker(5)
	ops := []struct {
		name string
		save func(context.Context, []authority.Token) (int, error)
	}{
		{"raw", func(ctx context.Context, tokens []authority.Token) (int, error) {
			rows, err := raw.Query(ctx, pgstore.InsertAll, pgstore.ColumnsOf(tokens)...)
			if err != nil {
				return 0, err
			}
			ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
			return len(ids), err
		}},
		{"store", func(ctx context.Context, tokens []authority.Token) (int, error) {
			outcomes, err := s.SaveAll(ctx, tokens)
			return len(outcomes), err
		}},
	}
	for _, op := range ops {
		b.Run(fmt.Sprintf("tokens=%d/op=%s", size, op.name), func(b *testing.B) {
			tokens := m.Licences((b.N + 1) * size)
			_, err := op.save(b.Context(), tokens[b.N*size:])
			require.NoError(b, err)
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				n, err := op.save(b.Context(), tokens[i*size:(i+1)*size])
				if err := wantLen(n, size, err); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "tokens/s")
		})
	}
}
