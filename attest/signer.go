package attest

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
)

// Algorithm names a signature scheme as Sigstore's algorithm registry does
// (https://github.com/sigstore/architecture-docs, algorithm-registry.md).
type Algorithm string

// The algorithms of this package. A Rekor v1 log takes the first two as DSSE
// entries, a Rekor v2 log the first and the last.
const (
	ECDSAP256SHA256 Algorithm = "ecdsa-sha2-256-nistp256"
	Ed25519         Algorithm = "ed25519"
	Ed25519ph       Algorithm = "ed25519-ph" // RFC 8032 section 5.1, prehash SHA-512
)

// Digest returns the digest of a PAE that the algorithm signs, and the name of
// its hash. Pure Ed25519 signs the PAE itself and has none: ok is false.
func (a Algorithm) Digest(pae []byte) (digest []byte, hash crypto.Hash, ok bool) {
	switch a {
	case ECDSAP256SHA256:
		sum := sha256.Sum256(pae)
		return sum[:], crypto.SHA256, true
	case Ed25519ph:
		sum := sha512.Sum512(pae)
		return sum[:], crypto.SHA512, true
	}
	return nil, 0, false
}

// ParseAlgorithm reads an algorithm's registry name.
func ParseAlgorithm(name string) (Algorithm, error) {
	switch a := Algorithm(name); a {
	case ECDSAP256SHA256, Ed25519, Ed25519ph:
		return a, nil
	}
	return "", fmt.Errorf("unknown algorithm %q: choose %s, %s or %s", name, ECDSAP256SHA256, Ed25519, Ed25519ph)
}

// Signer signs pre-authentication encodings. Implementations are safe for use by
// several goroutines.
type Signer interface {
	// SignPAE signs a whole PAE: some schemes cannot take a digest. It must not keep
	// pae, which belongs to the caller.
	SignPAE(ctx context.Context, pae []byte) ([]byte, error)
	Algorithm() Algorithm
	// KeyID is a hint for whoever looks for the key; nothing authenticates it.
	KeyID() string
	Public() crypto.PublicKey
}

// NewSigner returns a deterministic signer for a private key: the same PAE gives
// the same signature on every run. ECDSA keys must be on P-256, RSA is refused.
func NewSigner(key crypto.PrivateKey, alg Algorithm) (Signer, error) {
	k, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("a key of type %T cannot sign", key)
	}
	if err := checkKey(k.Public(), alg); err != nil {
		return nil, err
	}
	id, err := KeyID(k.Public())
	if err != nil {
		return nil, err
	}
	return &keySigner{key: k, alg: alg, id: id}, nil
}

type keySigner struct {
	key crypto.Signer
	alg Algorithm
	id  string
}

func (s *keySigner) Algorithm() Algorithm     { return s.alg }
func (s *keySigner) KeyID() string            { return s.id }
func (s *keySigner) Public() crypto.PublicKey { return s.key.Public() }

func (s *keySigner) SignPAE(ctx context.Context, pae []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	digest, hash, ok := s.alg.Digest(pae)
	if !ok {
		return s.key.Sign(nil, pae, crypto.Hash(0))
	}
	// With a nil source of randomness crypto/ecdsa derives the nonce from key and
	// digest (RFC 6979), so that a retry cannot make a second log entry.
	return s.key.Sign(nil, digest, hash)
}

// checkKey says whether a public key fits an algorithm.
func checkKey(pub crypto.PublicKey, alg Algorithm) error {
	switch k := pub.(type) {
	case *ecdsa.PublicKey:
		if k.Curve != elliptic.P256() {
			return fmt.Errorf("an ECDSA key on %s cannot be used: make one on P-256", k.Curve.Params().Name)
		}
		if alg == ECDSAP256SHA256 {
			return nil
		}
	case ed25519.PublicKey:
		if alg == Ed25519 || alg == Ed25519ph {
			return nil
		}
	default:
		return fmt.Errorf("a key of type %T cannot be used: make one for ECDSA on P-256 or Ed25519", pub)
	}
	return fmt.Errorf("a key of type %T does not fit algorithm %q", pub, alg)
}

// DefaultAlgorithm returns the algorithm that a key is used with when nothing
// else is asked for.
func DefaultAlgorithm(pub crypto.PublicKey) (Algorithm, error) {
	alg := ECDSAP256SHA256
	if _, ok := pub.(ed25519.PublicKey); ok {
		alg = Ed25519
	}
	if err := checkKey(pub, alg); err != nil {
		return "", err
	}
	return alg, nil
}

// KeyID returns the hint this package writes into envelopes: the fingerprint that
// OpenSSH shows for the key, "SHA256:" and base64. DSSE leaves the form open, but
// verifiers built on go-securesystemslib (in-toto, sigstore-go) give a bare key
// this id and pass over signatures that name another.
func KeyID(pub crypto.PublicKey) (string, error) {
	id, err := dsse.SHA256KeyID(pub)
	if err != nil {
		return "", fmt.Errorf("making a key id: %w", err)
	}
	return id, nil
}

// Errors of [Verifier.Verify].
var (
	// ErrKeyID says that every signature names another key than the verifier's.
	ErrKeyID = errors.New("no signature is by this key")
	// ErrSignature says that payload, payload type or signature were altered, or
	// that another key signed: the mathematics cannot tell which.
	ErrSignature = errors.New("the signature does not match payload, payload type and key")
)

// Verifier checks envelopes against one public key. It is safe for use by
// several goroutines.
type Verifier struct {
	pub crypto.PublicKey
	alg Algorithm
	id  string
}

// NewVerifier returns a verifier for a public key used with one algorithm. The
// algorithm comes from the caller, never from the envelope.
func NewVerifier(pub crypto.PublicKey, alg Algorithm) (*Verifier, error) {
	if err := checkKey(pub, alg); err != nil {
		return nil, err
	}
	id, err := KeyID(pub)
	if err != nil {
		return nil, err
	}
	return &Verifier{pub: pub, alg: alg, id: id}, nil
}

// Algorithm returns the scheme the verifier checks.
func (v *Verifier) Algorithm() Algorithm { return v.alg }

// KeyID returns the key id that this package's signers write for the key.
func (v *Verifier) KeyID() string { return v.id }

// Public returns the verifier's key.
func (v *Verifier) Public() crypto.PublicKey { return v.pub }

// Verify reports whether the verifier's key signed the envelope's payload and
// type. A signature whose key id is another key's is passed over, one with an
// empty or unknown form of key id is tried: the id is only a hint. Errors wrap
// [ErrKeyID] or [ErrSignature].
func (v *Verifier) Verify(e Envelope) error {
	if len(e.signatures) == 0 {
		return errors.New("verifying an envelope: it has no signature")
	}
	pae := e.PAE()
	tried := false
	for _, s := range e.signatures {
		if len(s.KeyID) == len(v.id) && s.KeyID != v.id {
			continue
		}
		tried = true
		if v.VerifyPAE(pae, s.Sig) {
			return nil
		}
	}
	if !tried {
		return fmt.Errorf("verifying an envelope: %w (%s); it names %.80q", ErrKeyID, v.id, e.signatures[0].KeyID)
	}
	return fmt.Errorf("verifying an envelope: %w", ErrSignature)
}

// VerifyPAE reports whether sig is the key's signature of a PAE.
func (v *Verifier) VerifyPAE(pae, sig []byte) bool {
	digest, hash, ok := v.alg.Digest(pae)
	switch k := v.pub.(type) {
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(k, digest, sig)
	case ed25519.PublicKey:
		if !ok {
			digest = pae
		}
		return ed25519.VerifyWithOptions(k, digest, sig, &ed25519.Options{Hash: hash}) == nil
	}
	return false
}
