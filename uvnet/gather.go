package uvnet

import "golang.org/x/sys/unix"

// When a turn has readied several goroutines, their small answers are gathered
// and leave one behind the other when the goroutines have run: the peers' wake-ups
// fall together, and the processor stays in one place. The loop's goroutine
// sends them when it runs again, or the last of those readied as it waits for
// more, whichever comes first: with a busy processor the loop may be late.

const (
	gatherMax = 2 << 10  // longer writes leave at once
	gatherSum = 16 << 10 // so does what would make more than this of a connection
)

// gather keeps p, if its connection's loop is gathering; false if it is to be
// written now. The caller holds wmu and a reference.
func (c *conn) gather(p []byte) bool {
	w := c.w
	if len(p) > gatherMax || w.awaited.Load() <= 0 {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.unsent || c.sending || c.refused != nil || c.ended || c.out.len()+len(p) > gatherSum || c.ready(&c.wr) != nil {
		return false
	}
	if c.out == nil && !w.list(c) {
		return false
	}
	c.out = c.out.add(p)
	return true
}

// list notes that c has something to send, while the loop is gathering. The
// entry holds a reference, so that Close waits for what was written before it.
func (w *worker) list(c *conn) bool {
	w.gmu.Lock()
	defer w.gmu.Unlock()
	if !w.gathering || !c.ref.acquire() {
		return false
	}
	w.gathered = append(w.gathered, c)
	return true
}

// open begins gathering for n goroutines that were readied.
func (w *worker) open(n int) {
	w.gmu.Lock()
	w.gathering = true
	w.gmu.Unlock()
	w.awaited.Store(int32(n))
}

// arrived notes that a goroutine which the loop had readied waits again.
func (w *worker) arrived() {
	if w.awaited.Load() > 0 && w.awaited.Add(-1) == 0 {
		w.sendGathered()
	}
}

// sendGathered ends gathering and sends what was gathered. Any goroutine may call it that holds no
// lock.
func (w *worker) sendGathered() {
	w.awaited.Store(0)
	w.gmu.Lock()
	w.gathering = false
	list := w.gathered
	w.gathered = w.sent[:0]
	w.sent = nil
	w.gmu.Unlock()
	for i, c := range list {
		list[i] = nil
		c.sendOut()
		c.release()
	}
	w.gmu.Lock()
	w.sent = list
	w.gmu.Unlock()
}

// sendOut sends what was gathered of this connection; the caller holds a
// reference. Writers wait meanwhile.
func (c *conn) sendOut() {
	c.mu.Lock()
	b := c.out
	if b == nil || c.sending {
		c.mu.Unlock()
		return
	}
	c.out, c.sending = nil, true
	c.mu.Unlock()
	n, err := 0, error(nil)
	for p := b.b[b.off:]; n < len(p); {
		var m int
		if m, err = unix.Write(c.fd, p[n:]); err == nil {
			n += m
		} else if err != unix.EINTR {
			break
		}
	}
	c.mu.Lock()
	c.sending = false
	switch err {
	case nil, unix.EINTR:
	case unix.EAGAIN:
		c.pending = c.pending.add(b.b[b.off+n:])
		c.unsent, c.onLoop = true, true
		if !c.w.push((*writeTask)(c)) {
			c.unsent, c.refused = false, errLoopGone
		}
	default:
		c.refused = sysCall("write", err)
	}
	if c.ended && !c.unsent {
		_ = unix.Shutdown(c.fd, unix.SHUT_WR)
	}
	wake := !c.unsent && c.wr.take()
	c.mu.Unlock()
	b.free()
	if wake {
		c.wr.wake <- struct{}{}
	}
}
