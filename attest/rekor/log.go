package rekor

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	rekorpb "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"

	"github.com/stella-ops/stella/attest"
)

// Log is a client of one transparency log. Implementations are safe for use by
// several goroutines.
type Log interface {
	// Submit makes one attempt to log the envelope. A duplicate is followed to the
	// entry that the log already has and is a success once that entry is proved to
	// be ours. Every error is an *[Error] that carries the attempt's class; ctx
	// bounds the attempt, reading back a duplicate included. The entry that comes
	// with an error holds its WireBytes and nothing else.
	Submit(ctx context.Context, e attest.Envelope) (Entry, error)
	// Accepts reports whether the log takes signatures of this algorithm.
	Accepts(a attest.Algorithm) bool
}

// Entry is an envelope's place in a log, with the log's promises about it.
type Entry struct {
	// TransparencyLogEntry is the entry in the form that Sigstore bundles carry.
	// Its inclusion promise is the signed entry timestamp (SET) of a v1 log; a v2
	// log gives none.
	*rekorpb.TransparencyLogEntry
	// UUID names the entry in a v1 log (tree id and leaf hash, hex); v2 has none.
	UUID string
	// Recovered says that the log had the entry before this attempt: the answer
	// was 409, and the entry was read back and compared.
	Recovered bool
	// WireBytes is the length of the request body that submitted the envelope.
	WireBytes int
}

// Config says which log a client speaks to, and with which key's envelopes.
type Config struct {
	// URL is the log's base URL, http or https, with or without a path.
	URL string
	// Verifier is the key whose envelopes are submitted: a log stores it beside
	// the signature.
	Verifier *attest.Verifier
	// HTTP is the client to use; nil stands for one of our own that keeps up to
	// 512 idle connections to the log and follows no redirect.
	HTTP *http.Client
	// Key, where it is known, verifies in full every entry that is read back for a
	// duplicate. Without it such an entry's proof is recomputed, unsigned.
	Key *LogKey
	// PollInterval is how often a duplicate is asked for while the log has not
	// yet sequenced it; 0 stands for 50 ms.
	PollInterval time.Duration
}

// UserAgent is sent with every request.
const UserAgent = "stella-attest"

// parseURL checks a log's base URL.
func parseURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return nil, fmt.Errorf("the log's URL: %w", err)
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("the log's URL %q: want http:// or https://", s)
	case u.Host == "":
		return nil, fmt.Errorf("the log's URL %q names no host", s)
	case u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return nil, fmt.Errorf("the log's URL: give scheme, host and path only")
	}
	return u.JoinPath("/"), nil // net/http wants a path that begins with a slash
}
