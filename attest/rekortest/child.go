package rekortest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// termGrace is how long the server may take to stop. It writes what it holds,
	// publishes a checkpoint and then waits for its own 30 s at most.
	termGrace = 40 * time.Second

	healthPoll = 10 * time.Millisecond
)

// child is a server process.
type child struct {
	url  string
	cmd  *exec.Cmd
	logs *tail
	done chan struct{} // closed when the process has ended
	err  error         // what it ended with; read after done
}

// startChild starts a process that does not outlive this one.
func startChild(binary string, args []string) (*child, error) {
	c := &child{logs: new(tail), done: make(chan struct{})}
	// Not CommandContext: the child outlives the call that starts it.
	c.cmd = exec.Command(binary, args...)
	c.cmd.Stdout, c.cmd.Stderr = c.logs, c.logs
	c.cmd.SysProcAttr = dieWithParent()
	started := make(chan error, 1)
	go func() {
		// Linux ends the child with the thread that started it, not with the
		// process, so that thread has to live as long (golang/go#27505).
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := c.cmd.Start()
		started <- err
		if err == nil {
			c.err = c.cmd.Wait()
		}
		close(c.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", binary, err)
	}
	return c, nil
}

// waitHealthy waits until the server answers /healthz, dies, or ctx ends.
func (c *child) waitHealthy(ctx context.Context, url string) error {
	c.url = url
	poll := time.NewTicker(healthPoll)
	defer poll.Stop()
	for {
		_, err := get(ctx, url+"/healthz")
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s/healthz: %w (last: %w); the server said: %s", url, ctx.Err(), err, c.logs)
		case <-c.done:
			return fmt.Errorf("the server ended (%v) before it was healthy, saying: %s", c.err, c.logs)
		case <-poll.C:
		}
	}
}

func (c *child) said(s string) bool { return strings.Contains(c.logs.String(), s) }

// stop ends the process: SIGTERM lets it write what it holds, SIGKILL follows
// when ctx or the grace ends. It returns once the process is gone. That it had
// already died, or had to be killed, is an error.
func (c *child) stop(ctx context.Context) error {
	select {
	case <-c.done:
		return fmt.Errorf("the server had ended on its own (%v), saying: %s", c.err, c.logs)
	default:
	}
	ctx, cancel := context.WithTimeout(ctx, termGrace)
	defer cancel()
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		ctx, cancel = context.WithCancel(ctx)
		cancel() // no such signal here: kill
	}
	select {
	case <-c.done:
		if c.err != nil {
			return fmt.Errorf("the server ended with an error (%w), saying: %s", c.err, c.logs)
		}
		return nil
	case <-ctx.Done():
	}
	return errors.Join(c.kill(), fmt.Errorf("the server was killed because it did not stop: %w; it said: %s", ctx.Err(), c.logs))
}

// kill ends the process at once and returns when it is gone.
func (c *child) kill() error {
	err := c.cmd.Process.Kill()
	<-c.done
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// freePorts finds loopback ports that nobody listens on at the moment.
func freePorts(ctx context.Context, n int) ([]int, error) {
	var ports []int
	for range n {
		ln, err := listenLoopback(ctx, "")
		if err != nil {
			return nil, err
		}
		// Held until all are found, so that they differ.
		defer ln.Close()
		ports = append(ports, ln.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

// tailBytes is how much of a server's last words an error carries.
const tailBytes = 4 << 10

// tail is a writer that keeps the end of what is written.
type tail struct {
	mu  sync.Mutex
	buf []byte // guarded by mu
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if cut := len(t.buf) - tailBytes; cut > 0 {
		t.buf = append(t.buf[:0], t.buf[cut:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(bytes.TrimSpace(t.buf)) == 0 {
		return "(nothing)"
	}
	return strings.TrimSpace(string(t.buf))
}
