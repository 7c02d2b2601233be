package rekor

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/transparency-dev/merkle/rfc6962"

	"github.com/stella-ops/stella/attest"
)

// A log that lies, or is none, must not pass for one that holds our envelope.

func sealed(t *testing.T, payload string) (attest.Envelope, *attest.Verifier) {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	signer, err := attest.NewSigner(key, attest.Ed25519)
	require.NoError(t, err)
	verifier, err := attest.NewVerifier(key.Public(), attest.Ed25519)
	require.NoError(t, err)
	env, err := attest.Seal(t.Context(), []byte(payload), attest.PayloadTypeReport, signer)
	require.NoError(t, err)
	return env, verifier
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
		post     string
		get      string // of the entry that a 409 names
		want     Class
		says     string
		is       error
	}{
		{name: "accepted", status: 201, post: mine, want: Accepted},
		{name: "another envelope's entry", status: 201, post: other, want: Permanent, says: "not made from this envelope"},
		{name: "a page", status: 200, post: "<html>", want: Ambiguous, says: "no log entry"},
		{name: "nothing", status: 201, want: Ambiguous, says: "no log entry"},
		{name: "endless", status: 201, post: strings.Repeat(" ", maxAnswerBytes+1), want: Ambiguous, says: "broke off"},
		{name: "redirect", status: 307, location: "http://elsewhere.example/", want: Permanent, says: "HTTP 307"},
		{name: "duplicate", status: 409, location: location, get: mine, want: Accepted},
		{name: "duplicate of another", status: 409, location: location, get: other, want: Permanent, is: ErrBody},
		{name: "duplicate with a false proof", status: 409, location: location, get: strings.Replace(mine, "\\n1\\n", "\\n2\\n", 1), want: Permanent, is: ErrInclusion},
		{name: "duplicate without a checkpoint", status: 409, location: location, get: strings.Replace(mine, "log - 1", "", 1), want: Permanent, is: ErrCheckpoint},
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
		})
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
