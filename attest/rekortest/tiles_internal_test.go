package rekortest

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBundlePath(t *testing.T) {
	for want, at := range map[string][2]uint64{
		"tile/entries/000":           {0, 256},
		"tile/entries/000.p/1":       {0, 1},
		"tile/entries/999.p/255":     {999, 255},
		"tile/entries/x001/000":      {1000, 256},
		"tile/entries/x001/x234/067": {1234067, 256},
	} {
		require.Equal(t, want, bundlePath(at[0], at[1]), "bundlePath(%d, %d)", at[0], at[1])
		require.Regexp(t, tilePath, want)
	}
}

// A bundle that is accepted encodes to the same bytes.
func FuzzParseBundle(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0, 0})
	f.Add([]byte{0, 3, 'a', 'b', 'c', 0, 1, 'd'})
	f.Add([]byte{0, 3, 'a'})
	f.Add([]byte{0xff})
	f.Add(bytes.Repeat([]byte{0, 0}, bundleWidth+1))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := parseBundle(data)
		if err != nil {
			return
		}
		if len(entries) > bundleWidth {
			t.Fatalf("parseBundle(%d bytes) = %d entries, want at most %d", len(data), len(entries), bundleWidth)
		}
		var out []byte
		for _, e := range entries {
			out = binary.BigEndian.AppendUint16(out, uint16(len(e)))
			out = append(out, e...)
		}
		if !bytes.Equal(out, data) {
			t.Fatalf("parseBundle(%x) encodes to %x", data, out)
		}
	})
}

// A checkpoint that is accepted begins with what was read from it.
func FuzzParseCheckpoint(f *testing.F) {
	root := base64.StdEncoding.EncodeToString(make([]byte, 32))
	f.Add([]byte("log\n1\n" + root + "\n\n— log sig\n"))
	f.Add([]byte("log\n01\n" + root + "\n\n"))
	f.Add([]byte("log\n-1\n" + root + "\n\n"))
	f.Add([]byte("log\n1\nAAAA\n\n"))
	f.Add([]byte("log\n1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		size, root, err := parseCheckpoint(data)
		if err != nil {
			return
		}
		origin, _, _ := bytes.Cut(data, []byte("\n"))
		want := fmt.Sprintf("%s\n%d\n%s\n", origin, size, base64.StdEncoding.EncodeToString(root))
		if !bytes.HasPrefix(data, []byte(want)) {
			t.Fatalf("parseCheckpoint(%q) = %d, %x", data, size, root)
		}
	})
}
