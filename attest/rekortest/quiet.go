package rekortest

import (
	"log/slog"
	"sync"

	rekorlog "github.com/sigstore/rekor/pkg/log"
	"go.uber.org/zap"
	"k8s.io/klog/v2"
)

// quiet silences the loggers of Rekor (zap) and Trillian (klog), which write a
// line for each request and each sequencer pass to stderr. Both are package
// variables, read without a lock by every request: they are set once, before the
// first server, and never again.
var quiet = sync.OnceFunc(func() {
	rekorlog.Logger = zap.NewNop().Sugar()
	klog.SetSlogLogger(slog.New(slog.DiscardHandler))
})
