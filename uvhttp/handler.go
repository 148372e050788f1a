package uvhttp

import (
	"github.com/uvgo/uvgo/server"
)

// events are the callbacks of the connections of an engine.
type events struct{ engine *engine }

var (
	_ server.Handler    = events{}
	_ server.EOFHandler = events{}
	_ server.Drainer    = events{}
)

func (e events) Open(sc *server.Conn) { e.engine.worker(sc.Loop()).openConn(sc) }

// watched are events for a server that has ConnState or ConnContext, which know connections before their TLS handshake.
type watched struct{ events }

var _ server.HandshakeHandler = watched{}

func (e watched) Handshake(sc *server.Conn) { e.engine.worker(sc.Loop()).newConn(sc) }

func (e events) Data(sc *server.Conn, p []byte) {
	if c, ok := sc.Context().(*conn); ok {
		c.data(p)
	}
}

func (e events) EOF(sc *server.Conn) {
	if c, ok := sc.Context().(*conn); ok {
		c.ended()
	}
}

func (e events) Drain(sc *server.Conn) {
	if c, ok := sc.Context().(*conn); ok {
		c.drained()
	}
}

func (e events) Close(sc *server.Conn, _ error) {
	if c, ok := sc.Context().(*conn); ok {
		c.closed()
	}
}
