package server

import (
	"time"

	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/uv"
)

// A list is a list of connections; each is in one at most.
type list struct{ first, last *Conn }

// add puts c at the end.
func (l *list) add(c *Conn) {
	c.prev, c.next = l.last, nil
	if l.last != nil {
		l.last.next = c
	} else {
		l.first = c
	}
	l.last = c
}

// remove takes c out.
func (l *list) remove(c *Conn) {
	if c.prev != nil {
		c.prev.next = c.next
	} else {
		l.first = c.next
	}
	if c.next != nil {
		c.next.prev = c.prev
	} else {
		l.last = c.prev
	}
}

// lingering are a worker's connections that are closing: they have CloseTimeout to
// send what is queued, and their peers to end their side. All have the same time,
// so the list is in the order in which it is up, and one timer serves them all.
type lingering struct {
	list
	timer   *handles.Timer
	started bool // the timer, which is left to run if the list gets empty
}

// limit cuts the connection when CloseTimeout has passed.
func (c *Conn) limit() {
	if c.has(limited) {
		return
	}
	w := c.worker
	c.flags |= limited
	w.conns.remove(c)
	w.lingering.add(c)
	c.deadline = w.loop.Now() + w.server.CloseTimeout
	if err := w.watchLingering(); err != nil {
		c.cut()
	}
}

// watchLingering sees to it that the timer runs.
func (w *worker) watchLingering() error {
	l := &w.lingering
	if l.timer == nil {
		t, err := w.loop.NewTimer()
		if err != nil {
			return err
		}
		t.Unref()
		l.timer = t
	}
	if l.started || l.first == nil {
		return nil
	}
	l.started = true
	return l.timer.Start(max(l.first.deadline-w.loop.Now(), time.Millisecond), 0, w.cutLingering)
}

// cutLingering cuts the connections whose time is up.
func (w *worker) cutLingering() {
	l := &w.lingering
	l.started = false
	for c := l.first; c != nil && c.deadline <= w.loop.Now(); c = l.first {
		c.flags &^= limited // it is gone soon
		l.remove(c)
		w.conns.add(c)
		c.expire()
	}
	_ = w.watchLingering() // fails only on a closed handle
}

// expire ends a connection that has had CloseTimeout to close.
func (c *Conn) expire() {
	if c.unsent() == 0 {
		c.cut()
		return
	}
	if c.worker.draining {
		c.worker.cut.Add(1)
	}
	c.fail(uv.Check("server: close", int(uv.ETIMEDOUT)))
}
