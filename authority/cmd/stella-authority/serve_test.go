package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/authority/storetest"
)

// commandEnv has the test binary be the command.
const commandEnv = "STELLA_TEST_COMMAND"

// What the command started has ended with it, goroutines of the servers too.
func TestMain(m *testing.M) {
	if os.Getenv(commandEnv) != "" {
		main()
	}
	os.Exit(storetest.Main(m))
}

// listening runs listen around a handler. End ends it, and returns what it said.
func listening(t *testing.T, grace time.Duration, h http.HandlerFunc) (addr string, log *lockedBuffer, end func() error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	log = new(lockedBuffer)
	ended := make(chan error, 1)
	go func() { ended <- listen(ctx, l, h, slog.New(slog.NewJSONHandler(log, nil)), grace) }()
	return l.Addr().String(), log, func() error {
		stop()
		return <-ended
	}
}

// say writes a request as it is and returns the status line of the answer, "" for none.
func say(t *testing.T, addr, request string) string {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, request)
	require.NoError(t, err)
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		require.ErrorIs(t, err, io.EOF)
	}
	return strings.TrimSpace(line)
}

// What net/http has to say is a record of the service's log.
func TestErrorLog(t *testing.T) {
	addr, log, end := listening(t, time.Minute, func(http.ResponseWriter, *http.Request) { panic("a defect") })
	require.Empty(t, say(t, addr, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
	require.NoError(t, end())
	var record struct{ Level, Msg string }
	require.NoError(t, json.Unmarshal([]byte(log.String()), &record), log.String())
	require.Equal(t, "ERROR", record.Level)
	require.Contains(t, record.Msg, "a defect")
}

// What is no request of ours does not reach the handler.
func TestForeignRequests(t *testing.T) {
	addr, _, end := listening(t, time.Minute, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusTeapot) })
	for request, want := range map[string]string{
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n":                                                "418",
		"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n":                                            "418", // not net/http's own 200
		"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + strings.Repeat("x", 32<<10) + "\r\n\r\n": "431",
		"hello\r\n\r\n":                  "400",
		"\x16\x03\x01\x02\x00\x01\x00\n": "400", // TLS
	} {
		require.Contains(t, say(t, addr, request), " "+want+" ", "%.40q", request)
	}
	require.NoError(t, end())
}

// Requests under way may end. One that outlasts the grace is broken off, and the end
// says so: who waits for its store would wait for ever.
func TestGrace(t *testing.T) {
	for _, test := range []struct {
		name, request string
		grace         time.Duration
		want          string
	}{
		{"enough", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", time.Minute, "HTTP/1.1 200 OK$"},
		// net/http finds a connection closed only when the body was read.
		{"too little", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n", 50 * time.Millisecond, "$"}, // no answer
	} {
		t.Run(test.name, func(t *testing.T) {
			begun, goOn, handled := make(chan struct{}), make(chan struct{}), make(chan struct{})
			addr, _, end := listening(t, test.grace, func(_ http.ResponseWriter, r *http.Request) {
				defer close(handled)
				close(begun)
				select {
				case <-goOn:
				case <-r.Context().Done():
				}
			})
			answer := make(chan string, 1)
			go func() { answer <- say(t, addr, test.request) }()
			<-begun
			ended := make(chan error, 1)
			go func() { ended <- end() }()
			if test.want == "$" {
				require.ErrorContains(t, <-ended, "still under way")
			} else {
				close(goOn)
				require.NoError(t, <-ended)
			}
			<-handled
			require.Regexp(t, "^"+test.want, <-answer)
		})
	}
}

// The first signal lets a request under way end, the second ends the process.
func TestSecondSignal(t *testing.T) {
	dir := t.TempDir()
	r := do(t, environment(), "token", "issue", "-dev", dir, "-owner", nobody, "-kind", "authority.admin")
	require.Zero(t, r.code, r.stderr)
	var made struct{ Secret string }
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &made))
	cmd := exec.CommandContext(t.Context(), os.Args[0], "serve", "-dev", dir, "-addr", "127.0.0.1:0")
	cmd.Env = append(os.Environ(), commandEnv+"=1")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	url, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	addr := strings.TrimPrefix(strings.TrimSpace(url), "http://")

	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "POST /v1/introspect HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n"+
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 99\r\nExpect: 100-continue\r\n\r\n", made.Secret)
	require.NoError(t, err)
	line, err := bufio.NewReader(conn).ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, line, "100 Continue", "the body is not waited for")

	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	require.Eventually(t, func() bool {
		probe, err := net.Dial("tcp", addr)
		if err == nil {
			_ = probe.Close()
		}
		return err != nil
	}, time.Minute, time.Millisecond, "it still listens")
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	require.Error(t, cmd.Wait())
	require.True(t, cmd.ProcessState.Sys().(syscall.WaitStatus).Signaled(), "it waited: %s", cmd.ProcessState)
}
