package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/attest"
)

// outcome is what a run of the command leaves behind for its caller.
type outcome struct {
	code           int
	stdout, stderr string
}

// command runs the command as main does.
func command(t *testing.T, args ...string) outcome {
	return commandWith(t, t.Context(), "", nil, args...)
}

// commandWith runs it with a context, a standard input and, if it is not nil,
// another standard output.
func commandWith(_ *testing.T, ctx context.Context, stdin string, out io.Writer, args ...string) outcome {
	var stdout, stderr bytes.Buffer
	if out == nil {
		out = &stdout
	}
	err := run(ctx, args, strings.NewReader(stdin), out, &stderr)
	code := report(&stderr, err)
	return outcome{code, stdout.String(), stderr.String()}
}

func (o outcome) ok(t *testing.T) outcome {
	t.Helper()
	require.Equal(t, 0, o.code, "stdout: %s\nstderr: %s", o.stdout, o.stderr)
	return o
}

// fails wants an exit code and words of the error.
func (o outcome) fails(t *testing.T, code int, words ...string) {
	t.Helper()
	require.Equal(t, code, o.code, "stdout: %s\nstderr: %s", o.stdout, o.stderr)
	for _, w := range words {
		require.Contains(t, o.stdout+o.stderr, w)
	}
}

// isolate gives a test a directory and a home of its own.
func isolate(t *testing.T) (dir string) {
	dir = t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(dir, "config"))
	t.Setenv("HOME", dir)
	t.Setenv(passphraseVariable, "")
	os.Unsetenv(passphraseVariable) // Setenv above restores it
	return dir
}

func write(t *testing.T, dir, name, text string) string {
	path := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	return path
}

func read(t *testing.T, path string) string {
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(data)
}

// files lists a directory, to see that nothing half-written stays.
func files(t *testing.T, dir string) []string {
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// writeKey writes both halves of a key, and returns their paths.
func writeKey(t *testing.T, dir, name string, key crypto.Signer, passphrase string) (private, public string) {
	var pass cryptoutils.PassFunc
	if passphrase != "" {
		pass = func(bool) ([]byte, error) { return []byte(passphrase), nil }
	}
	var data []byte
	var err error
	if pass == nil {
		data, err = cryptoutils.MarshalPrivateKeyToPEM(key)
	} else {
		data, err = cryptoutils.MarshalPrivateKeyToEncryptedDER(key, pass)
		data = cryptoutils.PEMEncode(cryptoutils.EncryptedSigstorePrivateKeyPEMType, data)
	}
	require.NoError(t, err)
	pub, err := cryptoutils.MarshalPublicKeyToPEM(key.Public())
	require.NoError(t, err)
	return write(t, dir, name+".pem", string(data)), write(t, dir, name+".pub.pem", string(pub))
}

func ecdsaKey(t *testing.T, curve elliptic.Curve) crypto.Signer {
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	require.NoError(t, err)
	return key
}

func ed25519Key(t *testing.T) crypto.Signer {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	return key
}

func TestUsage(t *testing.T) {
	for want, args := range map[string][]string{
		"signs scanner reports, submits": {"-h"},
		"-statement":                     {"sign", "-h"},
		fmt.Sprintf("at most %d", attest.HardMaxDsseRekorBatchSize): {"submit", "--help"},
		"-trusted-root FILE": {"verify", "-help"},
	} {
		require.Contains(t, command(t, args...).ok(t).stdout, want)
	}
	for want, args := range map[string][]string{
		"give a command":              nil,
		`"sing" is no command`:        {"sing"},
		"not defined: -x":             {"sign", "-x"},
		"no reports are named":        {"sign"},
		`"-" must be the only report`: {"sign", "-", "a.json"},
		"is an output of this":        {"sign", "a.dsse.json"},
		"-rekor-url is required":      {"submit", "a.dsse.json"},
		"no envelopes are named":      {"submit", "-rekor-url", "http://127.0.0.1:1"},
		"dsse-rekor-batch-sizing.md":  {"submit", "-rekor-url", "http://127.0.0.1:1", "-batch-size", "101", "a.dsse.json"},
		"-batch-size is 0":            {"submit", "-rekor-url", "http://127.0.0.1:1", "-batch-size", "0", "a.dsse.json"},
		"-concurrency is -1":          {"submit", "-rekor-url", "http://127.0.0.1:1", "-concurrency", "-1", "a.dsse.json"},
		"-max-retries is -1":          {"submit", "-rekor-url", "http://127.0.0.1:1", "-max-retries", "-1", "a.dsse.json"},
		"-timeout-ms is 0":            {"submit", "-rekor-url", "http://127.0.0.1:1", "-timeout-ms", "0", "a.dsse.json"},
		"-key is required":            {"verify", "-no-log", "a"},
		"no log is trusted":           {"verify", "-key", "k", "a"},
		"give one of":                 {"verify", "-key", "k", "-no-log", "-rekor-key", "k", "a"},
		"-origin names the log":       {"verify", "-key", "k", "-no-log", "-origin", "o", "a"},
		"-envelope is for the log's":  {"verify", "-key", "k", "-no-log", "-envelope", "e", "a"},
		"no bundles are named":        {"verify", "-key", "k", "-no-log"},
		"one bundle at a time":        {"verify", "-key", "k", "-no-log", "-payload-out", "p", "a", "b"},
		// An unset variable, or a "no", must not leave out a check or change who is trusted.
		"-key is empty":                        {"verify", "-key", "", "-no-log", "a"},
		"-rekor-key is empty":                  {"verify", "-key", "k", "-rekor-key", "", "a"},
		"-trusted-root is empty":               {"verify", "-key", "k", "-trusted-root=", "a"},
		"-type is empty":                       {"verify", "-key", "k", "-no-log", "-type", "", "a"},
		"no log is trusted: give its key":      {"verify", "-key", "k", "-no-log=false", "a"},
		"-rekor-key is empty: leave":           {"submit", "-rekor-url", "http://127.0.0.1:1", "-rekor-key", "", "a.dsse.json"},
		"-key is empty: leave":                 {"sign", "-key", "", "a.json"},
		"-key stands behind the files":         {"verify", "a", "-key", "k", "-no-log"},
		"-force stands behind the files":       {"sign", "a.json", "-force"},
		"-rekor-url stands behind the files":   {"submit", "a.dsse.json", "-rekor-url=http://127.0.0.1:1"},
		"-batch-size is 9223372036854775807: ": {"submit", "-rekor-url", "http://127.0.0.1:1", "-batch-size", "9223372036854775807", "a.dsse.json"},
		"-timeout-ms is 9223372036854775807":   {"submit", "-rekor-url", "http://127.0.0.1:1", "-timeout-ms", "9223372036854775807", "a.dsse.json"},
	} {
		command(t, args...).fails(t, 2, want, "-h explains the command line")
	}
}

func TestSignIsDeterministicAndOverwritesNothing(t *testing.T) {
	dir := isolate(t)
	key, _ := writeKey(t, dir, "key", ecdsaKey(t, elliptic.P256()), "")
	report := write(t, dir, "a.json", `{"n":1}`)
	envelope := filepath.Join(dir, "a.dsse.json")

	got := command(t, "sign", "-key", key, report).ok(t)
	require.Equal(t, report+" -> "+envelope+"\n", got.stdout)
	require.Empty(t, got.stderr)
	first := read(t, envelope)
	env, err := attest.ParseEnvelope([]byte(first))
	require.NoError(t, err)
	require.Equal(t, attest.PayloadTypeReport, env.PayloadType())
	require.Equal(t, `{"n":1}`, string(env.Payload()))

	command(t, "sign", "-key", key, report).ok(t)
	require.Equal(t, first, read(t, envelope))

	write(t, dir, "a.json", `{"n":2}`)
	command(t, "sign", "-key", key, report).fails(t, 1, "exists and differs", "-force", "1 of 1 reports")
	require.Equal(t, first, read(t, envelope))
	command(t, "sign", "-key", key, "-force", report).ok(t)
	require.NotEqual(t, first, read(t, envelope))

	require.Equal(t, read(t, envelope), commandWith(t, t.Context(), `{"n":2}`, nil, "sign", "-key", key, "-").ok(t).stdout)
	require.ElementsMatch(t, []string{"a.json", "a.dsse.json", "key.pem", "key.pub.pem"}, files(t, dir))
}

func TestSignStatementsIntoADirectory(t *testing.T) {
	dir := isolate(t)
	key, public := writeKey(t, dir, "key", ed25519Key(t), "")
	a, b := write(t, dir, "a.json", `{"n":1}`), write(t, dir, "b.json", `{"n":2}`)
	out := filepath.Join(dir, "out")
	command(t, "sign", "-key", key, "-statement", "-o", out, a, b).fails(t, 1, "make it first")
	require.NoError(t, os.Mkdir(out, 0o755))
	command(t, "sign", "-key", key, "-statement", "-o", out, a, b).ok(t)
	require.Equal(t, []string{"a.dsse.json", "b.dsse.json"}, files(t, out))

	got := command(t, "verify", "-key", public, "-no-log", filepath.Join(out, "a.dsse.json"), filepath.Join(out, "b.dsse.json")).ok(t)
	require.Contains(t, got.stdout, `subject    "b" "sha256:`)
	require.Contains(t, got.stdout, "log        not checked (-no-log)")

	require.NoError(t, os.Mkdir(filepath.Join(dir, "other"), 0o755))
	command(t, "sign", "-key", key, "-o", out, a, write(t, dir, "other/a.json", `{}`)).fails(t, 1, "would both become")
}

func TestDevelopmentKeyWarnsEachTime(t *testing.T) {
	dir := isolate(t)
	report := write(t, dir, "a.json", `{}`)
	for range 2 {
		got := command(t, "sign", report).ok(t)
		require.Contains(t, got.stderr, "warning: signing with the development key")
	}
	path, err := developmentPath()
	require.NoError(t, err)
	command(t, "verify", "-key", path, "-no-log", filepath.Join(dir, "a.dsse.json")).ok(t)
}

func TestPassphrases(t *testing.T) {
	dir := isolate(t)
	const secret = "correct horse"
	key, public := writeKey(t, dir, "key", ecdsaKey(t, elliptic.P256()), secret)
	report, envelope := write(t, dir, "a.json", `{}`), filepath.Join(dir, "a.dsse.json")

	command(t, "sign", "-key", key, report).fails(t, 1, "is encrypted", "-passphrase-file", passphraseVariable)
	command(t, "sign", "-key", key, "-passphrase-file", filepath.Join(dir, "none"), report).fails(t, 1, "-passphrase-file", "no such file")
	wrong := command(t, "sign", "-key", key, "-passphrase-file", write(t, dir, "wrong", "battery staple\n"), report)
	wrong.fails(t, 1, "reading the signing key")
	require.NotContains(t, wrong.stderr+wrong.stdout, "battery")
	require.NoFileExists(t, envelope)

	got := command(t, "sign", "-key", key, "-passphrase-file", write(t, dir, "right", secret+"\n"), report).ok(t)
	require.NotContains(t, got.stderr+got.stdout, secret)
	command(t, "verify", "-key", public, "-no-log", envelope).ok(t)
	t.Setenv(passphraseVariable, secret)
	command(t, "sign", "-key", key, report).ok(t)
	command(t, "verify", "-key", key, "-no-log", envelope).ok(t)
}

func TestSignRefusesBadReports(t *testing.T) {
	dir := isolate(t)
	key, _ := writeKey(t, dir, "key", ecdsaKey(t, elliptic.P256()), "")
	huge := write(t, dir, "huge.json", "")
	require.NoError(t, os.Truncate(huge, 70<<20)) // sparse: nothing is written
	out := filepath.Join(dir, "out")
	require.NoError(t, os.Mkdir(out, 0o755))
	good := write(t, dir, "good.json", `{}`)

	for want, report := range map[string]string{
		"unexpected end of JSON input": write(t, dir, "empty.json", ""),
		"unexpected end of JSON":       write(t, dir, "cut.json", `{"findings":[`),
		"invalid character":            write(t, dir, "text.json", "no JSON"),
		"cannot unmarshal array":       write(t, dir, "list.json", "[]"),
		"not null":                     write(t, dir, "null.json", "null"),
		"after top-level value":        write(t, dir, "two.json", "{}{}"),
		"over the size limit":          huge,
		"no such file":                 filepath.Join(dir, "none.json"),
		"not a directory":              filepath.Join(good, "inside.json"),
		"is a directory":               out,
	} {
		for _, mode := range []string{"-statement=false", "-statement"} {
			command(t, "sign", "-key", key, mode, "-o", out, report).fails(t, 1, want, report, "1 of 1 reports were not signed")
			require.Empty(t, files(t, out), want)
		}
	}
	// One bad report does not keep the others from being signed.
	command(t, "sign", "-key", key, "-o", out, huge, good).fails(t, 1, "1 of 2 reports")
	require.Equal(t, []string{"good.dsse.json"}, files(t, out))
	commandWith(t, t.Context(), "no JSON", nil, "sign", "-key", key, "-").fails(t, 1, "standard input", "invalid character")
	endless := "{" + strings.Repeat(" ", attest.MaxPayloadBytes) + "}"
	commandWith(t, t.Context(), endless, nil, "sign", "-key", key, "-").fails(t, 1, "standard input: over the size limit")
}

func TestSignRefusesBadKeys(t *testing.T) {
	dir := isolate(t)
	report := write(t, dir, "a.json", `{}`)
	p384, _ := writeKey(t, dir, "p384", ecdsaKey(t, elliptic.P384()), "")
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	rsa2048, _ := writeKey(t, dir, "rsa", rsaKey, "")
	good, public := writeKey(t, dir, "good", ecdsaKey(t, elliptic.P256()), "")
	for _, test := range []struct {
		want string
		args []string
	}{
		{"make one on P-256", []string{"-key", p384}},
		{"make one for ECDSA on P-256 or Ed25519", []string{"-key", rsa2048}},
		{"reading the signing key", []string{"-key", public}},
		{"reading the signing key", []string{"-key", report}},
		{"no such file", []string{"-key", filepath.Join(dir, "none.pem")}},
		{"is not a file", []string{"-key", dir}},
		{"does not fit algorithm", []string{"-key", good, "-algorithm", "ed25519"}},
		{"unknown algorithm", []string{"-key", good, "-algorithm", "rot13"}},
	} {
		command(t, append(append([]string{"sign"}, test.args...), report)...).fails(t, 1, test.want)
		require.NoFileExists(t, filepath.Join(dir, "a.dsse.json"))
	}
	_, p384public := writeKey(t, dir, "p384", ecdsaKey(t, elliptic.P384()), "")
	command(t, "verify", "-key", p384public, "-no-log", report).fails(t, 1, "make one on P-256")
}

func TestFullDisk(t *testing.T) {
	const full = "/dev/full"
	if _, err := os.Stat(full); err != nil {
		require.NotEqual(t, "true", os.Getenv("CI"), "CI must have a device that is always full: %v", err)
		t.Skipf("this system has no device that is always full: %v", err)
	}
	dir := isolate(t)
	key, public := writeKey(t, dir, "key", ecdsaKey(t, elliptic.P256()), "")
	report := write(t, dir, "a.json", `{}`)
	command(t, "sign", "-key", key, "-o", full, report).fails(t, 1, "no space left on device")
	command(t, "sign", "-key", key, report).ok(t)
	envelope := filepath.Join(dir, "a.dsse.json")
	command(t, "verify", "-key", public, "-no-log", "-payload-out", full, envelope).fails(t, 1, "-payload-out", "no space left on device")

	stdout, err := os.OpenFile(full, os.O_WRONLY, 0)
	require.NoError(t, err)
	defer stdout.Close()
	for _, args := range [][]string{
		{"verify", "-key", public, "-no-log", envelope},
		{"sign", "-key", key, report},
		{"sign", "-h"},
	} {
		commandWith(t, t.Context(), "", stdout, args...).fails(t, 1, "writing the output", "no space left on device")
	}
}

func TestVerifyWithoutALogNamesWhatIsWrong(t *testing.T) {
	dir := isolate(t)
	key, public := writeKey(t, dir, "key", ecdsaKey(t, elliptic.P256()), "")
	_, stranger := writeKey(t, dir, "stranger", ecdsaKey(t, elliptic.P256()), "")
	command(t, "sign", "-key", key, write(t, dir, "a.json", `{"n":1}`)).ok(t)
	good := read(t, filepath.Join(dir, "a.dsse.json"))
	out := filepath.Join(dir, "out.json")
	altered := func(old, new string) string {
		require.Contains(t, good, old)
		return strings.Replace(good, old, new, 1)
	}
	for _, test := range []struct{ name, text, key, want string }{
		{"empty", "", public, "unexpected token"},
		{"no envelope", `{"n":1}`, public, "unknown field"},
		{"cut", good[:len(good)/2], public, "parsing a Sigstore bundle"},
		{"payload", altered("eyJuIjoxfQ==", "eyJuIjoyfQ=="), public, "does not match payload"},
		{"payload type", altered(attest.PayloadTypeReport, "text/plain"), public, "does not match payload"},
		{"signature", altered(`"sig":"ME`, `"sig":"MF`), public, "does not match payload"},
		{"another key", good, stranger, "no signature is by this key"},
	} {
		file := write(t, dir, "bad.json", test.text)
		command(t, "verify", "-key", test.key, "-no-log", "-payload-out", out, file).fails(t, 1, file, test.want)
		require.NoFileExists(t, out, test.name)
	}
	envelope := filepath.Join(dir, "a.dsse.json")
	command(t, "verify", "-key", public, "-no-log", "-type", "text/plain", envelope).fails(t, 1, "payload type is not the expected one")
	command(t, "verify", "-key", public, "-rekor-key", public, envelope).fails(t, 1, "has no log entry", "-no-log")

	command(t, "verify", "-key", public, "-no-log", "-payload-out", out, envelope).ok(t)
	require.Equal(t, `{"n":1}`, read(t, out))
	write(t, dir, "out.json", "mine")
	command(t, "verify", "-key", public, "-no-log", "-payload-out", out, envelope).fails(t, 1, "exists and differs: name another place, or")
	require.Equal(t, "mine", read(t, out))
}

func TestVerifyRefusesBadTrust(t *testing.T) {
	dir := isolate(t)
	_, public := writeKey(t, dir, "key", ecdsaKey(t, elliptic.P256()), "")
	for want, root := range map[string]string{
		"no Sigstore trusted root":   "x",
		"its media type is":          "{}",
		"holds no transparency log":  `{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}`,
		"want a Sigstore trusted ro": `{"mediaType":"application/json"}`,
	} {
		command(t, "verify", "-key", public, "-trusted-root", write(t, dir, "root.json", root), "a").fails(t, 1, want)
	}
	command(t, "verify", "-key", public, "-trusted-root", dir, "a").fails(t, 1, "is a directory")
	command(t, "verify", "-key", public, "-rekor-key", filepath.Join(dir, "root.json"), "a").fails(t, 1, "-rekor-key")
}

func TestSubmitRefusesBeforeItSubmits(t *testing.T) {
	dir := isolate(t)
	key, public := writeKey(t, dir, "key", ecdsaKey(t, elliptic.P256()), "")
	_, stranger := writeKey(t, dir, "stranger", ecdsaKey(t, elliptic.P256()), "")
	command(t, "sign", "-key", key, write(t, dir, "a.json", `{"n":1}`)).ok(t)
	good := filepath.Join(dir, "a.dsse.json")
	altered := strings.Replace(read(t, good), "eyJuIjoxfQ==", "eyJuIjoyfQ==", 1)
	twice := strings.Replace(read(t, good), `"signatures":[`, `"signatures":[{"sig":"YQ=="},`, 1)

	page := httptest.NewServer(http.NotFoundHandler())
	defer page.Close()
	html := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>") }))
	defer html.Close()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	out := filepath.Join(dir, "out")
	require.NoError(t, os.Mkdir(out, 0o755))
	taken := write(t, dir, "taken.sigstore.json", "mine")

	for _, test := range []struct {
		name string
		want []string
		args []string
	}{
		{"scheme", []string{"want http:// or https://"}, []string{"-rekor-url", "ftp://127.0.0.1", good}},
		{"no URL", []string{"want http:// or https://"}, []string{"-rekor-url", "rekor", good}},
		{"no server", []string{"no Rekor log answers", "connection refused"}, []string{"-rekor-url", closed.URL, good}},
		{"another server", []string{"no Rekor log answers", "HTTP 404"}, []string{"-rekor-url", page.URL, good}},
		{"a web page", []string{"no Rekor log answers", "is no Rekor v1 log"}, []string{"-rekor-url", html.URL, good}},
		{"public", []string{"is a public log", "-allow-public"}, []string{"-rekor-url", "https://203.0.113.1", good}},
		{"no envelope", []string{`no "payload"`, "sign it first", "nothing was"}, []string{"-rekor-url", page.URL, filepath.Join(dir, "a.json")}},
		{"altered", []string{"does not match payload", "nothing was"}, []string{"-rekor-url", page.URL, write(t, dir, "altered.json", altered)}},
		{"two signatures", []string{"2 signatures"}, []string{"-rekor-url", page.URL, write(t, dir, "twice.json", twice)}},
		{"another key", []string{"no signature is by this key"}, []string{"-key", stranger, "-rekor-url", page.URL, good}},
		{"bad log key", []string{"-rekor-key"}, []string{"-rekor-key", good, "-rekor-url", page.URL, good}},
		{"no file", []string{"no regular file", "is read twice", "nothing was"}, []string{"-rekor-url", page.URL, os.DevNull}},
		{"one good, one missing", []string{"no such file", "1 of 2"}, []string{"-rekor-url", page.URL, good, filepath.Join(dir, "none.dsse.json")}},
		{"output taken", []string{"exists and differs"}, []string{"-rekor-url", page.URL, "-o", taken, good}},
		{"output missing", []string{"make it first"}, []string{"-rekor-url", page.URL, "-o", filepath.Join(dir, "none") + "/", good}},
	} {
		args := append([]string{"submit", "-key", public, "-o", out}, test.args...)
		command(t, args...).fails(t, 1, test.want...)
		require.Empty(t, files(t, out), test.name)
	}
	require.Equal(t, "mine", read(t, taken))
	command(t, "submit", "-rekor-url", page.URL, good).fails(t, 1, "no development key")
}
