// Package pgserver runs a throw-away PostgreSQL of the machine's own install, for tests
// and trials: no container, no service, no data that outlives it.
//
// The cluster lies in a temporary directory and listens on a Unix socket there alone. It
// writes without fsync: it survives a kill of its processes, not a crash of the machine.
// Since PostgreSQL refuses to run as root, it runs as "postgres" or "nobody" there. The
// server ends with the process that started it, also when that is killed.
package pgserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrNoPostgres says that the machine has no PostgreSQL, and what to do.
var ErrNoPostgres = errors.New("no initdb and postgres in PATH or /usr/lib/postgresql/*/bin: install PostgreSQL (apt-get install postgresql)")

// Server is a running cluster. Its methods may be called by several goroutines.
type Server struct {
	dir      string
	port     int
	postgres string // the program
	owner    *syscall.SysProcAttr

	mu   sync.Mutex // guards what follows
	pid  int
	done chan struct{} // closed when the server has ended
	log  *bytes.Buffer // read after done
}

// Config says how a server is set up. The zero value is a server on a socket alone.
type Config struct {
	// Port is a port on loopback to listen on, too; 0 stands for none.
	Port int
	// Settings are lines of postgresql.conf, such as "max_connections = 50".
	Settings []string
}

// Start makes a cluster and starts it.
func Start(ctx context.Context, c Config) (_ *Server, err error) {
	initdb, postgres := find("initdb"), find("postgres")
	if initdb == "" || postgres == "" {
		return nil, ErrNoPostgres
	}
	// A socket's path has 107 bytes: not the directory of a test.
	dir, err := os.MkdirTemp("", "stella-pg-*")
	if err != nil {
		return nil, fmt.Errorf("starting PostgreSQL: %w", err)
	}
	s := &Server{dir: dir, port: c.Port, postgres: postgres}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("starting PostgreSQL: %w", err), s.Close())
		}
	}()
	if s.owner, err = ownerOf(dir); err != nil {
		return nil, err
	}
	setup := exec.CommandContext(ctx, initdb, "-D", s.data(), "-U", "stella", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	setup.Dir, setup.SysProcAttr = dir, s.owner
	if out, err := setup.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	conf := []string{"fsync = off", "full_page_writes = off", "unix_socket_directories = '" + dir + "'", "listen_addresses = ''"}
	if c.Port != 0 {
		conf = append(conf, "listen_addresses = '127.0.0.1'", fmt.Sprintf("port = %d", c.Port))
	}
	text := strings.Join(append(conf, c.Settings...), "\n") + "\n"
	file, err := os.OpenFile(filepath.Join(s.data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	if _, err = file.WriteString(text); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	if err := file.Close(); err != nil {
		return nil, err
	}
	return s, s.Run(ctx)
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// Run starts a server that was stopped or killed, and waits until it answers.
func (s *Server) Run(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	started := make(chan error, 1)
	s.done, s.log = make(chan struct{}), new(bytes.Buffer)
	cmd := exec.Command(s.postgres, "-D", s.data())
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.dir, s.log, s.log
	attr := syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT, Setpgid: true}
	if s.owner != nil {
		attr.Credential = s.owner.Credential
	}
	cmd.SysProcAttr = &attr
	done := s.done
	go func() {
		// Pdeathsig is about the thread that started the child, so that must live on.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(done)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended does not matter
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	s.pid = cmd.Process.Pid
	return s.await(ctx)
}

// await waits until the server answers.
func (s *Server) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, s.DSN("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-s.done:
			return fmt.Errorf("the server has ended: %s", s.log)
		case <-ctx.Done():
			return fmt.Errorf("it does not answer: %w", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// DSN is the connection string of a database.
func (s *Server) DSN(database string) string {
	q := url.Values{"host": {s.dir}, "user": {"stella"}}
	if s.port != 0 {
		q.Set("port", strconv.Itoa(s.port))
	}
	return "postgres:///" + url.PathEscape(database) + "?" + q.Encode()
}

// Stop shuts the server down at once, breaking connections.
func (s *Server) Stop() { s.signal(syscall.SIGINT, false) }

// Kill kills every process of the server, as a crash would.
func (s *Server) Kill() { s.signal(syscall.SIGKILL, true) }

func (s *Server) signal(sig syscall.Signal, group bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done == nil {
		return
	}
	pid := s.pid
	if group {
		pid = -pid
	}
	_ = syscall.Kill(pid, sig) // it may have ended
	<-s.done
}

// Close stops the server and removes the cluster.
func (s *Server) Close() error {
	s.Stop()
	return os.RemoveAll(s.dir)
}

func find(name string) string {
	// Debian keeps the programs out of PATH; what PATH has may be a wrapper of them.
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name) // the pattern is well-formed
	if len(found) > 0 {
		return slices.Max(found)
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return ""
	}
	return path
}
