package rekortest

import (
	"fmt"
	"math/rand/v2"
	"net/http"
)

// Fault is what the proxy does to one request.
type Fault int

const (
	// None passes the request on and the reply back.
	None Fault = iota

	// TooManyRequests answers 429 without saying when to come back. The log never
	// sees the request.
	TooManyRequests

	// TooManyRequestsRetryAfter answers 429 with "Retry-After: 1" (the header
	// counts whole seconds). The log never sees the request.
	TooManyRequestsRetryAfter

	// Unavailable answers 503. The log never sees the request.
	Unavailable

	// SlowBefore waits ProxyConfig.Delay, then passes the request on. If the client
	// goes away meanwhile, the log never sees the request.
	SlowBefore

	// SlowAfter passes the request on, waits until the log has answered, and then
	// for ProxyConfig.Delay before it passes the reply back. The entry is in the
	// log whether or not the client waits.
	SlowAfter

	// ResetBefore resets the connection (TCP RST). The log never sees the request.
	ResetBefore

	// ResetAfter passes the request on, waits until the log has answered, and then
	// resets the connection. The entry is in the log, the client has no reply.
	ResetAfter

	// Truncate passes the request on, waits until the log has answered, and passes
	// back the status, the headers with the full Content-Length and the first half
	// of the body. The entry is in the log, the client has half a reply.
	Truncate

	numFaults // how many there are
)

var faultNames = [numFaults]string{
	None:                      "none",
	TooManyRequests:           "too-many-requests",
	TooManyRequestsRetryAfter: "too-many-requests-retry-after",
	Unavailable:               "unavailable",
	SlowBefore:                "slow-before",
	SlowAfter:                 "slow-after",
	ResetBefore:               "reset-before",
	ResetAfter:                "reset-after",
	Truncate:                  "truncate",
}

// String is the fault's name, such as "reset-after".
func (f Fault) String() string {
	if f < 0 || f >= numFaults {
		return fmt.Sprintf("Fault(%d)", int(f))
	}
	return faultNames[f]
}

// Commits says whether the log gets the request before the client learns of the
// fault: the entry is then in the log although the client may see a failure.
func (f Fault) Commits() bool {
	return f == None || f == SlowAfter || f == ResetAfter || f == Truncate
}

// Faults are all faults but None.
func Faults() []Fault {
	faults := make([]Fault, 0, numFaults-1)
	for f := None + 1; f < numFaults; f++ {
		faults = append(faults, f)
	}
	return faults
}

// RandomFaults chooses, with probability p, one of faults for a request, each as
// likely as another. The choice depends on seed and the request's number alone:
// a run with the same seed meets the same sequence, however its requests
// interleave.
func RandomFaults(seed uint64, p float64, faults ...Fault) func(*http.Request, int) Fault {
	return func(_ *http.Request, n int) Fault {
		r := rand.New(rand.NewPCG(seed, uint64(n))) //nolint:gosec // repeatable on purpose
		if len(faults) == 0 || r.Float64() >= p {
			return None
		}
		return faults[r.IntN(len(faults))]
	}
}
