package sweep

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestWriteTableGolden(t *testing.T) {
	for _, tt := range decisionCases {
		t.Run(tt.name, func(t *testing.T) {
			rows, meta := synthetic("test", tt.data)
			var b bytes.Buffer
			require.NoError(t, WriteTable(&b, mustDecide(t, rows, meta)))
			goldenCheck(t, b.Bytes(), "decision", tt.name, "table.txt")
			for line := range strings.Lines(b.String()) {
				require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), tableWidth, line)
			}
		})
	}
}

type brokenWriter struct{ error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.error }

func TestWriteTableError(t *testing.T) {
	full := errors.New("disk full")
	rows, meta := synthetic("test", []sizeData{{size: 1}})
	require.ErrorIs(t, WriteTable(brokenWriter{full}, mustDecide(t, rows, meta)), full)
}
