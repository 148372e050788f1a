//go:build !linux || race

package uvnet

import "golang.org/x/sys/unix"

func send(fd int, p []byte) (int, error) { return unix.Write(fd, p) }
