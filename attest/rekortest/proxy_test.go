package rekortest_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/attest/rekortest"
)

func startProxy(t testing.TB, target string, cfg rekortest.ProxyConfig) *rekortest.Proxy {
	t.Helper()
	u, err := url.Parse(target)
	require.NoError(t, err)
	proxy, err := rekortest.StartProxy(t.Context(), u, cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, proxy.Close(context.Background())) })
	return proxy
}

// always chooses one fault for the first n requests and None after.
func always(f rekortest.Fault, n int) func(*http.Request, int) rekortest.Fault {
	return func(_ *http.Request, i int) rekortest.Fault {
		if i < n {
			return f
		}
		return rekortest.None
	}
}

// What each fault looks like to a client, and what it leaves in the log.
func TestProxyFaults(t *testing.T) {
	const delay = 300 * time.Millisecond
	log := startV1(t, rekortest.V1Config{})
	c := client(t)

	type outcome struct {
		status     int    // 0: no reply
		retryAfter string // header
		err        error  // of connection or body
		slow       bool   // took at least delay
	}
	for fault, want := range map[rekortest.Fault]outcome{
		rekortest.None:                      {status: http.StatusCreated},
		rekortest.TooManyRequests:           {status: http.StatusTooManyRequests},
		rekortest.TooManyRequestsRetryAfter: {status: http.StatusTooManyRequests, retryAfter: "1"},
		rekortest.Unavailable:               {status: http.StatusServiceUnavailable},
		rekortest.SlowBefore:                {status: http.StatusCreated, slow: true},
		rekortest.SlowAfter:                 {status: http.StatusCreated, slow: true},
		rekortest.ResetBefore:               {err: syscall.ECONNRESET},
		rekortest.ResetAfter:                {err: syscall.ECONNRESET},
		rekortest.Truncate:                  {status: http.StatusCreated, err: io.ErrUnexpectedEOF},
	} {
		t.Run(fault.String(), func(t *testing.T) {
			proxy := startProxy(t, log.URL(), rekortest.ProxyConfig{Choose: always(fault, 1), Delay: delay})
			p := dsseProposal(t, fault.String())
			start := time.Now()
			r, err := submit(t, c, proxy.URL(), p)
			took := time.Since(start)

			if want.err == nil {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, want.err)
			}
			require.Equal(t, want.status, r.status, "%s", r.body)
			if r.status != 0 {
				require.Equal(t, want.retryAfter, r.header.Get("Retry-After"))
			}
			if want.slow {
				require.GreaterOrEqual(t, took, delay)
			}
			if fault == rekortest.Truncate {
				full, err := strconv.Atoi(r.header.Get("Content-Length"))
				require.NoError(t, err)
				require.Equal(t, full/2, len(r.body))
			}
			require.Equal(t, 1, proxy.Count(fault))

			bodies, err := log.Entries(t.Context())
			require.NoError(t, err)
			committed := want.status == http.StatusCreated || fault == rekortest.ResetAfter
			require.Equal(t, boolCount(committed), count(bodies, p), "entries in the log")
			if fault != rekortest.SlowBefore { // commits too, when its client waits
				require.Equal(t, fault.Commits(), committed)
			}

			// The same bytes again: what committed is a duplicate.
			again, err := submit(t, c, proxy.URL(), p)
			require.NoError(t, err)
			if committed {
				require.Equal(t, http.StatusConflict, again.status)
			} else {
				require.Equal(t, http.StatusCreated, again.status)
			}
		})
	}
}

func boolCount(b bool) int {
	if b {
		return 1
	}
	return 0
}

// A client that gives up during the wait: before, the log never hears of it;
// after, the log has it all the same.
func TestProxySlowFaultsWithoutAClient(t *testing.T) {
	log := startV1(t, rekortest.V1Config{})
	impatient := client(t)
	impatient.Timeout = 500 * time.Millisecond
	for fault, committed := range map[rekortest.Fault]bool{rekortest.SlowBefore: false, rekortest.SlowAfter: true} {
		t.Run(fault.String(), func(t *testing.T) {
			proxy := startProxy(t, log.URL(), rekortest.ProxyConfig{Choose: always(fault, 1), Delay: time.Hour})
			p := dsseProposal(t, "impatient "+fault.String())
			_, err := submit(t, impatient, proxy.URL(), p)
			require.Error(t, err)
			// Close waits for what is in flight, so the log is settled after it.
			require.NoError(t, proxy.Close(t.Context()))
			bodies, err := log.Entries(t.Context())
			require.NoError(t, err)
			require.Equal(t, boolCount(committed), count(bodies, p))
		})
	}
}

// The client goes away before the log has answered: the log is not told. A stub
// stands for the log here, because only it can say whether it was left alone.
func TestProxyAfterOutlivesTheClient(t *testing.T) {
	for _, fault := range []rekortest.Fault{rekortest.SlowAfter, rekortest.ResetAfter, rekortest.Truncate} {
		t.Run(fault.String(), func(t *testing.T) {
			reached, clientGone, left := make(chan struct{}), make(chan struct{}), make(chan error, 1)
			stub := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body) // only then does the server notice who leaves
				close(reached)
				<-clientGone
				select {
				case <-r.Context().Done():
				case <-time.After(200 * time.Millisecond): // long enough to notice a leaver
				}
				left <- r.Context().Err()
			}))
			defer stub.Close()
			proxy := startProxy(t, stub.URL, rekortest.ProxyConfig{Choose: always(fault, 1)})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, proxy.URL()+"/api/v1/log/entries", strings.NewReader("{}"))
			require.NoError(t, err)
			c := client(t)
			done := make(chan error, 1)
			go func() {
				_, err := c.Do(req)
				done <- err
			}()
			<-reached
			cancel()
			require.ErrorIs(t, <-done, context.Canceled)
			close(clientGone)
			require.NoError(t, <-left, "the log's view of its client")
		})
	}
}

func TestProxyLetsReadsPass(t *testing.T) {
	log := startV1(t, rekortest.V1Config{})
	c := client(t)
	everything := func(*http.Request, int) rekortest.Fault { return rekortest.Unavailable }

	entries := startProxy(t, log.URL(), rekortest.ProxyConfig{Choose: everything})
	require.Equal(t, http.StatusOK, mustGet(t, c, entries.URL()+"/api/v1/log").status)
	retrieve, err := do(t, c, http.MethodPost, entries.URL()+"/api/v1/log/entries/retrieve", []byte(`{"logIndexes":[0]}`))
	require.NoError(t, err)
	require.NotEqual(t, http.StatusServiceUnavailable, retrieve.status, "a lookup is no new entry")
	require.Zero(t, entries.Count(rekortest.Unavailable))

	all := startProxy(t, log.URL(), rekortest.ProxyConfig{Choose: everything, Reads: true})
	require.Equal(t, http.StatusServiceUnavailable, mustGet(t, c, all.URL()+"/api/v1/log").status)
	require.Equal(t, 1, all.Count(rekortest.Unavailable))
}

func TestProxyLimit(t *testing.T) {
	log := startV1(t, rekortest.V1Config{})
	// One token in 100 s: the burst is all there is while the test runs.
	proxy := startProxy(t, log.URL(), rekortest.ProxyConfig{Limit: 0.01, Burst: 3})
	c := client(t)
	proposals := make([]proposal, 10)
	for i := range proposals {
		proposals[i] = dsseProposal(t, fmt.Sprint("limited ", i))
	}
	got := map[int]int{}
	for _, status := range submitAll(t, c, proxy.URL(), proposals) {
		got[status]++
	}
	require.Equal(t, map[int]int{http.StatusCreated: 3, http.StatusTooManyRequests: 7}, got)
	require.Equal(t, 7, proxy.Limited())

	r, err := submit(t, c, proxy.URL(), proposals[0])
	require.NoError(t, err)
	require.Equal(t, http.StatusTooManyRequests, r.status)
	wait, err := strconv.Atoi(r.header.Get("Retry-After"))
	require.NoError(t, err, "Retry-After counts whole seconds")
	require.InDelta(t, 100, wait, 30, "until the next token, which nobody turned away has taken")

	bodies, err := log.Entries(t.Context())
	require.NoError(t, err)
	require.Len(t, bodies, 3, "a limited request never reaches the log")
}

func TestProxyLimitLetsARateThrough(t *testing.T) {
	log := startV1(t, rekortest.V1Config{})
	proxy := startProxy(t, log.URL(), rekortest.ProxyConfig{Limit: 50, Burst: 1})
	p := dsseProposal(t, "in time")
	// A client that comes back gets its turn.
	require.Eventually(t, func() bool {
		r, err := submit(t, client(t), proxy.URL(), p)
		return err == nil && r.status == http.StatusConflict
	}, time.Minute, 5*time.Millisecond)
}

// With one seed a run meets the same faults, in parallel too.
func TestRandomFaultsRepeat(t *testing.T) {
	const n, share = 2000, 0.3
	faults := rekortest.Faults()
	draw := func(seed uint64) []rekortest.Fault {
		choose := rekortest.RandomFaults(seed, share, faults...)
		got := make([]rekortest.Fault, n)
		var wg sync.WaitGroup
		for i := range got {
			wg.Go(func() { got[i] = choose(nil, i) })
		}
		wg.Wait()
		return got
	}
	first := draw(1)
	require.Equal(t, first, draw(1))
	require.NotEqual(t, first, draw(2))
	counts := map[rekortest.Fault]int{}
	for _, f := range first {
		counts[f]++
	}
	require.InDelta(t, n*(1-share), counts[rekortest.None], n*0.05)
	for _, f := range faults {
		require.Positive(t, counts[f], "%v is chosen", f)
	}
	require.Equal(t, rekortest.None, rekortest.RandomFaults(1, 1)(nil, 0), "no faults to choose from")
}

// Random faults over a parallel run: whatever the clients saw, the log holds
// exactly the entries whose request was let through.
func TestProxyRandomFaultsAgainstTheLog(t *testing.T) {
	const n = 60
	log := startV1(t, rekortest.V1Config{})
	var mu sync.Mutex
	chosen := map[string]rekortest.Fault{} // by the test's header
	random := rekortest.RandomFaults(7, 0.8, rekortest.Faults()...)
	proxy := startProxy(t, log.URL(), rekortest.ProxyConfig{
		Delay: 50 * time.Millisecond,
		Choose: func(r *http.Request, i int) rekortest.Fault {
			mu.Lock()
			defer mu.Unlock()
			f := random(r, i)
			chosen[r.Header.Get("X-Test-Entry")] = f
			return f
		},
	})
	c := client(t)
	proposals := make([]proposal, n)
	var wg sync.WaitGroup
	for i := range proposals {
		proposals[i] = dsseProposal(t, fmt.Sprint("random ", i))
		wg.Go(func() {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, proxy.URL()+proposals[i].path, bytes.NewReader(proposals[i].body))
			if err != nil {
				return
			}
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("X-Test-Entry", proposals[i].needle)
			if resp, err := c.Do(req); err == nil {
				_, err = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				_ = err // cut on purpose
			}
		})
	}
	wg.Wait()
	require.NoError(t, proxy.Close(t.Context()))

	bodies, err := log.Entries(t.Context())
	require.NoError(t, err)
	for i, p := range proposals {
		f := chosen[p.needle]
		want := f.Commits() || f == rekortest.SlowBefore // its client waited
		require.Equal(t, boolCount(want), count(bodies, p), "entry %d met %v", i, f)
	}
}

func TestProxyAnswersForALogThatIsGone(t *testing.T) {
	proxy := startProxy(t, "http://127.0.0.1:1", rekortest.ProxyConfig{})
	r, err := submit(t, client(t), proxy.URL(), dsseProposal(t, "nobody"))
	require.NoError(t, err)
	require.Equal(t, http.StatusBadGateway, r.status)
}

func TestProxyCloseIsBounded(t *testing.T) {
	log := startV1(t, rekortest.V1Config{Manual: true})
	proxy, err := rekortest.StartProxy(t.Context(), mustParse(t, log.URL()), rekortest.ProxyConfig{Choose: always(rekortest.ResetAfter, 1)})
	require.NoError(t, err)
	c, p := client(t), dsseProposal(t, "never sequenced")
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = submit(t, c, proxy.URL(), p) // ended by Close, one way or another
	}()
	waitPending(t, log, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, proxy.Close(ctx), context.DeadlineExceeded)
	<-done
}

func TestFaultNames(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range append(rekortest.Faults(), rekortest.None) {
		require.NotEmpty(t, f.String())
		require.False(t, seen[f.String()], "%v twice", f)
		seen[f.String()] = true
	}
	require.Equal(t, "Fault(99)", rekortest.Fault(99).String())
}

func TestLoopbackOnly(t *testing.T) {
	for addr, ok := range map[string]bool{
		"127.0.0.1:0": true, "[::1]:0": true, "localhost:8080": true, "127.9.9.9:1": true,
		"0.0.0.0:0": false, ":0": false, "[::]:0": false, "192.0.2.1:80": false, "example.org:80": false, "127.0.0.1": false, "": false,
	} {
		err := rekortest.CheckLoopback(addr)
		require.Equal(t, ok, err == nil, "CheckLoopback(%q) = %v", addr, err)
	}
	_, err := rekortest.StartProxy(t.Context(), mustParse(t, "http://127.0.0.1:1"), rekortest.ProxyConfig{Addr: "0.0.0.0:0"})
	require.ErrorContains(t, err, "not loopback")
}

func mustParse(t testing.TB, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	require.NoError(t, err)
	return u
}
