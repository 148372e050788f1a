// Package keepalive sets the probes of idle TCP connections as package net does. Any
// goroutine may call it while the descriptor is open.
package keepalive
