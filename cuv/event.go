package cuv

// #include "cuv.h"
import "C"

import "unsafe"

// A Kind is what a completion reports; see enum cuv_event in ring.h.
type Kind uint32

// The kinds of completions.
const (
	EvClose      Kind = C.CUV_EV_CLOSE
	EvTimer      Kind = C.CUV_EV_TIMER
	EvCheck      Kind = C.CUV_EV_CHECK
	EvSignal     Kind = C.CUV_EV_SIGNAL
	EvPoll       Kind = C.CUV_EV_POLL
	EvRead       Kind = C.CUV_EV_READ
	EvAccept     Kind = C.CUV_EV_ACCEPT
	EvAcceptWait Kind = C.CUV_EV_ACCEPT_WAIT
	EvPassed     Kind = C.CUV_EV_PASSED
	EvWritten    Kind = C.CUV_EV_WRITTEN
	EvConnect    Kind = C.CUV_EV_CONNECT
	EvShutdown   Kind = C.CUV_EV_SHUTDOWN
	EvWrite      Kind = C.CUV_EV_WRITE
	EvUDPRecv    Kind = C.CUV_EV_UDP_RECV
	EvUDPSend    Kind = C.CUV_EV_UDP_SEND
	EvExit       Kind = C.CUV_EV_EXIT
	EvFSEvent    Kind = C.CUV_EV_FS_EVENT
	EvFSPoll     Kind = C.CUV_EV_FS_POLL
	EvFS         Kind = C.CUV_EV_FS
	EvAddrInfo   Kind = C.CUV_EV_ADDRINFO
	EvNameInfo   Kind = C.CUV_EV_NAMEINFO
	EvRandom     Kind = C.CUV_EV_RANDOM
)

// An Event is a completion; it mirrors cuv_cqe. What Status means depends on the kind, as
// enum cuv_event in ring.h tells: 0 or libuv's error, or what a method returns.
type Event struct {
	Kind   Kind
	Slot   uint32
	Gen    uint32
	Status int32
	ptr    unsafe.Pointer
	aux    uint64
}

// Bytes returns the chunk of an EvRead: borrowed until the event's turn ends.
func (e *Event) Bytes() []byte { return unsafe.Slice((*byte)(e.ptr), int(e.Status)) }

// Borrows tells whether the event points into the read arena.
func (e *Event) Borrows() bool {
	return e.Kind == EvRead && e.Status > 0 || e.Kind == EvUDPRecv && e.ptr != nil
}

// Lends tells whether the event points to memory that it has lent besides, see lend.c.
func (e *Event) Lends() bool { return e.Kind == EvFSEvent || e.Kind == EvFSPoll }

// Repeats tells of an EvTimer whether the timer goes on.
func (e *Event) Repeats() bool { return e.Status != 0 }

// Signal returns the number of the signal that came, of an EvSignal, or that ended the
// child, of an EvExit: 0 if none did.
func (e *Event) Signal() int { return int(e.Status) }

// ExitStatus returns the exit status of the child of an EvExit.
func (e *Event) ExitStatus() int { return int(e.aux) }

// PollEvents returns the events of an EvPoll, uv_poll_event.
func (e *Event) PollEvents() int { return int(e.aux) }

// Taken returns how many bytes of the write the kernel has taken, of an EvWrite. Before
// libuv 1.53 those of a write that failed are only the ones that it took at once.
func (e *Event) Taken() int { return int(e.aux) }

// PassedFD returns the descriptor of an EvPassed, which is the receiver's to close.
func (e *Event) PassedFD() int { return int(e.Status) }

// PassedKind returns what the descriptor of an EvPassed is, uv_handle_type.
func (e *Event) PassedKind() int { return int(e.aux) }

// Accepted returns the handle of an EvAccept, nil when accepting failed.
func (e *Event) Accepted() *Handle { return (*Handle)(e.ptr) }

// Peer returns who has connected, of an EvAccept that did not fail.
func (e *Event) Peer() Peer {
	if e.Status < 0 {
		return 0
	}
	return Peer(e.aux)
}

// Dropped returns how many connections a failed EvAccept reports that were closed, because
// the process had no descriptor or memory for them.
func (e *Event) Dropped() uint64 {
	if e.Status >= 0 {
		return 0
	}
	return e.aux
}
