package rekor

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	rekorpb "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	rekornote "github.com/sigstore/rekor-tiles/v2/pkg/note"
	flog "github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"

	"github.com/stella-ops/stella/attest"
)

// What [Verify] found wrong. Errors wrap one of these, or an error of
// [attest.Verifier.Verify] where the envelope itself does not verify.
var (
	ErrBody       = errors.New("the logged entry is not made from this envelope")
	ErrInclusion  = errors.New("the inclusion proof does not lead to the checkpoint's root")
	ErrCheckpoint = errors.New("the checkpoint is not signed by this log's key")
	ErrSET        = errors.New("the signed entry timestamp is not by this log's key")
	ErrLogID      = errors.New("the entry names another log")
)

// LogKey is a log that is trusted.
type LogKey struct {
	Public crypto.PublicKey
	// Origin is the log's name: for v1 the host name that signs checkpoints
	// ("rekor.sigstore.dev"), for v2 the checkpoint's origin line. Empty trusts the
	// key under any name.
	Origin string
}

// Verify proves offline that the envelope is signed by v's key and that the log
// with the given key holds it. The entry's body is rebuilt from the envelope, so
// that body, proof and promises are all checked against our own bytes: for v1 the
// signed entry timestamp, the inclusion proof and the checkpoint, for v2 the
// inclusion proof and the checkpoint. The error says which of them fails.
func Verify(e attest.Envelope, v *attest.Verifier, entry Entry, log LogKey) error {
	if err := v.Verify(e); err != nil {
		return err
	}
	body, err := expectedBody(e, v, entry)
	if err != nil {
		return fmt.Errorf("verifying a log entry: %w", err)
	}
	if err := verifyEntry(body, entry, log); err != nil {
		return fmt.Errorf("verifying log entry %d: %w", entry.GetLogIndex(), err)
	}
	return nil
}

func verifyEntry(body []byte, entry Entry, log LogKey) error {
	if !bytes.Equal(body, entry.CanonicalizedBody) {
		return ErrBody
	}
	v1 := entry.GetKindVersion().GetKind() == "dsse"
	cp, err := log.openCheckpoint(entry.GetInclusionProof().GetCheckpoint().GetEnvelope(), v1)
	if err != nil {
		return err
	}
	if err := checkInclusion(body, entry.GetInclusionProof(), cp); err != nil {
		return err
	}
	if v1 {
		return log.checkSET(entry)
	}
	return log.checkV2ID(entry, cp.Origin)
}

// expectedBody rebuilds the canonical entry (RFC 8785) from the envelope.
func expectedBody(e attest.Envelope, v *attest.Verifier, entry Entry) ([]byte, error) {
	if entry.TransparencyLogEntry == nil || len(e.Signatures()) != 1 {
		return nil, errors.New("it takes a log entry and an envelope with one signature")
	}
	switch kv := entry.GetKindVersion(); kv.GetKind() + " " + kv.GetVersion() {
	case "dsse 0.0.1":
		return v1Body(e, v)
	case "hashedrekord 0.0.2":
		return v2Body(e, v)
	default:
		return nil, fmt.Errorf("an entry of kind %q version %q is not known here: want dsse 0.0.1 or hashedrekord 0.0.2",
			kv.GetKind(), kv.GetVersion())
	}
}

// The canonical bodies below hold ASCII without characters that JSON escapes, in
// RFC 8785 order, so they can be written directly.

func v1Body(e attest.Envelope, v *attest.Verifier) ([]byte, error) {
	verifier, err := v1Verifier(v)
	if err != nil {
		return nil, err
	}
	envelope, payload := sha256.Sum256(e.Bytes()), sha256.Sum256(e.Payload())
	return fmt.Appendf(nil, `{"apiVersion":"0.0.1","kind":"dsse","spec":{`+
		`"envelopeHash":{"algorithm":"sha256","value":"%x"},`+
		`"payloadHash":{"algorithm":"sha256","value":"%x"},`+
		`"signatures":[{"signature":"%s","verifier":"%s"}]}}`,
		envelope, payload, e.Signatures()[0].Text, verifier), nil
}

func v2Body(e attest.Envelope, v *attest.Verifier) ([]byte, error) {
	details, hash, ok := keyDetails(v.Algorithm())
	if !ok {
		return nil, fmt.Errorf("a Rekor v2 log takes no %s signatures", v.Algorithm())
	}
	spki, err := v2PublicKey(v)
	if err != nil {
		return nil, err
	}
	digest, _, _ := v.Algorithm().Digest(e.PAE())
	b64 := base64.StdEncoding
	return fmt.Appendf(nil, `{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{"hashedRekordV002":{`+
		`"data":{"algorithm":"%s","digest":"%s"},`+
		`"signature":{"content":"%s","verifier":{"keyDetails":"%s","publicKey":{"rawBytes":"%s"}}}}}}`,
		hash, b64.EncodeToString(digest), b64.EncodeToString(e.Signatures()[0].Sig), details, spki), nil
}

// checkRecovered checks an entry that was read back for a duplicate: all of it with the
// log's key, what can be checked without it.
func (c *client) checkRecovered(e attest.Envelope, entry Entry) error {
	if c.key == nil {
		return CheckUnsigned(e, c.verifier, entry)
	}
	body, err := expectedBody(e, c.verifier, entry)
	if err != nil {
		return err
	}
	return verifyEntry(body, entry, *c.key)
}

// CheckUnsigned is what can be checked of an entry without its log's key: that it was
// made from the envelope, and that its proof leads to the root of its checkpoint. It
// checks no signature, so that whoever wrote the entry may have made it up.
func CheckUnsigned(e attest.Envelope, v *attest.Verifier, entry Entry) error {
	body, err := expectedBody(e, v, entry)
	if err != nil {
		return err
	}
	if !bytes.Equal(body, entry.CanonicalizedBody) {
		return ErrBody
	}
	var cp flog.Checkpoint
	if _, err := cp.Unmarshal([]byte(entry.GetInclusionProof().GetCheckpoint().GetEnvelope())); err != nil {
		return fmt.Errorf("%w: %v", ErrCheckpoint, err)
	}
	return checkInclusion(body, entry.GetInclusionProof(), &cp)
}

// checkInclusion recomputes the path from the body to the checkpoint's root (RFC
// 9162 section 2.1.3.2). The proof's own root and size are not believed.
func checkInclusion(body []byte, p *rekorpb.InclusionProof, cp *flog.Checkpoint) error {
	if p.GetLogIndex() < 0 {
		return fmt.Errorf("%w: index %d", ErrInclusion, p.GetLogIndex())
	}
	leaf := rfc6962.DefaultHasher.HashLeaf(body)
	err := proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(p.GetLogIndex()), cp.Size, leaf, p.GetHashes(), cp.Hash)
	if other, ok := errors.AsType[proof.RootMismatchError](err); ok { // its own words take four lines
		return fmt.Errorf("%w: it leads to %x, not to %x", ErrInclusion, other.CalculatedRoot, other.ExpectedRoot)
	}
	if err != nil {
		return fmt.Errorf("%w: %v", ErrInclusion, err)
	}
	return nil
}

// openCheckpoint checks a checkpoint's signature and returns what it says.
func (k LogKey) openCheckpoint(text string, v1 bool) (*flog.Checkpoint, error) {
	origin, _, _ := strings.Cut(text, "\n")
	name := origin
	if v1 {
		// Rekor v1 signs "host - tree id" under the name of the host.
		name, _, _ = strings.Cut(origin, " - ")
	}
	if k.Origin != "" && k.Origin != name {
		return nil, fmt.Errorf("%w: it is of %q, not of %q", ErrCheckpoint, name, k.Origin)
	}
	verifier, err := k.noteVerifier(name, v1)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrCheckpoint, err)
	}
	cp, _, _, err := flog.ParseCheckpoint([]byte(text), origin, verifier)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrCheckpoint, err)
	}
	return cp, nil
}

// noteVerifier returns the key as a verifier of signed notes (C2SP signed-note).
func (k LogKey) noteVerifier(name string, v1 bool) (note.Verifier, error) {
	var hash uint32
	if v1 {
		id, err := k.v1ID()
		if err != nil {
			return nil, err
		}
		// Rekor v1 hashes any key's SubjectPublicKeyInfo, without the name.
		hash = uint32(id[0])<<24 | uint32(id[1])<<16 | uint32(id[2])<<8 | uint32(id[3])
	} else {
		var err error
		if hash, _, err = rekornote.KeyHash(name, k.Public); err != nil {
			return nil, err
		}
	}
	return noteKey{key: k, name: name, hash: hash}, nil
}

// noteKey implements note.Verifier.
type noteKey struct {
	key  LogKey
	name string
	hash uint32
}

func (n noteKey) Name() string                { return n.name }
func (n noteKey) KeyHash() uint32             { return n.hash }
func (n noteKey) Verify(msg, sig []byte) bool { return n.key.verify(msg, sig) }

// verify checks a signature of the log: ECDSA over SHA-256, or pure Ed25519.
func (k LogKey) verify(msg, sig []byte) bool {
	switch pub := k.Public.(type) {
	case *ecdsa.PublicKey:
		digest := sha256.Sum256(msg)
		return ecdsa.VerifyASN1(pub, digest[:], sig)
	case ed25519.PublicKey:
		return ed25519.Verify(pub, msg, sig)
	}
	return false
}

// v1ID is a v1 log's id: the SHA-256 of its key's DER SubjectPublicKeyInfo.
func (k LogKey) v1ID() ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(k.Public)
	if err != nil {
		return nil, fmt.Errorf("the log's key: %w", err)
	}
	id := sha256.Sum256(der)
	return id[:], nil
}

// v2ID is a v2 log's id: the untruncated key hash of its signed notes.
func (k LogKey) v2ID(origin string) ([]byte, error) {
	_, id, err := rekornote.KeyHash(origin, k.Public)
	if err != nil {
		return nil, fmt.Errorf("the log's key: %w", err)
	}
	return id, nil
}

// checkSET checks a v1 log's promise: its signature over the entry's body, time,
// log id and index, as RFC 8785 JSON.
func (k LogKey) checkSET(entry Entry) error {
	id, err := k.v1ID()
	if err != nil {
		return err
	}
	if !bytes.Equal(id, entry.GetLogId().GetKeyId()) {
		return ErrLogID
	}
	promise, err := json.Marshal(struct {
		Body           string `json:"body"`
		IntegratedTime int64  `json:"integratedTime"`
		LogID          string `json:"logID"`
		LogIndex       int64  `json:"logIndex"`
	}{
		base64.StdEncoding.EncodeToString(entry.CanonicalizedBody), entry.IntegratedTime,
		hex.EncodeToString(id), entry.LogIndex,
	})
	if err != nil {
		return err
	}
	if !k.verify(promise, entry.GetInclusionPromise().GetSignedEntryTimestamp()) {
		return ErrSET
	}
	return nil
}

// checkV2ID checks that the entry names this log and that its index is the proven
// one: a v2 log has one tree, and nothing signs the outer index.
func (k LogKey) checkV2ID(entry Entry, origin string) error {
	id, err := k.v2ID(origin)
	if err != nil {
		return err
	}
	if !bytes.Equal(id, entry.GetLogId().GetKeyId()) {
		return ErrLogID
	}
	if entry.LogIndex != entry.GetInclusionProof().GetLogIndex() {
		return fmt.Errorf("%w: the entry says index %d, its proof %d", ErrInclusion, entry.LogIndex, entry.GetInclusionProof().GetLogIndex())
	}
	return nil
}
