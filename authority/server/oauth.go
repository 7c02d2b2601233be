package server

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"

	"github.com/stella-ops/stella/authority"
)

// introspection is the answer of RFC 7662 section 2.2. Of a token that is not active a
// caller learns that, and no more.
type introspection struct {
	Active   bool                  `json:"active"`
	ID       authority.TokenID     `json:"jti,omitempty"`
	Subject  authority.PrincipalID `json:"sub,omitempty"`
	IssuedAt int64                 `json:"iat,omitempty"`
	Expires  int64                 `json:"exp,omitempty"`
	Kind     string                `json:"kind,omitempty"`
	Payload  *authority.Payload    `json:"payload,omitempty"`
}

func (s *service) introspect(r *http.Request, c caller) (any, error) {
	t, err := s.presented(r)
	if errors.Is(err, authority.ErrNotFound) {
		return introspection{}, nil
	}
	if err != nil {
		return nil, err
	}
	now := s.Now()
	if !t.Active(now) || !c.introspects(t) {
		return introspection{}, nil
	}
	s.used(r, t)
	return introspection{true, t.ID, t.Owner, t.IssuedAt.Unix(), t.ExpiresAt.Unix(), t.Kind, &t.Payload}, nil
}

// used writes down when the token was last presented, by its holder or by who checks it.
// It is no part of the answer: where it meets another write, that one has it too, and a
// store that fails is the next request's matter.
func (s *service) used(r *http.Request, t authority.Token) {
	now := s.Now()
	if now.Sub(t.LastUsedAt) < lastUsedEvery {
		return
	}
	version := t.Version
	t.LastUsedAt, t.UpdatedAt = now, now
	if _, err := s.Store.Save(r.Context(), t, authority.AtVersion(version)); err != nil && !errors.Is(err, authority.ErrConflict) {
		s.Log.WarnContext(r.Context(), "the time of last use was not written", "token", string(t.ID), "error", words(err))
	}
}

// revokePresented is RFC 7009: a token that is unknown or revoked already is a success.
func (s *service) revokePresented(r *http.Request, c caller) (any, error) {
	t, err := s.presented(r)
	if errors.Is(err, authority.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !c.sees(t) {
		// 400, not 403: RFC 7009 section 2.2.1 has the errors of RFC 6749 section 5.2.
		return nil, &refusal{http.StatusBadRequest, "unauthorized_client", "the caller may not revoke this token"}
	}
	attempt, err := s.attempt("")
	if err != nil {
		return nil, err
	}
	_, err = s.Store.Revoke(r.Context(), t.ID, authority.Revocation{At: s.Now(), By: c.principal, Reason: "revoked by who presented it (RFC 7009)", Attempt: attempt})
	return nil, err
}

// presented finds the token of the form's field "token". token_type_hint is only a hint
// (RFC 7009 section 2.1), and this service has one type.
func (s *service) presented(r *http.Request) (authority.Token, error) {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/x-www-form-urlencoded" {
		return authority.Token{}, &refusal{http.StatusUnsupportedMediaType, "invalid_request", "want Content-Type: application/x-www-form-urlencoded"}
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxForm+1))
	if err != nil {
		return authority.Token{}, badBody(err)
	}
	if err := inTime(r); err != nil {
		return authority.Token{}, err
	}
	if len(body) > maxForm {
		return authority.Token{}, &http.MaxBytesError{Limit: maxForm}
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || len(form["token"]) != 1 || form.Get("token") == "" {
		return authority.Token{}, badRequest("want the form's field token, once")
	}
	return s.present(r, form.Get("token"))
}
