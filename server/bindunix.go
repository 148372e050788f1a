package server

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/uv"
)

const (
	dirLockWait = 5 * time.Second // see lockDir
	// staleWait is how long a socket must refuse connections before it counts as one
	// that a killed server left behind: a program that does not lock the directory may have
	// bound it just now, and be about to listen.
	staleWait = 100 * time.Millisecond
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
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	u := &unixSocket{fd: fd, path: path}
	defer lockDir(path)()
	addr := &unix.SockaddrUnix{Name: path}
	err = unix.Bind(fd, addr)
	if err == unix.EADDRINUSE && removeStale(path, stale) {
		err = unix.Bind(fd, addr)
	}
	op := "bind"
	if err == nil {
		op, u.file = "listen", identify(path)
		err = unix.Listen(fd, backlog)
	}
	if err != nil {
		u.close()
		return nil, uv.Check(op, int(-err.(syscall.Errno)))
	}
	return u, nil
}

// lockDir locks the path's directory against other servers until unlock is called.
// If the directory cannot be opened or locked, or another process holds the lock for
// dirLockWait, the server starts without the lock.
func lockDir(path string) (unlock func()) {
	if path[0] == '@' {
		return func() {}
	}
	fd, err := unix.Open(filepath.Dir(path), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return func() {}
	}
	for end := time.Now().Add(dirLockWait); ; time.Sleep(time.Millisecond) {
		err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
		if err != unix.EWOULDBLOCK && err != unix.EINTR || time.Now().After(end) {
			break
		}
	}
	return func() { _ = unix.Close(fd) } // which unlocks
}

// removeStale removes the socket at path if refuses, which is stale but in tests, returns
// true of it for staleWait.
func removeStale(path string, refuses func(path string) bool) bool {
	file := identify(path)
	if file.info == nil {
		return false
	}
	for end := time.Now().Add(staleWait); ; time.Sleep(5 * time.Millisecond) {
		if !refuses(path) {
			return false
		}
		if time.Now().After(end) {
			return file.remove()
		}
	}
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

// remove removes the file unless another one has its path now. The inode's number does not
// tell that alone: the file system uses numbers again.
func (f socketFile) remove() bool {
	if f.info == nil {
		return false
	}
	now, err := os.Lstat(f.path)
	return err == nil && os.SameFile(now, f.info) && now.ModTime().Equal(f.info.ModTime()) && os.Remove(f.path) == nil
}
