package handles

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/uv"
)

// State flags of a handle.
const (
	closing    = 1 << iota
	closed     // the close event has come
	unref      // Unref was called last
	active     // timers, phases, signals: started
	started    // timers: Start has been called
	opened     // streams: there is a socket
	listening  // streams
	connecting // streams
	readable   // streams: may be read from
	writable   // streams: may be written to
	reading    // streams: between ReadStart and ReadStop, EOF or an error
	delivering // streams: held chunks are about to be delivered
	pausing    // listeners: connections are left to the kernel
	waiting    // listeners: libuv holds a connection back
)

// handle is what all handles have in common.
type handle struct {
	core    *core.Core  // nil in a handle that no constructor made
	c       *cuv.Handle // nil after the close event
	onClose func()
	flags   uint16
	kind    uv.HandleKind
	seen    int32 // linger.go: the descriptor, once others have seen it
	last    int32 // linger.go: a duplicate of the descriptor, to be closed last
}

// on says what the handle is, and whose; op names the call that makes it.
func (h *handle) on(l uv.Loop, op string, kind uv.HandleKind) (err error) {
	h.kind = kind
	h.core, err = core.Use(l, op)
	return err
}

// open makes the C handle for t, the type that embeds h.
func (h *handle) open(l uv.Loop, op string, kind uv.HandleKind, ipc bool, t core.Target) error {
	if err := h.on(l, op, kind); err != nil {
		return err
	}
	c, err := h.core.Open(op, kind, ipc, t)
	h.c = c
	return err
}

// register makes t the owner of a handle that C accepted.
func (h *handle) register(core *core.Core, c *cuv.Handle, t core.Target) {
	h.core, h.kind = core, uv.HandleKind(c.Kind())
	h.c = c
	core.Register(c, t)
}

// use checks that the handle may be used: EINVAL for one that no constructor made,
// ErrNotOwner on another goroutine, ErrClosed. op names the call in the error.
func (h *handle) use(op string) error {
	if h.core.Owned() && h.flags&closing == 0 { // in this order: the flags are the owner's
		return nil
	}
	return h.refusal(op)
}

// refusal is use's other part.
func (h *handle) refusal(op string) error {
	if err := h.core.Check(op); err != nil {
		return err
	}
	return &uv.OpError{Op: op, Err: uv.ErrClosed}
}

// mine is use for calls that have no error to return: one on another goroutine is
// logged. It does not ask whether the handle is closing.
func (h *handle) mine(op string) bool {
	if h.core.Owned() {
		return true
	}
	h.core.Complain(h.kind.String() + " " + op)
	return false
}

func (h *handle) has(f uint16) bool { return h.flags&f != 0 }
func (h *handle) set(f uint16)      { h.flags |= f }
func (h *handle) clear(f uint16)    { h.flags &^= f }

// Kind tells what the handle is. C function uv_handle_get_type.
//
// https://docs.libuv.org/en/v1.x/handle.html#c.uv_handle_get_type
func (h *handle) Kind() uv.HandleKind { return h.kind }

// String names the handle; in debug mode with the place where it was created.
// No libuv counterpart.
func (h *handle) String() string {
	if h.core.Owned() && h.c != nil {
		if site := h.core.SiteOf(h.c.Slot); site != "" {
			return fmt.Sprintf("%s created at %s", h.kind, site)
		}
	}
	return h.kind.String()
}

// Ref makes the handle keep the loop alive while it is active, which is the default. C
// function uv_ref.
//
// https://docs.libuv.org/en/v1.x/handle.html#c.uv_ref
func (h *handle) Ref() {
	if h.mine("ref") && h.has(unref) && !h.has(closing) {
		h.clear(unref)
		h.core.Ring().Submit(cuv.OpRef, h.c, 0, 0)
	}
}

// Unref lets Run return although the handle is active. C function uv_unref.
//
// https://docs.libuv.org/en/v1.x/handle.html#c.uv_unref
func (h *handle) Unref() {
	if h.mine("unref") && !h.has(unref|closing) {
		h.set(unref)
		h.core.Ring().Submit(cuv.OpUnref, h.c, 0, 0)
	}
}

// HasRef tells whether the handle keeps the loop alive while it is active. C function
// uv_has_ref.
//
// https://docs.libuv.org/en/v1.x/handle.html#c.uv_has_ref
func (h *handle) HasRef() bool { return h.mine("has ref") && !h.has(unref|closed) }

// Active tells whether the handle is doing something: a timer, idle, prepare, check or
// signal between start and stop, an async until it is closed. C function uv_is_active.
//
// https://docs.libuv.org/en/v1.x/handle.html#c.uv_is_active
func (h *handle) Active() bool { return h.mine("active") && h.has(active) && !h.has(closing) }

// Closing tells whether Close has been called. C function uv_is_closing.
//
// https://docs.libuv.org/en/v1.x/handle.html#c.uv_is_closing
func (h *handle) Closing() bool { return h.mine("closing") && h.has(closing) }

// Close starts closing the handle; a second call does nothing. From now on no callback
// of the handle runs but those of its requests, which complete with ECANCELED, and
// then the one of OnClose. C function uv_close.
//
// https://docs.libuv.org/en/v1.x/handle.html#c.uv_close
func (h *handle) Close() error {
	if again, err := h.closeAgain(); again || err != nil {
		return err
	}
	h.startClose()
	h.core.Ring().Submit(cuv.OpClose, h.c, 0, 0)
	return nil
}

// closeAgain tells, on the loop's goroutine, whether Close has been called before.
func (h *handle) closeAgain() (bool, error) {
	if h.core.Owned() {
		return h.has(closing), nil
	}
	return false, h.core.Check(h.kind.String() + " close")
}

// startClose makes closing true, and events that wait stale.
func (h *handle) startClose() {
	h.set(closing)
	h.clear(active | reading)
	if h.kind == uv.KindTTY { // here, so that Close of its Base does it, too
		h.c.TTYClose()
	}
	if h.seen > 0 {
		h.keepOpen()
	}
	h.core.Bump(h.c)
}

// OnClose sets the function that runs when libuv is done with the handle, after the
// callbacks of all its requests; nil for none. C type uv_close_cb.
//
// https://docs.libuv.org/en/v1.x/handle.html#c.uv_close_cb
func (h *handle) OnClose(fn func()) {
	if h.mine("on close") {
		h.onClose = fn
	}
}

// finish handles the close event.
func (h *handle) finish() {
	h.set(closed)
	if h.last > 0 {
		go unix.Close(int(h.last))
	}
	fn := h.onClose
	h.onClose = nil
	h.core.Forget(h.c)
	h.c = nil
	if fn != nil {
		fn()
	}
}
