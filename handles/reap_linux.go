package handles

import (
	"os"

	"golang.org/x/sys/unix"
)

// reap collects the end of a child that no handle watches any more: it must not
// stay a zombie. Its descriptor becomes readable then, which Go's netpoller
// tells without a thread that waits.
func reap(pid int) {
	fd, err := unix.PidfdOpen(pid, unix.PIDFD_NONBLOCK)
	if err == unix.ESRCH { // somebody else has done it
		return
	}
	if err != nil { // Linux before 5.10
		go await(pid)
		return
	}
	f := os.NewFile(uintptr(fd), "pidfd")
	go func() {
		defer f.Close()
		raw, err := f.SyscallConn()
		if err == nil {
			err = raw.Read(func(fd uintptr) bool { return ended(int(fd)) })
		}
		if err != nil { // the netpoller does not take it
			await(pid)
		}
	}()
}

// ended reaps the child of a descriptor if it has ended.
func ended(fd int) bool {
	for {
		var info unix.Siginfo
		switch err := unix.Waitid(unix.P_PIDFD, fd, &info, unix.WEXITED|unix.WNOHANG, nil); err {
		case unix.EINTR:
		case unix.EAGAIN:
			return false
		case nil:
			return info.Signo != 0
		default: // ECHILD: somebody else has done it
			return true
		}
	}
}
