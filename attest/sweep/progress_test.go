package sweep

import (
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func quietProgress(t testing.TB) *Progress {
	p := NewProgress(io.Discard, false, 0)
	t.Cleanup(p.Close)
	return p
}

func TestProgressPlain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, log := newRunner(t)
		r.Plan.Sizes, r.Plan.Blocks, r.Plan.MaxGap = []int{1, 5}, 3, r.Plan.MinGap
		log.latency = 4 * time.Second
		var b strings.Builder
		s := newSweep(t, r)
		s.Progress = NewProgress(&b, false, 0)
		require.NoError(t, s.Run(t.Context()))
		s.Progress.Close()
		require.Equal(t, `seed 7, 3 blocks of 2 sizes, gaps of 100 ms to 100 ms; 0 runs done
warming up with a batch of 5, not counted
block 1 of 3: 2 runs, 0 of 6 entries failed; p50 of 1: 4.0 s, 5: 4.0 s; 16 s left
block 2 of 3: 4 runs, 0 of 12 entries failed; p50 of 1: 4.0 s, 5: 4.0 s; 8.2 s left
block 3 of 3: 6 runs, 0 of 18 entries failed; p50 of 1: 4.0 s, 5: 4.0 s; 0 s left
`, b.String())
	})
}

// TestProgressPlainWhileConfirming: hundreds of quick blocks must not be hundreds of
// lines, nor a slow one silence.
func TestProgressPlainWhileConfirming(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := newRunner(t)
		r.Plan.Confirm = true
		var b strings.Builder
		s := newSweep(t, r)
		s.Progress = NewProgress(&b, false, 0)
		require.NoError(t, s.Run(t.Context()))
		lines := strings.Split(b.String(), "\n")
		require.Contains(t, lines[len(lines)-2], "confirming, block 299: 509 runs, 0 of 899 entries failed")
		require.Less(t, len(lines), 80)

		log := r.Log.(*fakeLog)
		log.latency = 9 * time.Second
		r.Plan.Sizes, r.Plan.Blocks, r.Plan.Confirm = []int{1, 2, 3, 4, 5}, 1, false
		b.Reset()
		slow := newSweep(t, r)
		slow.Progress = NewProgress(&b, false, 0)
		require.NoError(t, slow.Run(t.Context()))
		require.Equal(t, 5, strings.Count(b.String(), "\n"), "%s", b.String())
	})
}

func TestProgressPicture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, log := newRunner(t)
		r.Plan.Sizes, r.Plan.Blocks, r.Plan.MaxGap = []int{1, 5}, 3, r.Plan.MinGap
		log.latency = time.Second
		var b strings.Builder
		p := NewProgress(&b, true, 100)
		r.Log = p.Watch(r.Log)
		s := newSweep(t, r)
		s.Progress = p
		require.NoError(t, s.Run(t.Context()))
		p.Close()
		p.Close() // a second one does nothing

		frames := strings.Split(b.String(), "\x1b[5A")
		require.True(t, strings.HasPrefix(frames[0], hideCursor))
		require.True(t, strings.HasSuffix(b.String(), showCursor), "the cursor was not given back")
		require.Equal(t, 1, strings.Count(b.String(), showCursor))
		clean := func(frame string) string { return strings.ReplaceAll(frame, clearLine, "") }
		require.Equal(t, `     K  batches                                         p50  failed entries
     1  ■■·                                2/3        1.0 s  0 of 2; 297 more for 95 %
     5  ■▸·                                1/3        1.0 s  0 of 5; 59 more for 95 %
block 2 of 3, run 2: a batch of 5; 5 in flight; 2.9 s left
answers: 201 ×12
`, clean(frames[47]))
		require.Equal(t, `     K  batches                                         p50  failed entries
     1  ■■■                                3/3        1.0 s  0 of 3; 296 more for 95 %
     5  ■■■                                3/3        1.0 s  0 of 15; 57 more for 95 %
done; 0 in flight; 0 s left
answers: 201 ×23
`, strings.TrimSuffix(clean(frames[len(frames)-1]), showCursor))
	})
}

func TestProgressFitsTheTerminal(t *testing.T) {
	var b strings.Builder
	p := NewProgress(&b, true, 20)
	p.begin(newSchedule(testPlan()))
	p.Close()
	for line := range strings.SplitSeq(strings.TrimPrefix(b.String(), hideCursor), "\n") {
		line = strings.NewReplacer(clearLine, "", showCursor, "").Replace(line)
		require.Less(t, len([]rune(line)), 20, "%q", line)
	}
}

func TestCells(t *testing.T) {
	many := make([]bool, 150)
	many[60] = true
	for _, test := range []struct {
		size    sizeView
		running bool
		want    string
	}{
		{sizeView{planned: 3}, true, "▸··"},
		{sizeView{planned: 3}, false, "···"},
		{sizeView{planned: 3, done: 2, failed: []bool{false, true}}, true, "■✗▸"},
		{sizeView{planned: 3, done: 3, failed: make([]bool, 3)}, true, "■■■"},
		{sizeView{planned: 300, done: 150, failed: many}, true, strings.Repeat("■", 6) + "✗" + strings.Repeat("■", 8) + "▸" + strings.Repeat("·", 14)},
		// A size that failed once may run on beyond its plan.
		{sizeView{planned: 2, done: 3, failed: []bool{false, false, true}}, true, "■✗"},
	} {
		require.Equal(t, test.want, strings.TrimRight(test.size.cells(test.running), " "), "%+v", test.size)
		require.Len(t, []rune(test.size.cells(test.running)), maxCells)
	}
}

func TestShort(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", 152 * time.Millisecond: "152 ms", 1500 * time.Millisecond: "1.5 s", 42 * time.Second: "42 s",
		150 * time.Second: "2 min", 90 * time.Minute: "90 min", 3 * time.Hour: "3.0 h",
	} {
		require.Equal(t, want, short(d))
	}
}
