package uvhttp

import (
	"sync"

	"github.com/uvgo/uvgo/internal/core"
)

// Output goes from a handler to the loop in buffers:
//
//	pages.out ── push: at outMin bytes, or Flush ──▶ conn.queue ── flushQueue, on the loop ──▶ inFlight ──▶ the kernel
//
// A handler that has highWater bytes in queue and in flight waits until there are fewer.
const (
	outMin    = 32 << 10  // from there on a buffer goes to the loop
	outMax    = 64 << 10  // the size of a large buffer
	highWater = 256 << 10 // in bytes, a connection
	lendMin   = 16 << 10  // longer buffers are lent to the loop, shorter ones copied
)

// large are buffers of outMax bytes.
var large = sync.Pool{New: func() any { return new([outMax]byte) }}

func takeLarge() []byte { return large.Get().(*[outMax]byte)[:0] }

func giveLarge(b []byte) {
	if cap(b) >= outMax {
		large.Put((*[outMax]byte)(b[:outMax]))
	}
}

// appendOut appends p to the output.
func appendOut[T string | []byte](ex *exchange, p T) error {
	for len(p) > 0 {
		out := ex.pages.out
		if len(out)+len(p) > outMin && cap(out) < outMax {
			out = append(takeLarge(), out...)
		}
		n := min(len(p), max(outMax-len(out), 0))
		ex.pages.out = append(out, p[:n]...)
		p = p[n:]
		if len(ex.pages.out) >= outMin {
			ex.pages.bulk = true
			if err := ex.push(); err != nil {
				return err
			}
		}
	}
	return nil
}

// push hands the output to the loop, and waits while there is too much of it. The caller has locked mu.
func (ex *exchange) push() error {
	c := ex.c
	if err := ex.broken(); err != nil {
		return err
	}
	ex.pushRest()
	for c.queued+c.inFlight > highWater {
		if err := ex.broken(); err != nil {
			return err
		}
		if err := c.wait(&c.writers); err != nil {
			return err
		}
	}
	return ex.broken()
}

// pushRest hands the output to the loop. The caller has locked mu.
func (ex *exchange) pushRest() {
	c, p := ex.c, ex.pages
	if len(p.out) == 0 {
		return
	}
	if c.dead {
		p.out = p.out[:0]
		return
	}
	c.queue = append(c.queue, p.out)
	c.queued += len(p.out)
	p.out = nil
	c.w.notify(c)
}

// flushQueue writes what the handler has handed to the loop.
func (c *conn) flushQueue() {
	c.mu.Lock()
	queue := c.takeQueue()
	c.mu.Unlock()
	c.flush(queue)
}

// takeQueue takes what the handler has handed to the loop. The caller has locked mu.
func (c *conn) takeQueue() [][]byte {
	queue := c.queue
	if len(queue) > 0 {
		c.queue = nil
		c.inFlight += c.queued
		c.queued = 0
	}
	return queue
}

// flush writes what takeQueue has taken.
func (c *conn) flush(queue [][]byte) {
	for _, b := range queue {
		n := len(b)
		written := func(err error) {
			giveLarge(b)
			c.mu.Lock()
			c.inFlight -= n
			if c.inFlight <= highWater/2 {
				c.wakeWriter()
			}
			c.mu.Unlock()
		}
		if err := c.sc.WriteFunc(written, b); err != nil {
			written(err)
			c.abort()
		}
	}
}

// send writes the last part of an answer.
func (c *conn) send(p *pages) (err error) {
	if n := len(p.out); n >= lendMin {
		b := p.out
		p.out = nil
		err = c.sc.WriteFunc(func(error) { giveLarge(b) }, b)
	} else {
		_, err = c.sc.Write(p.out) // also nothing: Shutdown waits for a write behind what came last
	}
	return err
}

// wait waits until somebody wakes *ch. The caller has locked mu, which is unlocked meanwhile. If the loop's goroutine calls
// it, the loop is lent.
func (c *conn) wait(ch *chan struct{}) error {
	if *ch == nil {
		*ch = make(chan struct{})
	}
	awake := *ch
	c.mu.Unlock()
	w, err := core.BeginWait("http: wait")
	if err == nil {
		w.Receive(awake)
	}
	c.mu.Lock()
	return err
}

// sendContinue sends 100 Continue, which the client waits for. The caller has locked mu.
func (ex *exchange) sendContinue() {
	ex.expects = false
	if ex.status == 0 {
		ex.pages.out = append(ex.pages.out, "HTTP/1.1 100 Continue\r\n\r\n"...)
		ex.pushRest()
	}
}
