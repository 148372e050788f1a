package server

// A Handler receives the events of connections. Its methods run on the
// connection's loop and must not block, unless in Loop().Block. A panic closes the connection and is
// reported to the server's Logger.
type Handler interface {
	// Open is called when a connection was accepted or, after Dial, connected: with TLS,
	// behind the handshake. If that fails, an accepted connection gets neither Open nor Close, unless the handler
	// is a HandshakeHandler.
	Open(c *Conn)
	// Data is called with what arrived. p is borrowed: valid until Data
	// returns. Writing it to a connection of the same loop costs no copy.
	Data(c *Conn, p []byte)
	// Close is called when the connection is closed, exactly once for each Open or Handshake, and for
	// each Dial that could not connect. err is
	// io.EOF after the peer ended the connection, nil after our own close, and after a
	// failure its error: ECONNRESET, for example; with TLS one in which errors.Is finds
	// io.ErrUnexpectedEOF, if the stream ended without close_notify; or ETIMEDOUT if keep-alive
	// probes got no answer. If a limit of the server ended the connection, errors.Is finds the limit's
	// error in it: [ErrIdleTimeout], for example. After a panic of the handler, errors.As
	// finds a *uv.PanicError, whose text leaves out the stack, which has been logged.
	Close(c *Conn, err error)
}

// callbacks are a Handler and its optional methods.
type callbacks struct {
	handler Handler
	drainer Drainer    // handler, if it is one
	eof     EOFHandler // handler, if it is one

	handshake HandshakeHandler // handler, if it is one
}

func callbacksOf(h Handler) callbacks {
	drainer, _ := h.(Drainer)
	eof, _ := h.(EOFHandler)
	handshake, _ := h.(HandshakeHandler)
	return callbacks{h, drainer, eof, handshake}
}

// on returns whose methods the connection's events call: the server's Handler, or the one that
// Dial was given.
func (c *Conn) on() *callbacks {
	if !c.is(isDialed) {
		return &c.worker.callbacks
	}
	return &c.more.Load().dial.callbacks
}

// A Drainer is a Handler that is told when it may write again.
type Drainer interface {
	// Drain is called after a connection was full (Conn.Full), as soon as its
	// unsent bytes are at or below the low watermark: in the next turn if the
	// kernel accepts everything.
	Drain(c *Conn)
}

// An EOFHandler is a Handler for protocols whose clients end their side first
// and then wait for an answer. Without it, a peer's EOF closes the connection
// as soon as everything written is sent.
type EOFHandler interface {
	// EOF is called when the peer has ended its side. The connection is closed
	// once the handler has ended ours: by CloseWrite, before or after, or by
	// Close.
	EOF(c *Conn)
}

// A HandshakeHandler is a Handler that is told of connections before their TLS handshake, and of their end if it fails.
type HandshakeHandler interface {
	// Handshake is called when an accepted connection begins its TLS handshake, before Open. It may store a context, ask for the
	// addresses, and close the connection. Close is called for the connection from then on, also without an Open.
	Handshake(c *Conn)
}
