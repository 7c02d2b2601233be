package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/attest"
	"github.com/stella-ops/stella/attest/rekortest"
	"github.com/stella-ops/stella/attest/sweep"
)

// asCommand has the test binary be the command: signals and other users need a
// process of their own.
const asCommand = "STELLA_ATTEST_BENCH_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	os.Exit(m.Run())
}

type outcome struct {
	code           int
	stdout, stderr string
}

// runBench runs the command in this process, with its configuration in a directory of
// the test.
func runBench(t *testing.T, args ...string) outcome {
	t.Helper()
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(t.TempDir(), "config"))
	var stdout, stderr bytes.Buffer
	err := run(t.Context(), args, strings.NewReader(""), &stdout, &stderr)
	return outcome{report(&stderr, err), stdout.String(), stderr.String()}
}

func writeFiles(t testing.TB, dir string, files map[string]string) string {
	t.Helper()
	require.NoError(t, os.MkdirAll(dir, 0o755))
	for name, text := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	return dir
}

// reportsDir holds three small reports.
func reportsDir(t testing.TB) string {
	return writeFiles(t, filepath.Join(t.TempDir(), "reports"), map[string]string{
		"a.json": `{"target":{"name":"a"}}`, "b.json": `{"target":{"name":"b"}}`, "c.json": `{"target":{"name":"c"}}`,
	})
}

// tree lists everything below a directory, with the content of files.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	found := make(map[string]string)
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		found[path] = ""
		if d.Type().IsRegular() {
			data, err := os.ReadFile(path)
			found[path] = string(data)
			return err
		}
		return nil
	}))
	return found
}

func keyFile(t testing.TB, key crypto.PrivateKey) string {
	t.Helper()
	pem, err := cryptoutils.MarshalPrivateKeyToPEM(key)
	require.NoError(t, err)
	name := filepath.Join(t.TempDir(), "key.pem")
	require.NoError(t, os.WriteFile(name, pem, 0o600))
	return name
}

func server(t testing.TB, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// TestBadInput: a clear error, the exit code, and nothing written.
func TestBadInput(t *testing.T) {
	const nobody = "http://127.0.0.1:1" // nothing listens there
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	large := writeFiles(t, filepath.Join(t.TempDir(), "large"), map[string]string{"r.json": "{}"})
	require.NoError(t, os.Truncate(filepath.Join(large, "r.json"), 70_000_000))
	reports := func(name, text string) []string {
		return []string{"--reports-dir", writeFiles(t, t.TempDir(), map[string]string{name: text})}
	}
	taken := writeFiles(t, filepath.Join(t.TempDir(), "taken"), map[string]string{"results.csv": "mine"})
	file := filepath.Join(taken, "results.csv")
	html := func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<html>welcome</html>")) }

	for _, test := range []struct {
		name string
		args []string // instead of good ones
		code int
		err  string
	}{
		{"no reports", reports("README.md", ""), 1, "no report (*.json)"},
		{"an empty file", reports("r.json", ""), 1, "r.json: the file is empty"},
		{"invalid JSON", reports("r.json", "{\n\"a\":}"), 1, "r.json: line 2: not JSON"},
		{"a report of 70 MB", []string{"--reports-dir", large}, 1, "r.json: it has 70000000 bytes: over the size limit"},
		{"no directory", []string{"--reports-dir", filepath.Join(taken, "x")}, 1, "no such file or directory"},
		{"a file for a directory", []string{"--reports-dir", file}, 1, "not a directory"},
		{"nobody there", []string{"--rekor-url", nobody}, 1, "connection refused; is the URL right, and the log running?"},
		{"no scheme", []string{"--rekor-url", "127.0.0.1:3000"}, 1, "the log's URL"},
		{"wrong scheme", []string{"--rekor-url", "ftp://127.0.0.1"}, 1, "want http:// or https://"},
		{"a page", []string{"--rekor-url", server(t, html)}, 1, "no Rekor log answers at"},
		{"a 404", []string{"--rekor-url", server(t, http.NotFound)}, 1, "no Rekor log answers at"},
		{"a public log", []string{"--rekor-url", "https://203.0.113.7"}, 1, "shared and rate limited, and keep every entry for good; give -allow-public if that is meant"},
		{"size 0", []string{"--batch-sizes", "0"}, 2, "--batch-sizes: batch size 0: the smallest batch holds 1 envelope"},
		{"size -1", []string{"--batch-sizes", "-1"}, 2, "--batch-sizes: batch size -1"},
		{"size x", []string{"--batch-sizes", "x"}, 2, `--batch-sizes: batch size "x" is not a whole number`},
		{"a size twice", []string{"--batch-sizes", "5,5"}, 2, "--batch-sizes: batch size 5 is given twice"},
		{"no sizes", []string{"--batch-sizes", ""}, 2, "--batch-sizes: no batch sizes"},
		{"an output that exists", []string{"--out", taken}, 1, "a recorded sweep is there already (results.csv): name another directory, or go on with that sweep with -resume"},
		{"a file for the output", []string{"--out", file}, 1, "not a directory"},
		{"an output below a file", []string{"--out", filepath.Join(file, "out")}, 1, "not a directory"},
		{"nothing to resume", []string{"-resume"}, 1, "there is no sweep to resume"},
		{"a key on another curve", []string{"-key", keyFile(t, p384)}, 1, "an ECDSA key on P-384 cannot be used: make one on P-256"},
		{"a key that is none", []string{"-key", file}, 1, "-key: reading the signing key"},
		{"no key", []string{"-key", filepath.Join(taken, "x")}, 1, "no such file or directory"},
		{"an unknown algorithm", []string{"-algorithm", "rsa"}, 2, `unknown algorithm "rsa"`},
		{"a log key that is none", []string{"-log-key", file}, 1, "-log-key: "},
		{"retries below none", []string{"--max-retries", "-1"}, 2, "--max-retries is -1: it must be at least 0"},
		{"no time", []string{"--timeout-ms", "0"}, 2, "--timeout-ms is 0: it must be at least 1"},
		{"no blocks", []string{"-blocks", "0"}, 2, "-blocks is 0: it must be at least 1"},
		{"gaps the wrong way", []string{"-gap-min", "2", "-gap-max", "1"}, 2, "-gap-min is 2 and -gap-max 1"},
		{"an unknown mode", []string{"-mode", "fast"}, 2, `-mode "fast": choose report or statement`},
		{"an unknown flag", []string{"-fast"}, 2, "flag provided but not defined: -fast"},
		{"a word", []string{"fast"}, 2, `"fast" is no flag`},
		{"an empty key", []string{"-key", ""}, 2, "-key is empty: leave it out, or give it a value"},
		{"an empty key of the log", []string{"-log-key="}, 2, "-log-key is empty"},
		{"an environment of two lines", []string{"-environment", "a\nb"}, 2, "-environment: give one line of text"},
		{"a timeout beyond all", []string{"--timeout-ms", "9223372036854775807"}, 2, `"9223372036854775807" for flag -timeout-ms: it must be at most 86400000`},
		{"a timeout in words", []string{"--timeout-ms", "10s"}, 2, `"10s" for flag -timeout-ms: want a whole number of milliseconds`},
		{"decide nothing", []string{"-decide", filepath.Join(taken, "x")}, 1, "no such file or directory"},
		{"update without sweeps", []string{"-update-doc", file}, 2, "wants the directories of recorded sweeps"},
		{"update without a document", []string{"-update-doc", filepath.Join(taken, "x"), taken}, 1, "no such file or directory"},
		{"decide and measure", []string{"-decide", taken, "-seed", "1"}, 2, "-decide goes with no other flag, not with -seed"},
		{"decide and update", []string{"-decide", taken, "-update-doc", file, taken}, 2, "-decide goes with no other flag, not with -update-doc"},
		{"update and measure", []string{"-update-doc", file, "-key", "k", taken}, 2, "-update-doc goes with no other flag, not with -key"},
	} {
		t.Run(test.name, func(t *testing.T) {
			place := t.TempDir()
			before := tree(t, taken)
			args := test.args
			if len(args) == 0 || !slices.Contains([]string{"-decide", "-update-doc"}, args[0]) {
				args = append([]string{
					"--reports-dir", reportsDir(t), "--rekor-url", nobody, "--batch-sizes", "1,2", "--out", filepath.Join(place, "out"),
				}, args...)
			}
			got := runBench(t, args...)
			require.Equal(t, test.code, got.code, "%s", got.stderr)
			require.Contains(t, got.stderr, test.err)
			require.Empty(t, got.stdout)
			require.Len(t, tree(t, place), 1, "something was written")
			require.Equal(t, before, tree(t, taken))
		})
	}
}

// TestServerThatNeverAnswers: the command must not wait for it without end.
func TestServerThatNeverAnswers(t *testing.T) {
	release := make(chan struct{})
	url := server(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/.stella") {
			http.NotFound(w, r)
			return
		}
		<-release
	})
	t.Cleanup(func() { close(release) }) // before the server's own
	got := runBench(t, "--reports-dir", reportsDir(t), "--rekor-url", url, "--batch-sizes", "1", "--out", filepath.Join(t.TempDir(), "out"), "--timeout-ms", "200")
	require.Equal(t, 1, got.code)
	require.Contains(t, got.stderr, "no answer within 200ms")
}

// TestDecisionIsReplacedWhole has a directory in the way of each new file: the old
// ones stay as they are.
func TestDecisionIsReplacedWhole(t *testing.T) {
	dir := record(t, 59, sweep.Row{Latency: time.Second, Successes: 10})
	require.Zero(t, runBench(t, "-decide", dir).code)
	doc := filepath.Join(dir, "doc.md")
	const text = "<!-- generated: sweep -->\n<!-- /generated: sweep -->\n"
	require.NoError(t, os.WriteFile(doc, []byte(text), 0o644))
	for file, args := range map[string][]string{
		"decision.json": {"-decide", dir}, "results.bench.txt": {"-decide", dir}, "doc.md": {"-update-doc", doc, dir},
	} {
		name := filepath.Join(dir, file)
		require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
		require.NoError(t, os.MkdirAll(filepath.Join(name+".tmp", "x"), 0o755))
		got := runBench(t, args...)
		require.Equal(t, 1, got.code, file)
		require.Contains(t, got.stderr, file, file)
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Equal(t, text, string(data), "%s was written in place", file)
		require.NoError(t, os.RemoveAll(name+".tmp"))
	}
}

func TestRequiredFlags(t *testing.T) {
	all := [][]string{{"--reports-dir", "x"}, {"--rekor-url", "x"}, {"--batch-sizes", "1"}, {"--out", "x"}}
	for i, missing := range all {
		var args []string
		for j, a := range all {
			if j != i {
				args = append(args, a...)
			}
		}
		got := runBench(t, args...)
		require.Equal(t, 2, got.code)
		require.Equal(t, "stella-attest-bench: "+missing[0]+" is required\nstella-attest-bench -h explains the flags\n", got.stderr)
	}
}

// TestHelp: every flag is explained, and only flags that exist.
func TestHelp(t *testing.T) {
	got := runBench(t, "-h")
	require.Zero(t, got.code)
	require.Equal(t, usage, got.stdout)
	require.Empty(t, got.stderr)
	for line := range strings.SplitSeq(usage, "\n") {
		require.LessOrEqual(t, len(line), 100, "%q", line)
	}
	for _, name := range []string{
		"reports-dir", "rekor-url", "batch-sizes", "out", "max-retries", "timeout-ms", "concurrency", "mode", "key", "algorithm",
		"blocks", "confirm", "seed", "gap-min", "gap-max", "budget-ms", "environment", "allow-public", "resume", "verify", "log-key",
		"decide", "update-doc",
	} {
		require.Contains(t, usage, "-"+name)
	}
}

// TestAsAnotherUser takes the permissions away that root always has.
func TestAsAnotherUser(t *testing.T) {
	place := t.TempDir()
	// t.TempDir and its parents up to the system's are open to everybody.
	require.NoError(t, os.Chmod(filepath.Dir(place), 0o755))
	secret := writeFiles(t, filepath.Join(place, "secret"), map[string]string{"r.json": "{}"})
	require.NoError(t, os.Chmod(secret, 0o300))
	sealed := filepath.Join(place, "sealed")
	require.NoError(t, os.Mkdir(sealed, 0o555))
	open := writeFiles(t, filepath.Join(place, "open"), map[string]string{"r.json": "{}"})

	for _, test := range []struct{ name, reports, out, err string }{
		{"a directory without read permission", secret, filepath.Join(place, "out"), "reading the reports directory: open " + secret + ": permission denied"},
		{"a place without write permission", open, filepath.Join(sealed, "out"), "the results cannot be written to " + filepath.Join(sealed, "out")},
	} {
		cmd := exec.Command(copyOfSelf(t, place), "--reports-dir", test.reports, "--rekor-url", "http://127.0.0.1:1", "--batch-sizes", "1", "--out", test.out)
		cmd.Env = []string{asCommand + "=1", "XDG_CONFIG_HOME=" + filepath.Join(place, "config")}
		if os.Geteuid() == 0 {
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		}
		out, err := cmd.CombinedOutput()
		require.Error(t, err, test.name)
		require.Equal(t, 1, cmd.ProcessState.ExitCode(), "%s: %s", test.name, out)
		require.Contains(t, string(out), test.err, test.name)
		require.NoDirExists(t, test.out)
	}
}

// copyOfSelf puts the test binary where every user may run it.
func copyOfSelf(t testing.TB, dir string) string {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	name := filepath.Join(dir, "stella-attest-bench")
	if _, err := os.Stat(name); err == nil {
		return name
	}
	data, err := os.ReadFile(self)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(name, data, 0o755))
	return name
}

func startV1(t testing.TB) *rekortest.V1 {
	t.Helper()
	log, err := rekortest.StartV1(t.Context(), rekortest.V1Config{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, log.Close(context.Background())) })
	return log
}

// TestSweepOfARealLog goes through a whole use of the command.
func TestSweepOfARealLog(t *testing.T) {
	log := startV1(t)
	out := filepath.Join(t.TempDir(), "deep", "out")
	args := []string{
		"--reports-dir", reportsDir(t), "--rekor-url", log.URL(), "--batch-sizes", "4,1", "--out", out,
		"-confirm=false", "-blocks", "3", "-seed", "5", "-gap-max", "10", "-environment", "a test",
	}
	got := runBench(t, args...)
	require.Equal(t, 3, got.code, "ten rows decide nothing: %s", got.stderr)
	require.Contains(t, got.stderr, "signing with the development key")
	require.Contains(t, got.stderr, "3 reports are fewer than the largest batch")
	require.Contains(t, got.stderr, "block 3 of 3: 6 runs, 0 of 15 entries failed")
	require.NotContains(t, got.stderr, "\x1b", "escapes in a pipe")
	require.Contains(t, got.stdout, "verified offline: 15 logged entries")
	require.Contains(t, got.stdout, "a test")
	require.Contains(t, got.stdout, "inconclusive")

	rows, meta, err := sweep.ReadRecord(out)
	require.NoError(t, err)
	require.Len(t, rows, 6)
	require.Equal(t, []int{1, 4}, meta.Plan.Sizes)
	require.Equal(t, uint64(5), meta.Plan.Seed)
	require.Equal(t, log.Origin(), meta.Log.Origin)
	require.Equal(t, "1000", meta.Log.Settings["batch_size"])
	require.Equal(t, sweep.Millis(100*time.Millisecond), meta.Log.CheckpointInterval)
	entries, err := log.Entries(t.Context())
	require.NoError(t, err)
	require.Len(t, entries, 15+4+1, "the rows' entries, the warm-up's and the preflight's")
	for _, name := range []string{"latency.svg", "ecdf.png", "results.bench.txt", "results.entries.jsonl"} {
		require.FileExists(t, filepath.Join(out, name))
	}

	// The same again: refused, and nothing is touched.
	before := tree(t, out)
	again := runBench(t, args...)
	require.Equal(t, 1, again.code)
	require.Contains(t, again.stderr, "a recorded sweep is there already")
	require.Equal(t, before, tree(t, out))

	// Deciding again gives the same files.
	decided := runBench(t, "-decide", out)
	require.Equal(t, 3, decided.code)
	require.True(t, strings.HasSuffix(got.stdout, decided.stdout), "%s", decided.stdout)
	require.Equal(t, before, tree(t, out))

	// A sweep that is complete can be resumed; it submits no batch, and is decided.
	resumed := runBench(t, append(args, "-resume")...)
	require.Equal(t, 3, resumed.code, "%s", resumed.stderr)
	require.Equal(t, decided.stdout, resumed.stdout)
	require.Equal(t, before, tree(t, out))
	other := runBench(t, append(args, "-resume", "-blocks", "4", "--batch-sizes", "1,5")...)
	require.Equal(t, 1, other.code)
	require.Contains(t, other.stderr, "plan.blocks was 3, is 4; plan.sizes was [1 4], is [1 5]")
	require.Equal(t, before, tree(t, out))
}

// TestInterrupt stops a sweep with Ctrl-C and goes on with the command that it
// proposes.
func TestInterrupt(t *testing.T) {
	log := startV1(t)
	out := filepath.Join(t.TempDir(), "o ut")
	args := []string{
		"--reports-dir", reportsDir(t), "--rekor-url", log.URL(), "--batch-sizes", "1,2", "--out", out,
		"-confirm=false", "-blocks", "12", "-gap-max", "10",
	}
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self, args...)
	cmd.Env = []string{asCommand + "=1", "XDG_CONFIG_HOME=" + t.TempDir()}
	pipe, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	var stderr strings.Builder
	lines := bufio.NewScanner(pipe)
	for lines.Scan() {
		fmt.Fprintln(&stderr, lines.Text())
		if strings.HasPrefix(lines.Text(), "block 2 of 12") {
			require.NoError(t, cmd.Process.Signal(os.Interrupt))
		}
	}
	require.NoError(t, lines.Err())
	require.Error(t, cmd.Wait())
	require.Equal(t, 1, cmd.ProcessState.ExitCode(), "%s", &stderr)

	rows, meta, err := sweep.ReadRecord(out)
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(rows), 4)
	require.Less(t, len(rows), 24)
	require.True(t, meta.Ended.IsZero())
	require.Contains(t, stderr.String(), fmt.Sprintf("interrupted; %d runs are in %s; to go on:\n  stella-attest-bench --reports-dir ", len(rows), out))
	require.Contains(t, stderr.String(), fmt.Sprintf(" --out '%s' -confirm=false -blocks 12 -gap-max 10 -resume\n", out))

	got := runBench(t, append(args, "-resume")...)
	require.Equal(t, 3, got.code, "%s", got.stderr)
	all, meta, err := sweep.ReadRecord(out)
	require.NoError(t, err)
	require.Len(t, all, 24)
	require.Equal(t, rows, all[:len(rows)])
	require.False(t, meta.Ended.IsZero())
	for i, run := range meta.Runs {
		require.Equal(t, map[int]int{201: run.Size}, run.Statuses, "run %d", i)
	}
}

// TestKeysAndModes sweeps with an encrypted Ed25519 key and Statements.
func TestKeysAndModes(t *testing.T) {
	log := startV1(t)
	_, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	pem, err := cryptoutils.MarshalPrivateKeyToEncryptedDER(key, func(bool) ([]byte, error) { return []byte("open sesame"), nil })
	require.NoError(t, err)
	name := filepath.Join(t.TempDir(), "key.pem")
	require.NoError(t, os.WriteFile(name, cryptoutils.PEMEncode(cryptoutils.EncryptedSigstorePrivateKeyPEMType, pem), 0o600))
	out := filepath.Join(t.TempDir(), "out")
	args := []string{
		"--reports-dir", reportsDir(t), "--rekor-url", log.URL(), "--batch-sizes", "2", "--out", out, "--max-retries", "0",
		"-confirm=false", "-blocks", "1", "-gap-max", "10", "-key", name, "-mode", "statement", "-concurrency", "1",
	}
	var stdout, stderr bytes.Buffer
	err = run(t.Context(), args, strings.NewReader("wrong\n"), &stdout, &stderr)
	require.Equal(t, 1, report(&stderr, err))
	require.NotContains(t, stderr.String(), "wrong\n")
	require.NoDirExists(t, out)

	err = run(t.Context(), args, strings.NewReader("open sesame\n"), &stdout, &stderr)
	require.Equal(t, 3, report(&stderr, err), "%s", &stderr)
	_, meta, err := sweep.ReadRecord(out)
	require.NoError(t, err)
	require.Equal(t, sweep.Client{
		Algorithm: "ed25519", Concurrency: 1, Mode: "statement", MaxRetries: 0, Timeout: sweep.Millis(10 * time.Second),
		CPUs: meta.Client.CPUs, Go: meta.Client.Go, OS: meta.Client.OS,
	}, meta.Client)
	require.NotContains(t, stderr.String(), "development key")
}

// record writes a sweep of K = 10 without a log: runs batches with the given row.
func record(t testing.TB, runs int, row sweep.Row) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "record")
	plan := sweep.Plan{Sizes: []int{10}, Blocks: runs, Seed: 1, Budget: sweep.Millis(5 * time.Second)}
	started := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	r, err := sweep.CreateRecord(dir, sweep.Meta{
		Started: started, Environment: "made up", Plan: plan,
		Log: sweep.LogInfo{Kind: "v1", Origin: "made up"}, Client: sweep.Client{Mode: "report", MaxRetries: 3},
		Corpus: sweep.Corpus{Reports: 20, MinBytes: 1, P50Bytes: 1, MaxBytes: 1},
	})
	require.NoError(t, err)
	for n := range runs {
		row.BatchSize, row.Envelopes, row.TotalBytes = 10, 10, 1000
		row.Timestamp = started.Add(time.Duration(n) * time.Minute)
		require.NoError(t, r.Append(sweep.Measurement{Row: row, Run: plan.Block(n, plan.Sizes)[0]}, nil))
	}
	require.NoError(t, r.Finish(started.Add(time.Hour)))
	require.NoError(t, r.Close())
	return dir
}

// TestExitCodes: what a sweep comes to is what the command ends with.
func TestExitCodes(t *testing.T) {
	for _, test := range []struct {
		name string
		runs int
		row  sweep.Row
		code int
		says string
	}{
		{"decided", 59, sweep.Row{Latency: time.Second, Successes: 10}, 0, "decided"},
		{"too little", 58, sweep.Row{Latency: time.Second, Successes: 10}, 3, "1 more"},
		{"failures", 59, sweep.Row{Latency: time.Second, Successes: 9, Failures: 1}, 4, "budget-failed"},
		{"too slow", 59, sweep.Row{Latency: time.Minute, Successes: 10}, 4, "budget-failed"},
	} {
		dir := record(t, test.runs, test.row)
		got := runBench(t, "-decide", dir)
		require.Equal(t, test.code, got.code, "%s: %s%s", test.name, got.stdout, got.stderr)
		require.Contains(t, got.stdout, test.says, test.name)
		require.Empty(t, got.stderr, test.name)
		var decision sweep.Decision
		data, err := os.ReadFile(filepath.Join(dir, "decision.json"))
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(data, &decision))
		require.Equal(t, test.runs, decision.Measured.Rows)
	}
}

func TestUpdateDoc(t *testing.T) {
	dir := record(t, 59, sweep.Row{Latency: time.Second, Successes: 10})
	doc := filepath.Join(filepath.Dir(dir), "doc.md")
	require.NoError(t, os.WriteFile(doc, []byte("# Mine\n\n<!-- generated: sweep -->\n<!-- /generated: sweep -->\n\nmine\n"), 0o644))
	got := runBench(t, "-update-doc", doc, dir)
	require.Zero(t, got.code, "%s", got.stderr)
	require.Contains(t, got.stdout, "was updated from 1 recorded sweep")
	data, err := os.ReadFile(doc)
	require.NoError(t, err)
	require.Contains(t, string(data), "# Mine")
	require.Contains(t, string(data), "made up")
	require.NotContains(t, string(data), filepath.Dir(dir), "a path of this machine")
	require.Contains(t, runBench(t, "-update-doc", doc, dir).stdout, "is up to date")
	runBench(t, "-decide", dir)
	links := regexp.MustCompile(`\]\(([^)]*)\)`).FindAllStringSubmatch(string(data), -1)
	require.Greater(t, len(links), 4)
	for _, link := range links {
		require.FileExists(t, filepath.Join(filepath.Dir(doc), link[1]), "the document links to it")
	}

	require.NoError(t, os.WriteFile(doc, []byte("# Mine\n"), 0o644))
	got = runBench(t, "-update-doc", doc, dir)
	require.Equal(t, 1, got.code)
	require.Contains(t, got.stderr, "<!-- generated: sweep -->")
}

// TestDefaultsFollowTheLog: what was not given fits the kind of log and how often it
// gives a checkpoint.
func TestDefaultsFollowTheLog(t *testing.T) {
	ms := func(n int) sweep.Millis { return sweep.Millis(time.Duration(n) * time.Millisecond) }
	for _, test := range []struct {
		kind             string
		interval         sweep.Millis
		args             []string
		min, max, budget sweep.Millis
		timeout          sweep.Millis
	}{
		{"v1", ms(100), nil, ms(100), ms(200), ms(5000), ms(10_000)},
		{"v1", ms(100), []string{"-gap-max", "10"}, 0, ms(10), ms(5000), ms(10_000)},
		{"v1", ms(100), []string{"-gap-min", "1000"}, ms(1000), ms(2000), ms(5000), ms(10_000)},
		{"v1", ms(100), []string{"-gap-min", "150", "-budget-ms", "70"}, ms(150), ms(200), ms(70), ms(10_000)},
		{"v2", ms(10_000), nil, 0, ms(10_000), ms(25_000), ms(30_000)},
		{"v2", ms(100), nil, 0, ms(1000), ms(5200), ms(30_000)},
		{"v2", ms(100), []string{"--timeout-ms", "500"}, 0, ms(1000), ms(5200), ms(500)},
	} {
		f, err := parseFlags(append([]string{"--reports-dir", "x", "--rekor-url", "x", "--batch-sizes", "1", "--out", "x"}, test.args...), io.Discard)
		require.NoError(t, err)
		reports, err := sweep.LoadReports(reportsDir(t))
		require.NoError(t, err)
		_, key, err := ed25519.GenerateKey(rand.Reader)
		require.NoError(t, err)
		signer, err := attest.NewSigner(key, attest.Ed25519)
		require.NoError(t, err)
		b := bench{flags: f, reports: reports, signer: signer, info: sweep.LogInfo{Kind: test.kind, CheckpointInterval: test.interval}}
		m, err := b.meta()
		require.NoError(t, err, "%s %v", test.kind, test.args)
		require.Equal(t, []sweep.Millis{test.min, test.max, test.budget, test.timeout},
			[]sweep.Millis{m.Plan.MinGap, m.Plan.MaxGap, m.Plan.Budget, m.Client.Timeout}, "%s every %v, %v", test.kind, test.interval, test.args)
	}
}
