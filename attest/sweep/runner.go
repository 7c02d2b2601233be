package sweep

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/stella-ops/stella/attest"
	"github.com/stella-ops/stella/attest/rekor"
)

// Modes: what the payload of an envelope is.
const (
	ModeReport    = "report"    // the scanner report as it is, with [RunField]
	ModeStatement = "statement" // an in-toto Statement whose predicate is that report
)

// Runner does single runs: it seals a batch and submits it. The command and the Go
// benchmarks measure with the same one. A Runner is used by one goroutine at a time.
type Runner struct {
	Log     rekor.Log
	Signer  attest.Signer
	Reports *Reports
	// Mode is [ModeReport] or [ModeStatement]; empty stands for the first.
	Mode string
	// Policy is how batches are submitted. MaxBatch must allow the largest size.
	Policy rekor.Policy
	// Plan gives the gaps before the runs and the choice of reports.
	Plan Plan
	// ID goes into every payload. It must differ from that of every other runner
	// that has used the log with the same key: otherwise the log has the payloads
	// already, and the time it takes to say so is measured instead.
	ID string
}

// Measurement is what one run gave.
type Measurement struct {
	Row     Row
	Run     Run // with wire bytes and statuses
	Entries []EntryRecord

	envelopes []attest.Envelope
	results   []rekor.Result
}

// EntryRecord is a line of results.entries.jsonl: what became of one envelope.
type EntryRecord struct {
	Run       int    `json:"run"` // number of the run, and of its row, from 0
	Block     int    `json:"block"`
	Position  int    `json:"position"`
	BatchSize int    `json:"batch_size"`
	Index     int    `json:"index"` // in the batch, from 0
	Report    string `json:"report"`
	Bytes     int    `json:"bytes"` // of the envelope
	// WireBytes is the length of the request body, 0 where the envelope was not tried.
	WireBytes int `json:"wire_bytes"`
	// Latency is from the run's intended start to the envelope's outcome.
	Latency  Millis `json:"latency_ms"`
	Class    string `json:"class"`
	Attempts int    `json:"attempts"`
	Statuses []int  `json:"statuses"` // of each attempt, 0 where there was no answer
	LogIndex *int64 `json:"log_index,omitempty"`
	UUID     string `json:"uuid,omitempty"` // v1
	Error    string `json:"error,omitempty"`
}

// Run does run number n of a sweep: it seals the batch, waits for the gap before
// the run to pass, submits, and waits for every outcome. Failed envelopes are data.
// An error says that there is no measurement: the context ended, the batch was not
// submitted as a whole, or the log is not there any more.
func (r *Runner) Run(ctx context.Context, n int, run Run) (Measurement, error) {
	batch, err := r.seal(ctx, n, run.Size)
	if err != nil {
		return Measurement{}, fmt.Errorf("sealing run %d: %w", n, err)
	}
	// The intended start is known before the wait, and the latency counts from it: a
	// client that comes late because the machine is busy has been slow.
	start := time.Now().Add(r.Plan.Gap(n))
	if err := sleepUntil(ctx, start); err != nil {
		return Measurement{}, err
	}
	result := rekor.SubmitBatch(ctx, r.Log, batch.envelopes, r.Policy)
	if err := context.Cause(ctx); err != nil {
		return Measurement{}, err // what the cancelled attempts gave says nothing of the log
	}
	if result.Err != nil {
		return Measurement{}, fmt.Errorf("run %d: %w", n, result.Err)
	}
	if err := unreached(result); err != nil {
		return Measurement{}, fmt.Errorf("run %d: nobody answers at the log's address any more: %w", n, err)
	}
	return measure(n, run, start, batch, result), nil
}

// unreached returns an error if no attempt of the batch found anybody to connect to: a
// log that was stopped says nothing of how many envelopes a batch may hold.
func unreached(b rekor.BatchResult) error {
	for _, r := range b.Results {
		if r.Class != rekor.Throttled || r.Attempts == 0 || slices.Max(r.Statuses) != 0 {
			return nil
		}
	}
	return b.Results[0].Err
}

// sleepUntil waits until t and says so when the context ends first.
func sleepUntil(ctx context.Context, t time.Time) error {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// batch is a run's envelopes with the names of the reports in them.
type batch struct {
	envelopes []attest.Envelope
	reports   []string
}

// seal makes the envelopes of run n. The reports are taken in turn, in an order
// that the seed gives for each run: small batches would otherwise meet the first
// reports only. A corpus that is smaller than the batch goes round again.
func (r *Runner) seal(ctx context.Context, n, size int) (batch, error) {
	var b batch
	order := r.Plan.rand(streamReports, n).Perm(len(r.Reports.files))
	for i := range size {
		rep := r.Reports.files[order[i%len(order)]]
		e, err := r.sealOne(ctx, rep, runTag{ID: r.ID, Run: n, Index: i})
		if err != nil {
			return batch{}, fmt.Errorf("report %s: %w", rep.name, err)
		}
		b.envelopes = append(b.envelopes, e)
		b.reports = append(b.reports, rep.name)
	}
	return b, nil
}

func (r *Runner) sealOne(ctx context.Context, rep report, tag runTag) (attest.Envelope, error) {
	payload, err := rep.payload(tag)
	if err != nil {
		return attest.Envelope{}, err
	}
	payloadType := attest.PayloadTypeReport
	if r.Mode == ModeStatement {
		payloadType = attest.PayloadTypeStatement
		if payload, err = attest.NewStatement(rep.name, payload); err != nil {
			return attest.Envelope{}, err
		}
	}
	return attest.Seal(ctx, payload, payloadType, r.Signer)
}

// measure makes the records of a run. Times are cut to what the files hold, so
// that a decision made from them is the decision made at once.
func measure(n int, run Run, start time.Time, b batch, result rekor.BatchResult) Measurement {
	m := Measurement{
		Row: Row{
			Timestamp: start.UTC().Truncate(time.Millisecond),
			BatchSize: run.Size,
			Envelopes: len(b.envelopes),
			Latency:   result.Ended.Sub(start).Truncate(time.Microsecond),
			Successes: result.Accepted(),
			Failures:  len(b.envelopes) - result.Accepted(),
			Retries:   result.Retries(),
		},
		Run:       run,
		envelopes: b.envelopes,
		results:   result.Results,
	}
	m.Run.Statuses = make(map[int]int)
	for i, res := range result.Results {
		e := EntryRecord{
			Run: n, Block: run.Block, Position: run.Position, BatchSize: run.Size, Index: i,
			Report:    b.reports[i],
			Bytes:     len(b.envelopes[i].Bytes()),
			WireBytes: res.Entry.WireBytes,
			Latency:   Millis(res.Ended.Sub(start).Truncate(time.Microsecond)),
			Class:     res.Class.String(),
			Attempts:  res.Attempts,
			Statuses:  res.Statuses,
		}
		if res.Err != nil {
			e.Error = res.Err.Error()
		} else {
			index := res.Entry.GetLogIndex()
			e.LogIndex, e.UUID = &index, res.Entry.UUID
		}
		m.Entries = append(m.Entries, e)
		m.Row.TotalBytes += int64(e.Bytes)
		m.Run.WireBytes += int64(e.WireBytes)
		for _, s := range res.Statuses {
			m.Run.Statuses[s]++
		}
	}
	return m
}

// Sweep does the runs of a plan and records them.
type Sweep struct {
	Runner *Runner
	// Record is where the runs go. The sweep goes on behind the rows it holds.
	Record *Record
	// Progress is told of every step; nil is told nothing.
	Progress *Progress
	// Samples is how many accepted entries are kept for [Sweep.Sampled].
	Samples int

	sampled []Sample
	seen    int // accepted entries that the samples were drawn from
}

// Sample is an envelope with the entry that the log made of it.
type Sample struct {
	Envelope attest.Envelope
	Entry    rekor.Entry
}

// Sampled returns the entries that were drawn, each accepted entry of this session
// with the same chance.
func (s *Sweep) Sampled() []Sample { return s.sampled }

// Run warms up and then does what is left of the plan. When the context ends, the
// run at hand is discarded, and what was measured before stays recorded: a later
// sweep on the resumed record goes on from there.
func (s *Sweep) Run(ctx context.Context) error {
	sched := s.Record.schedule()
	s.Progress.begin(sched)
	if _, more := sched.run(); more {
		if err := s.warmUp(ctx, sched); err != nil {
			return fmt.Errorf("warming up: %w", err)
		}
	}
	for run, more := sched.run(); more; run, more = sched.run() {
		n := len(sched.rows)
		s.Progress.start(run)
		m, err := s.Runner.Run(ctx, n, run)
		if err != nil {
			return err
		}
		sched.done(m.Row)
		if err := s.Record.Append(m, sched.stopped); err != nil {
			return err
		}
		s.sample(n, m)
		s.Progress.done(m, sched)
	}
	return s.Record.Finish(time.Now())
}

// warmUp opens the connections and lets the log grow its caches: one batch of the
// largest size that is still in the sweep, thrown away whatever it gave. Its number
// lies behind those of all runs, so its payloads are its own.
func (s *Sweep) warmUp(ctx context.Context, sched *schedule) error {
	const beyond = 1 << 32
	size := 0
	for _, run := range sched.next {
		size = max(size, run.Size)
	}
	s.Progress.warmUp(size)
	_, err := s.Runner.Run(ctx, beyond+len(sched.rows), Run{Size: size})
	return err
}

// sample draws from the accepted entries: Waterman's reservoir (Knuth, TAOCP 2,
// section 3.4.2, algorithm R).
func (s *Sweep) sample(n int, m Measurement) {
	rng := s.Runner.Plan.rand(streamSample, n)
	for i, res := range m.results {
		if res.Class != rekor.Accepted {
			continue
		}
		s.seen++
		drawn := Sample{m.envelopes[i], res.Entry}
		if len(s.sampled) < s.Samples {
			s.sampled = append(s.sampled, drawn)
		} else if j := rng.IntN(s.seen); j < s.Samples {
			s.sampled[j] = drawn
		}
	}
}
