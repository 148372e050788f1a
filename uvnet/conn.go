package uvnet

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// conn is a stream connection: what TCPConn and UnixConn have in common. The
// goroutines' half is in read.go, write.go and close.go, the loop's in loopread.go,
// loopwrite.go and loopclose.go. Each of in, out and life is a state machine, drawn in
// readside.go, writeside.go and lifetime.go.
//
// Locks are taken in the order rmu or wmu, fmu, mu, poller.mu, worker.mu.
type conn struct {
	desc
	rmu  sync.Mutex   // held by the goroutine that reads
	wmu  sync.Mutex   // held by the goroutine that writes
	fmu  sync.Mutex   // held by the goroutine in File
	mode atomic.Int32 // modeLoop, modeSelf or modeFile

	in       readSide
	out      writeSide
	life     lifetime
	poller   *poller       // mu: wakes who waits in pollWait
	fileWake chan struct{} // mu: wakes a File that waits until the loop leaves the descriptor
}

// The modes of a connection tell whether the loop has a part in reading and writing. Any
// goroutine may load the mode; File alone changes it, under conn.mu.
//
//	modeLoop ────File───▶ modeFile
//	modeSelf ────File───▶ modeFile
const (
	// modeLoop: the loop reads ahead, and writes what the kernel had no space for.
	modeLoop = iota
	// modeSelf: goroutines read and write by themselves, and wait for a poller.
	modeSelf
	// modeFile: as modeSelf, and the descriptor may block, since another file shares it.
	modeFile
)

// init makes the conn usable. From now on the conn closes fd.
func (c *conn) init(w *worker, self interface{ destroy() }, network string, fd int, laddr, raddr net.Addr) {
	c.desc.self, c.w, c.net, c.fd, c.laddr, c.raddr = self, w, network, fd, laddr, raddr
	c.life.linger = lingerOff
	if c.unix() {
		c.mode.Store(modeSelf)
	}
}

// unix tells whether it is a unix socket. Descriptors may come with the bytes there, and
// whoever reads the bytes otherwise than the user means to loses them. So the loop does
// not read a unix socket.
func (c *conn) unix() bool { return c.net[0] == 'u' }

// unassisted tells whether goroutines read and write without the loop.
func (c *conn) unassisted() bool { return c.mode.Load() != modeLoop }

// mayBlock tells whether a plain read or write of the descriptor might block.
func (c *conn) mayBlock() bool { return c.mode.Load() == modeFile }

// LocalAddr returns the address of this end.
func (c *conn) LocalAddr() net.Addr { return c.laddr }

// RemoteAddr returns the address of the peer.
func (c *conn) RemoteAddr() net.Addr { return c.raddr }

// SetDeadline sets the time after which Read and Write fail with an error that
// errors.Is matches with os.ErrDeadlineExceeded; the zero time means never. It
// ends calls under way, too; the connection stays usable.
func (c *conn) SetDeadline(t time.Time) error { return c.limit(t, &c.rd, &c.wr) }

// SetReadDeadline is SetDeadline for Read alone.
func (c *conn) SetReadDeadline(t time.Time) error { return c.limit(t, &c.rd) }

// SetWriteDeadline is SetDeadline for Write alone. A Write that it ends may have
// written a part.
func (c *conn) SetWriteDeadline(t time.Time) error { return c.limit(t, &c.wr) }

func (c *conn) limit(t time.Time, sides ...*side) error {
	err := c.setDeadline(t, sides...)
	c.mu.Lock()
	c.updatePoller()
	c.mu.Unlock()
	return err
}
