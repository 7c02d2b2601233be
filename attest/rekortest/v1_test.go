package rekortest_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/stella-ops/stella/attest/rekortest"
)

func startV1(t testing.TB, cfg rekortest.V1Config) *rekortest.V1 {
	t.Helper()
	log, err := rekortest.StartV1(t.Context(), cfg)
	require.NoError(t, err, "StartV1(%+v)", cfg)
	t.Cleanup(func() { require.NoError(t, log.Close(context.Background()), "Close") })
	return log
}

// v1Answer is one entry of Rekor v1's reply: {"<uuid>": {…}}.
type v1Answer struct {
	Body           string `json:"body"`
	IntegratedTime int64  `json:"integratedTime"`
	LogID          string `json:"logID"`
	LogIndex       int64  `json:"logIndex"`
	Verification   struct {
		InclusionProof struct {
			Checkpoint string   `json:"checkpoint"`
			Hashes     []string `json:"hashes"`
			LogIndex   int64    `json:"logIndex"`
			RootHash   string   `json:"rootHash"`
			TreeSize   int64    `json:"treeSize"`
		} `json:"inclusionProof"`
		SignedEntryTimestamp []byte `json:"signedEntryTimestamp"`
	} `json:"verification"`
}

func readV1(t testing.TB, r reply) (uuid string, answer v1Answer) {
	t.Helper()
	var entries map[string]v1Answer
	require.NoError(t, json.Unmarshal(r.body, &entries), "reply %d %s", r.status, r.body)
	require.Len(t, entries, 1)
	for uuid, answer = range entries {
	}
	return uuid, answer
}

func TestV1TakesDSSE(t *testing.T) {
	log := startV1(t, rekortest.V1Config{})
	c := client(t)
	p := dsseProposal(t, `{"a":1}`)

	r, err := submit(t, c, log.URL(), p)
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, r.status, "reply: %s", r.body)
	uuid, entry := readV1(t, r)
	require.NotEmpty(t, entry.Verification.SignedEntryTimestamp)
	require.EqualValues(t, 1, entry.Verification.InclusionProof.TreeSize)
	require.Contains(t, entry.Verification.InclusionProof.Checkpoint, log.Origin()+"\n")
	require.Equal(t, fmt.Sprintf("%x", log.LogID()), entry.LogID)
	require.Equal(t, fmt.Sprintf("%016x", log.TreeID()), uuid[:16], "the UUID starts with the tree")

	bodies, err := log.Entries(t.Context())
	require.NoError(t, err)
	require.Len(t, bodies, 1)
	require.Equal(t, 1, count(bodies, p))
	require.Equal(t, entry.Body, base64.StdEncoding.EncodeToString(bodies[0]), "the reply's body is the log's")

	for _, path := range []string{
		"/api/v1/log", "/api/v1/log/publicKey", "/api/v1/log/entries/" + uuid,
		"/api/v1/log/entries?logIndex=0", "/api/v1/log/proof?firstSize=1&lastSize=1", "/ping",
	} {
		require.Equal(t, http.StatusOK, mustGet(t, c, log.URL()+path).status, "GET %s", path)
	}
	found, err := do(t, c, http.MethodPost, log.URL()+"/api/v1/log/entries/retrieve", mustJSON(t, map[string]any{"entryUUIDs": []string{uuid}}))
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, found.status, "%s", found.body)
	require.Contains(t, string(found.body), uuid)
}

func TestV1AnswersADuplicateWithItsPlace(t *testing.T) {
	log := startV1(t, rekortest.V1Config{})
	c := client(t)
	p := dsseProposal(t, `{"twice":true}`)
	first, err := submit(t, c, log.URL(), p)
	require.NoError(t, err)
	uuid, _ := readV1(t, first)

	second, err := submit(t, c, log.URL(), p)
	require.NoError(t, err)
	require.Equal(t, http.StatusConflict, second.status, "%s", second.body)
	require.Equal(t, "/api/v1/log/entries/"+uuid, second.header.Get("Location"))
	require.Equal(t, http.StatusOK, mustGet(t, c, log.URL()+second.header.Get("Location")).status)

	bodies, err := log.Entries(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, count(bodies, p), "the log holds the entry once")
}

func TestV1TakesAParallelBatch(t *testing.T) {
	const n = 500
	log := startV1(t, rekortest.V1Config{})
	c := client(t)
	proposals := make([]proposal, n)
	for i := range proposals {
		proposals[i] = dsseProposal(t, fmt.Sprintf(`{"n":%d}`, i))
	}
	start := time.Now()
	statuses := submitAll(t, c, log.URL(), proposals)
	took := time.Since(start)
	for i, status := range statuses {
		require.Equal(t, http.StatusCreated, status, "entry %d", i)
	}
	t.Logf("%d entries in %v, %.0f a second", n, took.Round(time.Millisecond), n/took.Seconds())

	// The same again, in parallel: every one is a duplicate.
	for i, status := range submitAll(t, c, log.URL(), proposals) {
		require.Equal(t, http.StatusConflict, status, "entry %d again", i)
	}
	bodies, err := log.Entries(t.Context())
	require.NoError(t, err)
	require.Len(t, bodies, n)
	for i, p := range proposals {
		require.Equal(t, 1, count(bodies, p), "entry %d", i)
	}
}

// submitAll posts all at once and returns the status of each, 0 for a failure.
func submitAll(t testing.TB, c *http.Client, base string, proposals []proposal) []int {
	statuses := make([]int, len(proposals))
	var wg sync.WaitGroup
	for i, p := range proposals {
		wg.Go(func() {
			if r, err := submit(t, c, base, p); err == nil {
				statuses[i] = r.status
			}
		})
	}
	wg.Wait()
	return statuses
}

// One envelope sent many times at once is the race that a lookup before the
// insertion would lose.
func TestV1TakesOneOfManyCopies(t *testing.T) {
	log := startV1(t, rekortest.V1Config{})
	p := dsseProposal(t, `{"copies":50}`)
	copies := make([]proposal, 50)
	for i := range copies {
		copies[i] = p
	}
	got := map[int]int{}
	for _, status := range submitAll(t, client(t), log.URL(), copies) {
		got[status]++
	}
	require.Equal(t, map[int]int{http.StatusCreated: 1, http.StatusConflict: 49}, got)
	bodies, err := log.Entries(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, count(bodies, p))
}

func TestV1ManualWaitsForSequence(t *testing.T) {
	log := startV1(t, rekortest.V1Config{Manual: true, BatchSize: 2})
	c := client(t)
	first, second, third := dsseProposal(t, "1"), dsseProposal(t, "2"), dsseProposal(t, "3")
	type answer struct {
		r   reply
		err error
	}
	answers := make(chan answer, 3)
	for _, p := range []proposal{first, second, third} {
		go func() {
			r, err := submit(t, c, log.URL(), p)
			answers <- answer{r, err}
		}()
	}
	waitPending(t, log, 3)
	bodies, err := log.Entries(t.Context())
	require.NoError(t, err)
	require.Empty(t, bodies, "nothing is integrated before Sequence")
	require.Empty(t, answers, "nothing is answered before Sequence")

	for _, want := range []int{2, 1, 0} {
		n, err := log.Sequence(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, n, "entries integrated by one pass of BatchSize 2")
	}
	for range 3 {
		a := <-answers
		require.NoError(t, a.err)
		require.Equal(t, http.StatusCreated, a.r.status, "%s", a.r.body)
	}
	bodies, err = log.Entries(t.Context())
	require.NoError(t, err)
	require.Len(t, bodies, 3)
}

// waitPending waits until n entries wait for the sequencer.
func waitPending(t testing.TB, log *rekortest.V1, n int) {
	t.Helper()
	require.Eventually(t, func() bool {
		got, err := log.Pending(t.Context())
		return err == nil && got == n
	}, time.Minute, 5*time.Millisecond, "%d entries pending", n)
}

func TestV1SequenceNeedsManual(t *testing.T) {
	log := startV1(t, rekortest.V1Config{})
	_, err := log.Sequence(t.Context())
	require.ErrorContains(t, err, "V1Config.Manual")
}

func TestV1ManualCloseEndsWaitingRequests(t *testing.T) {
	log := startV1(t, rekortest.V1Config{Manual: true})
	c := client(t)
	p := dsseProposal(t, "waits")
	done := make(chan error, 1)
	go func() {
		_, err := submit(t, c, log.URL(), p)
		done <- err
	}()
	waitPending(t, log, 1)
	require.NoError(t, log.Close(t.Context()))
	<-done
}

func TestV1IsOneAProcess(t *testing.T) {
	first := startV1(t, rekortest.V1Config{})
	_, err := rekortest.StartV1(t.Context(), rekortest.V1Config{})
	require.ErrorIs(t, err, rekortest.ErrV1Running)
	require.NoError(t, first.Close(t.Context()))
	require.NoError(t, first.Close(t.Context()), "closing twice")

	second := startV1(t, rekortest.V1Config{})
	r, err := submit(t, client(t), second.URL(), dsseProposal(t, "after"))
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, r.status)
}

func TestV1StartsAfterAFailedStart(t *testing.T) {
	_, err := rekortest.StartV1(t.Context(), rekortest.V1Config{Addr: "192.0.2.1:0"})
	require.ErrorContains(t, err, "not loopback")
	startV1(t, rekortest.V1Config{})
}

func TestV1LeavesNoGoroutine(t *testing.T) {
	before := goleak.IgnoreCurrent()
	log, err := rekortest.StartV1(t.Context(), rekortest.V1Config{})
	require.NoError(t, err)
	transport := &http.Transport{}
	_, err = submit(t, &http.Client{Transport: transport}, log.URL(), dsseProposal(t, "gone"))
	require.NoError(t, err)
	require.NoError(t, log.Close(t.Context()))
	transport.CloseIdleConnections()
	goleak.VerifyNone(t, append(knownGoroutines(), before)...)
}

func TestV1UsesTheGivenKey(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	log := startV1(t, rekortest.V1Config{Signer: key, Hostname: "given.localhost"})
	require.True(t, key.PublicKey.Equal(log.PublicKey()))
	id := sha256.Sum256(spki(t, key.Public()))
	require.Equal(t, id[:], log.LogID())
	require.Contains(t, log.Origin(), "given.localhost - ")
}

// What Rekor answers to a request it cannot take; clients classify by these.
func TestV1Refuses(t *testing.T) {
	log := startV1(t, rekortest.V1Config{MaxBodyBytes: 64 << 10})
	c := client(t)
	good := dsseProposal(t, "good").body
	var altered map[string]any
	require.NoError(t, json.Unmarshal(good, &altered))
	content := altered["spec"].(map[string]any)["proposedContent"].(map[string]any)
	content["verifiers"] = []string{base64.StdEncoding.EncodeToString([]byte("-----BEGIN PUBLIC KEY-----\n"))}

	for name, row := range map[string]struct {
		body []byte
		want int
	}{
		"wrong key":      {mustJSON(t, altered), http.StatusBadRequest},
		"unknown kind":   {[]byte(`{"apiVersion":"0.0.1","kind":"nonesuch","spec":{}}`), http.StatusUnprocessableEntity},
		"malformed JSON": {[]byte(`{`), http.StatusInternalServerError},
		"too long":       {make([]byte, 65<<10), http.StatusInternalServerError},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := do(t, c, http.MethodPost, log.URL()+"/api/v1/log/entries", row.body)
			require.NoError(t, err)
			require.Equal(t, row.want, r.status, "%s", r.body)
		})
	}
	bodies, err := log.Entries(t.Context())
	require.NoError(t, err)
	require.Empty(t, bodies)
}
