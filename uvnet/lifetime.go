package uvnet

import (
	"time"

	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/invariants"
)

// A lifeState tells who closes the descriptor of a connection. It has to be the last one who
// may use the number, since a closed number may be another file's at once. Every
// transition is made under conn.mu.
//
//	         share       open         flush           closing        closed
//	Unshared ────▶ Tasked ────▶ Stream ────▶ Flushing ──────▶ Closing ─────▶ Closed
//
//	transition  from, to                    when                             by
//	share       Unshared, Tasked            the first task is pushed         a user
//	lend        Unshared, Poller            a unix connection has to wait    a user
//	open        Tasked, Stream              a task needs a stream            the loop
//	openFailed  Stream, Tasked              libuv did not take it            the loop
//	openFailed  Orphan, Closed              the same, without a user left    the loop
//	flush       Stream, Flushing            closed with bytes unsent         the loop
//	orphan      Stream, Orphan              the loop accepts no closeTask    the last user
//	closing     Stream, Flushing or Orphan  the stream begins to close       the loop
//	            to Closing
//	closed      Unshared, Poller, Tasked    the number is closed             the last user,
//	            or Closing to Closed                                         or the loop
type lifeState uint8

const (
	// lifeUnshared: the loop has never heard of the descriptor. The last user closes it. A
	// user leaves the state.
	lifeUnshared lifeState = iota
	// lifePoller: the connection's poller has the descriptor, and closes it when it is
	// closed itself. The last user leaves the state.
	lifePoller
	// lifeTasked: the loop has, or had, a task that names the descriptor, so the closing is a
	// task behind it. The loop leaves the state, or the last user if the loop accepts no task.
	lifeTasked
	// lifeStream: a stream of libuv has the descriptor, or is being made. The loop leaves
	// the state, or the last user if the loop accepts no task.
	lifeStream
	// lifeFlushing: the users have left, and the stream sends what Write had accepted,
	// for a time that closeTask bounds. The loop leaves the state.
	lifeFlushing
	// lifeOrphan: the users have left, and the loop accepted no closeTask. Its shutdown
	// closes the stream. The loop leaves the state.
	lifeOrphan
	// lifeClosing: the stream is closing; its guard may still wait for users. The loop
	// leaves the state.
	lifeClosing
	// lifeClosed: the number is closed, or about to be by the goroutine that made the
	// transition. Nobody leaves the state.
	lifeClosed
)

var lifeStates = [...]string{"unshared", "poller's", "tasked", "stream's", "flushing", "orphan", "closing", "closed"}

func (s lifeState) String() string { return lifeStates[s] }

// lifeTransitions has a bit for each state that may follow.
var lifeTransitions = [...]uint8{
	lifeUnshared: 1<<lifeTasked | 1<<lifePoller | 1<<lifeClosed,
	lifePoller:   1 << lifeClosed,
	lifeTasked:   1<<lifeStream | 1<<lifeClosed,
	lifeStream:   1<<lifeTasked | 1<<lifeFlushing | 1<<lifeOrphan | 1<<lifeClosing,
	lifeFlushing: 1 << lifeClosing,
	lifeOrphan:   1<<lifeClosing | 1<<lifeClosed,
	lifeClosing:  1 << lifeClosed,
	lifeClosed:   0,
}

// lingerOff stands for a connection without SO_LINGER: what is unsent when it is closed
// is sent in the background.
const lingerOff time.Duration = -1

// A lifetime is what a connection knows about its end.
type lifetime struct {
	// Guarded by conn.mu.
	state   lifeState
	dialed  bool          // by TCP, so that the port of this end is its own. A fact of its making: no state changes it
	counted bool          // its end counts in Stats. Set before there are users
	unread  bool          // the last user left bytes unread. It says how to close, not who does
	lastFD  int32         // the loop's goroutine only: a duplicate, closed behind the stream's: see linger.go; 0 for none
	linger  time.Duration // SO_LINGER, as the first closer found it: below 0 off, 0 drops what is unsent
	done    chan struct{} // wakes a Close that waits for the end
	left    func()        // is called when the last user has left; nil for none. Set before there are users

	// The loop's goroutine only.
	stream     handles.Stream
	flushTimer *time.Timer // ends lifeFlushing
}

// to changes the state.
func (l *lifetime) to(s lifeState) {
	if invariants.Enabled {
		invariants.Check(lifeTransitions[l.state]&(1<<s) != 0, "uvnet: a connection's lifetime goes from %v to %v", l.state, s)
	}
	l.state = s
}

// share notes that a task of the loop names the descriptor.
func (l *lifetime) share() {
	if l.state == lifeUnshared {
		l.to(lifeTasked)
	}
}

// open notes that a stream is being made of the descriptor; false if the last user has
// closed it.
func (l *lifetime) open() bool {
	if l.state == lifeClosed {
		return false
	}
	l.to(lifeStream)
	return true
}

// openFailed notes that no stream was made of the descriptor; true if the caller is to
// close it.
func (l *lifetime) openFailed() bool {
	if l.state == lifeOrphan {
		l.to(lifeClosed)
		return true
	}
	l.to(lifeTasked)
	return false
}

// leave notes that the last user has left, and tells whether the loop has to be told.
func (l *lifetime) leave() (tell bool) {
	if l.state == lifeUnshared || l.state == lifePoller {
		l.to(lifeClosed)
		return false
	}
	return true
}

// orphan notes that the loop could not be told that the last user has left; true if
// the caller is to close the descriptor.
func (l *lifetime) orphan() bool {
	switch l.state {
	case lifeTasked:
		l.to(lifeClosed)
		return true
	case lifeStream:
		l.to(lifeOrphan)
	}
	return false
}
