// Package attest turns a scanner report into a signed envelope and says how
// many envelopes one submission batch may hold.
//
// # Terms
//
// A payload is the bytes that are attested: a scanner report, or an in-toto
// Statement about one. An envelope is a DSSE v1 envelope: payload, payload type
// and signatures, as JSON. The signature covers the pre-authentication encoding
// ([PAE]) of type and payload, never the JSON around them.
//
// # Guarantees
//
// An [Envelope] keeps the exact bytes it was sealed to or parsed from, because a
// transparency log hashes those bytes: encoding an envelope again could make a
// second log entry. The signers of this package are deterministic (Ed25519 by
// design, ECDSA by RFC 6979), so sealing the same payload with the same key gives
// the same bytes on every run.
//
// Not guaranteed: a key id is a hint (DSSE leaves it unauthenticated), and an
// envelope is not trusted until [Verifier.Verify] says so.
//
// # Example
//
//	signer, err := attest.NewSigner(key, attest.Ed25519)
//	env, err := attest.Seal(ctx, report, attest.PayloadTypeReport, signer)
//	os.WriteFile("report.dsse.json", env.Bytes(), 0o644)
//
//	verifier, err := attest.NewVerifier(key.Public(), attest.Ed25519)
//	err = verifier.Verify(env)
//
// Sources: DSSE v1.0.2, https://github.com/secure-systems-lab/dsse; in-toto
// Attestation Framework v1, https://github.com/in-toto/attestation.
package attest
