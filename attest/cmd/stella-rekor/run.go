package main

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/time/rate"

	"github.com/stella-ops/stella/attest/rekortest"
)

// closeGrace is how long requests in flight may take once the log should stop.
// Rekor v1 answers within a sequencer pass, v2 within a checkpoint.
const closeGrace = 30 * time.Second

// transparencyLog is what this command does with either log.
type transparencyLog interface {
	URL() string
	PublicKey() crypto.PublicKey
	TrustedRoot() ([]byte, error)
	Settings() (rekortest.Settings, error)
	Close(context.Context) error
}

// run starts the log, prints its URL and serves until ctx ends.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	o, err := parseFlags(args, stderr)
	if err != nil {
		return err
	}
	log, ended, err := start(ctx, o, stderr)
	if err != nil {
		return err
	}
	err = serve(ctx, o, log, ended, stdin, stdout, stderr)
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeGrace)
	defer cancel()
	return errors.Join(err, log.Close(closing))
}

// start starts the log that o asks for. ended is closed if its server ends on its
// own; for v1, which is this process, it is nil.
func start(ctx context.Context, o options, stderr io.Writer) (log transparencyLog, ended <-chan struct{}, err error) {
	if o.perMinute > 0 {
		// The given address is the limiter's; nobody else needs to find the log.
		o.v1.Addr, o.v2.Addr = "", ""
	}
	if o.log == "v1" {
		v1, err := rekortest.StartV1(ctx, o.v1)
		return v1, nil, err
	}
	if o.v2.Binary == "" {
		fmt.Fprintln(stderr, "stella-rekor: building the Rekor v2 server, unless the build cache has it: the first time takes minutes (-server names one that is built)")
		if o.v2.Binary, err = pinnedServer(ctx); err != nil {
			return nil, nil, err
		}
	}
	v2, err := rekortest.StartV2(ctx, o.v2)
	if err != nil {
		return nil, nil, err
	}
	return v2, v2.Done(), nil
}

// pinnedServer builds the v2 server that the repository around the working
// directory pins.
func pinnedServer(ctx context.Context) (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("looking for the repository: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, ".github", "tools.mod")); err == nil {
			return rekortest.BuildV2(ctx, dir)
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no .github/tools.mod here or above: run inside the repository, or name the rekor-tiles posix server with -server")
		}
		dir = parent
	}
}

// serve puts the limiter in front, writes the files, announces the URL and waits.
func serve(ctx context.Context, o options, log transparencyLog, ended <-chan struct{}, stdin io.Reader, stdout, stderr io.Writer) error {
	base := log.URL()
	if o.perMinute > 0 {
		proxy, err := limit(ctx, o, base)
		if err != nil {
			return err
		}
		defer closeProxy(ctx, proxy, stderr)
		base = proxy.URL()
	}
	if err := writeFiles(o, log); err != nil {
		return err
	}
	settings, err := log.Settings()
	if err != nil {
		return err
	}
	// The URL comes last: whoever reads it finds the files written.
	fmt.Fprintf(stderr, "stella-rekor: %s, origin %s\n", settings.Server, settings.Hostname)
	if _, err := fmt.Fprintln(stdout, base); err != nil {
		return fmt.Errorf("printing the URL: %w", err)
	}
	var eof <-chan struct{}
	if o.exitWithStdin {
		eof = atEOF(stdin)
	}
	select {
	case <-ctx.Done():
	case <-eof:
	case <-ended:
		return errors.New("the server ended on its own")
	}
	return nil
}

func limit(ctx context.Context, o options, base string) (*rekortest.Proxy, error) {
	target, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	return rekortest.StartProxy(ctx, target, rekortest.ProxyConfig{
		Limit: rate.Limit(o.perMinute / 60),
		Burst: o.burst,
		Addr:  o.v1.Addr,
	})
}

func closeProxy(ctx context.Context, proxy *rekortest.Proxy, stderr io.Writer) {
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeGrace)
	defer cancel()
	if err := proxy.Close(closing); err != nil {
		fmt.Fprintf(stderr, "stella-rekor: %v\n", err)
	}
}

func writeFiles(o options, log transparencyLog) error {
	if o.publicKey != "" {
		key, err := rekortest.PublicKeyPEM(log.PublicKey())
		if err != nil {
			return err
		}
		if err := os.WriteFile(o.publicKey, key, 0o644); err != nil {
			return fmt.Errorf("writing the public key: %w", err)
		}
	}
	if o.trustedRoot != "" {
		root, err := log.TrustedRoot()
		if err != nil {
			return err
		}
		if err := os.WriteFile(o.trustedRoot, root, 0o644); err != nil {
			return fmt.Errorf("writing the trusted root: %w", err)
		}
	}
	return nil
}

// atEOF returns a channel that is closed when r has no more. The goroutine ends
// with r, which for standard input is the end of the process.
func atEOF(r io.Reader) <-chan struct{} {
	eof := make(chan struct{})
	go func() {
		defer close(eof)
		_, _ = io.Copy(io.Discard, r) // an error is an end, too
	}()
	return eof
}
