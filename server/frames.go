package server

import (
	"bufio"
	"fmt"
)

// A FrameHandler receives the events of connections whose bytes [Frames] cuts into frames:
// lines, or messages that follow their length. Its methods run as those of a [Handler] do. It
// may be a [Drainer] and an [EOFHandler], too.
type FrameHandler interface {
	// Open is called when a connection was accepted.
	Open(c *Conn)
	// Frame is called with each frame. frame is borrowed: valid until Frame returns. Its
	// capacity ends with it, so appending to it copies it.
	Frame(c *Conn, frame []byte)
	// Close is called as that of a Handler is. After a frame that is too large errors.Is
	// finds [ErrFrameTooLarge] in err, and after one that is wrong [ErrBadFrame].
	Close(c *Conn, err error)
}

// What Close gets when a frame has ended the connection. What was written before is sent.
var (
	// ErrFrameTooLarge: split found no frame in the max bytes that [Frames] allows. errors.Is
	// matches it with bufio.ErrTooLong, too.
	ErrFrameTooLarge error = &limitError{"server: frame too large", false}
	// ErrBadFrame: split returned an error, which errors.Is finds as well, or misbehaved:
	// bufio.ErrNegativeAdvance, for example.
	ErrBadFrame error = &limitError{"server: bad frame", false}
)

// maxEmpties is how many frames in a row may use up none of the bytes: as many as
// bufio.Scanner allows.
const maxEmpties = 100

// Frames returns a Handler that cuts what arrives into frames and hands them to h. split
// finds the frames as it does for a [bufio.Scanner]: bufio.ScanLines, [LengthPrefix.Split],
// or one of your own. nil means bufio.ScanLines. max is the most bytes in which split must
// find a frame, with its delimiter or length; 0 or less means bufio.MaxScanTokenSize, 64 KiB. A
// larger frame closes the connection, and so does an error of split; see [ErrFrameTooLarge].
//
// split must give the same frames however the bytes arrive. It is called with atEOF once the
// peer has ended its side, before EOF or Close of h; bytes in which it then finds no frame are
// dropped, as Scanner does. bufio.ErrFinalToken ends the frames: the connection closes as by
// [Conn.Close], after Release if it is held. Unlike Scanner, 100 frames in a row that use
// up no bytes are a bad frame also before the peer's EOF. A panic of split closes the connection like
// one of h.
//
// Frames that lie whole in what was read are handed out without a copy. The beginning of one is
// kept until the rest arrives; a connection without one has no buffer. At each arrival
// split sees the unfinished frame from its beginning: where it searches all of it, as
// bufio.ScanLines does, a large max lets a peer that sends byte by byte cost time.
//
// Frame is not called while the connection is paused ([Conn.Pause]) or [Conn.Full]; it goes on
// after Resume or Drain with what is left of what was read, at most max bytes and one read, and
// only then is the connection read again. A close drops what is left. CloseWrite changes nothing.
//
// The Handler is a [Drainer] or an [EOFHandler] exactly if h is. The context of a connection
// stays h's. A nil h gives a nil Handler, which Listen refuses.
func Frames(split bufio.SplitFunc, max int, h FrameHandler) Handler {
	if h == nil {
		return nil
	}
	if split == nil {
		split = bufio.ScanLines
	}
	if max <= 0 {
		max = bufio.MaxScanTokenSize
	}
	f := &framer{split: split, max: max, handler: h}
	f.idle.framer = f
	f.tooLarge = &frameError{ErrFrameTooLarge, bufio.ErrTooLong, fmt.Sprintf("more than %d bytes", max)}
	d, drains := h.(Drainer)
	e, ends := h.(EOFHandler)
	switch {
	case drains && ends:
		return struct {
			*framer
			Drainer
			EOFHandler
		}{f, d, e}
	case drains:
		return struct {
			*framer
			Drainer
		}{f, d}
	case ends:
		return struct {
			*framer
			EOFHandler
		}{f, e}
	}
	return f
}

// A frameError is the error of a frame that ended its connection.
type frameError struct {
	kind, cause error
	text        string
}

func (e *frameError) Error() string   { return e.kind.Error() + ": " + e.text }
func (e *frameError) Unwrap() []error { return []error{e.kind, e.cause} }

// badFrameError returns the error of a frame that is wrong because of cause.
func badFrameError(cause error) error {
	return &frameError{ErrBadFrame, cause, cause.Error()}
}
