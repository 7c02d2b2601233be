package authority_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/authority"
)

// many are n tokens that are valid and of different ids.
func many(n int) []authority.Token {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	tokens := make([]authority.Token, n)
	for i := range tokens {
		tokens[i] = authority.Token{
			ID: authority.TokenID(fmt.Sprintf("0198c0de-0000-7000-8000-%012d", i)), Kind: "licence",
			Owner: "0198c0de-0000-7000-8000-00000000000a", CreatedBy: "0198c0de-0000-7000-8000-00000000000a",
			CreatedAt: at, IssuedAt: at, UpdatedAt: at, ExpiresAt: at.Add(time.Hour),
		}
	}
	return tokens
}

// A batch has at most a thousand tokens and 8 MiB of payload, all valid and with
// different ids.
func TestBatches(t *testing.T) {
	large, err := authority.ParsePayload([]byte(`{"x":"` + strings.Repeat("x", 3<<20) + `"}`))
	require.NoError(t, err)
	tokens := many(2005)
	for i := range 5 {
		tokens[i].Payload = large
	}
	tokens[7].Kind = ""
	tokens[2004].ID = tokens[2003].ID
	var sizes []int
	outcomes, err := authority.SaveInBatches(t.Context(), tokens, func(_ context.Context, batch []authority.Token) ([]int, error) {
		sizes = append(sizes, len(batch))
		if len(sizes) == 1 {
			return []int{1}, nil
		}
		return nil, nil
	})
	require.NoError(t, err)
	require.Equal(t, []int{2, 2, 1000, 999, 1}, sizes)
	require.ErrorIs(t, outcomes[1], authority.ErrExists)
	require.ErrorIs(t, outcomes[7], authority.ErrInvalid)
	require.Equal(t, 2003, len(slices.DeleteFunc(outcomes, func(err error) bool { return err != nil })))
}

// Where a batch fails, each token has what is known of it, and the call what is known of
// all.
func TestBrokenOff(t *testing.T) {
	for _, test := range []struct {
		name        string
		fails       int // the batch that does
		err         error
		call, batch error
	}{
		{"the first, surely not done", 0, authority.ErrUnavailable, authority.ErrUnavailable, authority.ErrUnavailable},
		{"the first, perhaps done", 0, authority.ErrUnknownOutcome, authority.ErrUnknownOutcome, authority.ErrUnknownOutcome},
		{"the second, surely not done", 1, authority.ErrUnavailable, authority.ErrUnknownOutcome, authority.ErrUnavailable},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := -1
			outcomes, err := authority.SaveInBatches(t.Context(), many(2500), func(context.Context, []authority.Token) ([]int, error) {
				if n++; n == test.fails {
					return nil, fmt.Errorf("%w: it broke", test.err)
				}
				return nil, nil
			})
			require.Equal(t, test.fails, n, "it went on")
			require.ErrorIs(t, err, test.call)
			require.ErrorContains(t, err, "it broke")
			require.Len(t, outcomes, 2500)
			for i, outcome := range outcomes {
				switch i / 1000 {
				case test.fails:
					require.ErrorIs(t, outcome, test.batch, i)
				default:
					require.Equal(t, i/1000 < test.fails, outcome == nil, "token %d: %v", i, outcome)
				}
			}
			require.ErrorIs(t, outcomes[2499], authority.ErrUnavailable, "it was not sent")
		})
	}
}

// A context that ends between two batches leaves the second unsent.
func TestBatchesCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	outcomes, err := authority.SaveInBatches(ctx, many(1001), func(context.Context, []authority.Token) ([]int, error) {
		calls++
		cancel()
		return nil, nil
	})
	require.Equal(t, 1, calls)
	require.ErrorIs(t, err, authority.ErrUnknownOutcome)
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, outcomes[999])
	require.ErrorIs(t, outcomes[1000], authority.ErrUnavailable)
}
