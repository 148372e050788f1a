package looptls

import (
	"crypto/tls"
	"io"
	"net"

	"github.com/uvgo/uvgo/uv"
)

// A Host is a loop's connection that carries TLS.
type Host interface {
	// WriteRecord queues p, which is borrowed, behind what was written before. It runs on
	// the loop.
	WriteRecord(p []byte) error
	// Wake makes the loop call Conn.Turn soon. The handshake's goroutine calls it.
	Wake()
	// Panicked reports that a callback of tls.Config has panicked, which may be long after
	// Abort. The handshake's goroutine calls it.
	Panicked(p *uv.PanicError)
	// LocalAddr and RemoteAddr are for callbacks of tls.Config. Any goroutine calls them.
	LocalAddr() net.Addr
	RemoteAddr() net.Addr
}

// MaxPlaintext is the most that one record holds. [Conn.Read] needs that much room.
const MaxPlaintext = 16 << 10

// A Conn is one side of a TLS connection:
//
//	             a whole ClientHello        Turn
//	listening ───────────────────────▶ shaking ─────▶ established
//	   (a client begins here: Start) ─────▶  │
//	                                         └── Turn returns an error: nothing works any more
//
// Detach takes an established one away from the loop.
//
// Until it is established, what arrives goes to Feed; afterwards to Read.
type Conn struct {
	host Host
	tls  *tls.Conn  // nil until started: a silent peer costs little
	hs   *handshake // nil once established
	src  []byte     // what Read decrypts, as far as crypto/tls has not taken it
	// below is what carries the records once Detach was called, nil before.
	below net.Conn
	cut   cutter
	// closeNotified tells that the peer has ended its side, writeEnded that we have ended
	// ours, and failed that Read has returned an error.
	closeNotified, writeEnded, failed bool
}

// Server returns the server's side of a connection. config must not change any more; one
// config for all connections lets each resume the sessions of the others.
func Server(host Host, config *tls.Config) *Conn {
	c := &Conn{host: host}
	c.hs = &handshake{conn: c, config: config}
	return c
}

// Client returns the client's side of a connection. Start begins the handshake. The peer
// may not renegotiate, whatever config says: that handshake would have to block the loop.
func Client(host Host, config *tls.Config) *Conn {
	if config.Renegotiation != tls.RenegotiateNever {
		config = config.Clone()
		config.Renegotiation = tls.RenegotiateNever
	}
	c := &Conn{host: host}
	c.hs = &handshake{conn: c, config: config, client: true}
	return c
}

// Established tells whether the handshake is done, as far as Turn has found out.
func (c *Conn) Established() bool { return c.hs == nil }

// State returns what was negotiated, once the connection is established.
func (c *Conn) State() tls.ConnectionState {
	if c.hs != nil {
		return tls.ConnectionState{}
	}
	return c.tls.ConnectionState()
}

// Read decrypts src, which is what the loop has read, into dst, which has room for
// MaxPlaintext at least. It stops when all of src is used, or dst has less room than that.
// It returns how many bytes it wrote to dst and how many of src it used. What it used of an
// incomplete record it keeps.
//
// io.EOF is the peer's close_notify; then all of src is used, for nothing may follow. Any
// other error is final, and crypto/tls has written an alert if the protocol wants one. The
// n bytes are valid with an error, too.
func (c *Conn) Read(dst, src []byte) (n, used int, err error) {
	if c.closeNotified {
		return 0, len(src), io.EOF
	}
	c.src = src
	for err == nil && len(c.src) > 0 && len(dst)-n >= MaxPlaintext {
		var m int
		m, err = c.tls.Read(dst[n:])
		n += m
	}
	used = len(src) - len(c.src)
	c.src = nil
	switch err {
	case nil:
	case errWouldBlock:
		err = nil
	case io.EOF:
		c.closeNotified = true
		used = len(src)
	default:
		c.failed = true
	}
	return n, used, err
}

// EOF returns what the end of the stream below means: io.EOF after the peer's close_notify,
// and io.ErrUnexpectedEOF without, because anybody on the way can end the stream.
func (c *Conn) EOF() error {
	if c.closeNotified {
		return io.EOF
	}
	return io.ErrUnexpectedEOF
}

// Write encrypts p and hands the records to WriteRecord.
func (c *Conn) Write(p []byte) (int, error) {
	if c.hs != nil {
		return 0, uv.Fail("tls: write", uv.ENOTCONN)
	}
	return c.tls.Write(p)
}

// CloseWrite writes close_notify, which ends our side. Read goes on working. Before the
// connection is established, after a failure, and when it is called again, it does nothing.
func (c *Conn) CloseWrite() error {
	if c.hs != nil || c.writeEnded || c.failed {
		return nil
	}
	err := c.tls.CloseWrite()
	c.writeEnded = true
	return err
}
