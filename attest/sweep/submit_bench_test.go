package sweep_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/attest"
	"github.com/stella-ops/stella/attest/rekor"
	"github.com/stella-ops/stella/attest/rekortest"
	"github.com/stella-ops/stella/attest/sweep"
)

// benchSizes are few, so that `-count=6` takes a minute: the command measures the
// rest.
var benchSizes = []int{1, 10, 50, 100}

// BenchmarkSubmit submits batches of scanner reports to real Rekor logs on loopback,
// with the runner that stella-attest-bench measures with:
//
//	go test -run '^$' -bench Submit -benchtime 1x -count 6 ./attest/sweep |
//		go tool -modfile=.github/tools.mod benchstat -col /K -
//
// ns/op is the latency of a batch: the sealing and the wait before it do not count.
// Runs of one size come one after the other, so drift of the machine looks like an
// effect of K: the command, which shuffles them, is what decides.
func BenchmarkSubmit(b *testing.B) {
	b.Run("log=v1", func(b *testing.B) {
		log, err := rekortest.StartV1(b.Context(), rekortest.V1Config{})
		require.NoError(b, err)
		defer func() { require.NoError(b, log.Close(context.Background())) }()
		benchmarkLog(b, "v1", log.URL(), 100*time.Millisecond, 200*time.Millisecond)
	})
	b.Run("log=v2", func(b *testing.B) {
		binary, err := rekortest.BuildV2(b.Context(), filepath.Join("..", ".."))
		if err != nil && os.Getenv("CI") == "" {
			b.Skipf("no Rekor v2 to measure: %v", err)
		}
		require.NoError(b, err)
		log, err := rekortest.StartV2(b.Context(), rekortest.V2Config{Binary: binary, CheckpointInterval: 100 * time.Millisecond})
		require.NoError(b, err)
		defer func() { require.NoError(b, log.Close(context.Background())) }()
		benchmarkLog(b, "v2", log.URL(), 0, time.Second) // it looks for checkpoints once a second
	})
}

// benchmarkLog measures one log. The gaps between batches span the ticker that its
// answers come in step with.
func benchmarkLog(b *testing.B, kind, url string, minGap, maxGap time.Duration) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(b, err)
	signer, err := attest.NewSigner(key, attest.ECDSAP256SHA256)
	require.NoError(b, err)
	verifier, err := attest.NewVerifier(key.Public(), attest.ECDSAP256SHA256)
	require.NoError(b, err)
	log, info, err := rekor.Detect(b.Context(), rekor.Config{URL: url, Verifier: verifier})
	require.NoError(b, err)
	require.Equal(b, kind, info.Kind)
	defer log.CloseIdle()
	reports, err := sweep.LoadReports(filepath.Join("..", "..", "testdata", "scanner-reports"))
	require.NoError(b, err)
	r := &sweep.Runner{
		Log: log, Signer: signer, Reports: reports, ID: rand.Text(),
		Policy: rekor.Policy{AttemptTimeout: 30 * time.Second, MaxBatch: slices.Max(benchSizes)},
		Plan:   sweep.Plan{Seed: 1, MinGap: sweep.Millis(minGap), MaxGap: sweep.Millis(maxGap)},
	}
	runs := 0
	do := func(b *testing.B, size int) sweep.Measurement {
		m, err := r.Run(b.Context(), runs, sweep.Run{Size: size})
		require.NoError(b, err)
		runs++
		return m
	}
	do(b, slices.Max(benchSizes)) // opens the connections
	for _, k := range benchSizes {
		name := strings.TrimPrefix(sweep.BenchmarkName(kind, k, 0), "Submit/log="+kind+"/")
		b.Run(name, func(b *testing.B) {
			var ms []sweep.Measurement
			for b.Loop() {
				ms = append(ms, do(b, k))
			}
			reportSubmit(b, ms)
		})
	}
}

func reportSubmit(b *testing.B, ms []sweep.Measurement) {
	var latencies []time.Duration
	var total time.Duration
	var entries, successes, failures, retries, wire float64
	for _, m := range ms {
		latencies = append(latencies, m.Row.Latency)
		total += m.Row.Latency
		entries += float64(m.Row.Envelopes)
		successes += float64(m.Row.Successes)
		failures += float64(m.Row.Failures)
		retries += float64(m.Row.Retries)
		wire += float64(m.Run.WireBytes)
	}
	slices.Sort(latencies)
	p95 := latencies[(len(latencies)*95+99)/100-1]
	b.ReportMetric(float64(total)/float64(len(ms)), "ns/op")
	b.ReportMetric(float64(p95)/float64(time.Millisecond), sweep.UnitP95)
	b.ReportMetric(successes/total.Seconds(), sweep.UnitThroughput)
	b.ReportMetric(wire/entries, sweep.UnitWire)
	b.ReportMetric(failures/entries, sweep.UnitFailures)
	b.ReportMetric(retries/entries, sweep.UnitRetries)
}
