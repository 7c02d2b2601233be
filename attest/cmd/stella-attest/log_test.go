package main

import (
	"bytes"
	"context"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/attest"
	"github.com/stella-ops/stella/attest/bundle"
	"github.com/stella-ops/stella/attest/logtest"
	"github.com/stella-ops/stella/attest/rekortest"
)

// The tests of this file run the command against real logs.

// realLog is a log that runs, with the files that make it trusted.
type realLog struct {
	logtest.Log
	key, trustedRoot string // paths
}

func eachLog(t *testing.T, test func(t *testing.T, dir string, log realLog)) {
	logtest.Each(t, filepath.Join("..", "..", ".."), func(t *testing.T, log logtest.Log) {
		dir := isolate(t)
		key, err := rekortest.PublicKeyPEM(log.Key.Public)
		require.NoError(t, err)
		test(t, dir, realLog{log, write(t, dir, "log.pem", string(key)), write(t, dir, "root.json", string(log.TrustedRoot))})
	})
}

// signed makes n signed reports and returns their envelopes' paths.
func signed(t *testing.T, dir, key string, n int, args ...string) []string {
	paths := make([]string, n)
	args = append([]string{"sign", "-key", key}, args...)
	for i := range paths {
		args = append(args, write(t, dir, fmt.Sprintf("%d.json", i), fmt.Sprintf(`{"n":%d}`, i)))
		paths[i] = filepath.Join(dir, fmt.Sprintf("%d.dsse.json", i))
	}
	command(t, args...).ok(t)
	return paths
}

func bundlePath(envelope string) string {
	return strings.TrimSuffix(envelope, ".dsse.json") + bundle.Suffix
}

func (l realLog) count(t *testing.T) int {
	bodies, err := l.Entries(t.Context())
	require.NoError(t, err)
	return len(bodies)
}

func TestSignSubmitVerify(t *testing.T) {
	eachLog(t, func(t *testing.T, dir string, log realLog) {
		key, public := writeKey(t, dir, "key", ecdsaKey(t, elliptic.P256()), "")
		envelopes := signed(t, dir, key, 5)
		submit := append([]string{"submit", "-rekor-url", log.URL, "-key", public, "-rekor-key", log.key, "-origin", log.Key.Origin, "-batch-size", "2"}, envelopes...)
		got := command(t, submit...).ok(t)
		require.Equal(t, 5, strings.Count(got.stdout, "accepted"), got.stdout)
		require.Contains(t, got.stderr, "submitting batch 3 of 3 (1 envelopes)")
		require.Equal(t, log.Kind == "v2", strings.Contains(got.stderr, "may take 30 s"), got.stderr)

		// Submitting again goes on where the last run ended.
		got = command(t, submit...).ok(t)
		require.Equal(t, 5, strings.Count(got.stdout, "has a bundle"), got.stdout)
		require.NotContains(t, got.stderr, "not verified yet")
		unproved := append([]string{"submit", "-rekor-url", log.URL, "-key", public}, envelopes...)
		require.Contains(t, command(t, unproved...).ok(t).stderr, "not verified yet", "bundles that are there are not believed either")
		require.NoError(t, os.Remove(bundlePath(envelopes[3])))
		got = command(t, submit...).ok(t)
		require.Equal(t, 4, strings.Count(got.stdout, "has a bundle"), got.stdout)
		require.Equal(t, 1, strings.Count(got.stdout, "already logged  "+envelopes[3]), got.stdout)
		require.Equal(t, 5, log.count(t))

		bundles := make([]string, len(envelopes))
		for i, e := range envelopes {
			bundles[i] = bundlePath(e)
		}
		for _, trust := range [][]string{{"-rekor-key", log.key}, {"-rekor-key", log.key, "-origin", log.Key.Origin}, {"-trusted-root", log.trustedRoot}} {
			got = command(t, append(append([]string{"verify", "-key", public}, trust...), bundles...)...).ok(t)
			require.Equal(t, 5, strings.Count(got.stdout, ": verified\n"), got.stdout)
			require.Contains(t, got.stdout, "log        Rekor "+log.Kind)
			require.Contains(t, got.stdout, map[string]string{"v1": "signed by the log", "v2": "promises no time"}[log.Kind])
		}
		out := filepath.Join(dir, "payload.json")
		command(t, "verify", "-key", public, "-rekor-key", log.key, "-payload-out", out, bundles[2]).ok(t)
		require.Equal(t, `{"n":2}`, read(t, out))
	})
}

func TestStatementsAndEd25519(t *testing.T) {
	eachLog(t, func(t *testing.T, dir string, log realLog) {
		key, public := writeKey(t, dir, "key", ed25519Key(t), "")
		envelope := signed(t, dir, key, 1, "-statement", "-algorithm", string(log.Ed25519))[0]
		command(t, "submit", "-rekor-url", log.URL, "-key", public, "-algorithm", string(log.Ed25519), envelope).ok(t)
		got := command(t, "verify", "-key", public, "-algorithm", string(log.Ed25519), "-rekor-key", log.key, bundlePath(envelope)).ok(t)
		require.Contains(t, got.stdout, `predicate  "`+attest.PredicateTypeReport+`"`)

		other := map[string]string{"ed25519": "ed25519-ph", "ed25519-ph": "ed25519"}[string(log.Ed25519)]
		command(t, "verify", "-key", public, "-algorithm", other, "-rekor-key", log.key, bundlePath(envelope)).
			fails(t, 1, "does not match payload", "-algorithm names the other one")
		wrong := signed(t, dir, key, 2, "-force", "-algorithm", other)[1]
		command(t, "submit", "-rekor-url", log.URL, "-key", public, "-algorithm", other, wrong).
			fails(t, 1, "log takes no "+other+" signatures")
	})
}

// edit changes a bundle's JSON, as somebody would who wants to deceive.
func edit(t *testing.T, text string, change func(b map[string]any)) string {
	var b map[string]any
	require.NoError(t, json.Unmarshal([]byte(text), &b))
	change(b)
	out, err := json.Marshal(b)
	require.NoError(t, err)
	return string(out)
}

func at(v any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			v = v.(map[string]any)[p]
		case int:
			v = v.([]any)[p]
		}
	}
	return v
}

// flip changes the first byte of a base64 field.
func flip(t *testing.T, object any, field string) {
	o := object.(map[string]any)
	raw, err := base64.StdEncoding.DecodeString(o[field].(string))
	require.NoError(t, err)
	raw[0] ^= 1
	o[field] = base64.StdEncoding.EncodeToString(raw)
}

func TestVerifyNamesWhatIsWrong(t *testing.T) {
	eachLog(t, func(t *testing.T, dir string, log realLog) {
		key, public := writeKey(t, dir, "key", ecdsaKey(t, elliptic.P256()), "")
		_, stranger := writeKey(t, dir, "stranger", ecdsaKey(t, elliptic.P256()), "")
		envelopes := signed(t, dir, key, 2)
		for _, e := range envelopes { // one after the other, so that the second has a proof
			command(t, "submit", "-rekor-url", log.URL, "-key", public, e).ok(t)
		}
		good := read(t, bundlePath(envelopes[1]))
		first := read(t, bundlePath(envelopes[0]))
		entry := func(b map[string]any) map[string]any {
			return at(b, "verificationMaterial", "tlogEntries", 0).(map[string]any)
		}
		proof := func(b map[string]any) map[string]any { return entry(b)["inclusionProof"].(map[string]any) }
		dsse := func(b map[string]any) map[string]any { return b["dsseEnvelope"].(map[string]any) }
		bundles := map[string]string{
			"altered payload":   edit(t, good, func(b map[string]any) { flip(t, dsse(b), "payload") }),
			"altered type":      edit(t, good, func(b map[string]any) { dsse(b)["payloadType"] = attest.PayloadTypeStatement }),
			"altered signature": edit(t, good, func(b map[string]any) { flip(t, at(dsse(b), "signatures", 0), "sig") }),
			"entry of another": edit(t, good, func(b map[string]any) {
				var other map[string]any
				require.NoError(t, json.Unmarshal([]byte(first), &other))
				at(b, "verificationMaterial").(map[string]any)["tlogEntries"] = at(other, "verificationMaterial", "tlogEntries")
			}),
			"altered body":   edit(t, good, func(b map[string]any) { flip(t, entry(b), "canonicalizedBody") }),
			"altered log id": edit(t, good, func(b map[string]any) { flip(t, entry(b)["logId"], "keyId") }),
			"altered proof": edit(t, good, func(b map[string]any) {
				proof(b)["hashes"] = []any{base64.StdEncoding.EncodeToString(make([]byte, 32))}
			}),
			"altered checkpoint": edit(t, good, func(b map[string]any) {
				c := proof(b)["checkpoint"].(map[string]any)
				c["envelope"] = strings.Replace(c["envelope"].(string), "\n", "\n1", 1)
			}),
			"altered time": edit(t, good, func(b map[string]any) { entry(b)["integratedTime"] = "1" }),
			"altered SET": edit(t, good, func(b map[string]any) {
				entry(b)["inclusionPromise"] = map[string]any{"signedEntryTimestamp": "AAAA"}
			}),
			"no proof":    edit(t, good, func(b map[string]any) { delete(entry(b), "inclusionProof") }),
			"cut":         good[:len(good)/2],
			"an envelope": read(t, envelopes[1]),
			"good":        good,
		}
		for _, test := range []struct {
			bundle, want   string
			key, trust     string
			onlyV1, onlyV2 bool
		}{
			{bundle: "altered payload", want: "signature does not match payload"},
			{bundle: "altered type", want: "signature does not match payload"},
			{bundle: "altered signature", want: "signature does not match payload"},
			{bundle: "entry of another", want: "the logged entry is not made from this envelope"},
			{bundle: "altered body", want: "the logged entry is not made from this envelope"},
			{bundle: "altered log id", want: "the entry names another log"},
			{bundle: "altered log id", trust: "root", want: "the trusted root does not hold the log"},
			{bundle: "altered proof", want: "the inclusion proof does not lead to the checkpoint's root"},
			{bundle: "altered checkpoint", want: "the checkpoint is not signed by this log's key"},
			{bundle: "altered time", want: "the signed entry timestamp is not by this log's key", onlyV1: true},
			{bundle: "altered SET", want: "the signed entry timestamp is not by this log's key", onlyV1: true},
			{bundle: "no proof", want: "no inclusion proof"},
			{bundle: "cut", want: "parsing a Sigstore bundle"},
			{bundle: "an envelope", want: "has no log entry"},
			{bundle: "good", key: stranger, want: "no signature is by this key"},
			{bundle: "good", trust: "stranger", want: "the checkpoint is not signed by this log's key"},
			{bundle: "good", trust: "origin", want: `not of "rekor.example"`},
			// A v1 log is known by its id alone: its URL need not be its name.
			{bundle: "good", trust: "renamed", want: `not of "rekor.example"`, onlyV2: true},
			{bundle: "good", trust: "early", want: "did not trust the log's key at the time", onlyV1: true},
			{bundle: "good", trust: "expired", want: "did not trust the log's key at the time", onlyV1: true},
		} {
			if test.onlyV1 && log.Kind != "v1" || test.onlyV2 && log.Kind != "v2" {
				continue
			}
			args := []string{"verify", "-key", public}
			if test.key != "" {
				args[2] = test.key
			}
			switch test.trust {
			case "":
				args = append(args, "-rekor-key", log.key)
			case "stranger":
				args = append(args, "-rekor-key", stranger)
			case "origin":
				args = append(args, "-rekor-key", log.key, "-origin", "rekor.example")
			case "root":
				args = append(args, "-trusted-root", log.trustedRoot)
			case "renamed":
				args = append(args, "-trusted-root", write(t, dir, "renamed.json", edit(t, read(t, log.trustedRoot), func(r map[string]any) {
					at(r, "tlogs", 0).(map[string]any)["baseUrl"] = "https://rekor.example"
				})))
			case "early", "expired":
				bound := map[string][2]string{"early": {"start", "2999-01-01T00:00:00Z"}, "expired": {"end", "2001-01-01T00:00:00Z"}}[test.trust]
				args = append(args, "-trusted-root", write(t, dir, "bounded.json", edit(t, read(t, log.trustedRoot), func(r map[string]any) {
					at(r, "tlogs", 0, "publicKey", "validFor").(map[string]any)[bound[0]] = bound[1]
				})))
			}
			out := filepath.Join(dir, "payload.json")
			file := write(t, dir, "bad"+bundle.Suffix, bundles[test.bundle])
			got := command(t, append(args, "-payload-out", out, file)...)
			got.fails(t, 1, file+": ", test.want)
			require.NotContains(t, got.stdout, "verified", test.bundle)
			require.NoFileExists(t, out, test.bundle)
		}
	})
}

func TestAnEnvelopeOfAnotherProgram(t *testing.T) {
	eachLog(t, func(t *testing.T, dir string, log realLog) {
		key, public := writeKey(t, dir, "key", ecdsaKey(t, elliptic.P256()), "")
		ours := signed(t, dir, key, 1)[0]
		envelope := write(t, dir, "foreign.dsse.json", strings.Replace(read(t, ours), ",", ",\n  ", 1))
		got := command(t, "submit", "-rekor-url", log.URL, "-key", public, "-rekor-key", log.key, envelope).ok(t)
		require.Equal(t, log.Kind == "v1", strings.Contains(got.stdout, "keep the envelope too"), got.stdout)

		verify := []string{"verify", "-key", public, "-rekor-key", log.key}
		if log.Kind == "v1" {
			command(t, append(verify, bundlePath(envelope))...).fails(t, 1, "not made from this envelope", "-envelope")
			command(t, append(verify, "-envelope", ours, bundlePath(envelope))...).fails(t, 1, "not made from this envelope")
		} else {
			command(t, append(verify, bundlePath(envelope))...).ok(t)
		}
		command(t, append(verify, "-envelope", envelope, bundlePath(envelope))...).ok(t)
		other := write(t, dir, "other.json", strings.Replace(read(t, ours), "eyJuIjowfQ==", "eyJuIjoxfQ==", 1))
		command(t, append(verify, "-envelope", other, bundlePath(envelope))...).fails(t, 1, "-envelope", "not the one in the bundle")
	})
}

// cancelAfter is a standard output whose reader interrupts at the first line.
type cancelAfter struct {
	bytes.Buffer
	cancel context.CancelCauseFunc
}

func (c *cancelAfter) Write(p []byte) (int, error) {
	c.cancel(context.Canceled)
	return c.Buffer.Write(p)
}

func TestInterruptKeepsWhatIsLogged(t *testing.T) {
	eachLog(t, func(t *testing.T, dir string, log realLog) {
		key, public := writeKey(t, dir, "key", ecdsaKey(t, elliptic.P256()), "")
		envelopes := signed(t, dir, key, 3)
		args := append([]string{"submit", "-rekor-url", log.URL, "-key", public, "-rekor-key", log.key, "-batch-size", "1"}, envelopes...)
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		out := &cancelAfter{cancel: cancel}
		commandWith(t, ctx, "", out, args...).fails(t, 1, "2 of 3 envelopes have no bundle")
		require.Contains(t, out.String(), "accepted        "+envelopes[0])
		require.Contains(t, out.String(), "not logged      "+envelopes[1]+": not tried: context canceled")
		require.Contains(t, out.String(), "not logged      "+envelopes[2])
		require.FileExists(t, bundlePath(envelopes[0]))
		require.NoFileExists(t, bundlePath(envelopes[1]))
		require.Equal(t, 1, log.count(t))

		got := command(t, args...).ok(t)
		require.Equal(t, 2, strings.Count(got.stdout, "accepted"), got.stdout)
		require.Equal(t, 3, log.count(t))
	})
}

// A v2 log's answer to a duplicate does not say the log's id.
func TestRecoveredEntryWithoutTheLogsKey(t *testing.T) {
	eachLog(t, func(t *testing.T, dir string, log realLog) {
		key, public := writeKey(t, dir, "key", ecdsaKey(t, elliptic.P256()), "")
		envelope := signed(t, dir, key, 1)[0]
		submit := []string{"submit", "-rekor-url", log.URL, "-key", public, "-force", envelope}
		require.Contains(t, command(t, submit...).ok(t).stderr, "not verified yet")
		before := read(t, bundlePath(envelope))
		got := command(t, submit...)
		if log.Kind == "v2" {
			got.fails(t, 1, "failed", "the log says that it is entry 0", "no log id", "-rekor-key")
			require.Equal(t, before, read(t, bundlePath(envelope)))
			got = command(t, append([]string{"submit", "-rekor-key", log.key, "-origin", log.Key.Origin}, submit[1:]...)...)
			require.Contains(t, got.ok(t).stdout, "already logged")
			// The advice names no -origin: the key alone must do.
			got = command(t, append([]string{"submit", "-rekor-key", log.key}, submit[1:]...)...)
		}
		require.Contains(t, got.ok(t).stdout, "already logged")
	})
}

func TestSubmitVerifiesWithTheLogsKey(t *testing.T) {
	eachLog(t, func(t *testing.T, dir string, log realLog) {
		key, public := writeKey(t, dir, "key", ecdsaKey(t, elliptic.P256()), "")
		envelope := signed(t, dir, key, 1)[0]
		command(t, "submit", "-rekor-url", log.URL, "-key", public, "-rekor-key", public, envelope).
			fails(t, 1, "failed", "the log says that it is entry 0", "not signed by this log's key")
		require.NoFileExists(t, bundlePath(envelope))

		// A bundle that was there before is not believed either.
		submit := []string{"submit", "-rekor-url", log.URL, "-key", public, "-rekor-key", log.key, envelope}
		command(t, submit...).ok(t)
		altered := edit(t, read(t, bundlePath(envelope)), func(b map[string]any) {
			flip(t, at(b, "verificationMaterial", "tlogEntries", 0, "logId"), "keyId")
		})
		require.NoError(t, os.WriteFile(bundlePath(envelope), []byte(altered), 0o644))
		command(t, submit...).fails(t, 1, "exists and differs", "the entry names another log", "nothing was")
		require.Equal(t, altered, read(t, bundlePath(envelope)))

		// Without the key it is at least of this envelope.
		altered = edit(t, altered, func(b map[string]any) {
			flip(t, at(b, "verificationMaterial", "tlogEntries", 0), "canonicalizedBody")
		})
		require.NoError(t, os.WriteFile(bundlePath(envelope), []byte(altered), 0o644))
		command(t, "submit", "-rekor-url", log.URL, "-key", public, envelope).fails(t, 1, "exists and differs", "not made from this envelope", "nothing was")
	})
}

func TestABundleOfAnotherLogIsNotReplaced(t *testing.T) {
	dir := isolate(t)
	key, public := writeKey(t, dir, "key", ecdsaKey(t, elliptic.P256()), "")
	envelope := signed(t, dir, key, 1)[0]
	for i, hostname := range []string{"one.localhost", "two.localhost"} {
		log, err := rekortest.StartV1(t.Context(), rekortest.V1Config{Hostname: hostname})
		require.NoError(t, err)
		got := command(t, "submit", "-rekor-url", log.URL(), "-key", public, envelope)
		if i == 0 {
			got.ok(t)
		} else {
			got.fails(t, 1, "not logged", `of the log "one.localhost - `, "-force")
		}
		require.NoError(t, log.Close(context.Background()))
	}
}

func TestAmbiguousIsSettledBySubmittingAgain(t *testing.T) {
	dir := isolate(t)
	log, err := rekortest.StartV1(t.Context(), rekortest.V1Config{Manual: true})
	require.NoError(t, err)
	defer func() { require.NoError(t, log.Close(context.Background())) }()
	key, public := writeKey(t, dir, "key", ecdsaKey(t, elliptic.P256()), "")
	envelope := signed(t, dir, key, 1)[0]
	submit := []string{"submit", "-rekor-url", log.URL(), "-key", public, "-max-retries", "0"}

	command(t, append(submit, "-timeout-ms", "300", envelope)...).
		fails(t, 1, "ambiguous", "may be in the log, submit it again", "after 1 attempts")
	require.NoFileExists(t, bundlePath(envelope))
	n, err := log.Sequence(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Contains(t, command(t, append(submit, envelope)...).ok(t).stdout, "already logged")
}
