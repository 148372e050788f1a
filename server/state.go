package server

// A Conn has a state for each of its two sides. Both belong to the goroutine that runs the
// loop: callbacks, and calls of the handler's, which [Conn.use] lets pass only there.

// readState is the state of what the peer sends.
//
//	             Pause
//	receiving ──────────▶ paused
//	    │     ◀──────────   │
//	    │       Resume      │
//	    ├───────────────────┘
//	    │ closeGracefully
//	    ▼
//	discarding
//	    │ readEnd, closeNow, Abort: these lead there from every state
//	    ▼
//	readEnded
//
// Pause, Resume and Abort are calls of the handler's. readEnd is the loop's callback at the
// peer's EOF. closeGracefully and closeNow: see writeState. finalFrame leads from receiving to
// discarding, too.
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
//	           CloseWrite              closeGracefully
//	writeOpen ────────────▶ writeEnded ────────────────▶ closing
//	    │ │                     │                         ▲  │
//	    │ └─────────────────────┼──── closeGracefully ────┘  │
//	    │ closeNow, Abort       │ closeNow, Abort            │ closeNow, Abort
//	    └───────────────────────┴──────────▶ streamClosed ◀──┘
//
// A connection of Dial begins in connecting, from where connected leads to writeOpen, and closeNow
// and Abort to streamClosed.
//
// CloseWrite and Abort are calls of the handler's. closeGracefully runs at the handler's
// Close, at the peer's EOF, and when Shutdown finds no work under way. closeNow runs after a
// failure, after CloseTimeout, when both sides have ended, and for a close before anything was
// written. From closing on, Write fails with net.ErrClosed, and of the handler's methods only
// Close is called.
type writeState uint8

const (
	writeOpen    writeState = iota // Write works
	writeEnded                     // our side ends behind what is queued; Write is EPIPE
	closing                        // as writeEnded; the stream closes at the peer's end, or after CloseTimeout
	streamClosed                   // the stream is closed; its close event may be still to come
	connecting                     // Dial has not connected yet: Write is ENOTCONN
)

// facts are what else is to be known of a Conn; each is independent of the others.
type facts uint32

const (
	hasWritten     facts = 1 << iota // something was written
	owesAnswer                       // the handler has not written since Data or EOF
	hangupListed                     // the connection is in its worker's hangupWatch
	opened                           // Handler.Open was called: Close will be
	announcedTLS                     // HandshakeHandler.Handshake was: likewise
	inHandshake                      // HandshakeTimeout runs
	closeTimed                       // CloseTimeout runs
	idleTimed                        // it has an IdleTimeout, so active is kept up to date
	writeTimed                       // it has a WriteTimeout
	writeListed                      // WriteTimeout looks at what is unsent
	stuck                            // bytes were unsent at the last look, see stuckSince
	hasPlace                         // it has a place of MaxConns
	addrCounted                      // it counts for MaxConnsPerIP
	ownIdle                          // SetIdleTimeout was called
	ownWrite                         // SetWriteTimeout was called
	scanning                         // frames are being handed out
	isDialed                         // Dial made it
	readsHeader                      // what arrives belongs to the PROXY header
	hasTLS                           // it speaks TLS
	hasEarly                         // bytes that came with the PROXY header are still to be handed out
	readsWhileFull                   // ReadWhileFull was called
	looked                           // Shutdown has asked the kernel for bytes
	unlooked                         // and it had some, which are still to be read
	countedPaused                    // it is among worker.paused
	countedFull                      // it is among worker.full
	framesDue                        // a turn will look whether the handler takes the frames that have stalled
)

func (c *Conn) is(f facts) bool { return c.facts&f != 0 }

// closes tells whether the connection has begun to close, or has not been made yet: it takes no
// writes.
func (c *Conn) closes() bool { return c.writes >= closing }
