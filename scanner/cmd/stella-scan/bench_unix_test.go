//go:build linux || darwin

package main

import (
	"os"
	"runtime"
	"syscall"
)

// peakOf is the most memory, in bytes, that a process that has ended had resident.
func peakOf(p *os.ProcessState) int64 {
	usage, ok := p.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	unit := int64(1024) // getrusage(2) of Linux
	if runtime.GOOS == "darwin" {
		unit = 1
	}
	return int64(usage.Maxrss) * unit
}
