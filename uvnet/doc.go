// Package uvnet is package net on libuv: blocking connections, listeners and
// dialers for goroutines, with the signatures and errors of package net.
//
// A program moves onto it by changing where its connections come from:
//
//	ln, err := uvnet.Listen("tcp", ":8080") // was: net.Listen
//
// Everything here may be called from any goroutine but a loop's own: a callback
// must not wait for the loop that runs it.
package uvnet
