package uvhttp

import (
	"errors"
	"os"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

var errNoSendfile = errors.New("uvhttp: no sendfile for this file")

// sentByFile counts the bytes that sendfile has sent, for tests.
var sentByFile atomic.Int64

// sendfile sends up to left bytes of f to a socket, until its buffer is full (more) or the file ends.
func sendfile(socket *os.File, f file, left int64) (n int64, more bool, err error) {
	to, err := socket.SyscallConn()
	if err != nil {
		return 0, false, err
	}
	from, err := f.SyscallConn()
	if err != nil {
		return 0, false, err
	}
	control := to.Control(func(out uintptr) {
		read := from.Control(func(in uintptr) { n, more, err = sendfileFD(int(out), int(in), left) })
		if err == nil {
			err = read
		}
	})
	if err == nil {
		err = control
	}
	return n, more, err
}

func sendfileFD(out, in int, left int64) (n int64, more bool, err error) {
	for left > 0 {
		m, err := unix.Sendfile(out, in, nil, int(min(left, sendfileMax)))
		switch {
		case m > 0:
			sentByFile.Add(int64(m))
			n, left = n+int64(m), left-int64(m)
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			return n, true, nil
		case err != nil && n == 0 && (err == unix.EINVAL || err == unix.ENOSYS || err == unix.EOVERFLOW):
			return 0, false, errNoSendfile
		default: // the file has become shorter, if err is nil
			return n, false, err
		}
	}
	return n, false, nil
}
