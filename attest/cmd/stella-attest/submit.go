package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/stella-ops/stella/attest"
	"github.com/stella-ops/stella/attest/bundle"
	"github.com/stella-ops/stella/attest/rekor"
)

// submission is the submit command at work.
type submission struct {
	url            string
	batchSize      int
	force, public  bool
	policy         rekor.Policy
	verifier       *attest.Verifier
	logKey         *rekor.LogKey // nil where the log's promises are left to verify
	log            rekor.Server
	info           rekor.Info
	stdout, stderr io.Writer

	missing int // envelopes without a bundle
}

// job is one envelope and where its bundle goes.
type job struct {
	in, out string
	bundle  string // origin of the log of the bundle at out; empty where there is none
}

func submit(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	f, err := parseSubmit(args, stdout)
	if err != nil {
		return err
	}
	paths, err := outputs(f.Args(), f.out, []string{envelopeSuffix, ".json"}, bundle.Suffix)
	if err != nil {
		return err
	}
	s := submission{url: f.url, batchSize: f.batchSize, force: f.force, public: f.public, policy: f.policy(), stdout: stdout, stderr: stderr}
	if s.verifier, err = f.key.verifier(); err != nil {
		return err
	}
	if f.rekorKey != "" {
		k, err := loadLogKey(f.rekorKey, f.origin)
		if err != nil {
			return err
		}
		s.logKey = &k
	}
	jobs, err := s.check(f.Args(), paths)
	if err != nil {
		return err
	}
	if err := s.connect(ctx, given(f.FlagSet, "timeout-ms")); err != nil {
		return err
	}
	defer s.log.CloseIdle()
	return s.run(ctx, jobs)
}

// submitFlags are the command line of submit.
type submitFlags struct {
	*flag.FlagSet
	key                                      keyFlags
	url, rekorKey, origin, out               string
	batchSize, concurrency, retries, timeout int
	force, public                            bool
}

func parseSubmit(args []string, stdout io.Writer) (*submitFlags, error) {
	usage := fmt.Sprintf(submitUsage, attest.DefaultDsseRekorBatchSize, attest.HardMaxDsseRekorBatchSize)
	f := &submitFlags{FlagSet: newFlagSet("submit", usage, stdout)}
	f.key.register(f.FlagSet)
	f.StringVar(&f.url, "rekor-url", "", "")
	f.StringVar(&f.rekorKey, "rekor-key", "", "")
	f.StringVar(&f.origin, "origin", "", "")
	f.IntVar(&f.batchSize, "batch-size", attest.DefaultDsseRekorBatchSize, "")
	f.IntVar(&f.concurrency, "concurrency", 0, "")
	f.IntVar(&f.retries, "max-retries", 3, "")
	f.IntVar(&f.timeout, "timeout-ms", 10_000, "")
	f.StringVar(&f.out, "o", "", "")
	f.BoolVar(&f.force, "force", false, "")
	f.BoolVar(&f.public, "allow-public", false, "")
	if err := parse(f.FlagSet, args); err != nil {
		return nil, err
	}
	if err := f.check(); err != nil {
		return nil, usageError{err, f.Name()}
	}
	return f, nil
}

func (f *submitFlags) policy() rekor.Policy {
	p := rekor.Policy{MaxRetries: f.retries, Concurrency: f.concurrency, AttemptTimeout: time.Duration(f.timeout) * time.Millisecond}
	if f.retries == 0 {
		p.MaxRetries = -1 // Policy's way to say none
	}
	return p
}

// maxTimeout bounds -timeout-ms: no log takes a day to answer.
const maxTimeout = 24 * time.Hour

// check reports what is wrong with the flags, before any file is read.
func (f *submitFlags) check() error {
	switch {
	case f.url == "":
		return errors.New("-rekor-url is required: the log's address")
	case f.NArg() == 0:
		return errors.New("no envelopes are named")
	case f.batchSize < 1:
		return fmt.Errorf("-batch-size is %d: it must be at least 1", f.batchSize)
	case f.batchSize > attest.HardMaxDsseRekorBatchSize:
		return fmt.Errorf("-batch-size is %d: attest.HardMaxDsseRekorBatchSize allows %d, as measured in "+
			"docs/attestation/dsse-rekor-batch-sizing.md; to allow more, measure the log with stella-attest-bench",
			f.batchSize, attest.HardMaxDsseRekorBatchSize)
	case f.concurrency < 0:
		return fmt.Errorf("-concurrency is %d: it must be at least 0", f.concurrency)
	case f.retries < 0:
		return fmt.Errorf("-max-retries is %d: it must be at least 0", f.retries)
	case f.timeout < 1 || f.timeout > int(maxTimeout.Milliseconds()):
		return fmt.Errorf("-timeout-ms is %d: it must be at least 1, at most %d", f.timeout, maxTimeout.Milliseconds())
	case f.origin != "" && f.rekorKey == "":
		return errors.New("-origin names the log of a -rekor-key: give that too")
	}
	return nil
}

// check reads every input once before anything is submitted, as what is in the log
// stays there.
func (s *submission) check(inputs, outputs []string) ([]job, error) {
	jobs := make([]job, len(inputs))
	failed := 0
	for i, in := range inputs {
		jobs[i] = job{in: in, out: outputs[i]}
		env, err := s.load(in)
		if err == nil {
			err = s.checkOutput(&jobs[i], env)
		}
		if err != nil {
			fmt.Fprintf(s.stderr, "%s: %v\n", in, err)
			failed++
		}
	}
	if failed > 0 {
		return nil, fmt.Errorf("%d of %d envelopes cannot be submitted, so nothing was", failed, len(inputs))
	}
	return jobs, nil
}

// load reads an envelope that is fit for a log.
func (s *submission) load(path string) (attest.Envelope, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return attest.Envelope{}, errors.New("it is no regular file: an envelope is read twice, so save it first")
	}
	data, err := readFile(path, attest.MaxEnvelopeBytes)
	if err != nil {
		return attest.Envelope{}, err
	}
	env, err := attest.ParseEnvelope(data)
	if err != nil {
		return attest.Envelope{}, fmt.Errorf("%w; if it is a report, sign it first", err)
	}
	if n := len(env.Signatures()); n != 1 {
		return attest.Envelope{}, fmt.Errorf("it has %d signatures: envelopes with one are submitted", n)
	}
	return env, withAdvice(s.verifier.Verify(env), s.verifier.Algorithm())
}

// checkOutput looks for a bundle that an earlier run wrote.
func (s *submission) checkOutput(j *job, env attest.Envelope) error {
	info, err := os.Stat(j.out)
	if s.force || errors.Is(err, fs.ErrNotExist) || (err == nil && !info.Mode().IsRegular()) {
		return nil
	}
	data, err := readFile(j.out, bundle.MaxBytes)
	if err != nil {
		return err
	}
	b, err := bundle.Parse(data)
	if err == nil {
		b, err = b.WithEnvelope(env)
	}
	if err != nil {
		return fmt.Errorf("%s: %w (%v)", j.out, errExists, err)
	}
	if s.logKey != nil {
		err = rekor.Verify(env, s.verifier, b.Entry(), *s.logKey)
	} else {
		err = rekor.CheckUnsigned(env, s.verifier, b.Entry())
	}
	if err != nil {
		return fmt.Errorf("%s: %w (%w)", j.out, errExists, err)
	}
	j.bundle = checkpointOrigin(b.Entry())
	return nil
}

// connect finds out which log answers, and whether it takes these envelopes.
func (s *submission) connect(ctx context.Context, timeoutGiven bool) error {
	config := rekor.Config{URL: s.url, Verifier: s.verifier, Key: s.logKey}
	if _, err := rekor.NewV1(config); err != nil { // asks nothing: it checks the URL
		return fmt.Errorf("-rekor-url: %w", err)
	}
	if !s.public {
		switch err := rekor.CheckPrivate(ctx, s.url); {
		case errors.Is(err, rekor.ErrPublic):
			return fmt.Errorf("-rekor-url: %w; give -allow-public if that is meant", err)
		case err != nil:
			return fmt.Errorf("-rekor-url: %w", err)
		}
	}
	asking, cancel := context.WithTimeoutCause(ctx, s.policy.AttemptTimeout, fmt.Errorf("no answer within %v", s.policy.AttemptTimeout))
	defer cancel()
	var err error
	if s.log, s.info, err = rekor.Detect(asking, config); err != nil {
		return fmt.Errorf("-rekor-url: %w", err)
	}
	s.note("the log is a Rekor %s, %s; %d entries", s.info.Kind, s.info.Origin, s.info.TreeSize)
	if alg := s.verifier.Algorithm(); !s.log.Accepts(alg) {
		s.log.CloseIdle()
		return fmt.Errorf("a Rekor %s log takes no %s signatures: sign with another -algorithm", s.info.Kind, alg)
	}
	if s.info.Kind == "v2" && !timeoutGiven {
		s.policy.AttemptTimeout = 30 * time.Second
		s.note("a v2 log answers after its next checkpoint: an attempt may take 30 s (-timeout-ms)")
	}
	return nil
}

func (s *submission) note(format string, args ...any) { fmt.Fprintf(s.stderr, format+"\n", args...) }

// say prints what became of an envelope.
func (s *submission) say(outcome, in, format string, args ...any) {
	fmt.Fprintf(s.stdout, "%-14s  %s: %s\n", outcome, in, fmt.Sprintf(format, args...))
}

// lack prints what became of an envelope that has no bundle.
func (s *submission) lack(outcome, in, format string, args ...any) {
	s.missing++
	s.say(outcome, in, format, args...)
}

// run submits what has no bundle, batch after batch.
func (s *submission) run(ctx context.Context, jobs []job) error {
	open := make([]job, 0, len(jobs))
	for _, j := range jobs {
		if !s.hasBundle(j) {
			open = append(open, j)
		}
	}
	batches := (len(open) + s.batchSize - 1) / s.batchSize
	n := 0
	for batch := range slices.Chunk(open, s.batchSize) {
		n++
		if ctx.Err() != nil {
			for _, j := range batch {
				s.lack("not logged", j.in, "not tried: %v", context.Cause(ctx))
			}
			continue
		}
		if batches > 1 {
			s.note("submitting batch %d of %d (%d envelopes)", n, batches, len(batch))
		}
		if err := s.batch(ctx, batch); err != nil {
			return err
		}
	}
	if s.logKey == nil && s.missing < len(jobs) {
		s.note("what the log promised is not verified yet: give its key with -rekor-key, or run stella-attest verify")
	}
	if s.missing > 0 {
		return fmt.Errorf("%d of %d envelopes have no bundle; the same command goes on with them", s.missing, len(jobs))
	}
	return nil
}

// hasBundle says whether an earlier run has logged the envelope here.
func (s *submission) hasBundle(j job) bool {
	switch j.bundle {
	case "":
		return false
	case s.info.Origin:
		s.say("has a bundle", j.in, "%s", j.out)
	default:
		s.lack("not logged", j.in, "not tried: %s is of the log %q: name another place with -o, or replace it with -force", j.out, j.bundle)
	}
	return true
}

// batch submits envelopes together. They are read again, so that memory holds no
// more than one batch.
func (s *submission) batch(ctx context.Context, jobs []job) error {
	ready := make([]job, 0, len(jobs))
	envelopes := make([]attest.Envelope, 0, len(jobs))
	for _, j := range jobs {
		env, err := s.load(j.in)
		if err != nil {
			s.lack("not logged", j.in, "not tried: %v", err)
			continue
		}
		ready, envelopes = append(ready, j), append(envelopes, env)
	}
	result := rekor.SubmitBatch(ctx, s.log, envelopes, s.policy)
	if result.Err != nil {
		return result.Err
	}
	for i, r := range result.Results {
		s.finish(ready[i], envelopes[i], r)
	}
	return nil
}

// finish writes the bundle of an envelope that is in the log, and says what became
// of it.
func (s *submission) finish(j job, env attest.Envelope, r rekor.Result) {
	switch r.Class {
	case rekor.Accepted:
	case rekor.Ambiguous:
		s.lack("ambiguous", j.in, "%v", r.Err)
		return
	case rekor.Throttled:
		s.lack("not logged", j.in, "submit it again later: %v", r.Err)
		return
	case rekor.Frozen:
		s.lack("rejected", j.in, "the log takes no more entries, look for its successor: %v", r.Err)
		return
	default:
		s.lack("rejected", j.in, "%v", r.Err)
		return
	}
	if err := s.writeBundle(j, env, r.Entry); err != nil {
		s.lack("failed", j.in, "the log says that it is entry %d, but: %v", r.Entry.GetLogIndex(), err)
		return
	}
	outcome, remark := "accepted", ""
	if r.Entry.Recovered {
		outcome = "already logged"
	}
	if s.info.Kind == "v1" && !sealSpelled(env) {
		remark = "; keep the envelope too: the log knows its spelling, the bundle does not"
	}
	s.say(outcome, j.in, "entry %d, %s%s", r.Entry.GetLogIndex(), j.out, remark)
}

func (s *submission) writeBundle(j job, env attest.Envelope, entry rekor.Entry) error {
	if s.logKey != nil {
		if err := rekor.Verify(env, s.verifier, entry, *s.logKey); err != nil {
			return err
		}
	}
	b, err := bundle.New(env, entry)
	if errors.Is(err, bundle.ErrEntry) && s.logKey == nil {
		return fmt.Errorf("%w; submit it again with the log's key (-rekor-key)", err)
	}
	if err != nil {
		return err
	}
	return writeFile(j.out, b.Bytes(), s.force)
}

// sealSpelled says whether a bundle can give back the envelope's exact bytes.
func sealSpelled(env attest.Envelope) bool {
	sig := env.Signatures()[0]
	same, err := attest.NewEnvelope(env.Payload(), env.PayloadType(), sig.KeyID, sig.Sig)
	return err == nil && bytes.Equal(same.Bytes(), env.Bytes())
}

// withAdvice adds to a failed signature what is the usual reason with Ed25519 keys.
func withAdvice(err error, alg attest.Algorithm) error {
	if errors.Is(err, attest.ErrSignature) && alg != attest.ECDSAP256SHA256 {
		return fmt.Errorf("%w as %s (-algorithm names the other one of an Ed25519 key)", err, alg)
	}
	return err
}
