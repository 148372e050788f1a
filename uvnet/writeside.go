package uvnet

import "github.com/uvgo/uvgo/internal/invariants"

// A writeState tells who writes the bytes of a connection to the kernel. Writers
// wait while the loop does, or their bytes would overtake its piece.
//
//	               submit                  end
//	writeDirect ───────────▶ writeByLoop ───────▶ writeEnding
//	   ▲                          │                    │
//	   └──────────────────────────┴────────────────────┘
//	                          finish
//
//	transition  when                                      by, all under conn.mu
//	submit      the kernel takes no more: the loop gets   the writer, with conn.wmu
//	            a piece
//	end         CloseWrite, which is to take effect       whoever calls CloseWrite
//	            behind the piece
//	finish      the kernel has the piece, or refused it;  the loop, or the writer in
//	            no loop any more                          submit
type writeState uint8

const (
	// writeDirect: the goroutine that holds conn.wmu writes to the kernel. Only that
	// goroutine leaves the state, under conn.mu.
	writeDirect writeState = iota
	// writeByLoop: the loop has a piece that the kernel has not taken yet. The loop and
	// CloseWrite leave the state, under conn.mu; so does the writer, if the loop did not
	// accept the piece.
	writeByLoop
	// writeEnding: as writeByLoop, and the loop ends the writing side behind the piece.
	// The loop leaves the state, under conn.mu.
	writeEnding
)

var writeStates = [...]string{"direct", "by loop", "ending"}

func (s writeState) String() string { return writeStates[s] }

// writeTransitions has a bit for each state that may follow.
var writeTransitions = [...]uint8{
	writeDirect: 1 << writeByLoop,
	writeByLoop: 1<<writeEnding | 1<<writeDirect,
	writeEnding: 1 << writeDirect,
}

// A writeSide is what a connection knows about writing. conn.mu guards it.
type writeSide struct {
	state writeState
	piece *buffer // what the loop is to write, until it begins
	err   error   // why the loop could not write a piece, for the next writer
}

// to changes the state.
func (w *writeSide) to(s writeState) {
	if invariants.Enabled {
		invariants.Check(writeTransitions[w.state]&(1<<s) != 0, "uvnet: a connection's write side goes from %v to %v", w.state, s)
	}
	w.state = s
}

// submit leaves a copy of p for the loop to write.
func (w *writeSide) submit(p []byte) {
	w.to(writeByLoop)
	w.piece = w.piece.add(p)
}

// end has the loop end the writing side behind its piece; false if it has none.
func (w *writeSide) end() bool {
	if w.state == writeByLoop {
		w.to(writeEnding)
	}
	return w.state == writeEnding
}

// finish notes that the loop has written its piece, or could not. It tells whether
// the loop is to end the writing side.
func (w *writeSide) finish(err error) (end bool) {
	end = w.state == writeEnding
	w.to(writeDirect)
	if err != nil {
		w.err = err
	}
	return end
}

// popErr returns why the loop could not write, once.
func (w *writeSide) popErr() error {
	err := w.err
	w.err = nil
	return err
}
