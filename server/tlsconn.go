package server

import (
	"crypto/tls"
	"errors"
	"io"
	"net"

	"github.com/uvgo/uvgo/internal/looptls"
	"github.com/uvgo/uvgo/uv"
)

// A tlsConn is the TLS of a connection:
//
//	             the handshake is done
//	handshake ────────────────────────▶ established: Handler.Open, then Data
//	    │                                   │    ▲
//	    │                                   │    │ Resume, Drain: the next turn goes on
//	    │ the handshake fails               ▼    │ with what is left
//	    ▼                                  stalled
//	closing, behind an alert
//
// A stalled one has ciphertext that the loop has read but the handler does not take: it is
// paused, or above the high watermark. Then the stream is not read, so there is no more of it
// than the loop reads of one connection in one turn. All else waits in the kernel.
//
// Only a stalled connection, and one in the handshake, has a buffer of the server's.
type tlsConn struct {
	conn   *looptls.Conn
	rest   []byte // ciphertext, while stalled
	behind []byte // ciphertext behind the records that are being handed out, while busy; borrowed
	ended  tlsEnd // behind rest
	full   bool   // the handshake takes no more now
	busy   bool   // records are being handed out
	due    bool   // a turn will look whether the handler takes what has stalled
}

// tlsEnd is what has ended the peer's side, and has not been handed out.
type tlsEnd uint8

const (
	notEnded    tlsEnd = iota
	closeNotify        // the peer's close_notify
	streamEnd          // the end of the stream below, which may be a truncation
)

// stalled tells whether the stream must not be read.
func (t *tlsConn) stalled() bool {
	return t != nil && (t.full || len(t.rest) > 0 || t.ended != notEnded)
}

// startTLS begins the server's side of the handshake. Open comes behind it.
func (c *Conn) startTLS(config *tls.Config) {
	if config.GetCertificate != nil || config.GetConfigForClient != nil {
		c.LocalAddr() // stores the address for these callbacks, which run on other goroutines
	}
	c.facts |= hasTLS
	c.rare().tls = &tlsConn{conn: looptls.Server((*tlsHost)(c), config)}
	c.beginHandshake()
	c.setReading()
	if h := c.worker.callbacks.handshake; h != nil && !c.closes() {
		c.facts |= announcedTLS
		c.worker.enter(c)
		c.worker.core.About(c.stream.DeferredSlot()) // as handOver
		h.Handshake(c)
		c.worker.leave()
	}
}

// tlsHost is a Conn as its TLS sees it.
type tlsHost Conn

var _ looptls.Host = (*tlsHost)(nil)

// WriteRecord queues records. The stream copies them, and a turn's records leave together.
func (h *tlsHost) WriteRecord(p []byte) error {
	c := (*Conn)(h)
	_, err := c.stream.Write(p)
	c.facts |= hasWritten
	if c.facts&(idleTimed|writeTimed) != 0 {
		c.wroteTimed(len(p))
	}
	return err
}

func (h *tlsHost) Wake() {
	c := (*Conn)(h)
	_ = c.worker.loop.Post(c.turnTLS) // fails only once the loop has ended
}

func (h *tlsHost) Panicked(p *uv.PanicError) {
	c := (*Conn)(h)
	c.worker.logPanic(c, tlsPanicked, p)
}

func (h *tlsHost) LocalAddr() net.Addr  { return (*Conn)(h).LocalAddr() }
func (h *tlsHost) RemoteAddr() net.Addr { return (*Conn)(h).RemoteAddr() }

// writeTLS is Write. The records' own bytes count as unsent; WriteLimit leaves out those of p.
func (c *Conn) writeTLS(p []byte) (int, error) {
	if c.writes != writeOpen {
		return 0, uv.Fail("server: write", uv.EPIPE)
	}
	if c.shaking() {
		return 0, uv.Fail("server: write", uv.ENOTCONN)
	}
	n, err := c.secured().conn.Write(p)
	c.gave(n)
	return n, err
}

// writeFuncTLS is WriteFunc. fn runs behind the last record.
func (c *Conn) writeFuncTLS(fn func(err error), bufs [][]byte) error {
	for _, p := range bufs {
		if _, err := c.writeTLS(p); err != nil {
			return err
		}
	}
	if fn == nil {
		return nil
	}
	return c.stream.WriteFunc(c.guarded(fn), nil)
}

// turnTLS goes on with the handshake, which has something for the loop.
func (c *Conn) turnTLS() {
	t := c.secured()
	if c.closes() || t.conn.Established() {
		return
	}
	rest, more, err := t.conn.Turn()
	var p *uv.PanicError
	switch {
	case errors.As(err, &p): // Panicked has reported it
		c.failAs(panicked, panicError{tlsPanicked, p})
	case err != nil:
		c.failTLS(err)
	case !t.conn.Established():
		t.full = !more
		c.setReading()
		if c.is(unlooked) && !t.conn.Working() {
			c.lookedAt()
		}
	default:
		t.full = false
		t.rest = rest
		c.worker.handshakes.Add(1)
		if t.conn.State().DidResume {
			c.worker.handshakesResumed.Add(1)
		}
		c.facts &^= looked | unlooked // the request may be still to come
		c.handOver()
		c.resumeTLS()
		c.closeIfIdle()
	}
}

// readTLS handles what the stream read.
func (c *Conn) readTLS(p []byte, err error) {
	t := c.secured()
	switch {
	case err == io.EOF && !c.closes():
		c.endTLS()
	case err != nil:
		c.readEnd(err)
	case c.closes():
	case !t.conn.Established():
		t.full = !t.conn.Feed(p)
		c.setReading()
	default:
		if c.is(idleTimed) {
			c.active = c.worker.tick()
		}
		c.decrypt(p)
		if t.stalled() {
			c.setReading()
		}
	}
}

// decrypt hands out what p holds, until the handler takes no more: then p's rest is kept.
func (c *Conn) decrypt(p []byte) {
	t, w := c.secured(), c.worker
	t.busy = true
	returned := false
	defer c.exitedTLS(&returned)
	buf := w.plain.take() // nobody else has it while a callback that has it is blocked
	for len(p) > 0 {
		n, used, err := t.conn.Read(buf, p)
		p = p[used:]
		t.behind = p
		if n > 0 {
			c.deliver(buf[:n])
		}
		if c.closes() {
			break
		}
		if err == io.EOF {
			t.ended = closeNotify
			break
		}
		if err != nil {
			c.failTLS(err)
			break
		}
		if len(p) > 0 && !c.takesRecords() {
			t.rest = append([]byte(nil), p...)
			break
		}
	}
	w.plain.give(buf)
	t.busy, t.behind = false, nil
	returned = true
	if t.ended != notEnded {
		c.handOutEnd()
	}
}

// takesRecords tells whether the handler is to get what follows.
func (c *Conn) takesRecords() bool {
	return c.reads == receiving && c.takesData()
}

// wakeTLS makes the next turn go on with what has stalled, if the handler takes it.
func (c *Conn) wakeTLS() {
	t := c.secured()
	if !t.due && t.conn.Established() && c.takesRecords() {
		t.due = true
		c.worker.loop.Defer((*stalledTLS)(c))
	}
}

// stalledTLS is a connection whose records have stalled.
type stalledTLS Conn

// DeferredSlot makes the delivery one of the stream's events: while Data blocks, reads and the
// close wait.
func (s *stalledTLS) DeferredSlot() uint32 { return s.stream.DeferredSlot() }

// Deliver goes on.
func (s *stalledTLS) Deliver() {
	c := (*Conn)(s)
	c.secured().due = false
	if c.closes() || c.secured().busy { // a callback that has blocked goes on by itself
		return
	}
	c.resumeTLS()
	c.closeIfIdle()
}

// resumeTLS hands out what has stalled, and then reads on.
func (c *Conn) resumeTLS() {
	t := c.secured()
	if c.closes() || !c.takesRecords() {
		return
	}
	rest := t.rest
	if t.rest = nil; len(rest) > 0 {
		c.decrypt(rest)
	}
	c.handOutEnd()
	if !c.closes() {
		c.setReading()
	}
}

// endTLS handles the end of the stream below.
func (c *Conn) endTLS() {
	t := c.secured()
	if t.conn.Established() {
		t.ended = streamEnd
		c.handOutEnd()
		return
	}
	switch err := t.conn.FeedEOF(); err {
	case nil:
		t.ended = streamEnd // what was fed may complete the handshake
		c.setReading()
	case io.EOF: // before anything was sent
		c.why = byPeer
		c.closeNow()
	default:
		c.failTLS(err)
	}
}

// handOutEnd handles the end of the peer's side, if it has come, and the handler takes it.
func (c *Conn) handOutEnd() {
	t := c.secured()
	if c.closes() || t.ended == notEnded || len(t.rest) > 0 || !c.takesRecords() {
		return
	}
	end := t.ended
	t.ended = notEnded
	if end == streamEnd {
		if t.conn.EOF() != io.EOF {
			c.reads = readEnded
			c.endSecured(truncated, errTruncated)
			return
		}
	}
	c.readEnd(io.EOF)
}

// failTLS closes the connection after a failure of TLS.
func (c *Conn) failTLS(err error) {
	if fn := c.worker.server.HandshakeFailed; fn != nil && c.shaking() && !c.is(isDialed) {
		c.worker.enter(c)
		p := fn(c, err)
		c.worker.leave()
		if n, _ := c.stream.Write(p); n > 0 { // an error closes the connection
			c.wrote(n)
		}
	}
	c.endSecured(badTLS, err)
}

// endSecured closes the connection gracefully: the alert, and what was written before, are to
// arrive. A close with bytes unread would be a reset, by which the peer loses them.
func (c *Conn) endSecured(why reason, err error) {
	if m := c.rare(); m.err == nil {
		m.err, c.why = err, why
	}
	if c.is(isDialed) && c.shaking() { // the server sends nothing behind what has failed
		c.closeNow()
		return
	}
	c.close()
}

// A plainPool has a loop's buffers for plaintext. It has as many as callbacks are blocked at
// once, and one more.
type plainPool [][]byte

// plainSize is the size of a buffer: two of the largest records, so that a row of small ones
// reaches the handler in one call.
const plainSize = 2 * looptls.MaxPlaintext

func (p *plainPool) take() []byte {
	n := len(*p)
	if n == 0 {
		return make([]byte, plainSize)
	}
	buf := (*p)[n-1]
	*p = (*p)[:n-1]
	return buf
}

// give puts a buffer back. Those of many callbacks that were blocked at once are dropped.
func (p *plainPool) give(buf []byte) {
	if len(*p) < 4 {
		*p = append(*p, buf)
	}
}
