package rekor

import (
	"bytes"
	"encoding/binary"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	flog "github.com/transparency-dev/formats/log"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/stella-ops/stella/attest"
)

const v1Sample = `{"108e9186e8c5677a0000000000000000000000000000000000000000000000000000000000000000": {
	"body":"e30=","integratedTime":1,"logID":"00","logIndex":3,"verification":{"signedEntryTimestamp":"AAAA","inclusionProof":{"checkpoint":"c","hashes":[],"logIndex":3,
	"rootHash":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","treeSize":4}}}}`

func TestDecodeV1Refuses(t *testing.T) {
	e, err := decodeV1([]byte(v1Sample))
	require.NoError(t, err)
	require.EqualValues(t, 3, e.LogIndex)
	for old, new := range map[string]string{
		`"logIndex":3`:         `"x":3`,
		`"logIndex":3,"ver`:    `"logIndex":-1,"ver`,
		`"body":"e30="`:        `"body":"*"`,
		`"logID":"00"`:         `"logID":"0"`,
		`"hashes":[]`:          `"hashes":["00"]`,
		`e3b0c44298fc1c149afb`: ``,
		`"rootHash"`:           `"x"`,
		`"treeSize":4`:         `"treeSize":99999999999999999999`,
		`"integratedTime":1`:   `"integratedTime":1,"integratedTime":2`,
	} {
		require.Contains(t, v1Sample, old)
		_, err := decodeV1([]byte(strings.Replace(v1Sample, old, new, 1)))
		require.Error(t, err, new)
	}
	for _, text := range []string{"", "[]", "{}", "<html>", v1Sample[:100]} {
		_, err := decodeV1([]byte(text))
		require.Error(t, err, text)
	}
	_, err = decodeV1([]byte(strings.TrimSuffix(v1Sample, "}") + `,"2` + v1Sample[3:]))
	require.ErrorContains(t, err, "it holds 2 entries, not one")
}

func TestBundleEntry(t *testing.T) {
	bundle := []byte("\x00\x03abc\x00\x00\x00\x01d")
	for i, want := range []string{"abc", "", "d"} {
		got, err := bundleEntry(bundle, i)
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
	for i, b := range []string{"", "\x00", "\x00\x05abc"} {
		_, err := bundleEntry([]byte(b), 0)
		require.ErrorContains(t, err, "ends too early", i)
	}
	_, err := bundleEntry(bundle, 3)
	require.Error(t, err)
}

func TestTilePath(t *testing.T) {
	for want, tile := range map[string]tlog.Tile{
		"/api/v2/tile/0/000":                  {H: 8, L: 0, N: 0, W: 256},
		"/api/v2/tile/0/x001/234.p/7":         {H: 8, L: 0, N: 1234, W: 7},
		"/api/v2/tile/2/x001/x234/067":        {H: 8, L: 2, N: 1234067, W: 256},
		"/api/v2/tile/entries/x001/x234/067":  {H: 8, L: -1, N: 1234067, W: 256},
		"/api/v2/tile/entries/000.p/1":        {H: 8, L: -1, N: 0, W: 1},
		"/api/v2/tile/entries/x999/999.p/255": {H: 8, L: -1, N: 999999, W: 255},
	} {
		require.Equal(t, want, tilePath(tile))
	}
}

func TestConfigIsChecked(t *testing.T) {
	v := new(attest.Verifier)
	for url, want := range map[string]string{
		"":                  "want http:// or https://",
		"localhost:3000":    "want http:// or https://",
		"ftp://h":           "want http:// or https://",
		"http://":           "names no host",
		"http://u:secret@h": "give scheme, host and path only",
		"http://h?x=secret": "give scheme, host and path only",
		"http://h/%zz":      "the log's URL",
		"http://h:port":     "the log's URL",
	} {
		_, err := newClient(Config{URL: url, Verifier: v}, v1Entries)
		require.ErrorContains(t, err, want, url)
		require.NotContains(t, err.Error(), "secret")
	}
	_, err := newClient(Config{URL: "http://h"}, v1Entries)
	require.ErrorContains(t, err, "needs the key")
	c, err := newClient(Config{URL: "http://h/base/", Verifier: v}, v1Entries)
	require.NoError(t, err)
	require.Equal(t, "http://h/base/api/v1/log", c.base.JoinPath(v1Log).String())
}

func FuzzDecodeV1(f *testing.F) {
	f.Add([]byte(v1Sample))
	f.Add([]byte(`{"a":{"logIndex":-1}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := decodeV1(data)
		if err == nil {
			require.GreaterOrEqual(t, e.LogIndex, int64(0))
			require.Len(t, e.InclusionProof.RootHash, 32)
		}
	})
}

func FuzzDecodeV2(f *testing.F) {
	f.Add([]byte(`{"logIndex":"1","logId":{"keyId":"AAAA"},"kindVersion":{"kind":"hashedrekord","version":"0.0.2"},"inclusionProof":{"logIndex":"1","treeSize":"2","rootHash":"AAAA","hashes":["AAAA"],"checkpoint":{"envelope":"a\n1\nAAAA\n"}},"canonicalizedBody":"e30="}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		tle, err := decodeV2(data)
		if err != nil {
			return
		}
		require.NotEmpty(t, tle.CanonicalizedBody)
		// Whatever a log sends, verifying it gives an error, not a panic.
		require.Error(t, verifyEntry(tle.CanonicalizedBody, Entry{TransparencyLogEntry: tle}, LogKey{}))
	})
}

func FuzzBundleEntry(f *testing.F) {
	f.Add([]byte("\x00\x03abc\x00\x00\x00\x01d"), 2)
	f.Fuzz(func(t *testing.T, bundle []byte, i int) {
		if i < 0 || i >= tileWidth {
			return
		}
		e, err := bundleEntry(bundle, i)
		if err == nil {
			require.LessOrEqual(t, len(e)+2*(i+1), len(bundle))
			if i == 0 {
				require.EqualValues(t, len(e), binary.BigEndian.Uint16(bundle))
			}
		}
	})
}

func FuzzCheckpoint(f *testing.F) {
	f.Add("rekor.localhost - 12\n3\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— rekor.localhost AAAAAAA=\n", true)
	f.Add("rekor.localhost\n3\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— rekor.localhost AAAAAAA=\n", false)
	f.Fuzz(func(t *testing.T, text string, v1 bool) {
		_, err := LogKey{}.openCheckpoint(text, v1)
		require.ErrorIs(t, err, ErrCheckpoint) // no key, no trust
		new(flog.Checkpoint).Unmarshal([]byte(text))
	})
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("7")
	f.Add("Fri, 31 Dec 1999 23:59:59 GMT")
	f.Fuzz(func(t *testing.T, header string) {
		h := http.Header{}
		h.Set("Retry-After", header)
		d := refusal(answer{status: 429, header: h}).RetryAfter
		require.GreaterOrEqual(t, d.Seconds(), 0.0)
		require.LessOrEqual(t, d.Hours(), 1.0)
	})
}

// A request is the same bytes whether its pieces are joined or not.
func TestPiecesReader(t *testing.T) {
	for _, n := range []int{0, 1, joinedBytes - 3, joinedBytes - 2, joinedBytes - 1, 3 * joinedBytes} {
		middle := bytes.Repeat([]byte("b"), n)
		p := pieces{[]byte("a"), nil, middle, []byte("c")}
		for range 2 { // a retry reads it again
			got, err := io.ReadAll(p.reader())
			require.NoError(t, err)
			require.Len(t, got, p.len())
			require.Equal(t, "a"+string(middle)+"c", string(got))
		}
	}
}
