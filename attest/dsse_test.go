package attest_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/sigstore/sigstore/pkg/signature"
	sigdsse "github.com/sigstore/sigstore/pkg/signature/dsse"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/stella-ops/stella/attest"
)

// The DSSE specification's test vector (protocol.md, "Test Vectors").
const (
	vectorType      = "http://example.com/HelloWorld"
	vectorPayload   = "hello world"
	vectorPAE       = "DSSEv1 29 http://example.com/HelloWorld 11 hello world"
	vectorD         = "97358161215184420915383655311931858321456579547487070936769975997791359926199"
	vectorX         = "46950820868899156662930047687818585632848591499744589407958293238635476079160"
	vectorY         = "5640078356564379163099075877009565129882514886557779369047442380624545832820"
	vectorSignature = "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA=="
)

func vectorKey(t *testing.T) *ecdsa.PrivateKey {
	number := func(s string) []byte {
		n, ok := new(big.Int).SetString(s, 10)
		require.True(t, ok)
		return n.FillBytes(make([]byte, 32))
	}
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), number(vectorD))
	require.NoError(t, err)
	pub, err := key.PublicKey.Bytes()
	require.NoError(t, err)
	require.Equal(t, append(append([]byte{4}, number(vectorX)...), number(vectorY)...), pub)
	return key
}

func TestSpecificationVector(t *testing.T) {
	require.Equal(t, vectorPAE, string(attest.PAE(vectorType, []byte(vectorPayload))))

	signer, err := attest.NewSigner(vectorKey(t), attest.ECDSAP256SHA256)
	require.NoError(t, err)
	env, err := attest.Seal(t.Context(), []byte(vectorPayload), vectorType, signer)
	require.NoError(t, err)

	// The vector gives the signature as r and s of 32 bytes each, we write the
	// ASN.1 that X9.62, and so Sigstore, wants: the numbers must be the same.
	var r, s []byte
	der := cryptobyte.String(env.Signatures()[0].Sig)
	require.True(t, der.ReadASN1(&der, asn1.SEQUENCE) && der.ReadASN1Integer(&r) && der.ReadASN1Integer(&s))
	raw := append(fixed32(r), fixed32(s)...)
	require.Equal(t, vectorSignature, base64.StdEncoding.EncodeToString(raw))
	require.Contains(t, string(env.Bytes()), `"payload":"aGVsbG8gd29ybGQ="`)
	require.Contains(t, string(env.Bytes()), `"payloadType":"http://example.com/HelloWorld"`)
}

func fixed32(n []byte) []byte { return new(big.Int).SetBytes(n).FillBytes(make([]byte, 32)) }

// RFC 8032 section 7.3, the test of Ed25519ph.
func TestEd25519phVector(t *testing.T) {
	seed, err := hex.DecodeString("833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42")
	require.NoError(t, err)
	want := "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae4131f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406"
	signer, err := attest.NewSigner(ed25519.NewKeyFromSeed(seed), attest.Ed25519ph)
	require.NoError(t, err)
	sig, err := signer.SignPAE(t.Context(), []byte("abc"))
	require.NoError(t, err)
	require.Equal(t, want, hex.EncodeToString(sig))
}

func TestPAE(t *testing.T) {
	for _, test := range []struct{ typ, payload, want string }{
		{"", "", "DSSEv1 0  0 "},
		{"t", "", "DSSEv1 1 t 0 "},
		{"tÿ", "\x00\xff", "DSSEv1 3 tÿ 2 \x00\xff"}, // lengths count bytes
		{"a b", "c d", "DSSEv1 3 a b 3 c d"},
	} {
		got := attest.PAE(test.typ, []byte(test.payload))
		require.Equal(t, test.want, string(got))
		require.Equal(t, dsse.PAE(test.typ, []byte(test.payload)), got, "the reference library disagrees")
	}
}

func signers(t testing.TB) map[attest.Algorithm]attest.Signer {
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	out := make(map[attest.Algorithm]attest.Signer)
	for alg, key := range map[attest.Algorithm]crypto.Signer{attest.ECDSAP256SHA256: p256, attest.Ed25519: ed, attest.Ed25519ph: ed} {
		out[alg], err = attest.NewSigner(key, alg)
		require.NoError(t, err)
	}
	return out
}

func TestSealIsDeterministicAndVerifies(t *testing.T) {
	for alg, signer := range signers(t) {
		t.Run(string(alg), func(t *testing.T) {
			payload := []byte(`{"schema":"stella.findings/v1"}`)
			env, err := attest.Seal(t.Context(), payload, attest.PayloadTypeReport, signer)
			require.NoError(t, err)
			again, err := attest.Seal(t.Context(), payload, attest.PayloadTypeReport, signer)
			require.NoError(t, err)
			require.Equal(t, string(env.Bytes()), string(again.Bytes()), "sealing twice gives other bytes")

			parsed, err := attest.ParseEnvelope(env.Bytes())
			require.NoError(t, err)
			require.Equal(t, env, parsed)
			requireJSONString(t, env)

			v, err := attest.NewVerifier(signer.Public(), alg)
			require.NoError(t, err)
			require.NoError(t, v.Verify(parsed))
		})
	}
}

// Verifiers of other make read our envelopes, key id and all.
func TestReferenceLibraryVerifies(t *testing.T) {
	signer := signers(t)[attest.ECDSAP256SHA256]
	env, err := attest.Seal(t.Context(), []byte("p"), "t", signer)
	require.NoError(t, err)
	var e dsse.Envelope
	require.NoError(t, json.Unmarshal(env.Bytes(), &e))
	verifier, err := signature.LoadVerifier(signer.Public(), crypto.SHA256)
	require.NoError(t, err)
	reference, err := dsse.NewEnvelopeVerifier(&sigdsse.VerifierAdapter{SignatureVerifier: verifier, Pub: signer.Public()})
	require.NoError(t, err)
	_, err = reference.Verify(t.Context(), &e)
	require.NoError(t, err)
}

func TestBothBase64AlphabetsVerify(t *testing.T) {
	signer := signers(t)[attest.Ed25519]
	v, err := attest.NewVerifier(signer.Public(), attest.Ed25519)
	require.NoError(t, err)
	env, err := attest.Seal(t.Context(), []byte("\xfb\xff\xfe>>>???"), attest.PayloadTypeReport, signer)
	require.NoError(t, err)
	std := string(env.Bytes())
	require.Contains(t, std, `"payload":"+//+`)
	url := strings.Replace(std, `"payload":"`+base64.StdEncoding.EncodeToString(env.Payload()),
		`"payload":"`+base64.URLEncoding.EncodeToString(env.Payload()), 1)
	url = strings.Replace(url, env.Signatures()[0].Text, base64.URLEncoding.EncodeToString(env.Signatures()[0].Sig), 1)
	require.NotEqual(t, std, url)
	for _, text := range []string{std, url} {
		parsed, err := attest.ParseEnvelope([]byte(text))
		require.NoError(t, err)
		require.NoError(t, v.Verify(parsed))
		require.Equal(t, text, string(parsed.Bytes()), "the envelope must keep its exact bytes")
	}
}

func TestVerifyFailsWithItsReason(t *testing.T) {
	all := signers(t)
	signer := all[attest.Ed25519]
	env, err := attest.Seal(t.Context(), []byte(`{"n":1}`), attest.PayloadTypeReport, signer)
	require.NoError(t, err)
	v, err := attest.NewVerifier(signer.Public(), attest.Ed25519)
	require.NoError(t, err)
	other, err := attest.NewVerifier(signers(t)[attest.Ed25519].Public(), attest.Ed25519)
	require.NoError(t, err)
	ph, err := attest.NewVerifier(signer.Public(), attest.Ed25519ph)
	require.NoError(t, err)
	b64 := base64.StdEncoding.EncodeToString
	wrong := append([]byte(nil), env.Signatures()[0].Sig...)
	wrong[5] ^= 1

	for _, test := range []struct {
		name     string
		old, new string
		verifier *attest.Verifier
		want     error
	}{
		{"nothing altered", "", "", v, nil},
		{"payload", b64([]byte(`{"n":1}`)), b64([]byte(`{"n":2}`)), v, attest.ErrSignature},
		{"payload type", "scanner-report+json", "scanner-report+jsom", v, attest.ErrSignature},
		{"signature", env.Signatures()[0].Text, b64(wrong), v, attest.ErrSignature},
		{"key", "", "", other, attest.ErrKeyID},
		{"key without a key id", signer.KeyID(), "", other, attest.ErrSignature},
		{"no key id", signer.KeyID(), "", v, nil},
		{"a key id of other make", signer.KeyID(), "release key 3", v, nil},
		{"another key's id", signer.KeyID(), other.KeyID(), v, attest.ErrKeyID},
		{"another algorithm", "", "", ph, attest.ErrSignature},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := strings.Replace(string(env.Bytes()), test.old, test.new, 1)
			parsed, err := attest.ParseEnvelope([]byte(text))
			require.NoError(t, err)
			if err := test.verifier.Verify(parsed); test.want == nil {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, test.want)
			}
		})
	}
	require.ErrorContains(t, v.Verify(attest.Envelope{}), "it has no signature", "the zero envelope")
}

// Nothing authenticates a key id, so an error must not let it speak to a terminal.
func TestErrorQuotesTheKeyID(t *testing.T) {
	signer := signers(t)[attest.Ed25519]
	env, err := attest.NewEnvelope([]byte("p"), "t", "\x1b[2J"+strings.Repeat("x", len(signer.KeyID())-4), []byte("s"))
	require.NoError(t, err)
	v, err := attest.NewVerifier(signer.Public(), attest.Ed25519)
	require.NoError(t, err)
	err = v.Verify(env)
	require.ErrorIs(t, err, attest.ErrKeyID)
	require.ErrorContains(t, err, `it names "\x1b[2Jxxx`)
}

func TestNewEnvelopeRefuses(t *testing.T) {
	for want, make := range map[string]func() (attest.Envelope, error){
		"the key id is not UTF-8":       func() (attest.Envelope, error) { return attest.NewEnvelope(nil, "t", "\xff", []byte("s")) },
		"the signature is empty":        func() (attest.Envelope, error) { return attest.NewEnvelope(nil, "t", "", nil) },
		"the payload type is empty":     func() (attest.Envelope, error) { return attest.NewEnvelope(nil, "", "", []byte("s")) },
		"the payload type is not UTF-8": func() (attest.Envelope, error) { return attest.NewEnvelope(nil, "\xff", "", []byte("s")) },
	} {
		_, err := make()
		require.ErrorContains(t, err, want)
	}
	_, err := attest.NewEnvelope(make([]byte, attest.MaxPayloadBytes+1), "t", "", []byte("s"))
	require.ErrorIs(t, err, attest.ErrTooLarge)
	_, err = json.Marshal(attest.Envelope{})
	require.ErrorContains(t, err, "the zero Envelope has no JSON")
}

// requireJSONString decodes what JSONString returns.
func requireJSONString(t *testing.T, e attest.Envelope) {
	pieces := e.JSONString()
	var text string
	require.NoError(t, json.Unmarshal([]byte(`"`+string(bytes.Join(pieces[:], nil))+`"`), &text))
	require.Equal(t, string(e.Bytes()), text)
}

// One of several signatures is enough, as DSSE says.
func TestSeveralSignatures(t *testing.T) {
	a, b := signers(t)[attest.Ed25519], signers(t)[attest.Ed25519]
	env, err := attest.Seal(t.Context(), []byte("p"), "t", a)
	require.NoError(t, err)
	sig, err := b.SignPAE(t.Context(), env.PAE())
	require.NoError(t, err)
	text := strings.Replace(string(env.Bytes()), `"signatures":[`, fmt.Sprintf(`"signatures":[{"sig":%q},`, base64.StdEncoding.EncodeToString(sig)), 1)
	parsed, err := attest.ParseEnvelope([]byte(text))
	require.NoError(t, err)
	require.Len(t, parsed.Signatures(), 2)
	for _, s := range []attest.Signer{a, b} {
		v, err := attest.NewVerifier(s.Public(), attest.Ed25519)
		require.NoError(t, err)
		require.NoError(t, v.Verify(parsed))
	}
}

func TestParseEnvelope(t *testing.T) {
	const sigs = `"signatures":[{"sig":"AAAA"}]`
	many := strings.Repeat(`{"sig":"AAAA"},`, attest.MaxSignatures)
	for _, test := range []struct{ name, text, want string }{
		{"good", `{"payload":"AAAA","payloadType":"t",` + sigs + `}`, ""},
		{"other order and white space", " {\n" + sigs + `, "payloadType":"t","payload":"AAAA" } ` + "\n", ""},
		{"unknown fields", `{"payload":"AAAA","payloadType":"t","x":{"payload":1},"signatures":[{"sig":"AAAA","cert":"-"}]}`, ""},
		{"empty payload", `{"payload":"","payloadType":"t",` + sigs + `}`, ""},
		{"nothing", ``, "the JSON ends too early"},
		{"an array", `[]`, "not a JSON object"},
		{"null", `null`, "not a JSON object"},
		{"truncated", `{"payload":"AAAA","payloadTy`, "the JSON ends too early"},
		{"two objects", `{"payload":"AAAA","payloadType":"t",` + sigs + `}{}`, "more behind"},
		{"no payload", `{"payloadType":"t",` + sigs + `}`, `no "payload"`},
		{"null payload", `{"payload":null,"payloadType":"t",` + sigs + `}`, `no "payload"`},
		{"names of other case", `{"Payload":"AAAA","payloadType":"t",` + sigs + `}`, `no "payload"`},
		{"no type", `{"payload":"AAAA",` + sigs + `}`, `no "payloadType"`},
		{"empty type", `{"payload":"AAAA","payloadType":"",` + sigs + `}`, "payload type is empty"},
		{"long type", `{"payload":"AAAA","payloadType":"` + strings.Repeat("t", 2000) + `",` + sigs + `}`, "over the size limit"},
		{"no signatures", `{"payload":"AAAA","payloadType":"t"}`, "not signed"},
		{"no signature", `{"payload":"AAAA","payloadType":"t","signatures":[]}`, "not signed"},
		{"empty signature", `{"payload":"AAAA","payloadType":"t","signatures":[{"sig":""}]}`, `signature 0: no "sig"`},
		{"null signature", `{"payload":"AAAA","payloadType":"t","signatures":[null]}`, "signature 0: not a JSON object"},
		{"too many signatures", `{"payload":"AAAA","payloadType":"t","signatures":[` + many + `{"sig":"AAAA"}]}`, "at most 16"},
		{"payload twice", `{"payload":"AAAA","payload":"AAAB","payloadType":"t",` + sigs + `}`, `"payload" is given twice`},
		{"sig twice", `{"payload":"AAAA","payloadType":"t","signatures":[{"sig":"AAAA","sig":"AAAA"}]}`, `"sig" is given twice`},
		{"bad base64", `{"payload":"A*AA","payloadType":"t",` + sigs + `}`, "base64"},
		{"mixed base64", `{"payload":"+A-A","payloadType":"t",` + sigs + `}`, "base64"},
		{"a line break in base64", `{"payload":"AA\nAA","payloadType":"t",` + sigs + `}`, "payload: a line break in base64"},
		{"a line break in a signature", `{"payload":"AAAA","payloadType":"t","signatures":[{"sig":"AA\r\nAA"}]}`, "signature 0: a line break in base64"},
		{"not UTF-8", "{\"payload\":\"AAAA\",\"payloadType\":\"\xff\"," + sigs + `}`, "not UTF-8"},
		{"a number for a string", `{"payload":1,"payloadType":"t",` + sigs + `}`, `field "payload"`},
		{"deep", strings.Repeat(`[`, 200_000), "not a JSON object"},
		{"deep inside", `{"x":` + strings.Repeat(`[`, 200_000), `field "x"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			env, err := attest.ParseEnvelope([]byte(test.text))
			if test.want == "" {
				require.NoError(t, err)
				require.Equal(t, test.text, string(env.Bytes()))
				return
			}
			require.ErrorContains(t, err, test.want)
			require.ErrorContains(t, err, "parsing a DSSE envelope")
			require.Less(t, len(err.Error()), 300, "an error must not repeat the input")
		})
	}
}

func TestSizeLimits(t *testing.T) {
	signer := signers(t)[attest.Ed25519]
	_, err := attest.Seal(t.Context(), make([]byte, attest.MaxPayloadBytes+1), "t", signer)
	require.ErrorIs(t, err, attest.ErrTooLarge)
	_, err = attest.ParseEnvelope(make([]byte, attest.MaxEnvelopeBytes+1))
	require.ErrorIs(t, err, attest.ErrTooLarge)
	long := strings.Repeat("AAAA", attest.MaxPayloadBytes/3+1)
	_, err = attest.ParseEnvelope([]byte(`{"payload":"` + long + `","payloadType":"t","signatures":[{"sig":"AAAA"}]}`))
	require.ErrorIs(t, err, attest.ErrTooLarge)
	require.ErrorContains(t, err, "a payload of")
	for _, typ := range []string{"", "\xff", strings.Repeat("t", attest.MaxTypeBytes+1)} {
		_, err = attest.Seal(t.Context(), nil, typ, signer)
		require.Error(t, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = attest.Seal(ctx, nil, "t", signer)
	require.ErrorIs(t, err, context.Canceled)
}

// What ParseEnvelope accepts it keeps to the byte, and a second parse of the same
// payload, sealed anew, agrees.
func FuzzParseEnvelope(f *testing.F) {
	signer := signers(f)[attest.Ed25519]
	env, err := attest.Seal(context.Background(), []byte(`{"n":1}`), attest.PayloadTypeReport, signer)
	require.NoError(f, err)
	f.Add(env.Bytes())
	f.Add([]byte(`{"payload":"-_8=","payloadType":"t","signatures":[{"keyid":"k","sig":"AAAA"},{"sig":"-_8="}],"x":[1,{}]}`))
	f.Add([]byte(`{"payload":"","payloadType":"\u00e9","signatures":[{"sig":"AA=="}]}`))
	f.Add([]byte(`{"payload":"AAAA","payload":"AAAA"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := attest.ParseEnvelope(data)
		if err != nil {
			return
		}
		require.Equal(t, data, e.Bytes())
		requireJSONString(t, e)
		require.NotEmpty(t, e.Signatures())
		sealed, err := attest.Seal(t.Context(), e.Payload(), e.PayloadType(), signer)
		require.NoError(t, err)
		again, err := attest.ParseEnvelope(sealed.Bytes())
		require.NoError(t, err)
		require.Equal(t, e.PAE(), again.PAE())
	})
}
