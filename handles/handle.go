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
	closing     = 1 << iota
	closed      // the close event has been delivered
	unref       // Unref was called last
	active      // timers, phases, signals, polls, processes: between start and stop
	started     // timers: Start has been called once
	opened      // streams: there is a socket
	listening   // streams
	connecting  // streams
	readable    // streams: may be read from
	writable    // streams: may be written to
	reading     // streams: between ReadStart and ReadStop, EOF or an error
	deliveryDue // streams, UDP: the next turn delivers what was kept
	paused      // listeners: between PauseAccept and ResumeAccept
	acceptDue   // listeners: libuv has accepted a connection that C has not taken, for it was paused
	shortReads  // streams: one short read a turn
	heldBack    // streams, UDP, polls: events wait for a callback that blocks, so C reports no more

	readDue = acceptDue // streams that read, UDP: C reads once what was kept has been delivered
)

// handle is what all handles have in common.
type handle struct {
	core    *core.Core  // nil in a handle that no constructor made
	c       *cuv.Handle // nil after the close event
	onClose func()
	flags   uint16
	kind    uv.HandleKind
	// Of TCP sockets, see linger.go.
	exposedFD int32 // the descriptor, once code outside has it and may have set options; 0 before
	lingerFD  int32 // a duplicate of the descriptor, to be closed last
}

// attach sets the handle's kind and loop. op names the call in an error.
func (h *handle) attach(l uv.Loop, op string, kind uv.HandleKind) (err error) {
	h.kind = kind
	h.core, err = core.Use(l, op)
	return err
}

// open makes the C handle. t receives its events: it is the type that embeds h.
func (h *handle) open(l uv.Loop, op string, kind uv.HandleKind, ipc bool, t core.Target) error {
	if err := h.attach(l, op, kind); err != nil {
		return err
	}
	c, err := h.core.Open(op, kind, ipc, t)
	h.c = c
	return err
}

// register makes t receive the events of a C handle that already exists, such as an
// accepted connection.
func (h *handle) register(core *core.Core, c *cuv.Handle, t core.Target) {
	h.core, h.kind = core, uv.HandleKind(c.Kind())
	h.c = c
	core.Register(c, t)
}

// use checks that the handle may be used: EINVAL for one that no constructor made,
// ErrNotOwner on another goroutine, ErrClosed. op names the call in the error.
func (h *handle) use(op string) error {
	if h.core.Owned() && h.flags&closing == 0 { // in this order: only the owner may read the flags
		return nil
	}
	return h.useError(op)
}

// useError returns the error of use, which has failed.
func (h *handle) useError(op string) error {
	if err := h.core.Check(op); err != nil {
		return err
	}
	return &uv.OpError{Op: op, Err: uv.ErrClosed}
}

// owned is use for calls that return no error: it logs a call from a wrong goroutine
// and returns false. It does not look whether the handle is closing.
func (h *handle) owned(op string) bool {
	if h.core.Owned() {
		return true
	}
	h.core.Complain(h.kind.String() + " " + op)
	return false
}

func (h *handle) has(f uint16) bool { return h.flags&f != 0 }
func (h *handle) set(f uint16)      { h.flags |= f }
func (h *handle) clear(f uint16)    { h.flags &^= f }

// Kind returns the handle's type. C function uv_handle_get_type.
//
// https://docs.libuv.org/en/v1.x/handle.html#c.uv_handle_get_type
func (h *handle) Kind() uv.HandleKind { return h.kind }

// String returns the handle's kind, in debug mode with the place where the handle was
// created. No libuv counterpart.
func (h *handle) String() string {
	if h.core.Owned() && h.c != nil {
		if site := h.core.SiteOf(h.c.Slot); site != "" {
			return fmt.Sprintf("%s created at %s", h.kind, site)
		}
	}
	return h.kind.String()
}

// CreatedBy returns the calls that made the handle, the last first, each as "function(file:line)": in debug mode, else none. No libuv
// counterpart.
func (h *handle) CreatedBy() []string {
	if !h.core.Owned() || h.c == nil {
		return nil
	}
	return h.core.CreatedBy(h.c.Slot)
}

// Ref makes the handle keep the loop alive while it is active, which is the default. C
// function uv_ref.
//
// https://docs.libuv.org/en/v1.x/handle.html#c.uv_ref
func (h *handle) Ref() {
	if h.owned("ref") && h.has(unref) && !h.has(closing) {
		h.clear(unref)
		h.core.Ring().Submit(cuv.OpRef, h.c, 0, 0)
	}
}

// Unref lets Run return although the handle is active. C function uv_unref.
//
// https://docs.libuv.org/en/v1.x/handle.html#c.uv_unref
func (h *handle) Unref() {
	if h.owned("unref") && !h.has(unref|closing) {
		h.set(unref)
		h.core.Ring().Submit(cuv.OpUnref, h.c, 0, 0)
	}
}

// HasRef tells whether the handle keeps the loop alive while it is active. C function
// uv_has_ref.
//
// https://docs.libuv.org/en/v1.x/handle.html#c.uv_has_ref
func (h *handle) HasRef() bool { return h.owned("has ref") && !h.has(unref|closed) }

// Active tells whether the handle can call its function: a timer, idle, prepare, check,
// signal, poll, FSEvent or FSPoll between start and stop, a process until the child
// ends, an async until it is closed. C function uv_is_active.
//
// https://docs.libuv.org/en/v1.x/handle.html#c.uv_is_active
func (h *handle) Active() bool { return h.owned("active") && h.has(active) && !h.has(closing) }

// Closing tells whether Close has been called. C function uv_is_closing.
//
// https://docs.libuv.org/en/v1.x/handle.html#c.uv_is_closing
func (h *handle) Closing() bool { return h.owned("closing") && h.has(closing) }

// Close starts closing the handle; a second call does nothing. The handle's callbacks
// do not run any more, with two exceptions: its requests complete with ECANCELED, and
// then the function of OnClose runs. C function uv_close.
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

// closeAgain tells whether Close has been called before. It fails on a wrong goroutine.
func (h *handle) closeAgain() (bool, error) {
	if h.core.Owned() {
		return h.has(closing), nil
	}
	return false, h.core.Check(h.kind.String() + " close")
}

// startClose makes Closing true, and makes the handle's events that wait for delivery
// stale.
func (h *handle) startClose() {
	h.set(closing)
	h.clear(active | reading)
	if h.kind == uv.KindTTY { // not in TTY.Close, which Base.Close does not call
		h.c.TTYClose()
	}
	if h.exposedFD > 0 {
		h.deferLinger()
	}
	h.core.Bump(h.c)
}

// OnClose sets the function that runs when libuv is done with the handle, after the
// callbacks of all its requests. nil sets none. C type uv_close_cb.
//
// https://docs.libuv.org/en/v1.x/handle.html#c.uv_close_cb
func (h *handle) OnClose(fn func()) {
	if h.owned("on close") {
		h.onClose = fn
	}
}

// finish handles the close event: libuv is done with the handle.
func (h *handle) finish() {
	h.set(closed)
	if h.lingerFD > 0 { // the last descriptor of the socket: this close may sleep
		go unix.Close(int(h.lingerFD))
	}
	fn := h.onClose
	h.onClose = nil
	h.core.Forget(h.c)
	h.c = nil
	if fn != nil {
		fn()
	}
}
