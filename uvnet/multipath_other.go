//go:build unix && !linux

package uvnet

import "golang.org/x/sys/unix"

// multipathSocket fails: Multipath TCP is Linux's.
func multipathSocket(int) (int, error) { return -1, sysCall("socket", unix.EPROTONOSUPPORT) }

// isMultipath tells whether a socket was made to ask for Multipath TCP.
func isMultipath(int) bool { return false }

// usesMultipath tells whether a connection is one of Multipath TCP.
func usesMultipath(int) bool { return false }
