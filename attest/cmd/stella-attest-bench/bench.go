package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"golang.org/x/term"

	"github.com/stella-ops/stella/attest"
	"github.com/stella-ops/stella/attest/rekor"
	"github.com/stella-ops/stella/attest/sweep"
)

// bench is one use of the command: its steps in order, each with what the ones
// before it found out. Everything that can be refused is, before anything is
// submitted or written.
type bench struct {
	flags          flags
	args           []string
	seed           uint64 // where -seed was not given
	stdin          io.Reader
	stdout, stderr io.Writer

	key      attest.PrivateKey
	reports  *sweep.Reports
	settings sweep.Settings
	logKey   *rekor.LogKey
	server   rekor.Server
	info     sweep.LogInfo
	signer   attest.Signer
	verifier *attest.Verifier
	record   *sweep.Record
}

func (b *bench) run(ctx context.Context) error {
	if err := b.load(ctx); err != nil {
		return err
	}
	if err := b.meetLog(ctx); err != nil {
		return err
	}
	defer b.server.CloseIdle()
	runner, err := b.prepare(ctx)
	if err != nil {
		return err
	}
	samples, err := b.sweep(ctx, runner)
	if err != nil {
		return err
	}
	if err := b.verify(ctx, samples); err != nil {
		return err
	}
	return decide(b.flags.out, b.stdout)
}

func (b *bench) note(format string, args ...any) { fmt.Fprintf(b.stderr, format+"\n", args...) }

// load reads what lies on this machine: key, reports, and a place for the results.
func (b *bench) load(ctx context.Context) (err error) {
	if b.reports, err = sweep.LoadReports(b.flags.reportsDir); err != nil {
		return err
	}
	if b.flags.resume {
		if b.record, err = sweep.OpenRecord(b.flags.out); err != nil {
			return fmt.Errorf("-resume: %w", err)
		}
		for _, d := range b.record.Dropped {
			b.note("left out of what was recorded: %s", d)
		}
	} else if err := sweep.CheckNew(b.flags.out); err != nil {
		if errors.Is(err, sweep.ErrRecordExists) {
			return fmt.Errorf("%w: name another directory, or go on with that sweep with -resume", err)
		}
		return err
	}
	if !b.flags.allowPublic {
		switch err := rekor.CheckPrivate(ctx, b.flags.rekorURL); {
		case errors.Is(err, rekor.ErrPublic):
			return fmt.Errorf("%w; give -allow-public if that is meant", err)
		case err != nil:
			return err
		}
	}
	return b.loadKey()
}

// loadKey reads the key that signs. It comes last of what is loaded, because on
// first use it makes the development key.
func (b *bench) loadKey() (err error) {
	if b.flags.logKey != "" {
		public, err := attest.LoadPublicKey(b.flags.logKey)
		if err != nil {
			return fmt.Errorf("-log-key: %w", err)
		}
		b.logKey = &rekor.LogKey{Public: public}
	}
	if b.flags.key != "" {
		if b.key, err = attest.LoadKey(b.flags.key, b.passphrase); err != nil {
			return fmt.Errorf("-key: %w", err)
		}
		return nil
	}
	config, err := os.UserConfigDir()
	if err != nil {
		return fmt.Errorf("no place for a development key: %w; give a key with -key", err)
	}
	dir := filepath.Join(config, "stella")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("no place for a development key: %w; give a key with -key", err)
	}
	path := filepath.Join(dir, "development-key.pem")
	if b.key, err = attest.DevelopmentKey(path); err != nil {
		return fmt.Errorf("%w; give a key with -key", err)
	}
	b.note("signing with the development key %s", path)
	return nil
}

// passphrase reads a line from standard input, unseen where that is a terminal.
func (b *bench) passphrase() ([]byte, error) {
	if f, ok := b.stdin.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		fmt.Fprintf(b.stderr, "passphrase of %s: ", b.flags.key)
		defer fmt.Fprintln(b.stderr)
		return term.ReadPassword(int(f.Fd()))
	}
	line, err := bufio.NewReader(b.stdin).ReadBytes('\n')
	if err != nil && err != io.EOF {
		return nil, err
	}
	return bytes.TrimRight(line, "\r\n"), nil
}

// meetLog finds out which log answers, how it is run, and with which algorithm the
// key is used there.
func (b *bench) meetLog(ctx context.Context) (err error) {
	if b.settings, err = sweep.ReadSettings(ctx, &http.Client{Timeout: 10 * time.Second}, b.flags.rekorURL); err != nil {
		return fmt.Errorf("%w; is the URL right, and the log running? (stella-rekor runs one)", err)
	}
	if b.logKey == nil && b.settings.PublicKey != "" {
		public, err := cryptoutils.UnmarshalPEMToPublicKey([]byte(b.settings.PublicKey))
		if err != nil {
			return fmt.Errorf("the public key in the log's settings: %w; give the key with -log-key", err)
		}
		b.logKey = &rekor.LogKey{Public: public}
	}
	alg := attest.Algorithm(b.flags.algorithm)
	if alg == "" {
		if alg, err = attest.DefaultAlgorithm(b.key.Public()); err != nil {
			return err
		}
	}
	info, err := b.connect(ctx, alg)
	if err != nil {
		return err
	}
	// An Ed25519 key has two algorithms, and each kind of log takes one of them.
	if b.flags.algorithm == "" && alg == attest.Ed25519 && !b.server.Accepts(alg) {
		if info, err = b.connect(ctx, attest.Ed25519ph); err != nil {
			return err
		}
	}
	b.info = sweep.NewLogInfo(info, b.settings)
	b.note("the log is a Rekor %s, %s; %d entries", info.Kind, info.Origin, info.TreeSize)
	return nil
}

func (b *bench) connect(ctx context.Context, alg attest.Algorithm) (info rekor.Info, err error) {
	if b.signer, err = attest.NewSigner(b.key.Signer, alg); err != nil {
		return rekor.Info{}, fmt.Errorf("-algorithm: %w", err)
	}
	if b.verifier, err = attest.NewVerifier(b.key.Public(), alg); err != nil {
		return rekor.Info{}, fmt.Errorf("-algorithm: %w", err)
	}
	ctx, cancel := b.asking(ctx)
	defer cancel()
	b.server, info, err = rekor.Detect(ctx, rekor.Config{URL: b.flags.rekorURL, Verifier: b.verifier, Key: b.logKey})
	return info, err
}

// asking bounds the questions that the log answers at once if it answers.
func (b *bench) asking(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, b.flags.timeout, fmt.Errorf("no answer within %v", b.flags.timeout))
}

// prepare tries the log and opens the record. A sweep that cannot be resumed is
// refused before anything is submitted.
func (b *bench) prepare(ctx context.Context) (*sweep.Runner, error) {
	meta, err := b.meta()
	if err != nil {
		return nil, err
	}
	if b.record != nil {
		if err := b.record.Resume(meta); err != nil {
			return nil, err
		}
	}
	runner := &sweep.Runner{
		Log:     b.server,
		Signer:  b.signer,
		Reports: b.reports,
		Mode:    meta.Client.Mode,
		ID:      rand.Text(),
		Policy: rekor.Policy{
			MaxRetries:     meta.Client.MaxRetries,
			AttemptTimeout: time.Duration(meta.Client.Timeout),
			Concurrency:    meta.Client.Concurrency,
			MaxBatch:       slices.Max(b.flags.sizes),
		},
	}
	if meta.Client.MaxRetries == 0 {
		runner.Policy.MaxRetries = -1 // 0 would stand for the default
	}
	if b.info, err = sweep.Preflight(ctx, runner, b.info); err != nil {
		return nil, err
	}
	if b.record == nil {
		// Once more, with the checkpoint interval that the preflight may have measured.
		if meta, err = b.meta(); err != nil {
			return nil, err
		}
		if b.record, err = sweep.CreateRecord(b.flags.out, meta); err != nil {
			return nil, err
		}
	}
	runner.Plan = meta.Plan
	b.explain(meta)
	return runner, nil
}

// meta says what is going to be measured. Flags that were not given are taken from
// the recorded sweep when one is resumed, and otherwise follow from the log.
func (b *bench) meta() (m sweep.Meta, err error) {
	f := b.flags
	if b.record != nil {
		m = b.record.Meta()
	} else {
		m = b.defaults()
	}
	for name, take := range map[string]func(){
		"max-retries": func() { m.Client.MaxRetries = f.maxRetries },
		"timeout-ms":  func() { m.Client.Timeout = sweep.Millis(f.timeout) },
		"concurrency": func() { m.Client.Concurrency = f.concurrency },
		"mode":        func() { m.Client.Mode = f.mode },
		"blocks":      func() { m.Plan.Blocks = f.blocks },
		"confirm":     func() { m.Plan.Confirm = f.confirm },
		"seed":        func() { m.Plan.Seed = f.seed },
		"gap-min":     func() { m.Plan.MinGap = sweep.Millis(f.gapMin) },
		"gap-max":     func() { m.Plan.MaxGap = sweep.Millis(f.gapMax) },
		"budget-ms":   func() { m.Plan.Budget = sweep.Millis(f.budget) },
		"environment": func() { m.Environment = f.environment },
	} {
		if f.given[name] {
			take()
		}
	}
	if m.Plan.MinGap > m.Plan.MaxGap && !f.given["gap-min"] {
		m.Plan.MinGap = 0 // the default lies beyond the bound that was given
	}
	if m.Plan.MinGap > m.Plan.MaxGap && !f.given["gap-max"] {
		m.Plan.MaxGap = 2 * m.Plan.MinGap
	}
	m.Plan.Sizes = f.sizes
	m.Log = b.info
	m.Client.Algorithm = b.signer.Algorithm()
	m.Client.CPUs = runtime.GOMAXPROCS(0)
	m.Client.Go = runtime.Version()
	m.Client.OS = runtime.GOOS + "/" + runtime.GOARCH
	m.Corpus = b.reports.Info()
	m.Corpus.Reused = slices.Max(f.sizes) > m.Corpus.Reports
	m.Plan, err = sweep.NewPlan(m.Plan)
	return m, err
}

// v2Poll is how often a Rekor v2 looks for a new checkpoint on behalf of those who
// wait for one. With more frequent checkpoints it is this that answers come in step
// with.
const v2Poll = sweep.Millis(time.Second)

// defaults are the settings of a new sweep, as they follow from the log.
func (b *bench) defaults() sweep.Meta {
	f, interval := b.flags, b.info.CheckpointInterval
	m := sweep.Meta{
		Started:     time.Now().UTC().Truncate(time.Millisecond),
		Environment: treeID.ReplaceAllString(b.info.Origin, ""),
		Client:      sweep.Client{MaxRetries: f.maxRetries, Timeout: sweep.Millis(f.timeout), Mode: f.mode},
		Plan: sweep.Plan{
			Blocks: f.blocks, Confirm: f.confirm, Seed: b.seed,
			MinGap: interval, MaxGap: 2 * interval,
			Budget: sweep.Millis(5 * time.Second),
		},
	}
	if b.info.Kind == "v2" {
		// An entry waits for the next checkpoint: a deadline below that would call
		// entries failed that the log has taken.
		m.Client.Timeout = sweep.Millis(30 * time.Second)
		m.Plan.Budget += 2 * interval
		// A v2 log without entries for a checkpoint interval gives the next one its
		// checkpoint at once. Longer gaps would measure a log that nobody else uses:
		// 1 s where one in use takes 11 s, with the default interval of 10 s.
		m.Plan.MinGap, m.Plan.MaxGap = 0, max(interval, v2Poll)
	}
	return m
}

// treeID is what a v1 log's origin has behind its name; a log in memory gets a new
// one with every start.
var treeID = regexp.MustCompile(` - [0-9]+$`)

// explain says what a person may not expect.
func (b *bench) explain(m sweep.Meta) {
	if m.Log.Kind == "v2" && !b.flags.given["timeout-ms"] {
		b.note("an attempt may take %v, not 10 s: a v2 log answers after its next checkpoint, here every %v (--timeout-ms sets another deadline)",
			time.Duration(m.Client.Timeout), time.Duration(m.Log.CheckpointInterval))
	}
	if m.Corpus.Reused {
		b.note("%d reports are fewer than the largest batch: they are taken in turn, each time with a %q field of its own", m.Corpus.Reports, sweep.RunField)
	}
	if b.flags.allowPublic {
		b.note("the log may be public: what is submitted stays there for good")
	}
}

// sweep does the runs, with their progress on stderr.
func (b *bench) sweep(ctx context.Context, runner *sweep.Runner) (_ []sweep.Sample, err error) {
	live, width := terminal(b.stderr)
	progress := sweep.NewProgress(b.stderr, live, width)
	runner.Log = progress.Watch(b.server)
	s := sweep.Sweep{Runner: runner, Record: b.record, Progress: progress, Samples: b.flags.verify}
	err = s.Run(ctx)
	progress.Close()
	err = errors.Join(err, b.record.Close())
	if ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	if err != nil {
		return nil, fmt.Errorf("%w; %d runs are in %s; to go on:\n  %s", err, len(b.record.Rows()), b.flags.out, b.resumeCommand())
	}
	return s.Sampled(), nil
}

// terminal says whether w is a terminal that moves its cursor, and how wide it is.
func terminal(w io.Writer) (live bool, width int) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) || os.Getenv("TERM") == "dumb" {
		return false, 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	return err == nil, width
}

// resumeCommand is what a person types to go on.
func (b *bench) resumeCommand() string {
	words := []string{"stella-attest-bench"}
	for _, a := range b.args {
		if strings.Trim(a, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,") != "" {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		words = append(words, a)
	}
	if !b.flags.resume {
		words = append(words, "-resume")
	}
	return strings.Join(words, " ")
}

// verify proves a sample of the logged entries, from what the log answered and
// with no further question to it but for its key.
func (b *bench) verify(ctx context.Context, samples []sweep.Sample) error {
	if len(samples) == 0 {
		return nil
	}
	from := "as given or as its settings say"
	if v1, ok := b.server.(*rekor.V1); ok && b.logKey == nil {
		asking, cancel := b.asking(ctx)
		defer cancel()
		public, err := v1.PublicKey(asking)
		if err != nil {
			return fmt.Errorf("verifying the logged entries: %w", err)
		}
		b.logKey = &rekor.LogKey{Public: public}
		from = "as the log gave it just now; -log-key takes it from elsewhere"
	}
	if b.logKey == nil {
		b.note("no entry was verified: the log does not tell its public key; give it with -log-key")
		return nil
	}
	for _, s := range samples {
		if err := rekor.Verify(s.Envelope, b.verifier, s.Entry, *b.logKey); err != nil {
			return fmt.Errorf("verifying the logged entries: %w (the rows are kept in %s, but the log did not keep what it promised)", err, b.flags.out)
		}
	}
	fmt.Fprintf(b.stdout, "verified offline: %d logged entries, drawn at random, rebuilt from our envelopes: signature, inclusion proof and checkpoint, with the log's key (%s)\n\n",
		len(samples), from)
	return nil
}
