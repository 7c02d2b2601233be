package rekor

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Class says what an attempt's outcome means for the envelope.
type Class uint8

const (
	// Accepted: the entry is in the log.
	Accepted Class = iota
	// Duplicate: the log says that it has the entry already (409).
	Duplicate
	// Permanent: refused for good, and not stored. The same bytes will be refused
	// again.
	Permanent
	// Throttled: not stored; to be tried again later (429, 503).
	Throttled
	// Ambiguous: perhaps stored, perhaps not (a lost connection, a deadline, 408,
	// 499, 500, 502, 504, a truncated answer, one that is not about our entry). To be
	// tried again with the same bytes.
	Ambiguous
	// Frozen: the log takes no more entries (405). Look up its successor.
	Frozen
)

var classNames = [...]string{"accepted", "duplicate", "permanent", "throttled", "ambiguous", "frozen"}

func (c Class) String() string {
	if int(c) < len(classNames) {
		return classNames[c]
	}
	return fmt.Sprintf("Class(%d)", uint8(c))
}

// Retryable reports whether another attempt with the same bytes can help.
func (c Class) Retryable() bool { return c == Throttled || c == Ambiguous }

// Classify gives the class of an HTTP answer of a Rekor log. The body counts,
// because Rekor v1.5.4 answers 500 to some requests that it will never take, and a
// proxy before a log 503 to some that it passed on. An attempt without an answer (a
// transport error, a deadline) is [Ambiguous].
func Classify(status int, body []byte) Class {
	switch status {
	case http.StatusOK, http.StatusCreated:
		return Accepted
	case http.StatusConflict:
		return Duplicate
	case http.StatusTooManyRequests:
		return Throttled
	case http.StatusServiceUnavailable:
		if strings.Contains(string(body), "reset before headers") {
			return Ambiguous // Envoy's words also for a connection lost after the request was passed on (flags UC, UR)
		}
		return Throttled
	case http.StatusMethodNotAllowed:
		return Frozen
	case http.StatusRequestTimeout, 499, // 499: nginx and grpc-gateway, "client closed request"
		http.StatusBadGateway, http.StatusGatewayTimeout:
		return Ambiguous
	case http.StatusInternalServerError:
		if strings.Contains(string(body), "request body too large") {
			return Permanent // net/http's MaxBytesReader, reported as 500 by Rekor v1.5.4
		}
		return Ambiguous
	}
	if status >= 500 && status != http.StatusNotImplemented {
		return Ambiguous
	}
	return Permanent
}

// Error is a failed attempt. It wraps the transport's error where there was no
// answer.
type Error struct {
	Class      Class
	Status     int           // HTTP status, 0 where there was no answer
	RetryAfter time.Duration // what the log asked for, 0 where it said nothing
	Message    string        // the log's own words, shortened, or ours
	Err        error         // the cause, nil where the answer itself is the cause
}

func (e *Error) Error() string {
	var b strings.Builder
	if e.Class == Throttled && e.Status == 0 {
		b.WriteString("not sent") // for want of a connection, or of time
	} else {
		b.WriteString(e.Class.String())
	}
	if e.Status != 0 {
		fmt.Fprintf(&b, ": HTTP %d", e.Status)
	}
	if e.Message != "" {
		fmt.Fprintf(&b, ": %s", e.Message)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }
