package rekor_test

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/attest"
	"github.com/stella-ops/stella/attest/rekor"
)

// sinkEnv turns the test binary into the benchmarks' server: what that costs must
// not count as the client's CPU time, so it runs as a process of its own.
const sinkEnv = "STELLA_BENCH_SINK"

func TestMain(m *testing.M) {
	if os.Getenv(sinkEnv) != "" {
		serveSink()
		return
	}
	os.Exit(m.Run())
}

// serveSink answers every POST as a v1 log would, after a tenth of a second when
// asked for under /slow, until stdin ends.
func serveSink() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("http://" + l.Addr().String())
	go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, sig, _ := strings.Cut(string(body), `\"sig\":\"`)
		sig, _, _ = strings.Cut(sig, `\"`)
		if strings.HasPrefix(r.URL.Path, "/slow") {
			<-time.After(100 * time.Millisecond)
		}
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, sinkAnswer, base64.StdEncoding.EncodeToString(fmt.Appendf(nil, `{"signature":"%s","verifier":"%0160d"}`, sig, 0)), strings.Repeat(sinkHash, 12)[1:])
	}))
	io.Copy(io.Discard, os.Stdin)
}

// The shape and length of a real answer: twelve hashes are a log of 4,096 entries.
const (
	sinkHash   = `,"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"`
	sinkAnswer = `{"108e9186e8c5677a0000000000000000000000000000000000000000000000000000000000000000":{"body":"%s",` +
		`"integratedTime":1767323045,"logID":"c0d23d6ad406973f9559f3ba2d1ca01f84147d8ffc5b8445c224f98b9591801d","logIndex":3,` +
		`"verification":{"inclusionProof":{"checkpoint":"rekor.localhost - 1193050959916656506\n4096\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— rekor.localhost wNI9ajBFAiEA\n",` +
		`"hashes":[%s],"logIndex":3,"rootHash":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","treeSize":4096},` +
		`"signedEntryTimestamp":"ACVKb5S53ggtUnecweYQNVp/pMnuGD1ih6zR9iBFao+02QMoTXKXvOELMFV6n8TpEzhdgqfM8RtAZYqv1PkjSG2St9wGK1A="}}}`
)

func startSink(b *testing.B) string {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), sinkEnv+"=1")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	require.NoError(b, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, cmd.Start())
	b.Cleanup(func() { stdin.Close(); cmd.Wait() })
	url, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(b, err)
	return strings.TrimSpace(url)
}

func sealMany(b *testing.B, n, size int) ([]attest.Envelope, *attest.Verifier) {
	_, key, err := ed25519.GenerateKey(nil)
	require.NoError(b, err)
	signer, err := attest.NewSigner(key, attest.Ed25519)
	require.NoError(b, err)
	verifier, err := attest.NewVerifier(key.Public(), attest.Ed25519)
	require.NoError(b, err)
	envs := make([]attest.Envelope, n)
	for i := range envs {
		payload := fmt.Appendf(nil, `{"n":%d,"x":"%s"}`, i, bytes.Repeat([]byte("a"), size))
		envs[i], err = attest.Seal(b.Context(), payload, attest.PayloadTypeReport, signer)
		require.NoError(b, err)
	}
	return envs, verifier
}

// cpuTime is the CPU time that this process has used.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// keepBodies remembers the requests that a client sends, so that the floor can
// send the same bytes.
type keepBodies struct {
	mu     sync.Mutex
	bodies [][]byte
}

func (k *keepBodies) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	k.mu.Lock()
	k.bodies = append(k.bodies, body)
	k.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("kept %d bytes", len(body))
}

// BenchmarkBatchCPU measures the client's CPU time for a batch of 50 beside its
// floor: bare POSTs of the same bytes, as parallel, each answer read whole. Goal:
// op=SubmitBatch within 1.1 of op=floor in cpu-ns/entry.
//
//	go test -bench BatchCPU -count 10 ./attest/rekor | benchstat -col /op -
func BenchmarkBatchCPU(b *testing.B) {
	url := startSink(b)
	const batch = 50
	for _, size := range []int{2 << 10, 20 << 10, 200 << 10} {
		envs, verifier := sealMany(b, batch, size)
		keep := new(keepBodies)
		kept, err := rekor.NewV1(rekor.Config{URL: url, Verifier: verifier, HTTP: &http.Client{Transport: keep}})
		require.NoError(b, err)
		rekor.SubmitBatch(b.Context(), kept, envs, rekor.Policy{MaxRetries: -1})
		require.Len(b, keep.bodies, batch)

		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxIdleConnsPerHost = 512
		transport.DisableCompression = true
		client := &http.Client{Transport: transport}
		defer transport.CloseIdleConnections()
		measure(b, fmt.Sprintf("bytes=%d/op=floor", size), batch, func() error {
			var wg sync.WaitGroup
			errs := make([]error, batch)
			for i, body := range keep.bodies {
				wg.Go(func() {
					resp, err := client.Post(url+"/api/v1/log/entries", "application/json", bytes.NewReader(body))
					if errs[i] = err; err != nil {
						return
					}
					_, errs[i] = io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
				})
			}
			wg.Wait()
			return errs[0]
		})

		log, err := rekor.NewV1(rekor.Config{URL: url, Verifier: verifier})
		require.NoError(b, err)
		defer log.CloseIdle()
		measure(b, fmt.Sprintf("bytes=%d/op=SubmitBatch", size), batch, func() error {
			return firstError(rekor.SubmitBatch(b.Context(), log, envs, rekor.Policy{MaxRetries: -1}))
		})
	}
}

func measure(b *testing.B, name string, batch int, op func() error) {
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		require.NoError(b, op()) // opens the connections
		before := cpuTime(b)
		for b.Loop() {
			if err := op(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N*batch), "cpu-ns/entry")
	})
}

func firstError(batch rekor.BatchResult) error {
	if batch.Err != nil {
		return batch.Err
	}
	for _, r := range batch.Results {
		if r.Err != nil {
			return r.Err
		}
	}
	return nil
}

// BenchmarkParallel measures what being in flight together is worth against a
// server that takes a tenth of a second: 50 one by one, and 50 in parallel.
func BenchmarkParallel(b *testing.B) {
	url := startSink(b) + "/slow"
	const batch = 50
	envs, verifier := sealMany(b, batch, 8<<10)
	log, err := rekor.NewV1(rekor.Config{URL: url, Verifier: verifier})
	require.NoError(b, err)
	defer log.CloseIdle()
	for _, c := range []int{1, batch} {
		b.Run(fmt.Sprintf("K=%d/c=%d", batch, c), func(b *testing.B) {
			for b.Loop() {
				if err := firstError(rekor.SubmitBatch(b.Context(), log, envs, rekor.Policy{Concurrency: c})); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*batch)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}
