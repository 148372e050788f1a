package uv

import "syscall"

// system returns package syscall's error of the code's name, if it has one. Few of them are
// errors that Windows itself returns, but errors.Is matches them with what the standard
// library has for the same condition.
func (e Errno) system() (syscall.Errno, bool) {
	sys, ok := systemErrnos[e]
	return sys, ok
}
