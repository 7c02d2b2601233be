package rekortest

import (
	"cmp"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// V2Config is how a V2 is run. Only Binary has no useful zero value.
type V2Config struct {
	// Binary is the path of the server, rekor-tiles' cmd/rekor-server/posix. See
	// BuildV2.
	Binary string

	// Hostname is the checkpoint's origin. "" means DefaultHostname.
	Hostname string

	// Dir keeps the log (Dir/log) and its key (Dir/key.pem); a log that is
	// already there goes on with its key. "" means a new directory that Close
	// removes.
	Dir string

	// Signer is the key of a new log. nil means a new Ed25519 key, as the public
	// v2 logs have. The server refuses a Dir that holds a log of another key.
	Signer crypto.Signer

	// CheckpointInterval is the time between two checkpoints; an entry is answered
	// after the next one. 0 means 10 s, the server's default. Tests want 100 ms.
	CheckpointInterval time.Duration

	// BatchMaxAge is how long an entry may wait for others before it is written.
	// 0 means 250 ms, the server's default.
	BatchMaxAge time.Duration

	// BatchMaxSize is how many entries are written together at most. 0 means 256,
	// the server's default.
	BatchMaxSize int

	// MaxBodyBytes is the longest request body taken. 0 means 4 MiB, the server's
	// default.
	MaxBodyBytes int64

	// ServerTimeout is how long the server takes to read a request and answer it.
	// 0 means 60 s. The server's own default is 20 s, near enough to a slow
	// checkpoint to invent failures.
	ServerTimeout time.Duration

	// ReadOnly freezes the log: it answers 405 to every new entry.
	ReadOnly bool

	// Addr is the loopback address of the front. "" means 127.0.0.1:0.
	Addr string
}

func (c V2Config) withDefaults() V2Config {
	c.Hostname = cmp.Or(c.Hostname, DefaultHostname)
	c.CheckpointInterval = cmp.Or(c.CheckpointInterval, 10*time.Second)
	c.BatchMaxAge = cmp.Or(c.BatchMaxAge, 250*time.Millisecond)
	c.BatchMaxSize = cmp.Or(c.BatchMaxSize, 256)
	c.MaxBodyBytes = cmp.Or(c.MaxBodyBytes, 4<<20)
	c.ServerTimeout = cmp.Or(c.ServerTimeout, time.Minute)
	return c
}

// V2 is a running Rekor v2. Its methods are safe for concurrent use.
type V2 struct {
	cfg      V2Config
	software string
	key      crypto.Signer
	keyMade  time.Time
	logID    []byte
	files    *os.Root // Dir/log

	child   *child
	http    *httpServer
	closers []func(context.Context) error

	closeOnce sync.Once
	closeErr  error
}

// BuildV2 builds the v2 server that moduleRoot/.github/tools.mod pins, or finds
// it in the build cache, and returns its path. The first build takes minutes.
func BuildV2(ctx context.Context, moduleRoot string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "tool", "-modfile=.github/tools.mod", "-n", "posix")
	cmd.Dir = moduleRoot
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("building the Rekor v2 server in %s (%s): %w: %s; install Go, or name a server built from rekor-tiles' cmd/rekor-server/posix", moduleRoot, cmd, err, strings.TrimSpace(stderr.String()))
	}
	return strings.TrimSpace(string(out)), nil
}

// StartV2 starts a Rekor v2 and returns when it answers requests. ctx bounds the
// start only; Close ends the log. An error holds what the server said last.
func StartV2(ctx context.Context, cfg V2Config) (*V2, error) {
	l := &V2{cfg: cfg.withDefaults()}
	if err := l.start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("starting Rekor v2: %w", err), l.Close(context.WithoutCancel(ctx)))
	}
	return l, nil
}

func (l *V2) start(ctx context.Context) error {
	if l.cfg.Binary == "" {
		return errors.New("no server: set V2Config.Binary, BuildV2 makes one")
	}
	info, err := buildinfo.ReadFile(l.cfg.Binary)
	if err != nil {
		return fmt.Errorf("reading the server's versions: %w", err)
	}
	l.software = "sigstore/rekor-tiles " + versionIn(info, "github.com/sigstore/rekor-tiles/v2") +
		" + tessera " + versionIn(info, "github.com/transparency-dev/tessera")
	if err := l.openDir(); err != nil {
		return err
	}
	if l.logID, err = noteLogID(l.cfg.Hostname, l.key.Public()); err != nil {
		return err
	}
	if err := l.startServer(ctx); err != nil {
		return err
	}
	return l.serveFront(ctx)
}

// openDir makes the directory, the key and the log's folder, where missing.
func (l *V2) openDir() error {
	if l.cfg.Dir == "" {
		dir, err := os.MkdirTemp("", "stella-rekor-v2-*")
		if err != nil {
			return fmt.Errorf("making a directory for the log: %w", err)
		}
		l.cfg.Dir = dir
		l.closers = append(l.closers, func(context.Context) error { return os.RemoveAll(dir) })
	}
	if err := os.MkdirAll(l.logDir(), 0o755); err != nil {
		return fmt.Errorf("making the log's directory: %w", err)
	}
	if err := l.openKey(); err != nil {
		return fmt.Errorf("opening the log's key: %w", err)
	}
	files, err := os.OpenRoot(l.logDir())
	if err != nil {
		return fmt.Errorf("opening the log's directory: %w", err)
	}
	l.files = files
	l.closers = append(l.closers, func(context.Context) error { return files.Close() })
	return nil
}

func (l *V2) logDir() string  { return filepath.Join(l.cfg.Dir, "log") }
func (l *V2) keyFile() string { return filepath.Join(l.cfg.Dir, "key.pem") }

// openKey reads Dir/key.pem, or writes it for a new log.
func (l *V2) openKey() error {
	data, err := os.ReadFile(l.keyFile())
	if errors.Is(err, fs.ErrNotExist) {
		data, err = l.writeKey()
	}
	if err != nil {
		return err
	}
	if l.key, err = parsePrivatePEM(data); err != nil {
		return fmt.Errorf("reading %s: %w", l.keyFile(), err)
	}
	if l.cfg.Signer != nil && !samePublicKey(l.key.Public(), l.cfg.Signer.Public()) {
		return fmt.Errorf("%s is not the configured key: a log keeps its key, choose another directory", l.keyFile())
	}
	stat, err := os.Stat(l.keyFile())
	if err != nil {
		return err
	}
	l.keyMade = stat.ModTime()
	return nil
}

func (l *V2) writeKey() ([]byte, error) {
	key := l.cfg.Signer
	if key == nil {
		_, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		key = private
	}
	data, err := privatePEM(key)
	if err != nil {
		return nil, err
	}
	return data, os.WriteFile(l.keyFile(), data, 0o600)
}

// samePublicKey compares keys of the standard library, which all have Equal.
func samePublicKey(a, b crypto.PublicKey) bool {
	k, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.Equal(b)
}

// startTries is how often the server is started. It cannot choose free ports (it
// refuses port 0), so another process may take one between choice and use.
const startTries = 5

func (l *V2) startServer(ctx context.Context) error {
	for try := 1; ; try++ {
		ports, err := freePorts(ctx, 3)
		if err != nil {
			return err
		}
		l.child, err = startChild(l.cfg.Binary, l.arguments(ports))
		if err != nil {
			return err
		}
		err = l.child.waitHealthy(ctx, fmt.Sprintf("http://127.0.0.1:%d", ports[0]))
		if err == nil {
			l.closers = append(l.closers, l.child.stop)
			return nil
		}
		err = errors.Join(err, l.child.kill())
		if try == startTries || !l.child.said("address already in use") {
			return err
		}
	}
}

func (l *V2) arguments(ports []int) []string {
	return []string{
		"serve",
		"--http-address=127.0.0.1", // metrics listen there as well
		fmt.Sprintf("--http-port=%d", ports[0]),
		"--grpc-address=127.0.0.1",
		fmt.Sprintf("--grpc-port=%d", ports[1]),
		fmt.Sprintf("--http-metrics-port=%d", ports[2]),
		"--hostname=" + l.cfg.Hostname,
		"--storage-dir=" + l.logDir(),
		"--signer-filepath=" + l.keyFile(),
		"--checkpoint-interval=" + l.cfg.CheckpointInterval.String(),
		"--batch-max-age=" + l.cfg.BatchMaxAge.String(),
		fmt.Sprintf("--batch-max-size=%d", l.cfg.BatchMaxSize),
		fmt.Sprintf("--max-request-body-size=%d", l.cfg.MaxBodyBytes),
		"--server-timeout=" + l.cfg.ServerTimeout.String(),
		// Without it only the latest few hundred entries are recognised as
		// duplicates.
		"--persistent-antispam",
		fmt.Sprintf("--read-only=%t", l.cfg.ReadOnly),
		"--log-level=warn",
	}
}

// serveFront serves reads from the log's files and passes the rest on.
func (l *V2) serveFront(ctx context.Context) error {
	target, err := url.Parse(l.child.url)
	if err != nil {
		return err
	}
	transport := newTransport()
	proxy := &httputil.ReverseProxy{
		Rewrite:      func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport:    transport,
		ErrorHandler: badGateway,
	}
	mux := http.NewServeMux()
	mux.Handle("/", proxy)
	mux.Handle("GET /api/v2/checkpoint", http.HandlerFunc(l.serveCheckpoint))
	mux.Handle("GET /api/v2/tile/", http.StripPrefix("/api/v2/", http.HandlerFunc(l.serveTile)))
	mux.Handle("GET "+SettingsPath, settingsHandler(l.Settings))
	l.http, err = serveHTTP(ctx, l.cfg.Addr, mux)
	if err != nil {
		return err
	}
	l.closers = append(l.closers, func(ctx context.Context) error {
		defer transport.CloseIdleConnections()
		return l.http.stop(ctx)
	})
	return nil
}

// newTransport keeps as many connections as a batch has requests, so that a
// measurement does not measure dialling.
func newTransport() *http.Transport {
	return &http.Transport{
		MaxIdleConnsPerHost: 1024,
		IdleConnTimeout:     time.Minute,
		DisableCompression:  true,
	}
}

func badGateway(w http.ResponseWriter, _ *http.Request, err error) {
	http.Error(w, "the log did not answer: "+err.Error(), http.StatusBadGateway)
}

// URL is the base URL of the log, such as http://127.0.0.1:40123. Entries go to
// /api/v2/log/entries, checkpoint and tiles are under /api/v2/.
func (l *V2) URL() string { return l.http.url }

// Dir is where the log (Dir/log) and its key (Dir/key.pem) are.
func (l *V2) Dir() string { return l.cfg.Dir }

// PublicKey is the key that signs checkpoints.
func (l *V2) PublicKey() crypto.PublicKey { return l.key.Public() }

// Origin is the first line of the log's checkpoints.
func (l *V2) Origin() string { return l.cfg.Hostname }

// Done is closed when the server has ended, because of Close or on its own. In
// the second case Close says what it ended with.
func (l *V2) Done() <-chan struct{} { return l.child.done }

// Close stops the log: it refuses new requests, lets those in flight finish until
// ctx ends and cancels the rest, ends the server, which writes what it still
// holds, and removes a directory that StartV2 made. A second call returns what
// the first one did.
func (l *V2) Close(ctx context.Context) error {
	l.closeOnce.Do(func() {
		for i := len(l.closers) - 1; i >= 0; i-- {
			l.closeErr = errors.Join(l.closeErr, l.closers[i](ctx))
		}
		if l.closeErr != nil {
			l.closeErr = fmt.Errorf("closing Rekor v2: %w", l.closeErr)
		}
	})
	return l.closeErr
}
