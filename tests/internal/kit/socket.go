package kit

import (
	"errors"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// Socketpair returns two connected stream sockets that the test closes.
func Socketpair(t testing.TB) (a, b int) {
	t.Helper()
	fds := uvtest.Must(unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0))
	for _, fd := range fds {
		unix.CloseOnExec(fd)
		uvtest.Check(t, unix.SetNonblock(fd, true))
	}
	t.Cleanup(func() {
		unix.Close(fds[0])
		unix.Close(fds[1])
	})
	return fds[0], fds[1]
}

// RawSocket returns a TCP socket that belongs to the test.
func RawSocket(t testing.TB) int {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	uvtest.Check(t, err)
	unix.CloseOnExec(fd)
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}

// RawBind binds a socket of the test to a free port of the loopback.
func RawBind(t testing.TB, fd int) netip.AddrPort {
	t.Helper()
	uvtest.Check(t, unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	sa, err := unix.Getsockname(fd)
	uvtest.Check(t, err)
	in := sa.(*unix.SockaddrInet4)
	return netip.AddrPortFrom(netip.AddrFrom4(in.Addr), uint16(in.Port))
}

// AwaitHangup waits until a socket has a hang-up or an error to report.
func AwaitHangup(t testing.TB, fd int) {
	t.Helper()
	fds := []unix.PollFd{{Fd: int32(fd)}}
	for fds[0].Revents == 0 {
		if _, err := unix.Poll(fds, -1); err != nil && !errors.Is(err, unix.EINTR) {
			t.Fatal(err)
		}
	}
}

// SilentAddr returns an address on which connecting neither succeeds nor fails:
// the listener's queue is full, so the kernel drops what comes.
func SilentAddr(t testing.TB) netip.AddrPort {
	t.Helper()
	ln := RawSocket(t)
	addr := RawBind(t, ln)
	uvtest.Check(t, unix.Listen(ln, 0))
	fill := RawSocket(t)
	uvtest.Check(t, unix.Connect(fill, &unix.SockaddrInet4{Addr: addr.Addr().As4(), Port: int(addr.Port())}))
	return addr
}
