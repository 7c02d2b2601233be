package server

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"path"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/stella-ops/stella/authority"
)

// Config is what the service needs.
type Config struct {
	Store authority.TokenStore
	// Now is the clock; nil stands for the system's.
	Now func() time.Time
	// Random is where secrets and ids of attempts come from; nil stands for crypto/rand.
	Random io.Reader
	Log    *slog.Logger
	// Timeout is how long a request may take; 0 stands for 10 s.
	Timeout time.Duration
}

// The kinds of tokens that authenticate a caller.
const (
	KindAdmin      = "authority.admin"
	KindAccess     = "authority.access"
	KindIntrospect = "authority.introspect"
)

// Limits of a request.
const (
	maxBody = authority.MaxPayloadBytes + 64<<10
	maxForm = 16 << 10
)

// lastUsedEvery is how old a token's time of last use gets before a use writes it anew: a
// write for each introspection would serve nobody.
const lastUsedEvery = time.Minute

type service struct {
	Config
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
}

// New returns the service. It may serve several requests at once.
func New(c Config) http.Handler {
	s := &service{
		Config: c,
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "authority_requests_total", Help: "Requests by route and status.",
		}, []string{"route", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "authority_request_seconds", Help: "Time to answer, by route.",
		}, []string{"route"}),
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.Timeout == 0 {
		s.Timeout = 10 * time.Second
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(s.requests, s.duration)

	mux := http.NewServeMux()
	s.route(mux, "POST /v1/tokens", s.authenticated(s.issue))
	s.route(mux, "GET /v1/tokens", s.authenticated(s.list))
	s.route(mux, "GET /v1/tokens/{id}", s.authenticated(s.show))
	s.route(mux, "POST /v1/tokens/{id}/revoke", s.authenticated(s.revoke))
	s.route(mux, "POST /v1/introspect", s.authenticated(s.introspect))
	s.route(mux, "POST /v1/revoke", s.authenticated(s.revokePresented))
	s.route(mux, "GET /healthz", func(*http.Request) (any, error) { return status{"ok"}, nil })
	s.route(mux, "GET /readyz", s.ready)
	show := promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	s.route(mux, "GET /metrics", s.authenticated(func(*http.Request, caller) (any, error) { return show, nil }))
	return s.orNone(mux)
}

type status struct {
	Status string `json:"status"`
}

// ready asks the store for a token that is not there.
func (s *service) ready(r *http.Request) (any, error) {
	if _, err := s.Store.GetByID(r.Context(), "00000000-0000-0000-0000-000000000000"); err != nil && !errors.Is(err, authority.ErrNotFound) {
		return nil, err
	}
	return status{"ready"}, nil
}

// route serves one pattern.
func (s *service) route(mux *http.ServeMux, pattern string, handle func(*http.Request) (any, error)) {
	mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, pattern, handle) })
}

// orNone answers what no pattern takes as everything else is answered, and so a path that
// the mux would redirect to a clean one. The mux has words of its own for both, which say
// neither JSON nor no-store.
func (s *service) orNone(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		refuse, pattern := mux.Handler(r)
		if asked := r.URL.EscapedPath(); pattern != "" && asked == path.Clean(asked) {
			mux.ServeHTTP(w, r)
			return
		}
		s.serve(w, r, "none", func(r *http.Request) (any, error) {
			said := verdict{header: make(http.Header)}
			refuse.ServeHTTP(&said, r)
			allow := said.header.Get("Allow")
			if said.code != http.StatusMethodNotAllowed {
				return nil, &refusal{http.StatusNotFound, "not_found", "there is no such endpoint"}
			}
			w.Header().Set("Allow", allow)
			return nil, &refusal{http.StatusMethodNotAllowed, "invalid_request", "want " + allow}
		})
	})
}

// verdict keeps what the mux says, but for its words.
type verdict struct {
	header http.Header
	code   int
}

func (v *verdict) Header() http.Header         { return v.header }
func (v *verdict) WriteHeader(code int)        { v.code = code }
func (v *verdict) Write(p []byte) (int, error) { return len(p), nil }

// serve bounds a request's time, writes its answer, counts and logs it.
func (s *service) serve(w http.ResponseWriter, r *http.Request, pattern string, handle func(*http.Request) (any, error)) {
	start := time.Now()
	ctx, cancel := context.WithTimeout(r.Context(), s.Timeout)
	defer cancel()
	r = r.WithContext(ctx)
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	answer, err := handle(r)
	code := respond(w, r, answer, err)
	s.requests.WithLabelValues(pattern, strconv.Itoa(code)).Inc()
	s.duration.WithLabelValues(pattern).Observe(time.Since(start).Seconds())
	s.log(r, pattern, code, err, time.Since(start))
}

// log says what was asked and answered. It never holds a header, a body or a query.
func (s *service) log(r *http.Request, pattern string, code int, err error, took time.Duration) {
	level := slog.LevelInfo
	attrs := []slog.Attr{slog.String("route", pattern), slog.Int("status", code), slog.Duration("took", took)}
	// A path may hold anything, a secret too.
	if id, err := authority.ParseTokenID(r.PathValue("id")); err == nil {
		attrs = append(attrs, slog.String("token", string(id)))
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", words(err)))
	}
	gone := errors.Is(r.Context().Err(), context.Canceled) // the client, and nobody reads the answer
	if code >= 500 && !gone {
		level = slog.LevelError
	}
	s.Log.LogAttrs(r.Context(), level, "request", attrs...)
}

// attempt reads the id of an attempt to revoke, and makes one where none is given.
func (s *service) attempt(text string) (authority.AttemptID, error) {
	if text != "" {
		id, err := authority.ParseAttemptID(text)
		return id, given(err)
	}
	if s.Random == nil {
		return authority.AttemptID(uuid.NewString()), nil
	}
	id, err := uuid.NewRandomFromReader(s.Random)
	return authority.AttemptID(id.String()), err
}
