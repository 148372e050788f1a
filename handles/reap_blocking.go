package handles

import "golang.org/x/sys/unix"

// reapBlocking waits for a child's end and reaps it. The wait occupies a thread.
func reapBlocking(pid int) {
	for {
		if _, err := unix.Wait4(pid, nil, 0, nil); err != unix.EINTR {
			return
		}
	}
}
