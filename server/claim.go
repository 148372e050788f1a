package server

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/uv"
)

const (
	// claimWait is how long a server waits for another one that binds a socket in
	// the same directory.
	claimWait = 5 * time.Second
	// staleWait is how long a socket must refuse connections to be taken for one
	// that a killed server left behind: a program that locks nothing may just have
	// bound it and be about to listen.
	staleWait = 100 * time.Millisecond
)

// claimUnix makes a socket that listens at the path. A socket file that nobody
// listens on is what a killed server left behind: it is replaced. To look, to
// remove, to bind and to listen is one step among servers of this package, by a
// lock of the directory: so none takes another's fresh socket for a stale one.
func claimUnix(path string, backlog int) (int, socketFile, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return -1, socketFile{}, os.NewSyscallError("socket", err)
	}
	defer lockDir(path)()
	addr := &unix.SockaddrUnix{Name: path}
	err = unix.Bind(fd, addr)
	if err == unix.EADDRINUSE && removeStale(path, stale) {
		err = unix.Bind(fd, addr)
	}
	op := "bind"
	var file socketFile
	if err == nil {
		op, file = "listen", identify(path)
		err = unix.Listen(fd, backlog)
	}
	if err != nil {
		file.remove()
		unix.Close(fd)
		return -1, socketFile{}, uv.Check(op, int(-err.(syscall.Errno)))
	}
	return fd, file, nil
}

// lockDir locks the path's directory against other servers until unlock is called.
// Where it cannot be opened or locked, or somebody else holds the lock for
// claimWait, there is no lock: a server is to start all the same.
func lockDir(path string) (unlock func()) {
	if path[0] == '@' {
		return func() {}
	}
	fd, err := unix.Open(filepath.Dir(path), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return func() {}
	}
	for end := time.Now().Add(claimWait); ; time.Sleep(time.Millisecond) {
		err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
		if err != unix.EWOULDBLOCK && err != unix.EINTR || time.Now().After(end) {
			break
		}
	}
	return func() { _ = unix.Close(fd) } // which unlocks
}

// removeStale removes a socket that refuses connections for staleWait, as refuses tells
// of its path.
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

// remove removes the file unless somebody has replaced it; the number of an inode
// alone does not tell, for it is used again.
func (f socketFile) remove() bool {
	if f.info == nil {
		return false
	}
	now, err := os.Lstat(f.path)
	return err == nil && os.SameFile(now, f.info) && now.ModTime().Equal(f.info.ModTime()) && os.Remove(f.path) == nil
}
