package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/stella-ops/stella/authority"
	"github.com/stella-ops/stella/authority/server"
)

// nobody is who acts where nobody is named: the command line itself.
const nobody = "00000000-0000-0000-0000-000000000000"

func (c command) token(ctx context.Context, args []string) error {
	f := c.flags("token")
	owner := f.String("owner", "", "")
	kind := f.String("kind", "", "")
	by := f.String("by", nobody, "")
	reason := f.String("reason", "", "")
	payload := f.String("payload", "{}", "")
	expires := f.Duration("expires", 365*24*time.Hour, "")
	words, err := c.parse(f, args)
	if err != nil {
		return err
	}
	if len(words) == 0 {
		return usageError{errors.New("token: want issue, show, list or revoke")}
	}
	actor, err := authority.ParsePrincipalID(*by)
	if err != nil {
		return usageError{fmt.Errorf("-by: %w", err)}
	}
	var do func(*backend) (any, error)
	switch {
	case words[0] == "issue" && len(words) == 1:
		t, secret, err := newToken(*owner, *kind, *payload, actor, *expires)
		if err != nil {
			return usageError{err}
		}
		do = func(b *backend) (any, error) { return issue(ctx, b, t, secret) }
	case words[0] == "show" && len(words) == 2:
		do = func(b *backend) (any, error) {
			t, err := b.GetByID(ctx, authority.TokenID(words[1]))
			return server.ViewOf(t, time.Now()), err
		}
	case words[0] == "list" && len(words) == 2:
		do = func(b *backend) (any, error) { return list(ctx, b, authority.PrincipalID(words[1])) }
	case words[0] == "revoke" && len(words) == 2 && *reason != "":
		do = func(b *backend) (any, error) {
			out, err := b.Revoke(ctx, authority.TokenID(words[1]), authority.Revocation{
				At: time.Now(), By: actor, Reason: *reason, Attempt: authority.AttemptID(uuid.NewString()),
			})
			return server.ViewOf(out.Token, time.Now()), err
		}
	default:
		return usageError{errors.New("token: want issue -owner ID -kind KIND, show ID, list OWNER, or revoke ID -reason WORDS")}
	}
	return c.withStore(ctx, f, do)
}

// withStore does something on the store, with its schema up, and prints what came of it.
func (c command) withStore(ctx context.Context, f *flags, do func(*backend) (any, error)) error {
	b, err := c.open(ctx, f)
	if err != nil {
		return err
	}
	defer b.close()
	if _, err := b.up(ctx); err != nil {
		return fmt.Errorf("bringing the schema up: %w", err)
	}
	answer, err := do(b)
	if err != nil {
		return err
	}
	e := json.NewEncoder(c.stdout)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(answer)
}

func newToken(owner, kind, payload string, by authority.PrincipalID, expires time.Duration) (authority.Token, authority.Secret, error) {
	id, err := authority.ParsePrincipalID(owner)
	if err != nil {
		return authority.Token{}, authority.Secret{}, fmt.Errorf("-owner: %w", err)
	}
	content, err := authority.ParsePayload([]byte(payload))
	if err != nil {
		return authority.Token{}, authority.Secret{}, fmt.Errorf("-payload: %w", err)
	}
	secret, err := authority.NewSecret(nil)
	if err != nil {
		return authority.Token{}, authority.Secret{}, err
	}
	now := time.Now()
	t, err := authority.Token{
		ID: secret.ID(), Owner: id, Kind: kind, Secret: secret.Hash(), CreatedBy: by, Payload: content,
		CreatedAt: now, IssuedAt: now, UpdatedAt: now, ExpiresAt: now.Add(expires),
	}.Normalize()
	return t, secret, err
}

func issue(ctx context.Context, b *backend, t authority.Token, secret authority.Secret) (any, error) {
	t, err := b.Save(ctx, t, authority.Absent())
	return map[string]any{"token": server.ViewOf(t, t.CreatedAt), "secret": secret.Reveal()}, err
}

// list is every token of an owner.
func list(ctx context.Context, b *backend, owner authority.PrincipalID) (any, error) {
	views := []server.View{}
	var page authority.Page
	for {
		tokens, next, err := b.GetByOwner(ctx, owner, page)
		if err != nil {
			return nil, err
		}
		for _, t := range tokens {
			views = append(views, server.ViewOf(t, time.Now()))
		}
		if next.IsZero() {
			return views, nil
		}
		page.After = next
	}
}
