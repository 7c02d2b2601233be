package rekortest

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-openapi/loads"
	"github.com/google/trillian"
	"github.com/google/trillian/extension"
	trillianlog "github.com/google/trillian/log"
	"github.com/google/trillian/monitoring"
	"github.com/google/trillian/quota"
	"github.com/google/trillian/server"
	"github.com/google/trillian/server/interceptor"
	"github.com/google/trillian/storage"
	"github.com/google/trillian/util/clock"
	rekorapi "github.com/sigstore/rekor/pkg/api"
	"github.com/sigstore/rekor/pkg/generated/restapi"
	"github.com/sigstore/rekor/pkg/generated/restapi/operations"
	"github.com/sigstore/rekor/pkg/types"
	"github.com/sigstore/rekor/pkg/types/dsse"
	"github.com/sigstore/rekor/pkg/types/hashedrekord"
	"github.com/spf13/viper"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"

	// Imported for their registration: a kind without it answers 422.
	_ "github.com/sigstore/rekor/pkg/types/dsse/v0.0.1"
	_ "github.com/sigstore/rekor/pkg/types/hashedrekord/v0.0.1"
)

// DefaultHostname is the name that a log without a configured one signs its
// checkpoints with. ".localhost" is reserved for loopback (RFC 6761).
const DefaultHostname = "rekor.localhost"

// ErrV1Running is StartV1's answer while another V1 of this process is open.
var ErrV1Running = errors.New("a Rekor v1 already runs in this process (it keeps its state in package variables): Close it first, or run attest/cmd/stella-rekor as a second process")

// v1Running is Rekor's own limit, not a setting: true from StartV1 to Close.
var v1Running atomic.Bool

// V1Config is how a V1 is run. The zero value is a log in memory that behaves as
// the public one, only with a key of its own.
type V1Config struct {
	// Hostname is the name in the checkpoint's origin. "" means DefaultHostname.
	Hostname string

	// SequencerInterval is the time between the starts of two sequencer passes;
	// an entry is answered after the next one. 0 means 100 ms, Trillian's default.
	SequencerInterval time.Duration

	// BatchSize is the most entries that one pass integrates. It decides where
	// the log breaks under load. 0 means 1,000, Trillian's default.
	BatchSize int

	// MaxBodyBytes is the longest request body taken; a longer one is refused.
	// 0 means no limit, Rekor's default.
	MaxBodyBytes int64

	// Signer is the log's key: an ECDSA, Ed25519 or RSA private key of the
	// standard library. nil means a new ECDSA P-256 key in memory, which is also
	// the only kind whose signed entry timestamps sigstore-go can verify.
	Signer crypto.Signer

	// Postgres is the connection string of a database to keep the tree in; its
	// tables are made if they are missing (see ensureSchema). Each start makes a
	// new tree in it. "" means memory.
	Postgres string

	// Manual stops the sequencer: an entry waits until Sequence is called. That
	// makes the order of commit and reply something a test decides.
	Manual bool

	// Addr is the loopback address to listen on. "" means 127.0.0.1:0.
	Addr string
}

func (c V1Config) withDefaults() V1Config {
	if c.Hostname == "" {
		c.Hostname = DefaultHostname
	}
	if c.SequencerInterval == 0 {
		c.SequencerInterval = 100 * time.Millisecond
	}
	if c.BatchSize == 0 {
		c.BatchSize = 1000
	}
	return c
}

// V1 is a running Rekor v1. Its methods are safe for concurrent use.
type V1 struct {
	cfg       V1Config
	publicKey crypto.PublicKey
	started   time.Time

	tree     *trillian.Tree
	store    storage.LogStorage
	sequence *trillianlog.SequencerManager
	info     trillianlog.OperationInfo

	http    *httpServer
	seqMu   sync.Mutex // one pass at a time
	closers []func(context.Context) error

	closeOnce sync.Once
	closeErr  error
}

// StartV1 starts a Rekor v1 and returns when it answers requests. ctx bounds the
// start only; Close ends the log. While another V1 of the process is open the
// error is ErrV1Running.
func StartV1(ctx context.Context, cfg V1Config) (*V1, error) {
	if !v1Running.CompareAndSwap(false, true) {
		return nil, ErrV1Running
	}
	quiet()
	l := &V1{cfg: cfg.withDefaults(), started: time.Now()}
	if err := l.start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("starting Rekor v1: %w", err), l.Close(context.WithoutCancel(ctx)))
	}
	return l, nil
}

func (l *V1) start(ctx context.Context) error {
	registry, err := l.openStore(ctx)
	if err != nil {
		return err
	}
	logServer := server.NewTrillianLogRPCServer(registry, clock.System)
	if err := l.createTree(ctx, registry, logServer); err != nil {
		return err
	}
	registry.LogStorage = oneTree{registry.LogStorage, l.tree.TreeId}
	l.store = registry.LogStorage

	trillianAddr, err := l.serveTrillian(ctx, registry, logServer)
	if err != nil {
		return err
	}
	l.startSequencer(ctx, registry)
	handler, err := l.configureRekor(trillianAddr)
	if err != nil {
		return err
	}
	return l.serveRekor(ctx, handler)
}

// openStore opens the memory or the Postgres store.
func (l *V1) openStore(ctx context.Context) (extension.Registry, error) {
	registry := extension.Registry{
		QuotaManager:  quota.Noop(),
		MetricFactory: monitoring.InertMetricFactory{},
	}
	if l.cfg.Postgres == "" {
		registry.AdminStorage, registry.LogStorage = openMemory()
		return registry, nil
	}
	admin, logs, closeStore, err := openPostgres(ctx, l.cfg.Postgres, registry.MetricFactory)
	if err != nil {
		return extension.Registry{}, err
	}
	l.closers = append(l.closers, closeStore)
	registry.AdminStorage, registry.LogStorage = admin, logs
	return registry, nil
}

// createTree makes the tree through the store. Rekor could do it on its own, but
// then it never closes the connection it does that with.
func (l *V1) createTree(ctx context.Context, registry extension.Registry, logServer *server.TrillianLogRPCServer) error {
	tree, err := storage.CreateTree(ctx, registry.AdminStorage, &trillian.Tree{
		TreeType:        trillian.TreeType_LOG,
		TreeState:       trillian.TreeState_ACTIVE,
		MaxRootDuration: durationpb.New(time.Hour),
	})
	if err != nil {
		return fmt.Errorf("creating the log's tree: %w", err)
	}
	if _, err := logServer.InitLog(ctx, &trillian.InitLogRequest{LogId: tree.TreeId}); err != nil {
		return fmt.Errorf("initialising tree %d: %w", tree.TreeId, err)
	}
	l.tree = tree
	return nil
}

// serveTrillian serves the gRPC API that Rekor stores its leaves through.
func (l *V1) serveTrillian(ctx context.Context, registry extension.Registry, logServer *server.TrillianLogRPCServer) (*net.TCPAddr, error) {
	ln, err := listenLoopback(ctx, "")
	if err != nil {
		return nil, fmt.Errorf("starting Trillian: %w", err)
	}
	checks := interceptor.New(registry.AdminStorage, registry.QuotaManager, false, registry.MetricFactory)
	srv := grpc.NewServer(grpc.ChainUnaryInterceptor(interceptor.ErrorWrapper, checks.UnaryInterceptor))
	trillian.RegisterTrillianLogServer(srv, logServer)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	l.closers = append(l.closers, func(context.Context) error {
		// Rekor's connection is closed by now, so this waits for nobody.
		srv.GracefulStop()
		return <-served
	})
	return ln.Addr().(*net.TCPAddr), nil
}

// startSequencer runs the loop that integrates queued leaves, unless a test does.
func (l *V1) startSequencer(ctx context.Context, registry extension.Registry) {
	l.sequence = trillianlog.NewSequencerManager(registry, 0)
	l.info = trillianlog.OperationInfo{
		Registry:    registry,
		BatchSize:   l.cfg.BatchSize,
		NumWorkers:  1,
		RunInterval: l.cfg.SequencerInterval,
		TimeSource:  clock.System,
	}
	if l.cfg.Manual {
		return
	}
	loop, cancel := context.WithCancel(context.WithoutCancel(ctx))
	manager := trillianlog.NewOperationManager(l.info, l.sequence)
	done := make(chan struct{})
	go func() {
		defer close(done)
		manager.OperationLoop(loop)
	}()
	l.closers = append(l.closers, func(context.Context) error {
		cancel()
		<-done
		return nil
	})
}

// v1Endpoints are the calls that Rekor enables; it answers 501 to any other.
// Only searchIndex is missing: it needs a Redis or MySQL server.
var v1Endpoints = []string{
	"getLogInfo", "getPublicKey", "getLogProof", "createLogEntry",
	"getLogEntryByIndex", "getLogEntryByUUID", "searchLogQuery",
}

// configureRekor sets Rekor's package state and returns its handler.
func (l *V1) configureRekor(trillianAddr *net.TCPAddr) (h http.Handler, err error) {
	signer, forget, err := signerSetting(l.cfg.Signer)
	if err != nil {
		return nil, err
	}
	defer forget()
	for key, value := range map[string]any{
		"rekor_server.hostname":       l.cfg.Hostname,
		"rekor_server.signer":         signer,
		"trillian_log_server.address": trillianAddr.IP.String(),
		"trillian_log_server.port":    uint16(trillianAddr.Port), //nolint:gosec // a port
		"enable_retrieve_api":         false,                     // true dials Redis
		"enable_attestation_storage":  false,
		"enabled_api_endpoints":       v1Endpoints,
		"max_request_body_size":       l.cfg.MaxBodyBytes,
	} {
		viper.Set(key, value)
	}
	types.SetAllowedKindsForSubmission([]string{dsse.KIND, hashedrekord.KIND})
	doc, err := loads.Embedded(restapi.SwaggerJSON, restapi.FlatSwaggerJSON)
	if err != nil {
		return nil, fmt.Errorf("loading Rekor's API description: %w", err)
	}
	// Rekor's set-up panics where it should return.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("configuring Rekor: %v", p)
		}
	}()
	rekorapi.ConfigureAPI(l.tree.TreeId)
	l.closers = append(l.closers, func(context.Context) error {
		rekorapi.StopAPI()
		return nil
	})
	rest := restapi.NewServer(operations.NewRekorServerAPI(doc))
	rest.ConfigureAPI()
	return rest.GetHandler(), nil
}

// serveRekor listens, and asks the log for its key: that it answers is what
// StartV1 promises.
func (l *V1) serveRekor(ctx context.Context, rekor http.Handler) error {
	mux := http.NewServeMux()
	mux.Handle("/", rekor)
	mux.Handle("GET "+SettingsPath, settingsHandler(l.Settings))
	srv, err := serveHTTP(ctx, l.cfg.Addr, mux)
	if err != nil {
		return err
	}
	l.http = srv
	l.closers = append(l.closers, func(ctx context.Context) error {
		if l.cfg.Manual {
			// No pass will come, so a submission in flight can only be ended.
			srv.cancel()
		}
		return srv.stop(ctx)
	})
	l.publicKey, err = fetchPublicKey(ctx, srv.url+"/api/v1/log/publicKey")
	return err
}

// URL is the base URL of the log, such as http://127.0.0.1:40123.
func (l *V1) URL() string { return l.http.url }

// PublicKey is the key that signs checkpoints and entry timestamps.
func (l *V1) PublicKey() crypto.PublicKey { return l.publicKey }

// TreeID is Trillian's number of the log's tree; it is the first 8 bytes of
// every entry UUID, and part of the checkpoint's origin.
func (l *V1) TreeID() int64 { return l.tree.TreeId }

// Origin is the first line of the log's checkpoints.
func (l *V1) Origin() string { return fmt.Sprintf("%s - %d", l.cfg.Hostname, l.tree.TreeId) }

// Sequence runs one sequencer pass and returns how many entries it integrated,
// at most BatchSize. It is an error on a log that is not Manual.
func (l *V1) Sequence(ctx context.Context) (int, error) {
	if !l.cfg.Manual {
		return 0, errors.New("sequencing by hand: this log sequences on its own, set V1Config.Manual")
	}
	l.seqMu.Lock()
	defer l.seqMu.Unlock()
	n, err := l.sequence.ExecutePass(ctx, l.tree.TreeId, &l.info)
	if err != nil {
		return 0, fmt.Errorf("sequencing tree %d: %w", l.tree.TreeId, err)
	}
	return n, nil
}

// Close stops the log: it refuses new requests, lets those in flight finish until
// ctx ends and cancels the rest (at once in Manual mode), then stops sequencer
// and store. A second call returns what the first one did.
func (l *V1) Close(ctx context.Context) error {
	l.closeOnce.Do(func() {
		// In reverse: requests need Rekor, Rekor needs Trillian and the
		// sequencer, all need the store.
		for i := len(l.closers) - 1; i >= 0; i-- {
			l.closeErr = errors.Join(l.closeErr, l.closers[i](ctx))
		}
		if l.closeErr != nil {
			l.closeErr = fmt.Errorf("closing Rekor v1: %w", l.closeErr)
		}
		v1Running.Store(false)
	})
	return l.closeErr
}
