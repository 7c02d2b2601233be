package storetest

import (
	"fmt"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/authority"
)

// Parity writes the n tokens of a seed, awkward ones, through every store, alone and many
// at once, so that each store saves alone what the one before it saves with others. It
// reads each back from every store, alone and in its owner's list, every tenth of them
// revoked, and compares canonical JSON byte for byte. It returns how many records were
// compared.
func Parity(t T, seed uint64, n int, stores ...Named) (compared int) {
	t.Helper()
	require.GreaterOrEqual(t, len(stores), 2, "there is nothing to compare")
	m := NewMaker(seed)
	tokens, revocations := make([]authority.Token, n), make([]authority.Revocation, n)
	for i := range n {
		tokens[i], revocations[i] = m.Awkward(), m.Revocation()
	}
	for j, s := range stores {
		write(t, s, tokens, func(i int) bool { return (i+j)%2 == 0 })
	}
	for i, token := range tokens {
		first := ""
		for j, s := range stores {
			if i%10 == 0 {
				_, err := s.Store.Revoke(t.Context(), token.ID, revocations[i])
				require.NoError(t, err, s.Name)
			}
			got := readBack(t, s, token)
			if j == 0 {
				first = got
				continue
			}
			compared++
			if got != first {
				d := &Divergence{0, fmt.Sprintf("token %d of seed %d", i, seed), s.Name, first, got, difference(first, got)}
				report := report{
					Seed: seed, Operations: []string{fmt.Sprintf("save token %d, read it back", i)},
					Store: s.Name, Want: first, Got: got, Offset: d.Offset, Replay: Replay(seed),
				}
				require.Fail(t, "the stores differ", "%v\n%s\nsee %s", d, report, report.write(t))
			}
		}
	}
	return compared
}

// write saves tokens, those that alone names one by one and the others at once.
func write(t T, s Named, tokens []authority.Token, alone func(int) bool) {
	t.Helper()
	var many []authority.Token
	for i, token := range tokens {
		if !alone(i) {
			many = append(many, token)
			continue
		}
		_, err := s.Store.Save(t.Context(), token, authority.Absent())
		require.NoError(t, err, s.Name)
	}
	saveEach(t, s, many)
}

// readBack is what a store gives back of a token.
func readBack(t T, s Named, token authority.Token) string {
	t.Helper()
	got, err := s.Store.GetByID(t.Context(), token.ID)
	require.NoError(t, err, s.Name)
	list, next, err := s.Store.GetByOwner(t.Context(), token.Owner, authority.Page{})
	require.NoError(t, err, s.Name)
	require.Len(t, list, 1, s.Name)
	require.True(t, next.IsZero(), s.Name)
	require.Equal(t, Canonical(got), Canonical(list[0]), "%s: read alone and in a list", s.Name)
	return Canonical(got)
}
