package uvnet

import (
	"context"
	"net"

	"golang.org/x/sys/unix"
)

// dialUnix connects. The kernel does that at once or fails, so no loop is needed.
func (d *Dialer) dialUnix(ctx context.Context, network string, local, remote *net.UnixAddr) (*UnixConn, error) {
	if remote == nil || remote.Name == "" {
		return nil, errMissingAddress
	}
	w, err := d.Loops.worker()
	if err != nil {
		return nil, err
	}
	fd, err := socket(unix.AF_UNIX, unix.SOCK_STREAM)
	if err != nil {
		return nil, err
	}
	if err := d.connectUnix(ctx, network, fd, local, remote); err != nil {
		unix.Close(fd)
		return nil, err
	}
	var laddr, raddr net.Addr = &net.UnixAddr{Net: network}, &net.UnixAddr{Name: remote.Name, Net: network}
	if sa, err := unix.Getsockname(fd); err == nil {
		laddr = fromSockaddr(network, sa)
	}
	if sa, err := unix.Getpeername(fd); err == nil {
		raddr = fromSockaddr(network, sa)
	}
	c := newUnixConn(w, network, fd, laddr, raddr)
	c.count(&w.counts.dialed)
	return c, nil
}

func (d *Dialer) connectUnix(ctx context.Context, network string, fd int, local, remote *net.UnixAddr) error {
	if err := d.control(ctx, network, remote.String(), fd); err != nil {
		return err
	}
	if local != nil && local.Name != "" { // for the empty name the kernel would choose one
		if err := unix.Bind(fd, &unix.SockaddrUnix{Name: local.Name}); err != nil {
			return sysCall("bind", err)
		}
	}
	for {
		err := unix.Connect(fd, &unix.SockaddrUnix{Name: remote.Name})
		if err != unix.EINTR {
			return sysCall("connect", err)
		}
	}
}
