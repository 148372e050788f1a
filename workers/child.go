package workers

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/activation"
	"github.com/uvgo/uvgo/internal/address"
)

// Listeners returns the listening sockets that this process was passed, by a Supervisor or by systemd: those of the name, or all for
// "". They are of package net; Serve of packages server and uvhttp takes them. The sockets stay open when they are closed, and their files
// are not removed, so it may be called again. Sockets of datagrams are not among them: package server takes them by "systemd:name". ENOENT
// for a process that was passed none of the name.
func Listeners(name string) ([]net.Listener, error) {
	fds, err := address.Passed(name)
	if err != nil {
		return nil, fmt.Errorf("workers: %w", err)
	}
	var all []net.Listener
	for _, fd := range fds {
		if on, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN); err == nil && on == 0 {
			continue
		}
		ln, err := listenerOf(fd)
		if err != nil {
			for _, ln := range all {
				_ = ln.Close()
			}
			return nil, fmt.Errorf("workers: descriptor %d: %w", fd, err)
		}
		all = append(all, ln)
	}
	return all, nil
}

// listenerOf returns a listener of a duplicate of fd.
func listenerOf(fd int) (net.Listener, error) {
	dup, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	f := os.NewFile(uintptr(dup), "listener")
	defer f.Close()
	ln, err := net.FileListener(f)
	if u, ok := ln.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false)
	}
	return ln, err
}

// MetricsListener returns the listener on which the supervisor of "uvgo workers --metrics" asks this worker for its metrics: serve a
// metrics.Registry on it, by Serve of net/http or uvhttp. Closing it removes its socket. It may be called once. In a process that is
// not asked for metrics it returns nil, and no error.
func MetricsListener() (net.Listener, error) {
	dir := os.Getenv(activation.EnvMetricsDir)
	if dir == "" {
		return nil, nil
	}
	ln, err := activation.ListenMetrics(dir)
	if err != nil {
		return nil, fmt.Errorf("workers: the socket for metrics: %w", err)
	}
	return ln, nil
}

// Ready tells the supervisor, or systemd, that this process serves. Without one it does nothing.
func Ready() error { return activation.Ready() }

// Context returns a context that ends at SIGTERM or SIGINT: the worker is to drain. The signal after that ends the process.
func Context() context.Context {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	context.AfterFunc(ctx, stop)
	return ctx
}
