package attest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode/utf8"
)

// Payload types.
const (
	// PayloadTypeReport marks a scanner report, attested as it is.
	PayloadTypeReport = "application/vnd.stellaops.scanner-report+json"
	// PayloadTypeStatement marks an in-toto Statement v1.
	PayloadTypeStatement = "application/vnd.in-toto+json"
)

// Limits on what is sealed and parsed. They bound memory: an envelope is held
// whole, once decoded and once encoded.
const (
	MaxPayloadBytes  = 64 << 20            // 64 MiB
	MaxEnvelopeBytes = 2 * MaxPayloadBytes // base64 makes 4/3 of the payload
	MaxSignatures    = 16                  // more is refused, not ignored
	MaxTypeBytes     = 1 << 10
)

// ErrTooLarge is wrapped by errors about a payload or envelope over its limit.
var ErrTooLarge = errors.New("over the size limit")

// Signature is one signature of an envelope.
type Signature struct {
	KeyID string // a hint that nothing authenticates; may be empty
	Sig   []byte
	Text  string // Sig as the envelope spells it, in base64; Rekor v1 logs this text
}

// Envelope is a DSSE v1 envelope that keeps its exact bytes. The zero value is
// an empty envelope that no verifier accepts. An Envelope is immutable: callers
// must not change the slices its methods return. It may be shared by goroutines.
type Envelope struct {
	raw         []byte
	plain       span // of raw: the payload's base64, where nothing needs escaping
	payloadType string
	payload     []byte
	signatures  []Signature
}

// span is a part of a slice, from start up to end.
type span struct{ start, end int }

// Bytes returns the envelope's exact JSON, the bytes that a log hashes.
func (e Envelope) Bytes() []byte { return e.raw }

// PayloadType returns the media type or URI that says what the payload is.
func (e Envelope) PayloadType() string { return e.payloadType }

// Payload returns the attested bytes.
func (e Envelope) Payload() []byte { return e.payload }

// Signatures returns the signatures in the envelope's order.
func (e Envelope) Signatures() []Signature { return e.signatures }

// PAE returns the bytes that the envelope's signatures cover.
func (e Envelope) PAE() []byte { return PAE(e.payloadType, e.payload) }

// JSONString returns the envelope as the inside of a JSON string, in pieces to be
// written one after another. The large piece, the payload's base64, is not copied:
// callers must not change the pieces.
func (e Envelope) JSONString() [3][]byte {
	return [3][]byte{
		escape(e.raw[:e.plain.start]),
		e.raw[e.plain.start:e.plain.end],
		escape(e.raw[e.plain.end:]),
	}
}

// escape makes JSON text fit for the inside of a JSON string. Valid JSON holds no
// control characters but white space, so these few escapes are all (RFC 8259
// sections 2 and 7).
func escape(text []byte) []byte {
	out := make([]byte, 0, len(text)+len(text)/8)
	for _, c := range text {
		switch c {
		case '"', '\\':
			out = append(out, '\\', c)
		case '\n':
			out = append(out, '\\', 'n')
		case '\r':
			out = append(out, '\\', 'r')
		case '\t':
			out = append(out, '\\', 't')
		default:
			out = append(out, c)
		}
	}
	return out
}

// MarshalJSON returns the exact bytes. (encoding/json compacts what a Marshaler
// returns: write [Envelope.Bytes] where the bytes matter.)
func (e Envelope) MarshalJSON() ([]byte, error) {
	if e.raw == nil {
		return nil, errors.New("attest: the zero Envelope has no JSON")
	}
	return e.raw, nil
}

// Seal signs payload with s and returns the envelope. The payload may be any
// bytes; it must be at most [MaxPayloadBytes] long, and payloadType must be
// non-empty UTF-8. Seal keeps payload: the caller must not change it afterwards.
func Seal(ctx context.Context, payload []byte, payloadType string, s Signer) (Envelope, error) {
	if len(payload) > MaxPayloadBytes {
		return Envelope{}, fmt.Errorf("sealing a payload of %d bytes: %w (%d)", len(payload), ErrTooLarge, MaxPayloadBytes)
	}
	if err := checkType(payloadType); err != nil {
		return Envelope{}, fmt.Errorf("sealing: %w", err)
	}
	buffer := paeBuffers.Get().(*[]byte)
	defer paeBuffers.Put(buffer)
	*buffer = appendPAE((*buffer)[:0], payloadType, payload)
	sig, err := s.SignPAE(ctx, *buffer)
	if err != nil {
		return Envelope{}, fmt.Errorf("sealing: %w", err)
	}
	return NewEnvelope(payload, payloadType, s.KeyID(), sig)
}

// paeBuffers lends the memory of a PAE, which is as large as the payload and of no
// use once it is signed.
var paeBuffers = sync.Pool{New: func() any { return new([]byte) }}

// NewEnvelope returns the envelope of a payload, its type and one signature, in
// the spelling of [Seal]: the same parts give the same bytes. It serves formats
// that carry an envelope's parts and not its bytes. It checks the limits of Seal,
// not the signature, and keeps payload and sig: the caller must not change them.
func NewEnvelope(payload []byte, payloadType, keyID string, sig []byte) (Envelope, error) {
	if len(payload) > MaxPayloadBytes {
		return Envelope{}, fmt.Errorf("making an envelope of a payload of %d bytes: %w (%d)", len(payload), ErrTooLarge, MaxPayloadBytes)
	}
	if err := checkType(payloadType); err != nil {
		return Envelope{}, fmt.Errorf("making an envelope: %w", err)
	}
	if !utf8.ValidString(keyID) {
		return Envelope{}, errors.New("making an envelope: the key id is not UTF-8")
	}
	if len(sig) == 0 {
		return Envelope{}, errors.New("making an envelope: the signature is empty")
	}
	signature := Signature{KeyID: keyID, Sig: sig, Text: base64.StdEncoding.EncodeToString(sig)}
	raw, err := encode(payload, payloadType, signature)
	if err != nil {
		return Envelope{}, fmt.Errorf("making an envelope: %w", err)
	}
	plain := span{len(payloadField), len(payloadField) + base64.StdEncoding.EncodedLen(len(payload))}
	return Envelope{raw: raw, plain: plain, payloadType: payloadType, payload: payload, signatures: []Signature{signature}}, nil
}

// payloadField begins an envelope of our own spelling.
const payloadField = `{"payload":"`

// encode writes the envelope in one allocation: base64 goes straight to its
// place, because for a large report every further copy costs as much as the
// encoding does.
func encode(payload []byte, payloadType string, s Signature) ([]byte, error) {
	typ, err := json.Marshal(payloadType)
	if err != nil {
		return nil, err
	}
	keyID, err := json.Marshal(s.KeyID)
	if err != nil {
		return nil, err
	}
	b64 := base64.StdEncoding
	const fixed = len(payloadField + `","payloadType":,"signatures":[{"keyid":,"sig":""}]}`)
	raw := make([]byte, 0, fixed+b64.EncodedLen(len(payload))+len(typ)+len(keyID)+len(s.Text))
	raw = append(raw, payloadField...)
	raw = b64.AppendEncode(raw, payload)
	raw = append(raw, `","payloadType":`...)
	raw = append(raw, typ...)
	raw = append(raw, `,"signatures":[{"keyid":`...)
	raw = append(raw, keyID...)
	raw = append(raw, `,"sig":"`...)
	raw = append(raw, s.Text...)
	return append(raw, `"}]}`...), nil
}

func checkType(payloadType string) error {
	switch {
	case payloadType == "":
		return errors.New("the payload type is empty")
	case len(payloadType) > MaxTypeBytes:
		return fmt.Errorf("the payload type has %d bytes: %w (%d)", len(payloadType), ErrTooLarge, MaxTypeBytes)
	case !utf8.ValidString(payloadType):
		return errors.New("the payload type is not UTF-8")
	}
	return nil
}

// ParseEnvelope reads one DSSE envelope and keeps data, which the caller must
// not change afterwards. Standard and URL-safe base64 are both read (DSSE
// envelope.md). Unknown fields are ignored, as DSSE asks; a field given twice is
// refused, because two readers could then see two payloads. It checks form only:
// see [Verifier.Verify].
func ParseEnvelope(data []byte) (Envelope, error) {
	e, err := parseEnvelope(data)
	if err != nil {
		return Envelope{}, fmt.Errorf("parsing a DSSE envelope: %w", err)
	}
	return e, nil
}

func parseEnvelope(data []byte) (Envelope, error) {
	if len(data) > MaxEnvelopeBytes {
		return Envelope{}, fmt.Errorf("%d bytes: %w (%d)", len(data), ErrTooLarge, MaxEnvelopeBytes)
	}
	if !utf8.Valid(data) {
		return Envelope{}, errors.New("not UTF-8") // encoding/json would replace the bad bytes
	}
	var (
		payload, payloadType *string
		sigs                 []json.RawMessage
	)
	err := decodeObject(data, map[string]any{"payload": &payload, "payloadType": &payloadType, "signatures": &sigs})
	switch {
	case err != nil:
		return Envelope{}, err
	case payload == nil:
		return Envelope{}, errors.New(`no "payload"`)
	case payloadType == nil:
		return Envelope{}, errors.New(`no "payloadType"`)
	case len(sigs) == 0:
		return Envelope{}, errors.New(`no "signatures": the envelope is not signed`)
	case len(sigs) > MaxSignatures:
		return Envelope{}, fmt.Errorf("%d signatures: at most %d are read", len(sigs), MaxSignatures)
	}
	if err := checkType(*payloadType); err != nil {
		return Envelope{}, err
	}
	e := Envelope{raw: data, plain: find(data, *payload), payloadType: *payloadType}
	if e.payload, err = decodeBase64(*payload); err != nil {
		return Envelope{}, fmt.Errorf("payload: %w", err)
	}
	if len(e.payload) > MaxPayloadBytes {
		return Envelope{}, fmt.Errorf("a payload of %d bytes: %w (%d)", len(e.payload), ErrTooLarge, MaxPayloadBytes)
	}
	for i, raw := range sigs {
		s, err := parseSignature(raw)
		if err != nil {
			return Envelope{}, fmt.Errorf("signature %d: %w", i, err)
		}
		e.signatures = append(e.signatures, s)
	}
	return e, nil
}

// find returns where the payload's base64 stands in the envelope as it is, without
// escapes; an empty span where it does not.
func find(data []byte, payload string) span {
	i := bytes.Index(data, []byte(`"`+payload+`"`))
	if i < 0 {
		return span{}
	}
	return span{i + 1, i + 1 + len(payload)}
}

func parseSignature(data []byte) (Signature, error) {
	var keyID, sig *string
	if err := decodeObject(data, map[string]any{"keyid": &keyID, "sig": &sig}); err != nil {
		return Signature{}, err
	}
	if sig == nil || *sig == "" {
		return Signature{}, errors.New(`no "sig"`)
	}
	decoded, err := decodeBase64(*sig)
	if err != nil {
		return Signature{}, err
	}
	s := Signature{Sig: decoded, Text: *sig}
	if keyID != nil {
		s.KeyID = *keyID
	}
	return s, nil
}

// decodeObject reads one JSON object into the named fields. Unlike
// encoding/json it matches names exactly and refuses a name given twice and
// anything behind the object.
func decodeObject(data []byte, fields map[string]any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	open, err := dec.Token()
	if err != nil {
		return jsonError(err)
	}
	if open != json.Delim('{') {
		return errors.New("not a JSON object")
	}
	seen := make(map[string]bool)
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return jsonError(err)
		}
		name := tok.(string) // inside an object the decoder gives a name or an error
		if seen[name] {
			return fmt.Errorf("field %.60q is given twice", name)
		}
		seen[name] = true
		field, known := fields[name]
		if !known {
			field = new(json.RawMessage)
		}
		if err := dec.Decode(field); err != nil {
			return fmt.Errorf("field %.60q: %w", name, jsonError(err))
		}
	}
	if _, err := dec.Token(); err != nil {
		return jsonError(err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("there is more behind the JSON object")
	}
	return nil
}

func jsonError(err error) error {
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the JSON ends too early")
	}
	return err
}

// decodeBase64 reads either alphabet of RFC 4648, padded. encoding/base64 passes over
// line breaks, which section 3.3 forbids; here one would also stand in the signature's
// text, and a Rekor v1 log records that text.
func decodeBase64(s string) ([]byte, error) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, errors.New("a line break in base64")
	}
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		if u, urlErr := base64.URLEncoding.DecodeString(s); urlErr == nil {
			return u, nil
		}
		return nil, fmt.Errorf("neither standard nor URL-safe base64: %w", err)
	}
	return b, nil
}
