//go:build unix && !linux

package kit

import (
	"os"
	"syscall"
)

// Raise sends the signal to the process. The handlers may run after the return.
func Raise(sig syscall.Signal) {
	if err := syscall.Kill(os.Getpid(), sig); err != nil {
		panic(err)
	}
}
