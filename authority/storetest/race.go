package storetest

import (
	"sync"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/authority"
)

// Race has many callers revoke one token at the same moment, round after round: each
// round has one winner, whose revocation every caller is told. It returns the rounds.
func Race(t T, s authority.TokenStore, rounds, callers int) int {
	t.Helper()
	m := NewMaker(uint64(rounds)<<32 + salt())
	for round := range rounds {
		token, err := s.Save(t.Context(), m.Plain(), authority.Absent())
		require.NoError(t, err)
		attempts := make([]authority.Revocation, callers)
		for i := range attempts {
			attempts[i] = m.Revocation()
		}
		outcomes := make([]authority.Outcome, callers)
		errs := make([]error, callers)
		start := make(chan struct{})
		var wg sync.WaitGroup
		for i := range callers {
			wg.Go(func() {
				<-start
				outcomes[i], errs[i] = s.Revoke(t.Context(), token.ID, attempts[i])
			})
		}
		close(start)
		wg.Wait()
		winners := 0
		now, err := s.GetByID(t.Context(), token.ID)
		require.NoError(t, err)
		for i, out := range outcomes {
			require.NoError(t, errs[i], "round %d", round)
			if out.Won {
				winners++
				require.Equal(t, attempts[i].Attempt, now.Revoked.Attempt, "round %d: who won is not who stands", round)
			}
			require.Equal(t, Canonical(now), Canonical(out.Token), "round %d: callers were told different things", round)
		}
		require.Equal(t, 1, winners, "round %d: winners of %d", round, callers)
	}
	return rounds
}
