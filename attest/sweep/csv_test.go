package sweep

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
)

// goodCSV is what other readers rely on, to the byte.
const goodCSV = `timestamp_utc,batch_size,envelopes_count,total_bytes,avg_bytes,latency_ms,successes,failures,retries
2026-01-02T03:04:05.006Z,1,1,2000,2000.00,152.341,1,0,0
2026-01-02T03:04:06.000Z,3,3,1000,333.33,12345.000,2,1,4
`

func TestCSV(t *testing.T) {
	want := []Row{
		{time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC), 1, 1, 2000, 152341 * time.Microsecond, 1, 0, 0},
		{time.Date(2026, 1, 2, 3, 4, 6, 0, time.UTC), 3, 3, 1000, 12345 * time.Millisecond, 2, 1, 4},
	}
	got, err := ReadCSV(strings.NewReader(goodCSV))
	require.NoError(t, err)
	require.Equal(t, want, got)
	var b bytes.Buffer
	require.NoError(t, WriteCSV(&b, want))
	require.Equal(t, goodCSV, b.String())
	require.Equal(t, int64(len(goodCSV)), csvSize(want))

	got, err = ReadCSV(strings.NewReader(Header + "\n"))
	require.NoError(t, err)
	require.Empty(t, got)
}

func TestRowInAnotherZone(t *testing.T) {
	row := Row{Timestamp: time.Date(2026, 1, 2, 4, 4, 5, 0, time.FixedZone("", 3600)), BatchSize: 1, Envelopes: 1, Successes: 1}
	require.True(t, strings.HasPrefix(row.String(), "2026-01-02T03:04:05.000Z,"), "%s", row)
}

func TestReadCSVErrors(t *testing.T) {
	lines := strings.SplitAfter(goodCSV, "\n")
	for _, test := range []struct {
		name, csv string
		line      int
		err       string
	}{
		{"empty", "", 1, "the header is"},
		{"cut in the header", "timestamp_utc", 1, "the header is"},
		{"a header without its end", Header, 1, "the header is"},
		{"another header", "a,b\n", 1, "the header is"},
		{"another column", strings.Replace(goodCSV, "retries\n", "retries,mode\n", 1), 1, "the header is"},
		{"a carriage return", strings.Replace(goodCSV, "\n", "\r\n", 1), 1, "the header is"},
		{"an empty line", lines[0] + "\n" + lines[1], 2, "1 fields, want 9"},
		{"a field more", lines[0] + "1," + lines[1], 2, "10 fields, want 9"},
		{"a field less", lines[0] + lines[1] + "2026-01-02T03:04:06.000Z,3\n", 3, "2 fields, want 9"},
		{"a time zone", strings.Replace(goodCSV, ".006Z", ".006+01:00", 1), 2, "timestamp_utc is"},
		{"no milliseconds", strings.Replace(goodCSV, ".006Z", "Z", 1), 2, "timestamp_utc is"},
		{"microseconds", strings.Replace(goodCSV, ".006Z", ".006001Z", 1), 2, "timestamp_utc is"},
		{"a sign", strings.Replace(goodCSV, ",1,0,0\n", ",1,0,+0\n", 1), 2, "retries is \"+0\""},
		{"a leading zero", strings.Replace(goodCSV, ",1,0,0\n", ",01,0,0\n", 1), 2, "successes is \"01\""},
		{"less than none", strings.Replace(goodCSV, ",1,0,0\n", ",1,0,-1\n", 1), 2, "retries is \"-1\", want a count"},
		{"a batch of none", strings.Replace(goodCSV, "Z,1,1,", "Z,0,0,", 1), 2, "batch_size is 0"},
		{"a smaller batch", strings.Replace(goodCSV, "Z,3,3,", "Z,3,2,", 1), 3, "envelopes_count is 2 in a batch of 3"},
		{"lost entries", strings.Replace(goodCSV, ",2,1,4", ",2,0,4", 1), 3, "2 successes and 0 failures do not make 3"},
		{"another average", strings.Replace(goodCSV, "333.33", "333.34", 1), 3, "avg_bytes is \"333.34\", want \"333.33\""},
		{"more decimals", strings.Replace(goodCSV, "12345.000", "12345.0000", 1), 3, "latency_ms is"},
		{"fewer decimals", strings.Replace(goodCSV, "12345.000", "12345", 1), 3, "latency_ms is"},
		{"a negative latency", strings.Replace(goodCSV, "12345.000", "-12345.000", 1), 3, "latency_ms is"},
		{"no number", strings.Replace(goodCSV, ",1000,", ",a lot,", 1), 3, "total_bytes is \"a lot\", want a count"},
		{"a long line", lines[0] + strings.Repeat("1", 5000) + "\n", 2, "longer than 4096 bytes"},
	} {
		_, err := ReadCSV(strings.NewReader(test.csv))
		syntax, ok := errors.AsType[*SyntaxError](err)
		require.True(t, ok, "%s: ReadCSV: %v, want a SyntaxError", test.name, err)
		require.Equal(t, test.line, syntax.Line, "%s: %v", test.name, err)
		require.ErrorContains(t, err, test.err, test.name)
	}
}

// TestReadCSVCutOff cuts a file at every byte: the rows before the cut are read and
// the cut is never taken for a row.
func TestReadCSVCutOff(t *testing.T) {
	for cut := len(Header) + 1; cut < len(goodCSV); cut++ {
		rows, err := ReadCSV(strings.NewReader(goodCSV[:cut]))
		require.Len(t, rows, strings.Count(goodCSV[:cut], "\n")-1, "cut at %d", cut)
		if goodCSV[cut-1] == '\n' {
			require.NoError(t, err, "cut at %d", cut)
		} else {
			require.ErrorIs(t, err, ErrPartialLine, "cut at %d", cut)
		}
	}
}

func TestReadCSVReadError(t *testing.T) {
	broken := errors.New("the disk is gone")
	_, err := ReadCSV(iotest.ErrReader(broken))
	require.ErrorIs(t, err, broken)
}

func FuzzReadCSV(f *testing.F) {
	f.Add([]byte(goodCSV))
	f.Add([]byte(Header + "\n"))
	f.Add([]byte(Header + "\n0001-01-01T00:00:00.000Z,1,1,9223372036854775807,9223372036854775808.00,9223372036854775.807,0,1,9\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, err := ReadCSV(bytes.NewReader(data))
		if err != nil {
			return
		}
		var b bytes.Buffer
		require.NoError(t, WriteCSV(&b, rows))
		require.Equal(t, string(data), b.String())
		require.Equal(t, int64(len(data)), csvSize(rows))
	})
}
