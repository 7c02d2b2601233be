//go:build !unix

package advisory

import "os"

// mapFile reads n bytes of a file from byte at on: the standard library maps none here.
func mapFile(f *os.File, at int64, n int) (data []byte, release func(), err error) {
	data = make([]byte, n)
	if _, err := f.ReadAt(data, at); err != nil {
		return nil, nil, err
	}
	return data, func() {}, nil
}
