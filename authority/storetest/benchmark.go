package storetest

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/authority"
)

// Store is a store in which tokens can be saved together.
type Store interface {
	authority.TokenStore
	authority.BulkSaver
}

// Driver is what a user of a driver alone does to get the answers of a store, each column
// or field of it read.
type Driver interface {
	Get(ctx context.Context, id authority.TokenID) error
	Save(ctx context.Context, t authority.Token) error
	Revoke(ctx context.Context, id authority.TokenID, r authority.Revocation) error
	// List and SaveAll say how many tokens they have read or written.
	List(ctx context.Context, owner authority.PrincipalID, most int) (int, error)
	SaveAll(ctx context.Context, tokens []authority.Token) (int, error)
}

// throughStore does the same with a store.
type throughStore struct{ store Store }

func (s throughStore) Get(ctx context.Context, id authority.TokenID) error {
	_, err := s.store.GetByID(ctx, id)
	return err
}

func (s throughStore) Save(ctx context.Context, t authority.Token) error {
	_, err := s.store.Save(ctx, t, authority.Absent())
	return err
}

func (s throughStore) Revoke(ctx context.Context, id authority.TokenID, r authority.Revocation) error {
	_, err := s.store.Revoke(ctx, id, r)
	return err
}

func (s throughStore) List(ctx context.Context, owner authority.PrincipalID, most int) (int, error) {
	list, _, err := s.store.GetByOwner(ctx, owner, authority.Page{Size: most})
	return len(list), err
}

func (s throughStore) SaveAll(ctx context.Context, tokens []authority.Token) (int, error) {
	outcomes, err := s.store.SaveAll(ctx, tokens)
	for _, outcome := range outcomes {
		if outcome != nil {
			return 0, outcome
		}
	}
	return len(outcomes), err
}

// Benchmark sets a store, op=store, beside its floor, op=raw: the driver alone on the same
// server. Goals: within 1.1 of the floor's time, to save a thousand within 1.25 (0.8 of
// the throughput). open makes an empty database and opens both on it; each operation has
// one of its own, so that all of them are of the same size.
func Benchmark(b *testing.B, open func(*testing.B) (Store, Driver)) {
	const page, bulk = 100, 1000
	m := NewMaker(1)
	r := m.Revocation()
	one := func(call string, saved bool, do func(context.Context, Driver, authority.Token) error) {
		beside(b, call, open, func(b *testing.B, s Store, d Driver) {
			tokens := m.Licences(b.N + 1)
			if saved {
				fill(b, s, tokens)
			}
			measure(b, func(i int) error { return do(b.Context(), d, tokens[i]) })
		})
	}
	one("get", true, func(ctx context.Context, d Driver, t authority.Token) error { return d.Get(ctx, t.ID) })
	one("save", false, func(ctx context.Context, d Driver, t authority.Token) error { return d.Save(ctx, t) })
	one("revoke", true, func(ctx context.Context, d Driver, t authority.Token) error { return d.Revoke(ctx, t.ID, r) })
	beside(b, fmt.Sprintf("list/tokens=%d", page), open, func(b *testing.B, s Store, d Driver) {
		tokens := m.Licences(page)
		for i := range tokens {
			tokens[i].Owner = tokens[0].Owner
		}
		fill(b, s, tokens)
		measure(b, func(int) error {
			n, err := d.List(b.Context(), tokens[0].Owner, page)
			return wantCount(n, page, err)
		})
	})
	beside(b, fmt.Sprintf("bulk/tokens=%d", bulk), open, func(b *testing.B, _ Store, d Driver) {
		tokens := m.Licences((b.N + 1) * bulk)
		measure(b, func(i int) error {
			n, err := d.SaveAll(b.Context(), tokens[i*bulk:(i+1)*bulk])
			return wantCount(n, bulk, err)
		})
		b.ReportMetric(float64(b.N*bulk)/b.Elapsed().Seconds(), "tokens/s")
	})
}

// beside runs a benchmark with the driver alone and with the store.
func beside(b *testing.B, call string, open func(*testing.B) (Store, Driver), run func(*testing.B, Store, Driver)) {
	b.Run(call+"/op=raw", func(b *testing.B) {
		s, d := open(b)
		run(b, s, d)
	})
	b.Run(call+"/op=store", func(b *testing.B) {
		s, _ := open(b)
		run(b, s, throughStore{s})
	})
}

// measure calls do with 0 to b.N-1, after b.N, which opens a connection.
func measure(b *testing.B, do func(i int) error) {
	require.NoError(b, do(b.N))
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if err := do(i); err != nil {
			b.Fatal(err)
		}
	}
}

func fill(b *testing.B, s Store, tokens []authority.Token) {
	n, err := throughStore{s}.SaveAll(b.Context(), tokens)
	require.NoError(b, wantCount(n, len(tokens), err))
}

func wantCount(got, want int, err error) error {
	if err == nil && got != want {
		err = fmt.Errorf("%d tokens, want %d", got, want)
	}
	return err
}
