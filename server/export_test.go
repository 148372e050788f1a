package server

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// AfterRefusal makes fn run when a socket that may be stale has refused a
// connection, until the test ends.
func AfterRefusal(t testing.TB, fn func()) {
	old := refused
	refused = fn
	t.Cleanup(func() { refused = old })
}

// Descriptors returns how many sockets, pipes and pollers the process has open.
// Files and devices do not count: the C library opens some for a moment when a
// thread begins to allocate, and so does a loop that looks whether it can.
func Descriptors() int {
	n := 0
	for fd := range 1024 { // the lowest free number is taken, and tests need few
		var st unix.Stat_t
		if unix.Fstat(fd, &st) != nil {
			continue
		}
		switch st.Mode & unix.S_IFMT {
		case unix.S_IFREG, unix.S_IFDIR, unix.S_IFCHR:
		default:
			n++
		}
	}
	return n
}

// LookOften makes loops look at connections that are not read every few
// milliseconds, until the test and its servers have ended.
func LookOften(t testing.TB) {
	old := stillWait
	stillWait = 5 * time.Millisecond
	t.Cleanup(func() { stillWait = old })
}

// Looked waits until c, which is not read, has been looked at once more. It
// belongs to the connection's loop.
func Looked(c *Conn, fn func()) {
	if _, err := c.Loop().AfterFunc(3*stillWait, fn); err != nil {
		panic(err)
	}
}

// Draining tells whether Shutdown has reached the connection's loop.
func Draining(c *Conn) bool { return c.worker.draining }

// Ended tells whether the peer's end has arrived.
func Ended(c *Conn) bool { return c.has(done) }

// Watched tells whether the loop looks at connections that are not read.
func Watched(c *Conn) bool { return c.worker.still.started }
