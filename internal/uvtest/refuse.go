//go:build unix

package uvtest

import (
	"net"
	"net/netip"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// The port of a socket that was closed may be another test's a moment later, also another
// package's. So a test that needs a port which refuses has a socket hold it.

// RefusingTCP returns an address of 127.0.0.1 at which connections are refused until the test
// ends: that of a socket that does not listen.
func RefusingTCP(t testing.TB) *net.TCPAddr {
	t.Helper()
	syscall.ForkLock.RLock()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err == nil {
		unix.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	Check(t, err)
	t.Cleanup(func() { Check(t, unix.Close(fd)) })
	Check(t, unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	a := Must(unix.Getsockname(fd)).(*unix.SockaddrInet4)
	return &net.TCPAddr{IP: a.Addr[:], Port: a.Port}
}

// RefusingUDP returns an address of ip at which datagrams are refused until the test ends:
// that of a socket that is connected to itself, so it receives from nobody else.
func RefusingUDP(t testing.TB, ip netip.Addr) netip.AddrPort {
	t.Helper()
	c := Must(net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(ip, 0))))
	t.Cleanup(func() { Check(t, c.Close()) })
	addr := netip.AddrPortFrom(ip, c.LocalAddr().(*net.UDPAddr).AddrPort().Port())
	var to unix.Sockaddr = &unix.SockaddrInet6{Addr: ip.As16(), Port: int(addr.Port())}
	if ip.Is4() {
		to = &unix.SockaddrInet4{Addr: ip.As4(), Port: int(addr.Port())}
	}
	var err error
	Check(t, Must(c.SyscallConn()).Control(func(fd uintptr) { err = unix.Connect(int(fd), to) }))
	Check(t, err)
	return addr
}
