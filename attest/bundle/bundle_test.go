package bundle_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"strings"
	"testing"

	commonpb "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	rekorpb "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/stella-ops/stella/attest"
	"github.com/stella-ops/stella/attest/bundle"
	"github.com/stella-ops/stella/attest/rekor"
)

// testSigner has a fixed key: tests of form need no secret.
func testSigner(t testing.TB) attest.Signer {
	seed := sha256.Sum256([]byte("a key for tests of bundles"))
	s, err := attest.NewSigner(ed25519.NewKeyFromSeed(seed[:]), attest.Ed25519)
	require.NoError(t, err)
	return s
}

func seal(t testing.TB, s attest.Signer, payloadType, payload string) attest.Envelope {
	env, err := attest.Seal(t.Context(), []byte(payload), payloadType, s)
	require.NoError(t, err)
	return env
}

// testEntry is complete, and true of nothing.
func testEntry() rekor.Entry {
	return rekor.Entry{TransparencyLogEntry: &rekorpb.TransparencyLogEntry{
		LogIndex:         7,
		LogId:            &commonpb.LogId{KeyId: []byte{1, 2, 3}},
		KindVersion:      &rekorpb.KindVersion{Kind: "dsse", Version: "0.0.1"},
		IntegratedTime:   1_700_000_000,
		InclusionPromise: &rekorpb.InclusionPromise{SignedEntryTimestamp: []byte{4}},
		InclusionProof: &rekorpb.InclusionProof{
			LogIndex: 7, TreeSize: 8, RootHash: []byte{5}, Hashes: [][]byte{{6}},
			Checkpoint: &rekorpb.Checkpoint{Envelope: "rekor.test - 1\n8\nBQ==\n"},
		},
		CanonicalizedBody: []byte(`{}`),
	}}
}

func TestParseReturnsWhatNewWasGiven(t *testing.T) {
	for name, env := range map[string]attest.Envelope{
		"report":        seal(t, testSigner(t), attest.PayloadTypeReport, `{"n":1}`),
		"statement":     seal(t, testSigner(t), attest.PayloadTypeStatement, `{"_type":"…"}`),
		"empty payload": seal(t, testSigner(t), attest.PayloadTypeReport, ""),
		"escapes":       seal(t, testSigner(t), `a/b; c="<&>"`, "\x00\xff"),
	} {
		made, err := bundle.New(env, testEntry())
		require.NoError(t, err, name)
		require.True(t, json.Valid(made.Bytes()), name)

		read, err := bundle.Parse(made.Bytes())
		require.NoError(t, err, name)
		require.Equal(t, string(env.Bytes()), string(read.Envelope().Bytes()), name)
		require.True(t, proto.Equal(testEntry(), read.Entry()), name)

		again, err := bundle.New(read.Envelope(), read.Entry())
		require.NoError(t, err, name)
		require.Equal(t, string(made.Bytes()), string(again.Bytes()), name)
	}
}

// The wire format belongs to others, so a test spells it out.
func TestNewWritesVersion03(t *testing.T) {
	env := seal(t, testSigner(t), attest.PayloadTypeReport, `{"n":1}`)
	b, err := bundle.New(env, testEntry())
	require.NoError(t, err)
	id := env.Signatures()[0].KeyID
	require.Equal(t, `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json",`+
		`"verificationMaterial":{"publicKey":{"hint":"`+id+`"},"tlogEntries":[{`+
		`"logIndex":"7","logId":{"keyId":"AQID"},"kindVersion":{"kind":"dsse","version":"0.0.1"},`+
		`"integratedTime":"1700000000","inclusionPromise":{"signedEntryTimestamp":"BA=="},`+
		`"inclusionProof":{"logIndex":"7","rootHash":"BQ==","treeSize":"8","hashes":["Bg=="],`+
		`"checkpoint":{"envelope":"rekor.test - 1\n8\nBQ==\n"}},"canonicalizedBody":"e30="}]},`+
		`"dsseEnvelope":{"payload":"eyJuIjoxfQ==","payloadType":"application/vnd.stellaops.scanner-report+json",`+
		`"signatures":[{"sig":"`+env.Signatures()[0].Text+`"}]}}`+"\n",
		string(b.Bytes()))
}

func TestNewRefusesWhatABundleCannotHold(t *testing.T) {
	env := seal(t, testSigner(t), attest.PayloadTypeReport, `{"n":1}`)
	for want, alter := range map[string]func(*rekorpb.TransparencyLogEntry){
		"no log id":             func(e *rekorpb.TransparencyLogEntry) { e.LogId = nil },
		"its index is negative": func(e *rekorpb.TransparencyLogEntry) { e.LogIndex = -1 },
		"no kind and version":   func(e *rekorpb.TransparencyLogEntry) { e.KindVersion.Version = "" },
		"no canonicalized body": func(e *rekorpb.TransparencyLogEntry) { e.CanonicalizedBody = nil },
		"no inclusion proof":    func(e *rekorpb.TransparencyLogEntry) { e.InclusionProof = nil },
		"no checkpoint":         func(e *rekorpb.TransparencyLogEntry) { e.InclusionProof.Checkpoint = nil },
	} {
		entry := testEntry()
		alter(entry.TransparencyLogEntry)
		_, err := bundle.New(env, entry)
		require.ErrorIs(t, err, bundle.ErrEntry, want)
		require.ErrorContains(t, err, want)
	}
	_, err := bundle.New(env, rekor.Entry{})
	require.ErrorIs(t, err, bundle.ErrEntry)

	two := strings.Replace(string(env.Bytes()), `"signatures":[`, `"signatures":[{"sig":"YQ=="},`, 1)
	parsed, err := attest.ParseEnvelope([]byte(two))
	require.NoError(t, err)
	_, err = bundle.New(parsed, testEntry())
	require.ErrorContains(t, err, "2 signatures")
}

func TestParseRefuses(t *testing.T) {
	b, err := bundle.New(seal(t, testSigner(t), attest.PayloadTypeReport, `{"n":1}`), testEntry())
	require.NoError(t, err)
	good := string(b.Bytes())
	id := b.Envelope().Signatures()[0].KeyID
	sig := `{"sig":"` + b.Envelope().Signatures()[0].Text + `"}`
	const certificate = `"certificate":{"rawBytes":"AA=="}`
	entry := good[strings.Index(good, `[{"logIndex"`)+1 : strings.Index(good, `]},"dsseEnvelope"`)]

	for _, test := range []struct{ name, old, new, want string }{
		{"another version", "bundle.v0.3", "bundle.v0.4", "media type"},
		{"no media type", `"mediaType":"` + bundle.MediaType + `",`, ``, "media type"},
		{"an unknown field", `{"mediaType"`, `{"extra":1,"mediaType"`, "unknown field"},
		{"a field twice", `"publicKey"`, `"publicKey":{},"publicKey"`, "duplicate field"},
		{"bytes behind it", "}\n", "}{}", "unexpected token"},
		{"no envelope", good[strings.Index(good, `,"dsseEnvelope"`):], "}", "no DSSE envelope"},
		{"a message signature", good[strings.Index(good, `"dsseEnvelope"`):], `"messageSignature":{"signature":"AA=="}}`, "signature of a message"},
		{"no signature", sig, "", "0 signatures"},
		{"two signatures", sig, sig + "," + sig, "2 signatures"},
		{"an empty signature", b.Envelope().Signatures()[0].Text, "", "signature is empty"},
		{"no payload type", `"payloadType":"` + attest.PayloadTypeReport + `",`, "", "payload type is empty"},
		{"no key", `"publicKey":{"hint":"` + id + `"},`, "", "no public key"},
		{"a certificate", `"publicKey":{"hint":"` + id + `"}`, certificate, "certificate"},
		{"two keys", `"signatures":[{`, `"signatures":[{"keyid":"00",`, "two keys"},
		{"no entry", entry, "", "0 log entries"},
		{"two entries", entry, entry + "," + entry, "2 log entries"},
		{"an incomplete entry", `"logId":{"keyId":"AQID"},`, "", "no log id"},
		{"a promise without a proof", entry[strings.Index(entry, `"inclusionProof"`):strings.Index(entry, `"canonicalizedBody"`)], "", "no inclusion proof"},
	} {
		require.Contains(t, good, test.old, test.name)
		_, err := bundle.Parse([]byte(strings.Replace(good, test.old, test.new, 1)))
		require.ErrorContains(t, err, test.want, test.name)
		require.ErrorContains(t, err, "parsing a Sigstore bundle", test.name)
	}
	for name, data := range map[string]string{
		"nothing": "", "no JSON": "bundle", "a list": "[]", "an empty object": "{}", "cut": good[:len(good)/2],
		"an envelope": string(b.Envelope().Bytes()), "not UTF-8": strings.Replace(good, "rekor.test", "rekor\xff", 1),
	} {
		_, err := bundle.Parse([]byte(data))
		require.Error(t, err, name)
	}
	_, err = bundle.Parse(make([]byte, bundle.MaxBytes+1))
	require.ErrorIs(t, err, attest.ErrTooLarge)

	// protojson repeats what it does not know: a bundle must not speak to a terminal.
	_, err = bundle.Parse([]byte("{\"\u009b2J" + strings.Repeat("x", 1<<20) + "\":1}"))
	require.ErrorContains(t, err, "unknown field")
	require.NotContains(t, err.Error(), "\u009b")
	require.Less(t, len(err.Error()), 400)
}

// Other writers name the key in the envelope too (sigstore_bundle.proto).
func TestParseTakesTheKeyNamedTwice(t *testing.T) {
	made, err := bundle.New(seal(t, testSigner(t), attest.PayloadTypeReport, `{"n":1}`), testEntry())
	require.NoError(t, err)
	id := made.Envelope().Signatures()[0].KeyID
	read, err := bundle.Parse([]byte(strings.Replace(string(made.Bytes()), `"signatures":[{`, `"signatures":[{"keyid":"`+id+`",`, 1)))
	require.NoError(t, err)
	require.Equal(t, made.Envelope().Bytes(), read.Envelope().Bytes())
}

func TestWithEnvelopeWantsTheSameEnvelope(t *testing.T) {
	signer := testSigner(t)
	env := seal(t, signer, attest.PayloadTypeReport, `{"n":1}`)
	made, err := bundle.New(env, testEntry())
	require.NoError(t, err)
	read, err := bundle.Parse(made.Bytes())
	require.NoError(t, err)

	spaced, err := attest.ParseEnvelope([]byte(strings.Replace(string(env.Bytes()), ",", ",\n ", 1)))
	require.NoError(t, err)
	exact, err := read.WithEnvelope(spaced)
	require.NoError(t, err)
	require.Equal(t, spaced.Bytes(), exact.Envelope().Bytes())
	require.Equal(t, made.Bytes(), exact.Bytes())

	for want, other := range map[string]attest.Envelope{
		"payload differs":   seal(t, signer, attest.PayloadTypeReport, `{"n":2}`),
		"payload type is":   seal(t, signer, attest.PayloadTypeStatement, `{"n":1}`),
		"signature differs": mustSign(t, env, "another signature"),
		"has 0 signatures":  {},
	} {
		_, err := read.WithEnvelope(other)
		require.ErrorIs(t, err, bundle.ErrOtherEnvelope, want)
		require.ErrorContains(t, err, want)
	}
}

func mustSign(t *testing.T, env attest.Envelope, sig string) attest.Envelope {
	other, err := attest.NewEnvelope(env.Payload(), env.PayloadType(), env.Signatures()[0].KeyID, []byte(sig))
	require.NoError(t, err)
	return other
}

// What Parse accepts, New can write, and nothing is lost on the way.
func FuzzParse(f *testing.F) {
	good, err := bundle.New(seal(f, testSigner(f), attest.PayloadTypeReport, `{"n":1}`), testEntry())
	require.NoError(f, err)
	f.Add(good.Bytes())
	f.Add([]byte(strings.ReplaceAll(string(good.Bytes()), `"tlogEntries":[`, `"tlogEntries":[null,`)))
	f.Add([]byte(strings.ReplaceAll(string(good.Bytes()), `"signatures":[`, `"signatures":[null,`)))
	f.Add([]byte(`{"mediaType":"` + bundle.MediaType + `","dsseEnvelope":{},"verificationMaterial":{}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		read, err := bundle.Parse(data)
		if err != nil {
			return
		}
		require.Equal(t, data, read.Bytes())
		made, err := bundle.New(read.Envelope(), read.Entry())
		require.NoError(t, err)
		again, err := bundle.Parse(made.Bytes())
		require.NoError(t, err)
		require.Equal(t, made.Envelope().Bytes(), again.Envelope().Bytes())
		require.True(t, proto.Equal(made.Entry(), again.Entry()))
		twice, err := bundle.New(again.Envelope(), again.Entry())
		require.NoError(t, err)
		require.Equal(t, made.Bytes(), twice.Bytes())
	})
}
