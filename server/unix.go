package server

import (
	"errors"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/uv"
)

// listenUnix makes a listener on the first worker, which hands connections out.
// The socket is made here, not by uv_pipe_bind: libuv would remove its path at
// the end even if somebody else has bound it since.
func (s *Server) listenUnix(path string) ([]*listener, error) {
	if path == "" {
		return nil, uv.Check("empty path", int(uv.EINVAL))
	}
	fd, file, err := bindUnix(path)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	w := s.workers[0]
	p, err := w.loop.NewPipe()
	if err != nil {
		file.remove()
		return nil, err
	}
	l := &listener{
		worker: w, stream: p, file: file, first: true, spread: len(s.workers) == 1,
		addr: &net.UnixAddr{Name: path, Net: "unix"},
	}
	if err = p.Open(uintptr(fd)); err == nil {
		err = p.Listen(s.Backlog, func(c *handles.Pipe, err error) {
			if err != nil {
				s.Logger.Warn("server: accept", "error", err)
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
	return []*listener{l}, nil
}

// bindUnix makes a socket bound to the path. A socket file that nobody listens
// on is what a killed server left behind: it is replaced.
func bindUnix(path string) (int, socketFile, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return -1, socketFile{}, os.NewSyscallError("socket", err)
	}
	addr := &unix.SockaddrUnix{Name: path}
	err = unix.Bind(fd, addr)
	if err == unix.EADDRINUSE && stale(path) && os.Remove(path) == nil {
		err = unix.Bind(fd, addr)
	}
	if err != nil {
		unix.Close(fd)
		return -1, socketFile{}, uv.Check("bind", int(-err.(syscall.Errno)))
	}
	return fd, identify(path), nil
}

// stale tells whether the path is a socket that refuses connections.
func stale(path string) bool {
	info, err := os.Lstat(path)
	if err != nil || info.Mode().Type() != os.ModeSocket {
		return false
	}
	c, err := net.Dial("unix", path)
	if err == nil {
		c.Close()
		return false
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

// A socketFile is the file of a bound unix socket, as it was when we bound it.
type socketFile struct {
	path string
	info os.FileInfo // nil: there is no file, as for an abstract name
}

func identify(path string) socketFile {
	if path[0] == '@' {
		return socketFile{}
	}
	info, err := os.Lstat(path)
	if err != nil {
		return socketFile{}
	}
	return socketFile{path, info}
}

// remove removes the file unless somebody has replaced it.
func (f socketFile) remove() {
	if f.info == nil {
		return
	}
	if now, err := os.Lstat(f.path); err == nil && os.SameFile(now, f.info) {
		_ = os.Remove(f.path)
	}
}
