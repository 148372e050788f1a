package handles

import (
	"math"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// An acceptor delivers a listener's connections.
type acceptor struct {
	s       *stream
	fn      func(h *cuv.Handle, peer uint64, err error)
	kept    []arrival // came after PauseAccept, for C accepts several at a time
	dropped uint64    // connections that C closed because the process had no descriptor left
}

// An arrival is what C reports: a handle and its peer's address, or a negative status.
type arrival struct {
	h      *cuv.Handle
	peer   uint64
	status int32
}

// onArrival delivers a connection, or keeps it while accepting is paused.
func (a *acceptor) onArrival(c arrival) {
	if a.s.has(paused) || len(a.kept) > 0 {
		a.kept = append(a.kept, c)
		return
	}
	a.fn(c.h, c.peer, a.s.check("accept", int(c.status)))
}

// Deliver delivers the connections that were kept, until accepting is paused again.
func (a *acceptor) Deliver() {
	defer func() { // after a panic of fn the next turn delivers the rest
		if len(a.kept) > 0 && !a.s.has(paused|closing) {
			a.s.core.Defer(a)
		}
	}()
	for len(a.kept) > 0 && !a.s.has(paused|closing) {
		c := a.kept[0]
		a.kept = a.kept[1:]
		a.fn(c.h, c.peer, a.s.check("accept", int(c.status)))
	}
}

// discard closes the connections that were kept.
func (a *acceptor) discard() {
	for _, c := range a.kept {
		if c.h != nil {
			a.s.core.Orphan(c.h)
		}
	}
	a.kept = nil
}

// listen starts accepting. fn makes a Go handle of each C handle.
func (s *stream) listen(backlog int, fn func(h *cuv.Handle, peer uint64, err error)) error {
	if err := s.use("listen"); err != nil {
		return err
	}
	if fn == nil || backlog < 0 || s.has(reading) {
		return s.fail("listen", uv.EINVAL)
	}
	if rc := s.c.Listen(min(backlog, math.MaxInt32)); rc < 0 {
		return s.check("listen", rc)
	}
	x := s.setRare()
	if x.accept == nil {
		x.accept = &acceptor{s: s}
	}
	x.accept.fn = fn
	s.set(listening | opened)
	s.clear(readable | writable) // Open may have set them: it cannot tell a bound socket from a connected one
	return nil
}

// Dropped returns how many connections a listener has closed as soon as they came,
// because the process had no descriptor or no memory left for them. The function of Listen gets
// EMFILE or ENOMEM each time. 0 for a stream that does not listen. No libuv counterpart: libuv
// does not report that it closes them.
func (s *stream) Dropped() uint64 {
	if a := s.rare().accept; a != nil {
		return a.dropped
	}
	return 0
}

// PauseAccept leaves new connections in the kernel's backlog until ResumeAccept. The
// few that libuv has already accepted are kept for then. C functions uv_accept and
// uv_listen.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_accept
func (s *stream) PauseAccept() error {
	if err := s.use("pause accept"); err != nil {
		return err
	}
	s.set(paused)
	s.pauseAccept(true)
	return nil
}

// ResumeAccept ends what PauseAccept began. Connections that were kept are delivered in
// the next turn. C function uv_accept.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_accept
func (s *stream) ResumeAccept() error {
	if err := s.use("resume accept"); err != nil {
		return err
	}
	s.clear(paused)
	if a := s.rare().accept; a != nil && len(a.kept) > 0 {
		s.core.Defer(a)
	}
	if !s.has(heldBack) {
		s.pauseAccept(false)
	}
	return nil
}

// pauseAccept makes C leave new connections to the kernel, or accept them again.
func (s *stream) pauseAccept(on bool) {
	s.c.Pause(on)
	if !on && s.has(acceptDue) {
		s.clear(acceptDue)
		s.core.Ring().Submit(cuv.OpAccept, s.c, 0, 0)
	}
}

// onAcceptWait handles the report that libuv has accepted a connection which C has not
// taken, because accepting was paused. libuv accepts no other until C takes it.
func (s *stream) onAcceptWait() {
	if s.has(paused | heldBack) {
		s.set(acceptDue)
		return
	}
	s.core.Ring().Submit(cuv.OpAccept, s.c, 0, 0) // ResumeAccept was called before the report came
}
