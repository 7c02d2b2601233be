package rekor

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
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
	// Entry is set when Class is Accepted; otherwise it holds its WireBytes alone, 0
	// for an envelope that was not tried.
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

// ErrBatchTooLarge is wrapped by the error of a batch over the limit.
var ErrBatchTooLarge = errors.New("the batch is too large")

// SubmitBatch submits the envelopes together, at most Policy.Concurrency at a time,
// and waits for all. Partial failure is data: look at each result. When ctx ends,
// attempts in flight are cancelled and come back as ambiguous, envelopes not yet
// tried as throttled. An envelope that waits for its retry keeps its slot.
func SubmitBatch(ctx context.Context, log Log, envelopes []attest.Envelope, pol Policy) BatchResult {
	b := BatchResult{Started: time.Now()}
	p := pol.withDefaults(len(envelopes))
	if len(envelopes) > p.MaxBatch {
		b.Err = fmt.Errorf("submitting %d envelopes: %w: %s", len(envelopes), ErrBatchTooLarge, p.limit)
		b.Ended = b.Started
		return b
	}
	if p.BatchTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, p.BatchTimeout, fmt.Errorf("the batch's deadline of %v has passed", p.BatchTimeout))
		defer cancel()
	}
	b.Results = make([]Result, len(envelopes))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(p.Concurrency, len(envelopes)) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(envelopes)); i = next.Add(1) - 1 {
				b.Results[i] = submit(ctx, log, envelopes[i], p)
				b.Results[i].Started = b.Started
			}
		})
	}
	wg.Wait()
	b.Ended = time.Now()
	return b
}

func (p Policy) withDefaults(batch int) policy {
	q := policy{Policy: p, limit: fmt.Sprintf("its caller allows %d", p.MaxBatch)}
	if q.MaxBatch <= 0 {
		q.MaxBatch = attest.HardMaxDsseRekorBatchSize
		q.limit = fmt.Sprintf("attest.HardMaxDsseRekorBatchSize allows %d, as measured in docs/attestation/dsse-rekor-batch-sizing.md; "+
			"submit smaller batches (attest.DefaultDsseRekorBatchSize is %d), or measure your log and set Policy.MaxBatch",
			attest.HardMaxDsseRekorBatchSize, attest.DefaultDsseRekorBatchSize)
	}
	switch {
	case p.MaxRetries == 0:
		q.MaxRetries = 3
	case p.MaxRetries < 0:
		q.MaxRetries = 0
	}
	q.Concurrency = orDefault(p.Concurrency, max(batch, 1))
	q.AttemptTimeout = orDefault(p.AttemptTimeout, 10*time.Second)
	q.BackoffFloor = orDefault(p.BackoffFloor, 100*time.Millisecond)
	q.BackoffCap = max(orDefault(p.BackoffCap, 10*time.Second), q.BackoffFloor)
	return q
}

// policy is a Policy with its defaults filled in.
type policy struct {
	Policy
	limit string // where MaxBatch comes from, in words
}

func orDefault[T ~int | ~int64](v, def T) T {
	if v <= 0 {
		return def
	}
	return v
}

// submit brings one envelope through its attempts.
func submit(ctx context.Context, log Log, e attest.Envelope, p policy) Result {
	var r Result
	ambiguous := false // some attempt may have been stored
	for {
		if err := context.Cause(ctx); err != nil {
			return r.fail(ambiguous, notTried(err))
		}
		entry, err := attempt(ctx, log, e, p)
		r.Attempts++
		if err == nil {
			r.Statuses = append(r.Statuses, entryStatus(entry))
			r.Class, r.Entry, r.Ended = Accepted, entry, time.Now()
			return r
		}
		r.Entry.WireBytes = entry.WireBytes
		failed := asError(err)
		r.Statuses = append(r.Statuses, failed.Status)
		ambiguous = ambiguous || failed.Class == Ambiguous
		if !failed.Class.Retryable() || r.Attempts > p.MaxRetries {
			return r.fail(ambiguous, failed)
		}
		if wait(ctx, p.pause(r.Attempts, failed.RetryAfter)) != nil {
			return r.fail(ambiguous, failed)
		}
	}
}

func attempt(ctx context.Context, log Log, e attest.Envelope, p policy) (Entry, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, p.AttemptTimeout, noAnswerError(p.AttemptTimeout))
	defer cancel()
	return log.Submit(ctx, e)
}

// noAnswerError says that an attempt's deadline has passed.
type noAnswerError time.Duration

func (e noAnswerError) Error() string { return fmt.Sprintf("no answer within %v", time.Duration(e)) }

// fail ends a result without an entry.
func (r Result) fail(ambiguous bool, err *Error) Result {
	r.Class, r.Ended = err.Class, time.Now()
	if ambiguous {
		r.Class = Ambiguous
	}
	r.Err = fmt.Errorf("after %d attempts: %w", r.Attempts, err)
	if ambiguous {
		r.Err = fmt.Errorf("the envelope may be in the log, submit it again to find out: %w", r.Err)
	}
	return r
}

func notTried(err error) *Error {
	return &Error{Class: Throttled, Message: "not tried", Err: err}
}

// asError reads a Log's error. One without a class says nothing of what was
// stored.
func asError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Class: Ambiguous, Err: err}
}

func entryStatus(e Entry) int {
	if e.Recovered {
		return http.StatusConflict
	}
	return http.StatusCreated
}

// pause is how long to wait before the retry after the given attempt: what the
// log asked for, and beyond it a full-jitter back-off, so that envelopes that were
// refused together do not come back together.
func (p policy) pause(attempt int, asked time.Duration) time.Duration {
	span := p.BackoffFloor
	for range attempt {
		span = min(2*span, p.BackoffCap)
	}
	return max(asked, p.BackoffFloor) + rand.N(max(span-p.BackoffFloor, 1))
}
