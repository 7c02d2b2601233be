package sweep

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the goldens in testdata")

// goldenCheck compares got with a golden, or rewrites it under -update.
func goldenCheck(t *testing.T, got []byte, path ...string) {
	t.Helper()
	file := filepath.Join(append([]string{"testdata"}, path...)...)
	if *update {
		require.NotEqual(t, "true", os.Getenv("CI"), "-update in CI would accept whatever comes out")
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, got, 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "run with -update, then read the diff")
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got); if the change is meant, run with -update\n%s", file, diff)
	}
}

// sizeData describes the runs of one size. Run i is in block i.
type sizeData struct {
	size, batches int
	latency       time.Duration // around which batches take up to 20 % more or less
	slow          int           // so many of the batches, spread evenly, took over the budget
	failing       []int         // one entry of the batches of these blocks failed
	retries       int           // of every batch
	retried       int           // so many more retries in the first batch
}

const testBudget = 5 * time.Second

// synthetic makes the rows and the meta of a complete sweep.
func synthetic(env string, data []sizeData) ([]Row, Meta) {
	start := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	m := testMeta(env, start)
	var rows []Row
	blocks := 0
	for _, d := range data {
		m.Plan.Sizes = append(m.Plan.Sizes, d.size)
		blocks = max(blocks, d.batches)
	}
	for b := range blocks {
		order := rand.New(rand.NewPCG(7, uint64(b))).Perm(len(data))
		for position, i := range order {
			if b >= data[i].batches {
				continue
			}
			row, wire := data[i].run(b)
			row.Timestamp = start.Add(time.Duration(len(rows)) * 7 * time.Second)
			rows = append(rows, row)
			phase := "screen"
			if b >= m.Plan.Blocks {
				phase = "confirm"
			}
			m.Runs = append(m.Runs, Run{
				Block: b, Position: position, Size: row.BatchSize, Phase: phase,
				WireBytes: wire, Statuses: map[int]int{201: row.Successes},
			})
		}
	}
	m.Ended = start.Add(time.Duration(len(rows)) * 7 * time.Second)
	return rows, m
}

func (d sizeData) run(block int) (Row, int64) {
	rng := rand.New(rand.NewPCG(uint64(d.size), uint64(block)))
	latency := time.Duration(float64(d.latency) * (0.8 + 0.4*rng.Float64()))
	if d.slow > 0 && block%(d.batches/d.slow) == 0 && block/(d.batches/d.slow) < d.slow {
		latency = testBudget + time.Duration(rng.Int64N(int64(time.Second)))
	}
	row := Row{
		BatchSize: d.size, Envelopes: d.size, Successes: d.size,
		TotalBytes: int64(d.size) * 8123, Latency: latency.Truncate(time.Microsecond), Retries: d.retries,
	}
	for _, b := range d.failing {
		if b == block {
			row.Successes, row.Failures = d.size-1, 1
		}
	}
	if block == 0 {
		row.Retries += d.retried
	}
	return row, int64(d.size) * 11346
}

func testMeta(env string, start time.Time) Meta {
	return Meta{
		Schema: MetaSchema, Started: start, Environment: env,
		Log: LogInfo{
			Kind: "v1", Origin: "rekor.test - 1193050959916656506", Server: "rekor v1.5.4, trillian v1.8.0",
			CheckpointInterval: Millis(100 * time.Millisecond),
			Settings:           map[string]string{"sequencer_interval": "100ms", "batch_size": "1000", "store": "memory"},
		},
		Client: Client{Algorithm: "ecdsa-p256-sha256", Mode: "report", MaxRetries: 3, Timeout: Millis(10 * time.Second), CPUs: 2, Go: "go1.26.8", OS: "linux/amd64"},
		Corpus: Corpus{Reports: 120, MinBytes: 2210, P50Bytes: 7890, MaxBytes: 41230, SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
		Plan:   Plan{Blocks: 10, Seed: 7, Confirm: true, MinGap: Millis(100 * time.Millisecond), MaxGap: Millis(300 * time.Millisecond), Budget: Millis(testBudget)},
	}
}

const ms = time.Millisecond

// decisionCases are the situations that a sweep can end in. Their goldens are in
// testdata/decision.
var decisionCases = []struct {
	name string // the golden's folder, and what the case shows
	data []sizeData
}{
	{"accepted", []sizeData{
		{size: 1, batches: 299, latency: 155 * ms},
		{size: 10, batches: 59, latency: 210 * ms},
		{size: 50, batches: 59, latency: 320 * ms},
	}},
	{"refused-by-failures", []sizeData{
		{size: 5, batches: 60, latency: 180 * ms},
		{size: 10, batches: 59, latency: 210 * ms},
		{size: 50, batches: 7, latency: 900 * ms, failing: []int{2, 6}},
		{size: 100, batches: 4, latency: 1900 * ms, failing: []int{0, 1, 2, 3}},
	}},
	{"one-failed-block", []sizeData{
		{size: 10, batches: 59, latency: 210 * ms},
		{size: 50, batches: 59, latency: 900 * ms, failing: []int{4}},
	}},
	{"refused-by-latency", []sizeData{
		{size: 10, batches: 59, latency: 210 * ms},
		{size: 100, batches: 59, latency: 3800 * ms},
		{size: 500, batches: 10, latency: 8 * time.Second},
	}},
	{"budget-failed", []sizeData{
		{size: 10, batches: 10, latency: 8 * time.Second},
		{size: 50, batches: 10, latency: 9 * time.Second},
	}},
	{"too-little-data", []sizeData{
		{size: 1, batches: 10, latency: 155 * ms},
		{size: 10, batches: 10, latency: 210 * ms},
		{size: 50, batches: 10, latency: 320 * ms},
	}},
	{"latency-open", []sizeData{
		{size: 10, batches: 59, latency: 210 * ms},
		{size: 100, batches: 59, latency: 3500 * ms, slow: 1},
		{size: 200, batches: 93, latency: 3500 * ms, slow: 1},
		{size: 500, batches: 59, latency: 3500 * ms, slow: 4},
	}},
	{"hard-maximum-not-reached", []sizeData{
		{size: 10, batches: 59, latency: 210 * ms},
		{size: 1000, batches: 59, latency: 2500 * ms},
	}},
	{"one-lucky-size", []sizeData{
		{size: 10, batches: 59, latency: 210 * ms},
		{size: 50, batches: 8, latency: 900 * ms, failing: []int{1, 7}},
		{size: 100, batches: 59, latency: 1200 * ms},
		{size: 200, batches: 3, latency: 1900 * ms, failing: []int{0, 2}},
	}},
	{"retries-over-the-limit", []sizeData{
		{size: 10, batches: 59, latency: 210 * ms, retried: 29},  // 0.049 an entry
		{size: 20, batches: 59, latency: 240 * ms, retried: 60},  // 0.051, all in one batch
		{size: 50, batches: 59, latency: 900 * ms, retries: 3},   // 0.06 in every batch
		{size: 100, batches: 58, latency: 900 * ms, retries: 30}, // 0.3, but one batch short
	}},
	{"smallest-entries-short", []sizeData{
		{size: 1, batches: 59, latency: 155 * ms},
		{size: 10, batches: 59, latency: 210 * ms},
	}},
	{"empty", []sizeData{{size: 1}, {size: 10}}},
}

func TestDecideGolden(t *testing.T) {
	for _, tt := range decisionCases {
		t.Run(tt.name, func(t *testing.T) {
			rows, meta := synthetic("test", tt.data)
			d, err := Decide(rows, meta)
			require.NoError(t, err)
			got, err := d.Encode()
			require.NoError(t, err)
			goldenCheck(t, got, "decision", tt.name, "decision.json")
		})
	}
}

// Every golden has its case: a folder that no test reads would rot.
func TestGoldensHaveCases(t *testing.T) {
	names := map[string]bool{}
	for _, tt := range decisionCases {
		names[tt.name] = true
	}
	dirs, err := os.ReadDir(filepath.Join("testdata", "decision"))
	require.NoError(t, err)
	for _, d := range dirs {
		require.True(t, names[d.Name()], "testdata/decision/%s has no case", d.Name())
	}
	require.Len(t, dirs, len(decisionCases))
}

func TestDecideErrors(t *testing.T) {
	for _, tt := range []struct {
		name  string
		spoil func(rows *[]Row, m *Meta)
		want  string
	}{
		{"no sizes", func(_ *[]Row, m *Meta) { m.Plan.Sizes = nil }, "no sizes"},
		{"sizes descend", func(_ *[]Row, m *Meta) { m.Plan.Sizes = []int{10, 1} }, "ascending"},
		{"size 0", func(_ *[]Row, m *Meta) { m.Plan.Sizes = []int{0, 1, 10} }, "positive"},
		{"a size beyond all", func(_ *[]Row, m *Meta) { m.Plan.Sizes = []int{1, 10, MaxSize + 1} }, "at most 10000"},
		{"no budget", func(_ *[]Row, m *Meta) { m.Plan.Budget = 0 }, "budget"},
		{"a row more", func(rows *[]Row, _ *Meta) { *rows = append(*rows, (*rows)[0]) }, "5 rows but 4 runs"},
		{"another size", func(_ *[]Row, m *Meta) { m.Runs[2].Size = 7 }, "row 3: batch size"},
		{"not planned", func(_ *[]Row, m *Meta) { m.Plan.Sizes = []int{1, 11} }, "not in the plan"},
		{"counts", func(rows *[]Row, _ *Meta) { (*rows)[3].Successes = 0 }, "row 4: 0 successes"},
		{"negative", func(rows *[]Row, _ *Meta) { (*rows)[1].Retries = -1 }, "row 2"},
		{"smaller batch", func(rows *[]Row, _ *Meta) { (*rows)[1].Envelopes = 3 }, "row 2: envelopes_count"},
		{"no latency", func(rows *[]Row, _ *Meta) { (*rows)[0].Latency = 0 }, "row 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rows, meta := synthetic("test", []sizeData{{size: 1, batches: 2, latency: ms}, {size: 10, batches: 2, latency: ms}})
			tt.spoil(&rows, &meta)
			_, err := Decide(rows, meta)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

// Verdicts at the very edge of a rule, which a synthetic sweep does not meet.
func TestDecideEdges(t *testing.T) {
	for _, tt := range []struct {
		name string
		data sizeData
		edit func(rows []Row, runs []Run)
		want Outcome
		more int
	}{
		{"two failed batches of one block", sizeData{size: 10, batches: 59, latency: ms, failing: []int{3, 4}}, func(_ []Row, runs []Run) {
			runs[4].Block = 3
		}, Inconclusive, 0},
		{"every batch takes the whole budget", sizeData{size: 10, batches: 59, latency: ms}, func(rows []Row, _ []Run) {
			for i := range rows {
				rows[i].Latency = testBudget
			}
		}, Accepted, 0},
		{"one batch is over the budget, one takes it whole", sizeData{size: 10, batches: 59, latency: ms}, func(rows []Row, _ []Run) {
			rows[0].Latency, rows[1].Latency = testBudget+ms, testBudget
		}, Inconclusive, 34},
		{"the only batch is too slow", sizeData{size: 10, batches: 1, latency: 2 * testBudget}, nil, Inconclusive, 92},
		{"both batches are too slow, in one block", sizeData{size: 10, batches: 2, latency: 2 * testBudget}, func(_ []Row, runs []Run) {
			runs[1].Block = 0
		}, Inconclusive, 122},
		{"both batches are too slow", sizeData{size: 10, batches: 2, latency: 2 * testBudget}, nil, Refused, 0},
		{"retries at the limit", sizeData{size: 10, batches: 60, latency: ms, retried: 30}, nil, Accepted, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rows, meta := synthetic("test", []sizeData{tt.data})
			if tt.edit != nil {
				tt.edit(rows, meta.Runs)
			}
			got := mustDecide(t, rows, meta).Sizes[0]
			require.Equal(t, tt.want, got.Outcome)
			require.Equal(t, tt.more, got.MoreBatches)
		})
	}
}

func TestMoreNeeded(t *testing.T) {
	for _, tt := range []struct{ size, batches, want int }{
		{1, 0, 299},
		{1, 59, 240},
		{1, 299, 0},
		{5, 59, 1},
		{6, 58, 1},
		{6, 59, 0},
		{100, 10, 49},
		{100, 70, 0},
	} {
		rows, _ := synthetic("test", []sizeData{{size: tt.size, batches: tt.batches, latency: ms}, {size: 1000, batches: 90, latency: ms}})
		require.Equal(t, tt.want, MoreNeeded(rows, tt.size), "MoreNeeded of %d after %d batches", tt.size, tt.batches)
	}
}

func TestFailing(t *testing.T) {
	data := []sizeData{{size: 1, batches: 5, latency: ms, failing: []int{3}}, {size: 10, batches: 5, latency: ms, failing: []int{1, 3}}}
	rows, meta := synthetic("test", data)
	require.False(t, Failing(rows, meta.Runs, 1), "one block")
	require.True(t, Failing(rows, meta.Runs, 10), "two blocks")
	require.False(t, Failing(rows[:6], meta.Runs, 10), "before its second failure")
	for i := range meta.Runs {
		meta.Runs[i].Block = 0
	}
	require.False(t, Failing(rows, meta.Runs, 10), "twice in one block")
}

// randomSweep makes a sweep whose sizes are accepted, refused and in between.
func randomSweep(rng *rand.Rand) ([]Row, Meta) {
	var data []sizeData
	for _, size := range []int{1, 5, 10, 50, 100}[:1+rng.IntN(5)] {
		d := sizeData{size: size, batches: enough(size) + rng.IntN(40), latency: time.Duration(rng.IntN(4000)+1) * ms}
		switch rng.IntN(8) {
		case 0:
			d.failing = []int{rng.IntN(d.batches)}
		case 1:
			d.failing = []int{rng.IntN(d.batches), rng.IntN(d.batches)}
		case 2:
			d.slow = 1 + rng.IntN(9)
		case 3:
			d.retried = rng.IntN(d.size * 8)
		case 4:
			d.batches = rng.IntN(d.batches)
		}
		data = append(data, d)
	}
	return synthetic("test", data)
}

func mustDecide(t *testing.T, rows []Row, meta Meta) Decision {
	t.Helper()
	d, err := Decide(rows, meta)
	require.NoError(t, err)
	return d
}

func outcomes(d Decision) map[int]Outcome {
	m := map[int]Outcome{}
	for _, s := range d.Sizes {
		m[s.BatchSize] = s.Outcome
	}
	return m
}

func TestDecideProperties(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	seen := map[Outcome]int{}
	for i := range 100 {
		rows, meta := randomSweep(rng)
		d := mustDecide(t, rows, meta)
		for _, s := range d.Sizes {
			seen[s.Outcome]++
		}
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			checkCoherent(t, d)
			checkFailingRun(t, rng, rows, meta, d)
			checkOrder(t, rng, rows, meta, d)
			checkSlower(t, rng, rows, meta, d)
			checkMore(t, rows, meta, d)
		})
	}
	require.Greater(t, min(seen[Accepted], seen[Refused], seen[Inconclusive]), 20, "the sweeps made are too alike: %v", seen)
}

// checkCoherent: the verdicts and the two numbers fit one another.
func checkCoherent(t *testing.T, d Decision) {
	for _, s := range d.Sizes {
		require.NotEmpty(t, s.Reasons)
		require.Equal(t, s.BatchSize <= d.Default || s.Outcome == Accepted, s.Outcome == Accepted, "every size up to the default is accepted")
		require.True(t, s.MoreBatches == 0 || s.Outcome == Inconclusive, "only an open size has more to run")
	}
	require.LessOrEqual(t, d.Default, d.HardMax.Size)
	if d.HardMax.Reached() {
		require.Less(t, d.HardMax.Size, d.HardMax.FirstFailing)
		require.Equal(t, Refused, outcomes(d)[d.HardMax.FirstFailing])
	}
	require.Equal(t, d.Default > 0, d.Status == Decided)
}

// checkFailingRun: one more failing run makes no size accepted, and leaves what is
// refused for failures refused.
func checkFailingRun(t *testing.T, rng *rand.Rand, rows []Row, meta Meta, d Decision) {
	size := meta.Plan.Sizes[rng.IntN(len(meta.Plan.Sizes))]
	row := Row{BatchSize: size, Envelopes: size, Failures: size, Latency: ms}
	meta.Runs = append(meta.Runs[:len(meta.Runs):len(meta.Runs)], Run{Block: rng.IntN(400), Size: size})
	got := outcomes(mustDecide(t, append(rows[:len(rows):len(rows)], row), meta))[size]
	require.NotEqual(t, Accepted, got, "%d with a failing run", size)
	for _, s := range d.Sizes {
		if s.BatchSize == size && s.FailedBlocks >= 2 {
			require.Equal(t, Refused, got)
		}
	}
}

// checkOrder: the order of the runs within a block does not matter.
func checkOrder(t *testing.T, rng *rand.Rand, rows []Row, meta Meta, d Decision) {
	rows, runs := append([]Row{}, rows...), append([]Run{}, meta.Runs...)
	for range len(rows) {
		i, j := rng.IntN(len(rows)), rng.IntN(len(rows))
		if runs[i].Block == runs[j].Block {
			rows[i], rows[j] = rows[j], rows[i]
			runs[i], runs[j] = runs[j], runs[i]
		}
	}
	meta.Runs = runs
	got := mustDecide(t, rows, meta)
	got.Measured.RowsSHA256, got.Measured.MetaSHA256 = d.Measured.RowsSHA256, d.Measured.MetaSHA256
	require.Equal(t, d, got)
}

// checkSlower: higher latencies never raise the default or the hard maximum.
func checkSlower(t *testing.T, rng *rand.Rand, rows []Row, meta Meta, d Decision) {
	rows = append([]Row{}, rows...)
	factor := 1 + 3*rng.Float64()
	for i := range rows {
		rows[i].Latency = time.Duration(float64(rows[i].Latency) * factor)
	}
	got := mustDecide(t, rows, meta)
	require.LessOrEqual(t, got.Default, d.Default)
	require.LessOrEqual(t, got.HardMax.Size, d.HardMax.Size)
}

// checkMore: an open size is accepted after MoreBatches good runs, and after none
// fewer. One that has nothing more to run is not accepted after any number.
func checkMore(t *testing.T, rows []Row, meta Meta, d Decision) {
	for _, s := range d.Sizes {
		if s.Outcome != Inconclusive {
			continue
		}
		after := func(n int) Outcome {
			rows, meta := rows[:len(rows):len(rows)], meta
			meta.Runs = meta.Runs[:len(meta.Runs):len(meta.Runs)]
			for i := range n {
				rows = append(rows, Row{BatchSize: s.BatchSize, Envelopes: s.BatchSize, Successes: s.BatchSize, Latency: ms})
				meta.Runs = append(meta.Runs, Run{Block: 1000 + i, Size: s.BatchSize})
			}
			return outcomes(mustDecide(t, rows, meta))[s.BatchSize]
		}
		if s.MoreBatches == 0 {
			require.Equal(t, Inconclusive, after(400), "%d failed in one block", s.BatchSize)
			continue
		}
		require.Equal(t, Accepted, after(s.MoreBatches), "%d after %d more", s.BatchSize, s.MoreBatches)
		require.Equal(t, Inconclusive, after(s.MoreBatches-1), "%d after %d more", s.BatchSize, s.MoreBatches-1)
	}
}

func TestCombine(t *testing.T) {
	decide := func(env string, data ...sizeData) Decision {
		rows, meta := synthetic(env, data)
		return mustDecide(t, rows, meta)
	}
	good := func(size int) sizeData { return sizeData{size: size, batches: enough(size), latency: ms} }
	bad := func(size int) sizeData { return sizeData{size: size, batches: 2, latency: ms, failing: []int{0, 1}} }
	var (
		large  = decide("large", good(1), good(10), good(50), good(100), bad(500))
		small  = decide("small", good(1), good(20), bad(200))
		short  = decide("short", good(1), good(50))
		open   = decide("open", sizeData{size: 1, batches: 9, latency: ms})
		broken = decide("broken", bad(1), bad(10))
		half   = decide("half", sizeData{size: 1, batches: 9, latency: ms}, bad(50))
	)
	for _, tt := range []struct {
		name        string
		in          []Decision
		def         int
		defFrom     string
		hardMax     string
		hardMaxFrom string
		undecided   []string
	}{
		{"none", nil, 0, "", "not reached", "", nil},
		{"one", []Decision{large}, 100, "large", "100, below 500", "large", nil},
		{"smallest of both", []Decision{large, small}, 20, "small", "20, below 200", "small", nil},
		{"the order does not matter", []Decision{small, large}, 20, "small", "20, below 200", "small", nil},
		{"not measured further", []Decision{large, short}, 50, "short", "not reached, ≥ 50", "short", nil},
		{"undecided is named", []Decision{large, open}, 100, "large", "100, below 500", "large", []string{"open"}},
		{"failed is named", []Decision{broken, small}, 0, "small", "none, below 1", "broken", []string{"broken"}},
		{"a failure counts before the default", []Decision{large, half}, 1, "large", "1, below 50", "half", []string{"half"}},
		{"only undecided", []Decision{open}, 0, "", "not reached", "", []string{"open"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := Combine(tt.in)
			require.Equal(t, tt.def, l.Default)
			require.Equal(t, tt.hardMax, l.HardMax.String())
			require.Contains(t, l.DefaultFrom, tt.defFrom)
			require.Contains(t, l.HardMaxFrom, tt.hardMaxFrom)
			require.NotEmpty(t, l.DefaultReason)
			require.NotEmpty(t, l.HardMax.Reason)
			require.Len(t, l.Undecided, len(tt.undecided))
			for i, name := range tt.undecided {
				require.Contains(t, l.Undecided[i], name)
			}
		})
	}
}
