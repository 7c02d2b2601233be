// Package memstore keeps tokens in memory: the model that every other store must match.
//
// It is short enough to be read against the contract of authority.TokenStore. One lock
// makes every call a single moment. Nothing outlives the process.
package memstore

import (
	"context"
	"slices"
	"sync"

	"github.com/stella-ops/stella/authority"
)

// Store keeps tokens in memory. Its zero value is empty and ready for use by several
// goroutines.
type Store struct {
	mu     sync.Mutex
	tokens map[authority.TokenID]authority.Token // never shared: see clone
}

var (
	_ authority.TokenStore = (*Store)(nil)
	_ authority.BulkSaver  = (*Store)(nil)
)

// GetByID implements [authority.TokenStore].
func (s *Store) GetByID(ctx context.Context, id authority.TokenID) (authority.Token, error) {
	if err := authority.PrepareGet(ctx, id); err != nil {
		return authority.Token{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.tokens[id]
	if !ok {
		return authority.Token{}, authority.ErrNotFound
	}
	return clone(t), nil
}

// GetByOwner implements [authority.TokenStore].
func (s *Store) GetByOwner(ctx context.Context, owner authority.PrincipalID, page authority.Page) ([]authority.Token, authority.Cursor, error) {
	page, err := authority.PrepareList(ctx, owner, page)
	if err != nil {
		return nil, authority.Cursor{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []authority.Token
	for _, t := range s.tokens {
		if t.Owner == owner && (page.After.IsZero() || authority.CursorOf(t).Compare(page.After) > 0) {
			found = append(found, t)
		}
	}
	slices.SortFunc(found, func(a, b authority.Token) int { return authority.CursorOf(a).Compare(authority.CursorOf(b)) })
	return authority.CollectPage(page, func(yield func(authority.Token, error) bool) {
		for _, t := range found {
			if !yield(clone(t), nil) {
				return
			}
		}
	})
}

// Save implements [authority.TokenStore].
func (s *Store) Save(ctx context.Context, t authority.Token, expect authority.Expect) (authority.Token, error) {
	t, err := authority.PrepareSave(ctx, t, expect)
	if err != nil {
		return authority.Token{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old, ok := s.tokens[t.ID]
	switch {
	case expect == authority.Absent() && ok:
		return authority.Token{}, authority.ErrExists
	case expect != authority.Absent() && !ok:
		return authority.Token{}, authority.ErrNotFound
	case ok && (old.Version != expect.Version() || old.Revoked != nil || !old.SameIdentity(t)):
		return authority.Token{}, authority.ErrConflict
	}
	t.Version = old.Version + 1
	s.put(t)
	return clone(t), nil
}

// SaveAll implements [authority.BulkSaver].
func (s *Store) SaveAll(ctx context.Context, tokens []authority.Token) ([]error, error) {
	return authority.SaveInBatches(ctx, tokens, s.insert)
}

func (s *Store) insert(_ context.Context, batch []authority.Token) (there []int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, t := range batch {
		if _, ok := s.tokens[t.ID]; ok {
			there = append(there, i)
			continue
		}
		s.put(t)
	}
	return there, nil
}

// Revoke implements [authority.TokenStore].
func (s *Store) Revoke(ctx context.Context, id authority.TokenID, r authority.Revocation) (authority.Outcome, error) {
	r, err := authority.PrepareRevoke(ctx, id, r)
	if err != nil {
		return authority.Outcome{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.tokens[id]
	if !ok {
		return authority.Outcome{}, authority.ErrNotFound
	}
	if t.Revoked == nil {
		t.Revoked, t.UpdatedAt, t.Version = &r, r.At, t.Version+1
		s.put(t)
	}
	return authority.OutcomeOf(clone(t), r), nil
}

func (s *Store) put(t authority.Token) {
	if s.tokens == nil {
		s.tokens = make(map[authority.TokenID]authority.Token)
	}
	s.tokens[t.ID] = clone(t)
}

// clone shares no memory with t: a caller may change what it got.
func clone(t authority.Token) authority.Token {
	if t.Revoked != nil {
		r := *t.Revoked
		t.Revoked = &r
	}
	return t
}
