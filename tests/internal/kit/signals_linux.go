package kit

import (
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// Raise sends the signal to the calling thread: its handlers have run on
// return. syscall.Kill leaves the thread to the kernel, and with it the time.
func Raise(sig syscall.Signal) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Tgkill(os.Getpid(), unix.Gettid(), sig); err != nil {
		panic(err)
	}
}
