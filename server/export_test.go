package server

import (
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/sock"
)

// RemoveStale is sock.RemoveStale. It calls onStale each time that the socket refuses a
// connection.
func RemoveStale(path string, onStale func()) bool {
	return sock.RemoveStale(path, func(path string) bool {
		if !sock.Refuses(path) {
			return false
		}
		onStale()
		return true
	})
}

// Descriptors returns how many sockets, pipes and pollers the process has open.
// Files and devices do not count: the C library opens some for a moment when a
// thread begins to allocate, and so does a loop that looks whether it can.
func Descriptors() int {
	n := 0
	for fd := range 1024 { // the lowest free number is taken, and tests need few
		var st unix.Stat_t
		if unix.Fstat(fd, &st) != nil {
			continue
		}
		switch st.Mode & unix.S_IFMT {
		case unix.S_IFREG, unix.S_IFDIR, unix.S_IFCHR:
		default:
			n++
		}
	}
	return n
}

// The tests have no time for the interval of production.
func init() { hangupInterval = 5 * time.Millisecond }

// AfterHangupPoll runs fn once c, which is not read, has been polled once more. It
// belongs to the connection's loop.
func AfterHangupPoll(c *Conn, fn func()) {
	if _, err := c.Loop().AfterFunc(3*hangupInterval, fn); err != nil {
		panic(err)
	}
}

// Resolve is resolve.
var Resolve = resolve

// LoopEnded tells whether the connection's loop is closed. Any goroutine may call it.
func LoopEnded(c *Conn) bool { return c.worker.ended.Load() }

// Draining tells whether Shutdown has reached the connection's loop.
func Draining(c *Conn) bool { return c.worker.draining }

// Ended tells whether the peer's end has arrived.
func Ended(c *Conn) bool { return c.reads == readEnded }

// WatchesHangups tells whether the loop polls connections that are not read.
func WatchesHangups(c *Conn) bool { return c.worker.hangups.started }

// FramesIdle tells whether the connection has nothing of a frame.
func FramesIdle(c *Conn) bool { return c.frames == &c.frames.framer.idle }

// FramesLeft returns how many bytes of frames have stalled.
func FramesLeft(c *Conn) int { return len(c.frames.buf) - c.frames.off }

// Skip turns the clock of the connection's loop forward, and handles what is due then. It
// belongs to the loop.
func Skip(c *Conn, d time.Duration) {
	c.worker.ahead += uint64(d / time.Millisecond)
	c.worker.turnWheel()
}

// Grain is grain.
var Grain = grain

// ActiveUnit is activeUnit.
const ActiveUnit = activeUnit

// WheelRuns tells whether a timer runs for timeouts of the loop's connections. It belongs to
// the loop.
func WheelRuns(c *Conn) bool { return c.worker.wheel.wait != 0 }

// Buckets returns how many times there are at which something is due. It belongs to the loop.
func Buckets(c *Conn) int { return len(c.worker.wheel.buckets) }

// BeginHandshake and EndHandshake are those of the TLS handshake and the PROXY header.
var BeginHandshake, EndHandshake = (*Conn).beginHandshake, (*Conn).endHandshake

// CountedAddrs returns how many addresses have connections that MaxConnsPerIP counts.
func CountedAddrs(s *Server) (n int) {
	for i := range s.perAddr {
		shard := &s.perAddr[i]
		shard.mu.Lock()
		n += len(shard.conns)
		shard.mu.Unlock()
	}
	return n
}

// CountAsOne tells whether MaxConnsPerIP takes two addresses for one.
func CountAsOne(a, b string) bool {
	return addrKey(netip.MustParseAddr(a)) == addrKey(netip.MustParseAddr(b))
}

// Reading tells whether the connection's stream is read.
func Reading(c *Conn) bool { return c.stream.Reading() }

// Ciphertext returns how many bytes a stalled TLS connection keeps.
func Ciphertext(c *Conn) int { return len(c.secured().rest) }

// HeaderBytes returns how many bytes of PROXY headers have arrived that are not complete. It
// waits for the server's loops.
func HeaderBytes(s *Server) int {
	n := 0
	for _, w := range s.workers {
		done := make(chan struct{})
		if w.loop.Post(func() {
			defer close(done)
			for _, c := range w.openConns() {
				if m := c.more.Load(); m != nil && m.proxied != nil && m.proxied.parser != nil {
					n += len(m.proxied.parser.Pending())
				}
			}
		}) == nil {
			<-done
		}
	}
	return n
}

// DialAddrs is Dial to a host that has these addresses. It belongs to c's loop.
func DialAddrs(c *Conn, h Handler, addrs ...netip.AddrPort) (*Conn, error) {
	made, err := c.Dial("tcp", addrs[0].String(), h)
	if err == nil {
		made.dialed().addrs = addrs[1:] // the first fails in a later turn
	}
	return made, err
}

// SkipServer is Skip for every loop of a server. Any other goroutine may call it.
func SkipServer(s *Server, d time.Duration) {
	for _, w := range s.workers {
		done := make(chan bool)
		if w.loop.Post(func() { w.ahead += uint64(d / time.Millisecond); w.turnWheel(); close(done) }) == nil {
			<-done
		}
	}
}

// NoteMessage does what a message and its answer cost for IdleTimeout and WriteTimeout. It
// belongs to the loop.
func NoteMessage(c *Conn) {
	if c.is(idleTimed) {
		c.active = c.worker.tick()
	}
	if c.facts&(idleTimed|writeTimed) != 0 {
		c.wroteTimed(64)
	}
}

// FD returns the connection's descriptor. It belongs to the loop.
func FD(c *Conn) (int, error) { return c.stream.FD() }

// ErrNoConn is errNoConn.
var ErrNoConn = errNoConn

// Places returns how many connections MaxConns counts.
func Places(s *Server) int {
	s.places.mu.Lock()
	defer s.places.mu.Unlock()
	return s.places.taken
}
