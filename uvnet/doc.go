// Package uvnet is package net on libuv: blocking connections, listeners and
// dialers for goroutines, with the signatures and errors of package net.
//
// A program moves onto it by changing where its connections come from:
//
//	ln, err := uvnet.Listen("tcp", ":8080") // was: net.Listen
//
// Everything here may be called from any goroutine. In a callback of a loop, a call that
// waits lends that loop meanwhile, as [uvgo.Loop.Block] does. In a callback of a loop that cannot
// be lent it fails with [uv.ErrInCallback].
package uvnet
