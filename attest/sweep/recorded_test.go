package sweep_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/attest"
	"github.com/stella-ops/stella/attest/sweep"
)

// recorded is where the sweeps behind the constants of package attest are kept.
const recorded = "../../experiments/dsse_rekor"

// decideRecorded decides again from the rows and the plan of one recorded sweep,
// and holds the result against the decision that is kept beside them.
func decideRecorded(dir string) (sweep.Decision, error) {
	rows, meta, err := sweep.ReadRecord(dir)
	if err != nil {
		return sweep.Decision{}, err
	}
	d, err := sweep.Decide(rows, meta)
	if err != nil {
		return sweep.Decision{}, err
	}
	got, err := d.Encode()
	if err != nil {
		return sweep.Decision{}, err
	}
	kept, err := os.ReadFile(filepath.Join(dir, "decision.json"))
	if err != nil {
		return sweep.Decision{}, err
	}
	if !bytes.Equal(kept, got) {
		return sweep.Decision{}, fmt.Errorf("%s: decision.json is not what results.csv and results.meta.json give: run stella-attest-bench -decide %s", dir, dir)
	}
	return d, nil
}

func recordedDirs(t *testing.T) []string {
	dirs, err := filepath.Glob(filepath.Join(recorded, "*", "results.csv"))
	require.NoError(t, err)
	require.NotEmpty(t, dirs, "no recorded sweep: the constants have no evidence")
	for i := range dirs {
		dirs[i] = filepath.Dir(dirs[i])
	}
	return dirs
}

// The constants that production code obeys are what the recorded sweeps give.
func TestConstantsAreTheRecordedDecision(t *testing.T) {
	var decisions []sweep.Decision
	for _, dir := range recordedDirs(t) {
		d, err := decideRecorded(dir)
		require.NoError(t, err)
		decisions = append(decisions, d)
	}
	limits := sweep.Combine(decisions)
	require.Equal(t, limits.Default, attest.DefaultDsseRekorBatchSize, "attest.DefaultDsseRekorBatchSize; measured by %s: %s", limits.DefaultFrom, limits.DefaultReason)
	require.Equal(t, limits.HardMax.Size, attest.HardMaxDsseRekorBatchSize, "attest.HardMaxDsseRekorBatchSize; measured by %s: %s", limits.HardMaxFrom, limits.HardMax.Reason)
	require.LessOrEqual(t, attest.DefaultDsseRekorBatchSize, attest.HardMaxDsseRekorBatchSize)
}

// Whoever edits a figure of the record is told.
func TestEditedRecordIsNoticed(t *testing.T) {
	for _, dir := range recordedDirs(t) {
		for _, file := range []string{"results.csv", "results.meta.json", "decision.json"} {
			copied := filepath.Join(t.TempDir(), "record")
			require.NoError(t, os.CopyFS(copied, os.DirFS(dir)))
			_, err := decideRecorded(copied)
			require.NoError(t, err)
			data, err := os.ReadFile(filepath.Join(copied, file))
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(copied, file), editDigit(data), 0o600))
			_, err = decideRecorded(copied)
			require.Error(t, err, "%s of %s was edited", file, dir)
		}
	}
}

// editDigit raises the last digit of a file: a figure of its last row or reason.
func editDigit(data []byte) []byte {
	edited := bytes.Clone(data)
	for i := len(edited) - 1; i >= 0; i-- {
		if '0' <= edited[i] && edited[i] < '9' {
			edited[i]++
			break
		}
	}
	return edited
}

// The document is generated from the same record.
func TestDocumentIsUpToDate(t *testing.T) {
	const document = "../../docs/attestation/dsse-rekor-batch-sizing.md"
	var evidence []sweep.Evidence
	for _, dir := range recordedDirs(t) {
		d, err := decideRecorded(dir)
		require.NoError(t, err)
		evidence = append(evidence, sweep.Evidence{Dir: "../../experiments/dsse_rekor/" + filepath.Base(dir), Decision: d})
	}
	kept, err := os.ReadFile(document)
	require.NoError(t, err)
	want, err := sweep.UpdateDocument(kept, evidence)
	require.NoError(t, err)
	require.Equal(t, string(want), string(kept), "run make doc")
}
