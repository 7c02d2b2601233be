package rekor

import (
	"context"
	"time"

	"github.com/stella-ops/stella/attest"
)

// Policy says how a batch is submitted. Its zero value is the production policy.
type Policy struct {
	// MaxRetries bounds the further attempts of one envelope; 0 stands for 3, a
	// negative value for none.
	MaxRetries int
	// AttemptTimeout is the deadline of one attempt; 0 stands for 10 s. A v2 log
	// with its usual checkpoint interval of 10 s needs 30 s.
	AttemptTimeout time.Duration
	// BatchTimeout is the deadline of the whole batch; 0 stands for no deadline
	// but the context's.
	BatchTimeout time.Duration
	// Concurrency is the number of attempts in flight at most; 0 stands for the
	// size of the batch.
	Concurrency int
	// MaxBatch is the largest batch that is taken; 0 stands for
	// attest.HardMaxDsseRekorBatchSize. A caller that measured another log passes
	// that log's own limit.
	MaxBatch int
	// BackoffFloor and BackoffCap bound the wait before a retry when the log names
	// none: full jitter between the floor and min(cap, floor·2^retry). 0 stands
	// for 100 ms and 10 s.
	BackoffFloor, BackoffCap time.Duration
}

// Result is what became of one envelope.
type Result struct {
	// Class is Accepted, or the class that counts for the envelope: once an attempt
	// was ambiguous, an envelope that was not accepted later stays Ambiguous.
	Class Class
	// Entry is set when Class is Accepted.
	Entry Entry
	// Err is nil when Class is Accepted; otherwise it wraps the last attempt's *[Error].
	Err error
	// Attempts counts the requests that submitted the envelope.
	Attempts int
	// Statuses holds the HTTP status of each attempt, 0 where there was no answer.
	Statuses []int
	// Started and Ended bound the envelope's submission, waits included. Started
	// is when the batch began, not when a free slot was found: latency counts from
	// the intended start.
	Started, Ended time.Time
}

// Latency is the time from the envelope's intended start to its outcome.
func (r Result) Latency() time.Duration { return r.Ended.Sub(r.Started) }

// Retries counts the attempts after the first.
func (r Result) Retries() int { return max(r.Attempts-1, 0) }

// BatchResult is what became of a batch, one result for each envelope, in the
// order given.
type BatchResult struct {
	Results        []Result
	Started, Ended time.Time
	// Err is set when nothing was submitted, because the batch itself was refused
	// (too large, an algorithm the log does not take). Results is empty then.
	Err error
}

// Latency is the time that the whole batch took.
func (b BatchResult) Latency() time.Duration { return b.Ended.Sub(b.Started) }

// Accepted counts the envelopes that are in the log.
func (b BatchResult) Accepted() int {
	n := 0
	for _, r := range b.Results {
		if r.Class == Accepted {
			n++
		}
	}
	return n
}

// Retries counts the retries of all envelopes.
func (b BatchResult) Retries() int {
	n := 0
	for _, r := range b.Results {
		n += r.Retries()
	}
	return n
}

// SubmitBatch submits the envelopes together, at most p.Concurrency at a time,
// and waits for all. Partial failure is data: look at each result. When ctx ends,
// attempts in flight are cancelled and come back as ambiguous, envelopes not yet
// tried as throttled.
func SubmitBatch(ctx context.Context, log Log, envelopes []attest.Envelope, p Policy) BatchResult {
	panic("being written")
}
