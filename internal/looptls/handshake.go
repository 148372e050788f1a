package looptls

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"sync"

	"github.com/uvgo/uvgo/uv"
)

// maxUnread is how many bytes may wait for a handshake before the loop stops reading. It
// has room for the largest message before the peer is known.
const maxUnread = 64 << 10

// ErrEvicted is the error of a handshake that waited for its peer when too many did.
var ErrEvicted = errors.New("tls: the handshake waited for its peer, and too many others did, too")

var errGoexit = errors.New("tls: a callback of tls.Config called runtime.Goexit")

// A handshake is what a Conn has only until it is established. The loop feeds it, and its
// goroutine reads from it. mu guards all fields below it.
type handshake struct {
	conn   *Conn
	config *tls.Config
	client bool
	ctx    context.Context
	cancel context.CancelFunc

	pool    *pool         // set by Start
	links                 // pool.mu guards them
	running bool          // has a slot; pool.mu guards it
	dropped bool          // was aborted, and gets no slot; pool.mu guards it
	signal  chan struct{} // has one element when the goroutine, which waits, may go on

	mu      sync.Mutex
	started bool
	hello   hello  // until started
	waits   bool   // the goroutine waits for input
	full    bool   // the loop has stopped reading, and is to be told when there is room
	in      []byte // what the loop has read; from at on, crypto/tls has not
	at      int
	inEnd   error  // follows in
	wrote   bool   // crypto/tls has written something
	out     []byte // what crypto/tls has written and the loop has not taken
	done    bool
	err     error
}

// Feed gives the handshake what the loop has read. It tells whether the loop may read on; if
// not, there is a Wake when it may. A server's handshake starts when it can begin.
func (c *Conn) Feed(p []byte) (more bool) {
	h := c.hs
	h.mu.Lock()
	h.in = append(h.in, p...)
	start := !h.started && h.hello.ready(h.in)
	h.full = len(h.in)-h.at >= maxUnread
	more = !h.full
	h.wake()
	h.mu.Unlock()
	if start {
		c.Start()
	}
	return more
}

// FeedEOF tells the handshake that nothing more arrives. It returns io.EOF if no handshake
// had begun: a peer that comes and goes has done nothing wrong.
func (c *Conn) FeedEOF() error {
	h := c.hs
	h.mu.Lock()
	started, some := h.started, len(h.in) > 0
	h.mu.Unlock()
	switch {
	case started:
		h.end(io.EOF)
	case some:
		return io.ErrUnexpectedEOF
	default:
		return io.EOF
	}
	return nil
}

// Start starts the handshake: a client's before anything has arrived.
func (c *Conn) Start() {
	h := c.hs
	if h.client {
		c.tls = tls.Client((*wire)(c), h.config)
	} else {
		c.tls = tls.Server((*wire)(c), h.config)
	}
	h.mu.Lock()
	h.started = true
	h.signal = make(chan struct{}, 1)
	h.ctx, h.cancel = context.WithCancel(context.Background())
	h.mu.Unlock()
	h.pool = handshakes
	h.pool.begin(h)
}

// Started tells whether the handshake has been started.
func (c *Conn) Started() bool { return c.hs == nil || c.hs.started }

// Working tells whether the handshake has written something and does not wait for its peer: it handles the peer's answer.
func (c *Conn) Working() bool {
	h := c.hs
	if h == nil {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.wrote && !h.waits
}

// Turn follows a Wake. It hands to WriteRecord what the handshake has written, and tells how
// the handshake is: an error is final, and otherwise more tells whether the loop may read.
// When the connection is established, rest is what was fed and belongs to Read; it is owned
// by the caller.
func (c *Conn) Turn() (rest []byte, more bool, err error) {
	h := c.hs
	if h == nil {
		return nil, true, nil
	}
	h.mu.Lock()
	out, done := h.out, h.done
	h.out = nil
	more = !h.full
	if done {
		rest, err = h.in[h.at:], h.err
	}
	h.mu.Unlock()
	if len(out) > 0 {
		if e := c.host.WriteRecord(out); e != nil && err == nil {
			err = e
			h.end(e)
		}
	}
	if done && err == nil {
		c.hs = nil
		return rest, true, nil
	}
	return nil, more, err
}

// Abort ends a handshake without a result. There is no further Wake, except for one that is
// under way. It does nothing once the connection is established.
func (c *Conn) Abort() {
	if h := c.hs; h != nil && h.started {
		h.end(ErrAborted)
		h.cancel()
		h.pool.drop(h)
	}
}

// ErrAborted is the error of a handshake that Abort ended.
var ErrAborted = errors.New("tls: the connection was closed in the handshake")

// end makes the handshake's reads fail with err, behind what was fed. An earlier end
// stays, except that an EOF does not keep an error from ending the handshake.
func (h *handshake) end(err error) {
	h.mu.Lock()
	if h.inEnd == nil || h.inEnd == io.EOF {
		h.inEnd = err
	}
	h.wake()
	h.mu.Unlock()
}

// wake lets a goroutine go on that waits for input. The caller has the lock.
func (h *handshake) wake() {
	if h.waits {
		h.waits = false
		h.signal <- struct{}{} // never blocks: waits is true only while it is empty
	}
}

// run is the handshake's goroutine.
func (h *handshake) run() {
	err := errGoexit
	defer func() {
		var p *uv.PanicError
		if v := recover(); v != nil {
			p = &uv.PanicError{Value: v, Stack: debug.Stack()}
			err = p
		}
		h.cancel()
		h.pool.finish(h)
		if p != nil {
			h.conn.host.Panicked(p)
		}
		h.mu.Lock()
		h.done, h.err = true, err
		aborted := h.inEnd == ErrAborted
		h.mu.Unlock()
		if !aborted {
			h.conn.host.Wake()
		}
	}()
	err = h.conn.tls.HandshakeContext(h.ctx)
	if err == io.EOF { // which crypto/tls makes of an end between two records
		err = io.ErrUnexpectedEOF
	}
}

// read returns bytes of one record at most, and waits for them. It runs on the handshake's
// goroutine.
func (h *handshake) read(p []byte) (int, error) {
	for {
		h.mu.Lock()
		if h.inEnd != nil && h.inEnd != io.EOF {
			defer h.mu.Unlock()
			return 0, fmt.Errorf("tls: handshake: %w", h.inEnd)
		}
		if h.at < len(h.in) {
			n := h.conn.cut.take(p, h.in[h.at:])
			if h.at += n; h.at == len(h.in) {
				h.in, h.at = h.in[:0], 0
			}
			room := h.full && len(h.in)-h.at < maxUnread
			if room {
				h.full = false
			}
			h.mu.Unlock()
			if room {
				h.conn.host.Wake()
			}
			return n, nil
		}
		if h.inEnd != nil {
			h.mu.Unlock()
			return 0, io.EOF
		}
		h.waits = true
		send := len(h.out) > 0
		h.mu.Unlock()
		if send { // all that was written since the last wait leaves together
			h.conn.host.Wake()
		}
		h.pool.wait(h)
	}
}

// write collects what crypto/tls writes. It runs on the handshake's goroutine.
func (h *handshake) write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.wrote = true
	h.out = append(h.out, p...)
	return len(p), nil
}
