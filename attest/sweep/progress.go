package sweep

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/stella-ops/stella/attest"
	"github.com/stella-ops/stella/attest/rekor"
)

// Progress shows how far a sweep is. On a terminal it is a picture that is drawn
// anew ten times a second, elsewhere plain lines: one a screening block, and at
// least one every ten seconds while batches come in. The zero value is not ready:
// see [NewProgress].
type Progress struct {
	w     io.Writer
	live  bool
	width int

	mu       sync.Mutex // guards what follows
	view     view
	inFlight int
	answers  map[int]int // by HTTP status, 0 where there was none
	drawn    int         // lines on the screen
	printed  time.Time   // the last plain line

	closing sync.Once
	stop    chan struct{} // closed by Close
	idle    chan struct{} // closed when the drawing goroutine has ended
}

// view is what is known of the sweep, made by the goroutine that runs it.
type view struct {
	plan    Plan
	sizes   []sizeView
	run     Run    // the one at hand
	doing   string // what is at hand, in words
	rows    int
	left    time.Duration
	leftNow time.Time // when left was right
}

type sizeView struct {
	size, done, planned int
	failed              []bool // of each batch
	failures, entries   int
	p50                 time.Duration
	more                int // batches to 95 % confidence
	stopped             bool
}

// NewProgress returns a progress that writes to w: a picture of the given width if
// live, else plain lines. Close ends it.
func NewProgress(w io.Writer, live bool, width int) *Progress {
	p := &Progress{w: w, live: live, width: width, answers: make(map[int]int), stop: make(chan struct{}), idle: make(chan struct{})}
	if !live {
		close(p.idle)
		return p
	}
	fmt.Fprint(w, hideCursor)
	go p.draw()
	return p
}

const (
	hideCursor = "\x1b[?25l"
	showCursor = "\x1b[?25h"
	clearLine  = "\x1b[K"
)

// draw shows the picture until Close.
func (p *Progress) draw() {
	defer close(p.idle)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-p.stop:
			return
		case now := <-tick.C:
			p.mu.Lock()
			p.redraw(now)
			p.mu.Unlock()
		}
	}
}

// Close draws for the last time and gives the cursor back. What was drawn stays.
func (p *Progress) Close() {
	p.closing.Do(func() {
		close(p.stop)
		<-p.idle
		if !p.live {
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.redraw(time.Now())
		fmt.Fprint(p.w, showCursor)
	})
}

// Watch returns a log that counts what goes to l and what comes back.
func (p *Progress) Watch(l rekor.Log) rekor.Log { return watched{l, p} }

type watched struct {
	rekor.Log
	p *Progress
}

func (w watched) Submit(ctx context.Context, e attest.Envelope) (rekor.Entry, error) {
	w.p.mu.Lock()
	w.p.inFlight++
	w.p.mu.Unlock()
	entry, err := w.Log.Submit(ctx, e)
	status := 201
	if failed, ok := errors.AsType[*rekor.Error](err); ok {
		status = failed.Status
	} else if entry.Recovered {
		status = 409
	}
	w.p.mu.Lock()
	w.p.inFlight--
	w.p.answers[status]++
	w.p.mu.Unlock()
	return entry, err
}

func (p *Progress) begin(s *schedule) {
	p.update(s, func(v *view) { v.doing = "starting" })
	p.println(func(v *view) string {
		return fmt.Sprintf("seed %d, %d blocks of %d sizes, gaps of %s to %s; %d runs done", v.plan.Seed, v.plan.Blocks, len(v.plan.Sizes),
			short(time.Duration(v.plan.MinGap)), short(time.Duration(v.plan.MaxGap)), v.rows)
	})
}

func (p *Progress) warmUp(size int) {
	p.update(nil, func(v *view) { v.doing = fmt.Sprintf("warming up with a batch of %d", size) })
	p.println(func(v *view) string { return v.doing + ", not counted" })
}

func (p *Progress) start(run Run) {
	p.update(nil, func(v *view) {
		v.run = run
		v.doing = fmt.Sprintf("%s, run %d: a batch of %d", blockName(v.plan, run), run.Position+1, run.Size)
	})
}

// done is told of a run with the schedule behind it.
func (p *Progress) done(m Measurement, s *schedule) {
	if p == nil {
		return
	}
	next, more := s.run()
	p.update(s, func(v *view) {
		if !more {
			v.run, v.doing = Run{}, "done"
		}
	})
	if p.live {
		return
	}
	blockEnds := !more || next.Block != m.Run.Block
	p.mu.Lock()
	since := time.Since(p.printed)
	p.mu.Unlock()
	const often, seldom = 2 * time.Second, 10 * time.Second
	if blockEnds && (m.Run.Phase == PhaseScreen || since >= often) || since >= seldom || !more {
		p.println(func(v *view) string { return blockName(v.plan, m.Run) + ": " + v.summary() })
	}
}

func (p *Progress) update(s *schedule, change func(*view)) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if s != nil {
		v := look(s)
		v.run, v.doing = p.view.run, p.view.doing
		p.view = v
	}
	change(&p.view)
}

// println writes a line where there is no picture.
func (p *Progress) println(line func(*view) string) {
	if p == nil || p.live {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintln(p.w, line(&p.view))
	p.printed = time.Now()
}

func blockName(plan Plan, run Run) string {
	if run.Phase == PhaseConfirm {
		return fmt.Sprintf("confirming, block %d", run.Block+1)
	}
	return fmt.Sprintf("block %d of %d", run.Block+1, plan.Blocks)
}

// look sums up a schedule.
func look(s *schedule) view {
	v := view{plan: s.plan, rows: len(s.rows), leftNow: time.Now()}
	gap := time.Duration(s.plan.MinGap+s.plan.MaxGap) / 2
	var slowest time.Duration // of the sizes so far, for those without a run
	for _, k := range s.plan.Sizes {
		sv := sizeView{size: k, planned: s.plan.runsPlanned(k), stopped: s.gaveUp(k), more: MoreNeeded(s.rows, k)}
		var latencies []time.Duration
		var sum time.Duration
		for _, row := range s.rows {
			if row.BatchSize != k {
				continue
			}
			sv.done++
			sv.failed = append(sv.failed, row.Failures > 0)
			sv.failures += row.Failures
			sv.entries += row.Envelopes
			latencies = append(latencies, row.Latency)
			sum += row.Latency
		}
		if sv.done > 0 {
			slices.Sort(latencies)
			sv.p50 = latencies[(sv.done-1)/2]
			slowest = max(slowest, sum/time.Duration(sv.done))
		}
		if !sv.stopped {
			v.left += time.Duration(sv.planned-sv.done) * (slowest + gap)
		}
		v.sizes = append(v.sizes, sv)
	}
	return v
}

// summary is the plain line of a block.
func (v *view) summary() string {
	var entries, failures int
	var p50 []string
	for _, s := range v.sizes {
		entries += s.entries
		failures += s.failures
		if s.done == 0 {
			continue
		}
		p50 = append(p50, fmt.Sprintf("%d: %s", s.size, short(s.p50)))
	}
	return fmt.Sprintf("%d runs, %d of %d entries failed; p50 of %s; %s left", v.rows, failures, entries, strings.Join(p50, ", "), short(v.left))
}

// short writes a duration with two or three digits.
func short(d time.Duration) string {
	switch {
	case d == 0:
		return "0 s"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	}
	return fmt.Sprintf("%.1f h", d.Hours())
}

// redraw replaces the picture on the screen. The caller holds mu.
func (p *Progress) redraw(now time.Time) {
	if len(p.view.sizes) == 0 {
		return
	}
	var b strings.Builder
	if p.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", p.drawn)
	}
	lines := p.picture(now)
	for _, line := range lines {
		// A line that wraps would move everything that comes after.
		runes := []rune(line)
		b.WriteString(string(runes[:min(len(runes), max(p.width-1, 1))]))
		b.WriteString(clearLine + "\n")
	}
	p.drawn = len(lines)
	io.WriteString(p.w, b.String())
}

// picture is a line for each size and two for the whole.
func (p *Progress) picture(now time.Time) []string {
	v := &p.view
	lines := []string{fmt.Sprintf("%6s  %-*s  %9s  %8s  %s", "K", maxCells, "batches", "", "p50", "failed entries")}
	for _, s := range v.sizes {
		state := "enough for 95 %"
		switch {
		case s.stopped:
			state = "given up"
		case s.more > 0:
			state = fmt.Sprintf("%d more for 95 %%", s.more)
		}
		p50 := ""
		if s.done > 0 {
			p50 = short(s.p50)
		}
		lines = append(lines, fmt.Sprintf("%6d  %s  %4d/%-4d  %8s  %d of %d; %s",
			s.size, s.cells(v.run.Size == s.size), s.done, s.planned, p50, s.failures, s.entries, state))
	}
	left := max(v.left-now.Sub(v.leftNow), 0)
	footer := fmt.Sprintf("%s; %d in flight; %s left", v.doing, p.inFlight, short(left))
	return append(lines, footer, "answers: "+statusCounts(p.answers))
}

// maxCells is the width of a size's bar.
const maxCells = 30

// cells draws a size's batches: a cell stands for one, or for several where the
// plan has more than fit, and shows the worst of them.
func (s sizeView) cells(running bool) string {
	n := max(min(maxCells, s.planned), 1)
	bar := []rune(strings.Repeat("·", n) + strings.Repeat(" ", maxCells-n))
	at := func(i int) int { return min(i*n/max(s.planned, 1), n-1) }
	for i, failed := range s.failed {
		if failed {
			bar[at(i)] = '✗'
		} else if bar[at(i)] != '✗' {
			bar[at(i)] = '■'
		}
	}
	if c := at(s.done); running && s.done < s.planned && bar[c] == '·' {
		bar[c] = '▸'
	}
	return string(bar)
}

func statusCounts(answers map[int]int) string {
	var parts []string
	for _, status := range slices.Sorted(maps.Keys(answers)) {
		name := fmt.Sprint(status)
		if status == 0 {
			name = "none"
		}
		parts = append(parts, fmt.Sprintf("%s ×%d", name, answers[status]))
	}
	return strings.Join(parts, ", ")
}
