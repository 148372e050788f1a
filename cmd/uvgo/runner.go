package main

import (
	"errors"
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
	number   int       // among the load's
	messages *messages // nil for HTTP
	clients  []*client
	up       chan error    // gets one value: nil when all are connected, or an error
	done     chan struct{} // closed when the outcome is final

	next     int            // client that connects next
	ready    int            // clients that are connected
	watchdog *handles.Timer // ends each phase: connecting, the load, the last echoes
	began    bool
	from     time.Duration // when the load began, by its clock
	running  bool          // clients send another message after each echo
	alive    int           // clients that have not failed
	waiting  int           // messages under way
	pace     pace
	plain    []byte // what TLS decrypts, for all connections

	outcome outcome
}

// An outcome is the result of one runner.
type outcome struct {
	took       time.Duration
	requests   uint64
	latency    histogram
	schedule   schedule
	bytes      uint64            // of the answers
	reconnects uint64            // connections that took the place of one that the server had ended
	statuses   statuses          // of HTTP
	errors     map[string]uint64 // by kind
	first      error
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

// dial connects one client, in the phase of connecting.
func (r *runner) dial(c *client) {
	r.open(c, func(err error) {
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
	})
}

// open opens a client's connection. connected runs once it is, or has failed. A unix listener whose queue is full refuses
// with EAGAIN, where a TCP listener would make the client wait: then open tries again.
func (r *runner) open(c *client, connected func(error)) {
	s, err := r.load.address.dial(r.loop, r.load.at, func(err error) {
		if errors.Is(err, uv.EAGAIN) {
			c.stream.Close()
			if _, err = r.loop.AfterFunc(10*time.Millisecond, func() { r.open(c, connected) }); err == nil {
				return
			}
		}
		if err == nil && r.load.tls != nil {
			if r.plain == nil {
				r.plain = make([]byte, 4*looptls.MaxPlaintext)
			}
			stream := c.stream // another takes its place in the middle of what has been read
			c.secure = newSecure(r.loop, stream, r.load.tls, r.plain, func(err error) {
				if hungUp(err) { // an error of the load, as without TLS
					c.hungUp = true
					r.load.hungUp.Add(1)
					err = nil
				}
				connected(err)
			}, func(p []byte, err error) {
				if c.stream == stream {
					c.read(p, err)
				}
			})
			return
		}
		connected(err)
	})
	c.stream = s
	if err != nil {
		connected(err)
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
	r.began, r.running, r.alive = true, true, len(r.clients)
	r.outcome.errors = make(map[string]uint64)
	r.from = r.load.now()
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
		for range r.load.pipeline {
			if !c.failed {
				c.send(r.load.now())
			}
		}
	}
}

// answered counts a message whose answer has come, and makes the client send the next.
func (r *runner) answered(c *client, sent time.Duration) {
	if !r.running {
		r.finish()
		return
	}
	now := r.load.now()
	r.outcome.requests++
	r.outcome.latency.add(now - sent)
	c.talk.count()
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
	for _, known := range []error{errChanged, errSurplus, errEnded, errMissing, errAbsent, errAlert, errAnswer, errChunk, errHead, errShort} {
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
	r.outcome.took = now - r.from
	r.endPace(now)
	_ = r.watchdog.StartPrecise(echoTimeout, r.echoTimedOut) // fails only on a closed handle
	r.finish()
}

// echoTimedOut counts the echoes that have not come as errors.
func (r *runner) echoTimedOut() {
	for _, c := range r.clients {
		if c.pending > 0 {
			c.fail(c.missing())
		}
	}
}

// finish makes the outcome final once no message is under way.
func (r *runner) finish() {
	if !r.running && r.waiting == 0 && !r.watchdog.Closing() {
		_ = r.watchdog.Close() // never fails on the loop's goroutine
		for _, c := range r.clients {
			switch {
			case c.secure == nil || c.failed:
			case c.up:
				c.failed = true                // what follows counts no more
				_ = c.secure.conn.CloseWrite() // otherwise the server takes the end for an attack
			default: // another handshake, for which no answer waits
				c.failed = true
				c.secure.abort()
			}
		}
		close(r.done)
	}
}
