package rekortest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// forcedGrace is how long a server may take to end its handlers after their
// contexts were cancelled. They only wait on contexts, so this is ample.
const forcedGrace = 5 * time.Second

// httpServer is an http.Server on loopback that can be stopped for certain.
type httpServer struct {
	srv    *http.Server
	url    string
	life   context.Context // parent of every request's context
	cancel context.CancelFunc
	done   chan error // Serve's answer, once

	stopOnce sync.Once
	stopErr  error

	mu    sync.Mutex
	fresh map[net.Conn]struct{} // guarded by mu: accepted, no request seen yet
}

// serveHTTP listens on addr ("" means a free port of 127.0.0.1) and serves h.
func serveHTTP(ctx context.Context, addr string, h http.Handler) (*httpServer, error) {
	ln, err := listenLoopback(ctx, addr)
	if err != nil {
		return nil, err
	}
	// The server outlives the call that started it: values pass on, the end of
	// ctx does not.
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s := &httpServer{
		url:    "http://" + ln.Addr().String(),
		life:   life,
		cancel: cancel,
		done:   make(chan error, 1),
		fresh:  make(map[net.Conn]struct{}),
	}
	s.srv = &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 30 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return life },
		ConnState:         s.track,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	go func() { s.done <- s.srv.Serve(ln) }()
	return s, nil
}

// listenLoopback refuses every address that is reachable from another machine:
// these logs take entries from whoever asks.
func listenLoopback(ctx context.Context, addr string) (net.Listener, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	if err := CheckLoopback(addr); err != nil {
		return nil, err
	}
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listening on %s (port 0 takes a free one): %w", addr, err)
	}
	return ln, nil
}

// CheckLoopback says whether addr ("host:port") is one that this package is
// willing to listen on: a loopback IP address, or localhost.
func CheckLoopback(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("reading address %q, want host:port such as 127.0.0.1:0: %w", addr, err)
	}
	if ip := net.ParseIP(host); host == "localhost" || (ip != nil && ip.IsLoopback()) {
		return nil
	}
	return fmt.Errorf("address %q is not loopback: these logs accept anybody's entries, use 127.0.0.1:0 or [::1]:0", addr)
}

// track remembers connections without a request. http.Server.Shutdown waits five
// seconds for each of them, and a client that dialled one too many leaves some.
func (s *httpServer) track(c net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if state == http.StateNew {
		s.fresh[c] = struct{}{}
		return
	}
	delete(s.fresh, c)
}

func (s *httpServer) closeFresh() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.fresh {
		c.Close()
	}
}

// stop lets requests in flight finish until ctx ends, then cancels them. Its
// error is ctx's when it had to. A second call returns what the first one did.
func (s *httpServer) stop(ctx context.Context) error {
	s.stopOnce.Do(func() { s.stopErr = s.drain(ctx) })
	return s.stopErr
}

func (s *httpServer) drain(ctx context.Context) error {
	defer s.cancel()
	s.closeFresh()
	err := s.srv.Shutdown(ctx)
	if err != nil {
		err = fmt.Errorf("waiting for requests in flight at %s: %w", s.url, err)
		s.cancel()
		forced, cancel := context.WithTimeout(context.WithoutCancel(ctx), forcedGrace)
		defer cancel()
		if s.srv.Shutdown(forced) != nil {
			s.srv.Close()
		}
	}
	if served := <-s.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, fmt.Errorf("serving %s: %w", s.url, served))
	}
	return err
}
