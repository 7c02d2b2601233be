package sweep

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const emptyDoc = "# Batch sizes\n\nBefore.\n\n" + beginMarker + "\nold\n" + endMarker + "\n\nAfter.\n"

func testEvidence(t *testing.T) []Evidence {
	rows, meta := synthetic("two cores", wholeSweep)
	whole := Evidence{"../../experiments/dsse_rekor/two-cores", mustDecide(t, rows, meta)}
	rows, meta = synthetic("a | b", []sizeData{{size: 1, batches: 10, latency: 155 * ms}, {size: 10, batches: 2, latency: 210 * ms, failing: []int{0, 1}}})
	short := Evidence{"../../experiments/dsse_rekor/short", mustDecide(t, rows, meta)}
	return []Evidence{whole, short}
}

func TestUpdateDocumentGolden(t *testing.T) {
	evidence := testEvidence(t)
	got, err := UpdateDocument([]byte(emptyDoc), evidence)
	require.NoError(t, err)
	goldenCheck(t, got, "document.md")

	again, err := UpdateDocument(got, evidence)
	require.NoError(t, err)
	require.Equal(t, string(got), string(again), "doing it again changes nothing")
}

func TestUpdateDocumentErrors(t *testing.T) {
	evidence := testEvidence(t)
	for name, doc := range map[string]string{
		"no markers": "# Batch sizes\n",
		"no end":     beginMarker + "\n",
		"no begin":   endMarker + "\n",
		"reversed":   endMarker + "\n" + beginMarker + "\n",
		"twice":      beginMarker + endMarker + beginMarker + endMarker,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := UpdateDocument([]byte(doc), evidence)
			require.ErrorContains(t, err, beginMarker)
		})
	}
	_, err := UpdateDocument([]byte(emptyDoc), nil)
	require.ErrorContains(t, err, "no decision")
}
