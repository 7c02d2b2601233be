package rekortest

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	common "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	trustroot "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"github.com/sigstore/rekor-tiles/v2/pkg/note"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// TrustedRootMediaType is the version of the trusted root that is written here.
const TrustedRootMediaType = "application/vnd.dev.sigstore.trustedroot+json;version=0.1"

// TrustedRoot is a Sigstore trusted_root.json that holds this log alone. It ends
// in a newline, and sigstore-go verifies entries of the log with it.
func (l *V1) TrustedRoot() ([]byte, error) {
	return trustedRoot(l.URL(), l.publicKey, l.LogID(), l.started)
}

// LogID is SHA-256 over the public key's SPKI DER, as entries of a v1 log name it.
func (l *V1) LogID() []byte {
	// The key came out of ParsePKIXPublicKey, so it goes back in.
	der, _ := x509.MarshalPKIXPublicKey(l.publicKey)
	id := sha256.Sum256(der)
	return id[:]
}

// TrustedRoot is a Sigstore trusted_root.json that holds this log alone. It ends
// in a newline. Its base URL has the log's name as host, because sigstore-go
// takes the checkpoint's origin from there; the name must resolve to loopback to
// be dialled (those under .localhost do for most resolvers).
func (l *V2) TrustedRoot() ([]byte, error) {
	u, err := url.Parse(l.URL())
	if err != nil {
		return nil, err
	}
	u.Host = l.cfg.Hostname + ":" + u.Port()
	return trustedRoot(u.String(), l.key.Public(), l.logID, l.keyMade)
}

// LogID is the untruncated note key id over name and key (c2sp.org/signed-note),
// as entries of a v2 log name it. For an ECDSA key that is SHA-256 over its SPKI
// DER.
func (l *V2) LogID() []byte { return bytes.Clone(l.logID) }

func noteLogID(origin string, key crypto.PublicKey) ([]byte, error) {
	_, id, err := note.KeyHash(origin, key)
	if err != nil {
		return nil, fmt.Errorf("computing the id of log %q: %w", origin, err)
	}
	return id, nil
}

func trustedRoot(baseURL string, key crypto.PublicKey, logID []byte, start time.Time) ([]byte, error) {
	details, err := keyDetails(key)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, fmt.Errorf("encoding a log's public key: %w", err)
	}
	raw, err := protojson.Marshal(&trustroot.TrustedRoot{
		MediaType: TrustedRootMediaType,
		Tlogs: []*trustroot.TransparencyLogInstance{{
			BaseUrl:       baseURL,
			HashAlgorithm: common.HashAlgorithm_SHA2_256,
			PublicKey: &common.PublicKey{
				RawBytes:   der,
				KeyDetails: details,
				// Entries carry whole seconds: one made in the log's first
				// second must not look older than the key.
				ValidFor: &common.TimeRange{Start: timestamppb.New(start.Truncate(time.Second))},
			},
			LogId: &common.LogId{KeyId: logID},
		}},
	})
	if err != nil {
		return nil, fmt.Errorf("encoding a trusted root: %w", err)
	}
	// protojson varies its white space on purpose; a file should not.
	var out bytes.Buffer
	if err := json.Indent(&out, raw, "", "  "); err != nil {
		return nil, fmt.Errorf("encoding a trusted root: %w", err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}
