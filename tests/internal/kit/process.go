package kit

import (
	"syscall"
	"testing"

	"github.com/uvgo/uvgo/handles"
)

// Shell makes the options for a script with the given descriptors.
func Shell(script string, stdio ...handles.Stdio) handles.ProcessOptions {
	return handles.ProcessOptions{File: "/bin/sh", Args: []string{"sh", "-c", script}, Stdio: stdio}
}

// An Exit notes how a child ended, and how often it did.
type Exit struct {
	n, status int
	sig       syscall.Signal
}

// Note is a callback of a child's end.
func (e *Exit) Note(status int, sig syscall.Signal) {
	e.n++
	e.status, e.sig = status, sig
}

// Want fails the test unless the child ended once, in this way.
func (e *Exit) Want(t testing.TB, status int, sig syscall.Signal) {
	t.Helper()
	if *e != (Exit{1, status, sig}) {
		t.Errorf("%d exits, status %d, signal %v; want 1, %d, %v", e.n, e.status, e.sig, status, sig)
	}
}
