package enginetest

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// The ports that servers of ours get: below those that systems hand out to whoever asks
// for any, so that nobody takes one between our look at it and the server's.
const firstPort, lastPort = 20_000, 32_000

// freePort is a port that nobody listens on, and its address on loopback.
func freePort() (port int, addr string, err error) {
	for range 100 {
		port = firstPort + rand.IntN(lastPort-firstPort)
		addr = fmt.Sprintf("127.0.0.1:%d", port)
		var l net.Listener
		if l, err = net.Listen("tcp", addr); err == nil {
			return port, addr, l.Close()
		}
	}
	return 0, "", fmt.Errorf("no port is free: %w", err)
}
