package sock

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	dirLockWait = 5 * time.Second // see LockDir
	// staleWait is how long a socket must refuse connections before it counts as one
	// that a killed server left behind: a program that does not lock the directory may have
	// bound it just now, and be about to listen.
	staleWait = 100 * time.Millisecond
)

// LockDir locks the path's directory against other servers until unlock is called. It waits for a lock that
// another process has.
// If the directory cannot be opened or locked, or another process holds the lock for
// dirLockWait, the server starts without the lock.
func LockDir(path string) (unlock func()) {
	if path == "" || path[0] == '@' {
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

// RemoveStale removes the socket at path if refuses, which is [Refuses] but in tests, returns
// true of it for staleWait, for which it waits.
func RemoveStale(path string, refuses func(path string) bool) bool {
	file := Identify(path)
	if file.info == nil {
		return false
	}
	for end := time.Now().Add(staleWait); ; time.Sleep(5 * time.Millisecond) {
		if !refuses(path) {
			return false
		}
		if time.Now().After(end) {
			return file.Remove()
		}
	}
}

// Refuses tells whether the path is a socket that refuses connections.
func Refuses(path string) bool {
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

// A File is the file of a bound unix socket, as it was when we bound it.
type File struct {
	path string
	info os.FileInfo // nil: there is no file, as for an abstract name
}

// Identify returns the file of a socket that has just been bound at the path.
func Identify(path string) File {
	if path == "" || path[0] == '@' {
		return File{}
	}
	info, err := os.Lstat(path)
	if err != nil {
		return File{}
	}
	return File{path, info}
}

// Remove removes the file unless another one has its path now. The inode's number does not
// tell that alone: the file system uses numbers again.
func (f File) Remove() bool {
	if f.info == nil {
		return false
	}
	now, err := os.Lstat(f.path)
	return err == nil && os.SameFile(now, f.info) && now.ModTime().Equal(f.info.ModTime()) && os.Remove(f.path) == nil
}
