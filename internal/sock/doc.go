// Package sock is system calls on sockets, and on the files of unix sockets, for the packages that may not import
// cuv. Each function may be called by any goroutine. Those that wait say so.
package sock
