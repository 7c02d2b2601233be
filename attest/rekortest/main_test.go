package rekortest_test

import (
	"testing"

	"go.uber.org/goleak"
)

// Every test closes what it starts, so nothing may run after the last one.
// Tests that look closer check after their own Close as well.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, knownGoroutines()...)
}

// knownGoroutines run from the start of the process to its end, whatever we do.
func knownGoroutines() []goleak.Option {
	return []goleak.Option{
		// OpenCensus starts a worker in its init; the Google API clients that
		// Rekor links bring it.
		goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"),
	}
}
