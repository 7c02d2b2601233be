package rekortest

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	common "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
)

// signerSetting is the value of Rekor's signer setting for key. Rekor takes
// "memory" or a path, so a given key passes through a file that forget removes;
// Rekor reads it once, while it is configured.
func signerSetting(key crypto.Signer) (setting string, forget func(), err error) {
	if key == nil {
		return "memory", func() {}, nil
	}
	block, err := privatePEM(key)
	if err != nil {
		return "", nil, err
	}
	f, err := os.CreateTemp("", "stella-rekor-key-*.pem") // mode 0600
	if err != nil {
		return "", nil, fmt.Errorf("writing the log's key for Rekor to read: %w", err)
	}
	forget = func() { os.Remove(f.Name()) }
	_, err = f.Write(block)
	if err = errors.Join(err, f.Close()); err != nil {
		forget()
		return "", nil, fmt.Errorf("writing the log's key for Rekor to read: %w", err)
	}
	return f.Name(), forget, nil
}

func privatePEM(key crypto.Signer) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encoding the log's key, want an ECDSA, Ed25519 or RSA private key of the standard library: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

func parsePrivatePEM(data []byte) (crypto.Signer, error) {
	block, _ := pem.Decode(data)
	if block == nil || block.Type != "PRIVATE KEY" {
		return nil, errors.New(`no PEM block "PRIVATE KEY"`)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("a %T cannot sign", key)
	}
	return signer, nil
}

// PublicKeyPEM encodes a log's public key as a PEM block "PUBLIC KEY" (PKIX).
func PublicKeyPEM(key crypto.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, fmt.Errorf("encoding a log's public key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

// fetchPublicKey asks a v1 log for its key.
func fetchPublicKey(ctx context.Context, url string) (crypto.PublicKey, error) {
	body, err := get(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("asking the log for its key: %w", err)
	}
	block, _ := pem.Decode(body)
	if block == nil {
		return nil, fmt.Errorf("asking the log for its key: %s answered %q, want PEM", url, body)
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("reading the key at %s: %w", url, err)
	}
	return key, nil
}

// get fetches a small document on a connection of its own: one that is kept
// would be a goroutine that outlives the log.
func get(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	req.Close = true
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s: %.200q", url, resp.Status, body)
	}
	return body, err
}

// keyDetails names a key's algorithm as Sigstore's trusted root does.
func keyDetails(key crypto.PublicKey) (common.PublicKeyDetails, error) {
	switch k := key.(type) {
	case ed25519.PublicKey:
		return common.PublicKeyDetails_PKIX_ED25519, nil
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P256():
			return common.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256, nil
		case elliptic.P384():
			return common.PublicKeyDetails_PKIX_ECDSA_P384_SHA_384, nil
		case elliptic.P521():
			return common.PublicKeyDetails_PKIX_ECDSA_P521_SHA_512, nil
		}
	case *rsa.PublicKey:
		switch k.N.BitLen() {
		case 2048:
			return common.PublicKeyDetails_PKIX_RSA_PKCS1V15_2048_SHA256, nil
		case 3072:
			return common.PublicKeyDetails_PKIX_RSA_PKCS1V15_3072_SHA256, nil
		case 4096:
			return common.PublicKeyDetails_PKIX_RSA_PKCS1V15_4096_SHA256, nil
		}
	}
	return 0, fmt.Errorf("naming the algorithm of a log's key (%T): want ECDSA P-256, P-384 or P-521, Ed25519, or RSA of 2048, 3072 or 4096 bits", key)
}
