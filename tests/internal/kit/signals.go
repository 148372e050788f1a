package kit

import (
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// SigUsed is the signal of tests that need just any.
const SigUsed = syscall.SIGUSR1

// IgnoreSignal makes a callback of signals from one that does not care which.
func IgnoreSignal(fn func()) func(os.Signal) { return func(os.Signal) { fn() } }

// Raise sends the signal to the calling thread: its handlers have run on
// return. syscall.Kill leaves the thread to the kernel, and with it the time.
func Raise(sig syscall.Signal) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Tgkill(os.Getpid(), unix.Gettid(), sig); err != nil {
		panic(err)
	}
}

// Notified routes the signal to os/signal, too, for the test's duration: it
// then survives deliveries that no handle watches for.
func Notified(t *testing.T, sig os.Signal) <-chan os.Signal {
	c := make(chan os.Signal, 64)
	signal.Notify(c, sig)
	t.Cleanup(func() { signal.Stop(c) })
	return c
}
