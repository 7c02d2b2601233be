package attest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sigstore/sigstore/pkg/cryptoutils"
)

// developmentMark heads the file of a key made by [DevelopmentKey]. Text before a
// PEM block is a comment (RFC 7468 section 2).
const developmentMark = "Stella development key. Made on first use, trusted by nobody: do not sign releases with it.\n"

// maxKeyBytes bounds a key file; the largest real ones have a few kilobytes.
const maxKeyBytes = 64 << 10

// PrivateKey is a signing key as a file holds it.
type PrivateKey struct {
	crypto.Signer
	// Development says that the key was made by [DevelopmentKey], so that whoever
	// signs with it can be told.
	Development bool
}

// LoadKey reads a private key from a PEM file: PKCS #8, SEC 1, or one of their
// encrypted forms (PKCS #8 with a password, cosign's, sigstore's). passphrase is
// called only for an encrypted key; nil refuses those. Neither the key nor the
// passphrase appears in an error.
func LoadKey(path string, passphrase func() ([]byte, error)) (PrivateKey, error) {
	data, err := readKeyFile(path)
	if err != nil {
		return PrivateKey{}, fmt.Errorf("reading the signing key: %w", err)
	}
	if !bytes.Contains(data, []byte("ENCRYPTED")) {
		passphrase = nil // do not ask for what is not needed
	} else if passphrase == nil {
		return PrivateKey{}, fmt.Errorf("reading the signing key %s: it is encrypted and no passphrase was given", path)
	}
	var pass cryptoutils.PassFunc
	if passphrase != nil {
		pass = func(bool) ([]byte, error) { return passphrase() }
	}
	key, err := cryptoutils.UnmarshalPEMToPrivateKey(data, pass)
	if err != nil {
		return PrivateKey{}, fmt.Errorf("reading the signing key %s: %w", path, err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return PrivateKey{}, fmt.Errorf("reading the signing key %s: a key of type %T cannot sign", path, key)
	}
	if _, err := DefaultAlgorithm(signer.Public()); err != nil {
		return PrivateKey{}, fmt.Errorf("reading the signing key %s: %w", path, err)
	}
	return PrivateKey{Signer: signer, Development: bytes.HasPrefix(data, []byte(developmentMark))}, nil
}

// LoadPublicKey reads a public key from a PEM file (SubjectPublicKeyInfo).
func LoadPublicKey(path string) (crypto.PublicKey, error) {
	data, err := readKeyFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the public key: %w", err)
	}
	pub, err := cryptoutils.UnmarshalPEMToPublicKey(data)
	if err != nil {
		return nil, fmt.Errorf("reading the public key %s: %w", path, err)
	}
	return pub, nil
}

// readKeyFile reads a file or a pipe, such as a shell's <(command).
func readKeyFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular() && info.Mode()&fs.ModeNamedPipe == 0:
		return nil, fmt.Errorf("%s is not a file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxKeyBytes+1))
	if err == nil && len(data) > maxKeyBytes {
		return nil, fmt.Errorf("%s is too long: a key has at most %d bytes", path, maxKeyBytes)
	}
	return data, err
}

// DevelopmentKey reads the key at path, or makes an ECDSA P-256 key there, marked
// as a development key and readable by its owner only. Processes that start at
// the same time end up with the same key. A file at path that is no key is an
// error: it is never overwritten.
func DevelopmentKey(path string) (PrivateKey, error) {
	key, err := LoadKey(path, nil)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	fresh, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return PrivateKey{}, fmt.Errorf("making a development key: %w", err)
	}
	pem, err := cryptoutils.MarshalPrivateKeyToPEM(fresh)
	if err != nil {
		return PrivateKey{}, fmt.Errorf("making a development key: %w", err)
	}
	if err := createWhole(path, append([]byte(developmentMark), pem...)); err != nil && !errors.Is(err, fs.ErrExist) {
		return PrivateKey{}, fmt.Errorf("making a development key: %w", err)
	}
	return LoadKey(path, nil)
}

// createWhole makes a file, readable by its owner only, that appears with all its
// bytes or not at all, and fails with fs.ErrExist where there is one already: a
// link does both.
func createWhole(path string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(data)
	if err := errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	return os.Link(tmp.Name(), path)
}
