// Package rekortest runs real Rekor transparency logs for tests and
// measurements, on loopback, without a container, a database or a network.
//
// # Terms
//
//   - V1 is sigstore/rekor with google/trillian beside it, both in this process:
//     an entry is answered after the sequencer's next pass.
//   - V2 is the rekor-tiles server as a child process, with a small front of ours
//     that serves the checkpoint and the tiles the child writes but does not
//     serve: an entry is answered after the next checkpoint.
//   - The proxy stands in front of either log and does on purpose what networks
//     and operators do: limits, delays, resets and cut replies. A fault "before"
//     never reaches the log; a fault "after" is committed first, so the client
//     fails and the entry exists.
//   - The truth is what [V1.Entries] and [V2.Entries] return: the entry bodies
//     read from the log's own storage, past every API, and checked to hash to
//     the log's signed root. Tests count envelopes there, not in replies.
//
// # Guarantees
//
// Everything listens on loopback only; another address is refused. Close drains
// what is in flight and leaves no goroutine, file or process behind. On Linux
// the child of V2 dies with its parent even when that is killed. The logs are
// the projects' released code with their own checks; ours is only the wiring,
// the in-memory store's deduplication (memstore.go) and the read front of V2.
//
// Not guaranteed: durability (the memory store of V1 is gone at Close), and the
// speed of a deployed log. What a sweep measures here binds to the settings that
// GET /.stella/settings reports, and to this machine.
//
// Rekor v1 keeps its state in package variables, so one V1 runs at a time in a
// process: see [ErrV1Running].
//
// # Example
//
//	log, err := rekortest.StartV1(ctx, rekortest.V1Config{})
//	defer log.Close(context.Background())
//	resp, err := http.Post(log.URL()+"/api/v1/log/entries", "application/json", body)
//	bodies, err := log.Entries(ctx)
//
// The same with replies that get lost after the commit:
//
//	target, err := url.Parse(log.URL())
//	proxy, err := rekortest.StartProxy(ctx, target, rekortest.ProxyConfig{
//		Choose: rekortest.RandomFaults(1, 0.1, rekortest.ResetAfter, rekortest.Truncate),
//	})
//	defer proxy.Close(context.Background())
//	// submit to proxy.URL(), then compare with log.Entries
//
// Importing this package links Rekor and Trillian, over a thousand packages: only
// its own tests, integration tests and attest/cmd/stella-rekor do. Everything
// else runs that command and speaks HTTP.
//
// Sources: github.com/sigstore/rekor, github.com/google/trillian,
// github.com/sigstore/rekor-tiles, https://c2sp.org/tlog-tiles,
// https://c2sp.org/signed-note.
package rekortest
