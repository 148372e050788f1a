package server

import (
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/handles"
)

// lateReusePort: SO_REUSEPORT may be set of a socket that is bound.
const lateReusePort = true

// share lets the other workers listen where l does, which was bound without
// SO_REUSEPORT. On Linux the option may be set after the bind: the next socket that listens
// at the address forms a group with this one.
func (l *listener) share(netip.AddrPort, []handles.BindOption) (*listener, error) {
	return l, l.setReusePort(1)
}

// unshare undoes share.
func (l *listener) unshare() { _ = l.setReusePort(0) }

func (l *listener) setReusePort(on int) error {
	fd, err := l.stream.FD()
	if err != nil {
		return err
	}
	return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, on)
}
