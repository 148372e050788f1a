package handles

import (
	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/core"
)

// While a callback of a handle blocks (Loop.Block), further events of the handle wait for it.
// The first event that waits makes the loop call Hold(true), so that C reports no more: what a
// peer sends then stays in the kernel. Hold(false) follows when the callback has returned and
// all that waited is delivered. Other handles' events come one at a time.

var (
	_ core.Holder = (*pipeTarget)(nil)
	_ core.Holder = (*pollTarget)(nil)
	_ core.Holder = (*tcpTarget)(nil)
	_ core.Holder = (*ttyTarget)(nil)
	_ core.Holder = (*udpTarget)(nil)

	_ core.BlockedTarget = (*pipeTarget)(nil)
	_ core.BlockedTarget = (*tcpTarget)(nil)
	_ core.BlockedTarget = (*ttyTarget)(nil)

	_ core.SlotDeferred = (*acceptor)(nil)
	_ core.SlotDeferred = (*keptDatagrams)(nil)
	_ core.SlotDeferred = (*keptDelivery)(nil)

	_ core.OvertakingDeferred = (*look)(nil)
)

func (t *pipeTarget) Hold(on bool) { (*Pipe)(t).hold(on) }
func (t *pollTarget) Hold(on bool) { (*Poll)(t).hold(on) }
func (t *tcpTarget) Hold(on bool)  { (*TCP)(t).hold(on) }
func (t *ttyTarget) Hold(on bool)  { (*TTY)(t).hold(on) }
func (t *udpTarget) Hold(on bool)  { (*UDP)(t).hold(on) }

func (t *pipeTarget) Blocked(on bool) { (*Pipe)(t).blocked(on) }
func (t *tcpTarget) Blocked(on bool)  { (*TCP)(t).blocked(on) }
func (t *ttyTarget) Blocked(on bool)  { (*TTY)(t).blocked(on) }

// A BlockTarget is a [StreamTarget] that is told when callbacks of the stream block (Loop.Block).
type BlockTarget interface {
	StreamTarget
	// Blocked says that a callback of the stream blocks (on), or that all such callbacks have
	// returned. It may run on any goroutine, but never at the same time as other code of
	// the loop.
	Blocked(on bool)
}

// blocked tells the stream's target.
func (s *stream) blocked(on bool) {
	if s.flow == nil {
		return
	}
	if t, ok := s.flow.target.(BlockTarget); ok {
		t.Blocked(on)
	}
}

// DeferredSlot returns the slot of the listener.
func (a *acceptor) DeferredSlot() uint32 { return a.s.slot() }

// DeferredSlot returns the slot of the socket.
func (d *keptDatagrams) DeferredSlot() uint32 { return (*UDP)(d).slot() }

// DeferredSlot returns the slot of the stream.
func (d *keptDelivery) DeferredSlot() uint32 { return (*stream)(d).slot() }

// DeferredSlot is for packages that build on streams and deliver some of a stream's data later, by
// Defer of the loop. Such a delivery has a method of this name, too, which returns the same. Then
// the delivery and the stream's events wait for each other while a callback of either
// blocks (Loop.Block). It belongs to the loop's goroutine. No libuv counterpart.
func (b *Base) DeferredSlot() uint32 { return (*stream)(b).slot() }

// UDPSlot is for packages that build on datagram sockets: it names the socket to the mechanism of
// the loop, so that the socket's events wait while another callback about it blocks (Loop.Block).
// A nil u has no slot. It belongs to the loop's goroutine. No libuv counterpart.
func UDPSlot(u *UDP) uint32 {
	if u == nil {
		return cuv.NoSlot
	}
	return u.slot()
}

// DeferredSlot returns the slot of the stream.
func (l *look) DeferredSlot() uint32 { return (*stream)(l).slot() }

// Overtakes says that a callback that blocks may wait for Drain.
func (l *look) Overtakes() {}

// slot returns the handle's slot, NoSlot after the close event.
func (h *handle) slot() uint32 {
	if h.c == nil {
		return cuv.NoSlot
	}
	return h.c.Slot
}

// holds notes that the handle's events are held back (on), or no longer. It tells whether there
// is anything to do.
func (h *handle) holds(on bool) bool {
	if h.c == nil || on == h.has(heldBack) {
		return false
	}
	if on {
		h.set(heldBack)
	} else {
		h.clear(heldBack)
	}
	return !h.has(closing)
}

// hold stops C's reading or accepting, or lets it go on.
func (s *stream) hold(on bool) {
	if !s.holds(on) {
		return
	}
	switch {
	case s.has(listening):
		if !s.has(paused) {
			s.pauseAccept(on)
		}
	case !s.has(reading):
	case on:
		s.core.Ring().Submit(cuv.OpReadStop, s.c, 0, 0)
	default:
		s.submitRead()
	}
}

// hold stops C's receiving, or lets it go on.
func (u *UDP) hold(on bool) {
	switch {
	case !u.holds(on) || !u.has(reading):
	case on:
		u.core.Ring().Submit(cuv.OpUDPRecvStop, u.c, 0, 0)
	default:
		u.submitRecv()
	}
}

// hold stops C's polling, or lets it go on. A failure to go on is the callback's.
func (p *Poll) hold(on bool) {
	if !p.holds(on) || !p.has(active) {
		return
	}
	if on {
		p.c.PollSet(0)
		return
	}
	if rc := p.c.PollSet(int(p.events)); rc < 0 {
		_ = p.core.Post(func() { // fails only on a closed loop, which has no handles
			if p.has(active) {
				p.failed(rc)
			}
		})
	}
}
