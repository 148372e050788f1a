//go:build unix && !linux && !darwin

package uvnet

import "golang.org/x/sys/unix"

// writev writes the first of the buffers: x/sys has no writev for this system. What is
// left the caller writes next, as after any short write.
func writev(fd int, v [][]byte) (int, error) { return unix.Write(fd, v[0]) }
