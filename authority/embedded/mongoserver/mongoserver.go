// Package mongoserver runs a server of MongoDB's wire protocol in this process: FerretDB
// over SQLite, for trials and tests where there is no MongoDB.
//
// It is no MongoDB. FerretDB v1 does not make a conditional update atomic, so a relay
// before it lets one command through at a time, over all connections; each command is
// then a single moment, as MongoDB's are for one document. It has no transactions, no
// replica set, and does not heed a write concern. It ends no batch of an answer at 16 MiB:
// a query whose first 101 documents have more than 48 MB fails. What is proven on it is
// proven for the store's commands, not for MongoDB's durability.
package mongoserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"github.com/FerretDB/FerretDB/ferretdb"
)

// Server is a running server. Its methods may be called by several goroutines.
type Server struct {
	dir   string
	relay *relay

	mu   sync.Mutex // guards what follows
	stop context.CancelFunc
	done chan struct{}
}

// Start runs a server on the data in dir, which is made where it is missing, at an
// address of its own on loopback.
func Start(dir string) (*Server, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("starting the embedded Mongo-wire server: %w", err)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("starting the embedded Mongo-wire server: %w", err)
	}
	s := &Server{dir: dir, relay: newRelay(listener)}
	if err := s.Run(); err != nil {
		return nil, errors.Join(err, s.relay.close())
	}
	return s, nil
}

// Run starts a server that was stopped, on the same data and at the same address.
func (s *Server) Run() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stop != nil {
		return errors.New("the embedded Mongo-wire server is running")
	}
	f, err := ferretdb.New(&ferretdb.Config{
		Listener: ferretdb.ListenerConfig{TCP: "127.0.0.1:0"},
		Logger:   slog.New(slog.DiscardHandler),
		Handler:  "sqlite", SQLiteURL: "file:" + (&url.URL{Path: s.dir}).EscapedPath() + "/",
	})
	if err != nil {
		return fmt.Errorf("starting the embedded Mongo-wire server: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = f.Run(ctx) // always nil
	}()
	uri, err := url.Parse(f.MongoDBURI()) // waits until it listens
	if err != nil {
		stop()
		return err
	}
	s.stop, s.done = stop, done
	s.relay.to(uri.Host)
	return nil
}

// Stop ends the server and breaks its connections; its data and address stay.
func (s *Server) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stop == nil {
		return
	}
	s.relay.to("")
	s.stop()
	<-s.done
	s.stop = nil
}

// Version is that of FerretDB, which does not know it where it is a library.
const Version = "v1.24.2"

// URI is the server's connection string.
func (s *Server) URI() string { return "mongodb://" + s.Addr() + "/" }

// Addr is the server's address, host and port.
func (s *Server) Addr() string { return s.relay.listener.Addr().String() }

// Connections counts the clients that the server has.
func (s *Server) Connections() int { return s.relay.clients() }

// Close ends the server for good. The data stays in its directory.
func (s *Server) Close() error {
	s.Stop()
	return s.relay.close()
}
