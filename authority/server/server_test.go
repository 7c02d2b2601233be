package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/authority"
	"github.com/stella-ops/stella/authority/memstore"
	"github.com/stella-ops/stella/authority/server"
)

const (
	alice = authority.PrincipalID("0198c0de-0000-7000-8000-00000000000a")
	bob   = authority.PrincipalID("0198c0de-0000-7000-8000-00000000000b")
	root  = authority.PrincipalID("0198c0de-0000-7000-8000-00000000000c")
)

// service is one under test, with a clock that stands still and a log that is kept.
type service struct {
	handler http.Handler
	store   authority.TokenStore
	now     time.Time
	log     *bytes.Buffer
}

func newService(store authority.TokenStore) *service {
	s := &service{store: store, now: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC), log: new(bytes.Buffer)}
	s.handler = server.New(server.Config{
		Store: store, Now: func() time.Time { return s.now }, Log: slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	return s
}

// mint puts a token into the store, as the command line does, and returns its secret.
func (s *service) mint(t *testing.T, owner authority.PrincipalID, kind string) (authority.Token, string) {
	t.Helper()
	secret, err := authority.NewSecret(nil)
	require.NoError(t, err)
	token, err := s.store.Save(t.Context(), authority.Token{
		ID: secret.ID(), Owner: owner, Kind: kind, Secret: secret.Hash(), CreatedBy: root,
		CreatedAt: s.now, IssuedAt: s.now, UpdatedAt: s.now, ExpiresAt: s.now.Add(time.Hour),
	}, authority.Absent())
	require.NoError(t, err)
	return token, secret.Reveal()
}

// do asks the service. body is JSON for a path of tokens and a form elsewhere.
func (s *service) do(t *testing.T, method, path, secret, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	switch {
	case strings.HasPrefix(path, "/v1/tokens") && method == http.MethodPost:
		r.Header.Set("Content-Type", "application/json")
	case method == http.MethodPost:
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if secret != "" {
		r.Header.Set("Authorization", "Bearer "+secret)
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

func form(secret string) string { return url.Values{"token": {secret}}.Encode() }

func issueBody(owner authority.PrincipalID, kind string) string {
	return fmt.Sprintf(`{"owner_id":%q,"kind":%q,"expires_at":"2027-01-01T00:00:00Z","payload":{"b":1,"a":2}}`, owner, kind)
}

func decode[V any](t *testing.T, w *httptest.ResponseRecorder) V {
	t.Helper()
	var v V
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &v), w.Body.String())
	return v
}

// The life of a token, from its issue to its end.
func TestLife(t *testing.T) {
	s := newService(new(memstore.Store))
	_, admin := s.mint(t, root, server.KindAdmin)
	_, gate := s.mint(t, bob, server.KindIntrospect)
	w := s.do(t, "POST", "/v1/tokens", admin, issueBody(alice, "licence"))
	require.Equal(t, http.StatusCreated, w.Code, w.Body.String())
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	made := decode[struct {
		Token  server.View
		Secret string
	}](t, w)
	require.Equal(t, "/v1/tokens/"+string(made.Token.ID), w.Header().Get("Location"))
	require.Equal(t, "active", made.Token.Status)
	require.Equal(t, root, made.Token.CreatedBy)
	require.Contains(t, w.Body.String(), `"payload":{"a":2,"b":1}`)

	w = s.do(t, "GET", "/v1/tokens/"+string(made.Token.ID), admin, "")
	require.Equal(t, http.StatusOK, w.Code)
	require.NotContains(t, w.Body.String(), made.Secret, "the secret is shown again")

	w = s.do(t, "POST", "/v1/introspect", gate, form(made.Secret))
	require.JSONEq(t, fmt.Sprintf(`{"active":true,"jti":%q,"sub":%q,"iat":1795694400,"exp":1798761600,"kind":"licence","payload":{"a":2,"b":1}}`,
		made.Token.ID, alice), w.Body.String())
	used := decode[server.View](t, s.do(t, "GET", "/v1/tokens/"+string(made.Token.ID), admin, ""))
	require.Equal(t, s.now, *used.LastUsedAt)
	s.now = s.now.Add(30 * time.Second) // too soon to write it again
	s.do(t, "POST", "/v1/introspect", gate, form(made.Secret))
	require.Equal(t, used.Version, decode[server.View](t, s.do(t, "GET", "/v1/tokens/"+string(made.Token.ID), admin, "")).Version)

	const attempt = "0198c0de-0000-4000-8000-0000000000ff"
	path := "/v1/tokens/" + string(made.Token.ID) + "/revoke"
	for range 2 { // the repetition knows that it won
		w = s.do(t, "POST", path, admin, `{"reason":"lost laptop","attempt":"`+attempt+`"}`)
		require.Equal(t, http.StatusOK, w.Code, w.Body.String())
		require.Contains(t, w.Body.String(), `"won":true`)
	}
	w = s.do(t, "POST", path, admin, `{"reason":"another"}`)
	require.Contains(t, w.Body.String(), `"won":false`)
	require.Contains(t, w.Body.String(), `"reason":"lost laptop"`)
	w = s.do(t, "POST", "/v1/introspect", gate, form(made.Secret))
	require.Equal(t, "{\"active\":false}\n", w.Body.String(), "RFC 7662: no more than that")
	require.NotContains(t, s.log.String(), made.Secret)
	require.NotContains(t, s.log.String(), admin)
}

// Nothing but health answers without a caller, and no caller gets more than its kind has.
func TestWhoMayWhat(t *testing.T) {
	s := newService(new(memstore.Store))
	hers, hersSecret := s.mint(t, alice, "licence")
	_, admin := s.mint(t, root, server.KindAdmin)
	_, access := s.mint(t, alice, server.KindAccess)
	_, other := s.mint(t, bob, server.KindAccess)
	_, gate := s.mint(t, bob, server.KindIntrospect)
	expired, expiredSecret := s.mint(t, root, server.KindAdmin)
	_, err := s.store.Revoke(t.Context(), expired.ID, authority.Revocation{At: s.now, By: root, Attempt: "0198c0de-0000-4000-8000-000000000001"})
	require.NoError(t, err)
	never, err := authority.NewSecret(nil)
	require.NoError(t, err)

	callers := map[string]string{
		"nobody": "", "a secret never given": never.Reveal(), "no secret": "hello", "a revoked admin": expiredSecret, "a licence": hersSecret,
		"admin": admin, "owner": access, "another": other, "gate": gate,
	}
	id := string(hers.ID)
	for _, test := range []struct {
		method, path, body string
		want               map[string]int // who is not named gets 401
	}{
		{"POST", "/v1/tokens", issueBody(bob, "licence"), map[string]int{"admin": 201, "owner": 403, "another": 403, "gate": 403}},
		{"POST", "/v1/tokens", issueBody(bob, server.KindAdmin), map[string]int{"admin": 403, "owner": 403, "another": 403, "gate": 403}},
		{"GET", "/v1/tokens/" + id, "", map[string]int{"admin": 200, "owner": 200, "another": 404, "gate": 404}},
		{"GET", "/v1/tokens?owner_id=" + string(alice), "", map[string]int{"admin": 200, "owner": 200, "another": 403, "gate": 403}},
		{"GET", "/metrics", "", map[string]int{"admin": 200, "owner": 200, "another": 200, "gate": 200}},
		{"POST", "/v1/introspect", form(hersSecret), map[string]int{"admin": 200, "owner": 200, "another": 200, "gate": 200}},
		{"POST", "/v1/revoke", form(hersSecret), map[string]int{"another": 400, "gate": 400}}, // RFC 7009
		{"POST", "/v1/tokens/" + id + "/revoke", "{}", map[string]int{"another": 404, "gate": 404}},
	} {
		for name, secret := range callers {
			want, named := test.want[name]
			if !named && (name == "admin" || name == "owner") {
				continue // they may, and would end the token
			}
			if !named {
				want = http.StatusUnauthorized
			}
			w := s.do(t, test.method, test.path, secret, test.body)
			require.Equal(t, want, w.Code, "%s: %s %s: %s", name, test.method, test.path, w.Body)
			if want == http.StatusUnauthorized {
				require.Contains(t, w.Header().Get("WWW-Authenticate"), "Bearer")
			}
		}
	}
	require.Equal(t, "{\"active\":false}\n", s.do(t, "POST", "/v1/introspect", other, form(hersSecret)).Body.String(), "another owner learns nothing")
	for _, path := range []string{"/healthz", "/readyz"} {
		require.Equal(t, http.StatusOK, s.do(t, "GET", path, "", "").Code, path)
	}
	require.Contains(t, s.do(t, "GET", "/metrics", gate, "").Body.String(), `authority_requests_total{route="GET /v1/tokens/{id}",status="200"}`)
	require.Equal(t, http.StatusOK, s.do(t, "POST", "/v1/revoke", access, form(hersSecret)).Code)
	require.Equal(t, http.StatusOK, s.do(t, "POST", "/v1/revoke", access, form(hersSecret)).Code, "RFC 7009: revoked already is a success")
	require.Equal(t, http.StatusOK, s.do(t, "POST", "/v1/revoke", access, form("unknown")).Code, "RFC 7009: unknown is a success")
	s.now = s.now.Add(2 * time.Hour)
	require.Equal(t, http.StatusUnauthorized, s.do(t, "GET", "/v1/tokens/"+id, admin, "").Code, "an expired token is nobody")
}

func TestBadRequests(t *testing.T) {
	s := newService(new(memstore.Store))
	_, admin := s.mint(t, root, server.KindAdmin)
	held, _ := s.mint(t, alice, "licence")
	good := issueBody(alice, "licence")
	for _, test := range []struct {
		name, method, path, contentType, body string
		status                                int
		words                                 string
	}{
		{"not JSON", "POST", "/v1/tokens", "application/json", "{", 400, "the body"},
		{"an unknown field", "POST", "/v1/tokens", "application/json", `{"colour":1}`, 400, "colour"},
		{"a field twice", "POST", "/v1/tokens", "application/json", strings.Replace(good, `"kind"`, `"kind":"other","kind"`, 1), 400, "duplicate"},
		{"a field in another case", "POST", "/v1/tokens", "application/json", strings.Replace(good, "kind", "KIND", 1), 400, "KIND"},
		{"no UTF-8", "POST", "/v1/tokens/" + string(held.ID) + "/revoke", "application/json", "{\"reason\":\"\xff\"}", 400, "UTF-8"},
		{"half a surrogate", "POST", "/v1/tokens/" + string(held.ID) + "/revoke", "application/json", `{"reason":"\ud800"}`, 400, "surrogate"},
		{"null for an object", "POST", "/v1/tokens/" + string(held.ID) + "/revoke", "application/json", "null", 400, "JSON object"},
		{"no body", "POST", "/v1/tokens/" + string(held.ID) + "/revoke", "application/json", "", 400, "no JSON object"},
		{"a body that breaks off", "POST", "/v1/tokens/" + string(held.ID) + "/revoke", "application/json", `{"reason":"x`, 400, "the body"},
		{"a query that is none", "GET", "/v1/tokens?owner_id=" + string(alice) + "&size=%zz", "", "", 400, "query"},
		{"an unknown parameter", "GET", "/v1/tokens?owner_id=" + string(alice) + "&colour=1", "", "", 400, "colour"},
		{"a parameter twice", "GET", "/v1/tokens?owner_id=" + string(alice) + "&owner_id=" + string(bob), "", "", 400, "once"},
		{"two objects", "POST", "/v1/tokens", "application/json", good + good, 400, "goes on"},
		{"no content type", "POST", "/v1/tokens", "", good, 415, "application/json"},
		{"a form for JSON", "POST", "/v1/tokens", "application/x-www-form-urlencoded", good, 415, "application/json"},
		{"JSON for a form", "POST", "/v1/introspect", "application/json", `{}`, 415, "form"},
		{"a huge body", "POST", "/v1/tokens", "application/json", `{"payload":"` + strings.Repeat("x", 5<<20) + `"}`, 413, "more than"},
		{"a huge form", "POST", "/v1/introspect", "application/x-www-form-urlencoded", "token=" + strings.Repeat("x", 17<<10), 413, "more than"},
		{"no owner", "POST", "/v1/tokens", "application/json", `{"kind":"licence","expires_at":"2027-01-01T00:00:00Z"}`, 400, "principal id"},
		{"expired already", "POST", "/v1/tokens", "application/json", strings.Replace(good, "2027", "2020", 1), 400, "expires"},
		{"a payload with a key twice", "POST", "/v1/tokens", "application/json", strings.Replace(good, `"b":1`, `"a":1`, 1), 400, "duplicate"},
		{"a payload that is a list", "POST", "/v1/tokens", "application/json", strings.Replace(good, `{"b":1,"a":2}`, `[]`, 1), 400, "object"},
		{"no token", "POST", "/v1/introspect", "application/x-www-form-urlencoded", "", 400, "token"},
		{"two tokens", "POST", "/v1/revoke", "application/x-www-form-urlencoded", "token=a&token=b", 400, "once"},
		{"a reason that is too long", "POST", "/v1/tokens/" + string(held.ID) + "/revoke", "application/json", `{"reason":"` + strings.Repeat("x", 5000) + `"}`, 400, "the reason has 5000 bytes"},
		{"an attempt that is none", "POST", "/v1/tokens/" + string(held.ID) + "/revoke", "application/json", `{"attempt":"x"}`, 400, "attempt id"},
		{"an id that is none", "GET", "/v1/tokens/x", "", "", 400, "token id"},
		{"a token that is not there", "GET", "/v1/tokens/0198c0de-0000-7000-8000-000000000099", "", "", 404, "no such"},
		{"a page that is none", "GET", "/v1/tokens?owner_id=" + string(alice) + "&page=x", "", "", 400, "cursor"},
		{"a size that is none", "GET", "/v1/tokens?owner_id=" + string(alice) + "&size=0", "", "", 400, "size"},
		{"a size beyond the limit", "GET", "/v1/tokens?owner_id=" + string(alice) + "&size=1001", "", "", 400, "page"},
		{"a path that is none", "GET", "/v2", "", "", 404, "no such endpoint"},
		{"a path that is not clean", "GET", "//healthz", "", "", 404, "no such endpoint"},
		{"a path that goes up", "GET", "/v1/../healthz", "", "", 404, "no such endpoint"},
		{"another method", "DELETE", "/v1/tokens/x", "", "", 405, "want GET, HEAD"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), test.method, test.path, strings.NewReader(test.body))
			r.Header.Set("Authorization", "Bearer "+admin)
			if test.contentType != "" {
				r.Header.Set("Content-Type", test.contentType)
			}
			w := httptest.NewRecorder()
			s.handler.ServeHTTP(w, r)
			require.Equal(t, test.status, w.Code, w.Body.String())
			require.Contains(t, w.Body.String(), test.words)
			require.Equal(t, "application/json", w.Header().Get("Content-Type"))
			require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
			require.NotEmpty(t, decode[map[string]string](t, w)["error"])
		})
	}
}

// A body that does not come whole is who sends it's matter, not a defect of the service.
func TestBrokenBodies(t *testing.T) {
	s := newService(new(memstore.Store))
	_, admin := s.mint(t, root, server.KindAdmin)
	for path, contentType := range map[string]string{"/v1/tokens": "application/json", "/v1/introspect": "application/x-www-form-urlencoded"} {
		for broken, want := range map[error]int{io.ErrUnexpectedEOF: 400, os.ErrDeadlineExceeded: 408} {
			r := httptest.NewRequestWithContext(t.Context(), "POST", path, io.MultiReader(strings.NewReader("{"), iotest.ErrReader(broken)))
			r.Header.Set("Authorization", "Bearer "+admin)
			r.Header.Set("Content-Type", contentType)
			w := httptest.NewRecorder()
			s.handler.ServeHTTP(w, r)
			require.Equal(t, want, w.Code, "%s, %v: %s", path, broken, w.Body)
		}
	}
}

// A body that comes when the time of its request is over is not the store's failure.
func TestLateBodies(t *testing.T) {
	store := new(memstore.Store)
	_, admin := newService(store).mint(t, root, server.KindAdmin)
	for _, test := range []struct{ path, contentType, body string }{
		{"/v1/tokens", "application/json", issueBody(alice, "licence")},
		{"/v1/introspect", "application/x-www-form-urlencoded", form(admin)},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newService(store)
			slow, in := io.Pipe()
			go func() {
				time.Sleep(11 * time.Second)
				_, _ = io.WriteString(in, test.body)
				_ = in.Close()
			}()
			r := httptest.NewRequestWithContext(t.Context(), "POST", test.path, slow)
			r.Header.Set("Authorization", "Bearer "+admin)
			r.Header.Set("Content-Type", test.contentType)
			w := httptest.NewRecorder()
			s.handler.ServeHTTP(w, r)
			require.Equal(t, http.StatusRequestTimeout, w.Code, w.Body)
			require.Contains(t, s.log.String(), `"level":"INFO","msg":"request"`)
		})
	}
}

// What no endpoint takes, and who may not see the metrics, is counted and logged as the
// rest is.
func TestNothingUnseen(t *testing.T) {
	s := newService(new(memstore.Store))
	_, gate := s.mint(t, bob, server.KindIntrospect)
	require.Equal(t, http.StatusNotFound, s.do(t, "GET", "/", "", "").Code)
	require.Contains(t, s.log.String(), `"route":"none","status":404`)
	require.Equal(t, http.StatusUnauthorized, s.do(t, "GET", "/metrics", "", "").Code)
	require.Contains(t, s.log.String(), `"route":"GET /metrics","status":401`)
	w := s.do(t, "PUT", "/v1/introspect", "", "")
	require.Equal(t, "POST", w.Header().Get("Allow"))
	metrics := s.do(t, "GET", "/metrics", gate, "")
	require.Equal(t, "no-store", metrics.Header().Get("Cache-Control"))
	for _, want := range []string{`{route="none",status="404"} 1`, `{route="none",status="405"} 1`, `{route="GET /metrics",status="401"} 1`} {
		require.Contains(t, metrics.Body.String(), want)
	}
}

// People paste a secret where an id belongs: it comes back in no answer and no log line.
func TestSecretInTheWrongPlace(t *testing.T) {
	s := newService(new(memstore.Store))
	_, admin := s.mint(t, root, server.KindAdmin)
	held, secret := s.mint(t, alice, "licence")
	for _, test := range []struct{ method, path, body string }{
		{"GET", "/v1/tokens/" + secret, ""},
		{"POST", "/v1/tokens/" + secret + "/revoke", "{}"},
		{"GET", "/v1/tokens?owner_id=" + secret, ""},
		{"GET", "/v1/tokens?owner_id=" + string(alice) + "&page=" + secret, ""},
		{"GET", "/v1/tokens?owner_id=" + string(alice) + "&size=" + secret, ""},
		{"POST", "/v1/tokens/" + string(held.ID) + "/revoke", `{"attempt":"` + secret + `"}`},
		{"POST", "/v1/tokens/" + string(held.ID) + "/revoke", `{"reason":"leaked: ` + secret + `"}`},
		{"POST", "/v1/tokens", issueBody(authority.PrincipalID(secret), "licence")},
		{"POST", "/v1/tokens", issueBody(alice, secret)},
		{"POST", "/v1/tokens", strings.Replace(issueBody(alice, "licence"), "2027-01-01T00:00:00Z", secret, 1)},
		{"POST", "/v1/tokens", strings.Replace(issueBody(alice, "licence"), `"payload"`, `"`+secret+`"`, 1)},
		{"POST", "/v1/tokens", strings.Replace(issueBody(alice, "licence"), `"b":1`, `"`+secret+`":1e300`, 1)},
	} {
		w := s.do(t, test.method, test.path, admin, test.body)
		require.Equal(t, http.StatusBadRequest, w.Code, test.path)
		require.NotContains(t, w.Body.String(), secret[7:20], "the answer to %s", test.path)
		require.NotContains(t, s.log.String(), secret[7:20], "the log of %s", test.path)
	}
}

// A mistake is quoted, and no more than the beginning of it.
func TestLongMistake(t *testing.T) {
	s := newService(new(memstore.Store))
	_, admin := s.mint(t, root, server.KindAdmin)
	w := s.do(t, "POST", "/v1/tokens", admin, `{"`+strings.Repeat("é", 100_000)+`":1}`)
	require.Equal(t, http.StatusBadRequest, w.Code)
	require.Contains(t, w.Body.String(), "éé")
	require.Less(t, w.Body.Len(), 2000)
	require.Less(t, s.log.Len(), 2000)
}

// RFC 6750 section 3: who presents nothing is told no error, who may not is told so.
func TestChallenges(t *testing.T) {
	s := newService(new(memstore.Store))
	_, gate := s.mint(t, bob, server.KindIntrospect)
	for secret, want := range map[string]string{
		"":      `Bearer realm="stella-authority"`,
		"hello": `Bearer realm="stella-authority", error="invalid_token"`,
		gate:    `Bearer realm="stella-authority", error="insufficient_scope"`,
	} {
		w := s.do(t, "GET", "/v1/tokens?owner_id="+string(alice), secret, "")
		require.Equal(t, want, w.Header().Get("WWW-Authenticate"))
	}
}

// Of two secrets a proxy may have checked the other one.
func TestTwoCallers(t *testing.T) {
	s := newService(new(memstore.Store))
	_, admin := s.mint(t, root, server.KindAdmin)
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/v1/tokens?owner_id="+string(alice), nil)
	r.Header["Authorization"] = []string{"Bearer " + admin, "Bearer another"}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	require.Equal(t, http.StatusBadRequest, w.Code)
	require.Equal(t, `Bearer realm="stella-authority", error="invalid_request"`, w.Header().Get("WWW-Authenticate"))
	require.Equal(t, "invalid_request", decode[map[string]string](t, w)["error"])
}

// failing is a store that gives one error.
type failing struct {
	authority.TokenStore
	err error
}

func (f failing) Revoke(context.Context, authority.TokenID, authority.Revocation) (authority.Outcome, error) {
	return authority.Outcome{}, f.err
}

// A client that is gone is no failure of the store's.
func TestClientGone(t *testing.T) {
	for _, test := range []struct {
		end   func(context.Context) (context.Context, context.CancelFunc)
		level string
	}{
		{context.WithCancel, "INFO"},
		{func(ctx context.Context) (context.Context, context.CancelFunc) { return context.WithTimeout(ctx, 0) }, "ERROR"},
	} {
		s := newService(new(memstore.Store))
		ctx, cancel := test.end(t.Context())
		cancel()
		s.handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/readyz", nil))
		require.Contains(t, s.log.String(), `"level":"`+test.level+`","msg":"request","route":"GET /readyz","status":503`)
	}
}

// A token with which somebody asks is used, as one that is introspected.
func TestCallersAreUsed(t *testing.T) {
	s := newService(new(memstore.Store))
	hers, access := s.mint(t, alice, server.KindAccess)
	path := "/v1/tokens/" + string(hers.ID)
	require.Nil(t, decode[server.View](t, s.do(t, "GET", path, access, "")).LastUsedAt, "this is the first use")
	first := s.now
	s.now = s.now.Add(30 * time.Second)
	require.Equal(t, first, *decode[server.View](t, s.do(t, "GET", path, access, "")).LastUsedAt)
	s.now = s.now.Add(time.Minute)
	s.do(t, "GET", path, access, "")
	require.Equal(t, s.now, *decode[server.View](t, s.do(t, "GET", path, access, "")).LastUsedAt)
	// Its last use is its end, which no use writes over.
	require.Equal(t, http.StatusOK, s.do(t, "POST", "/v1/revoke", access, form(access)).Code)
	require.Equal(t, http.StatusUnauthorized, s.do(t, "GET", path, access, "").Code)
	require.NotContains(t, s.log.String(), "was not written")
}

// What a store says of itself is in the log and not in the answer.
func TestStoreErrors(t *testing.T) {
	for _, test := range []struct {
		err    error
		status int
		code   string
	}{
		{authority.ErrNotFound, 404, "not_found"},
		{authority.ErrConflict, 409, "conflict"},
		{authority.ErrInvalid, 400, "invalid_request"},
		{authority.ErrUnavailable, 503, "unavailable"},
		{authority.ErrUnknownOutcome, 504, "unknown_outcome"},
		{io.ErrUnexpectedEOF, 500, "server_error"},
	} {
		store := new(memstore.Store)
		s := newService(failing{store, fmt.Errorf("db.internal:5432 says: %w", test.err)})
		token, _ := s.mint(t, alice, "licence")
		_, admin := s.mint(t, root, server.KindAdmin)
		w := s.do(t, "POST", "/v1/tokens/"+string(token.ID)+"/revoke", admin, "{}")
		require.Equal(t, test.status, w.Code)
		require.Equal(t, test.code, decode[map[string]string](t, w)["error"])
		require.NotContains(t, w.Body.String(), "db.internal")
		require.Contains(t, s.log.String(), "db.internal")
	}
}

type broken struct{ authority.TokenStore }

func (broken) GetByID(context.Context, authority.TokenID) (authority.Token, error) {
	return authority.Token{}, errors.Join(authority.ErrUnavailable, context.DeadlineExceeded)
}

func TestNotReady(t *testing.T) {
	s := newService(broken{})
	require.Equal(t, http.StatusServiceUnavailable, s.do(t, "GET", "/readyz", "", "").Code)
	require.Equal(t, http.StatusOK, s.do(t, "GET", "/healthz", "", "").Code)
}
