package rekor

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"

	commonpb "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	rekorpb "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	flog "github.com/transparency-dev/formats/log"
	"golang.org/x/mod/sumdb/tlog"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/stella-ops/stella/attest"
)

const (
	v2Entries    = "/api/v2/log/entries"
	v2Checkpoint = "/api/v2/checkpoint"
	v2Tiles      = "/api/v2/tile/"

	tileHeight = 8 // C2SP tlog-tiles: 256 hashes or entries a tile
	tileWidth  = 1 << tileHeight
)

// V2 is a client of a Rekor v2 log. Entries are of kind hashedrekord v0.0.2: the
// log gets the digest of the envelope's PAE and the signature, never the envelope.
type V2 struct {
	client
	spki  string                 // the key's DER SubjectPublicKeyInfo in base64
	logID atomic.Pointer[[]byte] // what the log's last answer said
}

// NewV2 returns a client of the Rekor v2 log at c.URL, which must serve both the
// API that writes and the tiles. It asks the log nothing.
func NewV2(c Config) (*V2, error) {
	cl, err := newClient(c, v2Entries)
	if err != nil {
		return nil, err
	}
	spki, err := v2PublicKey(c.Verifier)
	if err != nil {
		return nil, err
	}
	return &V2{client: cl, spki: spki}, nil
}

func v2PublicKey(v *attest.Verifier) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(v.Public())
	if err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(der), nil
}

// keyDetails names an algorithm as Rekor v2 does (protobuf-specs PublicKeyDetails).
func keyDetails(a attest.Algorithm) (details, hash string, ok bool) {
	switch a {
	case attest.ECDSAP256SHA256:
		return commonpb.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256.String(), commonpb.HashAlgorithm_SHA2_256.String(), true
	case attest.Ed25519ph:
		return commonpb.PublicKeyDetails_PKIX_ED25519_PH.String(), commonpb.HashAlgorithm_SHA2_512.String(), true
	}
	return "", "", false
}

// Accepts reports whether Rekor v2 takes the algorithm: it sees digests only, so
// pure Ed25519 is out.
func (l *V2) Accepts(a attest.Algorithm) bool {
	_, _, ok := keyDetails(a)
	return ok
}

// Submit implements [Log].
func (l *V2) Submit(ctx context.Context, e attest.Envelope) (Entry, error) {
	sig, refused := signature(e)
	if refused != nil {
		return Entry{}, refused
	}
	request, err := l.request(e, sig)
	if err != nil {
		return Entry{}, &Error{Class: Permanent, Err: err}
	}
	return l.submit(ctx, pieces{request}, func(a answer) (Entry, *Error) {
		if a.class() == Duplicate {
			return l.recover(ctx, e, a)
		}
		return l.parse(a, sig)
	})
}

// request is the body of a POST. All its strings are base64 or names of ours, so
// none needs escaping.
func (l *V2) request(e attest.Envelope, sig attest.Signature) ([]byte, error) {
	alg := l.verifier.Algorithm()
	details, _, ok := keyDetails(alg)
	if !ok {
		return nil, fmt.Errorf("a Rekor v2 log takes no %s signatures", alg)
	}
	digest, _, _ := alg.Digest(e.PAE())
	b64 := base64.StdEncoding
	return fmt.Appendf(nil, `{"hashedRekordRequestV002":{"digest":"%s","signature":{"content":"%s","verifier":{"publicKey":{"rawBytes":"%s"},"keyDetails":"%s"}}}}`,
		b64.EncodeToString(digest), b64.EncodeToString(sig.Sig), l.spki, details), nil
}

// parse reads the answer to a new entry.
func (l *V2) parse(a answer, sig attest.Signature) (Entry, *Error) {
	tle, err := decodeV2(a.body)
	switch {
	case err != nil:
		return Entry{}, errNoEntry(a.status, err)
	case !bytes.Contains(tle.CanonicalizedBody, []byte(base64.StdEncoding.EncodeToString(sig.Sig))):
		return Entry{}, errNotOurs(a.status)
	}
	if id := tle.GetLogId().GetKeyId(); len(id) > 0 {
		l.logID.Store(&id)
	}
	return Entry{TransparencyLogEntry: tle}, nil
}

func decodeV2(body []byte) (*rekorpb.TransparencyLogEntry, error) {
	tle := new(rekorpb.TransparencyLogEntry)
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(body, tle); err != nil {
		return nil, err
	}
	if tle.GetInclusionProof() == nil || len(tle.CanonicalizedBody) == 0 {
		return nil, errors.New("it has no body or no inclusion proof")
	}
	return tle, nil
}

// recover reads back the entry that a 409 names by its index, and rebuilds its
// inclusion proof from the log's tiles.
func (l *V2) recover(ctx context.Context, e attest.Envelope, conflict answer) (Entry, *Error) {
	index, err := strconv.ParseInt(conflict.header.Get("X-Log-Index"), 10, 64)
	if err != nil || index < 0 {
		return Entry{}, &Error{
			Class: Ambiguous, Status: conflict.status,
			Message: "the log has the entry, but its answer does not say where (no x-log-index)",
		}
	}
	return l.readBack(ctx, e, conflict.status, strconv.FormatInt(index, 10), func() (Entry, error) {
		return l.entryAt(ctx, index)
	})
}

// entryAt reads one entry and proves its inclusion in the latest checkpoint's tree.
func (l *V2) entryAt(ctx context.Context, index int64) (Entry, error) {
	note, cp, err := l.checkpoint(ctx)
	if err != nil {
		return Entry{}, err
	}
	size := int64(cp.Size)
	if index >= size {
		return Entry{}, fmt.Errorf("the checkpoint covers %d entries so far", size)
	}
	body, err := l.readEntry(ctx, index, size)
	if err != nil {
		return Entry{}, err
	}
	tree := tlog.Tree{N: size, Hash: tlog.Hash(cp.Hash)}
	proof, err := tlog.ProveRecord(size, index, tlog.TileHashReader(tree, tileReader{ctx, l}))
	if err != nil {
		return Entry{}, err
	}
	hashes := make([][]byte, len(proof))
	for i := range proof {
		hashes[i] = proof[i][:]
	}
	tle := &rekorpb.TransparencyLogEntry{
		LogIndex:          index,
		KindVersion:       &rekorpb.KindVersion{Kind: "hashedrekord", Version: "0.0.2"},
		CanonicalizedBody: body,
		InclusionProof: &rekorpb.InclusionProof{
			LogIndex: index, TreeSize: size, RootHash: cp.Hash, Hashes: hashes,
			Checkpoint: &rekorpb.Checkpoint{Envelope: string(note)},
		},
	}
	if tle.LogId, err = l.id(cp.Origin); err != nil {
		return Entry{}, err
	}
	return Entry{TransparencyLogEntry: tle}, nil
}

// id is the log's id: with its key, what follows from that and its name; without,
// what an earlier answer said, nil where there was none.
func (l *V2) id(origin string) (*commonpb.LogId, error) {
	if l.key != nil {
		id, err := l.key.v2ID(origin)
		return &commonpb.LogId{KeyId: id}, err
	}
	if id := l.logID.Load(); id != nil {
		return &commonpb.LogId{KeyId: *id}, nil
	}
	return nil, nil
}

// checkpoint reads the log's latest checkpoint. Its signature is checked with the
// entry's, see checkRecovered.
func (l *V2) checkpoint(ctx context.Context) ([]byte, flog.Checkpoint, error) {
	a, err := l.get(ctx, v2Checkpoint)
	if err != nil {
		return nil, flog.Checkpoint{}, err
	}
	var cp flog.Checkpoint
	if _, err := cp.Unmarshal(a.body); err != nil {
		return nil, cp, fmt.Errorf("%s serves no checkpoint of a log: %w", l.base, err)
	}
	if len(cp.Hash) != tlog.HashSize || cp.Size > math.MaxInt64/tileWidth {
		return nil, cp, fmt.Errorf("%s serves no checkpoint of a log: root hash or size are out of range", l.base)
	}
	if err := checkName(cp.Origin); err != nil {
		return nil, cp, fmt.Errorf("%s serves no checkpoint of a log: %w", l.base, err)
	}
	return a.body, cp, nil
}

// readEntry reads the canonical body of the entry at index from its entry bundle
// (C2SP tlog-tiles, "Log Entries").
func (l *V2) readEntry(ctx context.Context, index, size int64) ([]byte, error) {
	n := index / tileWidth
	width := min(size-n*tileWidth, tileWidth)
	bundle, err := l.readTile(ctx, tlog.Tile{H: tileHeight, L: -1, N: n, W: int(width)})
	if err != nil {
		return nil, err
	}
	return bundleEntry(bundle, int(index%tileWidth))
}

// bundleEntry returns the i-th entry of a bundle: each is preceded by its length
// as a big-endian uint16.
func bundleEntry(bundle []byte, i int) ([]byte, error) {
	for ; ; i-- {
		if len(bundle) < 2 {
			return nil, errors.New("the entry bundle ends too early")
		}
		n := int(binary.BigEndian.Uint16(bundle))
		if len(bundle) < 2+n {
			return nil, errors.New("the entry bundle ends too early")
		}
		if i == 0 {
			return bundle[2 : 2+n], nil
		}
		bundle = bundle[2+n:]
	}
}

// readTile reads one tile. A partial tile may be gone once the full one is there
// (tlog-tiles, "Partial Tiles"): then that is read and cut.
func (l *V2) readTile(ctx context.Context, t tlog.Tile) ([]byte, error) {
	a, err := l.get(ctx, tilePath(t))
	if failed, ok := errors.AsType[*Error](err); ok && failed.Status == http.StatusNotFound && t.W < tileWidth {
		full := t
		full.W = tileWidth
		a, err = l.get(ctx, tilePath(full))
	}
	if err != nil {
		return nil, err
	}
	return a.body, nil
}

// tilePath spells a tile's path as C2SP tlog-tiles does, which leaves out the
// height and calls the entries "entries".
func tilePath(t tlog.Tile) string {
	p := strings.TrimPrefix(t.Path(), "tile/"+strconv.Itoa(tileHeight)+"/")
	if rest, ok := strings.CutPrefix(p, "data/"); ok {
		p = "entries/" + rest
	}
	return v2Tiles + p
}

// tileReader lets tlog read hash tiles. tlog checks them against the tree's root.
type tileReader struct {
	ctx context.Context
	log *V2
}

func (tileReader) Height() int                         { return tileHeight }
func (tileReader) SaveTiles(_ []tlog.Tile, _ [][]byte) {}

func (r tileReader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, t := range tiles {
		tile, err := r.log.readTile(r.ctx, t)
		if err != nil {
			return nil, err
		}
		if len(tile) < t.W*tlog.HashSize {
			return nil, fmt.Errorf("tile %s ends too early", t.Path())
		}
		data[i] = tile[:t.W*tlog.HashSize]
	}
	return data, nil
}

// Info asks the log who it is and how many entries it holds.
func (l *V2) Info(ctx context.Context) (Info, error) {
	_, cp, err := l.checkpoint(ctx)
	if err != nil {
		return Info{}, err
	}
	return Info{Kind: "v2", Origin: cp.Origin, TreeSize: cp.Size}, nil
}
