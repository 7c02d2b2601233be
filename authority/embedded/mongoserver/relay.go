package mongoserver

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
)

// relay lets one command at a time through to a server: the lock is held from the
// request's last byte to the answer's. It reads no more of a message than its length and
// whether it wants an answer (MongoDB wire protocol, "Standard Message Header" and
// "OP_MSG").
type relay struct {
	listener net.Listener
	turn     sync.Mutex // one command at a time

	mu      sync.Mutex // guards what follows
	backend string     // "": refuse
	conns   map[net.Conn]struct{}
	closed  bool
	running sync.WaitGroup
}

// maxMessage is MongoDB's limit, maxMessageSizeBytes.
const maxMessage = 48_000_000

func newRelay(l net.Listener) *relay {
	r := &relay{listener: l, conns: make(map[net.Conn]struct{})}
	r.running.Go(r.accept)
	return r
}

// to names the server from now on, and breaks the connections to the one before.
func (r *relay) to(backend string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.backend = backend
	for c := range r.conns {
		_ = c.Close()
	}
}

func (r *relay) close() error {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	err := r.listener.Close()
	r.to("")
	r.running.Wait()
	return err
}

// clients counts the connections that are served: each has one on either side.
func (r *relay) clients() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.conns) / 2
}

func (r *relay) accept() {
	for {
		client, err := r.listener.Accept()
		if err != nil {
			return
		}
		r.running.Go(func() { r.serve(client) })
	}
}

// track keeps a connection for the time that f runs, and closes it.
func (r *relay) track(c net.Conn, f func()) {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		_ = c.Close()
		return
	}
	r.conns[c] = struct{}{}
	r.mu.Unlock()
	f()
	r.mu.Lock()
	delete(r.conns, c)
	r.mu.Unlock()
	_ = c.Close()
}

func (r *relay) serve(client net.Conn) {
	r.track(client, func() {
		r.mu.Lock()
		backend := r.backend
		r.mu.Unlock()
		if backend == "" {
			return
		}
		server, err := net.Dial("tcp", backend)
		if err != nil {
			return
		}
		r.track(server, func() {
			for r.exchange(client, server) == nil {
			}
		})
	})
}

// exchange passes one request and its answer.
func (r *relay) exchange(client, server net.Conn) error {
	request, err := readMessage(client)
	if err != nil {
		return err
	}
	r.turn.Lock()
	defer r.turn.Unlock()
	if _, err := server.Write(request); err != nil || !wantsAnswer(request) {
		return err
	}
	answer, err := readMessage(server)
	if err != nil {
		return err
	}
	_, err = client.Write(answer)
	return err
}

const (
	headerBytes = 16 // length, request id, response to, opcode
	opMsg       = 2013
	moreToCome  = 1 << 1
)

func readMessage(c net.Conn) ([]byte, error) {
	var head [headerBytes]byte
	if _, err := io.ReadFull(c, head[:]); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint32(head[:])
	if n < headerBytes || n > maxMessage {
		return nil, fmt.Errorf("a message of %d bytes", n)
	}
	m := make([]byte, n)
	copy(m, head[:])
	_, err := io.ReadFull(c, m[headerBytes:])
	return m, err
}

func wantsAnswer(m []byte) bool {
	if binary.LittleEndian.Uint32(m[12:]) != opMsg || len(m) < headerBytes+4 {
		return true
	}
	return binary.LittleEndian.Uint32(m[headerBytes:])&moreToCome == 0
}
