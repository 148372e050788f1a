package server

import (
	"slices"
	"time"

	"github.com/uvgo/uvgo/handles"
)

// wheel are a worker's connections that something is due for, in buckets by the time when it
// is due. One timer serves them all: it waits for the first bucket, and does not run while
// there is none.
//
// A message must cost no timer operation, and it does not move its connection: it stores the
// time in Conn.active. When its bucket is due, a connection that was active meanwhile moves to
// a later bucket.
//
// The buckets' times are multiples of a grain that fits the timeout, so there are few:
// most timeouts of a server are equal.
type wheel struct {
	buckets []*bucket // by due, the first is the next
	timer   *handles.Timer
	wait    time.Duration // the time for which the timer runs; 0: it does not run
}

// A bucket is a list of connections for which something is due at the same time. It may be
// empty: connections leave it when they close.
type bucket struct {
	due time.Duration
	list
}

// grain returns the distance of buckets for a timeout: a power of two of milliseconds, at most an
// eighth of the timeout and some 1 s. That is how late the timeout may come.
func grain(timeout time.Duration) time.Duration {
	g := time.Millisecond
	for 2*g <= timeout/8 && g < 1024*time.Millisecond {
		g *= 2
	}
	return g
}

// now is the loop's clock. It is never 0 or less, so 0 stands for no time.
func (w *worker) now() time.Duration {
	return w.loop.Now() + time.Duration(w.ahead+1)*time.Millisecond
}

// bucketTime is when something with this timeout comes that is due at a time: not earlier. The
// loop's clock cuts off what is less than a millisecond, hence one more.
func bucketTime(due, timeout time.Duration) time.Duration {
	g := grain(timeout)
	return (due + time.Millisecond + g - 1) / g * g
}

// hang moves c to the bucket of a time that bucketTime has returned. It fails only without
// memory for a timer.
func (w *worker) hang(c *Conn, due time.Duration) error {
	h := &w.wheel
	at, found := slices.BinarySearchFunc(h.buckets, due, func(b *bucket, due time.Duration) int { return int(b.due - due) })
	if !found {
		b := &bucket{due: due}
		b.init()
		h.buckets = slices.Insert(h.buckets, at, b)
	}
	h.buckets[at].move(c)
	return w.startWheel()
}

// startWheel makes the timer wait for the first bucket.
func (w *worker) startWheel() error {
	h := &w.wheel
	if len(h.buckets) == 0 || h.wait != 0 && h.wait <= h.buckets[0].due {
		return nil
	}
	if h.timer == nil {
		t, err := w.loop.NewTimer()
		if err != nil {
			return err
		}
		t.Unref()
		h.timer = t
	}
	first := h.buckets[0].due
	if err := h.timer.Start(max(first-w.now(), time.Millisecond), 0, w.turnWheel); err != nil {
		return err
	}
	h.wait = first
	return nil
}

// turnWheel handles what is due. A connection for which nothing is due later stays among the
// worker's others.
func (w *worker) turnWheel() {
	h := &w.wheel
	h.wait = 0
	now := w.now()
	for len(h.buckets) > 0 && h.buckets[0].due <= now {
		b := h.buckets[0]
		h.buckets = slices.Delete(h.buckets, 0, 1)
		for c := b.first(); c != nil; c = b.first() {
			w.conns.move(c)
			c.due(now)
		}
	}
	_ = w.startWheel() // fails only on a closed timer, or without memory: the next hang tries again
}

// openConns returns all connections whose close event has not come.
func (w *worker) openConns() []*Conn {
	all := w.conns.all(nil)
	for _, b := range w.wheel.buckets {
		all = b.all(all)
	}
	return all
}
