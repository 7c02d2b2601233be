package rekortest

import "syscall"

// dieWithParent asks the kernel to kill the child when its parent dies, however
// that dies.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
