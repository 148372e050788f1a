package server

import (
	"time"

	"github.com/uvgo/uvgo/handles"
)

// closeTimeouts are a worker's connections that close gracefully: they have CloseTimeout
// to send what is queued, and their peers to end their side. All have the same time, so
// the list is in the order of their deadlines, and one timer serves them all.
type closeTimeouts struct {
	list
	timer   *handles.Timer
	started bool // the timer, which is not stopped when the list becomes empty
}

// startCloseTimeout closes the connection when CloseTimeout has passed.
func (c *Conn) startCloseTimeout() {
	if c.deadline != 0 {
		return
	}
	w := c.worker
	w.conns.remove(c)
	w.closing.add(c)
	c.deadline = w.loop.Now() + w.server.CloseTimeout
	if err := w.startCloseTimer(); err != nil {
		c.closeNow()
	}
}

// startCloseTimer starts the timer for the first deadline, if there is one and it does not
// run already.
func (w *worker) startCloseTimer() error {
	l := &w.closing
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
	return l.timer.Start(max(l.first.deadline-w.loop.Now(), time.Millisecond), 0, w.closeExpired)
}

// closeExpired closes the connections whose deadline has passed.
func (w *worker) closeExpired() {
	l := &w.closing
	l.started = false
	for c := l.first; c != nil && c.deadline <= w.loop.Now(); c = l.first {
		c.deadline = 0
		l.remove(c)
		w.conns.add(c) // until its close event
		c.expire()
	}
	_ = w.startCloseTimer() // fails only on a closed handle
}

// expire ends a connection that has had CloseTimeout to close.
func (c *Conn) expire() {
	if c.unsent() == 0 {
		c.closeNow()
		return
	}
	if c.worker.draining {
		c.worker.cut.Add(1)
	}
	c.failAs(closeTimeout, ErrCloseTimeout)
}
