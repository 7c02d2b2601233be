package rekor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// ErrPublic is wrapped by the error about a log that everybody uses.
var ErrPublic = errors.New("a public log: public logs are shared and rate limited, and keep every entry for good")

// CheckPrivate reports whether a log's host is this machine or in a private
// network. A public log is shared and rate limited: what a test submits
// stays there for good. Names are looked up, and every
// address must be private: otherwise the error wraps [ErrPublic].
func CheckPrivate(ctx context.Context, logURL string) error {
	u, err := parseURL(logURL)
	if err != nil {
		return err
	}
	host := u.Hostname()
	if host == "localhost" || strings.HasSuffix(host, ".localhost") { // RFC 6761 section 6.3
		return nil
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return fmt.Errorf("looking up the log's host %q: %w; check the URL", host, err)
	}
	if i := slices.IndexFunc(addrs, isPublic); i >= 0 {
		return fmt.Errorf("%s (%s) is %w", host, addrs[i], ErrPublic)
	}
	return nil
}

func isPublic(a netip.Addr) bool {
	a = a.Unmap()
	return !a.IsLoopback() && !a.IsPrivate() && !a.IsLinkLocalUnicast()
}
