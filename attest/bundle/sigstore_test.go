package bundle_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	rekorpb "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	sigstorebundle "github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/options"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/stella-ops/stella/attest"
	"github.com/stella-ops/stella/attest/bundle"
	"github.com/stella-ops/stella/attest/logtest"
	"github.com/stella-ops/stella/attest/rekor"
)

// The tests of this file hold bundles to sigstore-go's verifier, with entries of
// real logs. What it takes of ours:
//
//   - Statements, signed with ECDSA P-256 (v1 and v2), Ed25519 (v1) and Ed25519ph
//     (v2), with WithTransparencyLog(1); WithIntegratedTimestamps(1) for v1 only,
//     as a v2 log gives no time: there WithNoObserverTimestamps.
//   - Plain reports pass its checks of signature and log entry. Verifier.Verify as
//     a whole refuses them at its last step, which reads the payload as a Statement.

// realLog is a log that runs, and what its entries prove of time.
type realLog struct {
	logtest.Log
	timestamps verify.VerifierOption
}

func eachLog(t *testing.T, test func(t *testing.T, log realLog)) {
	logtest.Each(t, "../..", func(t *testing.T, log logtest.Log) {
		timestamps := verify.WithIntegratedTimestamps(1)
		if log.Kind == "v2" {
			timestamps = verify.WithNoObserverTimestamps()
		}
		test(t, realLog{log, timestamps})
	})
}

// submit logs an envelope and returns its bundle as a reader of the file sees it.
func (l realLog) submit(t *testing.T, s attest.Signer, env attest.Envelope) bundle.Bundle {
	log, _, err := rekor.Detect(t.Context(), rekor.Config{URL: l.URL, Verifier: logtest.Verifier(t, s), Key: &l.Key})
	require.NoError(t, err)
	defer log.CloseIdle()
	entry, err := log.Submit(t.Context(), env)
	require.NoError(t, err)
	made, err := bundle.New(env, entry)
	require.NoError(t, err)
	read, err := bundle.Parse(made.Bytes())
	require.NoError(t, err)
	return read
}

// sigstoreVerifier is sigstore-go's verifier, trusting this log and this signer.
func (l realLog) sigstoreVerifier(t *testing.T, s attest.Signer) (*verify.Verifier, root.TrustedMaterial) {
	trustedRoot, err := root.NewTrustedRootFromJSON(l.TrustedRoot)
	require.NoError(t, err)
	var load []signature.LoadOption
	if s.Algorithm() == attest.Ed25519ph {
		load = append(load, options.WithED25519ph())
	}
	v, err := signature.LoadDefaultVerifier(s.Public(), load...)
	require.NoError(t, err)
	material := root.TrustedMaterialCollection{
		trustedRoot,
		root.NewTrustedPublicKeyMaterialFromMapping(map[string]*root.ExpiringKey{
			s.KeyID(): root.NewExpiringKey(v, time.Time{}, time.Time{}),
		}),
	}
	verifier, err := verify.NewVerifier(material, verify.WithTransparencyLog(1), l.timestamps)
	require.NoError(t, err)
	return verifier, material
}

func parseAsSigstore(t *testing.T, data []byte) *sigstorebundle.Bundle {
	b := new(sigstorebundle.Bundle)
	require.NoError(t, b.UnmarshalJSON(data))
	return b
}

func TestSigstoreVerifiesBundlesOfStatements(t *testing.T) {
	const artifact = "the image that was scanned"
	digest := sha256.Sum256([]byte(artifact))
	statement, err := attest.NewStatement("scan", []byte(`{"target":{"name":"image","sha256":"`+hex.EncodeToString(digest[:])+`"}}`))
	require.NoError(t, err)

	eachLog(t, func(t *testing.T, log realLog) {
		for _, alg := range []attest.Algorithm{attest.ECDSAP256SHA256, log.Ed25519} {
			signer := logtest.Signer(t, alg)
			b := log.submit(t, signer, seal(t, signer, attest.PayloadTypeStatement, string(statement)))
			require.NoError(t, rekor.Verify(b.Envelope(), logtest.Verifier(t, signer), b.Entry(), log.Key), alg)

			verifier, _ := log.sigstoreVerifier(t, signer)
			result, err := verifier.Verify(parseAsSigstore(t, b.Bytes()), verify.NewPolicy(verify.WithArtifact(strings.NewReader(artifact)), verify.WithKey()))
			require.NoError(t, err, alg)
			require.Equal(t, attest.PredicateTypeReport, result.Statement.PredicateType)
			require.Equal(t, signer.KeyID(), string(*result.Signature.PublicKeyID))
			if log.Kind == "v1" {
				require.Len(t, result.VerifiedTimestamps, 1)
			}

			_, err = verifier.Verify(parseAsSigstore(t, b.Bytes()), verify.NewPolicy(verify.WithArtifact(strings.NewReader("another")), verify.WithKey()))
			require.ErrorContains(t, err, "digest", alg)
		}
	})
}

// Each alteration is one that both verifiers must find.
func TestSigstoreAndVerifyRefuseAlteredBundles(t *testing.T) {
	eachLog(t, func(t *testing.T, log realLog) {
		signer := logtest.Signer(t, attest.ECDSAP256SHA256)
		statement, err := attest.NewStatement("scan", []byte(`{"n":1}`))
		require.NoError(t, err)
		log.submit(t, signer, seal(t, signer, attest.PayloadTypeStatement, `{"first":"so that no proof is empty"}`))
		b := log.submit(t, signer, seal(t, signer, attest.PayloadTypeStatement, string(statement)))
		env, sig := b.Envelope(), b.Envelope().Signatures()[0]
		other := seal(t, logtest.Signer(t, attest.ECDSAP256SHA256), env.PayloadType(), string(env.Payload()))
		otherSig := other.Signatures()[0].Sig

		for _, test := range []struct {
			name    string
			payload []byte
			typ     string
			sig     []byte
			entry   func(*rekorpb.TransparencyLogEntry)
			want    error
		}{
			{name: "payload", payload: bytes.Replace(env.Payload(), []byte(`"n":1`), []byte(`"n":2`), 1), want: attest.ErrSignature},
			{name: "payload type", typ: attest.PayloadTypeReport, want: attest.ErrSignature},
			{name: "signature", sig: otherSig, want: attest.ErrSignature},
			{name: "entry's body", entry: func(e *rekorpb.TransparencyLogEntry) {
				e.CanonicalizedBody = bytes.Replace(e.CanonicalizedBody, []byte(`"kind"`), []byte(`"kine"`), 1)
			}, want: rekor.ErrBody},
			{name: "inclusion proof", entry: func(e *rekorpb.TransparencyLogEntry) { e.InclusionProof.Hashes[0][0] ^= 1 }, want: rekor.ErrInclusion},
			{name: "checkpoint", entry: func(e *rekorpb.TransparencyLogEntry) {
				c := e.InclusionProof.Checkpoint
				c.Envelope = strings.Replace(c.Envelope, "\n", " \n", 1)
			}, want: rekor.ErrCheckpoint},
			{name: "log id", entry: func(e *rekorpb.TransparencyLogEntry) { e.LogId.KeyId[0] ^= 1 }, want: rekor.ErrLogID},
		} {
			payload, typ, s := env.Payload(), env.PayloadType(), sig.Sig
			if test.payload != nil {
				payload = test.payload
			}
			if test.typ != "" {
				typ = test.typ
			}
			if test.sig != nil {
				s = test.sig
			}
			altered, err := attest.NewEnvelope(payload, typ, sig.KeyID, s)
			require.NoError(t, err)
			entry := rekor.Entry{TransparencyLogEntry: proto.Clone(b.Entry()).(*rekorpb.TransparencyLogEntry)}
			if test.entry != nil {
				test.entry(entry.TransparencyLogEntry)
			}
			bad, err := bundle.New(altered, entry)
			require.NoError(t, err, test.name)

			require.ErrorIs(t, rekor.Verify(altered, logtest.Verifier(t, signer), entry, log.Key), test.want, test.name)
			require.Error(t, sigstoreError(t, log, signer, bad), "sigstore-go: %s", test.name)
		}
		require.NoError(t, sigstoreError(t, log, signer, b))
		require.Error(t, sigstoreError(t, log, logtest.Signer(t, attest.ECDSAP256SHA256), b), "another key")
	})
}

// sigstoreError is what sigstore-go says of a bundle, reading it included.
func sigstoreError(t *testing.T, log realLog, s attest.Signer, b bundle.Bundle) error {
	read := new(sigstorebundle.Bundle)
	if err := read.UnmarshalJSON(b.Bytes()); err != nil {
		return err
	}
	verifier, _ := log.sigstoreVerifier(t, s)
	_, err := verifier.Verify(read, verify.NewPolicy(verify.WithoutArtifactUnsafe(), verify.WithKey()))
	return err
}

func TestSigstoreChecksReportsButForTheStatement(t *testing.T) {
	eachLog(t, func(t *testing.T, log realLog) {
		signer := logtest.Signer(t, attest.ECDSAP256SHA256)
		b := log.submit(t, signer, seal(t, signer, attest.PayloadTypeReport, `{"findings":[]}`))
		require.NoError(t, rekor.Verify(b.Envelope(), logtest.Verifier(t, signer), b.Entry(), log.Key))

		read := parseAsSigstore(t, b.Bytes())
		verifier, material := log.sigstoreVerifier(t, signer)
		_, err := verifier.VerifyTransparencyLogInclusion(read)
		require.NoError(t, err)
		content, err := read.SignatureContent()
		require.NoError(t, err)
		key, err := read.VerificationContent()
		require.NoError(t, err)
		require.NoError(t, verify.VerifySignature(content, key, material))

		_, err = verifier.Verify(read, verify.NewPolicy(verify.WithoutArtifactUnsafe(), verify.WithKey()))
		require.ErrorContains(t, err, "failed to fetch envelope statement")
		require.True(t, errors.Is(err, sigstorebundle.ErrUnsupportedMediaType), "%v", err)
	})
}

// A v1 log records the hash of the envelope's bytes, which a bundle does not hold.
func TestAnotherSpellingNeedsTheEnvelopeOnV1(t *testing.T) {
	eachLog(t, func(t *testing.T, log realLog) {
		signer := logtest.Signer(t, attest.ECDSAP256SHA256)
		statement, err := attest.NewStatement("scan", []byte(`{"n":1}`))
		require.NoError(t, err)
		spaced, err := attest.ParseEnvelope(bytes.Replace(
			seal(t, signer, attest.PayloadTypeStatement, string(statement)).Bytes(), []byte(","), []byte(" , "), 1))
		require.NoError(t, err)
		b := log.submit(t, signer, spaced)

		err = rekor.Verify(b.Envelope(), logtest.Verifier(t, signer), b.Entry(), log.Key)
		if log.Kind == "v1" {
			require.ErrorIs(t, err, rekor.ErrBody)
		} else {
			require.NoError(t, err)
		}
		exact, err := b.WithEnvelope(spaced)
		require.NoError(t, err)
		require.NoError(t, rekor.Verify(exact.Envelope(), logtest.Verifier(t, signer), exact.Entry(), log.Key))
		require.NoError(t, sigstoreError(t, log, signer, b))
	})
}
