package handles

import (
	"math"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// An acceptor is what a listener does with connections.
type acceptor struct {
	s     *stream
	fn    func(h *cuv.Handle, peer uint64, err error)
	ahead []arrival // accepted in C before it knew of PauseAccept
	shed  uint64    // connections closed for want of descriptors
}

// An arrival is what C reports: a handle and its peer's address, or an error.
type arrival struct {
	h      *cuv.Handle
	peer   uint64
	status int32
}

// arrived hands out a connection, or keeps it while accepting is paused.
func (a *acceptor) arrived(c arrival) {
	if a.s.has(pausing) || len(a.ahead) > 0 {
		a.ahead = append(a.ahead, c)
		return
	}
	a.fn(c.h, c.peer, a.s.check("accept", int(c.status)))
}

// Deliver hands out what was kept, until accepting is paused again.
func (a *acceptor) Deliver() {
	defer func() { // after a panic of fn the rest is still to come
		if len(a.ahead) > 0 && !a.s.has(pausing|closing) {
			a.s.core.Defer(a)
		}
	}()
	for len(a.ahead) > 0 && !a.s.has(pausing|closing) {
		c := a.ahead[0]
		a.ahead = a.ahead[1:]
		a.fn(c.h, c.peer, a.s.check("accept", int(c.status)))
	}
}

// discard closes connections that nobody took.
func (a *acceptor) discard() {
	for _, c := range a.ahead {
		if c.h != nil {
			a.s.core.Orphan(c.h)
		}
	}
	a.ahead = nil
}

// listen starts accepting; fn makes a Go object of each C handle.
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
	if s.accept == nil {
		s.accept = &acceptor{s: s}
	}
	s.accept.fn = fn
	s.set(listening | opened)
	s.clear(readable | writable) // Open could not know
	return nil
}

// Shed returns how many connections a listener has closed as they came since the
// process was out of descriptors; each time the function of Listen gets EMFILE. 0 for
// a stream that does not listen. No libuv counterpart: it closes them in silence.
func (s *stream) Shed() uint64 {
	if s.accept == nil {
		return 0
	}
	return s.accept.shed
}

// PauseAccept leaves new connections to the kernel's backlog until ResumeAccept; the
// few that were accepted already wait here. C functions uv_accept and uv_listen.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_accept
func (s *stream) PauseAccept() error {
	if err := s.use("pause accept"); err != nil {
		return err
	}
	s.set(pausing)
	s.c.Pause(true)
	return nil
}

// ResumeAccept accepts connections again. C function uv_accept.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_accept
func (s *stream) ResumeAccept() error {
	if err := s.use("resume accept"); err != nil {
		return err
	}
	s.clear(pausing)
	s.c.Pause(false)
	if s.accept != nil && len(s.accept.ahead) > 0 {
		s.core.Defer(s.accept)
	}
	if s.has(waiting) {
		s.clear(waiting)
		s.core.Ring().Submit(cuv.OpAccept, s.c, 0, 0)
	}
	return nil
}

// onAcceptWait handles the report that libuv holds a connection back.
func (s *stream) onAcceptWait() {
	if s.has(pausing) {
		s.set(waiting)
		return
	}
	s.core.Ring().Submit(cuv.OpAccept, s.c, 0, 0) // resumed in the meantime
}
