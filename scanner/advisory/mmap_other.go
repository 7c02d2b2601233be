//go:build !unix

package advisory

import (
	"io"
	"os"
)

// mapFile reads a file into memory: the standard library maps none here.
func mapFile(f *os.File, size int) (data []byte, release func(), err error) {
	data = make([]byte, size)
	if _, err := io.ReadFull(f, data); err != nil {
		return nil, nil, err
	}
	return data, func() {}, nil
}
