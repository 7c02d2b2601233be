package sweep

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// DecisionSchema names the format of decision.json.
const DecisionSchema = "stella.sweep-decision/v1"

// What a size must show to be accepted.
const (
	// MaxEntryFailureRate bounds the upper bound of the rate of failed entries.
	MaxEntryFailureRate = 0.01
	// MaxBatchFailureRate bounds the upper bound of the rate of batches with a failure.
	MaxBatchFailureRate = 0.05
	// MaxRetriesPerEntry bounds the mean number of retries of an entry.
	MaxRetriesPerEntry = 0.05
	// MinEntries is the fewest entries that prove MaxEntryFailureRate when none
	// failed: 0.99^299 < 0.05.
	MinEntries = 299
	// MinBatches is the fewest batches that prove MaxBatchFailureRate when none
	// failed, and that give p95 an upper bound: 0.95^59 < 0.05.
	MinBatches = 59
)

// Outcome is the verdict on one batch size.
type Outcome string

const (
	// Accepted: every limit is proven to be kept.
	Accepted Outcome = "accepted"
	// Refused: a limit is proven to be broken. No further run changes that.
	Refused Outcome = "refused"
	// Inconclusive: neither is proven yet.
	Inconclusive Outcome = "inconclusive"
)

// Status is what a decision as a whole came to.
type Status string

const (
	// Decided: there is a default batch size.
	Decided Status = "decided"
	// Undecided: there is no default yet, more data may give one.
	Undecided Status = "inconclusive"
	// BudgetFailed: the smallest size is refused, because its latency, its failures
	// or its retries are over their limit, so no size can be the default.
	BudgetFailed Status = "budget-failed"
)

// Check names the limit that a [Reason] speaks of.
type Check string

// The limits of a decision.
const (
	CheckSample   Check = "sample" // enough batches and entries
	CheckFailures Check = "failures"
	CheckLatency  Check = "latency"
	CheckRetries  Check = "retries"
)

// Decision says which batch sizes a log takes, as far as one sweep proves it. It
// holds for what was measured and for nothing else: see Measured.
type Decision struct {
	Schema string `json:"schema"`
	Status Status `json:"status"`
	// Default is the largest size such that it and every smaller size are accepted,
	// 0 where the smallest is not.
	Default       int      `json:"default"`
	DefaultReason string   `json:"default_reason"`
	HardMax       HardMax  `json:"hard_max"`
	Sizes         []Size   `json:"sizes"` // one for each size of the plan, ascending
	Warnings      []string `json:"warnings"`
	Measured      Measured `json:"measured"`
}

// HardMax is the size that no batch may exceed. A maximum that may be used must
// not itself be known to fail, so it is the largest size that was measured below
// the first failing one.
type HardMax struct {
	// Size is 0 where the smallest size measured fails already, or nothing was
	// measured.
	Size int `json:"batch_size"`
	// FirstFailing is the smallest size that failed in two blocks, or whose lower
	// bound of p95 is over the budget. 0 says that no size measured did: the maximum
	// was not reached, it is at least Size, and nothing is known beyond.
	FirstFailing int    `json:"first_failing"`
	Reason       string `json:"reason"` // why FirstFailing fails, or that none does
}

// Reached reports whether a size was measured that fails.
func (h HardMax) Reached() bool { return h.FirstFailing > 0 }

// Measured is what a decision binds to.
type Measured struct {
	Environment string    `json:"environment"`
	Started     time.Time `json:"started_utc"`
	Log         LogInfo   `json:"log"`
	Client      Client    `json:"client"`
	Corpus      Corpus    `json:"corpus"`
	Seed        uint64    `json:"seed"`
	MinGap      Millis    `json:"min_gap_ms"`
	MaxGap      Millis    `json:"max_gap_ms"`
	Budget      Millis    `json:"budget_ms"`
	Rows        int       `json:"rows"`
	RowsSHA256  string    `json:"rows_sha256"` // of results.csv
	MetaSHA256  string    `json:"meta_sha256"` // of results.meta.json without its white space
}

// Size is the verdict on one batch size and what it rests on. Bounds are
// one-sided, at 95 %.
type Size struct {
	BatchSize int      `json:"batch_size"`
	Outcome   Outcome  `json:"outcome"`
	Reasons   []Reason `json:"reasons"` // never empty
	// MoreBatches is the fewest further batches after which the size can be
	// accepted, if none of them fails, retries or goes over the budget. 0 where it
	// is accepted, or where no further batch of this sweep can have it accepted.
	MoreBatches int `json:"more_batches"`

	Batches       int `json:"batches"`
	Entries       int `json:"entries"`
	Failures      int `json:"failures"`       // entries
	FailedBatches int `json:"failed_batches"` // with at least one failed entry
	FailedBlocks  int `json:"failed_blocks"`  // with at least one failed batch
	Retries       int `json:"retries"`

	RetriesPerEntry   float64 `json:"retries_per_entry"`
	EntryFailureUpper float64 `json:"entry_failure_upper"` // rate, 0 to 1
	BatchFailureUpper float64 `json:"batch_failure_upper"` // rate, 0 to 1

	// P50, P95 and P99 are of the latency of a batch, absent without batches. A
	// failed batch counts with the time to its last outcome.
	P50 Quantile `json:"p50,omitzero"`
	P95 Quantile `json:"p95,omitzero"`
	P99 Quantile `json:"p99,omitzero"`
	// Throughput is logged entries per second of batch time: the gaps between
	// batches do not count. Absent without batches.
	Throughput    Estimate `json:"throughput_entries_per_s,omitzero"`
	BytesPerEntry float64  `json:"bytes_per_entry"`      // of the envelope
	WirePerEntry  float64  `json:"wire_bytes_per_entry"` // of the request body
}

// Reason is a finding that a verdict rests on, in words.
type Reason struct {
	Check Check  `json:"check"`
	Says  string `json:"says"`
}

// Quantile is a measured quantile with its bounds. A bound is nil where there are
// too few batches for one.
type Quantile struct {
	Value Millis  `json:"value_ms"`
	Lower *Millis `json:"lower_ms"`
	Upper *Millis `json:"upper_ms"`
}

// Estimate is a measured value with its bounds.
type Estimate struct {
	Value float64 `json:"value"`
	Lower float64 `json:"lower"`
	Upper float64 `json:"upper"`
}

// Decide judges every size of the plan and derives the default and the hard
// maximum. It is a pure function: the same rows and meta give the same decision,
// byte for byte. Too little data is a verdict, not an error; an error says that
// the rows and the meta are not of one sweep, or that the plan has no sizes or no
// budget.
//
// A size is accepted iff nothing failed, the upper bounds of its rates of failed
// entries and failed batches are at most [MaxEntryFailureRate] and
// [MaxBatchFailureRate], the upper bound of its p95 latency is within the budget,
// and its retries per entry are at most [MaxRetriesPerEntry].
//
// It is refused iff it failed in two blocks, or its lower bound of p95 is over the
// budget and batches of two blocks were, or with [MinBatches] and [MinEntries]
// done the lower bound of its mean retries per entry is over the limit. Two blocks
// are asked for because one may have met a passing trouble.
//
// The rest is inconclusive. A size that failed in one block stays so for good: one
// more failing block refuses it, and only a new sweep can accept it, because to
// run on until enough batches went well would be to choose the data.
func Decide(rows []Row, meta Meta) (Decision, error) {
	if err := checkInput(rows, meta); err != nil {
		return Decision{}, fmt.Errorf("deciding the batch size: %w", err)
	}
	d := Decision{Schema: DecisionSchema, Measured: measured(rows, meta)}
	for _, k := range meta.Plan.Sizes {
		d.Sizes = append(d.Sizes, judge(runsOf(rows, meta.Runs, k), k, time.Duration(meta.Plan.Budget)))
	}
	d.Default, d.DefaultReason = defaultSize(d.Sizes)
	d.HardMax = hardMax(d.Sizes)
	d.Status = status(d)
	d.Warnings = warnings(d, meta)
	return d, nil
}

// MoreNeeded is how many more batches of the size it takes until there are enough
// batches and entries for a verdict, 0 where there are.
func MoreNeeded(rows []Row, size int) int {
	n := 0
	for _, r := range rows {
		if r.BatchSize == size {
			n++
		}
	}
	return max(enough(size)-n, 0)
}

// Failing reports whether the size failed in two blocks, which refuses it whatever
// comes after. Runs[i] belongs to row i; runs beyond the rows are not looked at.
func Failing(rows []Row, runs []Run, size int) bool {
	return failedBlocks(runsOf(rows, runs, size)) >= 2
}

// enough is the number of batches that give MinBatches and MinEntries.
func enough(size int) int {
	return max(MinBatches, (MinEntries+size-1)/size)
}

// measurement is a row with what meta says of its run.
type measurement struct {
	Row
	block int
	wire  int64
}

// runsOf gives the measurements of one size in an order that does not depend on
// the order of rows.
func runsOf(rows []Row, runs []Run, size int) []measurement {
	var ms []measurement
	for i, r := range rows[:min(len(rows), len(runs))] {
		if r.BatchSize == size {
			ms = append(ms, measurement{Row: r, block: runs[i].Block, wire: runs[i].WireBytes})
		}
	}
	slices.SortFunc(ms, func(a, b measurement) int {
		return cmp.Or(cmp.Compare(a.Latency, b.Latency), cmp.Compare(a.Successes, b.Successes), cmp.Compare(a.Retries, b.Retries))
	})
	return ms
}

func failedBlocks(ms []measurement) int {
	return blocksWhere(ms, func(m measurement) bool { return m.Failures > 0 })
}

func blocksWhere(ms []measurement, is func(measurement) bool) int {
	blocks := map[int]bool{}
	for _, m := range ms {
		if is(m) {
			blocks[m.block] = true
		}
	}
	return len(blocks)
}

// judge gives the verdict on the size k, of which ms are the runs.
func judge(ms []measurement, k int, budget time.Duration) Size {
	s := summarize(ms, k)
	if s.Reasons = refusals(s, ms, budget); len(s.Reasons) > 0 {
		s.Outcome = Refused
		return rounded(s)
	}
	if s.Reasons, s.MoreBatches = doubts(s, ms, budget); len(s.Reasons) > 0 {
		s.Outcome = Inconclusive
		return rounded(s)
	}
	s.Outcome = Accepted
	s.Reasons = proofs(s, budget)
	return rounded(s)
}

func summarize(ms []measurement, k int) Size {
	s := Size{BatchSize: k, Batches: len(ms), Entries: k * len(ms), FailedBlocks: failedBlocks(ms)}
	var bytes, wire int64
	latencies, seconds, logged := make([]float64, len(ms)), make([]float64, len(ms)), make([]float64, len(ms))
	for i, m := range ms {
		s.Failures += m.Failures
		s.Retries += m.Retries
		if m.Failures > 0 {
			s.FailedBatches++
		}
		bytes += m.TotalBytes
		wire += m.wire
		latencies[i], seconds[i], logged[i] = float64(m.Latency), m.Latency.Seconds(), float64(m.Successes)
	}
	s.EntryFailureUpper = rateUpper(s.Failures, s.Entries)
	s.BatchFailureUpper = rateUpper(s.FailedBatches, s.Batches)
	if len(ms) == 0 {
		return s
	}
	s.RetriesPerEntry = float64(s.Retries) / float64(s.Entries)
	s.BytesPerEntry = float64(bytes) / float64(s.Entries)
	s.WirePerEntry = float64(wire) / float64(s.Entries)
	s.P50, s.P95, s.P99 = quantile(latencies, 0.50), quantile(latencies, 0.95), quantile(latencies, 0.99)
	s.Throughput = throughput(logged, seconds)
	return s
}

// refusals says which limits are proven to be broken.
func refusals(s Size, ms []measurement, budget time.Duration) []Reason {
	var rs []Reason
	if s.FailedBlocks >= 2 {
		rs = append(rs, Reason{CheckFailures, fmt.Sprintf("failed in %d blocks: %d of %s, %d of %s",
			s.FailedBlocks, s.FailedBatches, count(s.Batches, "batch"), s.Failures, count(s.Entries, "entry"))})
	}
	over := func(m measurement) bool { return m.Latency > budget }
	if lower := s.P95.Lower; lower != nil && time.Duration(*lower) > budget && blocksWhere(ms, over) >= 2 {
		rs = append(rs, Reason{CheckLatency, fmt.Sprintf("p95 latency is at least %s, over the budget of %s",
			duration(*lower), duration(Millis(budget)))})
	}
	if lower := retriesLower(ms); s.Batches >= enough(s.BatchSize) && lower > MaxRetriesPerEntry {
		rs = append(rs, Reason{CheckRetries, fmt.Sprintf("%.3f retries per entry, at least %.3f, over the limit of %g",
			s.RetriesPerEntry, lower, MaxRetriesPerEntry)})
	}
	return rs
}

// retriesLower is the lower bound of the mean retries per entry. The batch is the
// unit, not the entry: the entries of one batch are throttled together.
func retriesLower(ms []measurement) float64 {
	perEntry := make([]float64, len(ms))
	for i, m := range ms {
		perEntry[i] = float64(m.Retries) / float64(m.Envelopes)
	}
	return meanLower(perEntry)
}

// doubts says what keeps a size that is not refused from being accepted, and the
// fewest further batches that can remove every doubt.
func doubts(s Size, ms []measurement, budget time.Duration) (rs []Reason, more int) {
	if s.Failures > 0 {
		return []Reason{{CheckFailures, fmt.Sprintf("%d of %s failed, in one block: one more failing block refuses it, only a new sweep can accept it",
			s.FailedBatches, count(s.Batches, "batch"))}}, 0
	}
	if s.Batches == 0 {
		more = enough(s.BatchSize)
		return []Reason{{CheckSample, fmt.Sprintf("no batch was run: %d more", more)}}, more
	}
	if s.EntryFailureUpper > MaxEntryFailureRate || s.BatchFailureUpper > MaxBatchFailureRate {
		more = enough(s.BatchSize) - s.Batches
		rs = append(rs, Reason{CheckSample, fmt.Sprintf("%s and %s are too few, failure rates up to %s are not ruled out: %d more",
			count(s.Batches, "batch"), count(s.Entries, "entry"), percent(max(s.EntryFailureUpper, s.BatchFailureUpper)), more)})
	}
	over := 0
	for _, m := range ms {
		if m.Latency > budget {
			over++
		}
	}
	if upper := s.P95.Upper; over > 0 && (upper == nil || time.Duration(*upper) > budget) {
		need := samplesWithin(over) - s.Batches
		more = max(more, need)
		rs = append(rs, Reason{CheckLatency, fmt.Sprintf("%d of %s took longer than the budget of %s, which leaves p95 open: %d more within it",
			over, count(s.Batches, "batch"), duration(Millis(budget)), need)})
	}
	if s.RetriesPerEntry > MaxRetriesPerEntry {
		need := retriesSpread(s.Retries, s.BatchSize) - s.Batches
		more = max(more, need)
		rs = append(rs, Reason{CheckRetries, fmt.Sprintf("%.3f retries per entry, over the limit of %g, but not yet beyond doubt: %d more without a retry",
			s.RetriesPerEntry, MaxRetriesPerEntry, need)})
	}
	return rs, more
}

// retriesSpread is the number of batches of the size k over which the retries come
// down to their limit.
func retriesSpread(retries, k int) int {
	return int(math.Ceil(float64(retries)/MaxRetriesPerEntry/float64(k) - 1e-9)) // the quotient of 3 and 0.05 is over 60
}

func proofs(s Size, budget time.Duration) []Reason {
	return []Reason{
		{CheckFailures, fmt.Sprintf("none of %s failed (rate < %s), none of %s (< %s)",
			count(s.Batches, "batch"), percent(s.BatchFailureUpper), count(s.Entries, "entry"), percent(s.EntryFailureUpper))},
		{CheckLatency, fmt.Sprintf("p95 latency is at most %s, within the budget of %s", duration(*s.P95.Upper), duration(Millis(budget)))},
		{CheckRetries, fmt.Sprintf("%.3f retries per entry, within the limit of %g", s.RetriesPerEntry, MaxRetriesPerEntry)},
	}
}

// defaultSize is the largest size such that it and every smaller one are accepted.
func defaultSize(sizes []Size) (int, string) {
	n := slices.IndexFunc(sizes, func(s Size) bool { return s.Outcome != Accepted })
	switch n {
	case -1:
		last := sizes[len(sizes)-1].BatchSize
		return last, fmt.Sprintf("every size measured, up to %d, is accepted", last)
	case 0:
		return 0, fmt.Sprintf("none: %d, the smallest size, is %s: %s", sizes[0].BatchSize, sizes[0].Outcome, sizes[0].Reasons[0].Says)
	}
	next := sizes[n]
	return sizes[n-1].BatchSize, fmt.Sprintf("it and every smaller size are accepted; %d is %s: %s", next.BatchSize, next.Outcome, next.Reasons[0].Says)
}

func hardMax(sizes []Size) HardMax {
	largest := 0
	for _, s := range sizes {
		for _, r := range s.Reasons {
			if s.Outcome == Refused && (r.Check == CheckFailures || r.Check == CheckLatency) {
				return HardMax{Size: largest, FirstFailing: s.BatchSize, Reason: r.Says}
			}
		}
		if s.Batches > 0 {
			largest = s.BatchSize
		}
	}
	return HardMax{Size: largest, Reason: "no size measured failed in two blocks or is over the latency budget for certain"}
}

func status(d Decision) Status {
	switch {
	case d.Default > 0:
		return Decided
	case d.Sizes[0].Outcome == Refused:
		return BudgetFailed
	}
	return Undecided
}

// warnings says what a reader of the decision should know and the numbers do not
// show.
func warnings(d Decision, meta Meta) []string {
	ws := []string{}
	warn := func(format string, args ...any) { ws = append(ws, fmt.Sprintf(format, args...)) }
	if meta.Ended.IsZero() {
		warn("the sweep was not run to its end: resume it for what is missing")
	}
	for _, s := range meta.Stopped {
		warn("%d was given up: %s", s.Size, s.Reason)
	}
	if n := blocks(meta.Runs); n < 2 {
		warn("%s: nothing can fail in two, so nothing can be refused", count(n, "block"))
	}
	if meta.Corpus.Reused {
		warn("there were %s: larger batches held some more than once, each time with a run field of its own", count(meta.Corpus.Reports, "report"))
	}
	for i, s := range d.Sizes {
		if s.Outcome == Accepted && s.BatchSize > d.Default {
			j := slices.IndexFunc(d.Sizes[:i], func(s Size) bool { return s.Outcome != Accepted })
			warn("%d is accepted by itself but cannot be the default: %d is %s", s.BatchSize, d.Sizes[j].BatchSize, d.Sizes[j].Outcome)
		}
	}
	if i := slices.IndexFunc(d.Sizes, func(s Size) bool { return s.Outcome != Accepted }); i > 0 && d.Sizes[i].MoreBatches > 0 {
		warn("%d is open: the default may rise with %s of it", d.Sizes[i].BatchSize, count(d.Sizes[i].MoreBatches, "more batch"))
	}
	if d.Status == Decided && d.Default == d.Sizes[len(d.Sizes)-1].BatchSize {
		warn("the largest size measured is accepted: measure larger ones to find where it ends")
	}
	return ws
}

func blocks(runs []Run) int {
	seen := map[int]bool{}
	for _, r := range runs {
		seen[r.Block] = true
	}
	return len(seen)
}

func measured(rows []Row, m Meta) Measured {
	return Measured{
		Environment: m.Environment,
		Started:     m.Started,
		Log:         m.Log,
		Client:      m.Client,
		Corpus:      m.Corpus,
		Seed:        m.Plan.Seed,
		MinGap:      m.Plan.MinGap,
		MaxGap:      m.Plan.MaxGap,
		Budget:      m.Plan.Budget,
		Rows:        len(rows),
		RowsSHA256:  rowsSHA256(rows),
		MetaSHA256:  metaSHA256(m),
	}
}

// checkInput reports what makes rows and meta unfit for a decision.
func checkInput(rows []Row, m Meta) error {
	switch {
	case len(m.Plan.Sizes) == 0:
		return errors.New("the plan has no sizes: name at least one")
	case m.Plan.Budget <= 0:
		return errors.New("the plan has no latency budget: set one")
	case len(rows) != len(m.Runs):
		return fmt.Errorf("%s but %s: take results.csv and results.meta.json of one sweep, or resume it", count(len(rows), "row"), count(len(m.Runs), "run"))
	}
	for i, k := range m.Plan.Sizes {
		if k < 1 || k > MaxSize || i > 0 && k <= m.Plan.Sizes[i-1] {
			return fmt.Errorf("the plan's sizes %d are not positive, at most %d, ascending and distinct", m.Plan.Sizes, MaxSize)
		}
	}
	for i, r := range rows {
		if err := checkRow(r, m.Runs[i], m.Plan.Sizes); err != nil {
			return fmt.Errorf("row %d: %w", i+1, err)
		}
	}
	return nil
}

func checkRow(r Row, run Run, sizes []int) error {
	switch {
	case r.BatchSize != run.Size:
		return fmt.Errorf("batch size %d, but its run in results.meta.json has %d: take both files of one sweep", r.BatchSize, run.Size)
	case !slices.Contains(sizes, r.BatchSize):
		return fmt.Errorf("batch size %d is not in the plan %d: take both files of one sweep", r.BatchSize, sizes)
	case r.Latency <= 0 || r.Successes < 0 || r.Failures < 0 || r.Retries < 0 || r.TotalBytes < 0:
		return fmt.Errorf("%v: a figure is negative or the latency is 0: run it again", r)
	}
	return r.check()
}

// Limits are the two numbers that production code obeys, from the decisions of
// several environments.
type Limits struct {
	Default       int
	DefaultFrom   string // the environment that set it, empty where Default is 0
	DefaultReason string
	HardMax       HardMax
	HardMaxFrom   string // the environment that set it, empty where none did
	// Undecided names the environments that set no default, each with the reason.
	Undecided []string
}

// Combine takes the most careful of several decisions. The hard maximum is the
// smallest one reached; an environment that is decided but reached none bounds it
// by the largest size measured there, because nothing is known beyond. The default
// is the smallest default of the environments that are decided, and never over the
// hard maximum of another one.
func Combine(decisions []Decision) Limits {
	l := Limits{DefaultReason: "no environment is decided", HardMax: HardMax{Reason: "no environment is decided or reached a hard maximum"}}
	for _, d := range decisions {
		if h := d.HardMax; (h.Reached() || d.Status == Decided) && (l.HardMaxFrom == "" || stricter(h, l.HardMax)) {
			l.HardMax, l.HardMaxFrom = h, d.Measured.name()
		}
	}
	for _, d := range decisions {
		if d.Status != Decided {
			l.Undecided = append(l.Undecided, fmt.Sprintf("%s: %s", d.Measured.name(), d.DefaultReason))
			continue
		}
		if l.DefaultFrom == "" || d.Default < l.Default {
			l.Default, l.DefaultFrom, l.DefaultReason = d.Default, d.Measured.name(), d.DefaultReason
		}
	}
	if h := l.HardMax; h.Reached() && l.Default > h.Size {
		l.DefaultReason = fmt.Sprintf("%d is accepted here, but in %s %d %s", l.Default, l.HardMaxFrom, h.FirstFailing, h.Reason)
		l.Default = h.Size
	}
	return l
}

// stricter orders hard maxima by size; of two equal ones, the one that was reached
// says more.
func stricter(a, b HardMax) bool {
	return a.Size < b.Size || a.Size == b.Size && a.Reached() && !b.Reached()
}

// name is how people tell environments apart.
func (m Measured) name() string { return fmt.Sprintf("%s (log %s)", m.Environment, m.Log.Kind) }

// Encode gives the bytes of decision.json.
func (d Decision) Encode() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(d); err != nil {
		return nil, fmt.Errorf("encoding the decision: %w", err)
	}
	return b.Bytes(), nil
}

// rounded leaves the digits that mean something. Verdicts are made before.
func rounded(s Size) Size {
	for _, f := range []*float64{&s.RetriesPerEntry, &s.EntryFailureUpper, &s.BatchFailureUpper} {
		*f = math.Round(*f*1e6) / 1e6
	}
	for _, f := range []*float64{&s.Throughput.Value, &s.Throughput.Lower, &s.Throughput.Upper, &s.BytesPerEntry, &s.WirePerEntry} {
		*f = math.Round(*f*10) / 10
	}
	return s
}

// rowsSHA256 is what sha256sum says of results.csv.
func rowsSHA256(rows []Row) string {
	h := sha256.New()
	if err := WriteCSV(h, rows); err != nil {
		panic(err) // a hash takes every write
	}
	return hex.EncodeToString(h.Sum(nil))
}

// metaSHA256 binds a decision to everything that is said of its sweep, so that an
// edit is noticed even where the rules do not look.
func metaSHA256(m Meta) string {
	text, err := json.Marshal(m)
	if err != nil {
		panic(err) // numbers and strings: there is nothing that JSON cannot hold
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// millis makes a latency of nanoseconds.
func millis(ns float64) Millis { return Millis(ns) }

// duration writes a latency for people: three digits and a unit.
func duration(m Millis) string {
	d := time.Duration(m)
	switch {
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.2f ms", float64(d)/1e6)
	case d < time.Second:
		return fmt.Sprintf("%.0f ms", float64(d)/1e6)
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}

// percent writes a rate's upper bound for people, rounded up: 0.51 %.
func percent(rate float64) string {
	return fmt.Sprintf("%.2f %%", math.Ceil(rate*1e4-1e-9)/100)
}

// count writes a number of things: "1 batch", "2 batches".
func count(n int, thing string) string {
	switch {
	case n == 1:
	case strings.HasSuffix(thing, "ch"):
		thing += "es"
	case strings.HasSuffix(thing, "y"):
		thing = strings.TrimSuffix(thing, "y") + "ies"
	default:
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}
