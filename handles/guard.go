package handles

import (
	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// Guard says that goroutines use the stream's descriptor by its number, which must
// not be closed under them: the next open of any goroutine would get it, and their
// bytes. Close, by whomever, asks inUse first, on the loop's goroutine. If that
// returns true, the handle is closing and no longer reads, but keeps its number,
// and the loop alive, until Unguard. What SO_LINGER asks of the close is inUse's to see to,
// too. EINVAL for a nil inUse. No libuv counterpart.
func (b *Base) Guard(inUse func() bool) error {
	s := (*stream)(b)
	if err := s.use("guard"); err != nil {
		return err
	}
	if inUse == nil {
		return s.fail("guard", uv.EINVAL)
	}
	s.guard = inUse
	s.seen = 0 // linger.go is for who closes and is not asked
	return nil
}

// Unguard ends what Guard began, and the close that waits for it. No libuv
// counterpart.
func (b *Base) Unguard() {
	s := (*stream)(b)
	put := s.guard != nil && s.has(closing)
	s.guard = nil
	if put && s.c != nil {
		s.core.Drop()
		s.core.Ring().Submit(cuv.OpClose, s.c, 0, 0)
	}
}

// Close starts closing the handle as all handles do; see [Timer.Close]. Behind a guard
// it may be put off. C function uv_close.
//
// https://docs.libuv.org/en/v1.x/handle.html#c.uv_close
func (s *stream) Close() error {
	if s.has(closing) {
		return nil
	}
	if s.guard == nil {
		return s.handle.Close()
	}
	if err := s.core.Check(s.kind.String() + " close"); err != nil {
		return err
	}
	if s.guarded() {
		s.putOffClose()
		return nil
	}
	return s.handle.Close()
}

// guarded asks the guard; one that says no has done its work.
func (s *stream) guarded() bool {
	if s.guard != nil && s.guard() {
		return true
	}
	s.guard = nil
	return false
}

// putOffClose starts a close that Unguard ends. Meanwhile C reads nothing that
// nobody would get, and the loop stays alive, as for every handle that is closing.
func (s *stream) putOffClose() {
	s.startClose()
	s.core.Ring().Submit(cuv.OpReadStop, s.c, 0, 0)
	s.core.Hold()
}

// Guarded tells whether Guard is in force: with Closing, that Unguard ends the
// close. No libuv counterpart.
func (b *Base) Guarded() bool { return b.guard != nil }
