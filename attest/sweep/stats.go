package sweep

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// confidence is the level of every bound of a decision. A bound is one-sided: it
// holds with this probability by itself, so a lower and an upper bound together
// hold with 90 %.
const confidence = 0.95

// rateUpper is the upper 95 % bound of a failure rate after k failures in n
// trials, 1 where n is 0: Clopper and Pearson, "The use of confidence or fiducial
// limits illustrated in the case of the binomial", Biometrika 26 (1934), in its
// form as a quantile of the Beta distribution. It never covers less than it says.
func rateUpper(k, n int) float64 {
	if k >= n {
		return 1
	}
	return distuv.Beta{Alpha: float64(k + 1), Beta: float64(n - k)}.Quantile(confidence)
}

// quantileUpper gives the rank r, from 1, of the order statistic that is an upper
// 95 % bound of the p-quantile of n independent values, whatever they are
// distributed like: the smallest r with P(Bin(n, p) ≤ r-1) ≥ 0.95. It is false
// where no rank will do: for p95 that is n < 59. See Hahn and Meeker,
// "Statistical Intervals" (1991), chapter 5; David and Nagaraja, "Order
// Statistics" (2003), section 7.1.
func quantileUpper(n int, p float64) (rank int, ok bool) {
	bin := distuv.Binomial{N: float64(n), P: p}
	for r := 1; r <= n; r++ {
		if bin.CDF(float64(r-1)) >= confidence {
			return r, true
		}
	}
	return 0, false
}

// quantileLower is [quantileUpper] for the lower bound: the largest r with
// P(Bin(n, p) ≥ r) ≥ 0.95.
func quantileLower(n int, p float64) (rank int, ok bool) {
	bin := distuv.Binomial{N: float64(n), P: p}
	for r := n; r >= 1; r-- {
		if 1-bin.CDF(float64(r-1)) >= confidence {
			return r, true
		}
	}
	return 0, false
}

// samplesWithin is the smallest number of batches whose upper bound of p95 leaves
// out the `over` largest: 59 for 0, 93 for 1, 124 for 2. A size with that many
// batches, `over` of them over the budget, has an upper bound within it.
func samplesWithin(over int) int {
	n := MinBatches
	for (distuv.Binomial{N: float64(n), P: 0.95}).CDF(float64(n-over-1)) < confidence {
		n++
	}
	return n
}

// quantile is the p-quantile of ascending latencies with its bounds. The value is
// the inverse of the empirical distribution, so it was measured, not interpolated.
func quantile(ascending []float64, p float64) Quantile {
	q := Quantile{Value: millis(stat.Quantile(p, stat.Empirical, ascending, nil))}
	if r, ok := quantileLower(len(ascending), p); ok {
		q.Lower = new(millis(ascending[r-1]))
	}
	if r, ok := quantileUpper(len(ascending), p); ok {
		q.Upper = new(millis(ascending[r-1]))
	}
	return q
}

// meanLower is the lower 95 % bound of a mean by Student's t, NaN for fewer than
// two values. For counts with a long right tail, as retries are, its true level is
// above 95 %: see Boos and Hughes-Oliver, "How Large Does n Have to be for Z and t
// Intervals?", The American Statistician 54 (2000).
func meanLower(values []float64) float64 {
	n := float64(len(values))
	if n < 2 {
		return math.NaN()
	}
	mean, sd := stat.MeanStdDev(values, nil)
	return mean - distuv.StudentsT{Mu: 0, Sigma: 1, Nu: n - 1}.Quantile(confidence)*sd/math.Sqrt(n)
}

// resamples is how often a bootstrap draws: enough that its 5 % and 95 % points
// have settled to about two digits.
const resamples = 1000

// throughput is the entries that were logged per second of batch time, with
// bounds by the percentile bootstrap over batches (Efron and Tibshirani, "An
// Introduction to the Bootstrap" (1993), chapter 13). The same input gives the
// same bounds.
func throughput(entries, seconds []float64) Estimate {
	rng := rand.New(rand.NewPCG(uint64(len(entries)), resamples))
	draws := make([]float64, resamples)
	for i := range draws {
		var e, s float64
		for range entries {
			k := rng.IntN(len(entries))
			e += entries[k]
			s += seconds[k]
		}
		draws[i] = e / s
	}
	slices.Sort(draws)
	var e, s float64
	for i := range entries {
		e += entries[i]
		s += seconds[i]
	}
	return Estimate{
		Value: e / s,
		Lower: stat.Quantile(1-confidence, stat.Empirical, draws, nil),
		Upper: stat.Quantile(confidence, stat.Empirical, draws, nil),
	}
}
