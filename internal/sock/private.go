package sock

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// PrivateDir makes a directory that nobody else may use, unless it is there. XDG_RUNTIME_DIR is taken as it is: whoever has set it
// answers for it.
func PrivateDir(dir string) error {
	if dir == os.Getenv("XDG_RUNTIME_DIR") {
		return nil
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	var st unix.Stat_t
	if err := unix.Lstat(dir, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR || int(st.Uid) != os.Geteuid() || st.Mode&0o077 != 0 {
		return fmt.Errorf("%s is not a directory that only this user may use", dir)
	}
	return nil
}

// ListenPrivately listens on a unix socket with mode 0600. Nobody can connect before it has that. It replaces a socket there that
// nobody listens on, for which it waits as [RemoveStale] does.
func ListenPrivately(path string) (*os.File, error) {
	if most := len(unix.RawSockaddrUnix{}.Path) - 1; len(path) > most {
		return nil, fmt.Errorf("its path has %d bytes, and that of a socket %d at most: %w", len(path), most, unix.ENAMETOOLONG)
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return nil, err
	}
	unix.CloseOnExec(fd)
	f := os.NewFile(uintptr(fd), path)
	defer LockDir(path)()
	err = unix.Bind(fd, &unix.SockaddrUnix{Name: path})
	if err == unix.EADDRINUSE && RemoveStale(path, Refuses) {
		err = unix.Bind(fd, &unix.SockaddrUnix{Name: path})
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	file := Identify(path)
	if err = os.Chmod(path, 0o600); err == nil {
		err = unix.Listen(fd, 64)
	}
	if err != nil {
		file.Remove()
		_ = f.Close()
		return nil, err
	}
	return f, nil
}
