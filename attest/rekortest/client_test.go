package rekortest_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	rekorpb "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/stella-ops/stella/attest"
	"github.com/stella-ops/stella/attest/logtest"
	"github.com/stella-ops/stella/attest/rekor"
)

// The tests of this file and of faults_test.go hold package rekor's clients to
// real logs. They stand here, and not beside the client, because this is one of
// the few test binaries that link Rekor's server.

// realLog is a running log of either kind, with a key that it accepts.
type realLog struct {
	logtest.Log
	signer attest.Signer
}

func eachLog(t *testing.T, test func(t *testing.T, log realLog)) {
	logtest.Each(t, "../..", func(t *testing.T, log logtest.Log) {
		test(t, realLog{log, logtest.Signer(t, log.Ed25519)})
	})
}

func seal(t *testing.T, s attest.Signer, payload string) attest.Envelope {
	e, err := attest.Seal(t.Context(), []byte(payload), attest.PayloadTypeReport, s)
	require.NoError(t, err)
	return e
}

// client returns the log's client for envelopes of a signer, through another
// address where one is given (a proxy's).
func (l realLog) client(t *testing.T, s attest.Signer, through ...string) rekor.Server {
	c := rekor.Config{URL: l.URL, Verifier: logtest.Verifier(t, s), Key: &l.Key}
	if len(through) > 0 {
		c.URL = through[0]
	}
	var server rekor.Server
	var err error
	if l.Kind == "v1" {
		server, err = rekor.NewV1(c)
	} else {
		server, err = rekor.NewV2(c)
	}
	require.NoError(t, err)
	t.Cleanup(server.CloseIdle)
	return server
}

// logged counts the entries that hold an envelope's signature.
func logged(bodies [][]byte, e attest.Envelope) int {
	n := 0
	for _, b := range bodies {
		if bytes.Contains(b, []byte(e.Signatures()[0].Text)) {
			n++
		}
	}
	return n
}

func TestSubmitIsInTheLogAndVerifiesOffline(t *testing.T) {
	eachLog(t, func(t *testing.T, log realLog) {
		for _, alg := range []attest.Algorithm{attest.ECDSAP256SHA256, log.signer.Algorithm()} {
			signer := logtest.Signer(t, alg)
			client := log.client(t, signer)
			require.True(t, client.Accepts(alg))
			env := seal(t, signer, fmt.Sprintf(`{"algorithm":%q}`, alg))

			entry, err := client.Submit(t.Context(), env)
			require.NoError(t, err)
			require.False(t, entry.Recovered)
			require.NoError(t, rekor.Verify(env, logtest.Verifier(t, signer), entry, log.Key))

			bodies, err := log.Entries(t.Context())
			require.NoError(t, err)
			require.Equal(t, 1, logged(bodies, env), "entries with the envelope's signature")
			require.Equal(t, bodies[entry.LogIndex], entry.CanonicalizedBody)
		}
	})
}

func TestDuplicateIsRecoveredAndVerified(t *testing.T) {
	eachLog(t, func(t *testing.T, log realLog) {
		client := log.client(t, log.signer)
		// More than a tile's width, so that recovering reads full and partial tiles.
		envs := make([]attest.Envelope, 300)
		for i := range envs {
			envs[i] = seal(t, log.signer, fmt.Sprintf(`{"n":%d}`, i))
		}
		first := rekor.SubmitBatch(t.Context(), client, envs, rekor.Policy{MaxBatch: len(envs)})
		require.Equal(t, len(envs), first.Accepted(), "%v", firstError(first))

		again := rekor.SubmitBatch(t.Context(), client, envs, rekor.Policy{MaxBatch: len(envs), MaxRetries: -1})
		for i, r := range again.Results {
			require.NoError(t, r.Err)
			require.True(t, r.Entry.Recovered)
			require.Equal(t, []int{409}, r.Statuses)
			require.Equal(t, first.Results[i].Entry.LogIndex, r.Entry.LogIndex)
			require.NoError(t, rekor.Verify(envs[i], logtest.Verifier(t, log.signer), r.Entry, log.Key))
		}
		bodies, err := log.Entries(t.Context())
		require.NoError(t, err)
		require.Len(t, bodies, len(envs))
	})
}

func firstError(b rekor.BatchResult) error {
	if b.Err != nil {
		return b.Err
	}
	for _, r := range b.Results {
		if r.Err != nil {
			return r.Err
		}
	}
	return nil
}

func TestURLSafeEnvelopeIsLoggedAsItIsSpelled(t *testing.T) {
	eachLog(t, func(t *testing.T, log realLog) {
		std := seal(t, log.signer, `{"n":"ÿþ?>~~~ûïþ"}`)
		spelled := strings.NewReplacer("+", "-", "/", "_").Replace(std.Signatures()[0].Text)
		raw := strings.ReplaceAll(string(std.Bytes()), std.Signatures()[0].Text, spelled)
		raw = "{\n\t" + raw[1:len(raw)-1] + "\r\n}" // white space is part of the bytes too
		env, err := attest.ParseEnvelope([]byte(raw))
		require.NoError(t, err)

		client := log.client(t, log.signer)
		entry, err := client.Submit(t.Context(), env)
		require.NoError(t, err)
		require.NoError(t, rekor.Verify(env, logtest.Verifier(t, log.signer), entry, log.Key))
	})
}

func TestRefusals(t *testing.T) {
	eachLog(t, func(t *testing.T, log realLog) {
		other := logtest.Signer(t, log.signer.Algorithm())
		client := log.client(t, log.signer)
		altered := bytes.Replace(seal(t, log.signer, `{"n":1}`).Bytes(), []byte("payload\":\"e"), []byte("payload\":\"f"), 1)
		forged, err := attest.ParseEnvelope(altered)
		require.NoError(t, err)
		for name, env := range map[string]attest.Envelope{
			"another key's envelope": seal(t, other, `{"n":1}`),
			"an altered payload":     forged,
		} {
			_, err := client.Submit(t.Context(), env)
			require.Error(t, err, name)
			var e *rekor.Error
			require.ErrorAs(t, err, &e, name)
			require.Equal(t, rekor.Permanent, e.Class, "%s: %v", name, err)
		}
		bodies, err := log.Entries(t.Context())
		require.NoError(t, err)
		require.Empty(t, bodies)
	})
}

func TestVerifyNamesWhatIsWrong(t *testing.T) {
	eachLog(t, func(t *testing.T, log realLog) {
		env := seal(t, log.signer, `{"n":1}`)
		client := log.client(t, log.signer)
		_, err := client.Submit(t.Context(), seal(t, log.signer, `{"n":0}`)) // so that the proof is not empty
		require.NoError(t, err)
		good, err := client.Submit(t.Context(), env)
		require.NoError(t, err)
		stranger := rekor.LogKey{Public: logtest.Signer(t, attest.ECDSAP256SHA256).Public(), Origin: log.Key.Origin}
		elsewhere := rekor.LogKey{Public: log.Key.Public, Origin: "rekor.example"}

		tests := []struct {
			name   string
			alter  func(*rekorpb.TransparencyLogEntry)
			key    *rekor.LogKey
			env    attest.Envelope
			want   error
			onlyV1 bool
		}{
			{name: "another envelope", env: seal(t, log.signer, `{"n":2}`), want: rekor.ErrBody},
			{name: "another signer", env: seal(t, logtest.Signer(t, log.signer.Algorithm()), `{"n":1}`), want: attest.ErrKeyID},
			{name: "body", alter: func(e *rekorpb.TransparencyLogEntry) { e.CanonicalizedBody[40] ^= 1 }, want: rekor.ErrBody},
			{name: "proof hash", alter: func(e *rekorpb.TransparencyLogEntry) { e.InclusionProof.Hashes[0][0] ^= 1 }, want: rekor.ErrInclusion},
			{name: "proof cut", alter: func(e *rekorpb.TransparencyLogEntry) { e.InclusionProof.Hashes = nil }, want: rekor.ErrInclusion},
			{name: "proof index", alter: func(e *rekorpb.TransparencyLogEntry) { e.InclusionProof.LogIndex-- }, want: rekor.ErrInclusion},
			{name: "negative index", alter: func(e *rekorpb.TransparencyLogEntry) { e.InclusionProof.LogIndex = -1 }, want: rekor.ErrInclusion},
			{name: "no proof", alter: func(e *rekorpb.TransparencyLogEntry) { e.InclusionProof = nil }, want: rekor.ErrCheckpoint},
			{name: "checkpoint root", alter: func(e *rekorpb.TransparencyLogEntry) {
				c := e.InclusionProof.Checkpoint
				lines := strings.Split(c.Envelope, "\n")
				lines[1] = "7"
				c.Envelope = strings.Join(lines, "\n")
			}, want: rekor.ErrCheckpoint},
			{name: "no checkpoint", alter: func(e *rekorpb.TransparencyLogEntry) { e.InclusionProof.Checkpoint = nil }, want: rekor.ErrCheckpoint},
			{name: "another log's key", key: &stranger, want: rekor.ErrCheckpoint},
			{name: "another log's name", key: &elsewhere, want: rekor.ErrCheckpoint},
			{name: "log id", alter: func(e *rekorpb.TransparencyLogEntry) { e.LogId.KeyId[0] ^= 1 }, want: rekor.ErrLogID},
			{name: "time", alter: func(e *rekorpb.TransparencyLogEntry) { e.IntegratedTime++ }, want: rekor.ErrSET, onlyV1: true},
			{name: "log index", alter: func(e *rekorpb.TransparencyLogEntry) { e.LogIndex++ }, want: map[string]error{"v1": rekor.ErrSET, "v2": rekor.ErrInclusion}[log.Kind]},
			{name: "no SET", alter: func(e *rekorpb.TransparencyLogEntry) { e.InclusionPromise = nil }, want: rekor.ErrSET, onlyV1: true},
		}
		for _, test := range tests {
			if test.onlyV1 && log.Kind != "v1" {
				continue
			}
			entry := good
			entry.TransparencyLogEntry = proto.Clone(good.TransparencyLogEntry).(*rekorpb.TransparencyLogEntry)
			if test.alter != nil {
				test.alter(entry.TransparencyLogEntry)
			}
			key, e := log.Key, env
			if test.key != nil {
				key = *test.key
			}
			if len(test.env.Bytes()) > 0 {
				e = test.env
			}
			require.ErrorIs(t, rekor.Verify(e, logtest.Verifier(t, log.signer), entry, key), test.want, test.name)
		}
	})
}

func TestDetect(t *testing.T) {
	eachLog(t, func(t *testing.T, log realLog) {
		server, info, err := rekor.Detect(t.Context(), rekor.Config{URL: log.URL, Verifier: logtest.Verifier(t, log.signer)})
		require.NoError(t, err)
		defer server.CloseIdle()
		require.Equal(t, log.Kind, info.Kind)
		require.True(t, strings.HasPrefix(info.Origin, log.Key.Origin), info.Origin)
		if v1, ok := server.(*rekor.V1); ok {
			pub, err := v1.PublicKey(t.Context())
			require.NoError(t, err)
			require.Equal(t, log.Key.Public, pub)
		}
	})
}

// One client gives up before the log answers; another, in the same batch of the
// log, must not lose anything by it (tessera#885).
func TestPatientClientLosesNothingByAnImpatientOne(t *testing.T) {
	eachLog(t, func(t *testing.T, log realLog) {
		patient, impatient := log.client(t, log.signer), log.client(t, log.signer)
		var all []attest.Envelope
		for round := range 5 {
			var mine, theirs []attest.Envelope
			for i := range 50 {
				mine = append(mine, seal(t, log.signer, fmt.Sprintf(`{"patient":%d,"n":%d}`, round, i)))
				theirs = append(theirs, seal(t, log.signer, fmt.Sprintf(`{"impatient":%d,"n":%d}`, round, i)))
			}
			done := make(chan rekor.BatchResult)
			go func() {
				done <- rekor.SubmitBatch(t.Context(), impatient, theirs, rekor.Policy{MaxRetries: -1, AttemptTimeout: 15 * time.Millisecond})
			}()
			result := rekor.SubmitBatch(t.Context(), patient, mine, rekor.Policy{MaxRetries: -1})
			require.Equal(t, 50, result.Accepted(), "%v", firstError(result))
			gaveUp := <-done
			require.NotEqual(t, 50, gaveUp.Accepted(), "the impatient client was meant to give up")
			all = slices.Concat(all, mine, theirs)
			for i, r := range gaveUp.Results {
				require.Contains(t, []rekor.Class{rekor.Accepted, rekor.Ambiguous, rekor.Throttled}, r.Class, "%d: %v", i, r.Err)
			}
		}
		// What the impatient client lost, it finds by submitting the same bytes.
		settled := rekor.SubmitBatch(t.Context(), impatient, all, rekor.Policy{MaxBatch: len(all)})
		require.Equal(t, len(all), settled.Accepted(), "%v", firstError(settled))
		bodies, err := log.Entries(t.Context())
		require.NoError(t, err)
		require.Len(t, bodies, len(all))
	})
}
