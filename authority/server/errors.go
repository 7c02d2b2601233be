package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/stella-ops/stella/authority"
)

// refusal is an error that is a caller's to know, in its own words.
type refusal struct {
	status int
	code   string
	words  string
}

func (r *refusal) Error() string { return r.code + ": " + r.words }

// Errors about who asks.
var (
	errNoCredentials = &refusal{http.StatusUnauthorized, errNoCaller.code, errNoCaller.words}
	errNoCaller      = &refusal{http.StatusUnauthorized, "invalid_token", "present the secret of an active token of a kind authority.… as a bearer token"}
	errTwoCallers    = &refusal{http.StatusBadRequest, "invalid_request", "want one header Authorization"}
	errForbidden     = &refusal{http.StatusForbidden, "insufficient_scope", "the caller may not do this"}
)

// maxWords is how much of an error an answer or a line of the log holds: errors quote what
// was sent, and that may be long.
const maxWords = 500

// words are those of an error, for an answer or the log.
func words(err error) string {
	text := authority.HideSecrets(err.Error())
	if len(text) > maxWords {
		text = strings.ToValidUTF8(text[:maxWords], "") + "…"
	}
	return text
}

// given is what a caller is told where the domain refuses what the caller gave. A store's
// ErrInvalid is not told: its words are of tables.
func given(err error) error {
	if errors.Is(err, authority.ErrInvalid) {
		return &refusal{http.StatusBadRequest, "invalid_request", words(err)}
	}
	return err
}

func badRequest(format string, args ...any) *refusal {
	return &refusal{http.StatusBadRequest, "invalid_request", fmt.Sprintf(format, args...)}
}

// statuses maps the domain's errors. The words are ours: a store's would tell a stranger
// of hosts and tables.
var statuses = []struct {
	err    error
	status int
	code   string
	words  string
}{
	{authority.ErrNotFound, http.StatusNotFound, "not_found", "there is no such token"},
	{authority.ErrExists, http.StatusConflict, "exists", "the token exists already"},
	{authority.ErrConflict, http.StatusConflict, "conflict", "the token was changed meanwhile: read it again"},
	{authority.ErrInvalid, http.StatusBadRequest, "invalid_request", "the store takes no such value"},
	{authority.ErrUnknownOutcome, http.StatusGatewayTimeout, "unknown_outcome", "it may have been done: read the token, or repeat the revocation with the same attempt"},
	{authority.ErrUnavailable, http.StatusServiceUnavailable, "unavailable", "the store cannot be asked; nothing was done: try again"},
}

// asRefusal says what a caller is told of an error.
func asRefusal(err error) *refusal {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r
	}
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &refusal{http.StatusRequestEntityTooLarge, "invalid_request", fmt.Sprintf("the body has more than %d bytes", tooLarge.Limit)}
	}
	for _, s := range statuses {
		if errors.Is(err, s.err) {
			return &refusal{s.status, s.code, s.words}
		}
	}
	return &refusal{http.StatusInternalServerError, "server_error", "the service has a defect: its log says more"}
}

// respond writes an answer or an error and returns the status. A nil answer is an empty
// body, a handler writes its own.
func respond(w http.ResponseWriter, r *http.Request, answer any, err error) int {
	code := http.StatusOK
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if err != nil {
		refused := asRefusal(err)
		code = refused.status
		answer = map[string]string{"error": refused.code, "error_description": refused.words}
		switch {
		case refused == errNoCredentials: // RFC 6750 section 3.1: without an error
			h.Set("WWW-Authenticate", `Bearer realm="stella-authority"`)
		case refused == errTwoCallers, refused.code == errNoCaller.code, refused.code == errForbidden.code:
			h.Set("WWW-Authenticate", `Bearer realm="stella-authority", error="`+refused.code+`"`)
		case code == http.StatusServiceUnavailable:
			h.Set("Retry-After", "1")
		}
	}
	if created, ok := answer.(issued); ok {
		code = http.StatusCreated
		h.Set("Location", "/v1/tokens/"+string(created.Token.ID))
	}
	switch own, ok := answer.(http.Handler); {
	case answer == nil:
		w.WriteHeader(code)
		return code
	case ok:
		own.ServeHTTP(w, r)
		return code
	}
	h.Set("Content-Type", "application/json")
	w.WriteHeader(code)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(answer) // the caller is gone
	return code
}
