package bundle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"

	bundlepb "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	commonpb "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	dssepb "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	rekorpb "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/stella-ops/stella/attest"
	"github.com/stella-ops/stella/attest/rekor"
)

const (
	// MediaType is the one version of the format that is read and written.
	MediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"
	// Suffix is how the name of a bundle's file ends.
	Suffix = ".sigstore.json"
	// MaxBytes bounds what is parsed, as a bundle is held whole.
	MaxBytes = attest.MaxEnvelopeBytes
)

// Errors that callers branch on.
var (
	// ErrEntry says that a log entry lacks what a bundle must hold of it.
	ErrEntry = errors.New("the log entry is not complete")
	// ErrOtherEnvelope says that an envelope is not the bundle's.
	ErrOtherEnvelope = errors.New("the envelope is not the one in the bundle")
)

// Bundle is an envelope with its log entry. It keeps the exact bytes that it was
// parsed from. A Bundle is immutable: callers must not change what its methods
// return. The zero value is an empty bundle that nothing verifies.
type Bundle struct {
	raw      []byte
	envelope attest.Envelope
	entry    rekor.Entry
}

// Bytes returns the bundle as JSON.
func (b Bundle) Bytes() []byte { return b.raw }

// Envelope returns the envelope: the one that [New] or [Bundle.WithEnvelope] was
// given, or after [Parse] one in the spelling of [attest.Seal].
func (b Bundle) Envelope() attest.Envelope { return b.envelope }

// Entry returns the log entry. A bundle holds no UUID of it, and not how it was
// submitted: of a parsed bundle only the TransparencyLogEntry is set.
func (b Bundle) Entry() rekor.Entry { return b.entry }

// New makes the bundle of an envelope with one signature and its log entry. It
// checks that they are complete, not that they are true: see [rekor.Verify]. An
// entry that lacks something is an [ErrEntry]; a v2 entry that was recovered
// without the log's key may lack the log's id.
func New(env attest.Envelope, entry rekor.Entry) (Bundle, error) {
	sigs := env.Signatures()
	if len(sigs) != 1 {
		return Bundle{}, fmt.Errorf("making a bundle: the envelope has %d signatures, a bundle holds one", len(sigs))
	}
	if err := checkEntry(entry.TransparencyLogEntry); err != nil {
		return Bundle{}, fmt.Errorf("making a bundle: %w", err)
	}
	text, err := protojson.Marshal(&bundlepb.Bundle{
		MediaType: MediaType,
		VerificationMaterial: &bundlepb.VerificationMaterial{
			Content: &bundlepb.VerificationMaterial_PublicKey{
				PublicKey: &commonpb.PublicKeyIdentifier{Hint: sigs[0].KeyID},
			},
			TlogEntries: []*rekorpb.TransparencyLogEntry{entry.TransparencyLogEntry},
		},
		Content: &bundlepb.Bundle_DsseEnvelope{DsseEnvelope: &dssepb.Envelope{
			Payload:     env.Payload(),
			PayloadType: env.PayloadType(),
			Signatures:  []*dssepb.Signature{{Sig: sigs[0].Sig}}, // without key id: see the package comment
		}},
	})
	if err != nil {
		return Bundle{}, fmt.Errorf("making a bundle: %w", err)
	}
	// protojson varies its white space from build to build, on purpose.
	var raw bytes.Buffer
	if err := json.Compact(&raw, text); err != nil {
		return Bundle{}, fmt.Errorf("making a bundle: %w", err)
	}
	raw.WriteByte('\n')
	return Bundle{raw: raw.Bytes(), envelope: env, entry: entry}, nil
}

// checkEntry checks what sigstore_bundle.proto and sigstore_rekor.proto require of
// an entry in a bundle v0.3.
func checkEntry(e *rekorpb.TransparencyLogEntry) error {
	checkpoint := e.GetInclusionProof().GetCheckpoint().GetEnvelope()
	for _, part := range []struct {
		there bool
		name  string
	}{
		{e != nil, "there is none"},
		{e.GetLogIndex() >= 0, "its index is negative"},
		{len(e.GetLogId().GetKeyId()) > 0, "no log id"},
		{e.GetKindVersion().GetKind() != "" && e.GetKindVersion().GetVersion() != "", "no kind and version"},
		{len(e.GetCanonicalizedBody()) > 0, "no canonicalized body"},
		{e.GetInclusionProof() != nil, "no inclusion proof"},
		{checkpoint != "", "no checkpoint"},
	} {
		if !part.there {
			return fmt.Errorf("%w: %s", ErrEntry, part.name)
		}
	}
	return nil
}

// Parse reads one bundle and keeps data, which the caller must not change
// afterwards. Unknown fields are refused, as the format's version says what there
// may be. It checks form only: see the package comment.
func Parse(data []byte) (Bundle, error) {
	b, err := parse(data)
	if err != nil {
		return Bundle{}, fmt.Errorf("parsing a Sigstore bundle: %w", err)
	}
	return b, nil
}

func parse(data []byte) (Bundle, error) {
	if len(data) > MaxBytes {
		return Bundle{}, fmt.Errorf("%d bytes: %w (%d)", len(data), attest.ErrTooLarge, MaxBytes)
	}
	pb := new(bundlepb.Bundle)
	if err := protojson.Unmarshal(data, pb); err != nil {
		return Bundle{}, errors.New(printable(err.Error()))
	}
	if pb.GetMediaType() != MediaType {
		return Bundle{}, fmt.Errorf("its media type is %.80q: only %s is read", pb.GetMediaType(), MediaType)
	}
	envelope, err := parseEnvelope(pb)
	if err != nil {
		return Bundle{}, err
	}
	entries := pb.GetVerificationMaterial().GetTlogEntries()
	if len(entries) != 1 {
		return Bundle{}, fmt.Errorf("it has %d log entries: one is read", len(entries))
	}
	if err := checkEntry(entries[0]); err != nil {
		return Bundle{}, err
	}
	return Bundle{raw: data, envelope: envelope, entry: rekor.Entry{TransparencyLogEntry: entries[0]}}, nil
}

// printable makes an error of protojson fit for people: it repeats the input as it is
// and as long as it is.
func printable(text string) string {
	const longest = 300
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' ' // protojson's own non-breaking spaces, too
	}, text[:min(len(text), longest)])
}

// parseEnvelope spells the envelope anew: see the package comment.
func parseEnvelope(pb *bundlepb.Bundle) (attest.Envelope, error) {
	if pb.GetMessageSignature() != nil {
		return attest.Envelope{}, errors.New("it holds the signature of a message, not a DSSE envelope")
	}
	env := pb.GetDsseEnvelope()
	if env == nil {
		return attest.Envelope{}, errors.New("it holds no DSSE envelope")
	}
	if n := len(env.GetSignatures()); n != 1 {
		return attest.Envelope{}, fmt.Errorf("its envelope has %d signatures: a bundle holds one", n)
	}
	sig := env.GetSignatures()[0]
	keyID, err := keyID(pb.GetVerificationMaterial(), sig.GetKeyid())
	if err != nil {
		return attest.Envelope{}, err
	}
	return attest.NewEnvelope(env.GetPayload(), env.GetPayloadType(), keyID, sig.GetSig())
}

// keyID returns the key that the bundle names, which the envelope may repeat.
func keyID(m *bundlepb.VerificationMaterial, inEnvelope string) (string, error) {
	switch m.GetContent().(type) {
	case *bundlepb.VerificationMaterial_PublicKey:
	case nil:
		return "", errors.New("it names no public key")
	default:
		return "", errors.New("it is signed with a certificate: only bundles signed with a key are read")
	}
	hint := m.GetPublicKey().GetHint()
	if inEnvelope != "" && hint != inEnvelope {
		return "", fmt.Errorf("it names two keys: %.80q, and in its envelope %.80q", hint, inEnvelope)
	}
	return hint, nil
}

// WithEnvelope returns the bundle with its envelope in exactly these bytes, for a
// v1 entry of an envelope that [attest.Seal] did not spell. An envelope of another
// payload, type or signature is an [ErrOtherEnvelope].
func (b Bundle) WithEnvelope(exact attest.Envelope) (Bundle, error) {
	mine, theirs := b.envelope.Signatures(), exact.Signatures()
	switch {
	case len(theirs) != 1 || len(mine) != 1:
		return Bundle{}, fmt.Errorf("%w: it has %d signatures", ErrOtherEnvelope, len(theirs))
	case exact.PayloadType() != b.envelope.PayloadType():
		return Bundle{}, fmt.Errorf("%w: its payload type is %.80q", ErrOtherEnvelope, exact.PayloadType())
	case !bytes.Equal(exact.Payload(), b.envelope.Payload()):
		return Bundle{}, fmt.Errorf("%w: its payload differs", ErrOtherEnvelope)
	case !bytes.Equal(theirs[0].Sig, mine[0].Sig):
		return Bundle{}, fmt.Errorf("%w: its signature differs", ErrOtherEnvelope)
	}
	b.envelope = exact
	return b, nil
}
