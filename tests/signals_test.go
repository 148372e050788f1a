package tests

import (
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// sigUsed is the signal of tests that need just any.
const sigUsed = syscall.SIGUSR1

// ignoreSignal makes a callback of signals from one that does not care which.
func ignoreSignal(fn func()) func(os.Signal) { return func(os.Signal) { fn() } }

// raise sends the signal to the calling thread: its handlers have run on
// return. syscall.Kill leaves the thread to the kernel, and with it the time.
func raise(sig syscall.Signal) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Tgkill(os.Getpid(), unix.Gettid(), sig); err != nil {
		panic(err)
	}
}
