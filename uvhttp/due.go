package uvhttp

import (
	"bytes"
	"math"
	"time"

	"github.com/uvgo/uvgo/handles"
)

// A due is when a connection's time is over, by the loop's clock; never for nothing. To change it costs
// a store: see ring.
type due struct {
	in    time.Duration // for what is read: a head, a body, or the next request
	out   time.Duration // for the answer
	began time.Duration // of a head: when its connection opened or, behind an answer, a part of it had come; 0 before
	hung  int64         // the tick at which the ring looks, 0 for none
	prev  *conn
	next  *conn
}

const never = time.Duration(math.MaxInt64)

// head begins the time of a first head.
func (d *due) head(c *conn) {
	d.began = c.w.now()
	d.set(c, after(d.began, c.w.engine.opts.headTimeout), never)
}

// partialHead begins the time of another head, of which a part has come.
func (d *due) partialHead(c *conn) {
	if d.began == 0 {
		d.began = c.w.now()
		d.set(c, after(d.began, c.w.engine.opts.headTimeout), never)
	}
}

// request begins the times of a request whose head has come.
func (d *due) request(c *conn) {
	o := &c.w.engine.opts
	if o.readTimeout == 0 && o.writeTimeout == 0 && d.hung == 0 {
		d.began, d.in, d.out = 0, never, never
		return
	}
	now := c.w.now()
	began := d.began
	if began == 0 {
		began = now
	}
	in := never
	if !c.ex.rest.over() {
		in = after(began, o.readTimeout)
	}
	d.began = 0
	d.set(c, in, after(now, o.writeTimeout))
}

// idle begins the time until the next request.
func (d *due) idle(c *conn) {
	if t := c.w.engine.opts.idleTimeout; t != 0 || d.hung != 0 {
		d.set(c, after(c.w.now(), t), never)
	}
}

// setRead sets a handler's deadline for its body.
func (d *due) setRead(c *conn, t deadline) { d.set(c, t.at(c), d.out) }

// setWrite sets a handler's deadline for its answer.
func (d *due) setWrite(c *conn, t deadline) { d.set(c, d.in, t.at(c)) }

func (t deadline) at(c *conn) time.Duration {
	if !t.set {
		return never
	}
	return after(c.w.now(), max(t.left, 1))
}

func (d *due) clear(c *conn) { d.in, d.out = never, never }

func (d *due) set(c *conn, in, out time.Duration) {
	d.in, d.out = in, out
	if t := min(in, out); t != never && !c.dead { // a handler may set a deadline when its client has gone
		c.w.ring.hang(c, t)
	}
}

// after is a time from now on, never for none.
func after(now, timeout time.Duration) time.Duration {
	if timeout <= 0 || timeout > never-now {
		return never
	}
	return now + timeout
}

// expire handles a time that is over.
func (c *conn) expire(now time.Duration) {
	d := &c.due
	switch {
	case c.state != running:
		if c.state == reading && c.beganHead() && bytes.IndexByte(c.input(), '\n') < 0 {
			c.refuse(errBadRequest) // as net/http answers a request line that is cut
			return
		}
		c.giveParser()
		c.close() // the client gets what was answered before
	case d.out <= now:
		d.out = never
		c.mu.Lock()
		c.ex.writeDeadlinePassed = true
		c.wakeWriter()
		c.mu.Unlock()
	default:
		d.in = never
		c.mu.Lock()
		c.ex.readDeadlinePassed = true
		c.wakeReader()
		c.mu.Unlock()
	}
}

// A ring holds the connections for which something is due, in buckets by the tick at which it looks at them.
// A time that moves on, as most do, leaves its connection where it is: when the bucket comes, the connection moves to a later one.
// To have a time brought forward is rare, since each connection hangs at most shortest ahead.
type ring struct {
	w        *worker
	grain    time.Duration // of a tick
	shortest time.Duration // of the server's timeouts
	buckets  [256]*conn
	at       int64 // the last tick that was looked at
	count    int
	turns    bool // turn runs
	timer    *handles.Timer
	wait     int64 // the tick for which the timer runs, 0: it does not
}

func (r *ring) init(w *worker) {
	r.w, r.grain, r.shortest = w, 100*time.Millisecond, never
	o := &w.engine.opts
	for _, t := range []time.Duration{o.headTimeout, o.readTimeout, o.writeTimeout, o.idleTimeout} {
		if t > 0 {
			r.shortest = min(r.shortest, t)
		}
	}
	r.grain = min(max(r.shortest/8, 5*time.Millisecond), r.grain)
}

func (w *worker) now() time.Duration { return w.loop.Now() + time.Millisecond }

func (r *ring) tick(t time.Duration) int64 { return int64((t+r.grain-1)/r.grain) + 1 }

// hang makes the ring look at a connection at a time, or before.
func (r *ring) hang(c *conn, t time.Duration) {
	now := r.w.now()
	if r.count == 0 && !r.turns {
		r.at = int64(now / r.grain)
	}
	ahead := int64(len(r.buckets)) - 2
	tick := r.tick(min(t, now+min(r.shortest, time.Duration(ahead)*r.grain)))
	// A late turn may be far behind now. What it hangs again must not come back to the bucket that it looks at.
	tick = min(tick, r.at+ahead)
	d := &c.due
	if d.hung != 0 {
		if d.hung <= tick {
			return
		}
		r.drop(c)
	}
	tick = max(tick, r.at+1)
	b := &r.buckets[tick%int64(len(r.buckets))]
	d.hung, d.prev, d.next = tick, nil, *b
	if *b != nil {
		(*b).due.prev = c
	}
	*b = c
	r.count++
	r.start(tick)
}

// drop makes the ring forget a connection.
func (r *ring) drop(c *conn) {
	d := &c.due
	if d.hung == 0 {
		return
	}
	if d.prev != nil {
		d.prev.due.next = d.next
	} else {
		r.buckets[d.hung%int64(len(r.buckets))] = d.next
	}
	if d.next != nil {
		d.next.due.prev = d.prev
	}
	d.hung, d.prev, d.next = 0, nil, nil
	r.count--
}

// start makes the timer wait for a tick, if it does not wait for an earlier one.
func (r *ring) start(tick int64) {
	if r.wait != 0 && r.wait <= tick {
		return
	}
	if r.timer == nil {
		t, err := r.w.loop.NewTimer()
		if err != nil {
			return // the next hang tries again
		}
		t.Unref()
		r.timer = t
	}
	wait := max(time.Duration(tick)*r.grain-r.w.now(), time.Millisecond)
	if r.timer.Start(wait, 0, r.turn) == nil {
		r.wait = tick
	}
}

// turn looks at the connections whose tick has come.
func (r *ring) turn() {
	r.wait, r.turns = 0, true
	now := r.w.now()
	for last := int64(now / r.grain); r.at < last && r.count > 0; {
		r.at++
		b := &r.buckets[r.at%int64(len(r.buckets))]
		for c := *b; c != nil; c = *b {
			r.drop(c)
			d := &c.due
			if t := min(d.in, d.out); t <= now {
				c.expire(now)
			}
			if t := min(d.in, d.out); t != never && c.state < closing {
				r.hang(c, t)
			}
		}
	}
	r.turns = false
	if r.count > 0 {
		next := r.at + 1
		for r.buckets[next%int64(len(r.buckets))] == nil {
			next++
		}
		r.start(next)
	}
}
