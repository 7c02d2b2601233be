// Package bundle reads and writes Sigstore bundles v0.3: an envelope and its place
// in a transparency log in one file, to be verified without a network.
//
// # Terms
//
// A bundle holds a DSSE envelope, a hint at the key that signed it, and the log
// entry with its inclusion proof. The hint is the envelope's key id, which the
// envelope inside the bundle leaves out, as sigstore-go's signer does: verifiers
// built on go-securesystemslib pass over a signature whose key id is not an SSH
// fingerprint. Where both are there, they must be the same (sigstore_bundle.proto).
// Nothing authenticates either.
//
// # Guarantees
//
// [Parse] accepts what [New] writes, and of other writers' bundles those that
// [rekor.Verify] can judge: signed by a key and not by a certificate, one DSSE
// signature, one log entry with an inclusion proof. What else a bundle may carry
// by the specification is refused by name, but for timestamps of a timestamp
// authority, which are ignored. New gives the same bytes for the same parts.
//
// Not guaranteed: that anything in a bundle is true. A parsed bundle is a claim;
// rekor.Verify proves it:
//
//	b, err := bundle.Parse(data)
//	err = rekor.Verify(b.Envelope(), verifier, b.Entry(), logKey)
//
// # The envelope's spelling
//
// A bundle carries an envelope's parts and not its bytes, whereas a Rekor v1 log
// records the SHA-256 of the bytes. Parse therefore spells the envelope anew, as
// [attest.Seal] does: an envelope that Seal made comes back byte for byte, and a v1
// entry of it verifies. For an envelope that another program spelled, keep its
// file and give it to [Bundle.WithEnvelope]; the log entry then verifies, and so
// does the bundle by itself in verifiers that compare only payload hash and
// signature with a v1 entry, such as sigstore-go. A Rekor v2 log records the
// digest of the PAE, which no spelling changes.
//
// Source: sigstore_bundle.proto of github.com/sigstore/protobuf-specs v0.5.1.
package bundle
