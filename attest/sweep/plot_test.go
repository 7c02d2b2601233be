package sweep

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var plotNames = []string{
	"latency.svg", "latency.png", "ecdf.svg", "ecdf.png", "throughput.svg", "throughput.png",
	"failures.svg", "failures.png", "drift.svg", "drift.png",
}

// wholeSweep looks like a sweep of a real log: it grows slower, then fails.
var wholeSweep = []sizeData{
	{size: 1, batches: 299, latency: 155 * ms},
	{size: 2, batches: 150, latency: 165 * ms},
	{size: 5, batches: 60, latency: 180 * ms},
	{size: 10, batches: 59, latency: 210 * ms},
	{size: 20, batches: 59, latency: 260 * ms},
	{size: 50, batches: 59, latency: 340 * ms, retried: 40},
	{size: 100, batches: 59, latency: 560 * ms},
	{size: 200, batches: 59, latency: 1050 * ms, failing: []int{7}},
	{size: 500, batches: 10, latency: 2600 * ms, slow: 1},
	{size: 1000, batches: 10, latency: 5600 * ms, failing: []int{2, 5}},
}

func TestWritePlots(t *testing.T) {
	rows, meta := synthetic("two cores, loopback", wholeSweep)
	d := mustDecide(t, rows, meta)
	dir, again := t.TempDir(), t.TempDir()
	names, err := WritePlots(dir, rows, meta, d)
	require.NoError(t, err)
	require.Equal(t, plotNames, names)
	_, err = WritePlots(again, rows, meta, d)
	require.NoError(t, err)
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, len(names), "temporary files are left behind")
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		same, err := os.ReadFile(filepath.Join(again, name))
		require.NoError(t, err)
		require.True(t, bytes.Equal(data, same), "%s is not the same twice", name)
		if filepath.Ext(name) == ".png" {
			_, err = png.Decode(bytes.NewReader(data))
		} else {
			err = wellFormed(data)
		}
		require.NoError(t, err, name)
	}
}

func wellFormed(data []byte) error {
	dec := xml.NewDecoder(bytes.NewReader(data))
	for {
		if _, err := dec.Token(); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

// Sweeps at the edge of what can be drawn.
func TestWritePlotsOfLittle(t *testing.T) {
	for name, data := range map[string][]sizeData{
		"one run":              {{size: 1, batches: 1, latency: ms}},
		"a size without runs":  {{size: 1}, {size: 10, batches: 3, latency: ms}, {size: 20}},
		"all failed":           {{size: 1, batches: 2, latency: ms, failing: []int{0, 1}}},
		"all took a minute":    {{size: 5, batches: 3, latency: time.Minute}},
		"throughput of nought": {{size: 1, batches: 3, latency: ms, failing: []int{0, 1, 2}}, {size: 2, batches: 1, latency: ms}, {size: 3, batches: 1, latency: ms}},
	} {
		t.Run(name, func(t *testing.T) {
			rows, meta := synthetic("test", data)
			_, err := WritePlots(t.TempDir(), rows, meta, mustDecide(t, rows, meta))
			require.NoError(t, err)
		})
	}
}

func TestWritePlotsErrors(t *testing.T) {
	rows, meta := synthetic("test", []sizeData{{size: 1}})
	d := mustDecide(t, rows, meta)
	_, err := WritePlots(t.TempDir(), rows, meta, d)
	require.ErrorContains(t, err, "no rows")

	rows, meta = synthetic("test", []sizeData{{size: 1, batches: 2, latency: ms}})
	_, err = WritePlots(t.TempDir(), rows[1:], meta, d)
	require.ErrorContains(t, err, "1 row but 2 runs")
	_, err = WritePlots(filepath.Join(t.TempDir(), "missing"), rows, meta, mustDecide(t, rows, meta))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestWrapped(t *testing.T) {
	require.Equal(t, "short", wrapped("short", 10))
	require.Equal(t, "one two\nthree four", wrapped("one two three four", 10))
	require.Equal(t, "a\nverylongword\nb", wrapped("a verylongword b", 10))
	require.Empty(t, wrapped("", 10))
}

func TestKnee(t *testing.T) {
	sizes := func(throughput ...float64) []Size {
		var out []Size
		for i, v := range throughput {
			out = append(out, Size{BatchSize: 1 << i, Throughput: Estimate{Value: v}})
		}
		return out
	}
	for _, tt := range []struct {
		name string
		in   []Size
		want int
	}{
		{"saturates", sizes(10, 100, 190, 200, 205), 2},
		{"peaks", sizes(10, 50, 90, 40, 20), 2},
		{"straight", sizes(10, 20, 30, 40), -1},
		{"grows ever faster", sizes(1, 2, 4, 8, 16), -1},
		{"two sizes", sizes(1, 100), -1},
	} {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want, knee(tt.in)) })
	}
}
