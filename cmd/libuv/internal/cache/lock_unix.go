//go:build unix && !aix && !solaris

package cache

import (
	"errors"
	"os"
	"syscall"
)

// tryLock locks a file if no other process has it locked. The lock ends with the process.
func tryLock(f *os.File) (bool, error) {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EWOULDBLOCK):
			return false, nil
		default:
			return err == nil, err
		}
	}
}
