package handles_test

import (
	"io"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// ipcPair returns two connected pipes that pass descriptors.
func ipcPair(t testing.TB, l *uvgo.Loop) (a, b *handles.Pipe) {
	t.Helper()
	a, b, err := handles.NewPipePair(l, handles.IPC)
	uvtest.Check(t, err)
	return a, b
}

// A token is a descriptor that can be passed, and a way to tell whether a duplicate of
// it is still open.
type token struct {
	*os.File
	watch *os.File
}

// newToken returns a token; the test must close the file.
func newToken(t testing.TB) *token {
	t.Helper()
	f, watch, err := handles.SocketPair(unix.SOCK_STREAM, 0, handles.NonblockSecond)
	uvtest.Check(t, err)
	t.Cleanup(func() { watch.Close() })
	return &token{f, watch}
}

// wantGone waits until no duplicate is open. The kernel closes descriptors in flight
// some time after their socket.
func (k *token) wantGone(t testing.TB) {
	t.Helper()
	fds := []unix.PollFd{{Fd: int32(k.watch.Fd())}} // for POLLHUP alone
	for {
		_, err := unix.Poll(fds, -1) // the watchdog of the loop ends it
		if err == unix.EINTR {
			continue
		}
		uvtest.Check(t, err)
		return
	}
}

// sendRaw sends bytes and descriptors without libuv.
func sendRaw(t testing.TB, sock *os.File, p []byte, fds ...int) {
	t.Helper()
	uvtest.Check(t, unix.Sendmsg(int(sock.Fd()), p, unix.UnixRights(fds...), nil, 0))
}

// rawPeer returns a pipe made with opts and the plain socket at its other end.
func rawPeer(t testing.TB, l *uvgo.Loop, opts ...handles.PipeOption) (*handles.Pipe, *os.File) {
	t.Helper()
	a, b, err := handles.SocketPair(unix.SOCK_STREAM, 0)
	uvtest.Check(t, err)
	p := uvtest.Must(l.NewPipe(opts...))
	uvtest.Check(t, p.Open(a.Fd()))
	uvtest.Check(t, a.Close())
	t.Cleanup(func() { b.Close() })
	return p, b
}

// acceptAll accepts and closes all pending descriptors, and returns how many they were.
func acceptAll(t testing.TB, p *handles.Pipe) int {
	t.Helper()
	n := 0
	for ; p.PendingCount() > 0; n++ {
		uvtest.Check(t, uvtest.Must(p.AcceptFile()).Close())
	}
	return n
}

var _ io.Closer = (*token)(nil)
