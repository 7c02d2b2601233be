package rekor

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCheckPrivate(t *testing.T) {
	for _, u := range []string{
		"http://127.0.0.1:3000", "http://127.9.9.9", "http://[::1]:3000", "http://localhost", "http://rekor.localhost:3000",
		"https://10.1.2.3", "https://192.168.1.1/rekor", "https://[fd00::1]", "http://[fe80::1]", "http://[::ffff:10.0.0.1]",
	} {
		require.NoError(t, CheckPrivate(t.Context(), u), "CheckPrivate(%q)", u)
	}
	for _, u := range []string{"https://203.0.113.7", "https://[2001:db8::1]:3000", "http://8.8.8.8", "http://172.32.0.1"} {
		require.ErrorContains(t, CheckPrivate(t.Context(), u), "public logs are shared and rate limited", "CheckPrivate(%q)", u)
	}
	for u, want := range map[string]string{
		"127.0.0.1:3000": "the log's URL", "localhost:3000": "want http:// or https://", "ftp://127.0.0.1": "want http:// or https://",
		"http://": "names no host", "http://log.invalid": "looking up the log's host \"log.invalid\"",
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		require.ErrorContains(t, CheckPrivate(ctx, u), want, "CheckPrivate(%q)", u)
		cancel()
	}
	require.True(t, isPublic(netip.MustParseAddr("0.0.0.0")))
}
