package attest_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/stretchr/testify/require"
	"github.com/youmark/pkcs8"

	"github.com/stella-ops/stella/attest"
)

func writeFile(t *testing.T, data []byte) string {
	path := filepath.Join(t.TempDir(), "key.pem")
	require.NoError(t, os.WriteFile(path, data, 0o600))
	return path
}

func TestLoadKey(t *testing.T) {
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	secret := []byte("correct horse battery staple")
	pass := func(p []byte) func() ([]byte, error) { return func() ([]byte, error) { return p, nil } }

	pkcs8PEM := func(k crypto.PrivateKey) []byte {
		out, err := cryptoutils.MarshalPrivateKeyToPEM(k)
		require.NoError(t, err)
		return out
	}
	encrypted := func(k crypto.PrivateKey) []byte {
		der, err := pkcs8.MarshalPrivateKey(k, secret, nil)
		require.NoError(t, err)
		return pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: der})
	}
	cosign := func(k crypto.PrivateKey) []byte {
		der, err := cryptoutils.MarshalPrivateKeyToEncryptedDER(k, cryptoutils.StaticPasswordFunc(secret))
		require.NoError(t, err)
		return pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED SIGSTORE PRIVATE KEY", Bytes: der})
	}
	sec1, err := x509.MarshalECPrivateKey(p256)
	require.NoError(t, err)

	for _, test := range []struct {
		name string
		file []byte
		pass func() ([]byte, error)
		want string // "" for a key that loads
	}{
		{"PKCS #8 ECDSA", pkcs8PEM(p256), nil, ""},
		{"PKCS #8 Ed25519", pkcs8PEM(ed), nil, ""},
		{"SEC 1", pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: sec1}), nil, ""},
		{"encrypted PKCS #8", encrypted(p256), pass(secret), ""},
		{"encrypted by sigstore", cosign(ed), pass(secret), ""},
		{"a comment before the key", append([]byte("A release key of Stella development.\n"), pkcs8PEM(p256)...), nil, ""},
		{"no passphrase", encrypted(p256), nil, "it is encrypted and no passphrase was given"},
		{"wrong passphrase", encrypted(p256), pass([]byte("wrong")), "decrypt"},
		{"wrong passphrase, sigstore", cosign(ed), pass([]byte("wrong")), "key.pem"},
		{"wrong curve", pkcs8PEM(p384), nil, "an ECDSA key on P-384 cannot be used: make one on P-256"},
		{"RSA", pkcs8PEM(rsaKey), nil, "make one for ECDSA on P-256 or Ed25519"},
		{"no PEM", []byte("hello"), nil, "PEM decoding failed"},
		{"empty", nil, nil, "PEM decoding failed"},
		{"huge", make([]byte, 1<<20), nil, "a key has at most"},
	} {
		t.Run(test.name, func(t *testing.T) {
			key, err := attest.LoadKey(writeFile(t, test.file), test.pass)
			if test.want != "" {
				require.ErrorContains(t, err, test.want)
				require.NotContains(t, err.Error(), string(secret))
				return
			}
			require.NoError(t, err)
			require.False(t, key.Development)
			alg, err := attest.DefaultAlgorithm(key.Public())
			require.NoError(t, err)
			_, err = attest.NewSigner(key, alg)
			require.NoError(t, err)
		})
	}
	_, err = attest.LoadKey(t.TempDir(), nil)
	require.ErrorContains(t, err, "is not a file")
	_, err = attest.LoadKey(filepath.Join(t.TempDir(), "none"), nil)
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// onlyPublic has a public half, and cannot sign: an HSM's handle, say.
type onlyPublic struct{ pub crypto.PublicKey }

func (k onlyPublic) Public() crypto.PublicKey { return k.pub }

func TestKeyMustFitAlgorithm(t *testing.T) {
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	_, err = attest.NewSigner(ed, attest.ECDSAP256SHA256)
	require.ErrorContains(t, err, "does not fit algorithm")
	_, err = attest.NewVerifier(ed.Public(), attest.ECDSAP256SHA256)
	require.ErrorContains(t, err, "does not fit algorithm")
	_, err = attest.NewSigner("key", attest.Ed25519)
	require.ErrorContains(t, err, "a key of type string cannot sign")
	_, err = attest.NewSigner(onlyPublic{ed.Public()}, attest.Ed25519)
	require.ErrorContains(t, err, "onlyPublic cannot sign")
	_, err = attest.ParseAlgorithm("rsa")
	require.ErrorContains(t, err, "choose ecdsa-sha2-256-nistp256, ed25519 or ed25519-ph")
}

func TestDevelopmentKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dev.key")
	keys := make([]attest.PrivateKey, 16)
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() {
			var err error
			keys[i], err = attest.DevelopmentKey(path)
			require.NoError(t, err)
		})
	}
	wg.Wait()
	for _, k := range keys {
		require.True(t, k.Development)
		require.Equal(t, keys[0].Public(), k.Public(), "two processes must end up with one key")
	}
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode().Perm())
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, left, 1, "temporary files left behind")

	mine := writeFile(t, []byte("no key, but somebody's file"))
	_, err = attest.DevelopmentKey(mine)
	require.Error(t, err)
	data, err := os.ReadFile(mine)
	require.NoError(t, err)
	require.Equal(t, "no key, but somebody's file", string(data), "a file that is no key was overwritten")
}

func TestKeyFromAPipeIsBounded(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	wrote := make(chan error, 1)
	go func() { wrote <- os.WriteFile(pipe, make([]byte, 1<<20), 0) }()
	_, err := attest.LoadKey(pipe, nil)
	require.ErrorContains(t, err, "a key has at most 65536 bytes")
	require.ErrorIs(t, <-wrote, syscall.EPIPE, "all of it was read")
}

func TestLoadPublicKey(t *testing.T) {
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	text, err := cryptoutils.MarshalPublicKeyToPEM(ed.Public())
	require.NoError(t, err)
	pub, err := attest.LoadPublicKey(writeFile(t, text))
	require.NoError(t, err)
	require.Equal(t, ed.Public(), pub)
	_, err = attest.LoadPublicKey(writeFile(t, []byte("x")))
	require.ErrorContains(t, err, "reading the public key")
}
