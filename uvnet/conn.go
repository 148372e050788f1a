package uvnet

import (
	"net"
	"os"
	"sync"
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
	dry bool       // rmu: the kernel had no more at the last read
	own int        // rmu: bytes read past the loop since it stopped reading

	// Guarded by mu.
	into    []byte  // where the waiting reader wants its bytes
	got     int     // how many it was given
	ahead   *buffer // read, but not asked for yet
	failed  error   // what the loop's read met, for the next reader
	reading bool    // the loop reads, or has been asked to
	pending *buffer // what the loop is to write
	unsent  bool    // the kernel has not taken all of it
	refused error   // why the loop could not write it, for the next writer
	onLoop  bool    // the loop has or had a task of this conn
	taken   bool    // libuv owns the descriptor, or is about to
	lost    bool    // destroy found the loop closed
	unread  bool    // Close found bytes that nobody has read
	discard bool    // SetLinger(0): close drops what is unsent
	dialed  bool    // by TCP: the port of this end is its own; settled when made
	done    bool    // the descriptor is closed, or will be in its own time
	ended   bool    // CloseWrite came before all was sent
	halting bool    // reading is to stop, whatever was read
	bulk    bool    // the loop reads short: the reader takes the most himself

	watchers [2]*poller // for a RawConn's Read and Write that wait

	// The loop's goroutine only.
	stream   handles.Stream
	started  bool        // the stream reads
	leaving  bool        // closed by its user, and waiting for unsent bytes
	patience *time.Timer // ends leaving
}

// init makes the conn usable; fd is its from now on.
func (c *conn) init(w *worker, self interface{ destroy() }, network string, fd int, laddr, raddr net.Addr) {
	c.desc.self, c.w, c.net, c.fd, c.laddr, c.raddr = self, w, network, fd, laddr, raddr
}

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
	c.tellWatchers()
	c.mu.Unlock()
	return err
}

// Close closes the connection and ends calls under way with net.ErrClosed. What
// Write has accepted is still sent, as by package net.
func (c *conn) Close() error {
	if err := c.there(); err != nil {
		return err
	}
	if !c.ref.close() {
		return c.opError("close", c.laddr, c.raddr, net.ErrClosed)
	}
	c.expel()
	c.release()
	c.awaitEnd()
	return nil
}

// expel makes the users of a descriptor that is closed leave.
func (c *conn) expel() {
	c.mu.Lock()
	c.stop()
	c.tellWatchers()
	c.mu.Unlock()
}

// destroy ends the descriptor: nobody uses it any more.
func (c *conn) destroy() {
	if !c.retire() {
		unix.Close(c.fd)
		c.finish()
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
	c.finish()
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
// were written.
func (c *conn) CloseWrite() error {
	c.mu.Lock()
	if c.unsent && !c.ref.closed() {
		defer c.mu.Unlock()
		c.ended = true // the loop ends it when all is sent
		return nil
	}
	c.mu.Unlock()
	return c.shutdown(unix.SHUT_WR)
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

// File returns a duplicate of the socket. Bytes that the connection has read
// ahead are not in it; closing one does not affect the other.
func (c *conn) File() (*os.File, error) {
	err := c.acquire()
	var f *os.File
	if err == nil {
		f, err = c.dup()
		c.release()
	}
	if err != nil {
		return nil, c.opError("file", c.laddr, c.raddr, err)
	}
	return f, nil
}
