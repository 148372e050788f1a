//go:build unix && !linux

package uvnet

import "golang.org/x/sys/unix"

// canSendFile tells whether the system sends files by itself.
const canSendFile = false

func sendfile(dst, src int, n int64) (int, error) { return 0, unix.ENOSYS }
