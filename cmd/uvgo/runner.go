package main

import (
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptls"
	"github.com/uvgo/uvgo/uv"
)

const (
	// connecting is how many connection attempts a loop has under way at once:
	// fewer than a listener's queue holds.
	connecting = 64
	// echoTimeout is how long the last echoes may take after the end.
	echoTimeout = 2 * time.Second
)

// A runner is one loop's share of the load. It belongs to the loop's goroutine, except
// for the channels and, once done is closed, the outcome.
type runner struct {
	load     *load
	loop     *uvgo.Loop
	number   int // among the load's
	messages *messages
	clients  []*client
	up       chan error    // gets one value: nil when all are connected, or an error
	done     chan struct{} // closed when the outcome is final

	next     int            // client that connects next
	ready    int            // clients that are connected
	watchdog *handles.Timer // ends each phase: connecting, the load, the last echoes
	began    time.Duration  // of the load, by the load's clock
	running  bool           // clients send another message after each echo
	alive    int            // clients that have not failed
	waiting  int            // messages under way
	pace     pace
	plain    []byte // what TLS decrypts, for all connections

	outcome outcome
}

// An outcome is the result of one runner.
type outcome struct {
	took     time.Duration
	requests uint64
	latency  histogram
	schedule schedule
	errors   map[string]uint64 // by kind
	first    error
}

// connect starts connecting.
func (r *runner) connect() {
	t, err := r.loop.NewTimer()
	if err != nil {
		r.connected(err)
		return
	}
	r.watchdog = t
	r.watch()
	for range min(connecting, len(r.clients)) {
		r.connectNext()
	}
}

// watch starts the timeout of the next connection.
func (r *runner) watch() {
	_ = r.watchdog.StartPrecise(r.load.timeout, func() { // fails only on a closed handle
		r.connected(uv.Fail("connect", uv.ETIMEDOUT))
	})
}

func (r *runner) connectNext() {
	if r.next < len(r.clients) {
		c := r.clients[r.next]
		r.next++
		r.dial(c)
	}
}

// dial connects one client. A unix listener whose queue is full refuses with EAGAIN,
// where a TCP listener would make the client wait. dial tries such a connection again.
func (r *runner) dial(c *client) {
	connected := func(err error) {
		if err == nil {
			r.ready++
			r.load.ready.Add(1)
			r.watch()
		}
		if err != nil || r.ready == len(r.clients) {
			r.connected(err)
			return
		}
		r.connectNext()
	}
	s, err := r.load.address.dial(r.loop, r.load.at, func(err error) {
		if errors.Is(err, uv.EAGAIN) {
			c.stream.Close()
			if _, err = r.loop.AfterFunc(10*time.Millisecond, func() { r.dial(c) }); err == nil {
				return
			}
		}
		if err == nil && r.load.tls != nil {
			if r.plain == nil {
				r.plain = make([]byte, 4*looptls.MaxPlaintext)
			}
			c.secure = newSecure(r.loop, c.stream, r.load.tls, r.plain, func(err error) {
				if hungUp(err) { // an error of the load, as without TLS
					c.hungUp = true
					r.load.hungUp.Add(1)
					err = nil
				}
				connected(err)
			}, c.read)
			return
		}
		connected(err)
	})
	c.stream = s
	if err != nil {
		r.connected(err)
	}
}

// hungUp tells whether an error of a handshake is that the server has ended the connection. One that
// limits its connections does so right after it has accepted them.
func hungUp(err error) bool {
	for _, end := range []error{errEnded, io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, end) {
			return true
		}
	}
	return false
}

// connected ends the phase of connecting.
func (r *runner) connected(err error) {
	if r.watchdog != nil {
		_ = r.watchdog.Stop()
	}
	if err != nil {
		for _, c := range r.clients {
			if c.secure != nil {
				c.secure.abort()
			}
		}
	}
	select {
	case r.up <- err:
	default: // another failure has been reported
	}
}

// start begins the load, which lasts for --duration.
func (r *runner) start() {
	r.running, r.alive = true, len(r.clients)
	r.outcome.errors = make(map[string]uint64)
	r.began = r.load.now()
	_ = r.watchdog.StartPrecise(r.load.duration, r.end) // fails only on a closed handle
	for _, c := range r.clients {
		c.start()
	}
	if !r.running { // all have failed
		return
	}
	if r.load.rate > 0 {
		r.startPace()
		return
	}
	for _, c := range r.clients {
		if !c.failed {
			c.send(r.load.now())
		}
	}
}

// echoed counts a message that came back, and makes the client send the next.
func (r *runner) echoed(c *client) {
	if !r.running {
		r.finish()
		return
	}
	now := r.load.now()
	r.outcome.requests++
	r.outcome.latency.add(now - c.sent)
	if r.load.rate > 0 {
		r.pace.free = append(r.pace.free, c)
		r.keepPace()
		return
	}
	c.send(now)
}

// failed counts an error that ended a connection.
func (r *runner) failed(err error) {
	o := &r.outcome
	if o.first == nil {
		o.first = err
	}
	o.errors[kind(err)]++
	if r.alive--; r.alive == 0 {
		r.end()
	}
	r.finish()
}

// kind returns the error without the parts that differ between connections.
func kind(err error) string {
	for _, known := range []error{errChanged, errSurplus, errEnded, errMissing, errAlert} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return reason(err)
}

// end makes the clients send no further message. Echoes under way may still come.
func (r *runner) end() {
	if !r.running {
		return
	}
	r.running = false
	now := r.load.now()
	r.outcome.took = now - r.began
	r.endPace(now)
	_ = r.watchdog.StartPrecise(echoTimeout, r.echoTimedOut) // fails only on a closed handle
	r.finish()
}

// echoTimedOut counts the echoes that have not come as errors.
func (r *runner) echoTimedOut() {
	for _, c := range r.clients {
		if c.waiting {
			c.fail(fmt.Errorf("%w: connection %d, message %d, %d of %d bytes after %v",
				errMissing, c.number, c.message, c.received, r.messages.size, echoTimeout))
		}
	}
}

// finish makes the outcome final once no message is under way.
func (r *runner) finish() {
	if !r.running && r.waiting == 0 && !r.watchdog.Closing() {
		_ = r.watchdog.Close() // never fails on the loop's goroutine
		for _, c := range r.clients {
			if c.secure != nil && !c.failed {
				c.failed = true                // what follows counts no more
				_ = c.secure.conn.CloseWrite() // otherwise the server takes the end for an attack
			}
		}
		close(r.done)
	}
}
