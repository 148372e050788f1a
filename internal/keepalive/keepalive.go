//go:build unix

package keepalive

import (
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// The values that package net uses for 0 in a net.KeepAliveConfig.
const (
	idle     = 15 * time.Second
	interval = 15 * time.Second
	count    = 9
)

// Config returns the configuration that d and cfg ask for together: they are the fields
// KeepAlive and KeepAliveConfig of a net.Dialer or net.ListenConfig.
func Config(d time.Duration, cfg net.KeepAliveConfig) net.KeepAliveConfig {
	if !cfg.Enable && d >= 0 {
		return net.KeepAliveConfig{Enable: true, Idle: d}
	}
	return cfg
}

// Set turns probes on or off, as net.TCPConn.SetKeepAliveConfig does. Connections that
// a listener accepts inherit its setting.
func Set(fd int, cfg net.KeepAliveConfig) error {
	on := 0
	if cfg.Enable {
		on = 1
	}
	if err := setsockopt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, on); err != nil {
		return err
	}
	if err := SetIdle(fd, cfg.Idle); err != nil {
		return err
	}
	if err := setSeconds(fd, unix.TCP_KEEPINTVL, cfg.Interval, interval); err != nil {
		return err
	}
	switch {
	case cfg.Count < 0:
		return nil
	case cfg.Count == 0:
		cfg.Count = count
	}
	return setsockopt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPCNT, cfg.Count)
}

// SetIdle sets how long a connection must be idle before it is probed, as
// net.TCPConn.SetKeepAlivePeriod does.
func SetIdle(fd int, d time.Duration) error {
	return setSeconds(fd, optIdle, d, idle)
}

// setSeconds sets a duration, rounded up to seconds. 0 stands for standard. A negative
// duration changes nothing.
func setSeconds(fd, opt int, d, standard time.Duration) error {
	switch {
	case d < 0:
		return nil
	case d == 0:
		d = standard
	}
	return setsockopt(fd, unix.IPPROTO_TCP, opt, int((d+time.Second-1)/time.Second))
}

func setsockopt(fd, level, opt, value int) error {
	return os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, level, opt, value))
}
