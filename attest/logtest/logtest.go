// Package logtest runs one test against a real Rekor v1 and a real Rekor v2.
//
// The logs are those of package rekortest, fresh for each test, with fast checkpoints,
// and gone when the test ends. Importing this package links Rekor's server: see there.
package logtest

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/attest"
	"github.com/stella-ops/stella/attest/rekor"
	"github.com/stella-ops/stella/attest/rekortest"
)

// Log is a log that runs, and how it is trusted.
type Log struct {
	Kind, URL   string // "v1" or "v2"
	Key         rekor.LogKey
	TrustedRoot []byte
	// Ed25519 is the one of the two Ed25519 algorithms that the log takes.
	Ed25519 attest.Algorithm
	// Entries reads the truth, see package rekortest.
	Entries func(context.Context) ([][]byte, error)
}

// Each runs the test as subtests "v1" and "v2". The root of the module is where the v2
// server is built.
func Each(t *testing.T, moduleRoot string, test func(t *testing.T, log Log)) {
	t.Run("v1", func(t *testing.T) {
		l, err := rekortest.StartV1(t.Context(), rekortest.V1Config{})
		require.NoError(t, err)
		log := Log{Kind: "v1", URL: l.URL(), Key: rekor.LogKey{Public: l.PublicKey(), Origin: rekortest.DefaultHostname}, Ed25519: attest.Ed25519, Entries: l.Entries}
		test(t, log.untilTheEnd(t, l))
	})
	t.Run("v2", func(t *testing.T) {
		binary, err := rekortest.BuildV2(t.Context(), moduleRoot)
		require.NoError(t, err)
		l, err := rekortest.StartV2(t.Context(), rekortest.V2Config{
			Binary: binary, CheckpointInterval: 100 * time.Millisecond, BatchMaxAge: 20 * time.Millisecond,
		})
		require.NoError(t, err)
		log := Log{Kind: "v2", URL: l.URL(), Key: rekor.LogKey{Public: l.PublicKey(), Origin: l.Origin()}, Ed25519: attest.Ed25519ph, Entries: l.Entries}
		test(t, log.untilTheEnd(t, l))
	})
}

// server is what both logs of package rekortest can do.
type server interface {
	TrustedRoot() ([]byte, error)
	Close(context.Context) error
}

func (l Log) untilTheEnd(t *testing.T, s server) Log {
	t.Cleanup(func() { require.NoError(t, s.Close(context.Background())) })
	var err error
	l.TrustedRoot, err = s.TrustedRoot()
	require.NoError(t, err)
	return l
}

// Signer makes a signer with a new key.
func Signer(t testing.TB, alg attest.Algorithm) attest.Signer {
	t.Helper()
	var key crypto.Signer
	var err error
	if alg == attest.ECDSAP256SHA256 {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	} else {
		_, key, err = ed25519.GenerateKey(rand.Reader)
	}
	require.NoError(t, err)
	s, err := attest.NewSigner(key, alg)
	require.NoError(t, err)
	return s
}

// Verifier is the verifier of what a signer signs.
func Verifier(t testing.TB, s attest.Signer) *attest.Verifier {
	t.Helper()
	v, err := attest.NewVerifier(s.Public(), s.Algorithm())
	require.NoError(t, err)
	return v
}
