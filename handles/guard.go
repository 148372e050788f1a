package handles

import (
	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// Guard lets other goroutines use the stream's descriptor by its number. While they do,
// the descriptor must not be closed: the next open in the process could get the same
// number, and would receive their bytes. So every close of the handle first calls
// inUse, on the loop's goroutine. If inUse returns true, the handle is closing and
// reads no more, but the descriptor stays open and the loop alive until Unguard. The
// caller of Guard also takes care of SO_LINGER, which can make the close sleep. EINVAL
// for a nil inUse. No libuv counterpart.
func (b *Base) Guard(inUse func() bool) error {
	s := (*stream)(b)
	if err := s.use("guard"); err != nil {
		return err
	}
	if inUse == nil {
		return s.fail("guard", uv.EINVAL)
	}
	s.setRare().guard = inUse
	s.exposedFD = 0 // linger.go leaves the socket to the guard
	return nil
}

// Unguard ends what Guard began. A close that inUse has deferred now takes place.
// No libuv counterpart.
func (b *Base) Unguard() {
	s := (*stream)(b)
	if !s.owned("unguard") {
		return
	}
	deferred := s.rare().guard != nil && s.has(closing)
	s.unguard()
	if deferred && s.c != nil {
		s.core.Drop()
		s.core.Ring().Submit(cuv.OpClose, s.c, 0, 0)
	}
}

// Close starts closing the stream; a second call does nothing. From then on only the
// callbacks of writes, connects and shutdowns that are under way run, with ECANCELED, and
// then that of OnClose. C function uv_close.
//
// https://docs.libuv.org/en/v1.x/handle.html#c.uv_close
func (s *stream) Close() error {
	if again, err := s.closeAgain(); again || err != nil {
		return err
	}
	if s.extra != nil && s.inUse() { // see Base.Guard
		s.deferClose()
		return nil
	}
	return s.handle.Close()
}

// inUse tells whether the guard defers the close. If it does not, the guard ends, since
// no later close will ask.
func (s *stream) inUse() bool {
	if inUse := s.rare().guard; inUse != nil && inUse() {
		return true
	}
	s.unguard()
	return false
}

// unguard forgets the guard.
func (s *stream) unguard() {
	if s.extra != nil {
		s.extra.guard = nil
	}
}

// deferClose starts a close that Unguard finishes. Until then libuv must not read,
// since no callback would get the bytes, and the loop stays alive, as for every handle
// that is closing.
func (s *stream) deferClose() {
	s.startClose()
	s.core.Ring().Submit(cuv.OpReadStop, s.c, 0, 0)
	s.core.Hold()
}

// Guarded tells whether Guard is in force. If Closing is true as well, the close waits
// for Unguard. No libuv counterpart.
func (b *Base) Guarded() bool {
	return (*stream)(b).owned("guarded") && (*stream)(b).rare().guard != nil
}
