package uvnet

import (
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// conn is a stream connection: what TCPConn and UnixConn have in common. The
// goroutines' half is in read.go and write.go, the loop's in stream.go. Each of in, out
// and life is a state machine, drawn in readside.go, writeside.go and lifetime.go.
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

// init makes the conn usable; fd is its from now on.
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

// Close closes the connection and ends calls under way with net.ErrClosed. What
// Write has accepted is still sent, as by package net. After SetLinger it may take as
// long as that says.
func (c *conn) Close() error {
	if err := c.checkInit(); err != nil {
		return err
	}
	if !c.ref.close() {
		return c.opError("close", c.laddr, c.raddr, net.ErrClosed)
	}
	c.wakeUsers()
	done, limit := c.closeWait()
	c.release()
	awaitClose(done, limit)
	return nil
}

// wakeUsers makes the users of a descriptor that is closed leave.
func (c *conn) wakeUsers() {
	c.mu.Lock()
	c.endWaits()
	c.updatePoller()
	c.wakeFile()
	if c.life.state != lifeUnshared { // else the goroutine that closes it may sleep
		c.findLinger()
	}
	c.mu.Unlock()
}

// destroy ends the descriptor: nobody uses it any more.
func (c *conn) destroy() {
	lent, tell := c.leave()
	if c.poller != nil {
		c.poller.closeByConn()
	}
	switch {
	case lent: // the poller closes it
	case !tell:
		unix.Close(c.fd)
		c.wakeCloser(true)
	case !c.w.pushClose((*closeTask)(c)):
		c.mu.Lock()
		ours := c.life.orphan()
		c.mu.Unlock()
		if ours {
			unix.Close(c.fd)
		}
		c.wakeCloser(true)
	}
}

// leave notes that the last user has left, and drops what nobody will read. It tells
// whether the poller has the descriptor, and whether the loop has to be told.
func (c *conn) leave() (lent, tell bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.in.ahead != nil {
		c.in.ahead.free()
		c.in.ahead, c.life.unread = nil, true
	}
	lent = c.life.state == lifePoller
	return lent, c.life.leave()
}

// CloseRead ends the reading side: what has arrived can still be read.
func (c *conn) CloseRead() error { return c.shutdown(unix.SHUT_RD) }

// CloseWrite ends the writing side: the peer reads io.EOF behind the bytes that
// were written. A Write that waits ends with EPIPE.
func (c *conn) CloseWrite() error {
	c.mu.Lock()
	byLoop := !c.ref.closed() && c.out.end()
	if byLoop {
		c.wr.signal()
	}
	c.mu.Unlock()
	if byLoop {
		return nil // it ends the side behind its piece
	}
	err := c.shutdown(unix.SHUT_WR)
	if err == nil {
		c.mu.Lock()
		if c.poller != nil {
			c.poller.retryWrite() // a unix socket's poll does not report its own end
		}
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
