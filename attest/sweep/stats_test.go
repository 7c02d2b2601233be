package sweep

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// The values were computed apart from the library, by bisection of the binomial
// sum in exact rational arithmetic; 4 of 20 is the example of NIST's Engineering
// Statistics Handbook, 7.2.4.1.
func TestRateUpper(t *testing.T) {
	for _, tt := range []struct {
		k, n int
		want float64
	}{
		{0, 0, 1},
		{0, 1, 0.95},
		{1, 1, 1},
		{7, 7, 1},
		{0, 30, 0.095034},
		{0, 58, 0.050339},
		{0, 59, 0.049508},
		{0, 298, 0.010002},
		{0, 299, 0.009969},
		{1, 10, 0.394163},
		{1, 59, 0.077898},
		{4, 20, 0.401028},
		{9, 10, 0.994884},
	} {
		t.Run(fmt.Sprintf("%d/%d", tt.k, tt.n), func(t *testing.T) {
			require.InDelta(t, tt.want, rateUpper(tt.k, tt.n), 1e-6)
		})
	}
}

// The sample sizes that decision.go names are the smallest that will do.
func TestSampleSizesAreTheSmallest(t *testing.T) {
	require.LessOrEqual(t, rateUpper(0, MinEntries), MaxEntryFailureRate)
	require.Greater(t, rateUpper(0, MinEntries-1), MaxEntryFailureRate)
	require.LessOrEqual(t, rateUpper(0, MinBatches), MaxBatchFailureRate)
	require.Greater(t, rateUpper(0, MinBatches-1), MaxBatchFailureRate)
}

// The ranks were computed apart from the library, from binomial sums in exact
// rational arithmetic. The largest of 59 bounds p95, the largest of 299 p99.
func TestQuantileRanks(t *testing.T) {
	for _, tt := range []struct {
		n            int
		p            float64
		lower, upper int // 0: none
	}{
		{1, 0.50, 0, 0},
		{4, 0.50, 0, 0},
		{5, 0.50, 1, 5},
		{10, 0.50, 2, 9},
		{59, 0.50, 23, 37},
		{100, 0.50, 42, 59},
		{1, 0.95, 1, 0},
		{2, 0.95, 1, 0},
		{10, 0.95, 8, 0},
		{58, 0.95, 52, 0},
		{59, 0.95, 53, 59},
		{92, 0.95, 84, 92},
		{93, 0.95, 85, 92},
		{124, 0.95, 114, 122},
		{298, 0.99, 292, 0},
		{299, 0.99, 293, 299},
	} {
		t.Run(fmt.Sprintf("n=%d p=%g", tt.n, tt.p), func(t *testing.T) {
			lower, ok := quantileLower(tt.n, tt.p)
			require.Equal(t, tt.lower > 0, ok)
			require.Equal(t, tt.lower, lower)
			upper, ok := quantileUpper(tt.n, tt.p)
			require.Equal(t, tt.upper > 0, ok)
			require.Equal(t, tt.upper, upper)
		})
	}
}

func TestSamplesWithin(t *testing.T) {
	for over, want := range []int{59, 93, 124, 153, 181, 208} { // Wilks' numbers for 95 % / 95 %
		require.Equal(t, want, samplesWithin(over), "over=%d", over)
	}
}

// trials of each simulation. The share of bounds that hold may miss 95 % by four
// standard errors.
const trials = 4000

var missed = 0.95 - 4*math.Sqrt(0.95*0.05/trials)

func coverage(holds func(rng *rand.Rand) bool) float64 {
	rng := rand.New(rand.NewPCG(1, 2))
	n := 0
	for range trials {
		if holds(rng) {
			n++
		}
	}
	return float64(n) / trials
}

func TestRateUpperCovers(t *testing.T) {
	const n, rate = 59, 0.03
	got := coverage(func(rng *rand.Rand) bool {
		k := 0
		for range n {
			if rng.Float64() < rate {
				k++
			}
		}
		return rateUpper(k, n) >= rate
	})
	require.GreaterOrEqual(t, got, missed)
}

func TestQuantileCovers(t *testing.T) {
	const n = 93
	for _, p := range []float64{0.5, 0.95} {
		truth := -math.Log(1-p) * 1e9
		sample := func(rng *rand.Rand) Quantile {
			xs := make([]float64, n)
			for i := range xs {
				xs[i] = rng.ExpFloat64() * 1e9
			}
			slices.Sort(xs)
			return quantile(xs, p)
		}
		upper := coverage(func(rng *rand.Rand) bool { return float64(*sample(rng).Upper) >= truth })
		require.GreaterOrEqual(t, upper, missed, "upper bound of p%g", p*100)
		require.Less(t, upper, 0.995, "upper bound of p%g is of no use", p*100)
		lower := coverage(func(rng *rand.Rand) bool { return float64(*sample(rng).Lower) <= truth })
		require.GreaterOrEqual(t, lower, missed, "lower bound of p%g", p*100)
		require.Less(t, lower, 0.995, "lower bound of p%g is of no use", p*100)
	}
}

// Retries come in rare bursts, which is where Student's t is furthest from its
// assumption: the lower bound must err to the safe side.
func TestMeanLowerCoversBursts(t *testing.T) {
	const rate, burst = 0.1, 0.5
	got := coverage(func(rng *rand.Rand) bool {
		xs := make([]float64, MinBatches)
		for i := range xs {
			if rng.Float64() < rate {
				xs[i] = burst * rng.ExpFloat64()
			}
		}
		return meanLower(xs) <= rate*burst
	})
	require.GreaterOrEqual(t, got, missed)
	require.True(t, math.IsNaN(meanLower([]float64{1})))
	require.InDelta(t, 2-2.919986*1/math.Sqrt(3), meanLower([]float64{1, 2, 3}), 1e-6) // t(0.95, 2)
}

func TestThroughput(t *testing.T) {
	entries, seconds := []float64{10, 10, 10, 10}, []float64{1, 1, 2, 1}
	e := throughput(entries, seconds)
	require.InDelta(t, 8, e.Value, 1e-9)
	require.Less(t, e.Lower, e.Value)
	require.Greater(t, e.Upper, e.Value)
	require.Equal(t, e, throughput(entries, seconds), "same input, same bounds")
	require.Equal(t, Estimate{10, 10, 10}, throughput([]float64{10, 10}, []float64{1, 1}))
}
