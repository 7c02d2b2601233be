package rekortest_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// These requests are written by hand, from Rekor's API description and the DSSE
// specification: a helper shared with the code under test could share its errors.

// proposal is a log entry to be, and what finds it in the log again.
type proposal struct {
	path   string // of the POST
	body   []byte
	needle string // occurs in the canonical body of this entry only
}

// dsseProposal is a Rekor v1 dsse entry for a payload of its own.
func dsseProposal(t testing.TB, payload string) proposal {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	const payloadType = "application/vnd.stella.test+json"
	pae := fmt.Sprintf("DSSEv1 %d %s %d %s", len(payloadType), payloadType, len(payload), payload)
	envelope := mustJSON(t, map[string]any{
		"payloadType": payloadType,
		"payload":     base64.StdEncoding.EncodeToString([]byte(payload)),
		"signatures": []map[string]string{
			{"keyid": "", "sig": base64.StdEncoding.EncodeToString(ed25519.Sign(private, []byte(pae)))},
		},
	})
	verifier := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki(t, public)})
	digest := sha256.Sum256([]byte(payload))
	return proposal{
		path: "/api/v1/log/entries",
		body: mustJSON(t, map[string]any{
			"apiVersion": "0.0.1",
			"kind":       "dsse",
			"spec": map[string]any{"proposedContent": map[string]any{
				"envelope":  string(envelope),
				"verifiers": []string{base64.StdEncoding.EncodeToString(verifier)},
			}},
		}),
		needle: hex.EncodeToString(digest[:]),
	}
}

// hashedProposal is a Rekor v2 hashedrekord entry over a text of its own.
func hashedProposal(t testing.TB, text string) proposal {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	digest := sha256.Sum256([]byte(text))
	signature, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
	require.NoError(t, err)
	encoded := base64.StdEncoding.EncodeToString(digest[:])
	return proposal{
		path: "/api/v2/log/entries",
		body: mustJSON(t, map[string]any{"hashedRekordRequestV002": map[string]any{
			"digest": encoded,
			"signature": map[string]any{
				"content": base64.StdEncoding.EncodeToString(signature),
				"verifier": map[string]any{
					"keyDetails": "PKIX_ECDSA_P256_SHA_256",
					"publicKey":  map[string]string{"rawBytes": base64.StdEncoding.EncodeToString(spki(t, key.Public()))},
				},
			},
		}}),
		needle: encoded,
	}
}

func spki(t testing.TB, key crypto.PublicKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	require.NoError(t, err)
	return der
}

func mustJSON(t testing.TB, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	require.NoError(t, err)
	return data
}

// client is a plain HTTP client that leaves no connection behind.
func client(t testing.TB) *http.Client {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 1000}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

type reply struct {
	status int
	header http.Header
	body   []byte
}

// submit posts p once; err is the connection's or the body's.
func submit(t testing.TB, c *http.Client, base string, p proposal) (reply, error) {
	return do(t, c, http.MethodPost, base+p.path, p.body)
}

func do(t testing.TB, c *http.Client, method, url string, body []byte) (reply, error) {
	req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	read, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, resp.Header, read}, err
}

func mustGet(t testing.TB, c *http.Client, url string) reply {
	t.Helper()
	r, err := do(t, c, http.MethodGet, url, nil)
	require.NoError(t, err, "GET %s", url)
	return r
}

// count is how often p is among the bodies of a log.
func count(bodies [][]byte, p proposal) int {
	n := 0
	for _, body := range bodies {
		if bytes.Contains(body, []byte(p.needle)) {
			n++
		}
	}
	return n
}
