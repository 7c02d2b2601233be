package rekor

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/stella-ops/stella/attest"
)

// maxAnswerBytes bounds what is read of one answer. The largest honest one is an
// entry bundle of a v2 log: 256 entries of some 600 bytes.
const maxAnswerBytes = 4 << 20

// client is what V1 and V2 share: one log's address and how to ask it.
type client struct {
	base     *url.URL
	entries  *url.URL // where envelopes are submitted
	http     *http.Client
	verifier *attest.Verifier
	key      *LogKey
	poll     time.Duration
}

// newClient makes the client of a log that takes envelopes at a path below its URL.
func newClient(c Config, entries string) (client, error) {
	base, err := parseURL(c.URL)
	if err != nil {
		return client{}, err
	}
	if c.Verifier == nil {
		return client{}, errors.New("a log's client needs the key of the envelopes that it submits")
	}
	cl := client{base: base, entries: base.JoinPath(entries), http: c.HTTP, verifier: c.Verifier, key: c.Key, poll: c.PollInterval}
	if cl.http == nil {
		cl.http = newHTTP()
	}
	if cl.poll <= 0 {
		cl.poll = 50 * time.Millisecond
	}
	return cl, nil
}

// newHTTP returns a client fit for batches: net/http keeps two idle connections
// to a host and would open hundreds anew for every batch.
func newHTTP() *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConns = 512
	t.MaxIdleConnsPerHost = 512
	t.DisableCompression = true  // answers are small, and the tiles do not compress
	t.WriteBufferSize = 32 << 10 // else net/http allocates as much for each larger request
	return &http.Client{
		Transport: t,
		// A redirected POST could reach another log: what it says is reported instead.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// CloseIdle closes the connections that no request is using.
func (c *client) CloseIdle() { c.http.CloseIdleConnections() }

// answer is an HTTP answer, read whole.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) class() Class { return Classify(a.status, a.body) }

// submit posts a request and has its answer read, if it is one that tells of an
// entry: accepted, or a duplicate.
func (c *client) submit(ctx context.Context, request pieces, read func(answer) (Entry, *Error)) (Entry, error) {
	sent := Entry{WireBytes: request.len()}
	a, failed := c.do(ctx, http.MethodPost, c.entries, request)
	if failed != nil {
		return sent, failed
	}
	if class := a.class(); class != Accepted && class != Duplicate {
		return sent, refusal(a)
	}
	entry, failed := read(a)
	if failed != nil {
		return sent, failed
	}
	entry.WireBytes = sent.WireBytes
	return entry, nil
}

// do sends one request. Its error says what became of the
// request: class Throttled if it surely never reached the log, Permanent if it
// never will, Ambiguous otherwise.
func (c *client) do(ctx context.Context, method string, at *url.URL, body pieces) (answer, *Error) {
	req := (&http.Request{
		Method: method, URL: at, Host: at.Host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"User-Agent": {UserAgent}},
	}).WithContext(ctx)
	if body != nil {
		req.Header["Content-Type"] = []string{"application/json"}
		req.ContentLength = int64(body.len())
		req.Body = body.reader()
		req.GetBody = func() (io.ReadCloser, error) { return body.reader(), nil }
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return answer{}, &Error{Class: transportClass(err), Err: err}
	}
	defer resp.Body.Close()
	a := answer{status: resp.StatusCode, header: resp.Header}
	a.body, err = readAll(resp)
	if err != nil {
		return a, &Error{Class: Ambiguous, Status: a.status, Message: "the answer broke off", Err: err}
	}
	return a, nil
}

// pieces is a request body that is not joined, because the largest piece is the
// envelope's own memory.
type pieces [][]byte

func (p pieces) len() int {
	n := 0
	for _, b := range p {
		n += len(b)
	}
	return n
}

// joinedBytes is the length up to which copying a request costs less than net/http
// does for a body that is no *bytes.Reader: it sends the headers on their own then.
const joinedBytes = 64 << 10

func (p pieces) reader() io.ReadCloser {
	if p.len() > joinedBytes {
		return &piecesReader{slices.Clone(p)}
	}
	return io.NopCloser(bytes.NewReader(slices.Concat(p...)))
}

type piecesReader struct{ left pieces }

// Read fills b across the pieces, so that the transport writes few large blocks.
func (r *piecesReader) Read(b []byte) (n int, err error) {
	for len(r.left) > 0 && n < len(b) {
		k := copy(b[n:], r.left[0])
		n += k
		if r.left[0] = r.left[0][k:]; len(r.left[0]) == 0 {
			r.left = r.left[1:]
		}
	}
	if n == 0 && len(b) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (*piecesReader) Close() error { return nil }

// readAll reads an answer's body into one allocation where its length is known.
func readAll(resp *http.Response) ([]byte, error) {
	if n := resp.ContentLength; n >= 0 && n <= maxAnswerBytes {
		body := make([]byte, n)
		_, err := io.ReadFull(resp.Body, body)
		return body, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswerBytes+1))
	if err == nil && len(body) > maxAnswerBytes {
		return nil, fmt.Errorf("it has more than %d bytes", maxAnswerBytes)
	}
	return body, err
}

// transportClass says what a request without an answer means. A connection that
// was never made carried nothing.
func transportClass(err error) Class {
	var cert *tls.CertificateVerificationError
	if errors.As(err, &cert) {
		return Permanent
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return Throttled
	}
	return Ambiguous
}

// refusal makes the error of an answer that is no success.
func refusal(a answer) *Error {
	return &Error{
		Class:      a.class(),
		Status:     a.status,
		RetryAfter: retryAfter(a.header.Get("Retry-After"), time.Now()),
		Message:    shorten(a.body),
	}
}

// retryAfter reads a Retry-After header (RFC 9110 section 10.2.3): seconds or an
// HTTP date. What cannot be read, or lies in the past, is 0. More than an hour is
// read as an hour: no batch waits longer.
func retryAfter(h string, now time.Time) time.Duration {
	const longest = time.Hour
	h = strings.TrimSpace(h)
	if s, err := strconv.ParseUint(h, 10, 64); err == nil {
		return time.Duration(min(s, uint64(longest/time.Second))) * time.Second
	}
	if t, err := http.ParseTime(h); err == nil {
		return min(max(t.Sub(now), 0), longest)
	}
	return 0
}

// shorten makes a log's words fit for an error message: one line, printable, at
// most 300 bytes.
func shorten(body []byte) string {
	s := strings.ToValidUTF8(string(body[:min(len(body), 300)]), "")
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if len(body) > 300 {
		s += " …"
	}
	return s
}

// wait pauses until d has passed or ctx ends, and then says so.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}

// checkName reports whether what a log calls itself can be printed.
func checkName(origin string) error {
	if strings.ContainsFunc(origin, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return fmt.Errorf("it has a name that cannot be printed: %.200q", origin)
	}
	return nil
}

// signature returns the one signature of an envelope that is to be submitted.
func signature(e attest.Envelope) (attest.Signature, *Error) {
	sigs := e.Signatures()
	if len(sigs) != 1 {
		return attest.Signature{}, &Error{Class: Permanent, Message: fmt.Sprintf(
			"the envelope has %d signatures: this client submits envelopes with one", len(sigs))}
	}
	return sigs[0], nil
}

// errNotOurs is about an entry that another envelope made. It is ambiguous: the log
// does not say what it did with ours.
func errNotOurs(status int) *Error {
	return &Error{Class: Ambiguous, Status: status, Message: "the logged entry is not made from this envelope; is the URL that of a Rekor log?"}
}

// readBack asks for the entry that a duplicate names until there is an answer, because
// a log may not serve it yet, and checks that it is ours. The error says what the last
// question got that ctx did not cut off.
func (c *client) readBack(ctx context.Context, e attest.Envelope, status int, name string, ask func() (Entry, error)) (Entry, *Error) {
	var last error
	for {
		entry, err := ask()
		if err == nil {
			if err := c.checkRecovered(e, entry); err != nil {
				return Entry{}, &Error{Class: Ambiguous, Status: status, Err: err}
			}
			entry.Recovered = true
			return entry, nil
		}
		if last == nil || ctx.Err() == nil {
			last = err
		}
		pause := c.poll
		if failed, ok := errors.AsType[*Error](err); ok {
			pause = max(pause, failed.RetryAfter)
		}
		if wait(ctx, pause) != nil {
			return Entry{}, &Error{Class: Ambiguous, Status: status, Err: last, Message: fmt.Sprintf(
				"the log has entry %s, but it could not be read back in time", name)}
		}
	}
}

// errNoEntry is about a broken answer. It is ambiguous: the log may well have
// stored the entry.
func errNoEntry(status int, err error) *Error {
	return &Error{Class: Ambiguous, Status: status, Message: "the answer is no log entry", Err: err}
}
