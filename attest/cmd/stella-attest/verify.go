package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/stella-ops/stella/attest"
	"github.com/stella-ops/stella/attest/bundle"
	"github.com/stella-ops/stella/attest/rekor"
)

// errPayloadType says that what was signed is not what was asked for.
var errPayloadType = errors.New("the payload type is not the expected one")

// verification is the verify command at work.
type verification struct {
	verifier    *attest.Verifier
	trust       trust // nil with -no-log
	payloadType string
	envelope    *attest.Envelope // the exact one, where it was given
	payloadOut  string
	force       bool
	stdout      io.Writer
}

func verify(args []string, stdout, stderr io.Writer) error {
	var (
		key                                  keyFlags
		rekorKey, origin, trusted, exactFile string
	)
	v := verification{stdout: stdout}
	fs := newFlagSet("verify", verifyUsage, stdout)
	key.register(fs)
	fs.StringVar(&rekorKey, "rekor-key", "", "")
	fs.StringVar(&origin, "origin", "", "")
	fs.StringVar(&trusted, "trusted-root", "", "")
	fs.Bool("no-log", false, "")
	fs.StringVar(&v.payloadType, "type", "", "")
	fs.StringVar(&exactFile, "envelope", "", "")
	fs.StringVar(&v.payloadOut, "payload-out", "", "")
	fs.BoolVar(&v.force, "force", false, "")
	if err := parse(fs, args); err != nil {
		return err
	}
	if err := checkVerify(fs); err != nil {
		return usageError{err, fs.Name()}
	}
	var err error
	if v.verifier, err = key.verifier(); err != nil {
		return err
	}
	if v.trust, err = loadTrust(rekorKey, origin, trusted); err != nil {
		return err
	}
	if exactFile != "" {
		env, err := readEnvelope(exactFile)
		if err != nil {
			return fmt.Errorf("-envelope: %w", err)
		}
		v.envelope = &env
	}
	failed := 0
	for _, path := range fs.Args() {
		if err := v.file(path); err != nil {
			fmt.Fprintf(stderr, "%s: %v\n", path, err)
			failed++
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d files are not verified", failed, fs.NArg())
	}
	return nil
}

// checkVerify reports what is wrong with the flags. What is trusted is never
// guessed, and a check is never left out unasked.
func checkVerify(fs *flag.FlagSet) error {
	noLog := fs.Lookup("no-log").Value.String() == "true" // -no-log=false is not -no-log
	logs := 0
	for _, chosen := range []bool{given(fs, "rekor-key"), given(fs, "trusted-root"), noLog} {
		if chosen {
			logs++
		}
	}
	switch {
	case !given(fs, "key"):
		return errors.New("-key is required: the key that is trusted to sign")
	case logs == 0:
		return errors.New("no log is trusted: give its key with -rekor-key, or a Sigstore trusted root with -trusted-root; -no-log checks the signature alone")
	case logs > 1:
		return errors.New("give one of -rekor-key, -trusted-root and -no-log")
	case given(fs, "origin") && !given(fs, "rekor-key"):
		return errors.New("-origin names the log of a -rekor-key: give that too")
	case given(fs, "envelope") && noLog:
		return errors.New("-envelope is for the log's entry, which -no-log leaves out")
	case fs.NArg() == 0:
		return errors.New("no bundles are named")
	case fs.NArg() > 1 && (given(fs, "envelope") || given(fs, "payload-out")):
		return errors.New("-envelope and -payload-out are for one bundle at a time")
	}
	return nil
}

// loadTrust returns nil where no log is named.
func loadTrust(rekorKey, origin, trusted string) (trust, error) {
	switch {
	case rekorKey != "":
		key, err := loadLogKey(rekorKey, origin)
		return oneLog{key}, err
	case trusted != "":
		return loadTrustedRoot(trusted)
	}
	return nil, nil
}

func readEnvelope(path string) (attest.Envelope, error) {
	data, err := readFile(path, attest.MaxEnvelopeBytes)
	if err != nil {
		return attest.Envelope{}, err
	}
	return attest.ParseEnvelope(data)
}

// file verifies one file, and prints and writes nothing of it before all of it is
// proved.
func (v *verification) file(path string) error {
	b, err := v.read(path)
	if err != nil {
		return err
	}
	if v.trust == nil {
		err = v.verifier.Verify(b.envelope)
	} else {
		err = v.logged(b)
	}
	if err != nil {
		return withAdvice(err, v.verifier.Algorithm())
	}
	lines, err := v.payload(b.envelope)
	if err != nil {
		return err
	}
	if v.payloadOut != "" {
		if err := writeFile(v.payloadOut, b.envelope.Payload(), v.force); err != nil {
			return fmt.Errorf("-payload-out: %w", err)
		}
	}
	fmt.Fprintf(v.stdout, "%s: verified\n", path)
	fmt.Fprintf(v.stdout, "  signature  %s by key %s\n", v.verifier.Algorithm(), v.verifier.KeyID())
	for _, line := range append(lines, v.logLines(b.entry)...) {
		fmt.Fprintf(v.stdout, "  %s\n", line)
	}
	return nil
}

// claim is what a file says, before any of it is proved.
type claim struct {
	envelope attest.Envelope
	entry    rekor.Entry
}

// read reads a bundle, or with -no-log an envelope as well.
func (v *verification) read(path string) (claim, error) {
	data, err := readFile(path, max(bundle.MaxBytes, attest.MaxEnvelopeBytes))
	if err != nil {
		return claim{}, err
	}
	b, err := bundle.Parse(data)
	if err != nil {
		env, envErr := attest.ParseEnvelope(data)
		switch {
		case envErr == nil && v.trust == nil:
			return claim{envelope: env}, nil
		case envErr == nil:
			return claim{}, errors.New("it is an envelope, and has no log entry: submit it, or check its signature alone with -no-log")
		case v.trust == nil:
			return claim{}, fmt.Errorf("it is no bundle (%w) and no envelope (%w)", err, envErr)
		}
		return claim{}, err
	}
	if v.envelope != nil {
		if b, err = b.WithEnvelope(*v.envelope); err != nil {
			return claim{}, fmt.Errorf("-envelope: %w", err)
		}
	}
	return claim{b.Envelope(), b.Entry()}, nil
}

// logged proves that the trusted key signed the envelope and that the trusted log
// holds it.
func (v *verification) logged(c claim) error {
	log, err := v.trust.logKey(c.entry)
	if err != nil {
		return err
	}
	err = rekor.Verify(c.envelope, v.verifier, c.entry, log)
	if errors.Is(err, rekor.ErrBody) && v.envelope == nil && !isV2(c.entry) {
		return fmt.Errorf("%w; if another program spelled the envelope, give its file with -envelope", err)
	}
	if err != nil {
		return err
	}
	return v.trust.checkTime(c.entry)
}

// payload checks that the payload is of an expected type, and describes it.
func (v *verification) payload(env attest.Envelope) ([]string, error) {
	typ := env.PayloadType()
	want := []string{attest.PayloadTypeReport, attest.PayloadTypeStatement}
	if v.payloadType != "" {
		want = []string{v.payloadType}
	}
	if !slices.Contains(want, typ) {
		return nil, fmt.Errorf("%w: it is %.200q, not %s (-type)", errPayloadType, typ, strings.Join(want, " or "))
	}
	lines := []string{fmt.Sprintf("payload    %q, %d bytes", typ, len(env.Payload()))}
	if typ != attest.PayloadTypeStatement {
		return lines, nil
	}
	s, err := attest.ParseStatement(env.Payload())
	if err != nil {
		return nil, fmt.Errorf("the payload is signed, but not what its type says: %w", err)
	}
	lines = append(lines, fmt.Sprintf("predicate  %q", s.PredicateType))
	for _, sub := range s.Subject {
		line := fmt.Sprintf("subject    %q", sub.Name)
		for _, alg := range slices.Sorted(maps.Keys(sub.Digest)) {
			line += fmt.Sprintf(" %q", alg+":"+sub.Digest[alg])
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// logLines describes a proved entry.
func (v *verification) logLines(e rekor.Entry) []string {
	if v.trust == nil {
		return []string{"log        not checked (-no-log)"}
	}
	kind, at := "v1", time.Unix(e.GetIntegratedTime(), 0).UTC().Format(time.RFC3339)+", signed by the log"
	if isV2(e) {
		kind, at = "v2", "none: a v2 log promises no time"
	}
	return []string{
		fmt.Sprintf("log        Rekor %s %q", kind, checkpointOrigin(e)),
		fmt.Sprintf("entry      %d, log id %x", e.GetLogIndex(), e.GetLogId().GetKeyId()),
		fmt.Sprintf("inclusion  leaf %d of the tree in the signed checkpoint", e.GetInclusionProof().GetLogIndex()),
		"time       " + at,
	}
}
