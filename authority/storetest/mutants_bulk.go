package storetest

import (
	"context"
	"errors"
	"runtime"
	"slices"

	"github.com/stella-ops/stella/authority"
)

// brokenBulk are ways to save many at once and break a promise.
var brokenBulk = []struct {
	name string
	save func(context.Context, authority.TokenStore, []authority.Token) ([]error, error)
}{
	{"a bulk save overwrites what is there", func(ctx context.Context, s authority.TokenStore, tokens []authority.Token) ([]error, error) {
		outcomes, err := saveAll(ctx, s, tokens)
		for i, t := range tokens[:len(outcomes)] {
			if !errors.Is(outcomes[i], authority.ErrExists) {
				continue
			}
			if now, err := s.GetByID(ctx, t.ID); err == nil {
				_, _ = s.Save(ctx, t, authority.AtVersion(now.Version))
			}
		}
		return outcomes, err
	}},
	{"a bulk save ends at the first refusal", func(ctx context.Context, s authority.TokenStore, tokens []authority.Token) ([]error, error) {
		outcomes := make([]error, len(tokens))
		for i := range tokens {
			one, err := saveAll(ctx, s, tokens[i:i+1])
			if err != nil {
				return outcomes, err
			}
			if outcomes[i] = one[0]; one[0] != nil {
				break
			}
		}
		return outcomes, nil
	}},
	{"a bulk save is silent about what exists", func(ctx context.Context, s authority.TokenStore, tokens []authority.Token) ([]error, error) {
		outcomes, err := saveAll(ctx, s, tokens)
		for i, outcome := range outcomes {
			if errors.Is(outcome, authority.ErrExists) {
				outcomes[i] = nil
			}
		}
		return outcomes, err
	}},
	{"the outcomes of a bulk save stand in another order", func(ctx context.Context, s authority.TokenStore, tokens []authority.Token) ([]error, error) {
		outcomes, err := saveAll(ctx, s, tokens)
		slices.Reverse(outcomes)
		return outcomes, err
	}},
	{"of one id, a bulk save takes the last token", func(ctx context.Context, s authority.TokenStore, tokens []authority.Token) ([]error, error) {
		backwards := slices.Clone(tokens)
		slices.Reverse(backwards)
		outcomes, err := saveAll(ctx, s, backwards)
		slices.Reverse(outcomes)
		return outcomes, err
	}},
	{"a bulk save forgets the revocation that a token may not have", func(ctx context.Context, s authority.TokenStore, tokens []authority.Token) ([]error, error) {
		unchecked := slices.Clone(tokens)
		for i := range unchecked {
			unchecked[i].Revoked = nil
		}
		return saveAll(ctx, s, unchecked)
	}},
	{"a bulk save loses what is behind its first batch", func(ctx context.Context, s authority.TokenStore, tokens []authority.Token) ([]error, error) {
		outcomes, err := saveAll(ctx, s, tokens[:min(len(tokens), 1000)])
		return append(outcomes, make([]error, len(tokens)-len(outcomes))...), err
	}},
	{"a bulk save looks before it writes", func(ctx context.Context, s authority.TokenStore, tokens []authority.Token) ([]error, error) {
		there := make([]bool, len(tokens))
		seen := make(map[authority.TokenID]bool)
		for i, t := range tokens {
			_, err := s.GetByID(ctx, t.ID)
			there[i] = err == nil || seen[t.ID]
			seen[t.ID] = true
		}
		for range 50 {
			runtime.Gosched()
		}
		outcomes, err := saveAll(ctx, s, tokens)
		for i, outcome := range outcomes {
			if errors.Is(outcome, authority.ErrExists) && !there[i] {
				outcomes[i] = nil
			}
		}
		return outcomes, err
	}},
}
