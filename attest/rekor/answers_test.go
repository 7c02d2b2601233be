package rekor

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/transparency-dev/merkle/rfc6962"

	"github.com/stella-ops/stella/attest"
)

// A log that lies, or is none, must not pass for one that holds our envelope.

func sealed(t *testing.T, payload string) (attest.Envelope, *attest.Verifier) {
	return sealedFor(t, payload, attest.Ed25519)
}

// v1Text is a v1 log's answer for a log that holds this envelope alone.
func v1Text(t *testing.T, e attest.Envelope, v *attest.Verifier) string {
	body, err := v1Body(e, v)
	require.NoError(t, err)
	root := rfc6962.DefaultHasher.HashLeaf(body)
	return fmt.Sprintf(`{"%064x":{"body":"%s","integratedTime":1,"logID":"00","logIndex":0,"verification":{"signedEntryTimestamp":"AAAA",`+
		`"inclusionProof":{"checkpoint":"log - 1\n1\n%s\n\n— log AAAAAAA=\n","hashes":[],"logIndex":0,"rootHash":"%s","treeSize":1}}}}`,
		1, base64.StdEncoding.EncodeToString(body), base64.StdEncoding.EncodeToString(root), hex.EncodeToString(root))
}

func TestAnswersOfV1(t *testing.T) {
	ours, verifier := sealed(t, "ours")
	theirs, _ := sealed(t, "theirs")
	mine, other := v1Text(t, ours, verifier), v1Text(t, theirs, verifier)
	location := fmt.Sprintf("/api/v1/log/entries/%064x", 1)
	for _, test := range []struct {
		name     string
		status   int // of the POST
		location string
		declared int // length, where it is not left to net/http
		post     string
		get      string // of the entry that a 409 names
		want     Class
		says     string
		is       error
	}{
		{name: "accepted", status: 201, post: mine, want: Accepted},
		{name: "another envelope's entry", status: 201, post: other, want: Ambiguous, says: "not made from this envelope"},
		{name: "a page", status: 200, post: "<html>", want: Ambiguous, says: "no log entry"},
		{name: "nothing", status: 201, want: Ambiguous, says: "no log entry"},
		{name: "endless", status: 201, post: strings.Repeat(" ", maxAnswerBytes+1), want: Ambiguous, says: "broke off"},
		{name: "endless, and says so", status: 201, declared: maxAnswerBytes + 1, post: strings.Repeat(" ", maxAnswerBytes+1), want: Ambiguous, says: "broke off: it has more than"},
		{name: "shorter than it says", status: 201, declared: 1000, post: "{}", want: Ambiguous, says: "broke off: unexpected EOF"},
		{name: "redirect", status: 307, location: "http://elsewhere.example/", want: Permanent, says: "HTTP 307"},
		{name: "duplicate", status: 409, location: location, get: mine, want: Accepted},
		{name: "duplicate of another", status: 409, location: location, get: other, want: Ambiguous, is: ErrBody},
		{name: "duplicate with a false proof", status: 409, location: location, get: strings.Replace(mine, "\\n1\\n", "\\n2\\n", 1), want: Ambiguous, is: ErrInclusion},
		{name: "duplicate in another tree", status: 409, location: location, get: strings.Replace(mine, "\\n1\\n", "\\n1\\n"+strings.Repeat("A", 43)+"=\\n", 1), want: Ambiguous, is: ErrInclusion},
		{name: "duplicate without a checkpoint", status: 409, location: location, get: strings.Replace(mine, "log - 1", "", 1), want: Ambiguous, is: ErrCheckpoint},
		{name: "duplicate nowhere", status: 409, want: Ambiguous, says: "no Location"},
		{name: "duplicate somewhere odd", status: 409, location: "/../../etc", want: Ambiguous, says: "no Location"},
		{name: "duplicate that is a page", status: 409, location: location, get: "<html>", want: Ambiguous, says: "no log entry"},
		{name: "duplicate that never comes", status: 409, location: location, want: Ambiguous, says: "could not be read back in time"},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.Method == http.MethodPost:
					if test.location != "" {
						w.Header().Set("Location", test.location)
					}
					if test.declared > 0 {
						w.Header().Set("Content-Length", strconv.Itoa(test.declared))
					}
					w.WriteHeader(test.status)
					fmt.Fprint(w, test.post)
				case test.get == "":
					http.NotFound(w, r)
				default:
					fmt.Fprint(w, test.get)
				}
			}))
			defer server.Close()
			log, err := NewV1(Config{URL: server.URL, Verifier: verifier, PollInterval: time.Millisecond})
			require.NoError(t, err)
			defer log.CloseIdle()
			r := SubmitBatch(t.Context(), log, []attest.Envelope{ours}, Policy{MaxRetries: -1, AttemptTimeout: 500 * time.Millisecond}).Results[0]
			require.Equal(t, test.want, r.Class, "%v", r.Err)
			if test.says != "" {
				require.ErrorContains(t, r.Err, test.says)
			}
			if test.is != nil {
				require.ErrorIs(t, r.Err, test.is)
			}
			if r.Err != nil {
				require.NotContains(t, r.Err.Error(), "\n", "an error is one line")
			}
		})
	}
}

// v2Text is a v2 log's answer to a new entry with this body.
func v2Text(body []byte) string {
	return fmt.Sprintf(`{"logIndex":"0","logId":{"keyId":"AAAA"},"kindVersion":{"kind":"hashedrekord","version":"0.0.2"},`+
		`"inclusionProof":{"logIndex":"0","treeSize":"1","checkpoint":{"envelope":"log\n"}},"canonicalizedBody":"%s"}`,
		base64.StdEncoding.EncodeToString(body))
}

// v2Files are what a v2 log serves whose first of two entries has this body.
func v2Files(body []byte) map[string]string {
	second := []byte("second")
	h := rfc6962.DefaultHasher
	leaves := [2][]byte{h.HashLeaf(body), h.HashLeaf(second)}
	var bundle []byte
	for _, b := range [][]byte{body, second} {
		bundle = append(binary.BigEndian.AppendUint16(bundle, uint16(len(b))), b...)
	}
	return map[string]string{
		"/api/v2/checkpoint":           "log\n2\n" + base64.StdEncoding.EncodeToString(h.HashChildren(leaves[0], leaves[1])) + "\n\n— log AAAAAAA=\n",
		"/api/v2/tile/0/000.p/2":       string(leaves[0]) + string(leaves[1]),
		"/api/v2/tile/entries/000.p/2": string(bundle),
	}
}

func sealedFor(t *testing.T, payload string, alg attest.Algorithm) (attest.Envelope, *attest.Verifier) {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	signer, err := attest.NewSigner(key, alg)
	require.NoError(t, err)
	verifier, err := attest.NewVerifier(key.Public(), alg)
	require.NoError(t, err)
	env, err := attest.Seal(t.Context(), []byte(payload), attest.PayloadTypeReport, signer)
	require.NoError(t, err)
	return env, verifier
}

func TestAnswersOfV2(t *testing.T) {
	ours, verifier := sealedFor(t, "ours", attest.Ed25519ph)
	theirs, _ := sealedFor(t, "theirs", attest.Ed25519ph)
	body := func(e attest.Envelope) []byte {
		b, err := v2Body(e, verifier)
		require.NoError(t, err)
		return b
	}
	good := v2Files(body(ours))
	tile := good["/api/v2/tile/0/000.p/2"]
	root := strings.Repeat("r", 32)
	with := func(files map[string]string, name, text string) map[string]string {
		changed := maps.Clone(files)
		if changed[name] = text; text == "" {
			delete(changed, name)
		}
		return changed
	}
	checkpoint := func(size string, root string) map[string]string {
		return with(good, "/api/v2/checkpoint", "log\n"+size+"\n"+base64.StdEncoding.EncodeToString([]byte(root))+"\n\n— log AAAAAAA=\n")
	}
	full := with(with(good, "/api/v2/tile/0/000.p/2", ""), "/api/v2/tile/entries/000.p/2", "")
	full["/api/v2/tile/0/000"] = tile + strings.Repeat(root, 254)
	full["/api/v2/tile/entries/000"] = good["/api/v2/tile/entries/000.p/2"] + "\x00\x01x"
	for _, test := range []struct {
		name   string
		status int // of the POST
		index  string
		post   string
		files  map[string]string
		want   Class
		says   string
		is     error
	}{
		{name: "accepted", status: 201, post: v2Text(body(ours)), want: Accepted},
		{name: "another envelope's entry", status: 201, post: v2Text(body(theirs)), want: Ambiguous, says: "not made from this envelope"},
		{name: "a page", status: 200, post: "<html>", want: Ambiguous, says: "no log entry"},
		{name: "no body", status: 201, post: v2Text(nil), want: Ambiguous, says: "no body or no inclusion proof"},
		{name: "no proof", status: 201, post: `{"canonicalizedBody":"e30="}`, want: Ambiguous, says: "no body or no inclusion proof"},
		{name: "duplicate", status: 409, index: "0", files: good, want: Accepted},
		{name: "duplicate in a tile that was filled", status: 409, index: "0", files: full, want: Accepted},
		{name: "duplicate of another", status: 409, index: "0", files: v2Files(body(theirs)), want: Ambiguous, is: ErrBody},
		{name: "duplicate nowhere", status: 409, want: Ambiguous, says: "no x-log-index"},
		{name: "duplicate at -1", status: 409, index: "-1", files: good, want: Ambiguous, says: "no x-log-index"},
		{name: "duplicate very far behind the end", status: 409, index: "9223372036854775807", files: good, want: Ambiguous, says: "covers 2 entries so far"},
		{name: "duplicate right behind the end", status: 409, index: "2", files: good, want: Ambiguous, says: "covers 2 entries so far"},
		{name: "no checkpoint", status: 409, index: "0", files: with(good, "/api/v2/checkpoint", ""), want: Ambiguous, says: "HTTP 404"},
		{name: "a page for a checkpoint", status: 409, index: "0", files: with(good, "/api/v2/checkpoint", "<html>"), want: Ambiguous, says: "serves no checkpoint"},
		{name: "a size beyond all tiles", status: 409, index: "0", files: checkpoint("18446744073709551615", root), want: Ambiguous, says: "out of range"},
		{name: "a size that is too large to prove", status: 409, index: "0", files: checkpoint("36028797018963967", root), want: Ambiguous, says: "could not be read back in time"},
		{name: "a short root", status: 409, index: "0", files: checkpoint("2", "root"), want: Ambiguous, says: "out of range"},
		{name: "another root", status: 409, index: "0", files: checkpoint("2", root), want: Ambiguous, says: "could not be read back in time"},
		{name: "a short tile", status: 409, index: "0", files: with(good, "/api/v2/tile/0/000.p/2", tile[1:]), want: Ambiguous, says: "ends too early"},
		{name: "an empty bundle", status: 409, index: "0", files: with(good, "/api/v2/tile/entries/000.p/2", "\x00"), want: Ambiguous, says: "ends too early"},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				text, there := test.files[r.URL.Path]
				switch {
				case r.Method == http.MethodPost:
					w.Header().Set("X-Log-Index", test.index)
					w.WriteHeader(test.status)
					fmt.Fprint(w, test.post)
				case !there:
					http.NotFound(w, r)
				default:
					fmt.Fprint(w, text)
				}
			}))
			defer server.Close()
			log, err := NewV2(Config{URL: server.URL, Verifier: verifier, PollInterval: time.Millisecond})
			require.NoError(t, err)
			defer log.CloseIdle()
			r := SubmitBatch(t.Context(), log, []attest.Envelope{ours}, Policy{MaxRetries: -1, AttemptTimeout: 300 * time.Millisecond}).Results[0]
			require.Equal(t, test.want, r.Class, "%v", r.Err)
			if test.says != "" {
				require.ErrorContains(t, r.Err, test.says)
			}
			if test.is != nil {
				require.ErrorIs(t, r.Err, test.is)
			}
			if r.Err != nil {
				require.NotContains(t, r.Err.Error(), "\n", "an error is one line")
			}
		})
	}
}

// While an entry is read back the log may ask for patience.
func TestReadingBackWaitsAsAsked(t *testing.T) {
	for _, alg := range []attest.Algorithm{attest.Ed25519, attest.Ed25519ph} { // v1, v2
		env, verifier := sealedFor(t, "ours", alg)
		var reads atomic.Int64
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				w.Header().Set("Location", fmt.Sprintf("/api/v1/log/entries/%064x", 1))
				w.Header().Set("X-Log-Index", "0")
				w.WriteHeader(http.StatusConflict)
				return
			}
			reads.Add(1)
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(http.StatusTooManyRequests)
		}))
		defer server.Close()
		c := Config{URL: server.URL, Verifier: verifier, PollInterval: time.Millisecond}
		var log Server
		var err error
		if log, err = NewV1(c); alg == attest.Ed25519ph {
			log, err = NewV2(c)
		}
		require.NoError(t, err)
		defer log.CloseIdle()
		r := SubmitBatch(t.Context(), log, []attest.Envelope{env}, Policy{MaxRetries: -1, AttemptTimeout: 200 * time.Millisecond}).Results[0]
		require.Equal(t, Ambiguous, r.Class, "%v", r.Err)
		require.ErrorContains(t, r.Err, "HTTP 429")
		require.EqualValues(t, 1, reads.Load(), "%s: the log was asked again before it wanted", alg)
	}
}

// What a log calls itself is printed, so it must not be able to speak to a terminal.
func TestNameThatCannotBePrinted(t *testing.T) {
	_, verifier := sealed(t, "ours")
	for name, files := range map[string]map[string]string{
		"v1": {v1Log: `{"treeID":"1","treeSize":1,"signedTreeHead":"log \u001b[2J - 1\n1\n"}`},
		"v2": {v2Checkpoint: "log \x1b[2J\n1\n" + base64.StdEncoding.EncodeToString(make([]byte, 32)) + "\n\n— log AAAAAAA=\n"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if files[r.URL.Path] == "" {
				w.WriteHeader(http.StatusNotFound)
			}
			fmt.Fprint(w, files[r.URL.Path])
		}))
		defer server.Close()
		_, _, err := Detect(t.Context(), Config{URL: server.URL, Verifier: verifier})
		require.ErrorContains(t, err, "a name that cannot be printed", name)
		require.NotContains(t, err.Error(), "\x1b", name)
	}
}

// A log's key, where it is known, is demanded of an entry that is read back.
func TestRecoveredEntryMustBeSigned(t *testing.T) {
	env, verifier := sealed(t, "ours")
	text := v1Text(t, env, verifier)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			w.Header().Set("Location", fmt.Sprintf("/api/v1/log/entries/%064x", 1))
			w.WriteHeader(http.StatusConflict)
		}
		fmt.Fprint(w, text)
	}))
	defer server.Close()
	log, err := NewV1(Config{URL: server.URL, Verifier: verifier, Key: &LogKey{Public: verifier.Public()}})
	require.NoError(t, err)
	defer log.CloseIdle()
	_, err = log.Submit(t.Context(), env)
	require.ErrorIs(t, err, ErrCheckpoint)
}

func TestEnvelopeWithSeveralSignaturesIsNotSent(t *testing.T) {
	env, verifier := sealed(t, "ours")
	text := strings.Replace(string(env.Bytes()), `"signatures":[`, `"signatures":[{"sig":"AAAA"},`, 1)
	two, err := attest.ParseEnvelope([]byte(text))
	require.NoError(t, err)
	log, err := NewV1(Config{URL: "http://127.0.0.1:1", Verifier: verifier})
	require.NoError(t, err)
	_, err = log.Submit(t.Context(), two)
	require.ErrorContains(t, err, "submits envelopes with one")
}

// A server that cannot prove who it is got nothing, and will not get anything.
func TestUntrustedCertificateIsPermanent(t *testing.T) {
	env, verifier := sealed(t, "ours")
	asked := false
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	server.StartTLS()
	defer server.Close()
	log, err := NewV1(Config{URL: server.URL, Verifier: verifier})
	require.NoError(t, err)
	defer log.CloseIdle()
	_, err = log.Submit(t.Context(), env)
	require.Equal(t, Permanent, asError(err).Class, "%v", err)
	require.False(t, asked)
}

// Nobody listens: the envelope is surely not in a log.
func TestRefusedConnectionIsThrottled(t *testing.T) {
	env, verifier := sealed(t, "ours")
	server := httptest.NewServer(nil)
	server.Close()
	log, err := NewV1(Config{URL: server.URL, Verifier: verifier})
	require.NoError(t, err)
	_, err = log.Submit(t.Context(), env)
	require.Equal(t, Throttled, asError(err).Class, "%v", err)
}
