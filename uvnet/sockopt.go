package uvnet

import (
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// The probes of idle TCP connections, as package net sets them.
const (
	keepAliveIdle     = 15 * time.Second
	keepAliveInterval = 15 * time.Second
	keepAliveCount    = 9
)

// setsockopt sets an option and wraps its error as package net does.
func setsockopt(fd, level, opt, value int) error {
	return os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, level, opt, value))
}

// keepAliveConfig is what a Dialer's or ListenConfig's fields ask for.
func keepAliveConfig(idle time.Duration, cfg net.KeepAliveConfig) net.KeepAliveConfig {
	if !cfg.Enable && idle >= 0 {
		return net.KeepAliveConfig{Enable: true, Idle: idle}
	}
	return cfg
}

// tune sets the options of a fresh TCP connection: no delay, and probes.
func tune(fd int, cfg net.KeepAliveConfig) {
	_ = setsockopt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	if cfg.Enable {
		_ = setKeepAlive(fd, cfg)
	}
}

// setKeepAlive turns probes on or off, as net's SetKeepAliveConfig.
func setKeepAlive(fd int, cfg net.KeepAliveConfig) error {
	if err := setsockopt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, boolint(cfg.Enable)); err != nil {
		return err
	}
	if err := setSeconds(fd, unix.TCP_KEEPIDLE, cfg.Idle, keepAliveIdle); err != nil {
		return err
	}
	if err := setSeconds(fd, unix.TCP_KEEPINTVL, cfg.Interval, keepAliveInterval); err != nil {
		return err
	}
	switch {
	case cfg.Count < 0:
		return nil
	case cfg.Count == 0:
		cfg.Count = keepAliveCount
	}
	return setsockopt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPCNT, cfg.Count)
}

// setSeconds sets a duration, rounded up to seconds: 0 means the default, a
// negative one leaves the system's.
func setSeconds(fd, opt int, d, standard time.Duration) error {
	switch {
	case d < 0:
		return nil
	case d == 0:
		d = standard
	}
	return setsockopt(fd, unix.IPPROTO_TCP, opt, int((d+time.Second-1)/time.Second))
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
