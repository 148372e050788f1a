package server

import "errors"

// A Handler receives the events of connections. Its methods run on the
// connection's loop and must not block. A panic closes the connection and is
// reported to the server's Logger.
type Handler interface {
	// Open is called when a connection was accepted.
	Open(c *Conn)
	// Data is called with what arrived. p is borrowed: valid until Data
	// returns. Writing it to a connection of the same loop costs no copy.
	Data(c *Conn, p []byte)
	// Close is called when the connection is gone, exactly once for each Open:
	// with io.EOF after the peer ended it, nil after our own close; after a
	// failure with its error, such as ECONNRESET, ETIMEDOUT if bytes were still
	// unsent after CloseTimeout or the peer has vanished, or what errors.As finds a
	// *uv.PanicError in. What has been logged of a panic is not in its text again.
	Close(c *Conn, err error)
}

// A Drainer is a Handler that wants to know when it may write on.
type Drainer interface {
	// Drain is called after a connection was full (Conn.Full), as soon as its
	// unsent bytes are at or below the low watermark: in the next turn if the
	// kernel takes everything.
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

var (
	// ErrServerClosed is the error of serving with a server that was shut down
	// before.
	ErrServerClosed = errors.New("server: closed")

	errNoHandler  = errors.New("server: Handler is nil")
	errServing    = errors.New("server: already serving")
	errGoexit     = errors.New("server: a handler called runtime.Goexit")
	errNoListener = errors.New("server: no address to listen on")
)
