package uvnet

import (
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/invariants"
)

// A readState tells who reads the bytes of a connection from the kernel: the reader's
// goroutine or the loop, never both, since their bytes would mix.
//
//	            ask               begin               stopSoon
//	Direct ───────────▶ Asked ───────────▶ ByLoop ─────────────▶ Stopping
//	 ▲   │                │                 ▲  │                    │
//	 │   └────────────────│──── discard ────┘  │                    │
//	 └────────────────────┴────────────────────┴────────────────────┘
//	                               stop
//
//	transition  when                                        by, under conn.mu
//	ask         the kernel has no more for the reader       the reader, with conn.rmu
//	begin       the loop has come to readTask               the loop
//	stopSoon    a long chunk, or somebody asks for a stop   the loop
//	stop        the batch has ended, or reading failed      the loop
//	stop        the loop does not accept the readTask       the reader, with conn.rmu
//	discard     the last user left bytes unsent: see flush  the loop
type readState uint8

const (
	// readDirect: the goroutine that holds conn.rmu reads from the kernel. Only that
	// goroutine leaves the state, under conn.mu, or the loop when all users have left.
	readDirect readState = iota
	// readAsked: a readTask is in the loop's queue. The loop leaves the state, under
	// conn.mu; so does the reader, if the queue did not accept the task.
	readAsked
	// readByLoop: the stream reads. The loop leaves the state, under conn.mu.
	readByLoop
	// readStopping: the stream reads until the batch ends, so that what it has read by
	// then is delivered. The loop leaves the state, under conn.mu.
	readStopping
)

var readStates = [...]string{"direct", "asked", "by loop", "stopping"}

func (s readState) String() string { return readStates[s] }

// readTransitions has a bit for each state that may follow.
var readTransitions = [...]uint8{
	readDirect:   1<<readAsked | 1<<readByLoop,
	readAsked:    1<<readByLoop | 1<<readDirect,
	readByLoop:   1<<readStopping | 1<<readDirect,
	readStopping: 1 << readDirect,
}

// A readSide is what a connection knows about reading. conn.mu guards the
// fields, unless a field's comment names another lock.
type readSide struct {
	state   readState
	short   bool    // how the loop reads, chosen by ask: no state, since nothing changes it under way
	drained bool    // conn.rmu: the kernel had no more at the last read; no state, since Read notes it without conn.mu
	direct  int     // conn.rmu: bytes that the reader has read since the loop stopped
	into    []byte  // where the reader who waits wants its bytes
	got     int     // how many bytes the reader was given
	ahead   *buffer // read by the loop, and not asked for yet
	err     error   // what the loop's read met, for the next reader
}

// to changes the state.
func (r *readSide) to(s readState) {
	if invariants.Enabled {
		invariants.Check(readTransitions[r.state]&(1<<s) != 0, "uvnet: a connection's read side goes from %v to %v", r.state, s)
	}
	r.state = s
}

// ask has the loop read from now on. If the reader took much in the last while, so
// will it when there is more: then the loop reads little, to tell that there is some.
func (r *readSide) ask() {
	r.to(readAsked)
	r.short = r.direct >= longChunk
	r.drained, r.direct = false, 0
}

// begin notes that the loop starts to read, and tells whether it reads short chunks.
func (r *readSide) begin() (short bool) {
	r.to(readByLoop)
	return r.short
}

// discard has the loop read what nobody will ask for; false if it reads already.
func (r *readSide) discard() bool {
	if r.state != readDirect {
		return false
	}
	r.to(readByLoop)
	return true
}

// stopSoon has reading stop when the batch ends; false if it need not.
func (r *readSide) stopSoon() bool {
	if r.state != readByLoop {
		return false
	}
	r.to(readStopping)
	return true
}

// long tells of a chunk behind which there is likely more.
func (r *readSide) long(chunk int) bool {
	return chunk >= longChunk || r.short && chunk >= handles.ShortRead
}

// stopsNow tells, when the batch has ended, whether reading is to stop.
func (r *readSide) stopsNow() bool {
	return r.state == readStopping || r.state == readByLoop && r.ahead.len() >= readAhead
}

// stop notes that the loop does not read any more.
func (r *readSide) stop() { r.to(readDirect) }

// popErr returns what the loop's read met, once.
func (r *readSide) popErr() error {
	err := r.err
	r.err = nil
	return err
}
