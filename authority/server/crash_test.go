package server_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/authority"
	"github.com/stella-ops/stella/authority/enginetest"
	"github.com/stella-ops/stella/authority/server"
	"github.com/stella-ops/stella/authority/storetest"
)

// What a service had open has ended with it, also where its store's server died amid
// requests.
func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// mortal is a store on a server that can be killed.
type mortal struct {
	name   string
	store  authority.TokenStore
	server enginetest.Server
}

// durablePostgres writes to the disk before it acknowledges; it dies of SIGKILL.
func durablePostgres(t *testing.T) mortal {
	engine, err := enginetest.StartDurablePostgres(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, engine.Close()) })
	s := engine.OpenDSN(t, engine.NewDatabase(t))
	_, err = s.Up(t.Context())
	require.NoError(t, err)
	return mortal{"PostgreSQL", s, engine.Server}
}

// mortalMongo dies of SIGKILL in a container; embedded, it is stopped.
func mortalMongo(t *testing.T) mortal {
	engine, err := enginetest.StartMongo()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, engine.Close()) })
	s := engine.OpenDatabase(t, engine.NewDatabase())
	require.NoError(t, s.Up(t.Context()))
	return mortal{"Mongo", s, engine.Server}
}

// A token whose revocation was acknowledged is never again reported active, and one that
// nobody revoked is never reported dead: where the store's server is down, introspection
// says that it does not know.
func TestNeverActiveAgain(t *testing.T) {
	if enginetest.External() {
		require.NotEqual(t, "true", os.Getenv("CI"), "external servers are not ours to kill: CI takes containers or embedded")
		t.Skip("external servers are not ours to kill: run this with containers or embedded")
	}
	for _, open := range []func(*testing.T) mortal{durablePostgres, mortalMongo} {
		m := open(t)
		t.Run(m.name, func(t *testing.T) {
			s := newPresented(t, m.store)
			const crashes = 2
			for range crashes {
				s.crash(t, m.server)
			}
			t.Logf("%d crashes; revocations acknowledged: %d; answers: %d active, %d dead, %d unavailable",
				crashes, s.acknowledged.Load(), s.active.Load(), s.dead.Load(), s.unavailable.Load())
			for _, n := range []*atomic.Int64{&s.acknowledged, &s.active, &s.dead, &s.unavailable} {
				require.Positive(t, n.Load(), "a part of it was never tried")
			}
		})
	}
}

// presented is a service over HTTP, and tokens that are presented to it again and again.
type presented struct {
	url                                     string
	client                                  *http.Client
	admin                                   string // a secret
	tokens                                  []*presentedToken
	mint                                    func() *presentedToken
	acknowledged, active, dead, unavailable atomic.Int64
}

// presentedToken is one token. What was tried and acknowledged is set before and after
// the request.
type presentedToken struct {
	id, secret          string
	tried, acknowledged atomic.Bool
}

func newPresented(t *testing.T, store authority.TokenStore) *presented {
	t.Helper()
	h := httptest.NewServer(server.New(server.Config{Store: store, Timeout: 400 * time.Millisecond, Log: slog.New(slog.DiscardHandler)}))
	t.Cleanup(h.Close)
	s := &presented{url: h.URL, client: h.Client()}
	minting := &service{store: store, now: time.Now().Add(-time.Minute)}
	_, s.admin = minting.mint(t, root, server.KindAdmin)
	s.mint = func() *presentedToken {
		token, secret := minting.mint(t, alice, "licence")
		return &presentedToken{id: string(token.ID), secret: secret}
	}
	return s
}

// crash revokes and introspects, has the server killed amid it and started again, and
// looks at every token that there ever was.
func (s *presented) crash(t *testing.T, mortal enginetest.Server) {
	t.Helper()
	fresh := make([]*presentedToken, 50)
	for i := range fresh {
		fresh[i] = s.mint()
	}
	s.tokens = append(s.tokens, fresh...)
	ctx, stop := context.WithCancel(t.Context())
	var load sync.WaitGroup
	acknowledged, unavailable := s.acknowledged.Load(), s.unavailable.Load()
	load.Go(func() {
		for _, token := range fresh[:40] { // the others stay good
			for ctx.Err() == nil && !s.revoke(t, token) {
			}
		}
	})
	for n := range 4 {
		load.Go(func() {
			for i := n; ctx.Err() == nil; i++ {
				s.introspect(t, fresh[i%len(fresh)])
			}
		})
	}
	require.Eventually(t, func() bool { return s.acknowledged.Load() > acknowledged+10 }, time.Minute, time.Millisecond, "nothing is revoked")
	require.NoError(t, mortal.Kill())
	require.Eventually(t, func() bool { return s.unavailable.Load() > unavailable }, time.Minute, time.Millisecond, "the crash met no request")
	require.NoError(t, mortal.Run(t.Context()))
	stop()
	load.Wait()
	for _, token := range s.tokens {
		// A connection that broke is found out by its next user.
		require.Eventually(t, func() bool { return s.introspect(t, token) }, time.Minute, time.Millisecond, "the service does not come back")
	}
}

// revoke revokes a token by its id or, as RFC 7009 has it, by its secret, and reports
// whether that was acknowledged.
func (s *presented) revoke(t *testing.T, token *presentedToken) bool {
	token.tried.Store(true)
	path, contentType, body := "/v1/tokens/"+token.id+"/revoke", "application/json", "{}"
	if token.id[0]%2 == 0 {
		path, contentType, body = "/v1/revoke", "application/x-www-form-urlencoded", form(token.secret)
	}
	switch code, answer := s.post(t, path, contentType, body); code {
	case http.StatusOK:
		token.acknowledged.Store(true)
		s.acknowledged.Add(1)
	case http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return false
	default:
		t.Errorf("the revocation is answered by %d %s", code, answer)
	}
	return true
}

// introspect presents a token, holds the answer to what is known, and reports whether
// there was one.
func (s *presented) introspect(t *testing.T, token *presentedToken) bool {
	acknowledged := token.acknowledged.Load() // before it is asked
	code, body := s.post(t, "/v1/introspect", "application/x-www-form-urlencoded", form(token.secret))
	tried := token.tried.Load() // after it was answered
	if code == http.StatusServiceUnavailable {
		s.unavailable.Add(1)
		return false
	}
	var answer struct{ Active *bool }
	if err := json.Unmarshal(body, &answer); err != nil || code != http.StatusOK || answer.Active == nil {
		t.Errorf("introspection answers %d %s", code, body)
		return true
	}
	switch {
	case *answer.Active && acknowledged:
		t.Errorf("token %s was acknowledged as revoked, and is reported active: %s", token.id, body)
	case !*answer.Active && !tried:
		t.Errorf("token %s was never revoked, and is reported dead: %s", token.id, body)
	case !*answer.Active && strings.TrimSpace(string(body)) != `{"active":false}`:
		t.Errorf("of a dead token more is told than that: %s", body)
	case *answer.Active:
		s.active.Add(1)
	default:
		s.dead.Add(1)
	}
	return true
}

// post asks the service. No request may take much longer than the service's timeout.
func (s *presented) post(t *testing.T, path, contentType, body string) (code int, answer []byte) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return 0, nil
	}
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Authorization", "Bearer "+s.admin)
	w, err := s.client.Do(r)
	if err != nil {
		t.Error(err)
		return 0, nil
	}
	defer w.Body.Close()
	answer, err = io.ReadAll(w.Body)
	if err != nil {
		t.Error(err)
	}
	return w.StatusCode, answer
}
