package rekortest_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/stella-ops/stella/attest/rekortest"
)

// buildV2 is the pinned server. Without the go command there is no way to get
// it, and these tests fail: a suite that did not run must say so.
func buildV2(t testing.TB) string {
	t.Helper()
	binary, err := rekortest.BuildV2(t.Context(), filepath.Join("..", ".."))
	require.NoError(t, err)
	return binary
}

func startV2(t testing.TB, cfg rekortest.V2Config) *rekortest.V2 {
	t.Helper()
	cfg = fastV2(t, cfg)
	log, err := rekortest.StartV2(t.Context(), cfg)
	require.NoError(t, err, "StartV2(%+v)", cfg)
	t.Cleanup(func() { require.NoError(t, log.Close(context.Background()), "Close") })
	return log
}

func fastV2(t testing.TB, cfg rekortest.V2Config) rekortest.V2Config {
	cfg.Binary = buildV2(t)
	cfg.CheckpointInterval = 100 * time.Millisecond
	cfg.BatchMaxAge = 20 * time.Millisecond
	return cfg
}

// v2Answer is Rekor v2's reply, a TransparencyLogEntry in protojson.
type v2Answer struct {
	LogIndex string `json:"logIndex"`
	LogID    struct {
		KeyID []byte `json:"keyId"`
	} `json:"logId"`
	InclusionProof struct {
		Checkpoint struct {
			Envelope string `json:"envelope"`
		} `json:"checkpoint"`
	} `json:"inclusionProof"`
	CanonicalizedBody []byte `json:"canonicalizedBody"`
}

func TestV2TakesHashedRekord(t *testing.T) {
	log := startV2(t, rekortest.V2Config{})
	c := client(t)
	p := hashedProposal(t, "one")

	r, err := submit(t, c, log.URL(), p)
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, r.status, "reply: %s", r.body)
	var answer v2Answer
	require.NoError(t, json.Unmarshal(r.body, &answer))
	require.Equal(t, log.LogID(), answer.LogID.KeyID)
	require.True(t, strings.HasPrefix(answer.InclusionProof.Checkpoint.Envelope, log.Origin()+"\n"))

	bodies, err := log.Entries(t.Context())
	require.NoError(t, err)
	require.Len(t, bodies, 1)
	require.Equal(t, answer.CanonicalizedBody, bodies[0], "the reply's body is the log's")

	again, err := submit(t, c, log.URL(), p)
	require.NoError(t, err)
	require.Equal(t, http.StatusConflict, again.status, "%s", again.body)
	require.Equal(t, answer.LogIndex, again.header.Get("X-Log-Index"), "headers: %v", again.header)
	bodies, err = log.Entries(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, count(bodies, p), "the log holds the entry once")
}

func TestV2FrontServesTheLog(t *testing.T) {
	log := startV2(t, rekortest.V2Config{})
	c := client(t)
	p := hashedProposal(t, "read me")
	_, err := submit(t, c, log.URL(), p)
	require.NoError(t, err)

	checkpoint := mustGet(t, c, log.URL()+"/api/v2/checkpoint")
	require.Equal(t, http.StatusOK, checkpoint.status)
	require.Equal(t, "text/plain; charset=utf-8", checkpoint.header.Get("Content-Type"))
	require.Equal(t, "no-cache", checkpoint.header.Get("Cache-Control"))
	require.True(t, strings.HasPrefix(string(checkpoint.body), log.Origin()+"\n1\n"), "%s", checkpoint.body)

	for _, path := range []string{"tile/0/000.p/1", "tile/entries/000.p/1"} {
		tile := mustGet(t, c, log.URL()+"/api/v2/"+path)
		require.Equal(t, http.StatusOK, tile.status, path)
		require.Equal(t, "application/octet-stream", tile.header.Get("Content-Type"))
		require.Contains(t, tile.header.Get("Cache-Control"), "immutable")
	}
	bundle := mustGet(t, c, log.URL()+"/api/v2/tile/entries/000.p/1")
	require.Contains(t, string(bundle.body), p.needle)

	// A tile that is not there yet must not be remembered as missing.
	missing := mustGet(t, c, log.URL()+"/api/v2/tile/0/001")
	require.Equal(t, http.StatusNotFound, missing.status)
	require.Equal(t, "no-store", missing.header.Get("Cache-Control"))
	require.Equal(t, http.StatusOK, mustGet(t, c, log.URL()+"/healthz").status, "the rest goes to the server")
}

func TestV2FrontServesNothingElse(t *testing.T) {
	dir := t.TempDir()
	log := startV2(t, rekortest.V2Config{Dir: dir})
	c := client(t)
	key, err := os.ReadFile(filepath.Join(dir, "key.pem"))
	require.NoError(t, err)
	for _, path := range []string{
		"tile/../../key.pem", "tile/%2e%2e/%2e%2e/key.pem", "tile/..%2f..%2fkey.pem", "tile/0/../../../key.pem",
		"tile/.state/treeState", "tile/0/000.p/0", "tile/0/000.p/", "tile/64/000", "tile/0/x000", "tile/0/1", "tile//000", "tile/entries/",
	} {
		r := mustGet(t, c, log.URL()+"/api/v2/"+path)
		require.Equal(t, http.StatusNotFound, r.status, "GET %s: %s", path, r.body)
		require.NotContains(t, string(r.body), string(key))
	}
}

func TestV2EntriesSpanBundles(t *testing.T) {
	const n = 300 // a full bundle and a partial one
	log := startV2(t, rekortest.V2Config{})
	c := client(t)
	proposals := make([]proposal, n)
	for i := range proposals {
		proposals[i] = hashedProposal(t, fmt.Sprint("bundle ", i))
	}
	start := time.Now()
	for i, status := range submitAll(t, c, log.URL(), proposals) {
		require.Equal(t, http.StatusCreated, status, "entry %d", i)
	}
	t.Logf("%d entries in %v", n, time.Since(start).Round(time.Millisecond))
	bodies, err := log.Entries(t.Context())
	require.NoError(t, err)
	require.Len(t, bodies, n)
	for i, p := range proposals {
		require.Equal(t, 1, count(bodies, p), "entry %d", i)
	}
}

func TestV2GoesOnInItsDirectory(t *testing.T) {
	dir := t.TempDir()
	p := hashedProposal(t, "kept")
	first := startV2(t, rekortest.V2Config{Dir: dir})
	_, err := submit(t, client(t), first.URL(), p)
	require.NoError(t, err)
	require.NoError(t, first.Close(t.Context()))

	frozen := startV2(t, rekortest.V2Config{Dir: dir, ReadOnly: true})
	require.Equal(t, first.LogID(), frozen.LogID(), "the key stays")
	bodies, err := frozen.Entries(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, count(bodies, p))
	r, err := submit(t, client(t), frozen.URL(), hashedProposal(t, "late"))
	require.NoError(t, err)
	require.Equal(t, http.StatusMethodNotAllowed, r.status, "%s", r.body)

	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	_, err = rekortest.StartV2(t.Context(), fastV2(t, rekortest.V2Config{Dir: dir, Signer: other}))
	require.ErrorContains(t, err, "a log keeps its key")
}

func TestV2CloseEndsTheServer(t *testing.T) {
	before := goleak.IgnoreCurrent()
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp) // where a log without a directory goes
	log, err := rekortest.StartV2(t.Context(), fastV2(t, rekortest.V2Config{}))
	require.NoError(t, err)
	require.Len(t, serversUnder(t, tmp), 1)

	require.NoError(t, log.Close(t.Context()))
	require.NoError(t, log.Close(t.Context()), "closing twice")
	require.Empty(t, serversUnder(t, tmp), "the server is gone")
	left, err := fs.Glob(os.DirFS(tmp), "*")
	require.NoError(t, err)
	require.Empty(t, left, "the directory is gone")
	goleak.VerifyNone(t, append(knownGoroutines(), before)...)
}

// serversUnder finds the processes with a storage directory below dir.
func serversUnder(t testing.TB, dir string) []int {
	t.Helper()
	if runtime.GOOS != "linux" {
		require.NotEqual(t, "true", os.Getenv("CI"), "CI must run where /proc shows the processes: on Linux")
		t.Skip("looks for processes in /proc: run it on Linux")
	}
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(t, err)
	var pids []int
	for _, file := range lines {
		line, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(line, []byte("--storage-dir="+dir)) {
			continue // ended meanwhile, or another
		}
		pid, err := strconv.Atoi(strings.Split(file, "/")[2])
		require.NoError(t, err)
		pids = append(pids, pid)
	}
	return pids
}

func TestV2SaysWhyTheServerEnded(t *testing.T) {
	_, err := rekortest.StartV2(t.Context(), rekortest.V2Config{})
	require.ErrorContains(t, err, "BuildV2")

	cfg := fastV2(t, rekortest.V2Config{Hostname: "no spaces allowed"})
	_, err = rekortest.StartV2(t.Context(), cfg)
	require.ErrorContains(t, err, "invalid name", "the server's own words")

	log, err := rekortest.StartV2(t.Context(), fastV2(t, rekortest.V2Config{Dir: t.TempDir()}))
	require.NoError(t, err)
	servers := serversUnder(t, log.Dir())
	require.Len(t, servers, 1)
	require.NoError(t, syscall.Kill(servers[0], syscall.SIGKILL))
	<-log.Done()
	require.ErrorContains(t, log.Close(t.Context()), "ended on its own")
}

func TestBuildV2NamesWhatToDo(t *testing.T) {
	_, err := rekortest.BuildV2(t.Context(), t.TempDir())
	require.ErrorContains(t, err, "install Go")
}
