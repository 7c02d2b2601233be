package main

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	trustroot "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/stella-ops/stella/attest"
	"github.com/stella-ops/stella/attest/rekor"
)

// Reasons of a trusted root.
var (
	errUnknownLog = errors.New("the trusted root does not hold the log that the entry names")
	errLogPeriod  = errors.New("the trusted root did not trust the log's key at the time of the entry")
)

// trust says which log's promises are believed.
type trust interface {
	// logKey returns the trusted log that an entry must be of.
	logKey(e rekor.Entry) (rekor.LogKey, error)
	// checkTime judges the time that the log promised for an entry, once proved.
	checkTime(e rekor.Entry) error
}

// oneLog trusts a key that was named on the command line.
type oneLog struct{ key rekor.LogKey }

func (l oneLog) logKey(rekor.Entry) (rekor.LogKey, error) { return l.key, nil }
func (l oneLog) checkTime(rekor.Entry) error              { return nil }

func loadLogKey(path, origin string) (rekor.LogKey, error) {
	pub, err := attest.LoadPublicKey(path)
	if err != nil {
		return rekor.LogKey{}, fmt.Errorf("-rekor-key: %w", err)
	}
	return rekor.LogKey{Public: pub, Origin: origin}, nil
}

// trustedRoot trusts the logs of a Sigstore trusted root (sigstore_trustroot.proto).
type trustedRoot []*trustroot.TransparencyLogInstance

func loadTrustedRoot(path string) (trustedRoot, error) {
	const limit = 4 << 20
	data, err := readFile(path, limit)
	if err != nil {
		return nil, fmt.Errorf("-trusted-root: %w", err)
	}
	root := new(trustroot.TrustedRoot)
	if err := protojson.Unmarshal(data, root); err != nil {
		return nil, fmt.Errorf("-trusted-root %s is no Sigstore trusted root: %w", path, err)
	}
	switch root.GetMediaType() {
	case "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
		"application/vnd.dev.sigstore.trustedroot.v0.1+json",
		"application/vnd.dev.sigstore.trustedroot.v0.2+json":
	default:
		return nil, fmt.Errorf("-trusted-root %s: its media type is %.80q: want a Sigstore trusted root of version 0.1 or 0.2", path, root.GetMediaType())
	}
	if len(root.GetTlogs()) == 0 {
		return nil, fmt.Errorf("-trusted-root %s holds no transparency log", path)
	}
	return root.GetTlogs(), nil
}

func (r trustedRoot) logKey(e rekor.Entry) (rekor.LogKey, error) {
	l, err := r.find(e)
	if err != nil {
		return rekor.LogKey{}, err
	}
	pub, err := l.public()
	if err != nil {
		return rekor.LogKey{}, err
	}
	key := rekor.LogKey{Public: pub}
	// A v2 log signs with the host name of its URL; a v1 log is named by its id
	// alone, and its URL need not be what it calls itself.
	if isV2(e) {
		key.Origin, err = l.host()
	}
	return key, err
}

// logInstance is one log of a trusted root.
type logInstance struct {
	*trustroot.TransparencyLogInstance
}

// find returns the log with the entry's log id. Ids of v2 logs with an ECDSA key do
// not depend on the log's name, so among several the name decides.
func (r trustedRoot) find(e rekor.Entry) (logInstance, error) {
	var found *logInstance
	for _, t := range r {
		if !bytes.Equal(t.GetLogId().GetKeyId(), e.GetLogId().GetKeyId()) {
			continue
		}
		l := logInstance{t}
		if host, err := l.host(); found == nil || (err == nil && host == checkpointOrigin(e)) {
			found = &l
		}
	}
	if found == nil {
		return logInstance{}, fmt.Errorf("%w: log id %x", errUnknownLog, e.GetLogId().GetKeyId())
	}
	return *found, nil
}

func (l logInstance) public() (crypto.PublicKey, error) {
	pub, err := x509.ParsePKIXPublicKey(l.GetPublicKey().GetRawBytes())
	if err != nil {
		return nil, fmt.Errorf("the trusted root's key of log %q: %w", l.GetBaseUrl(), err)
	}
	return pub, nil
}

func (l logInstance) host() (string, error) {
	u, err := url.Parse(l.GetBaseUrl())
	if err != nil || u.Hostname() == "" {
		return "", fmt.Errorf("the trusted root's log %q has no host name", l.GetBaseUrl())
	}
	return u.Hostname(), nil
}

// checkTime holds the signed time of a v1 entry against the key's period. A v2 log
// promises no time, so that there is nothing to judge.
func (r trustedRoot) checkTime(e rekor.Entry) error {
	if isV2(e) {
		return nil
	}
	l, err := r.find(e)
	if err != nil {
		return err
	}
	at := time.Unix(e.GetIntegratedTime(), 0)
	period := l.GetPublicKey().GetValidFor()
	if s := period.GetStart(); s != nil && at.Before(s.AsTime()) {
		return fmt.Errorf("%w: %s is before %s", errLogPeriod, at.UTC().Format(time.RFC3339), s.AsTime().Format(time.RFC3339))
	}
	if end := period.GetEnd(); end != nil && at.After(end.AsTime()) {
		return fmt.Errorf("%w: %s is after %s", errLogPeriod, at.UTC().Format(time.RFC3339), end.AsTime().Format(time.RFC3339))
	}
	return nil
}

func isV2(e rekor.Entry) bool { return e.GetKindVersion().GetKind() == "hashedrekord" }

// checkpointOrigin is the name that an entry's checkpoint claims.
func checkpointOrigin(e rekor.Entry) string {
	origin, _, _ := strings.Cut(e.GetInclusionProof().GetCheckpoint().GetEnvelope(), "\n")
	return origin
}
