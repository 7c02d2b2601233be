package rekortest_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"testing"

	common "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	rekorpb "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/rekor-tiles/v2/pkg/note"
	"github.com/sigstore/rekor-tiles/v2/pkg/verify"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/stella-ops/stella/attest/rekortest"
)

// trust parses a trusted root with sigstore-go and finds the log's entry in it.
func trust(t testing.TB, data []byte, id []byte) (*root.TrustedRoot, *root.TransparencyLog) {
	t.Helper()
	parsed, err := root.NewTrustedRootFromJSON(data)
	require.NoError(t, err, "%s", data)
	require.Len(t, parsed.RekorLogs(), 1)
	found := parsed.RekorLogs()[hex.EncodeToString(id)]
	require.NotNil(t, found, "log id %x in %s", id, data)
	return parsed, found
}

func TestTrustedRootVerifiesV1(t *testing.T) {
	log := startV1(t, rekortest.V1Config{})
	r, err := submit(t, client(t), log.URL(), dsseProposal(t, "to be trusted"))
	require.NoError(t, err)
	_, answer := readV1(t, r)
	data, err := log.TrustedRoot()
	require.NoError(t, err)
	again, err := log.TrustedRoot()
	require.NoError(t, err)
	require.Equal(t, data, again, "the file does not vary")
	parsed, instance := trust(t, data, log.LogID())

	entry, err := tlog.ParseTransparencyLogEntry(v1Entry(t, answer))
	require.NoError(t, err)
	require.NoError(t, tlog.VerifySET(entry, parsed.RekorLogs()))
	verifier, err := signature.LoadVerifier(instance.PublicKey, instance.SignatureHashFunc)
	require.NoError(t, err)
	require.NoError(t, tlog.VerifyInclusion(entry, verifier))
}

// v1Entry is a v1 reply as the protobuf message that bundles hold.
func v1Entry(t testing.TB, a v1Answer) *rekorpb.TransparencyLogEntry {
	t.Helper()
	unhex := func(s string) []byte {
		b, err := hex.DecodeString(s)
		require.NoError(t, err)
		return b
	}
	body, err := base64.StdEncoding.DecodeString(a.Body)
	require.NoError(t, err)
	proof := a.Verification.InclusionProof
	hashes := make([][]byte, len(proof.Hashes))
	for i, h := range proof.Hashes {
		hashes[i] = unhex(h)
	}
	return &rekorpb.TransparencyLogEntry{
		LogIndex:          a.LogIndex,
		LogId:             &common.LogId{KeyId: unhex(a.LogID)},
		KindVersion:       &rekorpb.KindVersion{Kind: "dsse", Version: "0.0.1"},
		IntegratedTime:    a.IntegratedTime,
		InclusionPromise:  &rekorpb.InclusionPromise{SignedEntryTimestamp: a.Verification.SignedEntryTimestamp},
		CanonicalizedBody: body,
		InclusionProof: &rekorpb.InclusionProof{
			LogIndex:   proof.LogIndex,
			RootHash:   unhex(proof.RootHash),
			TreeSize:   proof.TreeSize,
			Hashes:     hashes,
			Checkpoint: &rekorpb.Checkpoint{Envelope: proof.Checkpoint},
		},
	}
}

func TestTrustedRootVerifiesV2(t *testing.T) {
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	for name, key := range map[string]crypto.Signer{"ed25519": nil, "ecdsa-p256": p256} {
		t.Run(name, func(t *testing.T) {
			log := startV2(t, rekortest.V2Config{Signer: key})
			r, err := submit(t, client(t), log.URL(), hashedProposal(t, "to be trusted "+name))
			require.NoError(t, err)
			data, err := log.TrustedRoot()
			require.NoError(t, err)
			_, instance := trust(t, data, log.LogID())

			// sigstore-go takes the origin from the base URL's host.
			base, err := url.Parse(instance.BaseURL)
			require.NoError(t, err)
			require.Equal(t, log.Origin(), base.Hostname())
			verifier, err := signature.LoadVerifier(instance.PublicKey, instance.SignatureHashFunc)
			require.NoError(t, err)
			noteVerifier, err := note.NewNoteVerifier(base.Hostname(), verifier)
			require.NoError(t, err)
			entry := new(rekorpb.TransparencyLogEntry)
			require.NoError(t, protojson.Unmarshal(r.body, entry))
			require.NoError(t, verify.VerifyLogEntry(entry, noteVerifier))
		})
	}
}

func TestSettingsSayHowALogIsRun(t *testing.T) {
	v1 := startV1(t, rekortest.V1Config{BatchSize: 10, Hostname: "measured.localhost"})
	v2 := startV2(t, rekortest.V2Config{})
	limited := startProxy(t, v1.URL(), rekortest.ProxyConfig{Limit: 500.0 / 60, Burst: 20})
	read := func(base string) (s rekortest.Settings) {
		require.NoError(t, json.Unmarshal(mustGet(t, client(t), base+rekortest.SettingsPath).body, &s))
		return s
	}
	one, two, three := read(v1.URL()), read(v2.URL()), read(limited.URL())

	require.Equal(t, "v1", one.Log)
	require.Equal(t, "sigstore/rekor v1.5.4 + trillian v1.8.0", one.Server)
	require.Equal(t, "measured.localhost", one.Hostname)
	require.Equal(t, 10, one.BatchSize)
	require.EqualValues(t, 100, one.SequencerIntervalMS)
	require.Equal(t, "memory", one.Store)
	require.Equal(t, hex.EncodeToString(v1.LogID()), one.LogID)
	require.Contains(t, one.PublicKey, "BEGIN PUBLIC KEY")
	require.Zero(t, one.LimitPerMinute)

	require.Equal(t, "v2", two.Log)
	require.Regexp(t, `^sigstore/rekor-tiles v2\.\d+\.\d+ \+ tessera v1\.\d+\.\d+$`, two.Server)
	require.EqualValues(t, 100, two.CheckpointIntervalMS)
	require.EqualValues(t, 20, two.BatchMaxAgeMS)
	require.Equal(t, "posix", two.Store)

	require.InDelta(t, 500, three.LimitPerMinute, 0.001)
	require.Equal(t, 20, three.Burst)
	one.LimitPerMinute, one.Burst = three.LimitPerMinute, three.Burst
	require.Equal(t, one, three, "the rest is the log's")
}
