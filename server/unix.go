package server

import (
	"net"
	"strings"

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
	if path[0] != '@' && strings.Contains(path, "\x00") { // the kernel would see a shorter one
		return nil, uv.Check("path with a zero byte", int(uv.EINVAL))
	}
	fd, file, err := claimUnix(path, s.Backlog)
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
				w.refused(l, err)
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
