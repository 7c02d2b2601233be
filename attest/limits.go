package attest

// DefaultDsseRekorBatchSize is the number of envelopes that a production job
// submits in one batch.
const DefaultDsseRekorBatchSize = 10

// HardMaxDsseRekorBatchSize is the number of envelopes that no batch may exceed.
const HardMaxDsseRekorBatchSize = 100
