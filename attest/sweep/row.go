package sweep

import "time"

// Header is the first line of results.csv. Readers of other makes rely on it:
// what else is known of a run goes to the other files.
const Header = "timestamp_utc,batch_size,envelopes_count,total_bytes,avg_bytes,latency_ms,successes,failures,retries"

// Row is one line of results.csv: what one run gave. The n-th row of a file is
// the n-th run of [Meta.Runs].
type Row struct {
	Timestamp  time.Time     // when the run was meant to start, UTC, to the millisecond
	BatchSize  int           // K
	Envelopes  int           // envelopes submitted, always K
	TotalBytes int64         // sum of the envelopes' lengths
	Latency    time.Duration // from the intended start to the last outcome, to the microsecond
	Successes  int           // envelopes that are in the log
	Failures   int           // the others
	Retries    int           // attempts after each envelope's first
}
