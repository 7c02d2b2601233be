package server

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/stella-ops/stella/authority"
)

// View is a token as callers see it.
type View struct {
	ID         authority.TokenID     `json:"id"`
	Owner      authority.PrincipalID `json:"owner_id"`
	Kind       string                `json:"kind"`
	Status     string                `json:"status"` // active, pending, expired, revoked
	CreatedBy  authority.PrincipalID `json:"created_by"`
	CreatedAt  time.Time             `json:"created_at"`
	IssuedAt   time.Time             `json:"issued_at"`
	ExpiresAt  time.Time             `json:"expires_at"`
	UpdatedAt  time.Time             `json:"updated_at"`
	LastUsedAt *time.Time            `json:"last_used_at"`
	Version    int64                 `json:"version"`
	Payload    authority.Payload     `json:"payload"`
	Revoked    *ViewRevocation       `json:"revoked"`
}

// ViewRevocation is the end of a token as callers see it.
type ViewRevocation struct {
	At      time.Time             `json:"at"`
	By      authority.PrincipalID `json:"by"`
	Reason  string                `json:"reason"`
	Attempt authority.AttemptID   `json:"attempt"`
}

// ViewOf shows a token at a time.
func ViewOf(t authority.Token, now time.Time) View {
	v := View{
		ID: t.ID, Owner: t.Owner, Kind: t.Kind, CreatedBy: t.CreatedBy, CreatedAt: t.CreatedAt, IssuedAt: t.IssuedAt,
		ExpiresAt: t.ExpiresAt, UpdatedAt: t.UpdatedAt, Version: t.Version, Payload: t.Payload,
	}
	if !t.LastUsedAt.IsZero() {
		v.LastUsedAt = &t.LastUsedAt
	}
	switch {
	case t.Revoked != nil:
		v.Status = "revoked"
		v.Revoked = &ViewRevocation{t.Revoked.At, t.Revoked.By, t.Revoked.Reason, t.Revoked.Attempt}
	case t.Active(now):
		v.Status = "active"
	case now.Before(t.IssuedAt):
		v.Status = "pending"
	default:
		v.Status = "expired"
	}
	return v
}

// issueRequest is the body of POST /v1/tokens.
type issueRequest struct {
	Owner     string         `json:"owner_id"`
	Kind      string         `json:"kind"`
	ExpiresAt time.Time      `json:"expires_at"`
	Payload   jsontext.Value `json:"payload"` // absent: {}
}

type issued struct {
	Token  View   `json:"token"`
	Secret string `json:"secret"`
}

func (s *service) issue(r *http.Request, c caller) (any, error) {
	if !c.admin() {
		return nil, errForbidden
	}
	var body issueRequest
	if err := readJSON(r, &body); err != nil {
		return nil, err
	}
	if body.Kind == c.kind {
		return nil, &refusal{http.StatusForbidden, "insufficient_scope", "a token mints none of its own kind; stella-authority token issue does, beside the store"}
	}
	owner, err := authority.ParsePrincipalID(body.Owner)
	if err != nil {
		return nil, given(err)
	}
	secret, err := authority.NewSecret(s.Random)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	t := authority.Token{
		ID: secret.ID(), Owner: owner, Kind: body.Kind, Secret: secret.Hash(), CreatedBy: c.principal,
		CreatedAt: now, IssuedAt: now, UpdatedAt: now, ExpiresAt: body.ExpiresAt,
	}
	if len(body.Payload) > 0 {
		if t.Payload, err = authority.ParsePayload(body.Payload); err != nil {
			return nil, given(err)
		}
	}
	if t, err = t.Normalize(); err != nil {
		return nil, given(err)
	}
	if t, err = s.Store.Save(r.Context(), t, authority.Absent()); err != nil {
		return nil, err
	}
	return issued{ViewOf(t, now), secret.Reveal()}, nil
}

// find is the token of the path, if the caller may see it.
func (s *service) find(r *http.Request, c caller) (authority.Token, error) {
	id, err := authority.ParseTokenID(r.PathValue("id"))
	if err != nil {
		return authority.Token{}, given(err)
	}
	t, err := s.Store.GetByID(r.Context(), id)
	if err == nil && !c.sees(t) {
		err = authority.ErrNotFound
	}
	return t, err
}

func (s *service) show(r *http.Request, c caller) (any, error) {
	t, err := s.find(r, c)
	if err != nil {
		return nil, err
	}
	return ViewOf(t, s.Now()), nil
}

type listed struct {
	Tokens []View `json:"tokens"`
	Next   string `json:"next_page,omitempty"`
}

func (s *service) list(r *http.Request, c caller) (any, error) {
	q, err := query(r, "owner_id", "page", "size")
	if err != nil {
		return nil, err
	}
	owner, err := authority.ParsePrincipalID(q.Get("owner_id"))
	if err != nil {
		return nil, given(err)
	}
	if !c.admin() && (c.kind != KindAccess || owner != c.principal) {
		return nil, errForbidden
	}
	page := authority.Page{Size: 100}
	if page.After, err = authority.ParseCursor(q.Get("page")); err != nil {
		return nil, given(err)
	}
	if text := q.Get("size"); text != "" {
		if page.Size, err = strconv.Atoi(text); err != nil || page.Size < 1 {
			return nil, badRequest("size is no number of tokens: want 1 to %d", authority.MaxPage)
		}
	}
	if page, err = page.Normalize(); err != nil {
		return nil, given(err)
	}
	tokens, next, err := s.Store.GetByOwner(r.Context(), owner, page)
	if err != nil {
		return nil, err
	}
	answer := listed{Tokens: []View{}, Next: next.String()}
	for _, t := range tokens {
		answer.Tokens = append(answer.Tokens, ViewOf(t, s.Now()))
	}
	return answer, nil
}

// revokeRequest is the body of POST /v1/tokens/{id}/revoke.
type revokeRequest struct {
	Reason string `json:"reason"`
	// Attempt lets a caller whose answer was lost repeat the revocation and learn
	// whether it was its own.
	Attempt string `json:"attempt"`
}

type revoked struct {
	Token View `json:"token"`
	Won   bool `json:"won"`
}

func (s *service) revoke(r *http.Request, c caller) (any, error) {
	var body revokeRequest
	if err := readJSON(r, &body); err != nil {
		return nil, err
	}
	t, err := s.find(r, c)
	if err != nil {
		return nil, err
	}
	attempt, err := s.attempt(body.Attempt)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	revocation, err := authority.Revocation{At: now, By: c.principal, Reason: body.Reason, Attempt: attempt}.Normalize()
	if err != nil {
		return nil, given(err)
	}
	out, err := s.Store.Revoke(r.Context(), t.ID, revocation)
	if err != nil {
		return nil, err
	}
	return revoked{ViewOf(out.Token, now), out.Won}, nil
}

// query reads parameters of which each is known and given once at most.
func query(r *http.Request, known ...string) (url.Values, error) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, badRequest("the query: %s", words(err))
	}
	for name, values := range q {
		switch {
		case !slices.Contains(known, name):
			return nil, badRequest("the query has no %q: want %s", authority.HideSecrets(name), strings.Join(known, ", "))
		case len(values) > 1:
			return nil, badRequest("want the query's %s once", name)
		}
	}
	return q, nil
}

// readJSON reads a body of exactly one JSON object, with no field that is not known or
// comes twice, and nothing that is no Unicode: what is read is what was sent.
func readJSON(r *http.Request, into any) error {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return &refusal{http.StatusUnsupportedMediaType, "invalid_request", "want Content-Type: application/json"}
	}
	d := jsontext.NewDecoder(r.Body)
	if kind := d.PeekKind(); kind != jsontext.KindBeginObject && kind != jsontext.KindInvalid { // null is no error below
		return badRequest("the body is no JSON object")
	}
	switch err := json.UnmarshalDecode(d, into, json.RejectUnknownMembers(true)); {
	case err == io.EOF: // there is none
		return badRequest("the body is no JSON object")
	case err != nil:
		return badBody(err)
	}
	if _, err := d.ReadToken(); err == nil {
		return badRequest("the body goes on behind its JSON object")
	} else if err != io.EOF {
		return badBody(err)
	}
	return inTime(r)
}

// errLate is a body that did not come in time.
var errLate = &refusal{http.StatusRequestTimeout, "invalid_request", "the body did not come in time"}

// inTime refuses a body that came when its request's time was over: the store, which is
// asked next, would be blamed for it.
func inTime(r *http.Request) error {
	if errors.Is(r.Context().Err(), context.DeadlineExceeded) {
		return errLate
	}
	return nil
}

// badBody is a body that cannot be read: who sent it broke off, took too long, sent too
// much, or wrote no JSON.
func badBody(err error) error {
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return tooLarge
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return errLate
	}
	return badRequest("the body: %s", words(err))
}
