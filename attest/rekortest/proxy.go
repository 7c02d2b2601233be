package rekortest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// maxProxyBody is the longest request that a fault is applied to: a fault needs
// the whole body before it happens. It is far above what any Rekor takes.
const maxProxyBody = 256 << 20

// ProxyConfig is what a proxy does. The zero value passes everything on.
type ProxyConfig struct {
	// Choose picks the fault of a request. n counts the requests that get this
	// far, from 0, in the order of their arrival. It is called from many goroutines
	// at once. nil means None for all.
	Choose func(r *http.Request, n int) Fault

	// Delay is how long SlowBefore and SlowAfter wait. 0 means 1 s.
	Delay time.Duration

	// Limit is how many requests a second pass, Burst how many may come at once (a
	// token bucket). One more is answered 429 with Retry-After, the time until the
	// bucket holds a token for it, in whole seconds, rounded up. A limited request
	// is never passed on, takes no token, and has no fault. 0 means no limit; with
	// a limit, a Burst of 0 means 1.
	Limit rate.Limit
	Burst int

	// Reads applies faults and limit to every request. Otherwise they apply to new
	// entries only (POST …/log/entries), and everything else passes.
	Reads bool

	// Addr is the loopback address to listen on. "" means 127.0.0.1:0.
	Addr string
}

// Proxy stands in front of a log and does what networks and operators do. It
// speaks HTTP/1.1. Its methods are safe for concurrent use.
type Proxy struct {
	cfg       ProxyConfig
	limiter   *rate.Limiter // nil: no limit
	transport *http.Transport
	forward   *httputil.ReverseProxy
	http      *httpServer

	arrived atomic.Int64 // requests that a fault was chosen for
	limited atomic.Int64
	counts  [numFaults]atomic.Int64
}

// StartProxy starts a proxy in front of the server at target. ctx bounds the
// start only; Close ends the proxy.
func StartProxy(ctx context.Context, target *url.URL, cfg ProxyConfig) (*Proxy, error) {
	if cfg.Delay == 0 {
		cfg.Delay = time.Second
	}
	p := &Proxy{cfg: cfg, transport: newTransport()}
	if cfg.Limit > 0 {
		p.limiter = rate.NewLimiter(cfg.Limit, max(1, cfg.Burst))
	}
	p.forward = &httputil.ReverseProxy{
		Rewrite:      func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport:    p.transport,
		ErrorHandler: badGateway,
	}
	srv, err := serveHTTP(ctx, cfg.Addr, p)
	if err != nil {
		return nil, fmt.Errorf("starting a proxy in front of %s: %w", target, err)
	}
	p.http = srv
	return p, nil
}

// URL is the base URL of the proxy.
func (p *Proxy) URL() string { return p.http.url }

// Count is how many requests had this fault. It counts when the fault is chosen,
// so a request in flight is in it.
func (p *Proxy) Count(f Fault) int { return int(p.counts[f].Load()) }

// Limited is how many requests the limit turned away.
func (p *Proxy) Limited() int { return int(p.limited.Load()) }

// Close stops the proxy, but not the log behind it: it refuses new requests and
// lets those in flight finish until ctx ends, also those whose client is gone.
func (p *Proxy) Close(ctx context.Context) error {
	defer p.transport.CloseIdleConnections()
	if err := p.http.stop(ctx); err != nil {
		return fmt.Errorf("closing a proxy: %w", err)
	}
	return nil
}

// ServeHTTP applies limit and fault to r, if it is one of those that have any.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if p.limiter != nil && r.URL.Path == SettingsPath {
		p.serveSettings(w, r)
		return
	}
	if !p.cfg.Reads && !isNewEntry(r) {
		p.forward.ServeHTTP(w, r)
		return
	}
	if wait := p.wait(); wait > 0 {
		p.limited.Add(1)
		w.Header().Set("Retry-After", strconv.FormatFloat(math.Ceil(wait.Seconds()), 'f', 0, 64))
		http.Error(w, "over the limit of this proxy", http.StatusTooManyRequests)
		return
	}
	fault := p.choose(r)
	if fault == None {
		p.forward.ServeHTTP(w, r)
		return
	}
	// The body is read to its end before the fault: a reset in the middle of an
	// upload is another event, and only then is a client that leaves noticed.
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxProxyBody))
	if err != nil {
		http.Error(w, "reading the request: "+err.Error(), http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	p.apply(fault, w, r)
}

// serveSettings serves the log's settings with the limit in front of it: what a
// client measures through this proxy binds to both.
func (p *Proxy) serveSettings(w http.ResponseWriter, r *http.Request) {
	reply := p.commit(r)
	var s Settings
	if reply.status != http.StatusOK || json.Unmarshal(reply.body, &s) != nil {
		reply.send(w, len(reply.body)) // not one of our logs
		return
	}
	s.LimitPerMinute = float64(p.limiter.Limit()) * 60
	s.Burst = p.limiter.Burst()
	settingsHandler(func() (Settings, error) { return s, nil }).ServeHTTP(w, r)
}

func isNewEntry(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/log/entries")
}

// wait is how long the next token takes, 0 if this request has got one.
func (p *Proxy) wait() time.Duration {
	if p.limiter == nil {
		return 0
	}
	token := p.limiter.Reserve()
	delay := token.Delay()
	if delay > 0 {
		token.Cancel()
	}
	return delay
}

func (p *Proxy) choose(r *http.Request) Fault {
	n := int(p.arrived.Add(1)) - 1
	fault := None
	if p.cfg.Choose != nil {
		fault = p.cfg.Choose(r, n)
	}
	p.counts[fault].Add(1)
	return fault
}

func (p *Proxy) apply(fault Fault, w http.ResponseWriter, r *http.Request) {
	switch fault {
	case TooManyRequests:
		http.Error(w, "too many requests", http.StatusTooManyRequests)
	case TooManyRequestsRetryAfter:
		w.Header().Set("Retry-After", "1")
		http.Error(w, "too many requests", http.StatusTooManyRequests)
	case Unavailable:
		http.Error(w, "unavailable", http.StatusServiceUnavailable)
	case SlowBefore:
		if p.sleep(r.Context()) {
			p.forward.ServeHTTP(w, r)
		}
	case SlowAfter:
		reply := p.commit(r)
		if p.sleep(r.Context()) {
			reply.send(w, len(reply.body))
		}
	case ResetBefore:
		reset(w)
	case ResetAfter:
		p.commit(r)
		reset(w)
	case Truncate:
		reply := p.commit(r)
		reply.send(w, len(reply.body)/2)
		// The server ends the connection without the rest.
		panic(http.ErrAbortHandler)
	default:
		panic(fmt.Sprintf("rekortest: no such fault: %v", fault))
	}
}

// sleep waits for the delay and says whether the client is still there.
func (p *Proxy) sleep(ctx context.Context) bool {
	timer := time.NewTimer(p.cfg.Delay)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// commit passes r on and returns the log's reply. A client that leaves does not
// stop it: what happens after the commit needs the commit.
func (p *Proxy) commit(r *http.Request) *reply {
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	defer cancel()
	defer context.AfterFunc(p.http.life, cancel)()
	kept := &reply{header: make(http.Header), status: http.StatusOK}
	p.forward.ServeHTTP(kept, r.WithContext(ctx))
	return kept
}

// reply is a log's reply, kept back; it is the ResponseWriter it is written to.
type reply struct {
	header http.Header
	status int
	body   []byte
}

func (k *reply) Header() http.Header { return k.header }

func (k *reply) WriteHeader(status int) {
	if status >= 200 { // earlier ones are interim
		k.status = status
	}
}

func (k *reply) Write(p []byte) (int, error) {
	k.body = append(k.body, p...)
	return len(p), nil
}

// send passes the reply back: all headers, the first n bytes of the body.
func (k *reply) send(w http.ResponseWriter, n int) {
	for name, values := range k.header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(k.body)))
	w.WriteHeader(k.status)
	// If these fail the client is gone; there is nobody to tell.
	_, _ = w.Write(k.body[:n])
	_ = http.NewResponseController(w).Flush()
}

// reset ends the connection with RST instead of FIN.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // only HTTP/1.1 is served: cannot happen
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // what is unsent is dropped, and the peer gets RST
	}
	conn.Close()
}
