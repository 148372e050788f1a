package uvnet

import "github.com/uvgo/uvgo/internal/invariants"

// A pollState tells what the loop knows of a poller's descriptor, and thereby who
// closes it. The poll handle is closed first, since libuv knows it by the number. Every
// transition is made under poller.mu.
//
//	         share          look         leave            closed
//	Unshared ────▶ Tasked ───────▶ Made ───────▶ Closing ────────▶ Closed
//	               Tasked ◀─────── Made
//	                     lookFailed
//
//	transition  from, to                     when                              by
//	share       Unshared, Tasked             the first pollTask is pushed      a user
//	look        Tasked, Made                 pollTask makes a poll handle      the loop
//	lookFailed  Made, Tasked                 libuv made none                   the loop
//	lookFailed  Closing, Dropped             the same, when the users left     the loop
//	lookFailed  Orphan, Closed               the same, without a closing task  the loop
//	leave       Unshared, Closed             the users have left               the last user
//	leave       Tasked, Dropped              the same                          the last user
//	leave       Made, Closing                the same                          the last user
//	orphan      Dropped, Closed              the loop accepts no such task     the last user
//	orphan      Closing, Orphan              the same                          the last user
//	closed      Made, Unshared               the poll handle was closed by     the loop
//	                                         the loop's shutdown, or a walk
//	closed      Closing or Orphan to Closed  the poll handle is closed         the loop
//	closed      Dropped, Closed              closePollTask finds no handle     the loop
type pollState uint8

const (
	// pollUnshared: no poll handle, and no task that would make one. A user leaves the state.
	pollUnshared pollState = iota
	// pollTasked: the loop has, or had, a pollTask. The loop leaves the state, or the last
	// user.
	pollTasked
	// pollMade: there is a poll handle, or one is being made. The loop leaves the state, or
	// the last user.
	pollMade
	// pollDropped: the users have left, and there is no poll handle; closePollTask closes
	// the descriptor. The loop leaves the state, or the last user if the loop accepts no
	// task.
	pollDropped
	// pollClosing: the users have left; closePollTask closes the poll handle, and the
	// descriptor behind it. The loop leaves the state, or the last user if the loop accepts
	// no task.
	pollClosing
	// pollOrphan: the users have left, and the loop accepted no task. Its shutdown closes
	// the poll handle, and the descriptor. The loop leaves the state.
	pollOrphan
	// pollClosed: the number is closed, or about to be by the goroutine that made the
	// transition. Nobody leaves the state.
	pollClosed
)

var pollStates = [...]string{"unshared", "tasked", "made", "dropped", "closing", "orphan", "closed"}

func (s pollState) String() string { return pollStates[s] }

// pollTransitions has a bit for each state that may follow.
var pollTransitions = [...]uint8{
	pollUnshared: 1<<pollTasked | 1<<pollClosed,
	pollTasked:   1<<pollMade | 1<<pollDropped,
	pollMade:     1<<pollTasked | 1<<pollClosing | 1<<pollUnshared,
	pollDropped:  1 << pollClosed,
	pollClosing:  1<<pollDropped | 1<<pollOrphan | 1<<pollClosed,
	pollOrphan:   1 << pollClosed,
	pollClosed:   0,
}

// to changes the state.
func (s *pollState) to(next pollState) {
	if invariants.Enabled {
		invariants.Check(pollTransitions[*s]&(1<<next) != 0, "uvnet: a poller goes from %v to %v", *s, next)
	}
	*s = next
}

// share notes that a pollTask is pushed.
func (s *pollState) share() {
	if *s == pollUnshared {
		s.to(pollTasked)
	}
}

// look notes that a poll handle is made, if there is none; false if none is wanted.
func (s *pollState) look() bool {
	if *s == pollTasked {
		s.to(pollMade)
	}
	return *s == pollMade
}

// lookFailed notes that no poll handle was made; true if the caller is to close the
// descriptor.
func (s *pollState) lookFailed() bool {
	switch *s {
	case pollOrphan:
		s.to(pollClosed)
		return true
	case pollClosing:
		s.to(pollDropped)
	default:
		s.to(pollTasked)
	}
	return false
}

// leave notes that the users have left, and tells whether the loop has to be told.
func (s *pollState) leave() (tell bool) {
	switch *s {
	case pollTasked:
		s.to(pollDropped)
	case pollMade:
		s.to(pollClosing)
	default:
		s.to(pollClosed)
		return false
	}
	return true
}

// orphan notes that the loop could not be told; true if the caller is to close the
// descriptor.
func (s *pollState) orphan() bool {
	switch *s {
	case pollDropped:
		s.to(pollClosed)
		return true
	case pollClosing:
		s.to(pollOrphan)
	}
	return false
}

// closed notes that there is no poll handle any more; true if the caller is to close
// the descriptor.
func (s *pollState) closed() bool {
	if *s == pollMade {
		s.to(pollUnshared)
		return false
	}
	s.to(pollClosed)
	return true
}
