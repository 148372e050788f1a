package handles

import (
	"math"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// A Poll calls a function when a descriptor can be read or written. It is for the
// descriptors of other libraries; for one's own sockets TCP and Pipe are better. C type
// uv_poll_t.
//
// https://docs.libuv.org/en/v1.x/poll.html
type Poll struct {
	handle
	fd  uintptr // the caller's descriptor
	dup int     // the handle's duplicate, which libuv polls
	fn  func(events PollEvent, err error)

	events PollEvent // of Start
}

var _ uv.Handle = (*Poll)(nil)

// A PollEvent is a set of events of a descriptor.
type PollEvent int

// The events of Poll, after libuv's.
const (
	Readable    PollEvent = cuv.PollReadable
	Writable    PollEvent = cuv.PollWritable
	Disconnect  PollEvent = cuv.PollDisconnect  // the peer ended its side
	Prioritized PollEvent = cuv.PollPrioritized // out-of-band data
)

const pollAll = Readable | Writable | Disconnect | Prioritized

// NewPoll makes a poll handle for a descriptor, which becomes non-blocking. The handle
// polls a duplicate, so the caller keeps fd and may close it at any time. The socket or
// file behind fd stays open until the handle is closed. EEXIST if a Poll of this loop
// was made for fd, EBADF if fd is not open, EPERM if it cannot be polled. C functions
// uv_poll_init and uv_poll_init_socket.
//
// https://docs.libuv.org/en/v1.x/poll.html#c.uv_poll_init
func NewPoll(l uv.Loop, fd uintptr) (*Poll, error) {
	p := &Poll{fd: fd}
	if err := p.attach(l, "poll init", uv.KindPoll); err != nil {
		return nil, err
	}
	if fd > math.MaxInt32 {
		return nil, uv.Fail("poll init", uv.EBADF)
	}
	if p.core.Polled(fd) {
		return nil, uv.FailAddr("poll init", "descriptor "+strconv.Itoa(int(fd)), uv.EEXIST)
	}
	c, err := p.core.OpenWith("poll init", (*pollTarget)(p), func(id, gen uint32) (h *cuv.Handle, rc int) {
		h, p.dup, rc = p.core.Ring().NewPoll(int(fd), id, gen)
		return h, rc
	})
	if err != nil {
		return nil, err
	}
	p.c = c
	p.core.SetPolled(fd, true)
	return p, nil
}

// Start makes fn run in every turn in which one of the events holds, until Stop. When
// polling fails, fn gets the error, and polling has stopped. Start replaces an earlier
// Start. EINVAL for a nil fn or no event. C function uv_poll_start.
//
// https://docs.libuv.org/en/v1.x/poll.html#c.uv_poll_start
func (p *Poll) Start(events PollEvent, fn func(events PollEvent, err error)) error {
	if err := p.use("poll start"); err != nil {
		return err
	}
	if fn == nil || events == 0 || events&^pollAll != 0 {
		return uv.Fail("poll start", uv.EINVAL)
	}
	p.core.Bump(p.c)
	if !p.has(heldBack) {
		if rc := p.c.PollSet(int(events)); rc < 0 {
			return uv.Check("poll start", rc)
		}
	}
	p.set(active)
	p.fn, p.events = fn, events
	return nil
}

// Stop ends what Start began. The kernel stops watching the descriptor at once, and
// events that wait for delivery are dropped. C function uv_poll_stop.
//
// https://docs.libuv.org/en/v1.x/poll.html#c.uv_poll_stop
func (p *Poll) Stop() error {
	if err := p.use("poll stop"); err != nil {
		return err
	}
	if !p.has(active) {
		return nil
	}
	p.clear(active)
	p.core.Bump(p.c)
	return uv.Check("poll stop", p.c.PollSet(0))
}

// Close stops polling and starts closing. The kernel stops watching the descriptor at
// once, and the duplicate is closed: after Close the caller may close fd and use the
// same number for another Poll. C function uv_close.
//
// https://docs.libuv.org/en/v1.x/handle.html#c.uv_close
func (p *Poll) Close() error {
	if again, err := p.closeAgain(); again || err != nil {
		return err
	}
	p.startClose()
	p.c.PollClose()
	unix.Close(p.dup)
	p.core.SetPolled(p.fd, false)
	return nil
}

// complete handles the handle's events. C type uv_poll_cb.
//
// https://docs.libuv.org/en/v1.x/poll.html#c.uv_poll_cb
func (p *Poll) complete(ev *cuv.Event) {
	switch ev.Kind {
	case cuv.EvPoll:
		if ev.Status < 0 { // libuv has stopped polling
			p.failed(int(ev.Status))
			return
		}
		p.fn(PollEvent(ev.PollEvents()), nil)
	case cuv.EvClose:
		p.fn = nil
		p.finish()
	}
}

// failed reports that polling has failed, and stopped.
func (p *Poll) failed(rc int) {
	p.clear(active)
	p.fn(0, uv.Check("poll", rc))
}
