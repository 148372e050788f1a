package server

// A Conn has a state for each of its two sides. Both belong to the goroutine that runs the
// loop: callbacks, and calls of the handler's, which [Conn.use] lets pass only there.

// readState is the state of what the peer sends.
//
//	           Pause
//	receiving ────────▶ paused
//	    │     ◀────────   │
//	    │      Resume     │
//	    ├─────────────────┤ the connection begins to close
//	    │                 ▼
//	    │             discarding
//	    ▼                 ▼
//	  ended: the peer's EOF, a failure, or the stream is closed
//
// Pause and Resume are the handler's calls. closeGracefully leads to discarding. readEnd
// (the loop's callback) and closeNow lead to ended, from every state.
//
// The watermarks are no state of this side: the stream's flow control has them. While it is
// over the high one, a receiving connection is not read either; see wantsRead.
type readState uint8

const (
	receiving  readState = iota // Data gets what arrives
	paused                      // the peer's data waits for Resume
	discarding                  // what arrives is dropped
	readEnded                   // nothing arrives any more
)

// writeState is the state of what we send.
//
//	      CloseWrite                Close, or the server's end of it
//	open ────────────▶ writeEnded ──────────────────────────────────▶ closing
//	  │                    │                                             │
//	  ├──────────── Close, or the server's end of it ────────────────▶   │
//	  ▼                    ▼                                             ▼
//	streamClosed: Abort, a failure, CloseTimeout, both sides have ended
//
// CloseWrite leads to writeEnded, closeGracefully to closing, closeNow to streamClosed.
// From closing on, the handler's Write is refused with net.ErrClosed, and no callback but
// Close is called.
type writeState uint8

const (
	writeOpen    writeState = iota // Write works
	writeEnded                     // our side ends behind what is queued; Write is EPIPE
	closing                        // as writeEnded; the stream closes at the peer's end, or after CloseTimeout
	streamClosed                   // the stream is closed; its close event may be still to come
)

// facts are what else is to be known of a Conn; each is independent of the others.
type facts uint8

const (
	hasWritten   facts = 1 << iota // something was written
	owesAnswer                     // the handler has not written since Data or EOF
	hangupListed                   // the connection is in its worker's hangupWatch
)

func (c *Conn) is(f facts) bool { return c.facts&f != 0 }

// closes tells whether the connection has begun to close.
func (c *Conn) closes() bool { return c.writes >= closing }
