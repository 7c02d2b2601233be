package rekor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	rekorpb "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/attest"
)

// scripted is a log whose answers a test writes down: for each attempt of each
// envelope, in order, an error or nil. Past the script it accepts.
type scripted struct {
	latency time.Duration
	script  []*Error

	mu       sync.Mutex
	attempts map[string][]time.Time // by payload
	inFlight int
	most     int // in flight at once
}

func (s *scripted) Accepts(attest.Algorithm) bool { return true }

func (s *scripted) Submit(ctx context.Context, e attest.Envelope) (Entry, error) {
	s.mu.Lock()
	if s.attempts == nil {
		s.attempts = make(map[string][]time.Time)
	}
	n := len(s.attempts[string(e.Payload())])
	s.attempts[string(e.Payload())] = append(s.attempts[string(e.Payload())], time.Now())
	s.inFlight++
	s.most = max(s.most, s.inFlight)
	s.mu.Unlock()
	defer func() { s.mu.Lock(); s.inFlight--; s.mu.Unlock() }()
	if err := wait(ctx, s.latency); err != nil {
		return Entry{}, &Error{Class: Ambiguous, Err: err}
	}
	if n < len(s.script) && s.script[n] != nil {
		return Entry{WireBytes: 7}, s.script[n]
	}
	return Entry{WireBytes: 7, TransparencyLogEntry: &rekorpb.TransparencyLogEntry{}}, nil
}

type plainSigner struct{ attest.Signer }

func (plainSigner) SignPAE(context.Context, []byte) ([]byte, error) { return []byte("signature"), nil }
func (plainSigner) KeyID() string                                   { return "" }

func envelopes(t testing.TB, n int) []attest.Envelope {
	out := make([]attest.Envelope, n)
	for i := range out {
		var err error
		out[i], err = attest.Seal(t.Context(), fmt.Appendf(nil, "%d", i), "t", plainSigner{})
		require.NoError(t, err)
	}
	return out
}

var (
	throttled = &Error{Class: Throttled, Status: 429}
	ambiguous = &Error{Class: Ambiguous, Status: 502}
	permanent = &Error{Class: Permanent, Status: 400}
	frozen    = &Error{Class: Frozen, Status: 405}
)

func TestOutcomeOfOneEnvelope(t *testing.T) {
	for _, test := range []struct {
		name     string
		script   []*Error
		policy   Policy
		want     Class
		statuses []int
	}{
		{"accepted", nil, Policy{}, Accepted, []int{201}},
		{"throttled once", []*Error{throttled}, Policy{}, Accepted, []int{429, 201}},
		{"ambiguous once", []*Error{ambiguous}, Policy{}, Accepted, []int{502, 201}},
		{"permanent", []*Error{permanent}, Policy{}, Permanent, []int{400}},
		{"frozen", []*Error{frozen}, Policy{}, Frozen, []int{405}},
		{"throttled to the end", []*Error{throttled, throttled, throttled, throttled}, Policy{}, Throttled, []int{429, 429, 429, 429}},
		{"ambiguous to the end", []*Error{ambiguous, ambiguous, ambiguous, ambiguous}, Policy{}, Ambiguous, []int{502, 502, 502, 502}},
		{"ambiguous, then throttled to the end", []*Error{ambiguous, throttled, throttled, throttled}, Policy{}, Ambiguous, []int{502, 429, 429, 429}},
		{"ambiguous, then permanent", []*Error{ambiguous, permanent}, Policy{}, Ambiguous, []int{502, 400}},
		{"throttled, then permanent", []*Error{throttled, permanent}, Policy{}, Permanent, []int{429, 400}},
		{"one retry", []*Error{throttled, throttled}, Policy{MaxRetries: 1}, Throttled, []int{429, 429}},
		{"no retries", []*Error{throttled}, Policy{MaxRetries: -1}, Throttled, []int{429}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := SubmitBatch(t.Context(), &scripted{script: test.script}, envelopes(t, 1), test.policy)
				require.NoError(t, b.Err)
				r := b.Results[0]
				require.Equal(t, test.want, r.Class)
				require.Equal(t, test.statuses, r.Statuses)
				require.Equal(t, len(test.statuses), r.Attempts)
				require.Equal(t, 7, r.Entry.WireBytes)
				require.Equal(t, test.want == Accepted, r.Err == nil, "%v", r.Err)
				if test.want == Ambiguous {
					require.ErrorContains(t, r.Err, "may be in the log, submit it again")
				}
			})
		})
	}
}

func TestErrorWithoutAClassIsAmbiguous(t *testing.T) {
	require.Equal(t, Ambiguous, asError(errors.New("what?")).Class)
}

// A retry waits at least for what the log asked and for the floor, and at most for
// a full-jitter back-off beyond it.
func TestPauses(t *testing.T) {
	const floor, limit = 200 * time.Millisecond, time.Second
	for _, test := range []struct {
		name        string
		asked       time.Duration
		least, most [3]time.Duration
	}{
		{"back-off", 0, [3]time.Duration{floor, floor, floor}, [3]time.Duration{2 * floor, 4 * floor, limit}},
		{"Retry-After", 3 * time.Second, [3]time.Duration{3e9, 3e9, 3e9}, [3]time.Duration{3e9 + floor, 3e9 + 3*floor, 3e9 + limit}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := *throttled
				e.RetryAfter = test.asked
				log := &scripted{script: []*Error{&e, &e, &e}}
				b := SubmitBatch(t.Context(), log, envelopes(t, 200), Policy{MaxBatch: 200, BackoffFloor: floor, BackoffCap: limit})
				require.Equal(t, 200, b.Accepted())
				require.Equal(t, 600, b.Retries())
				seen := make(map[time.Duration]bool)
				for _, at := range log.attempts {
					for i := range 3 {
						pause := at[i+1].Sub(at[i])
						require.GreaterOrEqual(t, pause, test.least[i])
						require.LessOrEqual(t, pause, test.most[i])
						seen[pause] = true
					}
				}
				require.Greater(t, len(seen), 500, "the pauses have no jitter")
			})
		})
	}
}

func TestBatchKeepsOrderAndConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for c, want := range map[int]struct {
			most    int
			latency time.Duration
		}{0: {20, time.Second}, 1: {1, 20 * time.Second}, 7: {7, 3 * time.Second}, 50: {20, time.Second}} {
			log := &scripted{latency: time.Second}
			b := SubmitBatch(t.Context(), log, envelopes(t, 20), Policy{Concurrency: c})
			require.Equal(t, 20, b.Accepted())
			require.Equal(t, want.most, log.most, "in flight with c=%d", c)
			require.Equal(t, want.latency, b.Latency(), "c=%d", c)
			for _, r := range b.Results {
				require.Equal(t, b.Started, r.Started, "latency must count from the intended start")
			}
		}
	})
}

func TestDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &scripted{latency: time.Hour}
		b := SubmitBatch(t.Context(), slow, envelopes(t, 1), Policy{AttemptTimeout: 2 * time.Second, MaxRetries: -1})
		require.Equal(t, Ambiguous, b.Results[0].Class)
		require.Equal(t, 2*time.Second, b.Latency())
		require.ErrorContains(t, b.Results[0].Err, "no answer within 2s")

		// One attempt at a time: the deadline meets one in flight and three not tried.
		b = SubmitBatch(t.Context(), slow, envelopes(t, 4), Policy{BatchTimeout: 5 * time.Second, Concurrency: 1})
		require.Equal(t, 5*time.Second, b.Latency())
		require.Equal(t, Ambiguous, b.Results[0].Class)
		for _, r := range b.Results[1:] {
			require.Equal(t, Throttled, r.Class)
			require.Zero(t, r.Attempts)
			require.ErrorContains(t, r.Err, "not tried: the batch's deadline of 5s has passed")
		}
	})
}

func TestCancelEndsTheWaitForARetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := *throttled
		e.RetryAfter = time.Hour
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		b := SubmitBatch(ctx, &scripted{script: []*Error{&e}}, envelopes(t, 3), Policy{})
		require.Equal(t, time.Minute, b.Latency())
		for _, r := range b.Results {
			require.Equal(t, Throttled, r.Class)
			require.Equal(t, 1, r.Attempts)
		}
	})
}

func TestHardMaximumIsEnforced(t *testing.T) {
	log := &scripted{}
	over := envelopes(t, attest.HardMaxDsseRekorBatchSize+1)
	b := SubmitBatch(t.Context(), log, over, Policy{})
	require.ErrorIs(t, b.Err, ErrBatchTooLarge)
	require.ErrorContains(t, b.Err, "docs/attestation/dsse-rekor-batch-sizing.md")
	require.Empty(t, b.Results)
	require.Empty(t, log.attempts, "a refused batch must submit nothing")

	require.NoError(t, SubmitBatch(t.Context(), log, over[1:], Policy{}).Err)
	require.NoError(t, SubmitBatch(t.Context(), log, over, Policy{MaxBatch: len(over)}).Err)
	b = SubmitBatch(t.Context(), log, over[:3], Policy{MaxBatch: 2})
	require.ErrorContains(t, b.Err, "its caller allows 2")
}

func TestEmptyBatch(t *testing.T) {
	b := SubmitBatch(t.Context(), &scripted{}, nil, Policy{})
	require.NoError(t, b.Err)
	require.Empty(t, b.Results)
}
