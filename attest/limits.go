package attest

// The limits of a submission batch, in envelopes. A test recomputes them from
// experiments/dsse_rekor; docs/attestation/dsse-rekor-batch-sizing.md holds the
// evidence. They are those of the most careful environment that was measured, a Rekor
// v1 that takes 500 requests a minute with a burst of 50: there 59 batches of 50
// passed without a failure or a retry, and both batches of 100 failed. Logs without a
// rate limit took batches of 500.
const (
	// DefaultDsseRekorBatchSize is how many envelopes a production job submits in one
	// batch: the largest size such that it and every smaller one measured pass.
	DefaultDsseRekorBatchSize = 50

	// HardMaxDsseRekorBatchSize is how many envelopes no batch may exceed without a new
	// measurement: the largest size measured below the first one that fails.
	HardMaxDsseRekorBatchSize = 50
)
