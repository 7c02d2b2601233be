package sweep

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/perf/benchfmt"
	"golang.org/x/perf/benchmath"
)

// What WriteBenchmarks writes, the library of benchstat reads and summarises.
func TestWriteBenchmarks(t *testing.T) {
	rows, meta := synthetic("test", []sizeData{
		{size: 10, batches: 30, latency: 200 * ms, failing: []int{3}, retries: 1},
		{size: 50, batches: 20, latency: 400 * ms},
		{size: 100},
	})
	var b bytes.Buffer
	require.NoError(t, WriteBenchmarks(&b, rows, meta))

	samples := map[string]map[string][]float64{}
	r := benchfmt.NewReader(&b, "bench.txt")
	for r.Scan() {
		switch rec := r.Result().(type) {
		case *benchfmt.SyntaxError:
			t.Fatal(rec)
		case *benchfmt.Result:
			require.Equal(t, "linux", rec.GetConfig("goos"))
			require.Equal(t, "amd64", rec.GetConfig("goarch"))
			require.Equal(t, "v1", rec.GetConfig("log"))
			require.Equal(t, meta.Log.Origin, rec.GetConfig("origin"))
			units := samples[string(rec.Name)]
			if units == nil {
				units = map[string][]float64{}
				samples[string(rec.Name)] = units
			}
			for _, v := range rec.Values {
				units[v.Unit] = append(units[v.Unit], v.Value)
			}
		}
	}
	require.NoError(t, r.Err())
	require.Len(t, samples, 2, "100 was not run")
	require.Equal(t, 1, r.Units().GetBetter(UnitThroughput))

	ten := samples["Submit/log=v1/K=10/c=K"]
	require.Len(t, ten["sec/op"], 30)
	require.Len(t, ten[UnitP95], 1)
	d := mustDecide(t, rows, meta)
	median := benchmath.AssumeNothing.Summary(benchmath.NewSample(ten["sec/op"], &benchmath.DefaultThresholds), 0.95)
	require.Empty(t, median.Warnings)
	require.InDelta(t, time.Duration(d.Sizes[0].P50.Value).Seconds(), median.Center, 0.01)
	require.InDelta(t, float64(d.Sizes[0].P95.Value)/1e6, ten[UnitP95][0], 1e-9)
	sum := func(xs []float64) (s float64) {
		for _, x := range xs {
			s += x
		}
		return s
	}
	require.InDelta(t, 0.1, sum(ten[UnitFailures]), 1e-9, "one entry of ten, once")
	require.InDelta(t, 3, sum(ten[UnitRetries]), 1e-9)
	require.Equal(t, 11346.0, ten[UnitWire][0])
	require.Len(t, samples["Submit/log=v1/K=50/c=K"][UnitThroughput], 20)

	require.Error(t, WriteBenchmarks(&b, rows[1:], meta))
}

func TestBenchmarkName(t *testing.T) {
	require.Equal(t, "Submit/log=v1/K=10/c=K", BenchmarkName("v1", 10, 0))
	require.Equal(t, "Submit/log=v2/K=10/c=4", BenchmarkName("v2", 10, 4))
}
