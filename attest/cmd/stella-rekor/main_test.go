package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/attest/rekortest"
)

// The test binary is the command when this is set, which saves linking a second
// one of a hundred megabytes.
const asCommand = "STELLA_REKOR_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	os.Exit(m.Run())
}

// process is the command, running.
type process struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Reader
	stderr *bytes.Buffer // read it after wait
	url    string
	waited sync.Once
	err    error
}

func launch(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(os.Args[0], args...), stderr: new(bytes.Buffer)}
	p.cmd.Env = append(os.Environ(), asCommand+"=1")
	p.cmd.Stderr = p.stderr
	var err error
	p.stdin, err = p.cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	p.stdout = bufio.NewReader(stdout)
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // it has ended, unless the test failed
		_ = p.wait()
	})
	line, err := p.stdout.ReadString('\n')
	if err != nil {
		require.NoError(t, p.wait(), "no URL; stderr: %s", p.stderr)
	}
	require.Regexp(t, `^http://127\.0\.0\.1:[0-9]+\n$`, line)
	p.url = strings.TrimSpace(line)
	return p
}

func (p *process) wait() error {
	p.waited.Do(func() { p.err = p.cmd.Wait() })
	return p.err
}

// get fetches on a connection of its own.
func get(t *testing.T, url string) (status int, body []byte) {
	t.Helper()
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
	resp, err := c.Get(url)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, body
}

func settingsOf(t *testing.T, base string) (s rekortest.Settings) {
	t.Helper()
	_, body := get(t, base+rekortest.SettingsPath)
	require.NoError(t, json.Unmarshal(body, &s), "%s", body)
	return s
}

func TestV1UntilSIGTERM(t *testing.T) {
	dir := t.TempDir()
	key, trust := filepath.Join(dir, "log.pem"), filepath.Join(dir, "trusted_root.json")
	p := launch(t, "-batch-size", "7", "-sequencer-interval", "50ms", "-public-key", key, "-trusted-root", trust)

	s := settingsOf(t, p.url)
	require.Equal(t, "v1", s.Log)
	require.Equal(t, 7, s.BatchSize)
	require.EqualValues(t, 50, s.SequencerIntervalMS)
	status, body := get(t, p.url+"/api/v1/log")
	require.Equal(t, http.StatusOK, status, "%s", body)
	pem, err := os.ReadFile(key)
	require.NoError(t, err)
	require.Equal(t, s.PublicKey, string(pem))
	parsed, err := root.NewTrustedRootFromPath(trust)
	require.NoError(t, err)
	require.Contains(t, parsed.RekorLogs(), s.LogID)

	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	rest, err := io.ReadAll(p.stdout)
	require.NoError(t, err)
	require.Empty(t, rest, "the URL is all there is on stdout")
	require.NoError(t, p.wait(), "stderr: %s", p.stderr)
	require.Contains(t, p.stderr.String(), "sigstore/rekor v1.")
	_, err = http.Get(p.url) //nolint:bodyclose // there is none
	require.Error(t, err, "nobody listens any more")
}

// The first signal lets a request in flight finish, the second ends the process.
func TestSecondSignal(t *testing.T) {
	p := launch(t)
	addr := strings.TrimPrefix(p.url, "http://")
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer conn.Close()
	_, err = fmt.Fprint(conn, "POST /api/v1/log/entries HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\nExpect: 100-continue\r\n\r\n")
	require.NoError(t, err)
	line, err := bufio.NewReader(conn).ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, line, "100 Continue", "the body is not waited for")

	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	require.Eventually(t, func() bool {
		probe, err := net.Dial("tcp", addr)
		if err == nil {
			_ = probe.Close()
		}
		return err != nil
	}, time.Minute, time.Millisecond, "it still listens")
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	require.Error(t, p.wait())
	require.True(t, p.cmd.ProcessState.Sys().(syscall.WaitStatus).Signaled(), "it waited: %s", p.cmd.ProcessState)
}

func TestV2UntilSIGINT(t *testing.T) {
	dir := t.TempDir()
	p := launch(t, "-log", "v2", "-checkpoint-interval", "100ms", "-batch-max-age", "20ms", "-dir", dir)
	s := settingsOf(t, p.url)
	require.Equal(t, "v2", s.Log)
	require.EqualValues(t, 100, s.CheckpointIntervalMS)
	status, body := get(t, p.url+"/api/v2/checkpoint")
	require.Equal(t, http.StatusOK, status, "%s", body)
	require.NotEmpty(t, serversUnder(t, dir))
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGINT))
	require.NoError(t, p.wait(), "stderr: %s", p.stderr)
	require.Empty(t, serversUnder(t, dir), "the server is gone")
	require.Contains(t, p.stderr.String(), "building the Rekor v2 server")
}

// A command that is killed takes its server with it.
func TestV2DiesWithTheCommand(t *testing.T) {
	dir := t.TempDir()
	p := launch(t, "-log", "v2", "-dir", dir)
	require.NotEmpty(t, serversUnder(t, dir))
	require.NoError(t, p.cmd.Process.Kill())
	require.Error(t, p.wait())
	require.Eventually(t, func() bool { return len(serversUnder(t, dir)) == 0 }, time.Minute, 10*time.Millisecond)
}

// serversUnder finds the processes with a storage directory below dir.
func serversUnder(t *testing.T, dir string) (found []string) {
	t.Helper()
	if _, err := os.Stat("/proc/self/cmdline"); err != nil {
		require.NotEqual(t, "true", os.Getenv("CI"), "CI must run where /proc shows the processes: %v", err)
		t.Skip("looks for processes in /proc: run it on Linux")
	}
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(t, err)
	for _, file := range files {
		if line, err := os.ReadFile(file); err == nil && bytes.Contains(line, []byte("--storage-dir="+dir)) {
			found = append(found, file)
		}
	}
	return found
}

func TestEndsWithStdin(t *testing.T) {
	p := launch(t, "-exit-with-stdin")
	require.NoError(t, p.stdin.Close())
	require.NoError(t, p.wait(), "stderr: %s", p.stderr)
}

func TestLimit(t *testing.T) {
	p := launch(t, "-limit", "1", "-burst", "2")
	s := settingsOf(t, p.url)
	require.InDelta(t, 1, s.LimitPerMinute, 1e-9)
	require.Equal(t, 2, s.Burst)
	var statuses []int
	for range 3 {
		resp, err := http.Post(p.url+"/api/v1/log/entries", "application/json", strings.NewReader(`{"kind":"nonesuch"}`))
		require.NoError(t, err)
		resp.Body.Close()
		statuses = append(statuses, resp.StatusCode)
	}
	require.Equal(t, []int{422, 422, 429}, statuses)
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, p.wait(), "stderr: %s", p.stderr)
}

func TestUsage(t *testing.T) {
	for _, row := range []struct {
		args string
		says string
		code int
	}{
		{"-h", "Exit codes", 0},
		{"-nonesuch", "-nonesuch", 2},
		{"surplus", "everything is a flag", 2},
		{"-log v3", "want v1 or v2", 2},
		{"-addr 0.0.0.0:0", "not loopback", 2},
		{"-addr nonsense", "host:port", 2},
		{"-batch-size 0", "want more than 0", 2},
		{"-sequencer-interval soon", "sequencer-interval", 2},
		{"-store mysql", "memory or postgres=DSN", 2},
		{"-store postgres=", "memory or postgres=DSN", 2},
		{"-log v2 -batch-size 5", "-batch-size is for -log v1", 2},
		{"-dir x", "-dir is for -log v2", 2},
		{"-public-key= -trusted-root=", "-public-key is empty: leave it out", 2},
		{"-log v2 -server=", "-server is empty", 2},
		{"-burst 5", "-burst is for -limit", 2},
		{"-limit -1", "0 or more", 2},
		{"-log v2 -server /nonesuch", "/nonesuch", 1},
		{"-public-key /nonesuch/key.pem", "writing the public key", 1},
	} {
		t.Run(row.args, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := exitCode(run(t.Context(), strings.Fields(row.args), strings.NewReader(""), &stdout, &stderr), &stderr)
			require.Equal(t, row.code, code, "stderr: %s", &stderr)
			require.Contains(t, stderr.String(), row.says)
			require.Empty(t, stdout.String(), "no URL")
		})
	}
}

// Every flag is in the usage, and the usage names no other.
func TestUsageListsTheFlags(t *testing.T) {
	for name := range only {
		require.Contains(t, usage, "  -"+name+" ")
	}
	for _, line := range strings.Split(usage, "\n") {
		name, ok := strings.CutPrefix(line, "  -")
		if !ok {
			continue
		}
		name, _, _ = strings.Cut(name, " ")
		_, err := parseFlags([]string{"-" + name}, io.Discard)
		if err != nil {
			require.NotContains(t, err.Error(), "not defined", "-%s", name)
		}
	}
}

func TestRunStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	stdout, w := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- run(ctx, nil, strings.NewReader(""), w, io.Discard) }()
	_, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	cancel()
	require.NoError(t, <-done)
}
