package uvhttp

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uvhttp/internal/h1"
)

// A conn is a connection that speaks HTTP/1:
//
//	         a whole head                  the handler has returned
//	head ───────────────────▶ running ───────────────┬──────────────▶ head
//	 │  ▲                        │                   │ of the body is left
//	 │  │ the body is skipped    │ Hijack            ▼
//	 │  └────────────────────────┼─────────────── skipping
//	 │ HTTP/2                    ▼                   │
//	 └──────────────────────▶ detached               │
//	 every state but detached ───────▶ closing ◀─────┘
//
// The loop's callbacks change the state. While a handler runs, it shares with the loop what mu guards.
type conn struct {
	sc         *server.Conn
	w          *worker
	prev, next *conn // in worker.conns
	facade     atomic.Pointer[connFacade]

	state   state
	first   bool  // no head has been read
	lines   uint8 // line ends that may still come behind the body of a POST
	ends    uint8 // and that have come
	full    bool  // the next request waits for Drain
	hasHold bool
	told    http.ConnState // what ConnState was called with last
	parser  *h1.Parser     // of a head that has come in part
	skip    body           // what is left of a body while skipping
	ex      *exchange      // while running
	remote  string         // RemoteAddr of requests
	tls     *tls.ConnectionState
	ctx     context.Context // of the requests: nil for the server's
	due     due

	mu       sync.Mutex
	in       []byte // what has arrived and is not used up, from inOff on
	inOff    int
	paused   bool          // the loop does not read, because in is long
	inErr    error         // what has ended the peer's side
	dead     bool          // the connection has closed
	queue    [][]byte      // output for the loop, in order
	queued   int           // its bytes
	inFlight int           // bytes that the kernel has not taken yet
	readers  chan struct{} // closed to wake what reads its body; nil: nothing waits
	writers  chan struct{} // and what writes
	listed   bool          // it is in worker.dirty
	asked    ask           // what the handler wants of the loop
	taken    net.Conn      // what the connection has become, once it is detached
}

// state is the state of a connection.
type state uint8

const (
	reading  state = iota // a head
	running               // a handler
	skipping              // what is left of a body
	closing
	detached // it is another's
)

// The longest input, in bytes: beyond it the loop stops reading until a handler has used up half of it.
const inputMax = 64 << 10

// newConn makes a connection: when it opens, or before its handshake if somebody is to be told.
func (w *worker) newConn(sc *server.Conn) *conn {
	c := &conn{sc: sc, w: w, first: true}
	sc.SetContext(c)
	w.conns.add(c)
	sc.LocalAddr() // handlers on other goroutines ask for it, too, and only a callback can look it up
	if w.engine.opts.ConnContext != nil {
		c.makeContext()
	}
	c.setState(http.StateNew)
	return c
}

// openConn begins a connection.
func (w *worker) openConn(sc *server.Conn) {
	c, known := sc.Context().(*conn)
	if !known {
		c = w.newConn(sc)
	}
	if c.tls = sc.TLS(); c.tls != nil && c.tls.NegotiatedProtocol == "h2" {
		c.handOver(nil)
		return
	}
	c.due.head(c)
}

// data handles what has arrived. p is borrowed.
func (c *conn) data(p []byte) {
	if c.state == skipping {
		p = c.skipBody(p)
	}
	switch {
	case len(p) == 0:
	case c.state == reading && !c.full:
		c.head(p)
	case c.state <= skipping:
		c.feed(p)
	}
	if c.state == reading && !c.first && c.parser == nil && !c.full {
		_, _ = c.sc.Write(nil) // what came is no request, so Shutdown need not wait for an answer
	}
}

// feed keeps p for later: it belongs to a body, or to a pipelined request.
func (c *conn) feed(p []byte) {
	c.mu.Lock()
	c.keep(p)
	c.wakeReader()
	pause := len(c.in)-c.inOff >= inputMax && !c.paused
	if pause {
		c.paused = true
	}
	c.mu.Unlock()
	if pause {
		c.sc.Pause()
	}
}

// keep appends p to the input.
func (c *conn) keep(p []byte) {
	if c.inOff == len(c.in) {
		if c.in == nil {
			c.in = c.w.takeInput()
		}
		c.in, c.inOff = c.in[:0], 0
	} else if c.inOff > 0 && len(c.in)+len(p) > cap(c.in) {
		n := copy(c.in, c.in[c.inOff:])
		c.in, c.inOff = c.in[:n], 0
	}
	c.in = append(c.in, p...)
}

// dropInput gives an empty input's memory back.
func (c *conn) dropInput() {
	if c.in != nil && c.inOff == len(c.in) {
		c.w.giveInput(c.in)
		c.in, c.inOff = nil, 0
	}
}

// input is what has arrived and is not used up.
func (c *conn) input() []byte { return c.in[c.inOff:] }

// ended handles the end of the peer's side.
func (c *conn) ended() {
	switch c.state {
	case running:
		c.mu.Lock()
		c.inErr = errEOF
		c.wakeReader()
		ex := c.ex
		c.mu.Unlock()
		ex.ctx.cancel()
	case reading:
		if c.full {
			c.inErr = errEOF
			return
		}
		c.cut()
	default:
		c.close()
	}
}

// cut handles the end of the peer's side where a head is read.
func (c *conn) cut() {
	if c.beganHead() {
		c.refuse(errBadRequest)
		return
	}
	c.close()
}

// closed handles the end of the connection.
func (c *conn) closed() {
	w := c.w
	w.conns.remove(c)
	w.ring.drop(c)
	if c.state == detached {
		return
	}
	c.mu.Lock()
	c.dead = true
	c.queue, c.queued = nil, 0
	c.wakeReader()
	c.wakeWriter()
	ex := c.ex
	c.mu.Unlock()
	if ex != nil {
		ex.ctx.cancel()
	} else {
		c.inOff = len(c.in)
		c.dropInput()
		c.giveParser()
	}
	c.setState(http.StateClosed)
}

// close ends the connection, behind what was written.
func (c *conn) close() {
	c.state = closing
	c.due.clear(c)
	end := func(error) {
		_ = c.sc.Close() // fails only when it is closed
		c.unhold()
	}
	if c.sc.Buffered() == 0 || c.sc.WriteFunc(end, nil) != nil { // CloseTimeout is not for a client that reads slowly
		end(nil)
	}
}

// closeIdle closes the connection if it waits for another request.
func (c *conn) closeIdle() {
	if c.state == reading && !c.first && c.parser == nil && !c.beganHead() {
		c.close()
	}
}

// abort ends the connection at once. What the handler has flushed is sent as far as the kernel takes it.
func (c *conn) abort() {
	if c.state != detached {
		c.state = closing
		c.flushQueue()
		_ = c.sc.Abort()
	}
}

// hold keeps the connection from being closed by Shutdown while a request is under way.
func (c *conn) hold() {
	if !c.hasHold {
		c.hasHold = true
		c.sc.Hold()
	}
}

func (c *conn) unhold() {
	if c.hasHold {
		c.hasHold = false
		c.sc.Release()
	}
}

// holdUnsent keeps the connection from being closed by Shutdown until its client has taken the last answer, however long that
// takes. As with net/http, the server's WriteTimeout limits it.
func (c *conn) holdUnsent() {
	if c.state == running || c.sc.Buffered() == 0 {
		return
	}
	c.sc.Hold()
	release := func(error) { c.sc.Release() }
	if err := c.sc.WriteFunc(release, nil); err != nil {
		release(err)
	}
}

// wakeReader wakes a handler that waits for its body. The caller has locked mu.
func (c *conn) wakeReader() { wake(&c.readers) }

// wakeWriter wakes a handler that waits for output to leave. The caller has locked mu.
func (c *conn) wakeWriter() { wake(&c.writers) }

// wake wakes all that wait: a handler's goroutines may wait side by side, or stay behind when it has returned.
func wake(ch *chan struct{}) {
	if *ch != nil {
		close(*ch)
		*ch = nil
	}
}
