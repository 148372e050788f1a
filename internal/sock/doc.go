// Package sock is system calls on sockets for the packages that may not import cuv. Each
// function is one call that does not wait, and may be called by any goroutine.
package sock
