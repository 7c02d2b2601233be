package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/stella-ops/stella/authority/server"
)

func (c command) serve(ctx context.Context, args []string) error {
	f := c.flags("serve")
	addr := f.String("addr", "127.0.0.1:8080", "")
	words, err := c.parse(f, args)
	if err != nil {
		return err
	}
	if len(words) > 0 {
		return usageError{fmt.Errorf("serve takes no %q", words[0])}
	}
	b, err := c.open(ctx, f)
	if err != nil {
		return err
	}
	defer b.close()
	if _, err := b.up(ctx); err != nil {
		return fmt.Errorf("bringing the schema up: %w; stella-authority migrate up does it under another user", err)
	}
	differences, err := b.check(ctx)
	if err != nil {
		return err
	}
	if len(differences) > 0 {
		return fmt.Errorf("%w: %s; stella-authority check names all of it", errDrift, differences[0])
	}
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	log := slog.New(slog.NewJSONHandler(c.stderr, nil))
	fmt.Fprintf(c.stdout, "http://%s\n", listener.Addr())
	log.Info("serving", "store", b.name, "addr", listener.Addr().String())
	return listen(ctx, listener, server.New(server.Config{Store: b, Log: log}), log, grace)
}

// grace is how long requests under way may go on when the service is to end: longer than
// the service gives any of them.
const grace = 20 * time.Second

// listen serves until ctx ends, and then lets requests under way end. Those that outlast
// the grace are broken off, which is an error.
func listen(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger, grace time.Duration) error {
	base, breakOff := context.WithCancel(context.WithoutCancel(ctx))
	defer breakOff()
	s := &http.Server{
		Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		// What net/http tells of itself are a handler's panic and a listener that fails.
		ErrorLog:    slog.NewLogLogger(log.Handler(), slog.LevelError),
		BaseContext: func(net.Listener) context.Context { return base },
		// It would answer OPTIONS * to who is no caller.
		DisableGeneralOptionsHandler: true,
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	within, cancel := context.WithTimeout(base, grace)
	defer cancel()
	err := s.Shutdown(within)
	if err != nil {
		err = errors.Join(fmt.Errorf("requests were still under way after %s: %w", grace, err), s.Close())
		breakOff()
	}
	if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
