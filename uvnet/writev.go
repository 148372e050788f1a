//go:build linux || darwin

package uvnet

import "golang.org/x/sys/unix"

// writev writes the buffers to a socket.
func writev(fd int, v [][]byte) (int, error) { return unix.Writev(fd, v) }
