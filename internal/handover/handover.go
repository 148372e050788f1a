package handover

import (
	"net"
	"sync/atomic"
)

// A State is what a connection takes over with its socket.
type State struct {
	Ahead         []byte   // was read of the socket, and comes first; owned by the connection
	Local, Remote net.Addr // in the place of the socket's; nil for none
	Closed        func()   // is called once, when the connection has been closed, on any goroutine; nil for none
}

// Empty tells whether there is nothing to take over.
func (s *State) Empty() bool {
	return len(s.Ahead) == 0 && s.Local == nil && s.Remote == nil && s.Closed == nil
}

// taker is what Register was given.
var taker atomic.Pointer[func(net.Conn, State) bool]

// Register makes Give try fn, which tells whether the connection was one of its own. uvnet calls it
// when the program begins.
func Register(fn func(c net.Conn, s State) bool) { taker.Store(&fn) }

// Give gives s to c, which nobody uses yet. It reports false if c cannot take it.
func Give(c net.Conn, s State) bool {
	fn := taker.Load()
	return fn != nil && (*fn)(c, s)
}
