package uvnet

import (
	"net"
	"os"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/keepalive"
)

// setsockopt sets an option and wraps its error as package net does.
func setsockopt(fd, level, opt, value int) error {
	return os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, level, opt, value))
}

// tune sets the options of a new TCP connection: no delay, and keep-alive probes.
func tune(fd int, cfg net.KeepAliveConfig) {
	_ = setsockopt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	if cfg.Enable {
		_ = keepalive.Set(fd, cfg)
	}
}

// option runs a setsockopt while the descriptor is open.
func (d *desc) option(set func(fd int) error) error {
	err := d.acquire()
	if err == nil {
		err = set(d.fd)
		d.release()
	}
	return err
}

// SetReadBuffer sets the size of the kernel's receive buffer in bytes.
func (d *desc) SetReadBuffer(bytes int) error {
	return d.setError(nil, d.laddr, d.option(func(fd int) error {
		return setsockopt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, bytes)
	}))
}

// SetWriteBuffer sets the size of the kernel's send buffer in bytes.
func (d *desc) SetWriteBuffer(bytes int) error {
	return d.setError(nil, d.laddr, d.option(func(fd int) error {
		return setsockopt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, bytes)
	}))
}

// setError wraps the error of setting an option, nil for none.
func (d *desc) setError(source, addr net.Addr, err error) error {
	if err == nil {
		return nil
	}
	return d.opError("set", source, addr, err)
}

func boolint(b bool) int {
	if b {
		return 1
	}
	return 0
}
