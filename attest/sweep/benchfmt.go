package sweep

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"golang.org/x/perf/benchfmt"
)

// Units of the metrics that a benchmark of Submit reports beside ns/op, which is
// the latency of a batch.
const (
	UnitP95        = "p95-ms"       // p95 of the latency of a batch, milliseconds
	UnitThroughput = "entries/s"    // logged entries per second of batch time
	UnitWire       = "wire-B/entry" // request body of an entry, first attempt, bytes
	UnitFailures   = "fail/entry"
	UnitRetries    = "retry/entry"
)

// benchPackage is the package of the benchmark that reports the same metrics from
// `go test -bench Submit`.
const benchPackage = "github.com/stella-ops/stella/attest/sweep"

// BenchmarkName is the name of the benchmark of a size, without "Benchmark":
// Submit/log=v1/K=10/c=4. A concurrency of 0, all of a batch in flight, is c=K and
// not the number: it would part the sizes, and benchstat -col /K could not set them
// side by side.
func BenchmarkName(logKind string, size, concurrency int) string {
	c := "K"
	if concurrency > 0 {
		c = strconv.Itoa(concurrency)
	}
	return fmt.Sprintf("Submit/log=%s/K=%d/c=%s", logKind, size, c)
}

// WriteBenchmarks writes the rows in the format that benchstat and
// [golang.org/x/perf/benchfmt] read. Sizes ascend, because benchstat compares with
// the first; each has a line of one iteration for every run, so that benchstat has
// as many samples as there were batches, and then a line with the one p95 of them
// all. It writes nothing where rows and meta do not match, with the error of
// [Decide].
func WriteBenchmarks(w io.Writer, rows []Row, meta Meta) error {
	d, err := Decide(rows, meta)
	if err != nil {
		return err
	}
	bw := benchfmt.NewWriter(w)
	for _, u := range []struct{ unit, better string }{
		{UnitP95, "lower"}, {UnitThroughput, "higher"}, {UnitWire, "lower"}, {UnitFailures, "lower"}, {UnitRetries, "lower"},
	} {
		m := &benchfmt.UnitMetadata{UnitMetadataKey: benchfmt.UnitMetadataKey{Unit: u.unit, Key: "better"}, OrigUnit: u.unit, Value: u.better}
		if err := bw.Write(m); err != nil {
			return err
		}
	}
	write := func(size, iterations int, values ...benchfmt.Value) error {
		return bw.Write(&benchfmt.Result{
			Config: benchConfig(meta),
			Name:   benchfmt.Name(BenchmarkName(meta.Log.Kind, size, meta.Client.Concurrency)),
			Iters:  iterations,
			Values: values,
		})
	}
	for _, size := range d.Sizes {
		for i, r := range rows {
			if r.BatchSize != size.BatchSize {
				continue
			}
			if err := write(r.BatchSize, 1, runValues(r, meta.Runs[i])...); err != nil {
				return err
			}
		}
		if size.Batches == 0 {
			continue
		}
		if err := write(size.BatchSize, size.Batches, benchfmt.Value{Value: float64(size.P95.Value) / 1e6, Unit: UnitP95}); err != nil {
			return err
		}
	}
	return nil
}

func runValues(r Row, run Run) []benchfmt.Value {
	n := float64(r.Envelopes)
	return []benchfmt.Value{
		{Value: float64(r.Latency), Unit: "ns/op"},
		{Value: float64(r.Successes) / r.Latency.Seconds(), Unit: UnitThroughput},
		{Value: float64(run.WireBytes) / n, Unit: UnitWire},
		{Value: float64(r.Failures) / n, Unit: UnitFailures},
		{Value: float64(r.Retries) / n, Unit: UnitRetries},
	}
}

// benchConfig says what was measured, as `go test` does for its own keys.
func benchConfig(m Meta) []benchfmt.Config {
	goos, goarch, _ := strings.Cut(m.Client.OS, "/")
	var config []benchfmt.Config
	for _, c := range [][2]string{
		{"goos", goos},
		{"goarch", goarch},
		{"pkg", benchPackage},
		{"log", m.Log.Kind},
		{"origin", m.Log.Origin},
		{"server", m.Log.Server},
		{"environment", m.Environment},
	} {
		if c[1] != "" {
			config = append(config, benchfmt.Config{Key: c[0], Value: []byte(c[1]), File: true})
		}
	}
	return config
}
