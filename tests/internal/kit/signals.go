package kit

import (
	"os"
	"os/signal"
	"syscall"
	"testing"
)

// SigUsed is the signal of tests that need just any.
const SigUsed = syscall.SIGUSR1

// IgnoreSignal makes a callback of signals from one that does not care which.
func IgnoreSignal(fn func()) func(os.Signal) { return func(os.Signal) { fn() } }

// Notified routes the signal to os/signal, too, for the test's duration: it
// then survives deliveries that no handle watches for.
func Notified(t *testing.T, sig os.Signal) <-chan os.Signal {
	c := make(chan os.Signal, 64)
	signal.Notify(c, sig)
	t.Cleanup(func() { signal.Stop(c) })
	return c
}
