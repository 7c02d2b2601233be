package sweep

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

// MaxSize is the largest batch that a plan may hold: all its envelopes are in
// memory while it runs.
const MaxSize = 10_000

// Phases of a sweep: every size runs in the screening blocks, those that survive
// run on in the confirming ones.
const (
	PhaseScreen  = "screen"
	PhaseConfirm = "confirm"
)

// ParseSizes reads batch sizes as a person writes them, "1,5,10", and sorts them.
func ParseSizes(list string) ([]int, error) {
	const example = "give whole numbers from 1, separated by commas, such as 1,5,10,25"
	if strings.TrimSpace(list) == "" {
		return nil, fmt.Errorf("no batch sizes: %s", example)
	}
	var sizes []int
	for field := range strings.SplitSeq(list, ",") {
		k, err := strconv.Atoi(strings.TrimSpace(field))
		if err != nil {
			return nil, fmt.Errorf("batch size %q is not a whole number: %s", field, example)
		}
		sizes = append(sizes, k)
	}
	return sizes, checkSizes(sizes)
}

// checkSizes sorts the sizes and says what is wrong with them.
func checkSizes(sizes []int) error {
	slices.Sort(sizes)
	for i, k := range sizes {
		switch {
		case k < 1:
			return fmt.Errorf("batch size %d: the smallest batch holds 1 envelope", k)
		case k > MaxSize:
			return fmt.Errorf("batch size %d: the largest batch that is measured holds %d envelopes", k, MaxSize)
		case i > 0 && k == sizes[i-1]:
			return fmt.Errorf("batch size %d is given twice: a block holds every size once", k)
		}
	}
	return nil
}

// NewPlan checks a plan and returns it with its sizes in ascending order.
func NewPlan(p Plan) (Plan, error) {
	p.Sizes = slices.Clone(p.Sizes)
	if len(p.Sizes) == 0 {
		return Plan{}, errors.New("planning a sweep: no batch sizes")
	}
	if err := checkSizes(p.Sizes); err != nil {
		return Plan{}, fmt.Errorf("planning a sweep: %w", err)
	}
	switch {
	case p.Blocks < 1:
		return Plan{}, fmt.Errorf("planning a sweep: %d blocks: it takes at least 1", p.Blocks)
	case p.MinGap < 0 || p.MaxGap < p.MinGap:
		return Plan{}, fmt.Errorf("planning a sweep: gaps from %v to %v: the shortest must not be negative, nor the longest shorter",
			time.Duration(p.MinGap), time.Duration(p.MaxGap))
	case p.Budget <= 0:
		return Plan{}, fmt.Errorf("planning a sweep: a budget of %v: it must be more than nothing", time.Duration(p.Budget))
	}
	return p, nil
}

// Streams of randomness that a plan's seed is split into. Each is a PCG of its
// own for every block or run, so that a sweep that was stopped goes on as if it
// had not been: nothing depends on how many numbers were drawn before.
const (
	streamOrder = iota << 48
	streamGap
	streamReports
	streamSample
)

func (p Plan) rand(stream uint64, n int) *rand.Rand {
	return rand.New(rand.NewPCG(p.Seed, stream|uint64(n)))
}

// Block returns block n: one run of each of the sizes, in the order that the seed
// gives. The sizes are those still in the sweep.
func (p Plan) Block(n int, sizes []int) []Run {
	phase := PhaseScreen
	if n >= p.Blocks {
		phase = PhaseConfirm
	}
	runs := make([]Run, len(sizes))
	for i, j := range p.rand(streamOrder, n).Perm(len(sizes)) {
		runs[i] = Run{Block: n, Position: i, Size: sizes[j], Phase: phase}
	}
	return runs
}

// Gap returns the wait before run n, uniform between MinGap and MaxGap. A fixed
// wait would lock to the log's own ticker, and every batch would then meet it at
// the same moment.
func (p Plan) Gap(n int) time.Duration {
	return time.Duration(p.MinGap) + time.Duration(p.rand(streamGap, n).Int64N(int64(p.MaxGap-p.MinGap)+1))
}

// runsPlanned returns how many runs of a size the plan holds if nothing fails.
func (p Plan) runsPlanned(size int) int {
	if p.Confirm {
		return max(p.Blocks, enough(size))
	}
	return p.Blocks
}

// A schedule follows a plan run by run. What comes next depends on the rows so far
// and on nothing else, so replaying the rows of a file continues its sweep.
type schedule struct {
	plan    Plan
	rows    []Row
	runs    []Run // the runs done: runs[i] gave rows[i]
	next    []Run // what is left of the block at hand
	blocks  int   // blocks begun
	stopped []Stopped
}

func newSchedule(p Plan) *schedule {
	s := &schedule{plan: p}
	s.begin()
	return s
}

// run returns the run to do next; ok is false once the plan is done.
func (s *schedule) run() (run Run, ok bool) {
	if len(s.next) == 0 {
		return Run{}, false
	}
	return s.next[0], true
}

// done counts the row that the run at hand gave.
func (s *schedule) done(row Row) {
	s.rows = append(s.rows, row)
	s.runs = append(s.runs, s.next[0])
	if s.next = s.next[1:]; len(s.next) == 0 {
		s.begin()
	}
}

// begin opens the next block, with the sizes that are still in the sweep.
func (s *schedule) begin() {
	screening := s.blocks < s.plan.Blocks
	var sizes []int
	for _, k := range s.plan.Sizes {
		if s.gaveUp(k) {
			continue
		}
		if reason := s.giveUp(k); reason != "" {
			s.stopped = append(s.stopped, Stopped{Size: k, Reason: reason})
			continue
		}
		if screening || s.plan.Confirm && MoreNeeded(s.rows, k) > 0 {
			sizes = append(sizes, k)
		}
	}
	s.next = s.plan.Block(s.blocks, sizes)
	s.blocks++
}

func (s *schedule) gaveUp(size int) bool {
	return slices.ContainsFunc(s.stopped, func(st Stopped) bool { return st.Size == size })
}

// giveUp says why a size need not run on, or nothing. What else than failures can
// refuse a size is looked at once, when the screening ends: a bound that is looked
// at after every block is soon over its limit by chance.
func (s *schedule) giveUp(size int) string {
	if !Failing(s.rows, s.runs, size) && s.blocks != s.plan.Blocks {
		return ""
	}
	verdict := judge(runsOf(s.rows, s.runs, size), size, time.Duration(s.plan.Budget))
	if verdict.Outcome != Refused {
		return ""
	}
	return verdict.Reasons[0].Says
}
