package sweep

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/attest"
	"github.com/stella-ops/stella/attest/rekor"
)

func TestReadSettings(t *testing.T) {
	answer := func(status int, body string) Settings {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			require.Equal(t, "/log/.stella/settings", req.URL.Path)
			w.WriteHeader(status)
			w.Write([]byte(body))
		}))
		defer srv.Close()
		s, err := ReadSettings(t.Context(), srv.Client(), srv.URL+"/log/")
		require.NoError(t, err)
		return s
	}
	require.Equal(t, Settings{
		Server: "rekor v1", PublicKey: "PEM", CheckpointInterval: 250 * time.Millisecond,
		Rest: map[string]string{"sequencer_interval_ms": "250", "checkpoint_interval_ms": "0", "store": "memory"},
	}, answer(200, `{"log":"v1","server":"rekor v1","public_key":"PEM","log_id":"00","sequencer_interval_ms":250,"checkpoint_interval_ms":0,"store":"memory"}`))
	require.Equal(t, 10*time.Second, answer(200, `{"checkpoint_interval_ms":10000}`).CheckpointInterval)
	require.Zero(t, answer(404, `{"server":"x"}`), "a log that does not tell")
	require.Zero(t, answer(200, "<html>"), "a server that answers anything")
	require.Zero(t, answer(200, `{"checkpoint_interval_ms":"soon"}`).CheckpointInterval)

	_, err := ReadSettings(t.Context(), http.DefaultClient, "http://127.0.0.1:1")
	require.ErrorContains(t, err, "asking the log for its settings")
}

func TestNewLogInfo(t *testing.T) {
	told := NewLogInfo(rekor.Info{Kind: "v2", Origin: "o"}, Settings{Server: "s", CheckpointInterval: time.Second, Rest: map[string]string{"a": "b"}})
	require.Equal(t, LogInfo{Kind: "v2", Origin: "o", Server: "s", CheckpointInterval: Millis(time.Second), Settings: map[string]string{"a": "b", intervalSource: intervalTold}}, told)
	assumed := NewLogInfo(rekor.Info{Kind: "v1", Origin: "o"}, Settings{})
	require.Equal(t, Millis(v1Interval), assumed.CheckpointInterval)
	require.Equal(t, intervalAssumed, assumed.Settings[intervalSource])
	require.Contains(t, assumed.Server, "unknown")
	measured := NewLogInfo(rekor.Info{Kind: "v2", Origin: "o"}, Settings{})
	require.Zero(t, measured.CheckpointInterval)
	require.Equal(t, intervalMeasured, measured.Settings[intervalSource])
}

func TestPreflight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, test := range []struct {
			name  string
			spoil func(*Runner, *fakeLog)
			err   string
		}{
			{"a good log", func(*Runner, *fakeLog) {}, ""},
			{"another algorithm", func(_ *Runner, l *fakeLog) {
				l.verifier = mustVerifier(t, attest.Ed25519ph)
			}, "takes no ed25519 signatures: choose another algorithm"},
			{"no deduplication", func(_ *Runner, l *fakeLog) { l.forgetful = true }, "took the same envelope twice, as entries 0 and 1"},
			{"a duplicate somewhere else", func(_ *Runner, l *fakeLog) { l.misplacing = true }, "took the same envelope twice, as entries 0 and 1"},
			{"no check of signatures", func(_ *Runner, l *fakeLog) { l.trusting = true }, "it does not check signatures"},
			{"a log that is down", func(_ *Runner, l *fakeLog) {
				l.fault = func(int) fault { return fault{err: &rekor.Error{Class: rekor.Throttled, Status: 503}} }
			}, "does not take an envelope: after 4 attempts: throttled: HTTP 503"},
			{"a log that breaks off at a forgery", func(_ *Runner, l *fakeLog) {
				l.trusting = true
				l.fault = func(n int) fault {
					if n < 2 {
						return fault{}
					}
					return fault{err: &rekor.Error{Class: rekor.Ambiguous, Err: errors.New("reset")}}
				}
			}, "does not refuse for good an envelope that another key has signed"},
		} {
			r, log := newRunner(t)
			test.spoil(r, log)
			info, err := Preflight(t.Context(), r, LogInfo{Kind: "v1", CheckpointInterval: 1})
			if test.err != "" {
				require.ErrorContains(t, err, test.err, test.name)
				continue
			}
			require.NoError(t, err, test.name)
			require.Equal(t, LogInfo{Kind: "v1", CheckpointInterval: 1}, info)
			require.Len(t, log.entries, 1)
		}
	})
}

func mustVerifier(t testing.TB, alg attest.Algorithm) *attest.Verifier {
	t.Helper()
	signer, err := strangersSigner(alg)
	require.NoError(t, err)
	v, err := attest.NewVerifier(signer.Public(), alg)
	require.NoError(t, err)
	return v
}

func TestPreflightMeasuresTheInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, log := newRunner(t)
		log.latency = 10 * time.Second
		r.Policy.AttemptTimeout = 30 * time.Second
		info, err := Preflight(t.Context(), r, LogInfo{Kind: "v2"})
		require.NoError(t, err)
		require.Equal(t, Millis(10*time.Second), info.CheckpointInterval)
	})
}

func TestStrangersSigner(t *testing.T) {
	for _, alg := range []attest.Algorithm{attest.ECDSAP256SHA256, attest.Ed25519, attest.Ed25519ph} {
		s, err := strangersSigner(alg)
		require.NoError(t, err)
		require.Equal(t, alg, s.Algorithm())
	}
}
