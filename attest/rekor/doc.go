// Package rekor submits envelopes to a Rekor transparency log and proves that
// they are in it.
//
// # Terms
//
// A [Log] is a client of one log: [V1] speaks to Rekor v1 (entry kind dsse
// v0.0.1), [V2] to Rekor v2, also called tiles (entry kind hashedrekord v0.0.2
// over the digest of the envelope's PAE). An attempt is one HTTP request that
// submits an envelope. A retry is any further attempt, always with the same bytes.
// A batch of K is K envelopes in flight together, at most c at a time: Rekor has
// no batch API.
//
// # Guarantees
//
// [SubmitBatch] gives one [Result] for each envelope, in order, and every result
// is one of three answers:
//
//   - accepted: the log returned an entry that holds our envelope's signature; [Verify]
//     proves the rest. A 409 counts only after the entry that it names was read back,
//     compared with the one made from our envelope, and its inclusion proof recomputed;
//   - not in the log: every attempt was refused before the log could store it;
//   - ambiguous: some attempt may have been stored although no answer arrived, or one
//     that does not hold. Submitting the same bytes again is safe and settles it.
//
// [Verify] needs no network: it rebuilds the log entry from our own envelope, so
// that nothing the log said is believed without its signature.
//
// Not guaranteed: that the log shows everybody the same entries. That takes
// witnesses or monitors.
//
// # Example
//
//	log, err := rekor.NewV1(rekor.Config{URL: "http://127.0.0.1:3000", Verifier: verifier})
//	batch := rekor.SubmitBatch(ctx, log, envelopes, rekor.Policy{})
//	for i, r := range batch.Results {
//		if r.Err != nil { … }
//		err := rekor.Verify(envelopes[i], verifier, r.Entry, key)
//	}
//
// Sources: Rekor v1 OpenAPI (sigstore/rekor), Rekor v2 CLIENTS.md
// (sigstore/rekor-tiles), C2SP tlog-tiles and tlog-checkpoint, RFC 6962.
package rekor
