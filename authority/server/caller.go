package server

import (
	"errors"
	"net/http"
	"strings"

	"github.com/stella-ops/stella/authority"
)

// caller is who asks: the owner of the token that was presented, and its kind.
type caller struct {
	principal authority.PrincipalID
	kind      string
}

func (c caller) admin() bool { return c.kind == KindAdmin }

// sees reports whether a token is one that the caller may see.
func (c caller) sees(t authority.Token) bool {
	return c.admin() || c.kind == KindAccess && t.Owner == c.principal
}

// introspects is sees, for introspection.
func (c caller) introspects(t authority.Token) bool { return c.kind == KindIntrospect || c.sees(t) }

// authenticated finds out who asks, and refuses who cannot be told.
func (s *service) authenticated(handle func(*http.Request, caller) (any, error)) func(*http.Request) (any, error) {
	return func(r *http.Request) (any, error) {
		if len(r.Header.Values("Authorization")) > 1 {
			return nil, errTwoCallers
		}
		scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return nil, errNoCredentials
		}
		t, err := s.present(r, strings.TrimSpace(text))
		switch {
		case errors.Is(err, authority.ErrNotFound):
			return nil, errNoCaller
		case err != nil:
			return nil, err
		case !t.Active(s.Now()):
			return nil, errNoCaller
		}
		switch t.Kind {
		case KindAdmin, KindAccess, KindIntrospect:
			answer, err := handle(r, caller{t.Owner, t.Kind})
			s.used(r, t)
			return answer, err
		}
		return nil, errNoCaller
	}
}

// present finds the token of a secret. What is no secret of a token is not found.
func (s *service) present(r *http.Request, text string) (authority.Token, error) {
	secret, err := authority.ParseSecret(text)
	if err != nil {
		return authority.Token{}, authority.ErrNotFound
	}
	t, err := s.Store.GetByID(r.Context(), secret.ID())
	if err != nil {
		return authority.Token{}, err
	}
	if !t.Secret.Matches(secret) {
		return authority.Token{}, authority.ErrNotFound
	}
	return t, nil
}
