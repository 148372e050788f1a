package handles_test

import (
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// smallArenas makes a loop's arenas so small that tests fill them.
var smallArenas = uvgo.WithArenas(64<<10, 64<<10)

// pipePair returns the two ends of a unix socket pair.
func pipePair(t testing.TB, l *uvgo.Loop) (a, b *handles.Pipe) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	uvtest.Check(t, err)
	a, b = uvtest.Must(l.NewPipe()), uvtest.Must(l.NewPipe())
	uvtest.Check(t, a.Open(uintptr(fds[0])))
	uvtest.Check(t, b.Open(uintptr(fds[1])))
	unix.Close(fds[0])
	unix.Close(fds[1])
	return a, b
}

// unread returns how many received bytes of a stream the kernel has.
func unread(t testing.TB, s handles.Stream) int {
	t.Helper()
	return uvtest.Must(unix.IoctlGetInt(uvtest.Must(s.FD()), unix.TIOCINQ))
}

// wideReceive lets the kernel queue more than one chunk for a stream.
func wideReceive(t testing.TB, s handles.Stream) {
	t.Helper()
	uvtest.Check(t, unix.SetsockoptInt(uvtest.Must(s.FD()), unix.SOL_SOCKET, unix.SO_RCVBUF, 1<<20))
}

// lockThread keeps the test on its thread until it ends.
func lockThread(t testing.TB) {
	t.Helper()
	runtime.LockOSThread()
	t.Cleanup(runtime.UnlockOSThread)
}
