package uvnet

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// mptcpInfo is MPTCP_INFO, which x/sys does not define.
const mptcpInfo = 1

// multipathSocket makes a socket that asks for Multipath TCP.
func multipathSocket(family int) (int, error) {
	return liftSocket(unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, unix.IPPROTO_MPTCP))
}

// isMultipath tells whether a socket was made to ask for Multipath TCP.
func isMultipath(fd int) bool {
	proto, _ := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PROTOCOL)
	return proto == unix.IPPROTO_MPTCP
}

// usesMultipath tells whether a connection uses Multipath TCP and has not fallen back.
// Kernels before 5.16 do not say that it fell back.
func usesMultipath(fd int) bool {
	if !isMultipath(fd) {
		return false
	}
	_, err := unix.GetsockoptInt(fd, unix.SOL_MPTCP, mptcpInfo)
	return err != unix.EOPNOTSUPP && err != unix.ENOPROTOOPT || !tellsFallback()
}

// tellsFallback tells whether the kernel is 5.16 or newer.
func tellsFallback() bool {
	var u unix.Utsname
	var major, minor int
	if unix.Uname(&u) != nil {
		return false
	}
	_, _ = fmt.Sscanf(unix.ByteSliceToString(u.Release[:]), "%d.%d", &major, &minor)
	return major > 5 || major == 5 && minor >= 16
}
