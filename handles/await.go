package handles

import "golang.org/x/sys/unix"

// await waits for a child's end in a thread.
func await(pid int) {
	for {
		if _, err := unix.Wait4(pid, nil, 0, nil); err != unix.EINTR {
			return
		}
	}
}
