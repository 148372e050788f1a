// Package hosttest is a C program with a libuv loop, for the tests of loops
// that live in one. It belongs to tests alone. A Host is used from one thread:
// lock the goroutine to it (runtime.LockOSThread).
package hosttest
