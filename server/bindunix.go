package server

import (
	"net"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/sock"
	"github.com/uvgo/uvgo/uv"
)

// listenUnix makes a listener of the socket, which it owns if there is no error.
func (w *worker) listenUnix(u *unixSocket) (*listener, error) {
	l, err := w.listenPipe(u.fd, &net.UnixAddr{Name: u.path, Net: "unix"})
	if err != nil {
		return nil, err
	}
	l.file = u.file
	_ = unix.Close(u.fd) // Open has made a duplicate
	return l, nil
}

// listenPipe makes a listener of a duplicate of fd. It distributes its connections.
func (w *worker) listenPipe(fd int, addr net.Addr) (*listener, error) {
	p, err := w.loop.NewPipe()
	if err != nil {
		return nil, err
	}
	l := &listener{worker: w, stream: p, spread: len(w.server.workers) == 1, addr: addr}
	l.blank.listener = l
	if err = p.Open(uintptr(fd)); err == nil {
		err = p.Listen(w.server.Backlog, func(c *handles.Pipe, err error) {
			if err != nil {
				w.acceptFailed(l, err)
				return
			}
			w.accept(c, l)
		})
	}
	if err != nil {
		l.close()
		w.flush()
		return nil, err
	}
	return l, nil
}

// bindUnix makes a socket that listens at the path. The socket is made here, not by
// uv_pipe_bind: libuv would remove its path at the end even if somebody else has bound it
// since. A socket file that nobody listens on is what a killed server left behind: it is
// replaced. A lock of the directory makes the test, the removal, bind and listen one step
// among servers of this package: none removes a socket that another has just bound.
func bindUnix(path string, backlog int) (*unixSocket, error) {
	if path == "" {
		return nil, uv.Fail("empty path", uv.EINVAL)
	}
	if path[0] != '@' && strings.Contains(path, "\x00") { // the kernel would see a shorter one
		return nil, uv.Fail("path with a zero byte", uv.EINVAL)
	}
	fd, err := sock.New(unix.AF_UNIX, unix.SOCK_STREAM)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	u := &unixSocket{fd: fd, path: path}
	defer sock.LockDir(path)()
	addr := &unix.SockaddrUnix{Name: path}
	err = unix.Bind(fd, addr)
	if err == unix.EADDRINUSE && sock.RemoveStale(path, sock.Refuses) {
		err = unix.Bind(fd, addr)
	}
	op := "bind"
	if err == nil {
		op, u.file = "listen", sock.Identify(path)
		err = unix.Listen(fd, backlog)
	}
	if err != nil {
		u.close()
		return nil, uv.Check(op, int(-err.(syscall.Errno)))
	}
	return u, nil
}
