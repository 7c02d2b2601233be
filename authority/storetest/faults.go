package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/stella-ops/stella/authority"
)

// Faulty is a server of its own behind a proxy which breaks things. It runs.
type Faulty struct {
	// Open opens a store on the server at an address, and returns what closes it.
	Open   func(t T, addr string) (s authority.TokenStore, end func())
	Addr   string // of the server itself
	Proxy  *Proxy
	Engine string
	// Kill ends the server as a crash would, and Run starts it again on its data.
	Kill func() error
	Run  func(context.Context) error
	// Connections counts the clients that the server has; nil where it does not tell.
	Connections func(context.Context) (int, error)
}

// Stores are the two ways to the server: through the proxy, and past it, which tells what
// is really stored.
type Stores struct{ Through, Truth authority.TokenStore }

// Stores opens both, and returns what closes them.
func (f Faulty) Stores(t T) (s Stores, end func()) {
	t.Helper()
	var endTruth, endThrough func()
	s.Truth, endTruth = f.Open(t, f.Addr)
	s.Through, endThrough = f.Open(t, f.Proxy.Addr())
	return s, func() {
		endThrough()
		endTruth()
	}
}

// Proxy is a toxiproxy in this process, before one server.
type Proxy struct{ proxy *toxiproxy.Proxy }

// NewProxy starts a proxy before an address on loopback; it ends with the test.
func NewProxy(t T, upstream string) *Proxy {
	t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	p := toxiproxy.NewProxy(server, "store", "127.0.0.1:0", upstream)
	require.NoError(t, p.Start())
	t.Cleanup(p.Stop)
	return &Proxy{p}
}

// Addr is where the proxy listens, host and port.
func (p *Proxy) Addr() string { return p.proxy.Listen }

// A toxic is what toxiproxy does to a connection.
type toxic struct{ kind, stream, attributes string }

// add breaks something from now on, and heal mends all.
func (p *Proxy) add(x toxic) error {
	_, err := p.proxy.Toxics.AddToxicJson(strings.NewReader(fmt.Sprintf(
		`{"name":"fault","type":%q,"stream":%q,"toxicity":1,"attributes":{%s}}`, x.kind, x.stream, x.attributes)))
	return err
}

func (p *Proxy) heal(ctx context.Context) { p.proxy.Toxics.ResetToxics(ctx) }

// A fault is something that goes wrong between a store and its server, and what a call
// that meets it may say.
type fault struct {
	name string
	toxic
	kill bool // the server, instead of a toxic
	// what of the errors is allowed; ok says that the call may also succeed.
	ok, unavailable, unknown bool
	// applied says that a write reaches the server all the same.
	applied bool
}

// deadline is that of a call which meets a fault, and of the call after it.
const deadline = time.Second

var faults = []fault{
	{name: "cut before the write", toxic: toxic{"limit_data", "upstream", `"bytes":0`}, unknown: true},
	{name: "cut after the write", toxic: toxic{"limit_data", "downstream", `"bytes":0`}, unknown: true, applied: true},
	{name: "cut within the answer", toxic: toxic{"limit_data", "downstream", `"bytes":7`}, unknown: true, applied: true},
	{name: "black hole on the way there", toxic: toxic{"timeout", "upstream", `"timeout":0`}, unknown: true},
	{name: "black hole on the way back", toxic: toxic{"timeout", "downstream", `"timeout":0`}, unknown: true, applied: true},
	{name: "reset", toxic: toxic{"reset_peer", "upstream", `"timeout":0`}, unavailable: true, unknown: true},
	{name: "latency", toxic: toxic{"latency", "downstream", `"latency":300,"jitter":100`}, ok: true, applied: true},
	{name: "slow close", toxic: toxic{"slow_close", "downstream", `"delay":500`}, ok: true, applied: true},
	{name: "the server is killed", kill: true, unavailable: true, unknown: true},
}

// strike has a fault begin.
func (f Faulty) strike(x fault) error {
	if x.kill {
		return f.Kill()
	}
	return f.Proxy.add(x.toxic)
}

// heal ends it.
func (f Faulty) heal(ctx context.Context, x fault) error {
	if x.kill {
		return f.Run(ctx)
	}
	f.Proxy.heal(ctx)
	return nil
}

// faultyCall is a call that meets a fault.
type faultyCall struct {
	name string
	do   func(context.Context, authority.TokenStore, authority.Token, *Maker) error
	// done tells from what is stored whether it was applied; nil for a read.
	done func(before, now authority.Token) bool
}

var calls = []faultyCall{
	{name: "get", do: func(ctx context.Context, s authority.TokenStore, t authority.Token, _ *Maker) error {
		_, err := s.GetByID(ctx, t.ID)
		return err
	}},
	{name: "list", do: func(ctx context.Context, s authority.TokenStore, t authority.Token, _ *Maker) error {
		_, _, err := s.GetByOwner(ctx, t.Owner, authority.Page{})
		return err
	}},
	{
		name: "save at a version", do: func(ctx context.Context, s authority.TokenStore, t authority.Token, _ *Maker) error {
			t.Payload = mustPayload(`{"saved":true}`)
			_, err := s.Save(ctx, t, authority.AtVersion(t.Version))
			return err
		},
		done: func(before, now authority.Token) bool { return now.Version > before.Version },
	},
	{
		name: "revoke", do: func(ctx context.Context, s authority.TokenStore, t authority.Token, m *Maker) error {
			_, err := s.Revoke(ctx, t.ID, m.Revocation())
			return err
		},
		done: func(_, now authority.Token) bool { return now.Revoked != nil },
	},
}

// Faults has every call meet every fault, judges what it said by the truth, and has the
// next call succeed within its deadline. Each fault has stores and a start of the server
// of its own, of which no goroutine is left when they have ended. It returns how many
// faults were injected. Nothing else may run meanwhile.
func Faults(t T, f Faulty) (injected int) {
	t.Helper()
	m := NewMaker(salt())
	require.NoError(t, f.Kill())
	for _, fault := range faults {
		before := goleak.IgnoreCurrent()
		require.NoError(t, f.Run(t.Context()))
		stores, end := f.Stores(t)
		for _, call := range calls {
			f.meet(t, stores, fault, call, m)
			injected++
		}
		end()
		require.NoError(t, f.Kill())
		requireNoLeak(t, fault.name+" on "+f.Engine, before)
	}
	require.NoError(t, f.Run(t.Context()))
	return injected
}

// meet has a call meet a fault.
func (f Faulty) meet(t T, s Stores, fault fault, call faultyCall, m *Maker) {
	t.Helper()
	what := fmt.Sprintf("%s, %s on %s", fault.name, call.name, f.Engine)
	token, err := s.Truth.Save(t.Context(), m.Plain(), authority.Absent())
	require.NoError(t, err, what)
	s.warm(t, what, m, call.do)
	before := f.connections(t, what)

	require.NoError(t, f.strike(fault), what)
	err = within(t.Context(), deadline, func(ctx context.Context) error { return call.do(ctx, s.Through, token, m) })
	require.NoError(t, f.heal(t.Context(), fault), what)
	fault.judge(t, what, err, call.done != nil)
	now := s.truth(t, what, token.ID)
	if call.done != nil {
		applied := call.done(token, now)
		switch {
		case err == nil:
			require.True(t, applied, "%s: it is said to be done, and is not", what)
		case errors.Is(err, authority.ErrUnavailable):
			require.False(t, applied, "%s: it is said to be surely not done, and is: %v", what, err)
		case fault.applied:
			require.True(t, applied, "%s: the fault did not strike where it was meant to: %v", what, err)
		}
	}
	s.nextCall(t, what, token.ID)
	require.Eventually(t, func() bool { return f.connections(t, what) <= before }, 20*time.Second, 20*time.Millisecond,
		"%s: there were %d connections before it, and there are more", what, before)
}

func (f Faulty) connections(t T, what string) int {
	t.Helper()
	if f.Connections == nil {
		return 0
	}
	n, err := f.Connections(t.Context())
	require.NoError(t, err, what)
	return n
}

// warm does the same call on another token, so that a connection is there on which the
// statement is prepared: a fault then strikes the call itself.
func (s Stores) warm(t T, what string, m *Maker, do func(context.Context, authority.TokenStore, authority.Token, *Maker) error) {
	t.Helper()
	other, err := s.Truth.Save(t.Context(), m.Plain(), authority.Absent())
	require.NoError(t, err, what)
	require.NoError(t, do(t.Context(), s.Through, other, m), what)
}

// late is how long after its deadline a call may return: far more than it takes, so that
// only one that does not heed it is told from the others on a machine that is busy.
const late = 20 * time.Second

// within does a call with a deadline, and waits for it no longer than it is late.
func within(ctx context.Context, d time.Duration, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- do(ctx) }()
	select {
	case err := <-done:
		return err
	case <-time.After(d + late):
		return fmt.Errorf("%s after its deadline it has not returned", late)
	}
}

// judge holds an error to what the fault allows. A read that failed changed nothing.
func (x fault) judge(t T, what string, err error, write bool) {
	t.Helper()
	switch {
	case err == nil:
		require.True(t, x.ok, "%s: it succeeds", what)
	case !write:
		require.Equal(t, "error: unavailable", class(err), "%s: %v", what, err)
		require.False(t, x.ok, "%s: %v", what, err)
	default:
		allowed := map[string]bool{"error: unavailable": x.unavailable, "error: unknown outcome": x.unknown}
		require.True(t, allowed[class(err)], "%s: %v", what, err)
	}
}

// truth reads past the proxy; a server that was just started may break the first
// connection that it finds.
func (s Stores) truth(t T, what string, id authority.TokenID) authority.Token {
	t.Helper()
	var now authority.Token
	require.Eventually(t, func() bool {
		var err error
		now, err = s.Truth.GetByID(t.Context(), id)
		return err == nil
	}, time.Minute, 20*time.Millisecond, "%s: the truth cannot be read", what)
	return now
}

// nextCall is one that meets no fault. Connections that broke while nobody used them are
// found out by their next user, at most once for each.
func (s Stores) nextCall(t T, what string, id authority.TokenID) {
	t.Helper()
	var err error
	for range 8 {
		err = within(t.Context(), 5*time.Second, func(ctx context.Context) error {
			_, err := s.Through.GetByID(ctx, id)
			return err
		})
		if err == nil {
			return
		}
		require.ErrorIs(t, err, authority.ErrUnavailable, what)
	}
	require.NoError(t, err, "%s: the next calls", what)
}
