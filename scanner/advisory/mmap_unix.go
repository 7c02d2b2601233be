//go:build unix

package advisory

import (
	"os"
	"syscall"
)

// mapFile maps n bytes of a file from byte at on into memory, for reading. release ends
// that; nothing may read the bytes then.
func mapFile(f *os.File, at int64, n int) (data []byte, release func(), err error) {
	skip := int(at % int64(os.Getpagesize())) // a mapping begins with a page
	mapped, err := syscall.Mmap(int(f.Fd()), at-int64(skip), n+skip, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, nil, os.NewSyscallError("mmap", err)
	}
	// Munmap takes the mapping from its first byte on, and no part of it.
	return mapped[skip:], func() { _ = syscall.Munmap(mapped) }, nil
}
