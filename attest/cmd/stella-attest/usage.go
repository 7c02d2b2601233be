package main

const usage = `stella-attest signs scanner reports, submits them to a Rekor transparency log, and
verifies offline what came back.

  stella-attest sign   [flags] REPORT...                    report   -> NAME.dsse.json
  stella-attest submit -rekor-url URL [flags] ENVELOPE...   envelope -> NAME.sigstore.json
  stella-attest verify -key KEY -rekor-key LOG.pem [flags] BUNDLE...

Each explains its flags with -h; flags come before files. An example, on loopback:

  stella-rekor -addr 127.0.0.1:3000 -public-key log.pem       a log of one's own: keep it
                                                              running, it prints its URL
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem
  stella-attest sign -key key.pem report.json
  stella-attest submit -rekor-url http://127.0.0.1:3000 -key key.pem -rekor-key log.pem report.dsse.json
  stella-attest verify -key key.pem -rekor-key log.pem report.sigstore.json

Environment:
  STELLA_ATTEST_PASSPHRASE   the passphrase of an encrypted private key

Exit codes:
  0  all was done
  1  something failed: each failure is named with its file and reason
  2  a mistake in the command line
`

// keyUsage is common to the three commands.
const keyUsage = `  -algorithm NAME      ecdsa-sha2-256-nistp256; for Ed25519 keys ed25519 (Rekor v1
                       only, the default) or ed25519-ph (Rekor v2 only)
  -passphrase-file FILE   holds the passphrase of an encrypted private key (default:
                       the environment variable STELLA_ATTEST_PASSPHRASE)
`

const signUsage = `stella-attest sign signs scanner reports into DSSE envelopes.

  stella-attest sign [flags] REPORT...

Each REPORT is one JSON object of at most 64 MiB; "-" reads one from standard input
and writes its envelope to standard output. Beside a.json comes a.dsse.json, which
appears whole or not at all. Signing is deterministic: the same report and key give
the same bytes, so that signing again changes nothing.

Examples:
  stella-attest sign report.json
  stella-attest sign -key key.pem -statement -o envelopes reports/*.json
  stella-attest sign -key key.pem - < report.json > report.dsse.json

Flags:
  -key FILE            private key, PEM: ECDSA P-256 or Ed25519, encrypted or not
                       (default: a development key, made on first use in your
                       configuration directory, which nobody trusts)
` + keyUsage + `  -statement           sign an in-toto Statement about the report instead of the report
  -o DIR|FILE          an existing directory for the envelopes, or the file for the
                       only one (default: beside the reports)
  -force               replace files that are there and differ

Exit codes: 0 all were signed, 1 some were not, 2 a mistake in the command line.
`

const submitUsage = `stella-attest submit submits DSSE envelopes to a Rekor log, v1 or v2, and writes a
Sigstore bundle for each that is in it.

  stella-attest submit -rekor-url URL [flags] ENVELOPE...

Beside a.dsse.json comes a.sigstore.json, which appears whole or not at all. A line
on standard output says what became of each envelope:

  accepted         it is in the log
  already logged   the log had it before; its entry was read back and compared
  has a bundle     of this log already: nothing was submitted
  rejected         the log refuses it: the same file will be refused again
  not logged       surely not in the log: submit it again
  ambiguous        perhaps in the log: submit the same file again, never sign anew;
                   the log knows its own entries
  failed           the log says that it has it, but the proof or the bundle is not in
                   order

Submitting again is always safe. After Ctrl-C the bundles that are written stay, and
the same command goes on with the rest.

Examples:
  stella-attest submit -rekor-url http://127.0.0.1:3000 -key key.pem report.dsse.json
  stella-attest submit -rekor-url https://rekor.corp.example -key pub.pem \
      -rekor-key log.pem -o bundles envelopes/*.dsse.json

Flags:
  -rekor-url URL       the log: which version it is is found out (required)
  -key FILE            the key that signed, PEM: public, or private for its public half
                       (default: the development key)
` + keyUsage + `  -rekor-key FILE      the log's public key, PEM: every entry is then verified in full
                       before its bundle is written (default: left to verify)
  -origin NAME         the name that the log must sign its checkpoints with
  -batch-size N        envelopes in flight together (default %d, at most %d: measured,
                       see docs/attestation/dsse-rekor-batch-sizing.md)
  -concurrency N       attempts in flight at most; 0: as many as the batch holds
                       (default 0)
  -max-retries N       further attempts of an envelope, same bytes (default 3)
  -timeout-ms N        deadline of an attempt (default 10000; for a v2 log 30000,
                       because it answers after its next checkpoint)
  -o DIR|FILE          an existing directory for the bundles, or the file for the only
                       one (default: beside the envelopes)
  -force               submit again what has a bundle, and replace that
  -allow-public        let the log be a public one: those keep every entry for good

Exit codes: 0 all are in the log with a bundle each, 1 some are not, 2 a mistake in
the command line.
`

const verifyUsage = `stella-attest verify proves, without a network, that bundles are signed by a key and
logged by a log.

  stella-attest verify -key KEY (-rekor-key LOG.pem | -trusted-root FILE) [flags] BUNDLE...
  stella-attest verify -key KEY -no-log [flags] ENVELOPE|BUNDLE...

It checks the signature, that the log's entry was made from this very envelope, the
inclusion proof, the log's signature on its checkpoint and, for Rekor v1, on the time
of the entry. It prints what it proved, and for a failure which check it was.

Examples:
  stella-attest verify -key pub.pem -rekor-key log.pem -origin rekor.corp.example *.sigstore.json
  stella-attest verify -key pub.pem -trusted-root trusted_root.json \
      -payload-out report.json report.sigstore.json
  stella-attest verify -key pub.pem -no-log report.dsse.json

Flags:
  -key FILE            the key that is trusted, PEM: public, or private for its public
                       half (required)
` + keyUsage + `  -rekor-key FILE      the public key of the log that is trusted, PEM
  -origin NAME         the name that the log must sign its checkpoints with: for v1 its
                       host name, for v2 the checkpoint's first line (default: any)
  -trusted-root FILE   a Sigstore trusted root instead: the log is found by its id
  -no-log              check the signature alone, and say so
  -type TYPE           the payload type that is expected (default: a scanner report or
                       an in-toto Statement)
  -envelope FILE       the exact envelope, where another program than this one spelled
                       it and Rekor v1 logged it: a bundle does not hold its bytes
  -payload-out FILE    write the payload there, once all of it is verified
  -force               replace that file if it is there and differs

Exit codes: 0 all are verified, 1 some are not, 2 a mistake in the command line.
`
