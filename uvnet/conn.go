package uvnet

import (
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/handles"
)

// conn is a stream connection: what TCPConn and UnixConn have in common. The
// goroutines' side is in read.go and write.go, the loop's in stream.go.
//
// Locks are taken in the order rmu or wmu, mu, worker.mu.
type conn struct {
	desc
	rmu sync.Mutex // held by the goroutine that reads
	wmu sync.Mutex // held by the goroutine that writes
	fmu sync.Mutex // held by the goroutine in File
	dry bool       // rmu: the kernel had no more at the last read
	own int        // rmu: bytes read past the loop since it stopped reading

	// Guarded by mu.
	into    []byte        // where the waiting reader wants its bytes
	got     int           // how many it was given
	ahead   *buffer       // read, but not asked for yet
	failed  error         // what the loop's read met, for the next reader
	reading bool          // the loop reads, or has been asked to
	pending *buffer       // what the loop is to write
	unsent  bool          // the kernel has not taken all of it
	refused error         // why the loop could not write it, for the next writer
	onLoop  bool          // the loop has or had a task of this conn
	taken   bool          // libuv owns the descriptor, or is about to
	lost    bool          // destroy found the loop closed
	unread  bool          // Close found bytes that nobody has read
	discard bool          // SetLinger(0): close drops what is unsent
	dialed  bool          // by TCP: the port of this end is its own; settled when made
	ended   bool          // CloseWrite came before all was sent
	halting bool          // reading is to stop, whatever was read
	bulk    bool          // the loop reads short: the reader takes the most himself
	quiet   chan struct{} // for File: the loop has let go of the descriptor
	watcher *poller       // tells who reads and writes by hand when to try again
	linger  time.Duration // how long close may sleep, as found by Close
	over    chan struct{} // for Close: nothing is left to wait for

	hand  atomic.Bool // the loop neither reads nor writes: goroutines do, by hand
	filed atomic.Bool // by hand, and the descriptor may have become a blocking one

	// The loop's goroutine only.
	stream   handles.Stream
	started  bool        // the stream reads
	leaving  bool        // closed by its user, and waiting for unsent bytes
	patience *time.Timer // ends leaving
	spare    int         // what libuv closes is not the last of: 0 for none
}

// init makes the conn usable; fd is its from now on.
func (c *conn) init(w *worker, self interface{ destroy() }, network string, fd int, laddr, raddr net.Addr) {
	c.desc.self, c.w, c.net, c.fd, c.laddr, c.raddr = self, w, network, fd, laddr, raddr
	c.hand.Store(c.unix())
}

// unix tells whether it is a unix socket, on which descriptors may come with the
// bytes: who reads those otherwise than the user wants loses them. So there the loop
// does not read.
func (c *conn) unix() bool { return c.net[0] == 'u' }

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
	c.tellWatcher()
	c.mu.Unlock()
	return err
}

// Close closes the connection and ends calls under way with net.ErrClosed. What
// Write has accepted is still sent, as by package net. After SetLinger it may take as
// long as that says.
func (c *conn) Close() error {
	if err := c.there(); err != nil {
		return err
	}
	if !c.ref.close() {
		return c.opError("close", c.laddr, c.raddr, net.ErrClosed)
	}
	c.expel()
	over, limit := c.toAwait()
	c.release()
	await(over, limit)
	return nil
}

// expel makes the users of a descriptor that is closed leave.
func (c *conn) expel() {
	c.mu.Lock()
	c.stop()
	c.tellWatcher()
	c.hush()
	if c.onLoop {
		c.findLinger()
	}
	c.mu.Unlock()
}

// destroy ends the descriptor: nobody uses it any more.
func (c *conn) destroy() {
	onLoop := c.retire()
	if p := c.watcher; p != nil {
		p.drop()
		if p.fd == c.fd {
			return
		}
	}
	if !onLoop {
		unix.Close(c.fd)
		c.wakeCloser(true)
		return
	}
	if c.w.give((*closeTask)(c)) {
		return
	}
	c.mu.Lock()
	c.lost = true
	taken := c.taken
	c.mu.Unlock()
	if !taken { // else the loop closes it, or has, when it is shut down
		unix.Close(c.fd)
	}
	c.wakeCloser(true)
}

// retire drops what nobody will read, and tells whether the loop may know the
// descriptor.
func (c *conn) retire() (onLoop bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ahead != nil {
		c.ahead.free()
		c.ahead, c.unread = nil, true
	}
	return c.onLoop
}

// CloseRead ends the reading side: what has arrived can still be read.
func (c *conn) CloseRead() error { return c.shutdown(unix.SHUT_RD) }

// CloseWrite ends the writing side: the peer reads io.EOF behind the bytes that
// were written. A Write that waits ends with EPIPE.
func (c *conn) CloseWrite() error {
	c.mu.Lock()
	before := c.ended
	c.ended = true
	unsent := c.unsent && !c.ref.closed()
	c.wr.signal()
	if c.watcher != nil {
		c.watcher.nudge()
	}
	c.mu.Unlock()
	if unsent {
		return nil // the loop ends it when all is sent
	}
	err := c.shutdown(unix.SHUT_WR)
	if err != nil {
		c.mu.Lock()
		c.ended = before
		c.mu.Unlock()
	}
	return err
}

func (c *conn) shutdown(how int) error {
	err := c.acquire()
	if err == nil {
		err = os.NewSyscallError("shutdown", unix.Shutdown(c.fd, how))
		c.release()
	}
	if err != nil {
		return c.opError("close", c.laddr, c.raddr, err)
	}
	return nil
}
