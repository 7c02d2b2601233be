package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/authority"
)

// saveAll saves many at once: every store that is held to the contract can.
func saveAll(ctx context.Context, s authority.TokenStore, tokens []authority.Token) ([]error, error) {
	bulk, ok := s.(authority.BulkSaver)
	if !ok {
		return nil, fmt.Errorf("%T saves no many at once: want authority.BulkSaver", s)
	}
	return bulk.SaveAll(ctx, tokens)
}

// saveEach saves tokens at once of which each must be taken.
func saveEach(t T, s Named, tokens []authority.Token) {
	t.Helper()
	outcomes, err := saveAll(t.Context(), s.Store, tokens)
	require.NoError(t, err, "%s: saving new tokens at once", s.Name)
	require.Len(t, outcomes, len(tokens), s.Name)
	for i, err := range outcomes {
		require.NoError(t, err, "%s: token %d of %d new ones", s.Name, i, len(tokens))
	}
}

func bulkGivenBack(t T, b Backend) {
	m := NewMaker(30)
	var tokens []authority.Token
	for range 60 {
		tokens = append(tokens, m.Awkward())
	}
	saveEach(t, Named{b.Engine, b.Store}, tokens)
	for i, want := range tokens {
		same(t, withVersion(want, 1), stored(t, b, want.ID), fmt.Sprintf("token %d, from GetByID", i))
		list, _, err := b.Store.GetByOwner(t.Context(), want.Owner, authority.Page{})
		require.NoError(t, err)
		require.Len(t, list, 1)
		same(t, withVersion(want, 1), list[0], fmt.Sprintf("token %d, from GetByOwner", i))
	}
	// It can be written on, as one that was saved alone.
	changed, err := b.Store.Save(t.Context(), tokens[0], authority.AtVersion(1))
	require.NoError(t, err)
	require.EqualValues(t, 2, changed.Version)
	out, err := b.Store.Revoke(t.Context(), tokens[0].ID, m.Revocation())
	require.NoError(t, err)
	require.True(t, out.Won)
}

// bulkOutcomes has each kind of outcome beside each other.
func bulkOutcomes(t T, b Backend) {
	m := NewMaker(31)
	there := save(t, b, m.Plain())
	revoked := save(t, b, m.Plain())
	out, err := b.Store.Revoke(t.Context(), revoked.ID, m.Revocation())
	require.NoError(t, err)
	again := m.Plain()
	again.ID = there.ID
	invalid := m.Plain()
	invalid.Kind = "Licence"
	born := m.Plain()
	born.Revoked = out.Token.Revoked
	first, second, bad := m.Plain(), m.Plain(), m.Plain()
	second.ID, bad.ID = first.ID, first.ID
	bad.Owner = ""
	local := m.Plain()
	local.CreatedAt = local.CreatedAt.Add(999)
	tokens := []authority.Token{invalid, again, m.Plain(), revoked, bad, first, m.Plain(), second, first, born, local}
	want := []error{
		authority.ErrInvalid, authority.ErrExists, nil, authority.ErrInvalid, authority.ErrInvalid, nil, nil,
		authority.ErrExists, authority.ErrExists, authority.ErrInvalid, nil,
	}
	tokens[3].Revoked = nil
	want[3] = authority.ErrExists
	outcomes, err := saveAll(t.Context(), b.Store, tokens)
	require.NoError(t, err)
	require.Len(t, outcomes, len(tokens))
	for i, outcome := range outcomes {
		require.Equal(t, class(want[i]), class(outcome), "token %d", i)
		if outcome == nil {
			normal, err := tokens[i].Normalize()
			require.NoError(t, err)
			same(t, withVersion(normal, 1), stored(t, b, tokens[i].ID), fmt.Sprintf("token %d", i))
		}
	}
	same(t, there, stored(t, b, there.ID), "the token that was there")
	same(t, out.Token, stored(t, b, revoked.ID), "the token that was revoked")
	for _, id := range []authority.TokenID{invalid.ID, born.ID} {
		_, err := b.Store.GetByID(t.Context(), id)
		require.ErrorIs(t, err, authority.ErrNotFound, "an invalid token was written")
	}
	none, err := saveAll(t.Context(), b.Store, nil)
	require.NoError(t, err)
	require.Empty(t, none)
}

// bulkBatches is more than one statement takes, by number and by size.
func bulkBatches(t T, b Backend) {
	m := NewMaker(32)
	var tokens []authority.Token
	for range 1003 {
		tokens = append(tokens, m.Plain())
	}
	tokens[1000].ID = tokens[999].ID // on both sides of the border
	tokens[1002].ID = tokens[0].ID
	for i := range 3 {
		tokens[i].Payload = mustPayload(`{"long":"` + strings.Repeat("x", authority.MaxPayloadBytes-len(`{"long":""}`)) + `"}`)
	}
	outcomes, err := saveAll(t.Context(), b.Store, tokens)
	require.NoError(t, err)
	require.Len(t, outcomes, len(tokens))
	for i, outcome := range outcomes {
		want := "ok"
		if i == 1000 || i == 1002 {
			want = "error: exists"
		}
		require.Equal(t, want, class(outcome), "token %d", i)
	}
	for _, i := range []int{0, 1, 2, 3, 999, 1001} {
		same(t, withVersion(tokens[i], 1), stored(t, b, tokens[i].ID), fmt.Sprintf("token %d", i))
	}
}

// bulkRace has callers save the same tokens at the same moment, in other orders.
func bulkRace(t T, b Backend) {
	m := NewMaker(33)
	const callers = 6
	for round := range 5 {
		var tokens []authority.Token
		for range 40 {
			tokens = append(tokens, m.Plain())
		}
		outcomes := make([]map[authority.TokenID]error, callers)
		errs := make([]error, callers)
		var wg sync.WaitGroup
		for n := range callers {
			mine := append([]authority.Token(nil), tokens...)
			m.rnd.Shuffle(len(mine), func(i, j int) { mine[i], mine[j] = mine[j], mine[i] })
			wg.Go(func() {
				var found []error
				found, errs[n] = saveAll(t.Context(), b.Store, mine)
				outcomes[n] = make(map[authority.TokenID]error)
				for i, outcome := range found {
					outcomes[n][mine[i].ID] = outcome
				}
			})
		}
		wg.Wait()
		require.NoError(t, errors.Join(errs...), "round %d", round)
		for i, token := range tokens {
			winners := 0
			for n := range callers {
				if outcomes[n][token.ID] == nil {
					winners++
				} else {
					require.Equal(t, "error: exists", class(outcomes[n][token.ID]))
				}
			}
			require.Equal(t, 1, winners, "round %d: callers who saved token %d", round, i)
		}
	}
}
