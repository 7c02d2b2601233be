package sweep

import (
	"time"

	"github.com/stella-ops/stella/attest"
)

// MetaSchema names the format of results.meta.json.
const MetaSchema = "stella.sweep-meta/v1"

// Meta is what results.meta.json says of a sweep: everything a decision binds to.
type Meta struct {
	Schema      string    `json:"schema"`
	Started     time.Time `json:"started_utc"`
	Ended       time.Time `json:"ended_utc"` // zero while the sweep is not complete
	Environment string    `json:"environment"`
	Log         LogInfo   `json:"log"`
	Client      Client    `json:"client"`
	Corpus      Corpus    `json:"corpus"`
	Plan        Plan      `json:"plan"`
	// Runs lists the runs done, in order: Runs[i] belongs to row i.
	Runs []Run `json:"runs"`
	// Stopped says which sizes were given up, and why.
	Stopped []Stopped `json:"stopped,omitempty"`
}

// LogInfo says which log was measured. The settings are the operator's: what the
// log does not tell is what the person who ran the sweep said of it.
type LogInfo struct {
	Kind               string            `json:"kind"` // "v1" or "v2"
	Origin             string            `json:"origin"`
	Server             string            `json:"server"` // software and version
	CheckpointInterval Millis            `json:"checkpoint_interval_ms"`
	Settings           map[string]string `json:"settings,omitempty"`
}

// Client says how the client was set.
type Client struct {
	Algorithm   attest.Algorithm `json:"algorithm"`
	Concurrency int              `json:"concurrency"` // 0: as many as the batch holds
	Mode        string           `json:"mode"`        // "report" or "statement"
	MaxRetries  int              `json:"max_retries"`
	Timeout     Millis           `json:"timeout_ms"` // of one attempt
	CPUs        int              `json:"cpus"`
	Go          string           `json:"go"`
	OS          string           `json:"os"`
}

// Corpus says what was signed.
type Corpus struct {
	Reports  int    `json:"reports"`
	MinBytes int    `json:"min_bytes"`
	P50Bytes int    `json:"p50_bytes"`
	MaxBytes int    `json:"max_bytes"`
	SHA256   string `json:"sha256"` // over the reports in file name order
	// Reused says that a batch held a report more than once; each use carries a run
	// field of its own, so no two payloads are the same.
	Reused bool `json:"reused"`
}

// Plan says which runs a sweep is made of.
type Plan struct {
	Sizes  []int  `json:"sizes"`  // ascending, distinct
	Blocks int    `json:"blocks"` // screening blocks
	Seed   uint64 `json:"seed"`
	// Confirm says that surviving sizes are run on after the screening until the
	// decision's sample sizes are reached.
	Confirm bool `json:"confirm"`
	// MinGap and MaxGap bound the random wait before each run.
	MinGap Millis `json:"min_gap_ms"`
	MaxGap Millis `json:"max_gap_ms"`
	// Budget is what the upper bound of the p95 latency of a batch may reach.
	Budget Millis `json:"budget_ms"`
}

// Run is one batch of a sweep.
type Run struct {
	Block    int    `json:"block"`    // from 0; blocks after Plan.Blocks confirm
	Position int    `json:"position"` // in its block, from 0
	Size     int    `json:"size"`
	Phase    string `json:"phase"` // "screen" or "confirm"
	// WireBytes is the sum of the request bodies' lengths, first attempts only.
	WireBytes int64 `json:"wire_bytes"`
	// Statuses counts the answers by HTTP status, 0 where there was none.
	Statuses map[int]int `json:"statuses"`
}

// Stopped is a size that was given up before the plan was done.
type Stopped struct {
	Size   int    `json:"size"`
	Reason string `json:"reason"`
}

// Millis is a duration that JSON holds as a number of milliseconds.
type Millis time.Duration
