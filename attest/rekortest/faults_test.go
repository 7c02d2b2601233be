package rekortest_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/attest"
	"github.com/stella-ops/stella/attest/logtest"
	"github.com/stella-ops/stella/attest/rekor"
	"github.com/stella-ops/stella/attest/rekortest"
)

// patience is how long a test's client waits for a log of a kind, and how long the
// proxy's slow faults take: longer. A v2 log answers once a second.
var patience = map[string]struct{ attempt, delay time.Duration }{
	"v1": {3 * time.Second, 3500 * time.Millisecond},
	"v2": {8 * time.Second, 8500 * time.Millisecond},
}

func proxyBefore(t *testing.T, log realLog, delay time.Duration, choose func(*http.Request, int) rekortest.Fault) *rekortest.Proxy {
	target, err := url.Parse(log.URL)
	require.NoError(t, err)
	p, err := rekortest.StartProxy(t.Context(), target, rekortest.ProxyConfig{Choose: choose, Delay: delay})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Close(context.Background())) })
	return p
}

// What comes back from each fault, at once and after a retry.
func TestEachFault(t *testing.T) {
	eachLog(t, func(t *testing.T, log realLog) {
		for _, test := range []struct {
			fault  rekortest.Fault
			class  rekor.Class // of one attempt
			status int         // of one attempt
			logged int         // entries that the attempt left behind
			retry  []int       // statuses with a retry
			after  time.Duration
		}{
			{fault: rekortest.None, class: rekor.Accepted, status: 201, logged: 1, retry: []int{201}},
			{fault: rekortest.TooManyRequests, class: rekor.Throttled, status: 429, retry: []int{429, 201}},
			{fault: rekortest.TooManyRequestsRetryAfter, class: rekor.Throttled, status: 429, retry: []int{429, 201}, after: time.Second},
			{fault: rekortest.Unavailable, class: rekor.Throttled, status: 503, retry: []int{503, 201}},
			{fault: rekortest.SlowBefore, class: rekor.Ambiguous, retry: []int{0, 201}},
			{fault: rekortest.SlowAfter, class: rekor.Ambiguous, logged: 1, retry: []int{0, 409}},
			{fault: rekortest.ResetBefore, class: rekor.Ambiguous, retry: []int{0, 201}},
			{fault: rekortest.ResetAfter, class: rekor.Ambiguous, logged: 1, retry: []int{0, 409}},
			{fault: rekortest.Truncate, class: rekor.Ambiguous, status: 201, logged: 1, retry: []int{201, 409}},
		} {
			t.Run(test.fault.String(), func(t *testing.T) {
				p := rekor.Policy{MaxRetries: -1, AttemptTimeout: patience[log.Kind].attempt}
				once := seal(t, log.signer, fmt.Sprintf(`{"once":%q}`, test.fault))
				proxy := proxyBefore(t, log, patience[log.Kind].delay, func(*http.Request, int) rekortest.Fault { return test.fault })
				r := rekor.SubmitBatch(t.Context(), log.client(t, log.signer, proxy.URL()), []attest.Envelope{once}, p).Results[0]
				require.Equal(t, test.class, r.Class, "%v", r.Err)
				require.Equal(t, []int{test.status}, r.Statuses)
				requireLogged(t, log, once, test.logged)

				p.MaxRetries = 1
				twice := seal(t, log.signer, fmt.Sprintf(`{"twice":%q}`, test.fault))
				proxy = proxyBefore(t, log, patience[log.Kind].delay, func(_ *http.Request, n int) rekortest.Fault {
					if n == 0 {
						return test.fault
					}
					return rekortest.None
				})
				b := rekor.SubmitBatch(t.Context(), log.client(t, log.signer, proxy.URL()), []attest.Envelope{twice}, p)
				r = b.Results[0]
				require.NoError(t, r.Err)
				require.Equal(t, test.retry, r.Statuses)
				require.GreaterOrEqual(t, b.Latency(), test.after, "the client came back before it was asked to")
				require.NoError(t, rekor.Verify(twice, logtest.Verifier(t, log.signer), r.Entry, log.Key))
				requireLogged(t, log, twice, 1)
			})
		}
	})
}

// requireLogged reads the log until the envelope stands in it as often as wanted.
// For zero there is nothing to wait for: the fault says that the log never saw it.
func requireLogged(t *testing.T, log realLog, e attest.Envelope, want int) {
	var got int
	require.Eventually(t, func() bool {
		bodies, err := log.Entries(t.Context())
		require.NoError(t, err)
		got = logged(bodies, e)
		return got >= want
	}, time.Minute, 20*time.Millisecond, "the log never got the envelope")
	require.Equal(t, want, got, "entries of the envelope in the log")
}

// A thousand submissions while four requests in ten meet a fault. Then the log is
// read and every answer held against it.
func TestNothingIsLostOrLoggedTwiceUnderRandomFaults(t *testing.T) {
	const (
		submissions = 1000
		batch       = 250
		seed        = 20
		// Some honest answers come too late, too: that makes one more fault.
		attempt, delay = 3 * time.Second, 3500 * time.Millisecond
	)
	faults := rekortest.Faults()
	eachLog(t, func(t *testing.T, log realLog) {
		proxy := proxyBefore(t, log, delay, rekortest.RandomFaults(seed, 0.4, faults...))
		client := log.client(t, log.signer, proxy.URL())
		policy := rekor.Policy{MaxBatch: batch, MaxRetries: 2, AttemptTimeout: attempt}
		envs := make([]attest.Envelope, submissions)
		for i := range envs {
			envs[i] = seal(t, log.signer, fmt.Sprintf(`{"n":%d}`, i))
		}
		var results []rekor.Result
		for i := 0; i < submissions; i += batch {
			results = append(results, rekor.SubmitBatch(t.Context(), client, envs[i:i+batch], policy).Results...)
		}
		for _, f := range faults {
			require.NotZero(t, proxy.Count(f), "no request met %v", f)
		}

		// What was still on its way has arrived once the proxy is closed.
		require.NoError(t, proxy.Close(t.Context()))
		bodies, err := log.Entries(t.Context())
		require.NoError(t, err)
		seen := make(map[rekor.Class]int)
		distinct := 0
		var unsettled []attest.Envelope
		for i, r := range results {
			seen[r.Class]++
			n := logged(bodies, envs[i])
			require.LessOrEqual(t, n, 1, "envelope %d is in the log %d times", i, n)
			distinct += n
			switch r.Class {
			case rekor.Accepted:
				require.Equal(t, 1, n, "envelope %d was reported accepted and is not in the log", i)
				require.NoError(t, rekor.Verify(envs[i], logtest.Verifier(t, log.signer), r.Entry, log.Key))
			case rekor.Ambiguous:
				unsettled = append(unsettled, envs[i])
			default:
				require.Zero(t, n, "envelope %d was reported %v and is in the log", i, r.Class)
				unsettled = append(unsettled, envs[i])
			}
		}
		require.Len(t, bodies, distinct, "the log holds entries that nobody submitted")
		require.NotZero(t, seen[rekor.Ambiguous], "no envelope ended ambiguous: the faults were too kind")
		require.NotZero(t, seen[rekor.Throttled], "no envelope ended throttled: the faults were too kind")
		t.Logf("%s: %d accepted, %d ambiguous, %d throttled", log.Kind, seen[rekor.Accepted], seen[rekor.Ambiguous], seen[rekor.Throttled])

		// Submitting the rest again, without faults, settles it.
		direct := log.client(t, log.signer)
		settled := rekor.SubmitBatch(t.Context(), direct, unsettled, rekor.Policy{MaxBatch: submissions})
		require.Equal(t, len(unsettled), settled.Accepted(), "%v", firstError(settled))
		bodies, err = log.Entries(t.Context())
		require.NoError(t, err)
		require.Len(t, bodies, submissions)
	})
}
