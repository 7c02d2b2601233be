package rekor

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path"
	"strings"

	jsonv2 "github.com/go-json-experiment/json"
	commonpb "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	rekorpb "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/sigstore/pkg/cryptoutils"

	"github.com/stella-ops/stella/attest"
)

const (
	v1Entries   = "/api/v1/log/entries"
	v1Log       = "/api/v1/log"
	v1PublicKey = "/api/v1/log/publicKey"
)

// V1 is a client of a Rekor v1 log. Entries are of kind dsse v0.0.1: the log gets
// the whole envelope, checks its signature and stores its digests.
type V1 struct {
	client
	head, tail []byte // of every request, before and after the envelope
}

// NewV1 returns a client of the Rekor v1 log at c.URL. It asks the log nothing.
func NewV1(c Config) (*V1, error) {
	cl, err := newClient(c, v1Entries)
	if err != nil {
		return nil, err
	}
	v, err := v1Verifier(c.Verifier)
	if err != nil {
		return nil, err
	}
	return &V1{
		client: cl,
		head:   []byte(`{"apiVersion":"0.0.1","kind":"dsse","spec":{"proposedContent":{"envelope":"`),
		tail:   []byte(`","verifiers":["` + v + `"]}}}`),
	}, nil
}

// v1Verifier spells a key as Rekor v1 does: PEM, in base64.
func v1Verifier(v *attest.Verifier) (string, error) {
	pem, err := cryptoutils.MarshalPublicKeyToPEM(v.Public())
	if err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(pem), nil
}

// Accepts reports whether Rekor v1 verifies DSSE envelopes of this algorithm: it
// takes an Ed25519 signature for a pure one.
func (l *V1) Accepts(a attest.Algorithm) bool {
	return a == attest.ECDSAP256SHA256 || a == attest.Ed25519
}

// Submit implements [Log].
func (l *V1) Submit(ctx context.Context, e attest.Envelope) (Entry, error) {
	sig, refused := signature(e)
	if refused != nil {
		return Entry{}, refused
	}
	return l.submit(ctx, l.request(e), func(a answer) (Entry, *Error) {
		if a.class() == Duplicate {
			return l.recover(ctx, e, a)
		}
		return parseV1(a, sig)
	})
}

// request is the body of a POST: the envelope as a JSON string inside JSON.
func (l *V1) request(e attest.Envelope) pieces {
	env := e.JSONString()
	return pieces{l.head, env[0], env[1], env[2], l.tail}
}

// recover reads back the entry that a 409 names, as often as it takes: the log
// answers 404 until its sequencer has run.
func (l *V1) recover(ctx context.Context, e attest.Envelope, conflict answer) (Entry, *Error) {
	uuid := path.Base(conflict.header.Get("Location"))
	if !isEntryID(uuid) {
		return Entry{}, &Error{
			Class: Ambiguous, Status: conflict.status,
			Message: "the log has the entry, but its answer does not say where (no Location)",
		}
	}
	return l.readBack(ctx, e, conflict.status, uuid, func() (Entry, error) {
		a, err := l.get(ctx, path.Join(v1Entries, uuid))
		if err != nil {
			return Entry{}, err
		}
		entry, err := decodeV1(a.body)
		if err != nil {
			return Entry{}, errNoEntry(a.status, err)
		}
		return entry, nil
	})
}

// v1Answer is Rekor v1's LogEntry: entries by UUID.
type v1Answer map[string]struct {
	Body           []byte   `json:"body"`
	IntegratedTime int64    `json:"integratedTime"`
	LogID          hexBytes `json:"logID"`
	LogIndex       *int64   `json:"logIndex"`
	Verification   struct {
		SET            []byte `json:"signedEntryTimestamp"`
		InclusionProof struct {
			Checkpoint string    `json:"checkpoint"`
			Hashes     []hexHash `json:"hashes"`
			LogIndex   int64     `json:"logIndex"`
			RootHash   *hexHash  `json:"rootHash"`
			TreeSize   int64     `json:"treeSize"`
		} `json:"inclusionProof"`
	} `json:"verification"`
}

// hexBytes and hexHash, a SHA-256 hash, are written in hex.
type (
	hexBytes []byte
	hexHash  [sha256.Size]byte
)

// UnmarshalText implements [encoding.TextUnmarshaler].
func (b *hexBytes) UnmarshalText(text []byte) (err error) {
	*b, err = hex.AppendDecode(nil, text)
	return err
}

// UnmarshalText implements [encoding.TextUnmarshaler].
func (h *hexHash) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(h)) {
		return fmt.Errorf("%.70q is no SHA-256 hash", text)
	}
	_, err := hex.Decode(h[:], text)
	return err
}

// parseV1 reads the answer to a new entry.
func parseV1(a answer, sig attest.Signature) (Entry, *Error) {
	e, err := decodeV1(a.body)
	switch {
	case err != nil:
		return Entry{}, errNoEntry(a.status, err)
	case !bytes.Contains(e.CanonicalizedBody, []byte(sig.Text)):
		return Entry{}, errNotOurs(a.status)
	}
	return e, nil
}

func decodeV1(body []byte) (Entry, error) {
	var entries v1Answer
	if err := jsonv2.Unmarshal(body, &entries); err != nil {
		return Entry{}, err
	}
	if len(entries) != 1 {
		return Entry{}, fmt.Errorf("it holds %d entries, not one", len(entries))
	}
	for uuid, v := range entries {
		p := v.Verification.InclusionProof
		switch {
		case v.LogIndex == nil || *v.LogIndex < 0:
			return Entry{}, errors.New("it has no log index")
		case p.RootHash == nil:
			return Entry{}, errors.New("its inclusion proof has no root")
		}
		hashes := make([][]byte, len(p.Hashes))
		for i := range hashes {
			hashes[i] = p.Hashes[i][:]
		}
		return Entry{UUID: uuid, TransparencyLogEntry: &rekorpb.TransparencyLogEntry{
			LogIndex:         *v.LogIndex,
			LogId:            &commonpb.LogId{KeyId: v.LogID},
			KindVersion:      &rekorpb.KindVersion{Kind: "dsse", Version: "0.0.1"},
			IntegratedTime:   v.IntegratedTime,
			InclusionPromise: &rekorpb.InclusionPromise{SignedEntryTimestamp: v.Verification.SET},
			InclusionProof: &rekorpb.InclusionProof{
				LogIndex: p.LogIndex, TreeSize: p.TreeSize,
				RootHash: p.RootHash[:], Hashes: hashes,
				Checkpoint: &rekorpb.Checkpoint{Envelope: p.Checkpoint},
			},
			CanonicalizedBody: v.Body,
		}}, nil
	}
	panic("unreachable: the map has one entry")
}

// isEntryID reports whether s is a UUID or an entry id of Rekor v1: 64 or 80
// lower-case hex digits.
func isEntryID(s string) bool {
	return (len(s) == 64 || len(s) == 80) && strings.Trim(s, "0123456789abcdef") == ""
}

// Info asks the log who it is and how many entries it holds.
func (l *V1) Info(ctx context.Context) (Info, error) {
	a, err := l.get(ctx, v1Log)
	if err != nil {
		return Info{}, err
	}
	var log struct {
		TreeID         string `json:"treeID"`
		TreeSize       uint64 `json:"treeSize"`
		SignedTreeHead string `json:"signedTreeHead"`
	}
	if err := json.Unmarshal(a.body, &log); err != nil {
		return Info{}, fmt.Errorf("%s is no Rekor v1 log: %w", l.base, err)
	}
	origin, _, _ := strings.Cut(log.SignedTreeHead, "\n")
	if log.TreeID == "" || origin == "" {
		return Info{}, fmt.Errorf("%s is no Rekor v1 log: its answer has no tree", l.base)
	}
	if err := checkName(origin); err != nil {
		return Info{}, fmt.Errorf("%s is no Rekor v1 log: %w", l.base, err)
	}
	return Info{Kind: "v1", Origin: origin, TreeSize: log.TreeSize}, nil
}

// PublicKey asks the log for the key that it signs with. Trusting the answer is
// trust on first use: a verifier that must not believe the log takes the key from
// elsewhere.
func (l *V1) PublicKey(ctx context.Context) (crypto.PublicKey, error) {
	a, err := l.get(ctx, v1PublicKey)
	if err != nil {
		return nil, err
	}
	return cryptoutils.UnmarshalPEMToPublicKey(a.body)
}

// get reads one resource of the log.
func (c *client) get(ctx context.Context, path string) (answer, error) {
	a, failed := c.do(ctx, http.MethodGet, c.base.JoinPath(path), nil)
	if failed == nil && a.status != http.StatusOK {
		failed = refusal(a)
	}
	if failed != nil {
		return answer{}, fmt.Errorf("asking %s for %s: %w", c.base, path, failed)
	}
	return a, nil
}
