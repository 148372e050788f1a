// Package sysinfo returns what libuv knows about the machine, the process and its user:
// processors, load, memory, interfaces, names, priorities, usage, clocks.
//
// Its functions return at once, need no loop, and may be called from any goroutine.
// Those that read the user database may wait for it.
//
// Some functions have a counterpart in the standard library; their comments say how the
// two differ. A portable program can use either. Three groups of libuv's functions are
// missing, because they conflict with Go's runtime: arguments, environment and process
// title; the names, priorities and processors of threads; dynamic linking.
package sysinfo
