package handles

import (
	"os"

	"golang.org/x/sys/unix"
)

// reap reaps a child that no handle watches any more, when it ends: it must not stay a
// zombie. The child's pidfd becomes readable at its end. Go's netpoller watches the
// pidfd, so no thread waits for the child.
func reap(pid int) {
	fd, err := unix.PidfdOpen(pid, unix.PIDFD_NONBLOCK)
	if err == unix.ESRCH { // other code of this process has reaped it
		return
	}
	if err != nil { // Linux before 5.10
		go reapBlocking(pid)
		return
	}
	f := os.NewFile(uintptr(fd), "pidfd")
	go func() {
		defer f.Close()
		raw, err := f.SyscallConn()
		if err == nil {
			err = raw.Read(func(fd uintptr) bool { return reapNow(int(fd)) })
		}
		if err != nil { // the netpoller cannot watch a pidfd here
			reapBlocking(pid)
		}
	}()
}

// reapNow reaps the child of a pidfd if it has ended, and tells whether nothing is left
// to reap.
func reapNow(fd int) bool {
	for {
		var info unix.Siginfo
		switch err := unix.Waitid(unix.P_PIDFD, fd, &info, unix.WEXITED|unix.WNOHANG, nil); err {
		case unix.EINTR:
		case unix.EAGAIN:
			return false
		case nil:
			return info.Signo != 0
		default: // ECHILD: other code of this process has reaped it
			return true
		}
	}
}
