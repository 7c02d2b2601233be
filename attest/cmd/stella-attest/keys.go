package main

import (
	"bytes"
	"crypto"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/stella-ops/stella/attest"
)

// passphraseVariable names the environment variable that holds a passphrase.
const passphraseVariable = "STELLA_ATTEST_PASSPHRASE"

// keyFlags say which key signed, or signs.
type keyFlags struct {
	path, algorithm, passphraseFile string
}

func (k *keyFlags) register(fs *flag.FlagSet) {
	fs.StringVar(&k.path, "key", "", "")
	fs.StringVar(&k.algorithm, "algorithm", "", "")
	fs.StringVar(&k.passphraseFile, "passphrase-file", "", "")
}

// signer loads the private key, or makes the development key. It also says of the
// latter where it is.
func (k keyFlags) signer() (s attest.Signer, developmentKey string, err error) {
	path := k.path
	var key attest.PrivateKey
	if path == "" {
		if path, err = developmentPath(); err != nil {
			return nil, "", err
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, "", fmt.Errorf("no place for a development key: %w; give a key with -key", err)
		}
		key, err = attest.DevelopmentKey(path)
	} else {
		key, err = attest.LoadKey(path, k.passphrase)
	}
	if err != nil {
		return nil, "", fmt.Errorf("-key: %w", err)
	}
	alg, err := k.algorithmOf(key.Public())
	if err != nil {
		return nil, "", err
	}
	s, err = attest.NewSigner(key.Signer, alg)
	if err != nil {
		return nil, "", fmt.Errorf("-key %s: %w", path, err)
	}
	if key.Development {
		developmentKey = path
	}
	return s, developmentKey, nil
}

// verifier loads a public key, or the public half of a private one.
func (k keyFlags) verifier() (*attest.Verifier, error) {
	path := k.path
	if path == "" {
		var err error
		if path, err = developmentPath(); err != nil {
			return nil, err
		}
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("no -key is given, and there is no development key either: %w", err)
		}
	}
	pub, err := k.public(path)
	if err != nil {
		return nil, fmt.Errorf("-key: %w", err)
	}
	alg, err := k.algorithmOf(pub)
	if err != nil {
		return nil, err
	}
	v, err := attest.NewVerifier(pub, alg)
	if err != nil {
		return nil, fmt.Errorf("-key %s: %w", path, err)
	}
	return v, nil
}

func (k keyFlags) public(path string) (crypto.PublicKey, error) {
	pub, err := attest.LoadPublicKey(path)
	if err == nil {
		return pub, nil
	}
	const keyLimit = 64 << 10
	if data, readErr := readFile(path, keyLimit); readErr != nil || !bytes.Contains(data, []byte("PRIVATE KEY-----")) {
		return nil, err
	}
	key, err := attest.LoadKey(path, k.passphrase)
	if err != nil {
		return nil, err
	}
	return key.Public(), nil
}

func (k keyFlags) algorithmOf(pub crypto.PublicKey) (attest.Algorithm, error) {
	if k.algorithm != "" {
		alg, err := attest.ParseAlgorithm(k.algorithm)
		if err != nil {
			return "", fmt.Errorf("-algorithm: %w", err)
		}
		return alg, nil
	}
	alg, err := attest.DefaultAlgorithm(pub)
	if err != nil {
		return "", fmt.Errorf("-key %s: %w", k.path, err)
	}
	return alg, nil
}

// passphrase is called for an encrypted key only. Nothing prints what it returns.
func (k keyFlags) passphrase() ([]byte, error) {
	if k.passphraseFile == "" {
		if p, ok := os.LookupEnv(passphraseVariable); ok {
			return []byte(p), nil
		}
		return nil, errors.New("it is encrypted: give its passphrase with -passphrase-file or " + passphraseVariable)
	}
	const passphraseLimit = 4 << 10
	data, err := readFile(k.passphraseFile, passphraseLimit)
	if err != nil {
		return nil, fmt.Errorf("-passphrase-file: %w", err)
	}
	return bytes.TrimRight(data, "\r\n"), nil
}

// developmentPath is where the development key is. The key is made once for all
// programs that sign.
func developmentPath() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("no place for a development key: %w; give a key with -key", err)
	}
	return filepath.Join(dir, "stella", "development-key.pem"), nil
}
