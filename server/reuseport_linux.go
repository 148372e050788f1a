package server

import (
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/handles"
)

// share lets the other workers listen where l does, which was bound without
// SO_REUSEPORT. Linux lets the option be set late: the next socket that listens
// there makes a group of the two.
func (l *listener) share(netip.AddrPort, []handles.BindOption) (*listener, error) {
	return l, l.setReusePort(1)
}

// unshare takes share back.
func (l *listener) unshare() { _ = l.setReusePort(0) }

func (l *listener) setReusePort(on int) error {
	fd, err := l.stream.FD()
	if err != nil {
		return err
	}
	return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, on)
}
