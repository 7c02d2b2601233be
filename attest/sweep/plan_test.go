package sweep

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParseSizes(t *testing.T) {
	for _, test := range []struct {
		list string
		want []int
		err  string
	}{
		{"1,5,10", []int{1, 5, 10}, ""},
		{" 10, 1 ", []int{1, 10}, ""},
		{"10000", []int{10000}, ""},
		{"", nil, "no batch sizes"},
		{" ", nil, "no batch sizes"},
		{"0", nil, "batch size 0: the smallest batch holds 1 envelope"},
		{"-1", nil, "batch size -1: the smallest batch holds 1 envelope"},
		{"x", nil, `batch size "x" is not a whole number`},
		{"1.5", nil, `batch size "1.5" is not a whole number`},
		{"1,,2", nil, `batch size "" is not a whole number`},
		{"5,5", nil, "batch size 5 is given twice"},
		{"10001", nil, "batch size 10001: the largest batch"},
		{"99999999999999999999", nil, "is not a whole number"},
	} {
		got, err := ParseSizes(test.list)
		if test.err != "" {
			require.ErrorContains(t, err, test.err, "ParseSizes(%q)", test.list)
			continue
		}
		require.NoError(t, err, "ParseSizes(%q)", test.list)
		require.Equal(t, test.want, got, "ParseSizes(%q)", test.list)
	}
}

func testPlan() Plan {
	return Plan{
		Sizes: []int{1, 5, 10, 50}, Blocks: 10, Seed: 7,
		MinGap: Millis(100 * time.Millisecond), MaxGap: Millis(200 * time.Millisecond), Budget: Millis(5 * time.Second),
	}
}

func TestNewPlan(t *testing.T) {
	p := testPlan()
	p.Sizes = []int{10, 1}
	got, err := NewPlan(p)
	require.NoError(t, err)
	require.Equal(t, []int{1, 10}, got.Sizes)
	require.Equal(t, []int{10, 1}, p.Sizes, "NewPlan changed its argument")

	for _, test := range []struct {
		change func(*Plan)
		err    string
	}{
		{func(p *Plan) { p.Sizes = nil }, "no batch sizes"},
		{func(p *Plan) { p.Sizes = []int{5, 5} }, "batch size 5 is given twice"},
		{func(p *Plan) { p.Blocks = 0 }, "0 blocks: it takes at least 1"},
		{func(p *Plan) { p.MinGap = -1 }, "gaps from -1ns"},
		{func(p *Plan) { p.MaxGap = 0 }, "gaps from 100ms to 0s"},
		{func(p *Plan) { p.Budget = 0 }, "a budget of 0s"},
	} {
		p := testPlan()
		test.change(&p)
		_, err := NewPlan(p)
		require.ErrorContains(t, err, test.err, "NewPlan(%+v)", p)
	}
}

// TestBlockOrder pins the order that a seed gives: a sweep that is resumed with
// another order would mix two plans.
func TestBlockOrder(t *testing.T) {
	p := testPlan()
	order := func(n int) (sizes []int) {
		for i, run := range p.Block(n, p.Sizes) {
			require.Equal(t, n, run.Block)
			require.Equal(t, i, run.Position)
			sizes = append(sizes, run.Size)
		}
		return sizes
	}
	require.Equal(t, "[50 5 1 10] [1 50 10 5] [50 5 10 1]", fmt.Sprint(order(0), order(1), order(2)))
	require.Equal(t, order(1), order(1), "the order depends on what was asked before")
	for n := range 50 {
		require.ElementsMatch(t, p.Sizes, order(n), "block %d", n)
	}
	require.Equal(t, PhaseScreen, p.Block(9, p.Sizes)[0].Phase)
	require.Equal(t, PhaseConfirm, p.Block(10, p.Sizes)[0].Phase)
}

// TestBlockOrderIsFair counts how often each size comes first: a shuffle that
// favours one would measure it warmer than the others.
func TestBlockOrderIsFair(t *testing.T) {
	p := testPlan()
	first := make(map[int]int)
	for n := range 4000 {
		first[p.Block(n, p.Sizes)[0].Size]++
	}
	for _, k := range p.Sizes {
		require.InDelta(t, 1000, first[k], 120, "K=%d came first %d times of 4000", k, first[k]) // four standard deviations
	}
}

func TestGap(t *testing.T) {
	p := testPlan()
	var sum time.Duration
	for n := range 1000 {
		gap := p.Gap(n)
		require.GreaterOrEqual(t, gap, 100*time.Millisecond)
		require.LessOrEqual(t, gap, 200*time.Millisecond)
		require.Equal(t, gap, p.Gap(n))
		sum += gap
	}
	require.InDelta(t, 150, float64(sum.Milliseconds())/1000, 4)
	p.MaxGap = p.MinGap
	require.Equal(t, 100*time.Millisecond, p.Gap(3))
}

// rowOf is what a run gives on a log where everything is as the test says.
func rowOf(run Run, latency time.Duration, failures int) Row {
	return Row{
		Timestamp: time.Unix(1_800_000_000, 0).UTC(), BatchSize: run.Size, Envelopes: run.Size, TotalBytes: int64(100 * run.Size),
		Latency: latency, Successes: run.Size - failures, Failures: failures,
	}
}

// follow runs a schedule to its end.
func follow(s *schedule, outcome func(Run) Row) {
	for run, more := s.run(); more; run, more = s.run() {
		s.done(outcome(run))
	}
}

func runsBySize(runs []Run) map[int]int {
	n := make(map[int]int)
	for _, r := range runs {
		n[r.Size]++
	}
	return n
}

func TestSchedule(t *testing.T) {
	fine := func(run Run) Row { return rowOf(run, time.Second, 0) }
	for _, test := range []struct {
		name    string
		confirm bool
		outcome func(Run) Row
		want    map[int]int
		stopped []Stopped // with a part of the reason
	}{
		{"screening only", false, fine, map[int]int{1: 10, 5: 10, 10: 10, 50: 10}, nil},
		{"confirmed", true, fine, map[int]int{1: 299, 5: 60, 10: 59, 50: 59}, nil},
		{
			"50 fails in every block", true,
			func(run Run) Row { return rowOf(run, time.Second, run.Size/50) },
			map[int]int{1: 299, 5: 60, 10: 59, 50: 2},
			[]Stopped{{50, "failed in 2 blocks"}},
		},
		{
			"5 fails in block 0 and, long after, in block 20", true,
			func(run Run) Row {
				if run.Size == 5 && (run.Block == 0 || run.Block == 20) {
					return rowOf(run, time.Second, 1)
				}
				return fine(run)
			},
			map[int]int{1: 299, 5: 21, 10: 59, 50: 59},
			[]Stopped{{5, "failed in 2 blocks"}},
		},
		{
			"10 fails once", true,
			func(run Run) Row {
				if run.Size == 10 && run.Block == 3 {
					return rowOf(run, time.Second, 10)
				}
				return fine(run)
			},
			map[int]int{1: 299, 5: 60, 10: 59, 50: 59},
			nil,
		},
		{
			"50 is over the budget all the time", true,
			func(run Run) Row { return rowOf(run, time.Duration(run.Size)*200*time.Millisecond, 0) },
			map[int]int{1: 299, 5: 60, 10: 59, 50: 10},
			[]Stopped{{50, "over the budget"}},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := testPlan()
			p.Confirm = test.confirm
			s := newSchedule(p)
			follow(s, test.outcome)
			require.Equal(t, test.want, runsBySize(s.runs))
			require.Len(t, s.stopped, len(test.stopped), "%v", s.stopped)
			for i, want := range test.stopped {
				require.Equal(t, want.Size, s.stopped[i].Size)
				require.Contains(t, s.stopped[i].Reason, want.Reason)
			}
		})
	}
}

// TestScheduleReplays cuts a sweep at every row: from the rows alone it must go on
// as if nothing had happened.
func TestScheduleReplays(t *testing.T) {
	p := testPlan()
	p.Confirm = true
	outcome := func(run Run) Row {
		failures := 0
		if run.Size == 50 && run.Block%3 == 1 {
			failures = 7
		}
		return rowOf(run, time.Duration(run.Size)*time.Millisecond, failures)
	}
	whole := newSchedule(p)
	follow(whole, outcome)
	for cut := 0; cut <= len(whole.rows); cut += 1 + cut/20 {
		s := newSchedule(p)
		for _, row := range whole.rows[:cut] {
			s.done(row)
		}
		follow(s, outcome)
		require.True(t, slices.EqualFunc(whole.runs, s.runs, func(a, b Run) bool {
			return a.Block == b.Block && a.Position == b.Position && a.Size == b.Size
		}), "cut behind row %d", cut)
		require.Equal(t, whole.stopped, s.stopped, "cut behind row %d", cut)
	}
}
