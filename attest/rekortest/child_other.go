//go:build !linux

package rekortest

import "syscall"

// dieWithParent is nothing here: only Linux can tie a child to its parent. A
// parent that is killed leaves its server running.
func dieWithParent() *syscall.SysProcAttr { return nil }
