package sweep

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	rekorpb "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/attest"
	"github.com/stella-ops/stella/attest/rekor"
)

// fakeLog is a whole log in memory: it verifies, deduplicates, takes its time, and
// fails on request, also after having stored the entry.
type fakeLog struct {
	verifier *attest.Verifier
	latency  time.Duration
	// trusting takes envelopes without looking at the signature, forgetful takes
	// them again and again, and misplacing says that it has them, somewhere else.
	trusting, forgetful, misplacing bool
	// fault, where it is set, is asked for every request, numbered from 0.
	fault func(n int) fault

	mu       sync.Mutex
	requests int
	inFlight int
	peak     int
	index    map[string]int64 // by the envelope's bytes
	entries  []attest.Envelope
}

type fault struct {
	err     *rekor.Error
	applied bool // the entry is stored all the same
}

func (l *fakeLog) Accepts(a attest.Algorithm) bool { return a == l.verifier.Algorithm() }

func (l *fakeLog) Submit(ctx context.Context, e attest.Envelope) (rekor.Entry, error) {
	f := l.enter()
	defer l.leave()
	select {
	case <-ctx.Done():
		return rekor.Entry{}, &rekor.Error{Class: rekor.Ambiguous, Err: context.Cause(ctx)}
	case <-time.After(l.latency):
	}
	if err := l.verifier.Verify(e); err != nil && !l.trusting {
		return rekor.Entry{}, &rekor.Error{Class: rekor.Permanent, Status: 400, Err: err}
	}
	if f.err != nil && !f.applied {
		return rekor.Entry{}, f.err
	}
	entry := l.store(e)
	if f.err != nil {
		return rekor.Entry{}, f.err
	}
	return entry, nil
}

func (l *fakeLog) enter() fault {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.requests
	l.requests++
	l.inFlight++
	l.peak = max(l.peak, l.inFlight)
	if l.fault == nil {
		return fault{}
	}
	return l.fault(n)
}

func (l *fakeLog) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inFlight--
}

func (l *fakeLog) store(e attest.Envelope) rekor.Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	i, known := l.index[string(e.Bytes())]
	if !known || l.forgetful {
		i = int64(len(l.entries))
		l.entries = append(l.entries, e)
		l.index[string(e.Bytes())] = i
	}
	if known && l.misplacing {
		i++
	}
	return rekor.Entry{
		TransparencyLogEntry: &rekorpb.TransparencyLogEntry{LogIndex: i},
		UUID:                 fmt.Sprintf("uuid-%d", i),
		Recovered:            known && !l.forgetful,
		WireBytes:            len(e.Bytes()) + 100,
	}
}

// newRunner returns a runner on a fake log that answers within 100 ms.
func newRunner(t testing.TB) (*Runner, *fakeLog) {
	t.Helper()
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	signer, err := attest.NewSigner(key, attest.Ed25519)
	require.NoError(t, err)
	verifier, err := attest.NewVerifier(key.Public(), attest.Ed25519)
	require.NoError(t, err)
	log := &fakeLog{verifier: verifier, latency: 100 * time.Millisecond, index: make(map[string]int64)}
	plan := testPlan()
	plan.Sizes, plan.Blocks = []int{1, 2, 5}, 4
	return &Runner{
		Log: log, Signer: signer, Plan: plan, ID: "test",
		Reports: loadReports(t, map[string]string{"a.json": `{"name":"a"}`, "b.json": `{}`, "c.json": `{"name":"c"}`}),
		Policy:  rekor.Policy{MaxBatch: 5, BackoffFloor: time.Second, BackoffCap: time.Second},
	}, log
}

func newMeta(r *Runner) Meta {
	return Meta{
		Started: time.Unix(1_800_000_000, 0).UTC(), Environment: "test",
		Log:    LogInfo{Kind: "v1", Origin: "fake - 1", Server: "fake"},
		Client: Client{Algorithm: r.Signer.Algorithm(), Mode: ModeReport, MaxRetries: 3},
		Corpus: r.Reports.Info(), Plan: r.Plan,
	}
}

func newSweep(t testing.TB, r *Runner) *Sweep {
	t.Helper()
	record, err := CreateRecord(filepath.Join(t.TempDir(), "out"), newMeta(r))
	require.NoError(t, err)
	return &Sweep{Runner: r, Record: record, Progress: quietProgress(t), Samples: 4}
}

func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, log := newRunner(t)
		before := time.Now()
		m, err := r.Run(t.Context(), 7, Run{Block: 2, Position: 1, Size: 5, Phase: PhaseScreen})
		require.NoError(t, err)
		require.Equal(t, before.Add(r.Plan.Gap(7)).UTC().Truncate(time.Millisecond), m.Row.Timestamp, "the intended start lies one gap ahead")
		bytes, wire := 0, 0
		for _, e := range log.entries {
			bytes += len(e.Bytes())
			wire += len(e.Bytes()) + 100
		}
		m.Row.Timestamp = time.Time{}
		require.Equal(t, Row{
			BatchSize: 5, Envelopes: 5, TotalBytes: int64(bytes),
			Latency: 100 * time.Millisecond, Successes: 5,
		}, m.Row)
		require.Equal(t, Run{
			Block: 2, Position: 1, Size: 5, Phase: PhaseScreen, WireBytes: int64(wire), Statuses: map[int]int{201: 5},
		}, m.Run)
		require.Equal(t, 5, log.peak, "not all of the batch was in flight together")

		e := m.Entries[3]
		require.Equal(t, EntryRecord{
			Run: 7, Block: 2, Position: 1, BatchSize: 5, Index: 3, Report: e.Report, Bytes: e.Bytes, WireBytes: e.Bytes + 100,
			Latency: Millis(100 * time.Millisecond), Class: "accepted", Attempts: 1, Statuses: []int{201},
			LogIndex: e.LogIndex, UUID: fmt.Sprintf("uuid-%d", *e.LogIndex),
		}, e)
	})
}

// TestRunCountsFromTheIntendedStart keeps the slots busy: who waits for one has been
// waiting since the batch was meant to start.
func TestRunCountsFromTheIntendedStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, log := newRunner(t)
		r.Policy.Concurrency = 2
		m, err := r.Run(t.Context(), 0, Run{Size: 5})
		require.NoError(t, err)
		require.Equal(t, 300*time.Millisecond, m.Row.Latency)
		require.Equal(t, 2, log.peak)
		var latencies []time.Duration
		for _, e := range m.Entries {
			latencies = append(latencies, time.Duration(e.Latency))
		}
		ms := time.Millisecond
		require.ElementsMatch(t, []time.Duration{100 * ms, 100 * ms, 200 * ms, 200 * ms, 300 * ms}, latencies)
	})
}

// A client that comes late, because the machine is busy, has been slow.
func TestLatenessCounts(t *testing.T) {
	intended := time.Unix(1_800_000_000, 0)
	env, err := attest.NewEnvelope(nil, "t", "", []byte("s"))
	require.NoError(t, err)
	m := measure(0, Run{Size: 1}, intended, batch{[]attest.Envelope{env}, []string{"a.json"}}, rekor.BatchResult{
		Started: intended.Add(time.Second), Ended: intended.Add(3 * time.Second),
		Results: []rekor.Result{{Started: intended.Add(time.Second), Ended: intended.Add(2 * time.Second)}},
	})
	require.Equal(t, 3*time.Second, m.Row.Latency)
	require.Equal(t, Millis(2*time.Second), m.Entries[0].Latency)
}

func TestRunWithFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, log := newRunner(t)
		throttled := &rekor.Error{Class: rekor.Throttled, Status: 429}
		lost := &rekor.Error{Class: rekor.Ambiguous, Err: errors.New("reset")}
		refused := &rekor.Error{Class: rekor.Permanent, Status: 400}
		log.fault = func(n int) fault {
			return map[int]fault{0: {err: throttled}, 1: {err: lost, applied: true}, 2: {err: refused}}[n]
		}
		m, err := r.Run(t.Context(), 0, Run{Size: 5})
		require.NoError(t, err)
		require.Equal(t, []int{4, 1, 2}, []int{m.Row.Successes, m.Row.Failures, m.Row.Retries})
		require.Equal(t, map[int]int{429: 1, 0: 1, 400: 1, 201: 3, 409: 1}, m.Run.Statuses)
		require.Equal(t, 1200*time.Millisecond, m.Row.Latency, "the latency holds the wait for the retry")
		require.Len(t, log.entries, 4)
		for _, e := range m.Entries {
			if e.Class == "permanent" {
				require.Nil(t, e.LogIndex)
				require.Contains(t, e.Error, "HTTP 400")
			} else {
				require.Equal(t, "accepted", e.Class)
				require.NotNil(t, e.LogIndex)
				require.Empty(t, e.Error)
			}
		}
	})
}

// TestRunInterrupted ends the context while the batch is in flight: what the
// cancelled attempts gave must not become a row.
func TestRunInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, log := newRunner(t)
		ctx, cancel := context.WithCancelCause(t.Context())
		enough := errors.New("enough")
		log.fault = func(n int) fault {
			if n == 3 {
				cancel(enough)
			}
			return fault{}
		}
		_, err := r.Run(ctx, 0, Run{Size: 5})
		require.ErrorIs(t, err, enough)
		require.GreaterOrEqual(t, log.requests, 4)
		require.Zero(t, log.inFlight)
	})
}

// TestPayloadsAreUnique reads back what a log holds after a sweep: no payload twice,
// and every report used about equally often.
func TestPayloadsAreUnique(t *testing.T) {
	for _, mode := range []string{ModeReport, ModeStatement} {
		synctest.Test(t, func(t *testing.T) {
			r, log := newRunner(t)
			r.Mode = mode
			s := newSweep(t, r)
			_, err := Preflight(t.Context(), r, LogInfo{Kind: "v2"})
			require.NoError(t, err)
			require.NoError(t, s.Run(t.Context()))

			payloads, names := make(map[string]bool), make(map[string]int)
			for _, e := range log.entries {
				payload := e.Payload()
				if mode == ModeStatement {
					require.Equal(t, attest.PayloadTypeStatement, e.PayloadType())
					statement, err := attest.ParseStatement(payload)
					require.NoError(t, err)
					payload = statement.Predicate
				}
				require.False(t, payloads[string(payload)], "twice: %s", payload)
				payloads[string(payload)] = true
				var report struct {
					Name string `json:"name"`
				}
				require.NoError(t, json.Unmarshal(payload, &report))
				names[report.Name]++
			}
			require.Len(t, payloads, 3+5+4*(1+2+5), "preflight, warm-up and four blocks")
			for name, n := range names {
				require.InDelta(t, 40.0/3, n, 6, "report %q", name)
			}
		})
	}
}

// TestLogThatIsGone: a sweep whose log was stopped must not count that as a batch that
// failed. One that answers, whatever it says, is measured.
func TestLogThatIsGone(t *testing.T) {
	for status, gone := range map[int]bool{0: true, 503: false} {
		synctest.Test(t, func(t *testing.T) {
			r, log := newRunner(t)
			s := newSweep(t, r)
			refused := &rekor.Error{Class: rekor.Throttled, Status: status, Err: errors.New("connection refused")}
			r.Policy.MaxRetries = -1
			log.fault = func(n int) fault {
				if n < 5 { // the warm-up
					return fault{}
				}
				return fault{err: refused}
			}
			err := s.Run(t.Context())
			if !gone {
				require.NoError(t, err)
				require.NotEmpty(t, s.Record.Rows())
				return
			}
			require.ErrorContains(t, err, "run 0: nobody answers at the log's address any more")
			require.ErrorContains(t, err, "connection refused")
			require.Empty(t, s.Record.Rows())
		})
	}
}

func TestRunRefusedAsAWhole(t *testing.T) {
	r, log := newRunner(t)
	r.Policy.MaxBatch = 4
	r.Plan.MaxGap, r.Plan.MinGap = 0, 0
	_, err := r.Run(t.Context(), 3, Run{Size: 5})
	require.ErrorIs(t, err, rekor.ErrBatchTooLarge)
	require.ErrorContains(t, err, "run 3")
	require.Zero(t, log.requests, "a smaller batch was measured in silence")
}

// TestSweep follows a whole sweep and reads its files back.
func TestSweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := newRunner(t)
		s := newSweep(t, r)
		require.NoError(t, s.Run(t.Context()))
		require.NoError(t, s.Record.Close())
		rows, meta, err := ReadRecord(s.Record.dir)
		require.NoError(t, err)
		require.Len(t, rows, 12)
		require.Equal(t, rows, s.Record.Rows())
		require.Equal(t, s.Record.Meta(), meta)
		require.False(t, meta.Ended.IsZero())
		require.Equal(t, map[int]int{1: 4, 2: 4, 5: 4}, runsBySize(meta.Runs))
		require.Len(t, s.Sampled(), 4)
		for _, sample := range s.Sampled() {
			require.NoError(t, r.Log.(*fakeLog).verifier.Verify(sample.Envelope))
		}
	})
}

// TestSweepInterrupted stops a sweep in the middle of a run, three times, and goes
// on: the runs are those of a sweep that was never stopped, and no run that was
// discarded is in the files.
func TestSweepInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		whole, _ := newRunner(t)
		reference := newSweep(t, whole)
		require.NoError(t, reference.Run(t.Context()))
		defer reference.Record.Close()

		r, log := newRunner(t)
		s := newSweep(t, r)
		for session := range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			err := s.Run(ctx)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			cancel()
			require.NoError(t, s.Record.Close())
			rows, meta, err := ReadRecord(s.Record.dir)
			require.NoError(t, err)
			require.NotEmpty(t, rows)
			require.Less(t, len(rows), 12)
			require.True(t, meta.Ended.IsZero())
			s = resume(t, s, fmt.Sprint("session ", session+2))
		}
		require.NoError(t, s.Run(t.Context()))
		require.NoError(t, s.Record.Close())
		rows, meta, err := ReadRecord(s.Record.dir)
		require.NoError(t, err)
		require.Len(t, rows, 12)
		for i, run := range reference.Record.Meta().Runs {
			require.Equal(t, []int{run.Block, run.Position, run.Size}, []int{meta.Runs[i].Block, meta.Runs[i].Position, meta.Runs[i].Size}, "run %d", i)
			require.Zero(t, meta.Runs[i].Statuses[409], "run %d met payloads of a discarded one", i)
		}
		require.Zero(t, log.inFlight)

		again := resume(t, s, "once more")
		before := log.requests
		require.NoError(t, again.Run(t.Context()))
		require.NoError(t, again.Record.Close())
		require.Equal(t, before, log.requests, "a complete sweep submitted something")
		require.Equal(t, meta, again.Record.Meta())
	})
}

// resume opens a sweep's record anew, as another process would.
func resume(t testing.TB, s *Sweep, id string) *Sweep {
	t.Helper()
	record, err := OpenRecord(s.Record.dir)
	require.NoError(t, err)
	require.Empty(t, record.Dropped)
	require.NoError(t, record.Resume(newMeta(s.Runner)))
	r := *s.Runner
	r.ID = id
	return &Sweep{Runner: &r, Record: record, Progress: s.Progress, Samples: s.Samples}
}

// TestSampleIsFair draws often: every accepted entry must have the same chance,
// however large its batch, and a failed one none.
func TestSampleIsFair(t *testing.T) {
	r, _ := newRunner(t)
	const trials = 2000
	drawn := make(map[int64]int)
	for trial := range trials {
		r.Plan.Seed = uint64(trial)
		s := Sweep{Runner: r, Samples: 2}
		index := int64(0)
		for n, size := range []int{1, 4, 1, 4} {
			m := Measurement{envelopes: make([]attest.Envelope, size+1), results: make([]rekor.Result, size+1)}
			for i := range size {
				m.results[i].Entry.TransparencyLogEntry = &rekorpb.TransparencyLogEntry{LogIndex: index}
				index++
			}
			m.results[size].Class = rekor.Ambiguous
			s.sample(n, m)
		}
		for _, sample := range s.Sampled() {
			drawn[sample.Entry.GetLogIndex()]++
		}
	}
	require.Len(t, drawn, 10)
	for index, n := range drawn {
		require.InDelta(t, 0.2*trials, n, 72, "entry %d", index) // four standard deviations
	}
}
